"""The `tf.data` pipeline: what it yields, flips, and how `fit` takes it."""

SECTION = "Data pipelines"
# In the chapter's order: those that hold claims.
MODULES = ("claims", "flip", "fit")
