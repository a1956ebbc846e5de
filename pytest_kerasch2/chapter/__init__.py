"""The claims: one package for each section of the chapter, with its faults, workarounds and observations."""

# In the chapter's order.
SECTIONS = (
    "adoption",
    "features",
    "configuration",
    "backend",
    "dtypes",
    "sequential",
    "functional",
    "subclassing",
    "pipelines",
    "saving",
    "datasets",
    "listings",
    "session",
    "printed_numbers",
)
