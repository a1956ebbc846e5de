"""Unpacking a ``.keras`` archive without following its names out of the folder or its sizes into the memory."""

from __future__ import annotations

import contextlib
import shutil
import stat
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator

from pytest_kerasch2 import folders
from pytest_kerasch2.errors import DataDamaged, KerasCh2Error, UnsafeFile
from pytest_kerasch2.serialization.architecture import REMEDY
from pytest_kerasch2.serialization.archive_layout import check_layout
from pytest_kerasch2.serialization.kinds import AGAIN, user_blocks
from pytest_kerasch2.serialization.limits import Limits

CONFIG = "config.json"
METADATA = "metadata.json"
WEIGHTS = "model.weights.h5"

DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError, KeyError)
"""What damaged bytes make ``zipfile`` raise beside its own error; an unknown method, for one, is not implemented."""


@dataclass(frozen=True)
class Members:
    """The three parts of an archive: two texts, and the path of the weights while they are unpacked."""

    config: bytes
    metadata: bytes
    weights: Path


@contextlib.contextmanager
def unpacked(source: Path, limits: Limits) -> Iterator[Members]:
    """Yield the parts of an archive; the weights lie in a temporary folder as long as the context lasts.

    Every part is read to its end, which is what makes ``zipfile`` compare its checksum.

    Raises:
        UnsafeFile: a name leads out of the archive, a part is a link, code or a bomb.
        DataDamaged: it is no archive, a part is missing, or a checksum does not fit.
    """
    with folders.temporary("unpacked") as folder:
        yield _extract(source, folder / WEIGHTS, limits)


def _extract(source: Path, target: Path, limits: Limits) -> Members:
    try:
        with zipfile.ZipFile(str(source)) as archive:
            _check_members(archive, source.stat().st_size, limits)
            _check_no_hdf5(source, check_layout(source, archive.infolist()))
            texts = {name: _text(archive, name, limits) for name in (CONFIG, METADATA)}
            with archive.open(WEIGHTS) as packed, target.open("wb") as unpacked:
                shutil.copyfileobj(packed, unpacked)
            for name in archive.namelist():
                _read_out(archive, name)
    except KerasCh2Error:  # some of them are such errors too
        raise
    except DAMAGE as error:
        raise DataDamaged("The archive is not whole", f"{type(error).__name__}: {error}"[:300], AGAIN) from error
    return Members(texts[CONFIG], texts[METADATA], target)


def _check_members(archive: zipfile.ZipFile, size: int, limits: Limits) -> None:
    infos = archive.infolist()
    names = [info.filename for info in infos]
    if len(infos) > limits.members or len(set(names)) < len(names):
        raise UnsafeFile("The archive has too many parts, or one twice", f"{len(infos)} parts", REMEDY)
    unpacked_bytes = sum(info.file_size for info in infos)
    if unpacked_bytes > limits.total_bytes or unpacked_bytes > size * limits.expansion:
        raise UnsafeFile("The archive grows too much", f"{size} bytes declare {unpacked_bytes}", REMEDY)
    for info in infos:
        _check_name(info)
    missing = {CONFIG, METADATA, WEIGHTS} - set(names)
    if missing:
        raise DataDamaged("The archive lacks a part", ", ".join(sorted(missing)), AGAIN)


def _check_name(info: Any) -> None:
    name = info.filename
    parts = name.replace("\\", "/").split("/")
    outside = name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0]
    if outside or stat.S_ISLNK(info.external_attr >> 16):
        raise UnsafeFile("A part of the archive leads out of it", repr(name)[:120], REMEDY)
    if name not in (CONFIG, METADATA, WEIGHTS) and parts[0] != "assets":
        # Among them model.weights.npz, which Keras unpickled up to 3.8.0.
        raise UnsafeFile("The archive has a part that no model needs", repr(name)[:120], REMEDY)


def _check_no_hdf5(source: Path, begins: dict[str, int]) -> None:
    # The weights are HDF5, and may happen to begin where HDF5 looks; they are looked into themselves.
    for place in set(user_blocks(source)) - {begins[WEIGHTS]}:
        raise UnsafeFile("The archive can be read as HDF5 too", f"from byte {place} on", REMEDY)


def _text(archive: zipfile.ZipFile, name: str, limits: Limits) -> bytes:
    if archive.getinfo(name).file_size > limits.text_bytes:
        raise UnsafeFile(f"The part {name} is too large", f"at most {limits.text_bytes} bytes", REMEDY)
    return archive.read(name)


def _read_out(archive: zipfile.ZipFile, name: str) -> None:
    with archive.open(name) as part:
        while part.read(2**20):
            pass
