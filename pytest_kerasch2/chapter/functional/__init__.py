"""The third way: the functional interface."""

SECTION = "Functional API"
# In the chapter's order: those that hold claims.
MODULES = ("claims", "shapes")
