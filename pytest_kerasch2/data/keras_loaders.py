"""Keras's own ``load_data()`` run on archives of ours: its code, our files, nothing written to the user's home."""

from __future__ import annotations

import contextlib
import inspect
import os
import pathlib
from typing import Any, Callable, Iterator, Sequence
from unittest import mock

from pytest_kerasch2 import folders
from pytest_kerasch2.data import digests, http_server, sources
from pytest_kerasch2.data.registry import RECORDS
from pytest_kerasch2.errors import ClaimBroken, DataMissing, NotApplicable

Loader = Callable[..., Any]
_LOOPBACK = "127.0.0.1"


def names_in(tf: Any) -> tuple[str, ...]:
    """Return the names of the data sets that this release of Keras offers, sorted.

    Whatever under ``tf.keras.datasets`` has a ``load_data`` counts, whether the registry knows it or not.
    """
    datasets = tf.keras.datasets
    return tuple(sorted(name for name in dir(datasets) if hasattr(getattr(datasets, name), "load_data")))


class _Asked(Exception):
    """A loader asks for its file."""


def asks_for_file(loader: Loader) -> bool:
    """Return whether a loader, called without arguments, comes as far as asking for its file; none is fetched."""

    def get_file(*_: Any, **__: Any) -> Any:
        raise _Asked

    with mock.patch.dict(inspect.unwrap(loader).__globals__, {"get_file": get_file}):
        try:
            loader()
        except _Asked:
            return True
    return False


@contextlib.contextmanager
def genuine_loaders(
    tf: Any, archives: str | os.PathLike[str], names: Sequence[str] | None = None
) -> Iterator[dict[str, Loader]]:
    """Yield Keras's own ``load_data`` functions by name, fed from our archives until the block ends.

    Only three arguments of the ``get_file`` they call are replaced: the origin, by an address on loopback; the hash,
    by that of our archive (by none, where an address was given); the cache folder, by a temporary one.

    Args:
        tf: the TensorFlow module.
        archives: a folder laid out like a mirror, served on loopback meanwhile; or an address ending with a slash.
        names: which data sets; by default all that this release has and the folder holds.

    Raises:
        NotApplicable: this release does not have a data set that was named.
        InvalidArgument: the folder is none, or empty.
        DataMissing: the folder does not hold a data set that was named.
        ClaimBroken: from within a loader, where Keras kept its file elsewhere than it was told.
    """
    remote = isinstance(archives, str) and archives.startswith(("http://", "https://"))
    folder = None if remote else sources.check_mirror(archives)
    chosen = _chosen(names_in(tf), folder, names)
    with contextlib.ExitStack() as stack:
        home = stack.enter_context(folders.temporary("caches"))
        address = str(archives) if folder is None else stack.enter_context(http_server.serve(folder)).url
        # A proxy in the environment must not be asked for what lies on this very machine.
        stack.enter_context(mock.patch.dict(os.environ, {"no_proxy": _LOOPBACK, "NO_PROXY": _LOOPBACK}))
        loaders = {name: getattr(tf.keras.datasets, name).load_data for name in chosen}
        for loader in loaders.values():
            # The module that defines load_data, under whichever name it was imported: TensorFlow 2.0 has two.
            namespace = inspect.unwrap(loader).__globals__
            redirected = _redirected(namespace["get_file"], address, folder, home)
            stack.enter_context(mock.patch.dict(namespace, {"get_file": redirected}))
        yield loaders


def _chosen(offered: tuple[str, ...], folder: pathlib.Path | None, names: Sequence[str] | None) -> list[str]:
    held = [
        record.name
        for record in RECORDS
        if folder is None or all((folder / archive.file).is_file() for archive in record.archives)
    ]
    if names is None:
        return [name for name in held if name in offered]
    for name in names:
        if name not in offered:
            raise NotApplicable(
                f"This release of Keras has no data set {name}, but {', '.join(offered)}", "", "leave it out"
            )
        if name not in held:
            raise DataMissing(f"The folder {folder} has no archive of {name}", "", "make one with synthetic.make")
    return list(names)


def _redirected(get_file: Loader, address: str, folder: pathlib.Path | None, home: pathlib.Path) -> Loader:
    signature = inspect.signature(get_file)

    def get_file_of_ours(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        file = _file_of(bound.arguments["origin"])
        bound.arguments["origin"] = address + file
        bound.arguments["cache_dir"] = str(home)
        for argument in ("file_hash", "md5_hash"):
            # A loader that asks for no hash, as that of Fashion-MNIST, is given none.
            if bound.arguments.get(argument):
                bound.arguments[argument] = _hash_of(folder, file) if argument == "file_hash" else None
        path = get_file(*bound.args, **bound.kwargs)
        if home.resolve() not in pathlib.Path(path).resolve().parents:
            raise ClaimBroken(
                "Keras kept a file outside of the folder it was given", str(path), f"look for it outside {home}"
            )
        return path

    return get_file_of_ours


def _hash_of(folder: pathlib.Path | None, file: str) -> str | None:
    if folder is None or not (folder / file).is_file():
        return None
    return digests.digest_of_file(folder / file)


def _file_of(origin: str) -> str:
    for record in RECORDS:
        for archive in record.archives:
            if archive.origin == origin:
                return archive.file
    # Keras up to 2.3 took Fashion-MNIST from the home of its makers.
    name = origin.rsplit("/", 1)[-1]
    moved = (archive.file for record in RECORDS for archive in record.archives if archive.file.endswith(f"/{name}"))
    return next(moved, name)
