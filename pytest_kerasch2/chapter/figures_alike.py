"""Whether the ways to write the model train alike, bit for bit; and how long training and evaluating take here."""

from __future__ import annotations

import hashlib
import time
from typing import Any

from pytest_kerasch2 import models
from pytest_kerasch2.chapter import trials
from pytest_kerasch2.claims.witness import Witness
from pytest_kerasch2.framework import api

IMAGES = 960
EPOCHS = 2
SEED = 3


def same_bits(tf: Any, witness: Witness, names: tuple[str, ...]) -> bool:
    """Tell whether equal weights, in equal order and with equal units dropped, give equal weights after training.

    What is dropped hangs on a seed that Keras 3 draws for each Dropout layer as it is made; the first way's is given to
    all. No claim: where a release does not allow it, the trainings of ten epochs decide alone.
    """
    trained = {name: _trained(tf, name, names[0]) for name in names}
    alike = len(set(trained.values())) == 1
    seen = "the same" if alike else ", ".join(f"{name} {digest}" for name, digest in trained.items())
    witness.saw(
        f"weights after {EPOCHS} epochs of {IMAGES} images from equal weights, order and dropping: {seen}, bit for bit"
        if alike
        else f"weights after training from equal weights differ: {seen}"
    )
    return alike


def _trained(tf: Any, name: str, first: str) -> str:
    images, labels = trials.drawn(IMAGES)
    example, model = _made(tf, first), _made(tf, name)
    models.copy_weights(source=example, target=model)
    ours, theirs = (getattr(models.layer(one, "dropout"), "seed_generator", None) for one in (model, example))
    if ours is not None and theirs is not None:
        ours.state.assign(theirs.state)
    # The order of the images, and before Keras 3 what is dropped.
    api.set_seed(SEED)
    model.fit(images, labels, batch_size=32, epochs=EPOCHS, verbose=0)
    return hashlib.sha256(b"".join(array.tobytes() for array in model.get_weights())).hexdigest()[:12]


def _made(tf: Any, name: str) -> Any:
    api.fresh_session(SEED)
    return models.built(models.style(name).compiled(tf))


def microseconds(tf: Any, data: Any) -> tuple[float, float]:
    """Give how long the chapter's `fit` takes for an image here, and its `evaluate`, in microseconds.

    The second epoch is timed, and the second call of `evaluate`: the first ones trace and compile.
    """
    model = models.style("sequential-list").compiled(tf)
    model.fit(data.x_train[:IMAGES], data.y_train[:IMAGES], batch_size=32, verbose=0)
    model.evaluate(data.x_test[:IMAGES], data.y_test[:IMAGES], verbose=0)
    began = time.perf_counter()
    model.fit(data.x_train, data.y_train, batch_size=32, verbose=0)
    fitted = time.perf_counter()
    model.evaluate(data.x_test, data.y_test, verbose=0)
    ended = time.perf_counter()
    return 1e6 * (fitted - began) / len(data.x_train), 1e6 * (ended - fitted) / len(data.x_test)
