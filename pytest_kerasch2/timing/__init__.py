"""Time per training step: blocks of steps, and what must be so for a time to be believed."""
