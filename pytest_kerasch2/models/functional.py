"""The functional way: layers called on tensors, the model made from its two ends."""

from __future__ import annotations

from typing import Any

from .network import Network, printed_activation

HIDDEN_NAME = "d1"
OUTPUT_NAME = "d2"


def build(tf: Any, network: Network) -> Any:
    """Return the uncompiled model, which has its weights at once, because its input is declared.

    The listing takes its hidden layer from ``tf.layers``, which TensorFlow 2 has never had; ``tf.keras.layers`` is
    what it means.
    """
    layers = tf.keras.layers
    image = tf.keras.Input(shape=network.pixels)
    hidden = layers.Dense(network.hidden, activation=network.hidden_activation_or("relu"), name=HIDDEN_NAME)
    output = layers.Dense(
        network.classes, activation=network.output_activation_or(printed_activation(tf, "softmax")), name=OUTPUT_NAME
    )
    flat = layers.Flatten()(image)
    kept = layers.Dropout(network.dropout)(hidden(flat))
    return tf.keras.Model(inputs=image, outputs=output(kept))
