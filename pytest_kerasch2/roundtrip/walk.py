"""Looking into a model file with h5py and zipfile alone, before Keras sees it.

For every TensorFlow up to 2.15, and for later ones with Keras below 3.11.3, an ``.h5`` file is a program. This look is
the same on every release. It reads no array; it cannot help against faults in the HDF5 library itself, so a file of
unknown origin belongs into a process of its own all the same.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Iterable

import h5py

from ..errors import BadSetting, DataDamaged, KerasCh2Error, UnsafeFile
from ..framework import api
from . import architecture, archive, shards
from .architecture import REMEDY
from .limits import Limits
from .names import Names

AGAIN = "save the model again"
DAMAGE = (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError, MemoryError, ArithmeticError)
"""What the HDF5 library makes of damaged bytes comes up as one of many types, none of them its own."""
RENAME = "give it the name that its writer gave it; do not load it if it has that name"
HDF5, ZIP, SHARDS = "hdf5", "zip", ".weights.json"
HDF5_START = b"\x89HDF\r\n\x1a\n"
ZIP_START = b"PK\x03\x04"
OPTIMIZER = ("optimizer_weights", "optimizer")
METRICS = "metrics"
TEXTS = ("model_config", "training_config", "keras_version", "backend")


@dataclass(frozen=True)
class StoredArray:
    """One array of a file: its path inside, its shape, the name of its dtype, and the bytes that it declares."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    declared: int


@dataclass(frozen=True)
class Contents:
    """What a model file holds, without the numbers themselves.

    Attributes:
        kind: ``"hdf5"``, ``"zip"`` or ``"shards"``.
        architecture: the model's configuration, None in a file of weights alone.
        training_config: loss, metrics and optimizer as they were compiled, None where the model was not.
        weights: the model's arrays.
        optimizer_weights: the optimizer's arrays, its step count among them; ``.weights.h5`` has them too.
        metrics: sums and counts of the metrics, which Keras 2.13 to 2.15 put into ``.keras`` and ``.weights.h5``.
        keras_version: as the file says.
        backend: as the file says.
        attributes: every attribute as (path of its object, name).
    """

    kind: str
    architecture: Any
    training_config: Any
    weights: tuple[StoredArray, ...]
    optimizer_weights: tuple[StoredArray, ...]
    metrics: tuple[StoredArray, ...]
    keras_version: str | None
    backend: str | None
    attributes: tuple[tuple[str, str], ...]

    @property
    def configurations(self) -> tuple[tuple[str, Any], ...]:
        """Return the configurations that the file has, each with what an error calls it."""
        both = (("architecture", self.architecture), ("training configuration", self.training_config))
        return tuple((what, config) for what, config in both if config is not None)


@dataclass
class _Tally:
    """What one walk has seen so far; it lives as long as the walk."""

    limits: Limits
    size: int
    objects: int = 0
    attributes: int = 0
    declared: int = 0
    stored: int = 0
    longest_list: int = 0


def contents(path: Any, limits: Limits = Limits()) -> Contents:  # noqa: B008  # frozen, so safe to share
    """Give what a model file holds; refuses what cannot be walked safely, but not what its configuration names.

    Args:
        path: an HDF5 file, a ``.keras`` archive, or the index of weights in shards, ``.weights.json``.
        limits: how much it may hold.

    Raises:
        BadSetting: there is no such file.
        UnsafeFile: it reaches outside itself, or declares more than it holds.
        DataDamaged: it is no such file, or not whole.
    """
    source = Path(path)
    if not source.is_file():
        raise _no_file(source)
    kind = _kind(source)
    if kind == SHARDS:
        return _shards(source, limits)
    return _zip(source, limits) if kind == ZIP else _hdf5(source, limits)


def _no_file(source: Path) -> KerasCh2Error:
    if source.is_dir():
        remedy = "load it with trusted=True if you made it yourself, or save the model as a file"
        return UnsafeFile("A folder is a form that is not looked into", repr(str(source)), remedy)
    return BadSetting("There is no such file", repr(str(source)), "correct the path")


def _kind(source: Path) -> str:
    """Return how Keras will read a file, which it decides by the name.

    Raises:
        UnsafeFile: what is inside could be read in another way too.
        DataDamaged: it is no file of that kind.
    """
    if source.name.endswith(SHARDS):
        return SHARDS
    with source.open("rb") as file:
        start = file.read(len(HDF5_START))
    archive_too, named = zipfile.is_zipfile(str(source)), source.name.endswith(".keras")
    if start.startswith(ZIP_START) and named:
        return ZIP
    if start == HDF5_START and not (archive_too and named):
        return HDF5
    if archive_too:
        found = f"{source.name} starts with {start!r} and can be read as a zip archive"
        raise UnsafeFile("The name of the file does not fit what is in it", found, RENAME)
    raise DataDamaged("The file is neither HDF5 nor a zip archive", f"it starts with {start!r}", AGAIN)


def inspect(
    path: Any,
    limits: Limits = Limits(),  # noqa: B008
    allowed: Iterable[str] = (),
    keras: Any = None,
) -> Contents:
    """Give what a model file holds, after refusing everything that could run code, reach outside or exhaust memory.

    What is registered with the Keras in this process is the caller's own. Where no Keras has been imported, the names
    in the file decide alone, and none is imported.

    Args:
        path: an HDF5 file, a ``.keras`` archive, or the index of weights in shards, ``.weights.json``.
        limits: how much it may hold.
        allowed: names of the caller's own classes and functions that the file may name, or ``custom_objects``.
        keras: the Keras that will load the file, by default the one in this process.

    Raises:
        BadSetting: there is no such file.
        UnsafeFile: with what was found, and what helps.
        DataDamaged: it is no such file, or not whole.
    """
    found = contents(path, limits)
    names = Names(api.loaded_keras() if keras is None else keras, allowed)
    for what, config in found.configurations:
        architecture.check(config, what, limits, names)
    return found


def _shards(source: Path, limits: Limits) -> Contents:
    if source.stat().st_size > limits.text_bytes:
        raise UnsafeFile("The index of shards is too large", f"at most {limits.text_bytes} bytes", REMEDY)
    index = architecture.parse(shards.text_of(source), "index of shards", limits)
    parts = [_hdf5(shard, limits) for shard in shards.files(source, index, limits)]
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


def _zip(source: Path, limits: Limits) -> Contents:
    with archive.unpacked(source, limits) as members:
        inner = _hdf5(members.weights, limits)
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
    except DAMAGE as error:
        raise DataDamaged("The HDF5 file is not whole", f"{type(error).__name__}: {error}"[:300], AGAIN) from error


def _walk(file: Any, tally: _Tally) -> Contents:
    arrays: list[StoredArray] = []
    attributes: list[tuple[str, str]] = []
    waiting = [("", file, 0)]
    # A group may be a member of itself under another name: each object is visited once, known by its place.
    visited = {h5py.h5o.get_info(file.id).addr}
    while waiting:
        name, thing, depth = waiting.pop()
        attributes.extend((name or "/", each) for each in _attributes(thing, name, tally))
        if isinstance(thing, h5py.Dataset):
            arrays.append(_array(thing, name, tally))
            continue
        if depth > tally.limits.depth:
            raise UnsafeFile("The file's groups are nested too deeply", f"depth {depth}", REMEDY)
        for key in thing:
            tally.objects += 1
            if tally.objects > tally.limits.objects:
                raise UnsafeFile("The file holds too many objects", f"more than {tally.limits.objects}", REMEDY)
            child = _member(thing, key, f"{name}/{key}")
            address = h5py.h5o.get_info(child.id).addr
            if address not in visited:
                visited.add(address)
                waiting.append((f"{name}/{key}".lstrip("/"), child, depth + 1))
    _check_lists(tally)
    texts = {key: _text(file, key, tally.limits) for key in TEXTS}
    return _contents(texts, sorted(arrays, key=lambda one: one.name), sorted(attributes), tally.limits)


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
        found = f"{type(link).__name__} {name!r}"
        raise UnsafeFile("The file holds a link instead of an object", found, REMEDY)
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
    if array.dtype.kind not in "fiub" and array.dtype.names is None and array.dtype.kind != "V":
        raise UnsafeFile("An array holds something other than numbers", f"{name!r}, dtype {array.dtype}", REMEDY)
    filters = {plan.get_filter(index)[0] for index in range(plan.get_nfilters())}
    unknown = filters - {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32}
    if unknown:
        raise UnsafeFile("An array needs a filter from outside", f"{name!r}, filter {min(unknown)}", REMEDY)
    shape = tuple(int(side) for side in (array.shape or ()))
    declared = array.dtype.itemsize * _product(shape)
    tally.stored += int(array.id.get_storage_size())
    _check_size(name, declared, bool(filters), tally)
    return StoredArray(name, shape, str(array.dtype), declared)


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
        found = f"{name!r} declares {declared} bytes in a file of {tally.size}"
        raise UnsafeFile("An array declares more than the file can hold", found, REMEDY)
    if tally.declared > tally.limits.total_bytes:
        raise UnsafeFile("The file's arrays declare too much together", f"{tally.declared} bytes", REMEDY)


def _attributes(thing: Any, name: str, tally: _Tally) -> list[str]:
    count = len(thing.attrs)
    tally.attributes += count
    if count > tally.limits.attributes or tally.attributes > tally.limits.all_attributes:
        raise UnsafeFile("The file holds too many attributes", f"{count} at {name or '/'!r}", REMEDY)
    names = list(thing.attrs.keys())
    for each in names:
        handle = thing.attrs.get_id(each)
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
        found = f"{tally.longest_list} entries in a file with {outside_arrays} bytes outside arrays"
        raise UnsafeFile("A list of texts may declare more than the file can hold", found, REMEDY)


def _text(file: Any, key: str, limits: Limits) -> str | None:
    if key not in file.attrs:
        return None
    if _declared(file.attrs.get_id(key)) > limits.text_bytes:
        raise UnsafeFile(f"The attribute {key} is too large", f"at most {limits.text_bytes} bytes", REMEDY)
    value = file.attrs[key]
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)
