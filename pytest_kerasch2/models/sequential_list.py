"""The first way: all layers in one list, handed to the constructor."""

from __future__ import annotations

from typing import Any

from .network import Network, printed_activation


def build(tf: Any, network: Network) -> Any:
    """Return the uncompiled model; it has no weights before it has seen an input.

    This listing alone names both activations as functions.
    """
    layers = tf.keras.layers
    return tf.keras.models.Sequential(
        [
            layers.Flatten(),
            layers.Dense(network.hidden, activation=network.hidden_activation_or(printed_activation(tf, "relu"))),
            layers.Dropout(network.dropout),
            layers.Dense(network.classes, activation=network.output_activation_or(printed_activation(tf, "softmax"))),
        ]
    )
