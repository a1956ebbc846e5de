"""The fourth way: a subclass of `Model`."""

# In the chapter's order: those that hold claims.
MODULES = ("claims",)
