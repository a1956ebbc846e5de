"""The printed code blocks, run as they are printed."""

# It has no SECTION: each claim names the section that it belongs to.
# In the chapter's order: those that hold claims.
MODULES = ("claims", "models", "saving")
