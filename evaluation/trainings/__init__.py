"""Real trainings, each a function of a seed, with faults that can be planted; a second or less each."""
