"""Reading the archives of Keras's data sets: npz, IDX and tarred batches, without code, surprises or giant allocations.

Nothing is ever extracted to disk, so no member can climb out of a folder. Every size is compared with what the record
of the data set expects before memory is taken for it.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import lzma
import pathlib
import struct
import tarfile
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, Dict, Iterator, List, Sequence, Tuple, Union

import numpy as np

from pytest_kerasch2.data import digests, pickles
from pytest_kerasch2.errors import DataDamaged, KerasCh2Error

if TYPE_CHECKING:
    from typing import Any

    import numpy.typing as npt

    from pytest_kerasch2.data.registry import ArrayFacts

    Readable = Union[IO[bytes], gzip.GzipFile]
    Array = npt.NDArray[Any]
    Batch = Tuple[Array, Dict[str, List[int]]]

_LONGEST_HEADER = 10_000
# The reviews of IMDB, the largest, take 17.5 MB; in memory a number takes twelve times as much.
_LARGEST_LISTS = 24 << 20
_CODECS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# Labels and file names of a CIFAR batch, beside its pixels.
_BATCH_EXTRAS = 8 << 20
_DAMAGE = (
    OSError, EOFError, ValueError, KeyError, TypeError, RuntimeError, NotImplementedError, MemoryError,
    struct.error, zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError,
)  # fmt: skip


def damaged(path: pathlib.Path, damage: str) -> DataDamaged:
    """Return the error for an archive that does not hold what its name promises."""
    return DataDamaged(
        f"The archive {path} cannot be used",
        damage,
        "delete it or put a good copy in its place, then run again; a mirror is chosen with --chapter-mirror=DIR or"
        " the variable KERASCH2_MIRROR",
    )


@contextlib.contextmanager
def _blaming(path: pathlib.Path, member: str = "") -> Iterator[None]:
    where = f"in {member}: " if member else ""
    try:
        yield
    except KerasCh2Error:  # some of them are such errors too
        raise
    except pickles.RefusedPickle as error:
        raise damaged(path, f"{where}{error}, where only lists of integers and arrays belong") from error
    except _DAMAGE as error:
        raise damaged(path, f"{where}{type(error).__name__}: {error}") from error


def read_npz(path: pathlib.Path, stored: Sequence[ArrayFacts]) -> dict[str, Array]:
    """Return the named arrays of a ``.npz`` archive, checked against their facts; members not asked for stay unread.

    Raises:
        DataDamaged: cut short, bits flipped, a wrong shape or type, a bomb, or pickled code.
    """
    with _blaming(path), digests.opened(path) as file, zipfile.ZipFile(file) as archive:
        return {facts.name: _npz_member(path, archive, facts) for facts in stored}


def _npz_member(path: pathlib.Path, archive: zipfile.ZipFile, facts: ArrayFacts) -> Array:
    name = facts.name + ".npy"
    infos = [info for info in archive.infolist() if info.filename == name]
    if len(infos) != 1:
        listed = ", ".join(sorted(archive.namelist())[:8])
        raise damaged(path, f"{len(infos)} members called {name}, of: {listed}")
    with _blaming(path, name):
        if infos[0].compress_type not in _CODECS:
            raise damaged(path, f"{name} packed by method {infos[0].compress_type}, which NumPy never uses")
        _small_enough(path, infos[0], facts)
        with archive.open(infos[0]) as stream:
            array = _npy(path, stream, infos[0].file_size, facts)
            # Only at the end of a member does zipfile compare its checksum.
            if stream.read(1):
                raise damaged(path, f"bytes left over behind {name}")
        return array


def _small_enough(path: pathlib.Path, info: zipfile.ZipInfo, facts: ArrayFacts) -> None:
    limit = _LARGEST_LISTS if facts.dtype == "lists" else _count(facts.shape) * 8 + _LONGEST_HEADER
    if info.file_size > limit:
        raise damaged(path, f"{info.filename} of {info.file_size} bytes unpacked, where at most {limit} can be")


def _npy(path: pathlib.Path, stream: IO[bytes], size: int, facts: ArrayFacts) -> Array:
    raw, shape, fortran, dtype = _npy_header(stream)
    _as_expected(path, facts, shape, dtype)
    if facts.dtype == "lists":
        return pickles.lists_of(stream)
    if fortran or len(raw) + dtype.itemsize * _count(shape) != size:
        raise damaged(path, f"{facts.name} of {size} bytes, which is not what its header {shape} {dtype} makes")
    array = np.empty(shape, dtype=dtype)
    _fill(stream, array)
    return array


def _npy_header(stream: IO[bytes]) -> tuple[bytes, tuple[int, ...], bool, Any]:
    """Return the header's bytes, shape, Fortran flag and dtype, having read no more than a header may take."""
    start = stream.read(8)
    version = start[6:8]
    if start[:6] != b"\x93NUMPY" or version not in (b"\x01\x00", b"\x02\x00", b"\x03\x00"):
        raise ValueError(f"no .npy array: it starts with {start!r}")
    width, pattern = (2, "<H") if version == b"\x01\x00" else (4, "<I")
    prefix = stream.read(width)
    (length,) = struct.unpack(pattern, prefix)
    if length > _LONGEST_HEADER:
        raise ValueError(f"a header of {length} bytes")
    text = stream.read(length)
    # NumPy has no public reader for version 3.0, which differs from 2.0 in the encoding of field names alone.
    read = np.lib.format.read_array_header_1_0 if width == 2 else np.lib.format.read_array_header_2_0
    try:
        shape, fortran, dtype = read(io.BytesIO(prefix + text))
    # A crooked header raises what Python's own parser happens to raise: TokenError, SyntaxError, RecursionError.
    except Exception as error:
        raise ValueError(f"a header that cannot be read ({type(error).__name__}: {error})") from error
    return start + prefix + text, tuple(shape), bool(fortran), dtype


def _as_expected(path: pathlib.Path, facts: ArrayFacts, shape: tuple[int, ...], dtype: Any) -> None:
    expected = {"lists": ("object",), "float": ("float32", "float64")}.get(facts.dtype, (facts.dtype,))
    if dtype not in [np.dtype(name) for name in expected]:
        kind = f"{dtype}, which is pickled Python" if dtype.hasobject else dtype
        raise damaged(path, f"{facts.name} of type {kind}, where {' or '.join(expected)} was expected")
    if shape != facts.shape:
        raise damaged(path, f"{facts.name} of shape {shape}, where {facts.shape} was expected")


def _fill(stream: Readable, array: Array) -> None:
    if not array.size:
        return
    view = array.reshape(-1).view(np.uint8).data
    done = 0
    while done < len(view):
        block = stream.read(min(1 << 20, len(view) - done))
        if not block:
            raise EOFError(f"ends after {done} of {len(view)} bytes")
        view[done : done + len(block)] = block
        done += len(block)


def read_idx(path: pathlib.Path, facts: ArrayFacts) -> Array:
    """Return the array of bytes in a gzipped IDX file, checked against its facts.

    The form: two zero bytes, 8 for unsigned bytes, the number of dimensions, each extent big-endian in four bytes.

    Raises:
        DataDamaged: cut short, bits flipped, a wrong shape or type, or more content than declared.
    """
    with _blaming(path), digests.opened(path) as file, gzip.open(file, "rb") as stream:
        start = stream.read(4)
        if start[:3] != b"\0\0\x08" or len(start) != 4:
            raise damaged(path, f"no IDX file of unsigned bytes: it starts with {start!r}")
        extents = stream.read(4 * start[3])
        shape = struct.unpack(f">{start[3]}I", extents)
        _as_expected(path, facts, shape, np.dtype(np.uint8))
        array = np.empty(shape, dtype=np.uint8)
        _fill(stream, array)
        # Reading to the end is what makes gzip compare its checksum.
        if stream.read(1):
            raise damaged(path, f"bytes left over behind an array of shape {shape}")
        return array


def read_batches(path: pathlib.Path, stored: Sequence[ArrayFacts]) -> dict[str, Batch]:
    """Return rows of pixels and lists of labels per CIFAR batch, by member name, from a gzipped tar.

    Raises:
        DataDamaged: cut short, bits flipped, a batch missing, doubled, a link or device, a bomb, or code in a pickle.
    """
    expected = {facts.name: facts for facts in stored}
    limit = sum(_count(facts.shape) + _BATCH_EXTRAS for facts in stored)
    batches: dict[str, Batch] = {}
    with _blaming(path), digests.opened(path) as file, gzip.open(file, "rb") as unpacked:
        capped = _Capped(unpacked, limit)
        with tarfile.open(fileobj=capped, mode="r|") as archive:  # type: ignore[call-overload]
            for member in archive:
                if member.name in expected:
                    if member.name in batches or not member.isreg():
                        raise damaged(path, f"the member {member.name} twice, or as a link, folder or device")
                    batches[member.name] = _batch(path, archive, member, expected[member.name])
        while capped.read(1 << 20):
            # To the end, so that gzip compares its checksum.
            pass
    missing = [name for name in expected if name not in batches]
    if missing:
        raise damaged(path, f"no member called {missing[0]}")
    return batches


def _batch(path: pathlib.Path, archive: tarfile.TarFile, member: tarfile.TarInfo, facts: ArrayFacts) -> Batch:
    if member.size > _count(facts.shape) + _BATCH_EXTRAS:
        raise damaged(path, f"{member.name} of {member.size} bytes")
    content = archive.extractfile(member)
    if content is None:
        raise damaged(path, f"{member.name} without content")
    with _blaming(path, member.name):
        rows, labels = pickles.batch_of(io.BytesIO(content.read()))
    _as_expected(path, facts, rows.shape, rows.dtype)
    short = [name for name, values in labels.items() if len(values) != len(rows)]
    if short or not labels:
        raise damaged(path, f"{member.name} with {len(labels)} lists of labels, not of its length: {short}")
    return rows, labels


class _Capped:
    """A stream that refuses to give more than its limit, so that a bomb goes off nowhere."""

    def __init__(self, stream: Readable, limit: int) -> None:
        self._stream = stream
        self._left = limit

    def read(self, size: int) -> bytes:
        """Return the next bytes; a ValueError once the limit is passed."""
        block = self._stream.read(size)
        self._left -= len(block)
        if self._left < 0:
            raise ValueError("more content than such an archive can hold")
        return block


def _count(shape: Sequence[int]) -> int:
    total = 1
    for extent in shape:
        total *= extent
    return total
