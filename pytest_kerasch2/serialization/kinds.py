"""How Keras will read a file, which it decides by the name, and whether anything else could be read out of it.

A file can be two at once: a zip archive is found by its last bytes, HDF5 also behind a user block of 512, 1,024, ...
bytes, a tar archive by a sum over its first 512. What is looked into has to be what is loaded, by whichever release, so
a file that has a second reader is refused.
"""

from __future__ import annotations

import struct
import tarfile
import zipfile
from pathlib import Path
from typing import Iterator

from pytest_kerasch2.errors import DataDamaged, UnsafeFile

AGAIN = "save the model again"
RENAME = "give it the name that its writer gave it; do not load it if it has that name"
REMEDY = "save the model again, or load it only if you know who made it, and then in a process of its own"
HDF5, ZIP, SHARDS = "hdf5", "zip", ".weights.json"
HDF5_START = b"\x89HDF\r\n\x1a\n"
ZIP_START = b"PK\x03\x04"
USER_BLOCK = 512
"""The smallest place at which HDF5 looks for its signature after the start of a file; it then doubles."""
TAR_HEADER = 512
CHECKPOINT = ".index"
END_OF_FILE = {0: (13, 40), 1: (13, 44), 2: (9, 28), 3: (9, 28)}
"""For each version of an HDF5 superblock: where the width of an address stands, and where the end of the file."""


def kind_of(source: Path) -> str:
    """Return how Keras will read a file.

    Raises:
        UnsafeFile: what is inside could be read in another way too.
        DataDamaged: it is no file of that kind.
    """
    if source.name.endswith(SHARDS):
        _check_no_archive(source)
        return SHARDS
    with source.open("rb") as file:
        start = file.read(len(HDF5_START))
    if start.startswith(ZIP_START) and source.name.endswith(".keras"):
        _check_no_archive(source)
        return ZIP
    if start == HDF5_START:
        check_hdf5(source)
        return HDF5
    _check_no_second(source, f"starts with {start!r}")
    raise DataDamaged("The file is neither HDF5 nor a zip archive", f"it starts with {start!r}", AGAIN)


def check_hdf5(source: Path) -> None:
    """Check that nothing but HDF5 can be read out of a file that starts with the signature of HDF5.

    Raises:
        UnsafeFile: a second file stands behind or inside it, or a checkpoint of its name beside it.
    """
    _check_no_second(source, "starts as HDF5", hdf5=False)
    _check_no_archive(source)
    size, end = source.stat().st_size, _end_of_hdf5(source)
    if end is not None and size > end:
        raise UnsafeFile("The file holds more than HDF5", f"{size - end} bytes behind its end", REMEDY)
    beside = source.with_name(source.name + CHECKPOINT)
    if not source.name.endswith((".h5", ".hdf5", ".keras")) and beside.exists():
        # Keras 2 then takes the name for that of a checkpoint.
        raise UnsafeFile("A checkpoint of the same name stands beside the file", repr(beside.name), RENAME)


def user_blocks(source: Path) -> Iterator[int]:
    """Yield every place but the start at which HDF5 finds its signature in a file."""
    size, place = source.stat().st_size, USER_BLOCK
    with source.open("rb") as file:
        while place < size:
            file.seek(place)
            if file.read(len(HDF5_START)) == HDF5_START:
                yield place
            place *= 2


def _check_no_second(source: Path, seen: str, hdf5: bool = True) -> None:
    second = "a zip archive" if zipfile.is_zipfile(str(source)) else None
    place = next(user_blocks(source), None) if hdf5 else None
    if second is None and place is not None:
        second = f"HDF5 from byte {place} on"
    if second is not None:
        names = f"{source.name} {seen} and can be read as {second}"
        raise UnsafeFile("The name of the file does not fit what is in it", names, RENAME)


def _check_no_archive(source: Path) -> None:
    with source.open("rb") as file:
        header = file.read(TAR_HEADER)
    try:
        tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape")
    except tarfile.TarError:
        return
    names = f"{source.name} can be read as a tar archive"
    raise UnsafeFile("The name of the file does not fit what is in it", names, RENAME)


def _end_of_hdf5(source: Path) -> int | None:
    """Return where an HDF5 file says that it ends, or None where HDF5 itself has to judge its first bytes."""
    with source.open("rb") as file:
        start = file.read(64)
    width, place = END_OF_FILE.get(start[8] if len(start) == 64 else -1, (0, 0))
    if not place or start[width] != struct.calcsize("<Q"):
        return None
    return int(struct.unpack_from("<Q", start, place)[0])
