"""The built-in data sets."""

SECTION = "Data sets"
# In the chapter's order: those that hold claims.
MODULES = ("claims",)
