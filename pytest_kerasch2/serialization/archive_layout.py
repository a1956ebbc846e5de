"""Whether the bytes of a zip archive are those of its parts and of its directory, each once, and no others.

A reader that goes by the directory at the end and one that goes through the file from the start then see the same.
"""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path
from typing import BinaryIO

from pytest_kerasch2.errors import DataDamaged, UnsafeFile
from pytest_kerasch2.serialization.kinds import AGAIN, REMEDY

LOCAL = struct.Struct("<4s5H3L2H")
CENTRAL = struct.Struct("<4s6H3L5H2L")
END = struct.Struct("<4s4H2LH")
LOCAL_SIGN, CENTRAL_SIGN, END_SIGN = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
END_64_SIGN, DESCRIPTOR_SIGN = b"PK\x06\x06", b"PK\x07\x08"
END_64_BYTES = 76
"""A record of the end with 64 bits and the pointer to it, as Python writes them."""
DESCRIBED_BEHIND = 0x08
"""The flag of a part whose sizes stand behind it, because its writer could not go back."""
WIDE = 0xFFFFFFFF
"""What stands for a size that needs 64 bits."""


def check_layout(source: Path, parts: list[zipfile.ZipInfo]) -> dict[str, int]:
    """Return where the content of each part begins, after checking that nothing else stands in the archive.

    Args:
        source: the archive.
        parts: what its directory lists.

    Raises:
        UnsafeFile: bytes stand in front of, between or behind the parts, or the two records of a part differ.
        DataDamaged: a record is cut short.
    """
    begins = {}
    place = 0
    with source.open("rb") as file:
        for part in sorted(parts, key=lambda one: one.header_offset):
            if part.header_offset != place:
                raise _strange(f"{part.header_offset - place} bytes in front of {part.filename!r}")
            begins[part.filename] = _content(file, part)
            place = _behind(file, part, begins[part.filename])
        _check_end(file, place, len(parts), source.stat().st_size)
    return begins


def _content(file: BinaryIO, part: zipfile.ZipInfo) -> int:
    """Return where the content of a part begins; its own record has to say what the directory says of it."""
    file.seek(part.header_offset)
    sign, _, flags, method, _, _, crc, packed, unpacked, name_bytes, extra_bytes = LOCAL.unpack(_read(file, LOCAL.size))
    name = _read(file, name_bytes)
    if b"\0" in name:
        raise _strange(f"a part named {name[:60]!r}")
    stated = [(method, part.compress_type)]
    if not flags & DESCRIBED_BEHIND:
        stated += [(crc, part.CRC), (packed, part.compress_size), (unpacked, part.file_size)]
    if sign != LOCAL_SIGN or any(here not in (there, WIDE) for here, there in stated):
        raise _strange(f"{part.filename!r} is described in two ways")
    return int(part.header_offset + LOCAL.size + name_bytes + extra_bytes)


def _behind(file: BinaryIO, part: zipfile.ZipInfo, begin: int) -> int:
    """Return where a part ends, with its sizes if they stand behind it."""
    end = begin + part.compress_size
    if not part.flag_bits & DESCRIBED_BEHIND:
        return end
    file.seek(end)
    described = file.read(24)
    signed = 4 if described.startswith(DESCRIPTOR_SIGN) else 0
    for form in ("<3L", "<L2Q"):
        if described[signed:][: struct.calcsize(form)] == struct.pack(form, *_sizes(part, form)):
            return end + signed + struct.calcsize(form)
    raise _strange(f"{part.filename!r} is described in two ways")


def _sizes(part: zipfile.ZipInfo, form: str) -> tuple[int, int, int]:
    most = WIDE if form == "<3L" else 2**64 - 1
    return part.CRC, min(part.compress_size, most), min(part.file_size, most)


def _check_end(file: BinaryIO, place: int, count: int, size: int) -> None:
    """Check that the directory begins where the parts end, and that nothing but the record of the end is behind it."""
    file.seek(place)
    for _ in range(count):
        record = CENTRAL.unpack(_read(file, CENTRAL.size))
        if record[0] != CENTRAL_SIGN:
            raise _strange(f"no directory at byte {place}")
        _read(file, sum(record[10:13]))
    behind = size - file.tell()
    wide = behind == END_64_BYTES + END.size and _read(file, END_64_BYTES).startswith(END_64_SIGN)
    if behind != END.size + END_64_BYTES * wide or not _read(file, END.size).startswith(END_SIGN):
        raise _strange(f"{behind - END.size} bytes behind the directory")


def _read(file: BinaryIO, count: int) -> bytes:
    content = file.read(count)
    if len(content) < count:
        raise DataDamaged("The archive is not whole", "a record is cut short", AGAIN)
    return content


def _strange(content: str) -> UnsafeFile:
    return UnsafeFile("The archive holds more than its parts", content, REMEDY)
