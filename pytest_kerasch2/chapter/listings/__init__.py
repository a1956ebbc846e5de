"""The printed code blocks, run as they are printed."""

# In the chapter's order: those that hold claims.
MODULES = ("claims", "models", "saving")
