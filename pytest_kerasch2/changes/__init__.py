"""Known changes of TensorFlow and Keras: what each finds in code, since when, why, and what is written instead."""
