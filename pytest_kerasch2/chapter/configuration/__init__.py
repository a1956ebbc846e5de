"""`keras.json`: its place, its keys, and the settings that follow from it."""

SECTION = "Configuration file"
# In the chapter's order: those that hold claims.
MODULES = ("claims", "file")
