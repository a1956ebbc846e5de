"""A pytest plugin that tells whether what a Keras chapter says is true on the TensorFlow you have."""

__version__ = "0.1.0"
