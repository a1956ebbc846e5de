"""Sequential model: what the chapter says of each layer, in numbers."""

from __future__ import annotations

import math

from pytest_kerasch2.claims.decorators import detects
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.early import faults
from pytest_kerasch2.early.facts import Facts
from pytest_kerasch2.early.facts import told_otherwise as told
from pytest_kerasch2.early.marks import decides

DROPOUT = "layers.dropout"
# Six standard deviations of the share of 102,400 numbers of which each is off with a chance of 0.2.
BOUND = round(6 * math.sqrt(0.2 * 0.8 / 102_400), 5)


@decides("sequential.layers-in-order")
@detects(
    told("layers backwards", "layers.order", "apart from chained", to=1.0),
    told("other layers", "layers.order", "kept", to=False),
)
def layers_in_order(facts: Facts, record: Recorder) -> None:
    """Compare the model with its layers computed one after the other; two of them would fit in either order."""
    found = facts.value("layers.order", record)
    record.equal("the model keeps the layers given", expected=True, actual=found["kept"])
    near = found["apart from chained"] <= 1e-5
    record.true("outputs are those of the layers in order", holds=near, found=near)
    otherwise = found["apart from another order"] > 1e-3
    record.true("another order would have given something else", holds=otherwise, found=otherwise)


@decides("sequential-first.flatten")
@detects(told("flattened backwards", "layers.flatten", "row by row", to=False))
def flatten(facts: Facts, record: Recorder) -> None:
    """Flatten images whose pixels are all different."""
    found = facts.value("layers.flatten", record)
    record.equal("shape", expected=[3, 784], actual=found["shape"])
    record.equal("pixels row by row", expected=True, actual=found["row by row"])


@decides("sequential-first.dense-connects-all")
@detects(
    faults.ONE_UNIT_SHORT,
    told("first input unconnected", "layers.dense", "784 to 512", "carry", to=401_408 - 512),
    told("one unit short", "layers.dense", "512 to 10", "shape", to=[512, 9]),
)
def dense_connects_all(facts: Facts, record: Recorder) -> None:
    """Return one input at a time: each output answers with a weight of its own for that input."""
    found = facts.value("layers.dense", record)
    for inputs, units in ((784, 512), (512, 10)):
        what = f"{inputs} to {units}"
        record.equal(f"connections of {what}, one weight each", expected=[inputs, units], actual=found[what]["shape"])
        carry = found[what]["carry"]
        record.equal(f"connections of {what} that carry their weight", expected=inputs * units, actual=carry)


@decides("sequential-first.relu")
@detects(
    faults.NO_RELU,
    told("no relu", "layers.relu", "of these not 0", to=2000),
    told("linear", "layers.relu", "linear", to=True),
    told("one unit short", "layers.relu", "shape", to=[8, 511]),
)
def relu(facts: Facts, record: Recorder) -> None:
    """Compare the layer with arithmetic of 64 bits; a linear function of -v would be minus that of v."""
    found = facts.value("layers.relu", record)
    record.equal("shape", expected=[8, 512], actual=found["shape"])
    near = found["apart"] < 1e-4
    record.true("outputs are max(0, x W + b)", holds=near, found=near)
    there = found["negative sums"] > 0
    record.true("there are negative sums", holds=there, found=there)
    record.equal("negative sums that do not come out as 0", expected=0, actual=found["of these not 0"])
    record.equal("outputs of -x are minus those of x", expected=False, actual=found["linear"])


@decides("sequential-first.softmax")
@detects(
    faults.SIGMOID_FOR_SOFTMAX,
    told("sigmoid for softmax", "layers.softmax", "sums apart from 1", to=3.0),
    told("another formula", "layers.softmax", "apart", to=0.1),
    told("nothing for some", "layers.softmax", "least", to=0.0),
)
def softmax(facts: Facts, record: Recorder) -> None:
    """Compare the output layer with the formula in 64 bits."""
    found = facts.value("layers.softmax", record)
    record.equal("shape", expected=[16, 10], actual=found["shape"])
    for what, holds in (
        ("none is 0 or below", found["least"] > 0),
        ("each row sums to 1", found["sums apart from 1"] < 1e-5),
        ("outputs are exp over the sum of exp", found["apart"] < 1e-5),
    ):
        record.true(what, holds=holds, found=holds)


@decides("sequential-first.dropout-share")
@detects(
    faults.NOTHING_DROPPED,
    told("nothing dropped", DROPOUT, "share", to=0.0),
    told("half dropped", DROPOUT, "share", to=0.5),
    told("not scaled", DROPOUT, "apart from 1 / 0.8", to=0.25),
)
def dropout_share(facts: Facts, record: Recorder) -> None:
    """Count zeros among 102,400 activations in training; the bound is six standard deviations."""
    found = facts.value(DROPOUT, record)
    # The engine draws anew in each run; what is kept as evidence must not.
    near = abs(found["share"] - 0.2) <= BOUND
    record.true(f"share turned off, within {BOUND} of 0.2", holds=near, found="so" if near else found["share"])
    scaled = found["apart from 1 / 0.8"] < 1e-5
    record.true("the rest is scaled by 1 / 0.8", holds=scaled, found="so" if scaled else found["apart from 1 / 0.8"])


@decides("sequential-first.dropout-random")
@detects(
    faults.NOTHING_DROPPED,
    told("same ones dropped", DROPOUT, "the same twice", to=True),
    told("some never dropped", DROPOUT, "least often", to=0),
)
def dropout_random(facts: Facts, record: Recorder) -> None:
    """Drop from the same activations in 200 steps, and count for each neuron how often it was off."""
    found = facts.value(DROPOUT, record)
    record.equal(
        "neurons turned off at the second step are the first's", expected=False, actual=found["the same twice"]
    )
    # Outside 6 standard deviations (34) of the mean (40) lies less than one neuron in 10**6.
    fair = found["least often"] >= 6 and found["most often"] <= 74
    record.true("each neuron is off in 6 to 74 of 200 steps", holds=fair, found=fair)


@decides("sequential-first.dropout-in-training-only")
@detects(
    faults.NOTHING_DROPPED,
    told("always dropped", DROPOUT, "unchanged outside training", to=False),
    told("never dropped", DROPOUT, "share", to=0.0),
)
def dropout_in_training_only(facts: Facts, record: Recorder) -> None:
    """Train through the layer, and predict through it."""
    found = facts.value(DROPOUT, record)
    changes = found["share"] > 0
    record.true("in training something changes", holds=changes, found=changes)
    record.equal("in prediction nothing changes", expected=True, actual=found["unchanged outside training"])
