"""Saving and loading: HDF5, weights, architecture, and what of a model survives."""

# In the chapter's order: those that hold claims.
MODULES = ("claims", "formats", "state", "generated")
