"""The backend functions, and what they print."""

SECTION = "Backend"
# In the chapter's order: those that hold claims.
MODULES = ("claims", "functions", "printed")
