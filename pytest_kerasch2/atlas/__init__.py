"""Which names, parameters and defaults TensorFlow and Keras have on each release, as they were walked there."""
