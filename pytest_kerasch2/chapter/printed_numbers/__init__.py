"""The printed losses and accuracies after ten epochs of training."""

# It has no SECTION: each claim names the section that it belongs to.
# In the chapter's order: those that hold claims.
MODULES = ("claims",)
