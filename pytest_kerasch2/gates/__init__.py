"""Decisions with stated error rates: pure statistics, which know neither Keras nor pytest."""
