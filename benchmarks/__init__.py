"""Measurements of the project itself, each of which prints or writes its figures."""
