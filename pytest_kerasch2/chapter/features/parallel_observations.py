"""What Keras's own data parallelism does in a child interpreter, with two devices."""

from __future__ import annotations

from typing import Any

import numpy as np

from pytest_kerasch2.checks.captured import attempt
from pytest_kerasch2.framework import api, several_devices

DEVICES = 2
ROWS = 16


def by_keras() -> dict[str, Any]:
    """Return what came of training a small model with what Keras itself has for several devices."""
    keras = api.keras()
    several_devices.divide_processor()
    return attempt(lambda: _by_distribution(keras) if api.is_keras3() else _by_copies(keras))


def _by_copies(keras: Any) -> dict[str, Any]:
    """Train with `multi_gpu_model`, which Keras 2 had until 2.4."""
    alone, model = _model(keras), _model(keras)
    return {
        "alone": _moved(alone),
        "moved": _moved(keras.utils.multi_gpu_model(model, gpus=DEVICES)),
        "copies": DEVICES,
        "rows": ROWS // DEVICES,
    }


def _by_distribution(keras: Any) -> dict[str, Any]:
    """Train with `keras.distribution`, which Keras 3 has, and return what lies where."""
    distribution = keras.distribution
    alone = _moved(_model(keras))
    devices = distribution.list_devices()[:DEVICES]
    distribution.set_distribution(distribution.DataParallel(devices=devices))
    try:
        rows: list[int] = []
        model = _model(keras, rows)
        moved = _moved(model)
        return {
            "alone": alone,
            "moved": moved,
            "copies": several_devices.copies(model.trainable_variables[0]),
            "rows": min(rows, default=ROWS),
        }
    finally:
        distribution.set_distribution(None)


def _model(keras: Any, rows: list[int] | None = None) -> Any:
    layers = [] if rows is None else [_lookout(keras, rows)]
    model = keras.Sequential([keras.layers.InputLayer((6,)), *layers, keras.layers.Dense(4, activation="softmax")])
    model.compile(optimizer="sgd", loss="sparse_categorical_crossentropy")
    return model


def _lookout(keras: Any, rows: list[int]) -> Any:
    """Return a layer that passes its input on, and notes how many rows of it one device has."""

    class Lookout(keras.layers.Layer):  # type: ignore[misc]  # the base class is known only at run time
        def call(self, inputs: Any) -> Any:
            if inputs.shape[0] == ROWS:
                several_devices.note_rows(inputs, rows.append)
            return inputs

    return Lookout()


def _moved(model: Any) -> list[list[float]]:
    """Return by how much two steps on given rows move a kernel of ones."""
    drawn = np.random.RandomState(0)
    shapes = [weights.shape for weights in model.get_weights()]
    model.set_weights([np.ones(shape, dtype="float32") for shape in shapes])
    features, labels = drawn.rand(2 * ROWS, 6).astype("float32"), drawn.randint(0, 4, 2 * ROWS).astype("int64")
    model.fit(features, labels, batch_size=ROWS, shuffle=False, verbose=0)
    return np.asarray(model.get_weights()[0] - 1, dtype="float64").tolist()  # type: ignore[no-any-return]
