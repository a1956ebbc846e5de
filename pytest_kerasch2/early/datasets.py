"""Built-in data sets, by Keras's own loaders on archives of true shape, and MNIST itself where it is at hand."""

from __future__ import annotations

from typing import Any

from pytest_kerasch2.checks import captured
from pytest_kerasch2.claims.decorators import detects, fixed_by, known_issue
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.data import registry
from pytest_kerasch2.early import faults
from pytest_kerasch2.early.configuration import ENGINES, SOURCE
from pytest_kerasch2.early.errands import LABELS, MNIST, NAMED
from pytest_kerasch2.early.facts import Facts
from pytest_kerasch2.early.facts import told_otherwise as told
from pytest_kerasch2.early.marks import decides

OFFERED, SHAPES = "datasets.offered", "datasets.shapes"
PARTS = ("x_train", "y_train", "x_test", "y_test")
# Rows of both parts, then shape and type of an example and of a label.
EXPECTED: dict[str, tuple[tuple[int, int], tuple[int, ...], str, tuple[int, ...], str]] = {
    "boston_housing": ((404, 102), (13,), "float64", (), "float64"),
    "cifar10": ((50_000, 10_000), (32, 32, 3), "uint8", (1,), "uint8"),
    "cifar100": ((50_000, 10_000), (32, 32, 3), "uint8", (1,), "int64"),
    "fashion_mnist": ((60_000, 10_000), (28, 28), "uint8", (), "uint8"),
    "imdb": ((25_000, 25_000), (), "object", (), "int64"),
    "mnist": ((60_000, 10_000), (28, 28), "uint8", (), "uint8"),
    "reuters": ((8_982, 2_246), (), "object", (), "int64"),
}


def _dropping(name: str) -> Any:
    return told("one is gone", OFFERED, "there", to=lambda all_: [one for one in all_ if one != name])


@decides("datasets.named")
@detects(faults.ONE_DATA_SET_GONE, _dropping("reuters"))
def named(facts: Facts, record: Recorder) -> None:
    """Look for each of the seven."""
    there = facts.value(OFFERED, record)["there"]
    for name in NAMED:
        record.contains(f"keras.datasets has {name}", expected=name, actual=there)


@decides("datasets.count")
@detects(
    faults.ONE_DATA_SET_GONE,
    _dropping("imdb"),
)
def count(facts: Facts, record: Recorder) -> None:
    """Count those that are named among whatever has a `load_data`."""
    there = facts.value(OFFERED, record)["there"]
    record.saw(f"beside those that are named: {', '.join(sorted(set(there) - set(NAMED))) or 'none'}")
    record.equal("of those that are named", expected=7, actual=sum(name in there for name in NAMED))


@decides("datasets.accessor")
@detects(
    told("loader asks for path", OFFERED, "needs", "mnist", to={"value": ["path"]}),
    told("loader renamed", OFFERED, "needs", "imdb", to={"error": "AttributeError: no load_data"}),
)
def accessor(facts: Facts, record: Recorder) -> None:
    """Read the signatures; that the functions work is decided for each data set on its own."""
    for name in NAMED:
        needed = captured.value(record, f"{name}.load_data", facts.value(OFFERED, record)["needs"][name])
        record.equal(f"arguments that {name}.load_data needs", expected=[], actual=needed)


def _loaded(facts: Facts, record: Recorder, name: str) -> Any:
    record.saw(f"{name}: Keras's own load_data() on a stand-in of true shape, whose content is ours")
    return captured.value(record, f"{name}.load_data()", facts.value(SHAPES, record)[name])


@decides("datasets.quartet")
@detects(
    told("labels in lists", SHAPES, "mnist", "value", "y_train", "kind", to="list"),
    told("parts swapped", SHAPES, "reuters", "value", "y_train", "shape", to=[2_246]),
    told("not two pairs", SHAPES, "boston_housing", to={"error": "ValueError: too many values to unpack"}),
)
def quartet(facts: Facts, record: Recorder) -> None:
    """Take apart what the loaders give on stand-ins."""
    for name in NAMED:
        four = _loaded(facts, record, name)
        kinds = sorted({four[part]["kind"] for part in PARTS})
        record.equal(f"what {name} gives is of the kind", expected=["ndarray"], actual=kinds)
        x_train, y_train, x_test, y_test = (four[part]["shape"][0] for part in PARTS)
        record.equal(f"labels of {name}, as many as examples", expected=[x_train, x_test], actual=[y_train, y_test])
        record.at_least(f"examples of {name} for training, no fewer than for testing", limit=x_test, actual=x_train)


def _decided(facts: Facts, record: Recorder, name: str) -> None:
    rows, example, x_type, label, y_type = EXPECTED[name]
    four = _loaded(facts, record, name)
    for part in PARTS:
        item, dtype = (example, x_type) if part.startswith("x") else (label, y_type)
        wanted = [[rows[part.endswith("test")], *item], dtype]
        record.equal(f"{part} of {name}", expected=wanted, actual=[four[part]["shape"], four[part]["dtype"]])
    own = facts.value(LABELS, record)[name]
    same = [four[part]["digest"] == own[part] for part in ("y_train", "y_test")]
    record.equal(f"labels of {name}, in the order of their examples", expected=[True, True], actual=same)
    if x_type == "object":
        record.equal(f"an example of {name} is a", expected=["list of int"], actual=four["examples"]["kinds"])
        lengths = four["examples"]["lengths"]
        record.at_least(f"lengths among 100 examples of {name}", limit=2, actual=lengths)


def _faults(name: str) -> tuple[Any, ...]:
    return (
        told("one too few", SHAPES, name, "value", "x_train", "shape", 0, to=1),
        told("other numbers", SHAPES, name, "value", "x_test", "dtype", to="float16"),
        told("labels shifted", SHAPES, name, "value", "y_test", "digest", to="0"),
    )


@decides("datasets.boston-housing")
@detects(*_faults("boston_housing"))
def boston_housing(facts: Facts, record: Recorder) -> None:
    """Load the stand-in."""
    _decided(facts, record, "boston_housing")


@decides("datasets.cifar10")
@known_issue(
    of="keras",
    backends=ENGINES,
    cause="The labels to test with are made an array of Python's integers and never cast, those to train with are.",
    source=f"{SOURCE}/datasets/cifar10.py",
    symptom=r"y_test of cifar10: .*'int(32|64)'\]",
)
@fixed_by(told("labels cast", SHAPES, "cifar10", "value", "y_test", "dtype", to="uint8"))
@detects(*_faults("cifar10"))
def cifar10(facts: Facts, record: Recorder) -> None:
    """Load the stand-in."""
    _decided(facts, record, "cifar10")


@decides("datasets.cifar100")
@detects(*_faults("cifar100"))
def cifar100(facts: Facts, record: Recorder) -> None:
    """Load the stand-in."""
    _decided(facts, record, "cifar100")


@decides("datasets.fashion-mnist")
@detects(*_faults("fashion_mnist"))
def fashion_mnist(facts: Facts, record: Recorder) -> None:
    """Load the stand-in."""
    _decided(facts, record, "fashion_mnist")


@decides("datasets.imdb")
@detects(*_faults("imdb"), told("texts", SHAPES, "imdb", "value", "examples", "kinds", to=["list of str"]))
def imdb(facts: Facts, record: Recorder) -> None:
    """Load the stand-in."""
    _decided(facts, record, "imdb")


@decides("datasets.mnist")
@detects(*_faults("mnist"))
def mnist(facts: Facts, record: Recorder) -> None:
    """Load the stand-in."""
    _decided(facts, record, "mnist")


@decides("datasets.reuters")
@detects(*_faults("reuters"), told("all alike", SHAPES, "reuters", "value", "examples", "lengths", to=1))
def reuters(facts: Facts, record: Recorder) -> None:
    """Load the stand-in."""
    _decided(facts, record, "reuters")


# -- MNIST itself


@decides("datasets.mnist-content")
@detects(
    told("other images", MNIST, "x_test", "sha256", to="0"),
    told("pixels dimmed", MNIST, "x_train", "range", to=[0, 254]),
    told("labels shifted", MNIST, "y_train", "values", to=list(range(1, 11))),
)
def mnist_content(facts: Facts, record: Recorder) -> None:
    """Let Keras's own loader read the genuine archive, and compare with the arrays that are known by their hashes."""
    found = facts.value(MNIST, record)
    for known in registry.record_of("mnist").stored:
        same = found[known.name]["sha256"] == known.sha256
        record.equal(f"{known.name} by load_data() is that which the hash tells", expected=True, actual=same)
    for part in ("train", "test"):
        record.equal(f"grey values, {part}", expected=[0, 255], actual=found[f"x_{part}"]["range"])
        record.equal(f"labels, {part}", expected=list(range(10)), actual=found[f"y_{part}"]["values"])


@decides("network-data.sizes")
@detects(told("one image lost", MNIST, "x_train", "shape", 0, to=59_999))
def sizes(facts: Facts, record: Recorder) -> None:
    """Count images and labels."""
    found = facts.value(MNIST, record)
    lengths = [found[part]["shape"][0] for part in PARTS]
    record.equal(
        "images and labels to train on, then to test with", expected=[60_000] * 2 + [10_000] * 2, actual=lengths
    )


@decides("network-data.grid")
@detects(told("frames cut", MNIST, "x_test", "shape", 2, to=27))
def grid(facts: Facts, record: Recorder) -> None:
    """Measure the images."""
    found = facts.value(MNIST, record)
    for part in ("x_train", "x_test"):
        record.equal(f"one image of {part}", expected=[28, 28], actual=found[part]["shape"][1:])


@decides("network-data.pixels")
@detects(told("signed pixels", MNIST, "x_train", "dtype", to="int8"), told("dim", MNIST, "x_test", "range", 1, to=127))
def pixels(facts: Facts, record: Recorder) -> None:
    """Read type and range of the pixels; that the whole range is used shows that no narrower type would do."""
    found = facts.value(MNIST, record)
    for part in ("x_train", "x_test"):
        record.equal(f"type of {part}", expected="uint8", actual=found[part]["dtype"])
        record.equal(f"least and greatest of {part}", expected=[0, 255], actual=found[part]["range"])


@decides("network-data.labels")
@detects(
    told("wide labels", MNIST, "y_train", "dtype", to="int32"),
    told("zeros lost", MNIST, "y_test", "values", to=list(range(1, 11))),
)
def labels(facts: Facts, record: Recorder) -> None:
    """Read type and values of the labels."""
    found = facts.value(MNIST, record)
    for part in ("y_train", "y_test"):
        record.equal(f"type of {part}", expected="uint8", actual=found[part]["dtype"])
        record.equal(f"values of {part}", expected=list(range(10)), actual=found[part]["values"])
