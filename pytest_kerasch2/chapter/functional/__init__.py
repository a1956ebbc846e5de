"""The third way: the functional interface."""

# In the chapter's order: those that hold claims.
MODULES = ("claims", "shapes")
