"""Whether the ways to write the model train alike, bit for bit; and how long training and evaluating take here."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import Any, Mapping

from pytest_kerasch2 import models
from pytest_kerasch2.chapter.printed_numbers.trained import STYLES
from pytest_kerasch2.checks import workflow
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.framework import api

IMAGES = 960
EPOCHS = 2
SEED = 3
# What is timed: a hundred steps of training.
TIMED = 3200


@dataclass(frozen=True)
class Times:
    """How long an image takes here, in microseconds: in `fit` as the chapter calls it, and in `evaluate`."""

    fit: float
    evaluate: float


def digests(tf: Any) -> dict[str, str]:
    """Return for each way what its weights are after training, as a hash: equal ones train alike, bit for bit.

    All begin with equal weights, see the images in equal order, and draw what is dropped from an equal seed, which
    Keras 3 keeps in each Dropout layer; the first way's is given to all. Ways that train alike are one training, and
    differ in nothing but the seeds that they are given.
    """
    return {name: _trained(tf, name, STYLES[0]) for name in STYLES}


def kin(record: Recorder, bits: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Return the ways that train as one does, itself among them, and keep that as evidence."""
    same = tuple(other for other in STYLES if bits[other] == bits[name])
    others = [other for other in same if other != name]
    alike = f"as {', '.join(others)} do" if others else "as none of the others does"
    record.saw(f"from equal weights, order and dropping, {name} trains bit for bit {alike}")
    return same


def _trained(tf: Any, name: str, first: str) -> str:
    images, labels = workflow.drawn(IMAGES)
    example, model = _compiled(tf, first), _compiled(tf, name)
    models.copy_weights(source=example, target=model)
    ours, theirs = (getattr(models.layer(one, "dropout"), "seed_generator", None) for one in (model, example))
    if ours is not None and theirs is not None:
        ours.state.assign(theirs.state)
    # The order of the images, and before Keras 3 what is dropped.
    api.set_seed(SEED)
    model.fit(images, labels, batch_size=32, epochs=EPOCHS, verbose=0)
    return hashlib.sha256(b"".join(array.tobytes() for array in model.get_weights())).hexdigest()[:12]


def _compiled(tf: Any, name: str) -> Any:
    api.fresh_session(SEED)
    return models.built(models.style(name).compiled(tf))


def microseconds(tf: Any) -> Times:
    """Return how long the chapter's `fit` takes for an image here, and its `evaluate`.

    A later epoch is timed, and a later call of `evaluate`: the first ones trace and compile. What is in the images
    changes no time, so that MNIST need not be there.
    """
    images, labels = workflow.drawn(TIMED)
    model = models.style("sequential-list").compiled(tf)
    model.fit(images, labels, batch_size=32, verbose=0)
    model.evaluate(images, labels, verbose=0)
    began = time.perf_counter()
    model.fit(images, labels, batch_size=32, verbose=0)
    fitted = time.perf_counter()
    model.evaluate(images, labels, verbose=0)
    ended = time.perf_counter()
    return Times(1e6 * (fitted - began) / TIMED, 1e6 * (ended - fitted) / TIMED)
