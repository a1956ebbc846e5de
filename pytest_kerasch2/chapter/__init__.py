"""The claims suite: one module for each section of the chapter, and what lets pytest run it."""
