"""Where a data set comes from: mirror, the user's Keras cache, the network; for the digits alone, scikit-learn.

The user's cache is only read. Downloads go to a folder of ours: a private one in the system's temporary folder, unless
the caller names another.
"""

from __future__ import annotations

import dataclasses
import os
import pathlib
import stat
import tempfile
from typing import TYPE_CHECKING, Sequence, Union

import numpy as np

from pytest_kerasch2.data import digests, embedded, fetch, postprocessing
from pytest_kerasch2.data.archives import damaged
from pytest_kerasch2.data.places import MIRROR_VARIABLE as MIRROR_VARIABLE
from pytest_kerasch2.data.places import keras_caches as keras_caches
from pytest_kerasch2.data.places import store_path
from pytest_kerasch2.data.registry import ArrayFacts, DataRecord, record_of
from pytest_kerasch2.errors import DataDamaged, DataMissing, DownloadFailed, InvalidArgument

if TYPE_CHECKING:
    from typing import Any

    import numpy.typing as npt

Folder = Union[str, "os.PathLike[str]"]

_QUARTET = ("x_train", "y_train", "x_test", "y_test")


@dataclasses.dataclass(frozen=True, eq=False)
class DataSet:
    """Four named arrays, read-only, and where they came from.

    Args:
        name: as in ``registry.NAMES``, or "digits".
        source: "mirror", "keras cache", "download", "embedded" or "stand-in".
        origin: the path or address behind the source.
        digest: SHA-256 over names, types, shapes and bytes of the arrays: equal digests, equal data.
        facts: shape, type, meaning and unit of each array.
        notes: what was passed over on the way, such as a damaged file in the cache of Keras.
    """

    name: str
    x_train: npt.NDArray[Any]
    y_train: npt.NDArray[Any]
    x_test: npt.NDArray[Any]
    y_test: npt.NDArray[Any]
    source: str
    origin: str
    digest: str
    facts: tuple[ArrayFacts, ...]
    licence: str
    notes: tuple[str, ...] = ()

    @property
    def description(self) -> str:
        """Return one line per array: name, shape, type, meaning and unit."""
        arrays = [getattr(self, facts.name) for facts in self.facts]
        return "\n".join(
            f"{facts.name}: {array.shape} {array.dtype}, {facts.meaning}" for facts, array in zip(self.facts, arrays)
        )


def load(
    name: str,
    *,
    mirror: Folder | None = None,
    cache: Folder | None = None,
    offline: bool = False,
    store: Folder | None = None,
    progress: fetch.Progress | None = None,
) -> DataSet:
    """Return a data set as ``load_data()`` would with its default arguments, identified by hash, from the first source.

    Args:
        name: one of ``registry.NAMES``, or "digits" for the small embedded set, which never stands in for MNIST.
        mirror: a folder with the archives; by default what KERASCH2_MIRROR names, if anything.
        cache: a folder ``datasets`` of Keras; by default those under KERAS_HOME and under ``~/.keras``. Never written.
        offline: forbid the network. Earlier downloads are used all the same.
        store: where downloads go; by default ``default_store()``.
        progress: called during a download with bytes so far, bytes in all or None, seconds left or None.

    Raises:
        InvalidArgument: an unknown name, or a mirror that is not a folder, or empty.
        DataDamaged: an archive of the mirror is not what its name says, or offline one of the cache or store.
        DataMissing: the data set is nowhere that may be looked into.
        DownloadFailed: the network did not give it whole.
    """
    if name == "digits":
        return _embedded()
    record = record_of(name)
    data = _in_mirror(record, os.environ.get(MIRROR_VARIABLE) or None if mirror is None else mirror)
    if data is not None:
        return data
    notes: list[DataDamaged] = []
    data = _in_cache(record, keras_caches() if cache is None else (pathlib.Path(cache),), notes)
    if data is None:
        data = _from_network(record, store, offline, progress, notes)
    return dataclasses.replace(data, notes=tuple(str(note) for note in notes))


def data_set(record: DataRecord, paths: Sequence[pathlib.Path], *, source: str, origin: str = "") -> DataSet:
    """Return the data set that archives hold; anything but a "stand-in" must also be the genuine data, told by hash.

    Raises:
        DataDamaged: an archive is unreadable, of another shape or type, or not the genuine one.
    """
    if source != "stand-in" and not record.arrays_are_known:
        for archive, path in zip(record.archives, paths):
            _genuine_file(path, archive.published)
    stored = postprocessing.read(record, paths)
    if source != "stand-in" and record.arrays_are_known:
        for facts in record.stored:
            _genuine_array(paths[0], facts, stored[facts.name])
    arrays = postprocessing.assembled(record, stored)
    return _finished(record.name, arrays, source, origin or str(paths[0]), (record.arrays, record.licence))


def default_store() -> pathlib.Path:
    """Return the folder for downloads: of this user alone, in the temporary folder, made with mode 700.

    Raises:
        DownloadFailed: it cannot be made, or somebody else owns it.
    """
    folder = store_path(tempfile.gettempdir())
    remedy = "remove it, or choose another temporary folder with TMPDIR"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
    except OSError as error:
        raise DownloadFailed(f"The download folder {folder} cannot be made", str(error), remedy) from error
    # In a shared temporary folder anybody can make a folder, or a link, of this name first.
    if not stat.S_ISDIR(status.st_mode) or (hasattr(os, "getuid") and status.st_uid != os.getuid()):
        raise DownloadFailed(f"The download folder {folder} is not ours", f"its owner is {status.st_uid}", remedy)
    return folder


def check_mirror(mirror: Folder) -> pathlib.Path:
    """Return the mirror as a path, once it is known to be a folder with something in it.

    Raises:
        InvalidArgument: it is missing, empty, unreadable, or no folder.
    """
    folder = pathlib.Path(mirror)
    remedy = f"name a folder with archives of Keras, such as mnist.npz, by --chapter-mirror=DIR or {MIRROR_VARIABLE}"
    happened = f"The mirror {str(folder)!r} cannot be used"
    if not folder.is_dir():
        raise InvalidArgument(happened, "it is a file" if folder.exists() else "it does not exist", remedy)
    try:
        empty = not any(folder.iterdir())
    except OSError as error:
        raise InvalidArgument(happened, str(error), remedy) from error
    if empty:
        raise InvalidArgument(happened, "it is empty", remedy)
    return folder


def _in_mirror(record: DataRecord, mirror: Folder | None) -> DataSet | None:
    if mirror is None:
        return None
    folder = check_mirror(mirror)
    paths = [_first(folder, (archive.file, *archive.cached_as)) for archive in record.archives]
    here = [path for path in paths if path is not None]
    if not here:
        return None
    if len(here) < len(paths):
        absent = record.archives[paths.index(None)].file
        raise damaged(here[0], f"{len(here)} of the {len(paths)} files of {record.name}; {absent} is not beside it")
    return data_set(record, here, source="mirror")


def _in_cache(record: DataRecord, folders: Sequence[pathlib.Path], notes: list[DataDamaged]) -> DataSet | None:
    for folder in folders:
        paths = [_first(folder, archive.cached_as) for archive in record.archives]
        here = [path for path in paths if path is not None]
        if len(here) == len(paths):
            try:
                return data_set(record, here, source="keras cache")
            except DataDamaged as error:
                notes.append(error)
    return None


def _from_network(
    record: DataRecord,
    store: Folder | None,
    offline: bool,
    progress: fetch.Progress | None,
    notes: list[DataDamaged],
) -> DataSet:
    folder = default_store() if store is None else pathlib.Path(store)
    if offline:
        paths = [folder / archive.file for archive in record.archives]
        if not all(path.is_file() for path in paths):
            if notes:
                raise notes[0]
            raise _missing(record)
    else:
        try:
            paths = [fetch.fetch(archive, folder, progress=progress) for archive in record.archives]
        except DownloadFailed as error:
            if not notes:
                raise
            reasons = f"{error.found}; and the copy in the cache of Keras is damaged: {notes[0].found}"
            raise DownloadFailed(error.happened, reasons, error.remedy) from error
    return data_set(record, paths, source="download", origin=" ".join(archive.origin for archive in record.archives))


def _first(folder: pathlib.Path, names: Sequence[str]) -> pathlib.Path | None:
    # is_symlink: a dangling link under the right name is a damaged archive, not an absent one.
    return next((folder / name for name in names if (folder / name).exists() or (folder / name).is_symlink()), None)


def _missing(record: DataRecord) -> DataMissing:
    files = ", ".join(archive.file for archive in record.archives)
    return DataMissing(
        f"The data set {record.name} is not on this machine",
        "no mirror with it, no copy in the cache of Keras, no earlier download, and the network is forbidden",
        f"put {files} into a folder and name it with --chapter-mirror=DIR or the variable {MIRROR_VARIABLE};"
        f" or run once without --chapter-offline (from {record.archives[0].origin})",
    )


def _genuine_file(path: pathlib.Path, published: tuple[str, str]) -> None:
    algorithm, expected = published
    try:
        actual = digests.digest_of_file(path, algorithm)
        size = path.stat().st_size
    except OSError as error:
        raise damaged(path, f"{type(error).__name__}: {error}") from error
    if actual != expected:
        raise damaged(path, f"{size} bytes of {algorithm} {actual}, where {expected} was expected")


def _genuine_array(path: pathlib.Path, facts: ArrayFacts, array: npt.NDArray[Any]) -> None:
    actual = digests.digest_of_array(array)
    if actual != facts.sha256:
        raise damaged(path, f"{facts.name} whose bytes have sha256 {actual}, where {facts.sha256} was expected")


def _embedded() -> DataSet:
    return _finished("digits", embedded.digits(), "embedded", embedded.ORIGIN, (embedded.FACTS, embedded.LICENCE))


def _finished(
    name: str, arrays: postprocessing.Quartet, source: str, origin: str, about: tuple[tuple[ArrayFacts, ...], str]
) -> DataSet:
    # Shared by every test of a run, so nobody may write to them.
    views = [np.asarray(array).view() for array in arrays]
    for view in views:
        view.flags.writeable = False
    digest = digests.digest_of_arrays(zip(_QUARTET, views))
    x_train, y_train, x_test, y_test = views
    return DataSet(name, x_train, y_train, x_test, y_test, source, origin, digest, *about)
