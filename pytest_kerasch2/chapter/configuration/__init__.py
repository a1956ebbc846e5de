"""`keras.json`: its place, its keys, and the settings that follow from it."""

# In the chapter's order: those that hold claims.
MODULES = ("claims", "file")
