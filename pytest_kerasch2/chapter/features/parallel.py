"""Features: the data parallelism that Keras itself has, in an interpreter of its own."""

from __future__ import annotations

import contextlib
import re
from typing import Any, Callable, Iterator
from unittest import mock

import numpy as np

from pytest_kerasch2.chapter import workarounds as chapter_workarounds
from pytest_kerasch2.chapter.features import deployment_faults
from pytest_kerasch2.chapter.features.observations import PARALLEL
from pytest_kerasch2.chapter.features.parallel_observations import DEVICES, ROWS
from pytest_kerasch2.checks import captured
from pytest_kerasch2.checks.common_faults import fault, wrapped
from pytest_kerasch2.claims.decorators import claim, detects, in_subprocess, known_issue, tolerates
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.errors import Inconclusive
from pytest_kerasch2.framework import api


def _removed(**releases: Any) -> Callable[..., Any]:
    return known_issue(
        cause="Keras's own multi_gpu_model was removed; what spreads a model over devices is tf.distribute.",
        source="https://github.com/tensorflow/tensorflow/releases/tag/v2.4.0",
        symptom="has no attribute 'multi_gpu_model'",
        workaround=chapter_workarounds.MIRRORED,
        **releases,
    )


PROTOTYPE = "On TensorFlow keras.distribution is a prototype that spreads nothing; what does is tf.distribute"
UNSPREAD = "devices that hold a copy of a weight: 1, not 2|no attribute 'num_processes'"


def _prototype(**releases: Any) -> Callable[..., Any]:
    return known_issue(
        of="keras",
        backends=("tensorflow",),
        cause=f"{PROTOTYPE}.",
        source="https://github.com/keras-team/keras/blob/v3.15.1/keras/src/backend/tensorflow/distribution_lib.py",
        symptom=UNSPREAD,
        workaround=chapter_workarounds.MIRRORED,
        **releases,
    )


# multi_gpu_model says so where there are none, in the words of Keras 2.
_NO_GPUS = "expect the following devices to be available"


@contextlib.contextmanager
def one_device_only() -> Iterator[None]:
    """Keras spreads a model over the first of the devices that it is given."""
    keras = api.keras()
    if not api.is_keras3():
        with wrapped(keras.utils, "multi_gpu_model", lambda _, model, gpus: model):
            yield
        return
    kind = keras.distribution.DataParallel
    with mock.patch.object(keras.distribution, "DataParallel", lambda devices: kind(devices=devices[:1])):
        yield


distribution_ignored = fault(
    "A distribution is taken, and nothing is done by it.",
    lambda: wrapped(api.keras().distribution, "set_distribution", lambda original, one: original(None)),
)


@claim(
    "features.parallel-by-keras",
    "Keras itself trains on several devices in parallel, each with a copy of the model and a share of the batch.",
    "prose",
)
@_removed(since="2.4", until="2.4")
@_removed(of="keras", since="2.5", until="2")
@known_issue(
    of="keras",
    until="2",
    backends=("theano", "cntk"),
    cause="Keras's multi_gpu_model is for TensorFlow only.",
    source="https://github.com/keras-team/keras/blob/2.3.1/keras/utils/multi_gpu_utils.py",
    symptom="is only available with the TensorFlow backend",
)
@_prototype(since="3.0", until="3.6")
@known_issue(
    of="keras",
    since="3.7",
    until="3.7",
    backends=("tensorflow",),
    cause=f"{PROTOTYPE}, though not with the Dropout of Keras 3.7.",
    source="https://github.com/keras-team/keras/blob/v3.7.0/keras/src/backend/common/variables.py",
    symptom=UNSPREAD,
)
@_prototype(since="3.8")
@known_issue(
    of="keras",
    since="3.0",
    backends=("torch",),
    cause="On torch there is nothing behind keras.distribution.",
    source="https://github.com/keras-team/keras/blob/v3.15.1/keras/src/backend/torch/__init__.py",
    symptom="'NoneType' object has no attribute 'list_devices'",
)
@in_subprocess(PARALLEL)
@detects(one_device_only, distribution_ignored)
@tolerates(deployment_faults.other_seed)
def parallel_by_keras(child: Any, record: Recorder) -> None:
    """Spread a model over two devices with what Keras has: `multi_gpu_model`, or `keras.distribution`."""
    if re.search(_NO_GPUS, child.get("error", "")):
        raise Inconclusive("multi_gpu_model wants two GPUs", child["error"], "run it where there are two GPUs")
    spread = captured.value(record, "training on two devices by Keras", child)

    record.equal("devices that hold a copy of a weight", expected=DEVICES, actual=spread["copies"])
    record.equal(f"rows of a batch of {ROWS} that a device has", expected=ROWS // DEVICES, actual=spread["rows"])
    alone, moved = np.array(spread["alone"]), np.array(spread["moved"])
    record.at_least(
        "how far training moved a weight at the most", limit=1e-4, actual=round(float(np.max(np.abs(moved))), 4)
    )
    apart = round(float(np.max(np.abs(moved - alone))), 6)
    record.at_most("weights after training, away from those of one device", limit=1e-5, actual=apart)
