"""From stored arrays to the four arrays that ``load_data()`` returns with its default arguments.

What is done was read from the ``load_data`` functions named in the registry and written anew; the tests compare the
outcome with the genuine ones on the same archives. Images come channels last, whatever the image format of Keras.
"""

from __future__ import annotations

import itertools
import pathlib
from typing import TYPE_CHECKING, Callable, Sequence, Tuple

import numpy as np

from pytest_kerasch2.data import archives

if TYPE_CHECKING:
    from typing import Any

    import numpy.typing as npt

    from pytest_kerasch2.data.registry import DataRecord

    Array = npt.NDArray[Any]
    Quartet = Tuple[Array, Array, Array, Array]

_SEED = 113
_START, _UNKNOWN, _OFFSET = 1, 2, 3


def read(record: DataRecord, paths: Sequence[pathlib.Path]) -> dict[str, Any]:
    """Return what lies in the archives of a data set, unchanged, by the names in ``record.stored``.

    Raises:
        DataDamaged: an archive does not hold what the record says.
    """
    if record.layout == "npz":
        return dict(archives.read_npz(paths[0], record.stored))
    if record.layout == "batches":
        return dict(archives.read_batches(paths[0], record.stored))
    return {facts.name: archives.read_idx(path, facts) for path, facts in zip(paths, record.stored)}


def assembled(record: DataRecord, stored: dict[str, Any]) -> Quartet:
    """Return x_train, y_train, x_test and y_test as ``load_data()`` makes them of the stored arrays."""
    ways: dict[str, Callable[[DataRecord, dict[str, Any]], Quartet]] = {
        "as stored": _as_stored,
        "shuffled": _shuffled,
        "images": _images,
        "reviews": _reviews,
        "newswires": _newswires,
    }
    return ways[record.postprocessing](record, stored)


def _as_stored(_: DataRecord, stored: dict[str, Any]) -> Quartet:
    return stored["x_train"], stored["y_train"], stored["x_test"], stored["y_test"]


def _order(count: int, generator: Any) -> Array:
    indices = np.arange(count)
    generator.shuffle(indices)
    return indices


def _shuffled(_: DataRecord, stored: dict[str, Any]) -> Quartet:
    indices = _order(len(stored["x"]), np.random.RandomState(_SEED))
    x, y = stored["x"][indices], stored["y"][indices]
    cut = int(len(x) * (1 - 0.2))
    return x[:cut], y[:cut], x[cut:], y[cut:]


def _images(record: DataRecord, stored: dict[str, Any]) -> Quartet:
    names = [facts.name for facts in record.stored]
    train, test = names[:-1], names[-1:]
    key = "fine_labels" if record.name == "cifar100" else "labels"
    dtype = np.dtype(record.arrays[1].dtype)
    return (
        _pixels(train, stored),
        _labels(train, stored, key, dtype),
        _pixels(test, stored),
        _labels(test, stored, key, dtype),
    )


def _pixels(names: list[str], stored: dict[str, Any]) -> Array:
    rows = [stored[name][0] for name in names]
    whole = rows[0] if len(rows) == 1 else np.concatenate(rows)
    images: Array = whole.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return images


def _labels(names: list[str], stored: dict[str, Any], key: str, dtype: Any) -> Array:
    values = itertools.chain.from_iterable(stored[name][1].get(key, ()) for name in names)
    return np.fromiter(values, dtype=dtype).reshape(-1, 1)


def _reviews(_: DataRecord, stored: dict[str, Any]) -> Quartet:
    # One generator for both parts: the order of the test part depends on the length of the training part.
    generator = np.random.RandomState(_SEED)
    train = _order(len(stored["x_train"]), generator)
    test = _order(len(stored["x_test"]), generator)
    x = np.concatenate([stored["x_train"][train], stored["x_test"][test]])
    sequences = _encoded(x)
    cut = len(train)
    return sequences[:cut], stored["y_train"][train], sequences[cut:], stored["y_test"][test]


def _newswires(_: DataRecord, stored: dict[str, Any]) -> Quartet:
    indices = _order(len(stored["x"]), np.random.RandomState(_SEED))
    sequences, labels = _encoded(stored["x"][indices]), stored["y"][indices]
    cut = int(len(sequences) * (1 - 0.2))
    return sequences[:cut], labels[:cut], sequences[cut:], labels[cut:]


def _encoded(sequences: Array) -> Array:
    # The rarest word counts as unknown: Keras takes the highest index for the number of words and compares with "<".
    highest = max(max(sequence, default=0) for sequence in sequences) + _OFFSET
    highest = max(highest, _START)
    coded = np.empty(len(sequences), dtype=object)
    for index, sequence in enumerate(sequences):
        shifted = [_START, *(word + _OFFSET for word in sequence)]
        coded[index] = [word if word < highest else _UNKNOWN for word in shifted]
    return coded
