"""What each release is timed by: the chapter's network, trained by its `fit`, and the parts of which that is made.

A process of a release imports a copy of this file, which therefore runs on CPython 3.7 and imports the package alone.
"""

from __future__ import annotations

import functools
import operator
import os
from typing import Any, Callable, Mapping

import numpy as np

from pytest_kerasch2 import models
from pytest_kerasch2.framework import api
from pytest_kerasch2.timing import benchmark_suite

# Grows with every change of what is timed: what was measured before is not of the same thing.
VERSION = 2
WHOLE = "fit"
# Names an optimizer in `tf.keras.optimizers` that is taken in place of the chapter's.
OPTIMIZER = "KERASCH2_HISTORY_OPTIMIZER"
# `fit` of 2.0 and 2.1 is timed by whole epochs, and so what an epoch costs by itself is shared by many steps.
IMAGES = {WHOLE: 12800, "graph": 6400, "train_on_batch": 6400, "predict": 12800}


def benchmarks() -> Mapping[str, Callable[[], Any]]:
    """Return a benchmark for each mode, by its name."""
    return {mode: functools.partial(_made, mode) for mode in IMAGES}


def _made(mode: str) -> Mapping[str, Any]:
    api.fresh_session(0)
    count = IMAGES[mode]
    data = tuple(np.concatenate([part] * -(-count // len(part)))[:count] for part in benchmark_suite.synthetic_images())
    tf = api.tensorflow()
    named = os.environ.get(OPTIMIZER)
    optimizer = operator.attrgetter(named)(tf.keras.optimizers)() if named else None
    return {"model": models.style("sequential-list").compiled(tf, optimizer=optimizer), "data": data, "mode": mode}
