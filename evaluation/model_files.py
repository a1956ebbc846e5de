"""Writes the model files that `evaluation.damaged_models` damages, as Keras saves them.

    python -m evaluation.model_files

They are kept in `evaluation/data/models.zip`, so that a seed damages the same bytes on every release.
"""

from __future__ import annotations

import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np

KEPT = Path(__file__).parent / "data" / "models.zip"
NAMES = ("model.h5", "model.weights.h5", "model.keras")


def files() -> dict[str, bytes]:
    """Return the content of each file by its name."""
    with zipfile.ZipFile(KEPT) as archive:
        return {name: archive.read(name) for name in NAMES}


def main() -> int:
    """Train a small model for one step, and keep it in each form of a single file."""
    from pytest_kerasch2.framework import api

    api.fresh_session(0)
    keras, drawn = api.keras(), np.random.RandomState(0)
    layers = [keras.layers.Dense(16, "relu"), keras.layers.Dropout(0.5), keras.layers.Dense(4, "softmax")]
    model = keras.Sequential([keras.Input((8,)), *layers])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(drawn.normal(size=(32, 8)), drawn.randint(0, 4, 32), verbose=0)
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(KEPT, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in NAMES:
            path = Path(folder) / name
            (model.save_weights if name == "model.weights.h5" else model.save)(path)
            archive.write(path, name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
