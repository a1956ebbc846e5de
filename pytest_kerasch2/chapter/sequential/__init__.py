"""The data of the network, and its first two ways: a list of layers, and layers added one by one."""

# In the chapter's order: those that hold claims.
MODULES = ("data", "first_way", "layers", "training", "printing", "evaluating", "second_way")
