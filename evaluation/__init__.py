"""Measurements of the project itself: how often its tools err. Each writes its figures; none is in the wheel."""
