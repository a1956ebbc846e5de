"""`fit` after a seed was set: are the images shuffled anew for each epoch?"""

import numpy as np
import tensorflow as tf

SEEN = []


class Seen(tf.keras.layers.Layer):
    """Passes on what it is given, and remembers it."""

    def call(self, x, training=None):
        """Return it back."""
        if tf.executing_eagerly() and training:
            SEEN.extend(int(one) for one in x.numpy().ravel())
        return x


def epochs():
    del SEEN[:]
    model = tf.keras.Sequential([Seen(), tf.keras.layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    x = np.arange(8, dtype="float32").reshape(8, 1)
    model.fit(x, x, batch_size=4, epochs=3, verbose=0)
    return [SEEN[first : first + 8] for first in range(0, 24, 8)]


for name, seed in (("no seed", None), ("seed 7", 7)):
    if seed is not None:
        tf.random.set_seed(seed)
    orders = epochs()
    alike = sum(one == orders[0] for one in orders)
    print(f"{name}: {orders}, {alike} of 3 epochs in the order of the first")
