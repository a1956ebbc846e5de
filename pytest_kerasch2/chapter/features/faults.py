"""Faults, benign changes and fixes for the claims about features."""

from __future__ import annotations

import contextlib
from typing import Any, Iterator
from unittest import mock

from pytest_kerasch2.chapter.features.reference import GROUPS
from pytest_kerasch2.checks.common_faults import fault, replaced, wrapped, wrapped_method
from pytest_kerasch2.errors import NotApplicable
from pytest_kerasch2.framework import api


@contextlib.contextmanager
def _keras_says(version: str) -> Iterator[None]:
    # `create`: on 2.13 to 2.15 there is no such attribute
    with mock.patch.object(_real_keras(), "__version__", version, create=True):
        yield


def _real_keras() -> Any:
    """Return the module behind tf.keras, whose name may stand for a lazy loader."""
    import sys

    keras = api.keras()
    keras.layers  # noqa: B018  # loads a lazy one
    loaded = getattr(keras, "_load", None)
    return loaded() if callable(loaded) else sys.modules.get(getattr(keras, "__name__", ""), keras)


version_given = fault("The attribute is there and names the package.", lambda: _keras_says(api.release().keras))
version_as_printed = fault("The version is that of TensorFlow 2.0.", _keras_says, "2.2.4-tf")
version_wrong = fault(
    "The attribute holds a generation, no version; it must still be a number, for the release is read from it.",
    _keras_says,
    "2",
)
version_missing = fault(
    "The attribute holds nothing.", lambda: mock.patch.object(_real_keras(), "__version__", None, create=True)
)


@contextlib.contextmanager
def _moved(package: str) -> Iterator[None]:
    keras = api.keras()
    with contextlib.ExitStack() as patches:
        for part in (keras.layers.Dense, keras.Model, keras.optimizers.Adam):
            patches.enter_context(replaced(part, "__module__", f"{package}.somewhere"))
        yield


inside_tensorflow = fault("The classes say that they are TensorFlow's.", _moved, "tensorflow")
outside_tensorflow = fault("The classes come from a package keras.", _moved, "keras")


@contextlib.contextmanager
def nothing_missing() -> Iterator[None]:
    """Each name of the reference implementation is there."""
    keras = api.keras()
    with contextlib.ExitStack() as patches:
        for group, names in GROUPS.items():
            home = getattr(keras, group)
            for name in names:
                if getattr(home, name, None) is None:
                    patches.enter_context(mock.patch.object(home, name, object, create=True))
        yield


@contextlib.contextmanager
def gutted() -> Iterator[None]:
    """The first name of every module is gone."""
    keras = api.keras()
    with contextlib.ExitStack() as patches:
        for group, names in GROUPS.items():
            patches.enter_context(mock.patch.object(getattr(keras, group), names[0], None))
        yield


@contextlib.contextmanager
def stale_saved_model() -> Iterator[None]:
    """SavedModel files get the weights of a model before training."""

    def save(original: Any, model: Any, *arguments: Any, **named: Any) -> Any:
        kept = model.get_weights()
        model.set_weights([weights * 0 for weights in kept])
        try:
            return original(model, *arguments, **named)
        finally:
            model.set_weights(kept)

    with wrapped(api.tensorflow().saved_model, "save", save):
        yield


@contextlib.contextmanager
def shifted_data() -> Iterator[None]:
    """Data sets made of images and labels give each image the label of the one before."""
    kind = api.tensorflow().data.Dataset
    original = kind.from_tensor_slices

    def shifted(tensors: Any, *arguments: Any, **named: Any) -> Any:
        import numpy as np

        # Keras makes data sets of its own, of tensors and of other structures
        if isinstance(tensors, tuple) and len(tensors) == 2 and isinstance(tensors[1], np.ndarray):
            tensors = (tensors[0], np.roll(tensors[1], 1))
        return original(tensors, *arguments, **named)

    with mock.patch.object(kind, "from_tensor_slices", staticmethod(shifted)):
        yield


@contextlib.contextmanager
def _without_strategy(name: str) -> Iterator[None]:
    room = api.tensorflow().distribute
    with contextlib.ExitStack() as patches:
        for owner in (room, room.experimental):
            if hasattr(owner, name):
                patches.enter_context(replaced(owner, name, None))
        yield


no_tpu_strategy = fault("There is no strategy for TPUs.", _without_strategy, "TPUStrategy")
no_mirrored_strategy = fault("There is no strategy for several devices.", _without_strategy, "MirroredStrategy")


@contextlib.contextmanager
def dense_features() -> Iterator[None]:
    """Keras has a layer for columns of numbers and of words."""
    keras: Any = api.keras()
    tf: Any = api.tensorflow()

    class DenseFeatures(keras.layers.Layer):  # type: ignore[misc]  # the base class is known only at run time
        def __init__(self, columns: Any) -> None:
            super().__init__()
            self.words = {}
            self.numbers = []
            self.ranges = {}
            for column in columns:
                inner = getattr(column, "categorical_column", None)
                if inner is not None:
                    self.words[inner.key] = list(inner.vocabulary_list)
                elif hasattr(column, "boundaries"):
                    self.ranges[column.source_column.key] = list(column.boundaries)
                else:
                    self.numbers.append(column.key)

        def call(self, rows: Any) -> Any:
            parts = [rows[key] for key in self.numbers]
            for key, boundaries in self.ranges.items():
                above = [tf.cast(rows[key] >= one, "float32") for one in boundaries]
                parts += [high - low for high, low in zip([tf.ones_like(rows[key]), *above], [*above, 0.0])]
            for key, vocabulary in self.words.items():
                parts += [tf.cast(tf.equal(rows[key], word), "float32") for word in vocabulary]
            return tf.concat(parts, axis=-1)

        def compute_output_shape(self, shapes: Any) -> Any:
            ranges = sum(len(boundaries) + 1 for boundaries in self.ranges.values())
            return (None, len(self.numbers) + ranges + sum(len(vocabulary) for vocabulary in self.words.values()))

    with mock.patch.object(keras.layers, "DenseFeatures", DenseFeatures, create=True):
        yield


@contextlib.contextmanager
def columns_mixed_up() -> Iterator[None]:
    """A column of words counts its vocabulary from the end."""

    def listed(original: Any, key: Any, vocabulary: Any, *arguments: Any, **named: Any) -> Any:
        return original(key, list(vocabulary)[::-1], *arguments, **named)

    with wrapped(api.tensorflow().feature_column, "categorical_column_with_vocabulary_list", listed):
        yield


@contextlib.contextmanager
def graph_first() -> Iterator[None]:
    """Something has switched to building graphs; without TensorFlow, to layers called on placeholders."""
    if not api.runs_on_tensorflow():
        with wrapped_method(api.keras().layers.Layer, "__call__", _on_placeholder):
            yield
        return
    with api.tensorflow().Graph().as_default():
        yield


def _on_placeholder(original: Any, layer: Any, inputs: Any, *arguments: Any, **named: Any) -> Any:
    shape = tuple(int(size) for size in inputs.shape)
    return original(layer, api.keras().Input(batch_shape=shape), *arguments, **named)


@contextlib.contextmanager
def eagerly_ignored() -> Iterator[None]:
    """Compiling forgets that training was to run eagerly; on torch it does in any case."""
    if api.release().backend == "torch":
        raise NotApplicable("Training that is not eager", "torch runs eagerly whatever Keras is told", "")

    def without(original: Any, model: Any, *arguments: Any, **named: Any) -> Any:
        named.pop("run_eagerly", None)
        if getattr(model, "_dynamic", False):  # as the fix of old releases has it
            model._dynamic = False
        return original(model, *arguments, **named)

    with wrapped_method(api.keras().Model, "compile", without):
        yield


@contextlib.contextmanager
def zeros_seen() -> Iterator[None]:
    """Training hands the model zeros in place of what it was given."""

    def blank(original: Any, model: Any, x: Any, *rest: Any, **named: Any) -> Any:
        return original(model, x * 0, *rest, **named)

    with wrapped_method(api.keras().Model, "fit", blank):
        yield


@contextlib.contextmanager
def dynamic_models() -> Iterator[None]:
    """Models of one's own are taken for ones that only run eagerly; on JAX, told to do so, they see each batch."""
    if not api.runs_on_tensorflow():
        with wrapped_method(api.keras().Model, "fit", _batch_by_batch):
            yield
        return

    def dynamic(original: Any, model: Any, *arguments: Any, **named: Any) -> Any:
        original(model, *arguments, **named)
        model._dynamic = True

    with wrapped_method(api.keras().Model, "__init__", dynamic):
        yield


def _batch_by_batch(original: Any, model: Any, x: Any, y: Any, batch_size: int = 32, **named: Any) -> Any:
    if not model.run_eagerly:
        return original(model, x, y, batch_size=batch_size, **named)
    starts = [*range(0, len(x), batch_size)] * named.get("epochs", 1)
    return [model(api.tensor(x[start : start + batch_size])) for start in starts]


@contextlib.contextmanager
def functions_run_eagerly() -> Iterator[None]:
    """Functions are never compiled to graphs."""
    config = api.tensorflow().config
    switch: Any = getattr(config, "run_functions_eagerly", getattr(config, "experimental_run_functions_eagerly", None))
    switch(True)
    try:
        yield
    finally:
        switch(False)
