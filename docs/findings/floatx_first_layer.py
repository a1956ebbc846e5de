"""`set_floatx` after a first layer exists: which precision do the weights of the next layer have?"""

import tensorflow as tf


def weights():
    layer = tf.keras.layers.Dense(2)
    layer.build((None, 3))
    return tf.as_dtype(layer.kernel.dtype).name


print("a first layer:", weights())
tf.keras.backend.set_floatx("float16")
print("after set_floatx('float16'):", weights())
