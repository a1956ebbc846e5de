"""SHA-256 and MD5 of files and of arrays: how a data set is told from any other."""

from __future__ import annotations

import hashlib
import os
import pathlib
import stat
from typing import IO, TYPE_CHECKING, Iterable

import numpy as np

if TYPE_CHECKING:
    from typing import Any

    import numpy.typing as npt

_ROWS = 4096
_BLOCK = 1 << 20


def opened(path: pathlib.Path) -> IO[bytes]:
    """Open a file for reading; a pipe or a device, which may never end, is refused.

    Raises:
        OSError: it cannot be read, or is no regular file.
    """
    # Without O_NONBLOCK the opening of a pipe waits for somebody who writes.
    stream = os.fdopen(
        os.open(str(path), os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb"
    )
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise OSError(f"{path.name} is a pipe or a device, and not a regular file")
    return stream


def digest_of_file(path: pathlib.Path, algorithm: str = "sha256") -> str:
    """Return the hexadecimal digest of a file's bytes.

    Raises:
        OSError: the file cannot be read.
    """
    digest = hashlib.new(algorithm)
    with opened(path) as stream:
        for block in iter(lambda: stream.read(_BLOCK), b""):
            digest.update(block)
    return digest.hexdigest()


def digest_of_array(array: npt.NDArray[Any]) -> str:
    """Return the SHA-256 of an array's bytes in C order; shape and type are not part of it.

    An object array of lists of integers counts, list by list, as the length and then the integers, all int64.
    """
    digest = hashlib.sha256()
    if array.dtype == object:
        for item in array:
            digest.update(np.array([len(item), *item], dtype="<i8").tobytes())
        return digest.hexdigest()
    # Row blocks, because the whole copy that a transposed array needs would double the memory.
    for start in range(0, len(array), _ROWS):
        digest.update(np.ascontiguousarray(array[start : start + _ROWS]).tobytes())
    return digest.hexdigest()


def digest_of_arrays(arrays: Iterable[tuple[str, npt.NDArray[Any]]]) -> str:
    """Return one SHA-256 over names, types, shapes and bytes of named arrays, in the order given."""
    digest = hashlib.sha256()
    for name, array in arrays:
        digest.update(f"{name} {array.dtype.str} {array.shape} {digest_of_array(array)}\n".encode())
    return digest.hexdigest()
