"""The data of the network, and its first two ways: a list of layers, and layers added one by one."""

SECTION = "Sequential model, first way"
OVERVIEW = "Sequential model"
SECOND_WAY = "Sequential model, second way"
# All of its headings, in the chapter's order.
HEADINGS = (OVERVIEW, SECTION, SECOND_WAY)
# In the chapter's order: those that hold claims.
MODULES = ("data", "first_way", "layers", "training", "printing", "evaluating", "second_way")
