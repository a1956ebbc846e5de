"""Object arrays and CIFAR batches read without general unpickling.

Both are pickles. A pickle can name any function and have it called; the four names below are all that NumPy's arrays
need (the list Keras itself settled on in 3.15.1, ``keras/src/datasets/npz_utils.py``). We go one step further: not
even those are handed out. Each name yields a placeholder of ours that checks shape against content before it allocates.
"""

from __future__ import annotations

import io
import pickle
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from pytest_kerasch2.data import opcodes
from pytest_kerasch2.data.opcodes import RefusedPickle as RefusedPickle

if TYPE_CHECKING:
    import numpy.typing as npt

_RECONSTRUCT = frozenset({("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct")})
_OBJECTS = ("O", "O4", "O8", "|O", b"O4", b"O8")
_BYTES = ("u1", "|u1", b"u1", b"|u1")


class _Type:
    """What stands for ``numpy.dtype`` while unpickling: the code alone."""

    def __init__(self, code: Any, *_: Any) -> None:
        self.code = code

    def __setstate__(self, state: Any) -> None:
        """Ignore byte order and alignment: neither of the two types admitted has any."""


class _Placeholder:
    """What stands for an array while unpickling: its state, checked, and then the array."""

    array: npt.NDArray[Any]

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, tuple) or len(state) != 5:
            raise RefusedPickle(f"an array whose state is a {type(state).__name__}")
        _, shape, dtype, fortran, content = state
        if not isinstance(dtype, _Type) or fortran:
            raise RefusedPickle("an array of an unknown type or order")
        if not all(isinstance(extent, int) and extent >= 0 for extent in shape):
            raise RefusedPickle(f"an array of the shape {shape!r}")
        size = 1
        for extent in shape:
            size *= extent
        if len(content) != size:
            raise RefusedPickle(f"an array that declares the shape {shape} and holds {len(content)} elements")
        self.array = _filled(shape, dtype.code, content)


def _filled(shape: tuple[int, ...], code: Any, content: Any) -> npt.NDArray[Any]:
    if code in _OBJECTS and isinstance(content, list) and len(shape) == 1:
        array = np.empty(shape, dtype=object)
        for index, item in enumerate(content):
            array[index] = item
        return array
    if code in _BYTES and isinstance(content, (bytes, str)):
        raw = content.encode("latin-1") if isinstance(content, str) else content
        return np.frombuffer(raw, dtype=np.uint8).reshape(shape)
    raise RefusedPickle(f"an array of type {code!r} with a {type(content).__name__} inside")


def _reconstruct(*_: Any) -> _Placeholder:
    return _Placeholder()


def _no_array(*_: Any) -> Any:
    raise RefusedPickle("an array made in another way than NumPy's own")


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Return the placeholder for one of the four names that are admitted."""
        if (module, name) in _RECONSTRUCT:
            return _reconstruct
        if (module, name) == ("numpy", "dtype"):
            return _Type
        if (module, name) == ("numpy", "ndarray"):
            return _no_array
        raise RefusedPickle(f"the name {module}.{name}")

    def persistent_load(self, pid: Any) -> Any:
        """Refuse: no array of NumPy refers to anything outside its pickle."""
        raise RefusedPickle("a persistent reference")


def _unpickled(stream: IO[bytes]) -> Any:
    content = stream.read()
    opcodes.check(content)
    try:
        return _Unpickler(io.BytesIO(content), encoding="bytes").load()
    except RefusedPickle:
        raise
    # A damaged pickle raises nearly anything: IndexError, KeyError, TypeError, UnicodeError, MemoryError.
    except Exception as error:
        raise RefusedPickle(f"a pickle that cannot be read ({type(error).__name__}: {error})") from error


def lists_of(stream: IO[bytes]) -> npt.NDArray[Any]:
    """Return the one-dimensional object array of lists of integers that a pickle holds.

    Raises:
        RefusedPickle: the pickle holds, or names, anything else.
    """
    value = _unpickled(stream)
    array: npt.NDArray[Any] | None = getattr(value, "array", None) if isinstance(value, _Placeholder) else None
    if array is None or array.dtype != object:
        raise RefusedPickle(f"a {type(value).__name__} in place of an object array")
    # One list that stands there many times would be looked at as often.
    if len(set(map(id, array))) < len(array):
        raise RefusedPickle("a list that stands there twice")
    for item in array:
        if not isinstance(item, list) or not set(map(type, item)) <= {int}:
            raise RefusedPickle("an element that is no list of integers")
    return array


def batch_of(stream: IO[bytes]) -> tuple[npt.NDArray[Any], dict[str, list[int]]]:
    """Return the rows of a CIFAR batch, uint8, and its lists of labels by name ("labels", "fine_labels", ...).

    Raises:
        RefusedPickle: the pickle holds, or names, anything else.
    """
    value = _unpickled(stream)
    if not isinstance(value, dict):
        raise RefusedPickle(f"a {type(value).__name__} in place of a batch")
    named = {key.decode("utf-8", "replace") if isinstance(key, bytes) else str(key): value[key] for key in value}
    data = named.get("data")
    if not isinstance(data, _Placeholder) or getattr(data, "array", None) is None or data.array.dtype != np.uint8:
        raise RefusedPickle("a batch without an array of bytes named data")
    labels = {name: values for name, values in named.items() if name.endswith("labels") and _are_integers(values)}
    return data.array, labels


def _are_integers(value: Any) -> bool:
    return isinstance(value, list) and set(map(type, value)) <= {int}
