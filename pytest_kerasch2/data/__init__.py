"""The data sets of Keras: what they are, where to get them, how to read them without surprises.

Nothing is imported here, so that ``import pytest_kerasch2.data`` stays free of numpy.
"""
