"""Weights of another network are refused by `load_weights`: is the network then still what it was?"""

import os
import tempfile

import numpy as np
import tensorflow as tf


def network(last):
    layers = tf.keras.layers
    return tf.keras.Sequential([tf.keras.Input((4,)), layers.Dense(8, name="one"), layers.Dense(last, name="two")])


path = os.path.join(tempfile.mkdtemp(), "other.weights.h5")
network(3).save_weights(path)
model = network(5)
before = model.get_weights()
try:
    model.load_weights(path)
    print("refused: no")
except Exception as error:
    print("refused: yes,", type(error).__name__)
same = [np.array_equal(one, other) for one, other in zip(before, model.get_weights())]
print("arrays as before:", same)
