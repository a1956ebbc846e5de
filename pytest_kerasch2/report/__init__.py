"""Results, shown: on the terminal, in a step summary, as annotations. Each is a pure function of the results."""
