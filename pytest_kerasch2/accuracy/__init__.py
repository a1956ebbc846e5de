"""How accurate the chapter's network is: its training as the chapter does it, and what many seeds of it gave."""
