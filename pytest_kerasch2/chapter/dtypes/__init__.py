"""The table of data types."""

SECTION = "Data types"
# In the chapter's order: those that hold claims.
MODULES = ("claims",)
