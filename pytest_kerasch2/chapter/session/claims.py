"""The chapter as one session: block after block in one interpreter, in the order and in the names of the chapter."""

from __future__ import annotations

import re
from typing import Any

from pytest_kerasch2.chapter import block_texts
from pytest_kerasch2.chapter.session import faults, workarounds
from pytest_kerasch2.chapter.session.observations import SESSION, SIZES, prepared
from pytest_kerasch2.checks.captured import value
from pytest_kerasch2.claims.decorators import claim, detects, fixed_by, in_subprocess, known_issue, tolerates
from pytest_kerasch2.claims.recorder import Recorder

CAST = "https://www.tensorflow.org/api_docs/python/tf/cast"
NUMPY = "https://www.tensorflow.org/api_docs/python/tf/Tensor#numpy"
NAMES = "https://docs.python.org/3/library/exceptions.html#NameError"
PREPARED = {"train_x": "tensor of float32", "test_x": "tensor of float32", "train_y": "tensor of int64"}


def _errors(session: list[dict[str, Any]]) -> list[str]:
    return [f"{one['block']}: {one['error']}" for one in session if one["error"] is not None]


def _data_before(session: list[dict[str, Any]], block: str) -> dict[str, str]:
    data = next(one["data"] for one in session if one["block"] == block)
    return {name: data[name] for name in PREPARED}


@claim("session.as-printed", "Typed into one session in the order of the chapter, every code block runs.", "code")
@known_issue(
    cause="Some blocks have mistakes of their own, among them names that no block makes, and others need what those "
    "would have made.",
    source=NAMES,
    symptom="set-floatx: NameError: name 'keras' is not defined",
)
@in_subprocess(SESSION)
@detects(faults.nothing_shared, faults.no_adam)
@tolerates(faults.windows_line_ends)
@fixed_by(faults.workarounds_printed)
def as_printed(child: Any, record: Recorder) -> None:
    """Record the first error of each block that raises one, among what stands before it."""
    errors = _errors(child["printed"])

    for error in errors:
        record.saw(error)
    record.equal("blocks that raise an error", expected=0, actual=len(errors))


@claim(
    "session.with-workarounds",
    "With the workarounds put in, every code block of the chapter runs in one session.",
    "code",
)
@in_subprocess(SESSION)
@detects(faults.nothing_shared, faults.no_adam)
@tolerates(faults.windows_line_ends)
def with_workarounds(child: Any, record: Recorder) -> None:
    """Run the page of this release: docs/chapter."""
    record.equal("blocks that raise an error", expected=[], actual=_errors(child["mended"]))
    record.equal(
        "blocks that were run",
        expected=len(block_texts.TEXTS) - len(block_texts.SIGNATURES),
        actual=len(child["mended"]),
    )


@claim("session.names-made", "Every name that a code block uses is made by a block before it.", "code")
@known_issue(
    cause="no block imports `keras`, and none makes `floatx`, `model` and `model5`",
    source=NAMES,
    symptom="names that no block has made: .*model5",
)
@in_subprocess(SESSION)
@detects(faults.name_mistyped)
@tolerates(faults.windows_line_ends)
@fixed_by(faults.workarounds_printed)
def names_made(child: Any, record: Recorder) -> None:
    """Look at the errors of the session for names that are not there, and that no earlier block is to make."""
    missing = set()
    for one in child["printed"]:
        unknown = re.match(r"NameError: name '(\w+)' is not defined", one["error"] or "")
        if unknown and unknown[1] not in block_texts.defined_before(one["block"]):
            missing.add(unknown[1])

    record.equal("names that no block has made", expected=[], actual=sorted(missing))
    # A name of a block that fails is not made either, nor is one that cannot be imported.
    unmade = [error for error in _errors(child["printed"]) if re.search("NameError|ImportError|ModuleNotFound", error)]
    record.equal("names that are not there when they are used", expected=[], actual=unmade)


@claim(
    "session.same-set-up",
    "The set-up code of the functional example prepares the data as the first example does.",
    "prose",
)
@known_issue(
    cause="the set-up of the functional example divides by 255 and casts nothing, and sets no batch size: the data are "
    "arrays of float64 and of bytes, where they were tensors of float32 and of int64",
    source=CAST,
    symptom="data of the functional example: .*array of float64",
    workaround=workarounds.SAME_SET_UP,
)
@in_subprocess(SESSION)
@detects(faults.set_up_in_half)
@tolerates(faults.windows_line_ends)
@fixed_by(faults.set_up_casts)
def same_set_up(child: Any, record: Recorder) -> None:
    """Look at the data that the first model and the functional model are given."""
    first, functional = (_data_before(child["printed"], block) for block in ("first-model", "functional-model"))

    record.equal("data of the first example", expected=PREPARED, actual=first)
    record.equal("data of the functional example", expected=PREPARED, actual=functional)
    for block in ("first-model", "functional-model"):
        values = next(one["values"] for one in child["printed"] if one["block"] == block)
        record.equal(f"values of the data before {block}, as hashes", expected=prepared(), actual=values)


@claim(
    "session.subclass-images",
    "Where the subclass example is reached, its line that counts the images by their method numpy() runs.",
    "code",
)
@known_issue(
    cause="the functional example before it leaves arrays of NumPy, which have no such method",
    source=NUMPY,
    symptom="AttributeError: 'numpy.ndarray' object has no attribute 'numpy'",
    workaround=workarounds.LENGTH,
)
@in_subprocess(SESSION)
@detects(faults.set_up_forgets_images)
@tolerates(faults.windows_line_ends)
@fixed_by(faults.set_up_casts)
def subclass_images(child: Any, record: Recorder) -> None:
    """Run that line, as printed, in the session with workarounds just before its block."""
    tried = next(one["line"] for one in child["mended"] if one["block"] == "subclass-training")

    steps = value(record, "len(train_x.numpy()) // batch_size", tried)

    record.equal("steps of an epoch", expected=SIZES["train"] // 32, actual=steps)
