"""What the Keras in TensorFlow adds: execution, input pipelines, distribution, deployment."""

SECTION = "Features"
# In the chapter's order: those that hold claims.
MODULES = ("claims", "execution", "deployment", "parallel")
