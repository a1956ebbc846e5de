"""The four styles by name, and what is done with each of them alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable

import numpy as np

from ..arguments import checked
from ..errors import InvalidArgument
from ..framework import api
from ..suggestions import did_you_mean
from . import functional, sequential_add, sequential_list, subclass
from .network import Network

BATCH_SIZE = 32
LOSS = "sparse_categorical_crossentropy"
ROLES = ("flatten", "hidden", "dropout", "output")
"""The parts of the network that every style has, first to last."""


@dataclass(frozen=True)
class ModelStyle:
    """One of the chapter's ways to write the same network.

    Attributes:
        name: how options, test ids and reports call it.
        section: the heading of the chapter under which it stands, in our words.
        builder: gives the uncompiled model of a network.
        sees_its_input: whether the input is declared, so that the weights are there before the first call.
    """

    name: str
    section: str
    builder: Callable[[Any, Network], Any]
    sees_its_input: bool = False

    @checked
    def build(self, tf: Any, network: Network = Network()) -> Any:  # noqa: B008  # frozen, so safe to share
        """Return the model as the style's listing leaves it: not compiled and, but for one style, without weights."""
        return self.builder(tf, network)

    @checked
    def compiled(self, tf: Any, network: Network = Network(), optimizer: Any = None) -> Any:  # noqa: B008
        """Return the model compiled as the chapter compiles it; like there it may have no weights before ``fit``.

        It is not called beforehand, because a Sequential model without a declared input that was called by hand before
        ``fit`` can be saved to ``.h5`` by TensorFlow 2.0 but not loaded back. Where weights are wanted at once, hand
        the result to ``built``.

        The chapter's name of the optimizer's home is wrong in two of four listings; this is the one that exists.

        Args:
            tf: the TensorFlow module.
            network: its widths.
            optimizer: used instead of Adam with its defaults.
        """
        model = self.build(tf, network)
        chosen = tf.keras.optimizers.Adam() if optimizer is None else optimizer
        model.compile(optimizer=chosen, loss=LOSS, metrics=["accuracy"])
        return model

    @checked
    def trained(
        self,
        tf: Any,
        data: tuple[Any, Any],
        steps: int = 4,
        *,
        network: Network = Network(),  # noqa: B008
        optimizer: Any = None,
    ) -> Any:
        """Return the compiled model after some steps of 32 images each, in the order of the data.

        Args:
            tf: the TensorFlow module.
            data: images and labels, at least ``32 * steps`` of them.
            steps: optimizer steps.
            network: its widths.
            optimizer: used instead of Adam with its defaults.

        Raises:
            InvalidArgument: there are not enough images.
        """
        model = self.compiled(tf, network, optimizer)
        train(model, data, steps)
        return model

    def custom_objects(self, tf: Any, network: Network = Network()) -> dict[str, Any]:  # noqa: B008
        """Return what a loader has to be told by hand: the class of the subclassed model, nothing for the others."""
        if self.builder is not subclass.build:
            return {}
        model_class = subclass.model_class(tf, network)
        return {model_class.__name__: model_class}


STYLES: tuple[ModelStyle, ...] = (
    ModelStyle("sequential-list", "Sequential model, first way", sequential_list.build),
    ModelStyle("sequential-add", "Sequential model, second way", sequential_add.build),
    ModelStyle("functional", "Functional API", functional.build, sees_its_input=True),
    ModelStyle("subclass", "Subclassing the model", subclass.build),
)
"""All styles in the order of the chapter."""


def style(name: str) -> ModelStyle:
    """Return the style of that name.

    Raises:
        InvalidArgument: there is none.
    """
    for one in STYLES:
        if one.name == name:
            return one
    names = [one.name for one in STYLES]
    remedy = f"use one of {', '.join(names)}{did_you_mean(name, names, before='; ')}"
    raise InvalidArgument(f"There is no model style {name!r}", "", remedy)


def built(model: Any, network: Network = Network()) -> Any:  # noqa: B008
    """Return the same model with its weights made, by calling it on one image of zeros."""
    api.call(model, np.zeros((1, *network.pixels), dtype="float32"))
    return model


def train(model: Any, data: tuple[Any, Any], steps: int) -> None:
    """Take some optimizer steps of 32 images each, in the order of the data and without printing.

    Raises:
        InvalidArgument: there are not enough images.
    """
    images, labels = data
    needed = BATCH_SIZE * steps
    if len(images) < needed:
        raise InvalidArgument(f"{steps} steps need at least {needed} images, got {len(images)}")
    model.fit(images[:needed], labels[:needed], batch_size=BATCH_SIZE, epochs=1, shuffle=False, verbose=0)


def copy_weights(*, source: Any, target: Any) -> None:
    """Return ``target`` the weights of ``source``; both must have been built."""
    target.set_weights(source.get_weights())


def layer(model: Any, role: str) -> Any:
    """Return the layer that plays a role, found by its kind and place and so in every style alike.

    Args:
        model: a model of any of the four styles.
        role: ``flatten``, ``hidden``, ``dropout`` or ``output``.

    Raises:
        InvalidArgument: the role is unknown, or the model has no such layer.
    """
    kinds = {"flatten": "Flatten", "hidden": "Dense", "dropout": "Dropout", "output": "Dense"}
    if role not in kinds:
        raise InvalidArgument(f"role must be one of {', '.join(ROLES)}, got {role!r}")
    candidates = [one for one in model.layers if type(one).__name__ == kinds[role]]
    if not candidates:
        names = ", ".join(type(one).__name__ for one in model.layers)
        raise InvalidArgument(
            f"The model has no {role} layer, but {names or 'none at all'}", "", "give a model of one of the styles"
        )
    return candidates[-1] if role == "output" else candidates[0]
