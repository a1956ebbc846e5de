"""Built-in data sets: which there are, how they are loaded, and what each of them gives.

Shapes and types are decided by Keras's own loaders on archives of true shape that we make and serve on loopback: the
code is genuine, the content is not, and all that is said of it is that it arrives. What is said of the content of
MNIST comes of MNIST.
"""

from __future__ import annotations

import inspect
from functools import partial
from pathlib import Path
from typing import Any, Dict, Tuple

import numpy as np

from pytest_kerasch2.chapter import workarounds as chapter_workarounds
from pytest_kerasch2.chapter.datasets import faults
from pytest_kerasch2.chapter.early_keras import on_early_keras
from pytest_kerasch2.claims.decorators import claim, detects, fixed_by, known_issue, tolerates
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.data import keras_loaders, postprocessing, registry, synthetic

NAMED = ("boston_housing", "cifar10", "cifar100", "fashion_mnist", "imdb", "mnist", "reuters")
# The four arrays by name: shape and type of each.
Shapes = Dict[str, Tuple[Tuple[int, ...], str]]


@claim(
    "datasets.named",
    "boston_housing, cifar10, cifar100, fashion_mnist, imdb, mnist and reuters are available from Keras.",
    "prose",
)
@detects(faults.one_is_gone, faults.loader_renamed)
@tolerates(faults.one_more, faults.other_name_beside)
def named(tf: Any, record: Recorder) -> None:
    """Look for each of the seven."""
    there = keras_loaders.names_in(tf)
    for name in NAMED:
        record.contains(f"tf.keras.datasets has {name}", expected=name, actual=there)


@claim("datasets.count", "The data sets that are named are seven different ones, and Keras has them all.", "prose")
@detects(faults.one_is_gone, faults.one_twice)
@tolerates(faults.one_more, faults.other_name_beside)
def count(tf: Any, record: Recorder) -> None:
    """Count the functions load_data of those that are named; the chapter does not say that there are no others."""
    there = keras_loaders.names_in(tf)
    more = sorted(set(there) - set(NAMED))
    record.saw(f"beside those that are named: {', '.join(more) or 'none'}")
    loaders = {getattr(tf.keras.datasets, name).load_data for name in NAMED if name in there}
    record.equal("different loaders of those that are named", expected=7, actual=len(loaders))


@claim(
    "datasets.accessor", "Each of the seven can be had through a function load_data that needs no argument.", "prose"
)
@detects(faults.loader_renamed, faults.loader_asks_for_path)
@tolerates(faults.arrays_are_copies, faults.one_more)
def accessor(tf: Any, record: Recorder) -> None:
    """Read the signatures, and call each until it asks for its file; what it makes of it is decided on its own."""
    for name in NAMED:
        loader: Any = getattr(getattr(tf.keras.datasets, name, None), "load_data", None)
        record.true(f"{name}.load_data can be called", holds=callable(loader), found=type(loader).__name__)
        needed = [
            parameter.name
            for parameter in inspect.signature(loader).parameters.values()
            if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD
        ]
        record.equal(f"arguments that {name}.load_data needs", expected=[], actual=needed)
        asked = record.runs(f"{name}.load_data()", partial(keras_loaders.asks_for_file, loader))
        record.true(f"{name}.load_data(), called without arguments, asks for its file", holds=asked, found=asked)


@claim(
    "datasets.quartet",
    "load_data gives two pairs, training and test, each of examples and labels, as the printed line takes them apart.",
    "code",
)
@known_issue(
    of="keras",
    since="3.0",
    until="3.2",
    cause="Until Keras 3.3 imdb gives its reviews as plain lists of lists.",
    source="https://github.com/keras-team/keras/blob/v3.5.0/keras/src/datasets/imdb.py",
    symptom="what imdb gives is of the kind: \\['list', 'ndarray'\\]",
    workaround=chapter_workarounds.REVIEWS,
)
@detects(faults.parts_swapped, faults.parts_in_a_row, faults.labels_in_lists)
@tolerates(faults.pairs_are_lists)
def quartet(tf: Any, archives: Any, record: Recorder) -> None:
    """Take apart what the loaders give on stand-ins; of CIFAR, which takes seconds, the checks of each do it."""
    record.saw("of stand-ins; cifar10 and cifar100 are taken apart by the checks of their own claims")
    for name in (name for name in NAMED if not name.startswith("cifar")):
        with keras_loaders.genuine_loaders(tf, archives(name), [name]) as loaders:
            four = record.runs(f"two pairs of {name}", partial(_taken_apart, loaders[name]))
        kinds = sorted({type(array).__name__ for array in four.values()})
        record.equal(f"what {name} gives is of the kind", expected=["ndarray"], actual=kinds)
        for part in ("y_train", "y_test"):
            numbers = four[part].ndim == 1 and four[part].dtype.kind in "iuf"
            record.true(f"{part} of {name} is one number for each example", holds=numbers, found=four[part].dtype)
        x_train, y_train, x_test, y_test = (len(array) for array in four.values())
        record.equal(f"labels of {name}, as many as examples", expected=(x_train, x_test), actual=(y_train, y_test))
        record.at_least(f"examples of {name} for training, no fewer than for testing", limit=x_test, actual=x_train)


def _taken_apart(load_data: Any) -> dict[str, Any]:
    (x_train, y_train), (x_test, y_test) = load_data()
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}


def _shapes(rows: tuple[int, int], item: tuple[int, ...], x: str, label: tuple[int, ...], y: str) -> Shapes:
    """Return the four expected shapes and types, from the rows of both parts and the shape of one item and label."""
    return {
        "x_train": ((rows[0], *item), x),
        "y_train": ((rows[0], *label), y),
        "x_test": ((rows[1], *item), x),
        "y_test": ((rows[1], *label), y),
    }


def _shaped(record: Recorder, name: str, four: dict[str, Any], expected: Shapes) -> None:
    """Require the shapes and types."""
    record.saw(f"{name}: Keras's own load_data() on a stand-in of true shape, whose content is ours")
    for part, (shape, dtype) in expected.items():
        array = four[part]
        seen = (tuple(array.shape), str(array.dtype))
        record.equal(f"{part} of {name}", expected=(shape, dtype), actual=seen)


def _content(record: Recorder, name: str, four: dict[str, Any], folder: Path) -> None:
    """Require what the stand-in holds, put together by code of ours: each example as it is, and in its place."""
    stands_in = registry.record_of(name)
    stored = postprocessing.read(stands_in, synthetic.paths_of(stands_in, folder))
    for part, expected in zip(four, postprocessing.assembled(stands_in, stored)):
        lists = expected.dtype == object
        same = four[part].tolist() == expected.tolist() if lists else np.array_equal(four[part], expected)
        record.equal(f"{part} of {name} is that of the stand-in, in its order", expected=True, actual=bool(same))


def _decided(tf: Any, archives: Any, record: Recorder, name: str, expected: Shapes) -> None:
    folder = archives(name)
    with keras_loaders.genuine_loaders(tf, folder, [name]) as loaders:
        four = _taken_apart(loaders[name])
    _shaped(record, name, four, expected)
    if four["x_train"].dtype == object:
        _lists(record, name, four)
    _content(record, name, four, folder)


@claim(
    "datasets.boston-housing",
    "boston_housing loads as 404 and 102 rows of 13 float64 features, each with a float64 price.",
    "prose",
)
@detects(faults.parts_swapped, faults.labels_shifted, faults.one_too_few, faults.other_numbers)
@tolerates(faults.pairs_are_lists, faults.arrays_are_copies)
def boston_housing(tf: Any, archives: Any, record: Recorder) -> None:
    """Load the stand-in."""
    _decided(tf, archives, record, "boston_housing", _shapes((404, 102), (13,), "float64", (), "float64"))


@claim(
    "datasets.cifar10",
    "cifar10 loads as 50,000 and 10,000 colour images, uint8 of 32 x 32 x 3, with a column of uint8 labels.",
    "prose",
)
@on_early_keras(
    "datasets/cifar10.py",
    "The labels to test with are made an array of Python's integers and never cast, those to train with are.",
    "y_test of cifar10: .*'int(32|64)'",
)
@fixed_by(faults.labels_cast)
@detects(faults.one_too_few, faults.other_numbers)
@tolerates(faults.pairs_are_lists)
def cifar10(tf: Any, archives: Any, record: Recorder) -> None:
    """Load the stand-in."""
    _decided(tf, archives, record, "cifar10", _shapes((50_000, 10_000), (32, 32, 3), "uint8", (1,), "uint8"))


@claim(
    "datasets.cifar100",
    "cifar100 loads as 50,000 and 10,000 colour images, uint8 of 32 x 32 x 3, with a column of int64 labels.",
    "prose",
)
@detects(faults.one_too_few, faults.other_numbers)
@tolerates(faults.pairs_are_lists)
def cifar100(tf: Any, archives: Any, record: Recorder) -> None:
    """Load the stand-in. Labels come from Python's own integers and are never cast, so they have their width."""
    whole = np.dtype(int).name
    _decided(tf, archives, record, "cifar100", _shapes((50_000, 10_000), (32, 32, 3), "uint8", (1,), whole))


@claim(
    "datasets.fashion-mnist",
    "fashion_mnist loads by the printed line, as 60,000 and 10,000 images, uint8 of 28 x 28, with uint8 labels.",
    "code",
)
@detects(faults.parts_swapped, faults.labels_shifted, faults.one_too_few, faults.other_numbers)
@tolerates(faults.pairs_are_lists, faults.arrays_are_copies)
def fashion_mnist(tf: Any, archives: Any, record: Recorder) -> None:
    """Load the stand-in by the name that is printed."""
    folder = archives("fashion_mnist")
    with keras_loaders.genuine_loaders(tf, folder, ["fashion_mnist"]):
        (x_train, y_train), (x_test, y_test) = tf.keras.datasets.fashion_mnist.load_data()
    four = {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
    _shaped(record, "fashion_mnist", four, _shapes((60_000, 10_000), (28, 28), "uint8", (), "uint8"))
    _content(record, "fashion_mnist", four, folder)


@claim(
    "datasets.imdb",
    "imdb loads as 25,000 and 25,000 reviews, lists of whole numbers in object arrays, with int64 labels.",
    "prose",
)
@known_issue(
    of="keras",
    since="3.0",
    until="3.2",
    cause="Until Keras 3.3 imdb gives its reviews as plain lists of lists.",
    source="https://github.com/keras-team/keras/blob/v3.5.0/keras/src/datasets/imdb.py",
    symptom="'list' object has no attribute 'shape'",
    workaround=chapter_workarounds.REVIEWS,
)
@detects(faults.labels_shifted, faults.one_too_few, faults.other_numbers)
@tolerates(faults.pairs_are_lists, faults.arrays_are_copies)
def imdb(tf: Any, archives: Any, record: Recorder) -> None:
    """Load the stand-in."""
    _decided(tf, archives, record, "imdb", _shapes((25_000, 25_000), (), "object", (), "int64"))


@claim("datasets.mnist", "mnist loads as 60,000 and 10,000 images, uint8 of 28 x 28, with uint8 labels.", "prose")
@detects(faults.parts_swapped, faults.labels_shifted, faults.one_too_few, faults.other_numbers)
@tolerates(faults.pairs_are_lists, faults.arrays_are_copies)
def mnist(tf: Any, archives: Any, record: Recorder) -> None:
    """Load the stand-in."""
    _decided(tf, archives, record, "mnist", _shapes((60_000, 10_000), (28, 28), "uint8", (), "uint8"))


@claim(
    "datasets.reuters",
    "reuters loads as 8,982 and 2,246 newswires, lists of whole numbers in object arrays, with int64 labels.",
    "prose",
)
@detects(faults.parts_swapped, faults.labels_shifted, faults.one_too_few, faults.other_numbers)
@tolerates(faults.pairs_are_lists, faults.arrays_are_copies)
def reuters(tf: Any, archives: Any, record: Recorder) -> None:
    """Load the stand-in."""
    _decided(tf, archives, record, "reuters", _shapes((8_982, 2_246), (), "object", (), "int64"))


def _lists(record: Recorder, name: str, four: dict[str, Any]) -> None:
    """Require lists of integers, of more than one length; of each part the first hundred are looked at."""
    examples = [*four["x_train"][:100], *four["x_test"][:100]]
    kinds = sorted({f"{type(example).__name__} of {type(word).__name__}" for example in examples for word in example})
    record.equal(f"an example of {name} is a", expected=["list of int"], actual=kinds)
    record.at_least(f"lengths among examples of {name}", limit=2, actual=len({len(example) for example in examples}))


@claim(
    "datasets.mnist-content",
    "mnist holds grey values from 0 to 255 and each of the digits 0 to 9 as a label, in both of its parts.",
    "prose",
)
@detects(faults.labels_shifted, faults.pixels_dimmed, faults.parts_swapped)
@tolerates(faults.pairs_are_lists, faults.arrays_are_copies)
def mnist_content(tf: Any, mnist: Any, scratch: Path, record: Recorder) -> None:
    """Let Keras's own loader read the genuine archive, and compare with the arrays that we know by their hashes."""
    with keras_loaders.genuine_loaders(tf, _archive_folder(mnist, scratch), ["mnist"]) as loaders:
        four = _taken_apart(loaders["mnist"])

    record.saw("the genuine MNIST, told by the hashes of its arrays")
    for part, array in four.items():
        same = array.dtype == np.uint8 and np.array_equal(array, getattr(mnist, part))
        record.equal(f"{part} by load_data() is that which the hash tells", expected=True, actual=bool(same))
    for part in ("train", "test"):
        pixels, digits = four[f"x_{part}"], four[f"y_{part}"]
        record.equal(f"grey values, {part}", expected=(0, 255), actual=(int(pixels.min()), int(pixels.max())))
        record.equal(f"labels, {part}", expected=list(range(10)), actual=np.unique(digits).tolist())


def _archive_folder(mnist: Any, scratch: Path) -> Path:
    """Return a folder with the genuine archive: where it was found, or a new one where it came otherwise."""
    archive = Path(mnist.origin)
    if archive.name == "mnist.npz" and archive.is_file():
        return archive.parent
    four = {part: getattr(mnist, part) for part in ("x_train", "y_train", "x_test", "y_test")}
    synthetic.pack_npz(scratch / "mnist.npz", four.items())
    return scratch
