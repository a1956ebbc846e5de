"""The built-in data sets."""

# In the chapter's order: those that hold claims.
MODULES = ("claims",)
