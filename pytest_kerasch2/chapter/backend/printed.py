"""The backend: the two forms in which the constant of the example is printed."""

from __future__ import annotations

import re
from typing import Any

from pytest_kerasch2.chapter.backend import faults
from pytest_kerasch2.chapter.backend.claims import TENSORFLOW, example
from pytest_kerasch2.chapter.backend.observations import FIRST_NUMBER
from pytest_kerasch2.claims.decorators import claim, detects, fixed_by, in_subprocess, known_issue, tolerates
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.framework import api

PRINTED_EAGER = "<tf.Tensor: id=N, shape=(2, 2), dtype=float16, numpy=array([[42., 24.],[11., 99.]],dtype=float16)>"
PRINTED_GRAPH = "<tf.Tensor 'Const:0' shape=(2, 2) dtype=float16>"


def unspaced(text: str) -> str:
    """Return the text without white space, any tensor's running number as N, to compare it with what print shows."""
    return re.sub(r"\bid=\d+", "id=N", re.sub(r"\s+", "", text))


@claim(
    "backend.printed-eager",
    "The example's constant prints as in the chapter: id, shape, dtype and array, white space apart.",
    "output",
)
@known_issue(
    cause="Since TensorFlow 2.1 a tensor prints without its running number.",
    source=f"{TENSORFLOW}/v2.1.0/tensorflow/python/framework/ops.py",
    symptom=r"<tf\.Tensor:shape=\(2,2\),dtype=float16,numpy=array",
    since="2.1",
)
@detects(faults.constant_transposed, faults.constant_without_dtype)
@tolerates(faults.constant_of_array)
@fixed_by(faults.tensors_numbered)
def printed_eager(tf: Any, record: Recorder) -> None:
    """Compare the representation, with the running number itself left open."""
    api.require_tensorflow("the printed form of a tf.Tensor")
    record.equal("representation", expected=unspaced(PRINTED_EAGER), actual=unspaced(repr(example(tf))))


@claim(
    "backend.printed-number",
    "As the first tensor of a program, the example's constant prints with the running number 1.",
    "output",
)
@known_issue(
    cause="TensorFlow 2.0 counts tensors from 0.",
    source=f"{TENSORFLOW}/v2.0.0/tensorflow/python/framework/ops.py",
    symptom="running number of the first constant: 0, not 1",
    until="2.0",
)
@known_issue(
    cause="Since TensorFlow 2.1 a tensor prints without its running number.",
    source=f"{TENSORFLOW}/v2.1.0/tensorflow/python/framework/ops.py",
    symptom="running number of the first constant: none, not 1",
    since="2.1",
)
@in_subprocess(FIRST_NUMBER)
@detects(faults.numbered_from_seven)
@tolerates(faults.constant_of_array)
@fixed_by(faults.first_number_printed)
def printed_number(child: Any, record: Recorder) -> None:
    """Read the number in the representation, in a process that has made no other tensor."""
    record.equal("running number of the first constant", expected="1", actual=child)


@claim(
    "backend.eager-shows-values",
    "Eager execution is on by default, and so a constant's printed form shows its values.",
    "output",
)
@detects(faults.values_not_printed)
@tolerates(faults.constant_of_array)
def eager_shows_values(tf: Any, record: Recorder) -> None:
    """Look for the array in the representation."""
    record.equal("executing_eagerly()", expected=True, actual=tf.executing_eagerly())
    text = unspaced(repr(example(tf)))
    record.contains("representation", expected="array([[42.,24.],[11.,99.]],dtype=float16)", actual=text)


@claim(
    "backend.printed-graph",
    "Without eager execution the same constant prints its name Const:0, shape and type, and no value.",
    "output",
)
@detects(faults.constant_named, faults.constant_without_dtype)
@tolerates(faults.constant_of_array)
def printed_graph(tf: Any, record: Recorder) -> None:
    """Make it in a graph, where execution is not eager."""
    with tf.Graph().as_default():
        record.equal("executing_eagerly() in a graph", expected=False, actual=tf.executing_eagerly())
        record.equal("representation", expected=PRINTED_GRAPH, actual=repr(example(tf)))
