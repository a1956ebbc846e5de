"""`kerasch2 doctor`: what is installed here, what is missing, and the command that installs it."""
