"""The printed losses and accuracies after ten epochs of training."""

# In the chapter's order: those that hold claims.
MODULES = ("claims",)
