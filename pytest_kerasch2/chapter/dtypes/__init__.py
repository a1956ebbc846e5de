"""The table of data types."""

# In the chapter's order: those that hold claims.
MODULES = ("claims",)
