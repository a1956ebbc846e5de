"""Saving and loading: HDF5, weights, architecture, and what of a model survives."""

SECTION = "Saving and loading"
# In the chapter's order: those that hold claims.
MODULES = ("claims", "formats", "state", "generated")
