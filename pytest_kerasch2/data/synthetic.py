"""Archives of the true form and the true shape, with made-up content: what the genuine loaders can be exercised on.

Every label occurs, sequences differ in length, and images differ by class and, of CIFAR, by file; so all of it packs
into about a megabyte. Nothing here says anything about the genuine data: hashes differ, and ``sources.load`` refuses
these files.
"""

from __future__ import annotations

import gzip
import io
import pathlib
import pickle
import struct
import tarfile
import zipfile
from typing import TYPE_CHECKING, Any, Callable, Iterable

import numpy as np

from pytest_kerasch2.data import sources
from pytest_kerasch2.data.registry import NAMES, ArrayFacts, DataRecord, record_of

if TYPE_CHECKING:
    import numpy.typing as npt

_FASTEST = 1


def make(folder: pathlib.Path, names: Iterable[str] = NAMES) -> dict[str, tuple[pathlib.Path, ...]]:
    """Return the files written per data set: stand-ins in a folder laid out like a mirror.

    The same bytes every time on the same Python and NumPy. All eight take a few seconds and about a megabyte.

    Raises:
        InvalidArgument: a name that no data set has.
    """
    writers: dict[str, Callable[[DataRecord, pathlib.Path], None]] = {"npz": _npz, "idx": _idx, "batches": _batches}
    paths = {}
    for name in names:
        record = record_of(name)
        writers[record.layout](record, folder)
        paths[name] = paths_of(record, folder)
    return paths


def load(name: str, folder: pathlib.Path) -> sources.DataSet:
    """Return the data set that the stand-ins in a folder make; its source says "stand-in".

    Raises:
        DataDamaged: the files are not what ``make`` writes.
    """
    record = record_of(name)
    return sources.data_set(record, paths_of(record, folder), source="stand-in")


def paths_of(record: DataRecord, folder: pathlib.Path) -> tuple[pathlib.Path, ...]:
    """Return where the archives of a data set lie in a mirror, in the order of the record."""
    return tuple(folder / archive.file for archive in record.archives)


def pack_npz(path: pathlib.Path, members: Iterable[tuple[str, npt.NDArray[Any]]]) -> None:
    """Write arrays as NumPy's ``savez_compressed`` does, object arrays included, readable by every NumPy.

    NumPy 2 names its own modules ``numpy._core`` in a pickle, which NumPy 1 cannot read; the archives of Keras were
    written by an early NumPy, so the early name is the true one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(str(path), "w", zipfile.ZIP_DEFLATED, compresslevel=_FASTEST) as archive:
        for name, array in members:
            # A bare ZipInfo carries the year 1980: no clock in the bytes.
            member = zipfile.ZipInfo(name + ".npy")
            member.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(member, "w", force_zip64=True) as stream:
                _npy(stream, array)


def _npy(stream: Any, array: npt.NDArray[Any]) -> None:
    if array.dtype != object:
        np.lib.format.write_array(stream, array, allow_pickle=False)
        return
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|O", "fortran_order": False, "shape": array.shape})
    stream.write(header.getvalue() + pickled(array))


def pickled(value: Any) -> bytes:
    """Return a pickle of protocol 3 in which NumPy goes by its early name."""
    # In protocol 3 a name is a line of text, so replacing it disturbs no length.
    return pickle.dumps(value, protocol=3).replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")


def _labels(count: int, classes: int) -> npt.NDArray[np.int64]:
    return np.arange(count, dtype=np.int64) % classes


def _stripes(count: int, classes: int, pixels: int, brightness: int = 255) -> npt.NDArray[np.uint8]:
    """Return images as rows of bytes: a bright stripe whose place tells the class."""
    templates = np.zeros((classes, pixels), dtype=np.uint8)
    width = pixels // classes
    for label in range(classes):
        templates[label, label * width : (label + 1) * width] = brightness
    return templates[_labels(count, classes)]


def _lists(count: int) -> npt.NDArray[Any]:
    array = np.empty(count, dtype=object)
    patterns: list[list[int]] = [[1 + (start * 7 + step) % 990 for step in range(2 + start % 9)] for start in range(99)]
    for index in range(count):
        array[index] = list(patterns[index % len(patterns)])
    # The genuine ones are up to 2,494 words long.
    array[1] = [1 + step % 990 for step in range(2_493)]
    return array


def _stored(record: DataRecord, facts: ArrayFacts) -> npt.NDArray[Any]:
    if facts.dtype == "lists":
        return _lists(facts.shape[0])
    if facts.name.startswith("y") and record.classes:
        return _labels(facts.shape[0], record.classes).astype(facts.dtype)
    if facts.dtype == "uint8":
        flat = _stripes(facts.shape[0], record.classes or 10, int(np.prod(facts.shape[1:])))
        return flat.reshape(facts.shape)
    dtype = "float32" if facts.dtype == "float" else facts.dtype
    return (np.arange(np.prod(facts.shape)) % 50 + 0.5).astype(dtype).reshape(facts.shape)


def _npz(record: DataRecord, folder: pathlib.Path) -> None:
    pack_npz(paths_of(record, folder)[0], ((facts.name, _stored(record, facts)) for facts in record.stored))


def _idx(record: DataRecord, folder: pathlib.Path) -> None:
    for path, facts in zip(paths_of(record, folder), record.stored):
        array = _stored(record, facts)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as raw, gzip.GzipFile("", "wb", _FASTEST, raw, mtime=0) as stream:
            stream.write(struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape))
            stream.write(array.tobytes())


def _batches(record: DataRecord, folder: pathlib.Path) -> None:
    path = paths_of(record, folder)[0]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as raw, gzip.GzipFile("", "wb", _FASTEST, raw, mtime=0) as stream, tarfile.open(
        fileobj=stream, mode="w", format=tarfile.GNU_FORMAT
    ) as archive:
        folder_entry = tarfile.TarInfo(record.stored[0].name.split("/")[0])
        folder_entry.type, folder_entry.mode = tarfile.DIRTYPE, 0o755
        archive.addfile(folder_entry)
        for index, facts in enumerate(record.stored):
            content = pickled(_batch(record, facts, 255 - index))
            entry = tarfile.TarInfo(facts.name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


def _batch(record: DataRecord, facts: ArrayFacts, brightness: int) -> dict[bytes, Any]:
    # Keys are bytes, as Python 2 left them: Keras decodes them.
    rows, classes = facts.shape[0], record.classes or 10
    labels = _labels(rows, classes).tolist()
    batch: dict[bytes, Any] = {b"batch_label": b"made up", b"data": _stripes(rows, classes, facts.shape[1], brightness)}
    if classes == 10:
        batch[b"labels"] = labels
    else:
        batch[b"fine_labels"] = labels
        batch[b"coarse_labels"] = [label // 5 for label in labels]
    return batch
