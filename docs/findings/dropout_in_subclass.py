"""`fit` of a subclassed model whose `call` takes no `training`: does its Dropout drop?"""

import numpy as np
import tensorflow as tf


class Without(tf.keras.Model):
    """`call` as many examples write it."""

    def __init__(self):
        """Declare what is dropped, and what adds up the rest."""
        super().__init__()
        self.drop = tf.keras.layers.Dropout(0.5)
        self.last = tf.keras.layers.Dense(1, kernel_initializer="ones", trainable=False)

    def call(self, x):
        """Return the sum of what is not dropped."""
        return self.last(self.drop(x))


class With(Without):
    """The same, with the argument."""

    def call(self, x, training=None):
        """Return the sum of what is not dropped."""
        return self.last(self.drop(x, training=training))


x = np.ones((256, 8), "float32")
y = np.full((256, 1), 8.0, "float32")
for kind in (Without, With):
    model = kind()
    model.compile("sgd", "mse")
    # Eight ones add up to eight where none is dropped, and then there is no loss.
    loss = model.fit(x, y, epochs=1, verbose=0).history["loss"][0]
    print(f"call {kind.__name__.lower()} training: loss in fit {loss:.2f}, {'drops' if loss else 'DROPS NOTHING'}")
