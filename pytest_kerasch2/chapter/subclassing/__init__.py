"""The fourth way: a subclass of `Model`."""

SECTION = "Subclassing the model"
# In the chapter's order: those that hold claims.
MODULES = ("claims",)
