"""The second way: an empty model to which the layers are added one by one."""

from __future__ import annotations

from typing import Any

from .network import Network, printed_activation


def build(tf: Any, network: Network) -> Any:
    """Return the uncompiled model; it has no weights before it has seen an input."""
    layers = tf.keras.layers
    model = tf.keras.models.Sequential()
    model.add(layers.Flatten())
    model.add(layers.Dense(network.hidden, activation=network.hidden_activation_or("relu")))
    model.add(layers.Dropout(network.dropout))
    model.add(layers.Dense(network.classes, activation=network.output_activation_or(printed_activation(tf, "softmax"))))
    return model
