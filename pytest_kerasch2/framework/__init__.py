"""The only door to TensorFlow, Keras and their backends; process-wide state, devices and child interpreters."""
