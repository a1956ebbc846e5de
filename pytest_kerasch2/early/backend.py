"""Backend: its import, its engines, its low-level functions, and `constant`."""

from __future__ import annotations

from typing import Any

from pytest_kerasch2.checks import captured
from pytest_kerasch2.claims.decorators import detects, fixed_by, known_issue
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.early import faults
from pytest_kerasch2.early.configuration import ENGINES
from pytest_kerasch2.early.facts import Facts
from pytest_kerasch2.early.facts import told_otherwise as told
from pytest_kerasch2.early.marks import decides

CNTK = "https://github.com/keras-team/keras/blob/2.2.4/keras/backend/cntk_backend.py"
IMPORTED, CONSTANTS = "functions.imported", "functions.constants"
_FEW_TYPES = "On CNTK constants and variables are made of the three floating types alone."
_AS = {"values": [[1, 2]], "shape": [1, 2]}


@decides("backend.import-keras")
@detects(told("another module", IMPORTED, "module", to="backend"), told("no values", IMPORTED, "epsilon", to=None))
def import_keras(facts: Facts, record: Recorder) -> None:
    """Run the line, and ask what it binds."""
    found = facts.value(IMPORTED, record)
    record.equal("what the line binds", expected="keras.backend", actual=found["module"])
    record.equal("its epsilon", expected=1e-7, actual=found["epsilon"])


@decides("backend.import-keras-constant")
@detects(
    faults.CONSTANT_TRANSPOSED,
    told("constant transposed", IMPORTED, "constant", to={"value": [[42.0, 11.0], [24.0, 99.0]]}),
)
def import_keras_constant(facts: Facts, record: Recorder) -> None:
    """Make the chapter's constant with it."""
    values = captured.value(record, "K.constant, K from keras", facts.value(IMPORTED, record)["constant"])
    record.equal("values", expected=[[42, 24], [11, 99]], actual=values)


@decides("backend.other-engines")
@detects(told("tensorflow beneath", "functions.standalone", "tensorflow", to=True))
def other_engines(facts: Facts, record: Recorder) -> None:
    """See the engine at work, and that TensorFlow is not in the process."""
    engine = facts.value("settings.defaults", record)["backend"]
    record.contains("the engine", expected=engine, actual=ENGINES)
    record.equal(
        "TensorFlow imported", expected=False, actual=facts.value("functions.standalone", record)["tensorflow"]
    )
    product = facts.value("functions.low_level", record)["product"]
    record.equal(f"(1, 2) times (3, 4) on {engine}", expected=[[11.0]], actual=product)


@decides("backend.low-level")
@detects(
    told("products added", "functions.low_level", "product", to=[[10.0]]),
    told("kernel of one", "functions.low_level", "convolution", to={"value": [[1.0, 1.0], [1.0, 1.0]]}),
)
def low_level(facts: Facts, record: Recorder) -> None:
    """Do one of each."""
    found = facts.value("functions.low_level", record)
    record.equal("(1, 2) times (3, 4)", expected=[[11.0]], actual=found["product"])
    convolved = captured.value(record, "a convolution", found["convolution"])
    record.equal("ones convolved with 2 x 2 ones", expected=[[4.0, 4.0], [4.0, 4.0]], actual=convolved)


@decides("backend.constant-signature")
@detects(told("other arguments", "functions.signature", "constant", to="(value, shape=None, dtype=None, name=None)"))
def constant_signature(facts: Facts, record: Recorder) -> None:
    """Read the signature."""
    found = facts.value("functions.signature", record)["constant"]
    record.equal("signature", expected="(value, dtype=None, shape=None, name=None)", actual=found)


def _made(facts: Facts, record: Recorder, what: str) -> Any:
    return captured.value(record, f"constant, {what}", facts.value(CONSTANTS, record)[what])


@decides("backend.constant-example")
@detects(
    faults.CONSTANT_TRANSPOSED,
    told("constant transposed", CONSTANTS, "example", "value", "values", to=[[42.0, 11.0], [24.0, 99.0]]),
    told("constant without dtype", CONSTANTS, "example", "value", "dtype", to="float32"),
    told("constant without shape", CONSTANTS, "example", "value", "shape", to=[4]),
)
def constant_example(facts: Facts, record: Recorder) -> None:
    """Make it."""
    made = _made(facts, record, "example")
    record.equal("values", expected=[[42.0, 24.0], [11.0, 99.0]], actual=made["values"])
    record.equal("dtype", expected="float16", actual=made["dtype"])
    record.equal("shape", expected=[2, 2], actual=made["shape"])


def _all_types(all_: Any) -> Any:
    for name in ("float64", "int32", "uint8"):
        all_[name] = {"value": {**_AS, "dtype": name, "tensor": name}}
    return all_


@decides("backend.constant-dtype")
@known_issue(
    of="keras",
    backends=("cntk",),
    cause=_FEW_TYPES,
    source=CNTK,
    symptom=r'constant, int32: ValueError: data type "int32" is not supported',
)
@fixed_by(told("all types", CONSTANTS, to=_all_types))
@detects(told("constant without dtype", CONSTANTS, "no dtype", "value", "tensor", to="float32"))
def constant_dtype(facts: Facts, record: Recorder) -> None:
    """Name types, and name none."""
    for dtype in ("float64", "int32", "uint8"):
        made = _made(facts, record, dtype)
        record.equal("dtype given is the dtype made", expected=dtype, actual=made["tensor"])
    record.equal("no dtype, precision float16", expected="float16", actual=_made(facts, record, "no dtype")["tensor"])


@decides("backend.constant-shape")
@known_issue(
    of="keras",
    backends=("cntk",),
    cause="On CNTK a constant's values are multiplied with ones of the shape, so four values do not fit 2 x 2.",
    source=CNTK,
    symptom="constant, laid out: ValueError: operands could not be broadcast",
)
@fixed_by(told("lays out", CONSTANTS, "laid out", to={"value": {"values": [[1.0, 2.0], [3.0, 4.0]]}}))
@detects(
    told("constant without shape", CONSTANTS, "filled", "value", "values", to=7.0),
    told("laid out by columns", CONSTANTS, "laid out", to={"value": {"values": [[1.0, 3.0], [2.0, 4.0]]}}),
)
def constant_shape(facts: Facts, record: Recorder) -> None:
    """Fill a shape with one value; lay out a list in a shape; name no shape."""
    record.equal("7 in shape 2 x 3", expected=[[7.0] * 3] * 2, actual=_made(facts, record, "filled")["values"])
    record.equal("shape of four values without shape", expected=[4], actual=_made(facts, record, "plain")["shape"])
    laid = _made(facts, record, "laid out")["values"]
    record.equal("four values in shape 2 x 2", expected=[[1.0, 2.0], [3.0, 4.0]], actual=laid)


@decides("backend.constant-name")
@detects(told("constant without name", "functions.name", "given", to="/constant"))
def constant_name(facts: Facts, record: Recorder) -> None:
    """Return one and none."""
    names = facts.value("functions.name", record)
    record.equal("value of a named constant", expected=1.0, actual=_made(facts, record, "named")["values"])
    record.contains("a name", expected="mine", actual=names["given"])
    # Theano keeps one object for equal constants, which then goes by the name of the first.
    record.saw(f"no name, after an equal constant was named: {names['left out']}")
