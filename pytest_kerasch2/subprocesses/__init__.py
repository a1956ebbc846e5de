"""Code that runs in another interpreter: what kills that interpreter is evidence, not the end of the run."""
