"""What a model file holds, read with h5py and zipfile alone.

It reads no array. Damaged bytes can make the HDF5 library turn in a circle or crash: ``inspection`` has this done in a
child, and is what to call for a file that somebody else has made.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import h5py

from pytest_kerasch2.errors import DataDamaged, InvalidArgument, KerasCh2Error, UnsafeFile
from pytest_kerasch2.serialization import architecture, archive, shards
from pytest_kerasch2.serialization.architecture import REMEDY
from pytest_kerasch2.serialization.contents import Contents, StoredArray
from pytest_kerasch2.serialization.kinds import AGAIN, HDF5, SHARDS, ZIP, check_hdf5, kind_of
from pytest_kerasch2.serialization.limits import MIB, Limits

DAMAGE = (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError, ArithmeticError)
"""What the HDF5 library makes of damaged bytes comes up as one of many types, none of them its own."""
OPTIMIZER = ("optimizer_weights", "optimizer")
METRICS = "metrics"
PIECE = MIB
"""Bytes of a chunk that may be larger than its array: HDF5 reads whole chunks."""
TEXTS = ("model_config", "training_config", "keras_version", "backend")


@dataclass
class _Tally:
    """What one walk has seen so far; it lives as long as the walk."""

    limits: Limits
    size: int
    objects: int = 0
    names: int = 0
    attributes: int = 0
    declared: int = 0
    stored: int = 0
    longest_list: int = 0


def contents(path: Any, limits: Limits = Limits()) -> Contents:  # noqa: B008  # frozen, so safe to share
    """Return what a model file holds; refuses what cannot be walked safely, but not what its configuration names.

    It is read in this process and without a deadline, which is right for a file that was made here; for any other,
    there is `inspection.inspect`.

    Args:
        path: an HDF5 file, a ``.keras`` archive, or the index of weights in shards, ``.weights.json``.
        limits: how much it may hold.

    Raises:
        InvalidArgument: there is no such file.
        UnsafeFile: it reaches outside itself, or declares more than it holds.
        DataDamaged: it is no such file, or not whole.
    """
    source = check_file(path)
    read = {SHARDS: _shards, ZIP: _zip, HDF5: _hdf5}[kind_of(source)]
    try:
        return read(source, limits)
    except MemoryError:
        raise too_much("more than there is") from None


def too_much(amount: str) -> UnsafeFile:
    """Return the error for a file that takes too much memory."""
    return UnsafeFile("Looking into the file takes too much memory", amount, REMEDY)


def check_file(path: Any) -> Path:
    """Return the path of a file.

    Raises:
        InvalidArgument: there is none.
        UnsafeFile: a folder is there.
    """
    source = Path(path)
    if source.is_dir():
        remedy = "load it with trusted=True if you made it yourself, or save the model as a file"
        raise UnsafeFile("A folder cannot be inspected", repr(str(source)), remedy)
    if not source.is_file():
        raise InvalidArgument(f"There is no file {str(source)!r}", "", "correct the path")
    return source


def _shards(source: Path, limits: Limits) -> Contents:
    index = architecture.parse(shards.text_of(source, limits), "index of shards", limits)
    parts = [_shard(shard, limits) for shard in shards.files(source, index, limits)]
    declared = sum(array.declared for part in parts for array in part.weights + part.optimizer_weights)
    if declared > limits.total_bytes:
        raise UnsafeFile("The file's arrays declare too much together", f"{declared} bytes", REMEDY)
    return Contents(
        kind="shards",
        architecture=None,
        training_config=None,
        weights=tuple(array for part in parts for array in part.weights),
        optimizer_weights=tuple(array for part in parts for array in part.optimizer_weights),
        metrics=(),
        keras_version=None,
        backend=None,
        attributes=tuple(each for part in parts for each in part.attributes),
    )


def _shard(source: Path, limits: Limits) -> Contents:
    check_hdf5(source)
    return _hdf5(source, limits)


def _zip(source: Path, limits: Limits) -> Contents:
    with archive.unpacked(source, limits) as members:
        check_hdf5(members.weights)
        inner = _hdf5(members.weights, limits)
    if inner.architecture is not None:
        # TensorFlow up to 2.12 would take the archive for HDF5 where these weights begin at a multiple of 512 bytes.
        raise UnsafeFile("The weights in the archive hold an architecture of their own", archive.WEIGHTS, REMEDY)
    config = architecture.parse(members.config, "architecture", limits)
    metadata = architecture.parse(members.metadata, "metadata", limits)
    return replace(
        inner,
        kind="zip",
        architecture=config,
        training_config=config.get("compile_config"),
        keras_version=str(metadata.get("keras_version")),
    )


def _hdf5(source: Path, limits: Limits) -> Contents:
    try:
        with h5py.File(str(source), "r") as file:
            return _walk(file, _Tally(limits, source.stat().st_size))
    except KerasCh2Error:  # some of them are such errors too
        raise
    except DAMAGE as error:
        raise DataDamaged("The HDF5 file is not whole", f"{type(error).__name__}: {error}"[:300], AGAIN) from error


def _walk(file: Any, tally: _Tally) -> Contents:
    arrays: list[StoredArray] = []
    attributes: list[tuple[str, str]] = []
    waiting = [("", file, 0)]
    # A group may be a member of itself under another name: each object is visited once, known by its place.
    visited = {h5py.h5o.get_info(file.id).addr}
    while waiting:
        name, node, depth = waiting.pop()
        attributes.extend((name or "/", each) for each in _attributes(node, name, tally))
        if isinstance(node, h5py.Dataset):
            arrays.append(_array(node, name, tally))
            continue
        if depth > tally.limits.depth:
            raise UnsafeFile("The file's groups are nested too deeply", f"depth {depth}", REMEDY)
        for key in _texts(node):
            _count(tally, len(name) + len(key))
            child = _member(node, key, f"{name}/{key}")
            address = h5py.h5o.get_info(child.id).addr
            if address not in visited:
                visited.add(address)
                waiting.append((f"{name}/{key}".lstrip("/"), child, depth + 1))
    _check_lists(tally)
    texts = {key: _text(file, key, tally.limits) for key in TEXTS}
    return _contents(texts, sorted(arrays, key=lambda one: one.name), sorted(attributes), tally.limits)


def _texts(names: Any) -> list[str]:
    """Return the names in a group or of attributes, all of which Keras writes as UTF-8; h5py gives others as bytes."""
    listed = list(names)
    strange = [name for name in listed if not isinstance(name, str)]
    if strange:
        raise DataDamaged("A name in the HDF5 file is not text", repr(strange[0])[:120], AGAIN)
    return listed


def _count(tally: _Tally, characters: int) -> None:
    tally.objects += 1
    tally.names += characters
    if tally.objects > tally.limits.objects:
        raise UnsafeFile("The file holds too many objects", f"more than {tally.limits.objects}", REMEDY)
    if tally.names > tally.limits.text_bytes:
        raise UnsafeFile("The file's names are too long", f"{tally.names} characters together", REMEDY)


def _contents(texts: Any, arrays: list[StoredArray], attributes: list[tuple[str, str]], limits: Limits) -> Contents:
    parsed = {
        key: None if texts[key] is None else architecture.parse(texts[key], what, limits)
        for key, what in (("model_config", "architecture"), ("training_config", "training configuration"))
    }
    # A file of weights alone as Keras 2 writes it has a group for each layer, whatever the layer is called.
    by_layer = ("/", "layer_names") in attributes
    tops = {one: "" if by_layer else one.name.split("/")[0] for one in arrays}
    return Contents(
        kind="hdf5",
        architecture=parsed["model_config"],
        training_config=parsed["training_config"],
        weights=tuple(one for one in arrays if tops[one] not in (*OPTIMIZER, METRICS)),
        optimizer_weights=tuple(one for one in arrays if tops[one] in OPTIMIZER),
        metrics=tuple(one for one in arrays if tops[one] == METRICS),
        keras_version=texts["keras_version"],
        backend=texts["backend"],
        attributes=tuple(attributes),
    )


def _member(group: Any, key: str, name: str) -> Any:
    link = group.get(key, getlink=True)
    if not isinstance(link, h5py.HardLink):
        member = f"{type(link).__name__} {name!r}"
        raise UnsafeFile("The file holds a link instead of an object", member, REMEDY)
    child = group[key]
    if not isinstance(child, (h5py.Group, h5py.Dataset)):
        raise UnsafeFile("The file holds something that is neither group nor array", repr(name), REMEDY)
    return child


def _array(array: Any, name: str, tally: _Tally) -> StoredArray:
    plan = array.id.get_create_plist()
    if plan.get_external_count():
        raise UnsafeFile("An array lies in another file", repr(name), REMEDY)
    if array.is_virtual:
        raise UnsafeFile("An array is put together from other files", repr(name), REMEDY)
    if not _is_numeric(array.dtype):
        raise UnsafeFile("An array holds something other than numbers", f"{name!r}, dtype {array.dtype}", REMEDY)
    filters = {plan.get_filter(index)[0] for index in range(plan.get_nfilters())}
    unknown = filters - {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32}
    if unknown:
        raise UnsafeFile("An array needs a filter from outside", f"{name!r}, filter {min(unknown)}", REMEDY)
    shape = tuple(int(side) for side in (array.shape or ()))
    declared = array.dtype.itemsize * _product(shape)
    piece = array.dtype.itemsize * _product(array.chunks or ())
    if piece > max(declared, PIECE):
        sizes = f"{name!r} declares {declared} bytes in pieces of {piece}"
        raise UnsafeFile("An array is stored in pieces larger than itself", sizes, REMEDY)
    tally.stored += int(array.id.get_storage_size())
    _check_size(name, declared, bool(filters), tally)
    return StoredArray(name, shape, str(array.dtype), declared)


def _is_numeric(dtype: Any) -> bool:
    """Whether elements are numbers: those of NumPy, or opaque ones of a fixed width such as those of bfloat16.

    No Keras writes compound elements, whose fields may be anything, nor arrays of arrays.
    """
    is_simple = dtype.names is None and dtype.subdtype is None and not dtype.hasobject
    return is_simple and dtype.kind in "fiubV"


def _product(shape: tuple[int, ...]) -> int:
    # In Python's own integers, which do not overflow; math.prod came with CPython 3.8.
    result = 1
    for side in shape:
        result *= int(side)
    return result


def _check_size(name: str, declared: int, packed: bool, tally: _Tally) -> None:
    tally.declared += declared
    # What was never written takes no room in the file, and is handed out as fill values all the same (CVE-2026-0897).
    held = tally.size * (tally.limits.expansion if packed else 1)
    if declared > tally.limits.array_bytes or declared > held:
        sizes = f"{name!r} declares {declared} bytes in a file of {tally.size}"
        raise UnsafeFile("An array declares more than the file can hold", sizes, REMEDY)
    if tally.declared > tally.limits.total_bytes:
        raise UnsafeFile("The file's arrays declare too much together", f"{tally.declared} bytes", REMEDY)


def _attributes(node: Any, name: str, tally: _Tally) -> list[str]:
    count = len(node.attrs)
    tally.attributes += count
    if count > tally.limits.attributes or tally.attributes > tally.limits.all_attributes:
        raise UnsafeFile("The file holds too many attributes", f"{count} at {name or '/'!r}", REMEDY)
    names = _texts(node.attrs)
    tally.names += sum(map(len, names))
    for each in names:
        handle = node.attrs.get_id(each)
        if handle.dtype.hasobject and handle.shape is not None:
            tally.longest_list = max(tally.longest_list, _product(handle.shape))
        if _declared(handle) > tally.size:
            raise UnsafeFile("An attribute declares more than the file can hold", repr(each), REMEDY)
    return names


def _declared(handle: Any) -> int:
    # Not get_storage_size(), which fails for an empty list, such as the weight names of a layer without weights.
    return int(handle.get_type().get_size()) * _product(handle.shape or ())


def _check_lists(tally: _Tally) -> None:
    # Each entry of a list of texts may point to the same long text, which multiplies in memory when it is read.
    outside_arrays = max(tally.size - tally.stored, 0)
    if tally.longest_list * outside_arrays > tally.limits.array_bytes:
        sizes = f"{tally.longest_list} entries in a file with {outside_arrays} bytes outside arrays"
        raise UnsafeFile("A list of texts may declare more than the file can hold", sizes, REMEDY)


def _text(file: Any, key: str, limits: Limits) -> str | None:
    if key not in file.attrs:
        return None
    if _declared(file.attrs.get_id(key)) > limits.text_bytes:
        raise UnsafeFile(f"The attribute {key} is too large", f"at most {limits.text_bytes} bytes", REMEDY)
    value = file.attrs[key]
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)
