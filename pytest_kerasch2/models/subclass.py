"""The subclass way: layers are attributes, the forward pass is a method."""

from __future__ import annotations

from typing import Any

from .functional import HIDDEN_NAME, OUTPUT_NAME
from .network import Network, printed_activation


def model_class(tf: Any, network: Network) -> Any:
    """Return the class of the model, which loaders need under its name in ``custom_objects``.

    Like the printed class it takes the number of classes alone; everything else is fixed by ``network``. The printed
    constructor also makes a symbolic input that nothing uses, which is left out here.
    """
    layers = tf.keras.layers

    class SubclassedModel(tf.keras.Model):  # type: ignore[misc]  # the base class is known only at run time
        def __init__(self, num_classes: int = network.classes) -> None:
            super().__init__()
            self.flatten = layers.Flatten()
            self.hidden = layers.Dense(
                network.hidden, activation=network.hidden_activation_or("relu"), name=HIDDEN_NAME
            )
            self.dropout = layers.Dropout(network.dropout)
            self.predictions = layers.Dense(
                num_classes,
                activation=network.output_activation_or(printed_activation(tf, "softmax")),
                name=OUTPUT_NAME,
            )

        def call(self, inputs: Any) -> Any:
            """Return one row of class probabilities per image."""
            return self.predictions(self.dropout(self.hidden(self.flatten(inputs))))

    return SubclassedModel


def build(tf: Any, network: Network) -> Any:
    """Return the uncompiled model; it has no weights before it has seen an input."""
    return model_class(tf, network)()
