"""Features: several devices, TensorFlow Lite and Estimators, each in an interpreter of its own."""

from __future__ import annotations

from typing import Any

import numpy as np

from pytest_kerasch2.chapter.features import deployment_faults
from pytest_kerasch2.chapter.features.observations import ESTIMATOR, LITE, SEVERAL_DEVICES
from pytest_kerasch2.chapter.pipelines import workarounds as pipelines_workarounds
from pytest_kerasch2.checks import captured
from pytest_kerasch2.claims.decorators import claim, detects, fixed_by, in_subprocess, known_issue, tolerates
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.errors import ClaimBroken

_NO_ESTIMATOR = "TensorFlow has no Estimators any more, and Keras no conversion to them."
_TF216 = "https://github.com/tensorflow/tensorflow/releases/tag/v2.16.1"


def _apart(one: Any, other: Any) -> float:
    return round(float(np.abs(np.asarray(one) - np.asarray(other)).max()), 6)


@claim(
    "features.data-parallel", "Training spread over several devices ends with the same model as on one device.", "prose"
)
@known_issue(
    of="keras",
    since="3.0",
    until="3.9",
    cause="Until Keras 3.10 the losses of the replicas are not put together as those of one batch.",
    source="https://github.com/keras-team/keras/issues/19891",
    symptom="loss of epoch 1, apart",
)
@in_subprocess(SEVERAL_DEVICES)
@detects(deployment_faults.gradients_of_one_replica, deployment_faults.learns_nothing)
@tolerates(deployment_faults.other_seed)
def data_parallel(child: Any, record: Recorder) -> None:
    """Compare what one and two logical CPU devices made of equal models; sums are taken in another order."""
    one = captured.value(record, "training on one device", child["one"])
    two = captured.value(record, "training on two devices", child["two"])

    record.equal("replicas of the model in the second training", expected=2, actual=two["replicas"])
    record.at_least("how far training moved a weight at the most", limit=1e-2, actual=round(one["moved"], 3))
    for epoch, (mine, other) in enumerate(zip(one["loss"], two["loss"]), start=1):
        record.at_most(f"loss of epoch {epoch}, apart", limit=1e-5, actual=_apart(mine, other))
    worst = max(_apart(mine, other) for mine, other in zip(one["weights"], two["weights"]))
    record.at_most("weights after training, apart", limit=1e-6, actual=worst)


@claim(
    "features.data-parallel-shares",
    "Where the network of the chapter is trained on several devices, each has a copy of it and a share of every batch.",
    "prose",
)
@known_issue(
    of="keras",
    since="3.7",
    until="3.7",
    cause="Keras 3.7 takes the mean of each variable over the devices, also of the whole numbers in Dropout's seed.",
    source="https://github.com/keras-team/keras/blob/v3.7.0/keras/src/backend/common/variables.py",
    symptom="aggregation=MEAN and a non-floating dtype is not supported",
)
@in_subprocess(SEVERAL_DEVICES)
@detects(deployment_faults.one_replica)
@tolerates(deployment_faults.other_seed)
def data_parallel_shares(child: Any, record: Recorder) -> None:
    """Read what each replica saw of two epochs of four batches of 16."""
    devices = captured.value(record, "dividing the processor", child["devices"])
    two = captured.value(record, "training the network on two devices", child["shares"])

    kinds = ["Flatten", "Dense", "Dropout", "Dense"]
    record.equal("layers of the network", expected=kinds, actual=[kind for kind in two["layers"] if kind in kinds])
    record.equal("logical devices", expected=2, actual=len(devices))
    record.equal("where the copies of a weight lie", expected=["CPU:0", "CPU:1"], actual=two["copies"])
    for replica in (0, 1):
        rows = [seen for which, seen in two["seen"] if which == replica]
        record.equal(f"rows of each batch that replica {replica} saw", expected=[8] * 8, actual=rows)


@claim(
    "features.tensorflow-lite",
    "A model is exported to TensorFlow Lite, whose interpreter gives the same predictions.",
    "prose",
)
@known_issue(
    since="2.16",
    until="2.16",
    with_keras="3.0",
    cause="The converter of TensorFlow 2.16 does not know how Keras 3 holds its weights, and aborts the process.",
    source="https://github.com/tensorflow/tensorflow/issues/63987",
    symptom="signal SIGABRT .*wrapped_toco_convert",
)
@fixed_by(deployment_faults.weights_made_constants)
@in_subprocess(LITE)
@detects(deployment_faults.lite_of_another_model)
@tolerates(deployment_faults.other_seed)
def tensorflow_lite(child: Any, record: Recorder) -> None:
    """Compare the predictions for eight rows."""
    lite = captured.value(record, "conversion to TensorFlow Lite", child["lite"])

    record.equal("mark at the beginning of the file", expected="TFL3", actual=lite["mark"])
    apart = _apart(child["keras"][:8], lite["answers"])
    record.at_most("predictions of TensorFlow Lite, away from Keras's", limit=1e-5, actual=apart)


@claim("features.estimator", "A Keras model can be turned into an Estimator with the same predictions.", "prose")
@known_issue(
    of="keras",
    since="2.16",
    until="2",
    cause=_NO_ESTIMATOR,
    source=_TF216,
    symptom="model_to_estimator function not available",
    workaround=pipelines_workarounds.FIT,
)
@known_issue(
    since="2.16",
    cause=_NO_ESTIMATOR,
    source=_TF216,
    symptom="no attribute 'estimator'",
    workaround=pipelines_workarounds.FIT,
)
@fixed_by(deployment_faults.estimator_again)
@in_subprocess(ESTIMATOR)
@detects(deployment_faults.estimator_begins_anew)
@tolerates(deployment_faults.other_seed)
def estimator(child: Any, record: Recorder) -> None:
    """Compare the predictions of model and Estimator before any training."""
    observed = captured.value(record, "model_to_estimator", child["estimator"])

    record.equal("it is a tf.estimator.Estimator", expected=True, actual=observed["is_estimator"])
    fresh = captured.value(record, "predict", observed["fresh"])
    apart = _apart(child["keras"]["fresh"], fresh)
    record.at_most("predictions of the Estimator, away from Keras's", limit=1e-6, actual=apart)


@claim("features.estimator-trains", "The Estimator made of a Keras model trains as the model does.", "prose")
@known_issue(
    of="keras",
    since="2.16",
    until="2",
    cause=_NO_ESTIMATOR,
    source=_TF216,
    symptom="model_to_estimator function not available",
    workaround=pipelines_workarounds.FIT,
)
@known_issue(
    since="2.16",
    cause=_NO_ESTIMATOR,
    source=_TF216,
    symptom="no attribute 'estimator'",
    workaround=pipelines_workarounds.FIT,
)
@fixed_by(deployment_faults.estimator_again)
@in_subprocess(ESTIMATOR)
@detects(deployment_faults.estimator_learns_nothing)
@tolerates(deployment_faults.other_seed)
def estimator_trains(child: Any, record: Recorder) -> None:
    """Compare the predictions of model and Estimator after the same four batches."""
    observed = captured.value(record, "model_to_estimator", child["estimator"])

    steps = captured.value(record, "train and evaluate", observed["steps"])
    record.equal("steps it took", expected=4, actual=steps)
    trained = captured.value(record, "predict after training", observed["trained"])
    if _apart(child["keras"]["fresh"], child["keras"]["trained"]) < 1e-4:
        raise ClaimBroken("Training the model itself changed nothing", "predictions as before")
    apart = _apart(child["keras"]["trained"], trained)
    record.at_most("predictions after training, away from Keras's", limit=1e-5, actual=apart)
