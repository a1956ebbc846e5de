"""A digest beside a saved file, in a file of its own that ``sha256sum --check`` reads: ``model.h5.sha256``.

HDF5 has no checksum of its numbers, so a bit that a disk or a copy has flipped in the weights of an ``.h5`` file is
loaded as another number. A digest finds it. It does not tell who made the file.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from pytest_kerasch2.errors import DataDamaged, InvalidArgument
from pytest_kerasch2.files import write_text
from pytest_kerasch2.serialization import architecture, shards
from pytest_kerasch2.serialization.kinds import SHARDS
from pytest_kerasch2.serialization.limits import MIB, Limits

SUFFIX = ".sha256"
LINE = re.compile(r"(\\?)([0-9a-fA-F]{64}) [ *]([^\r\n]+)")
"""As sha256sum writes it: a backslash in front says that the name has some that stand for others."""
COPY = "restore the file from a copy, or save it again"
RENEW = "if the file is the right one, write the digest anew with serialization.write_digest"


def digest_file(path: Any) -> Path:
    """Return the path of the digest of a file."""
    return Path(f"{path}{SUFFIX}")


def write_digest(path: Any) -> Path:
    """Write the digest of a file beside it, and return its path; for an index of shards, with those of its files.

    Raises:
        InvalidArgument: there is no such file.
        CannotWrite: its folder cannot be written.
        UnsafeFile: an index of shards names a file elsewhere.
        DataDamaged: an index of shards cannot be read, or a file that it names is missing.
    """
    source = Path(path)
    if not source.is_file():
        raise InvalidArgument(f"There is no file {str(source)!r} to make a digest of", "", "correct the path")
    write_text("".join(_line(_digest(part), part.name) for part in _parts(source)), digest_file(source))
    return digest_file(source)


def check_digest(path: Any, demanded: bool = True) -> None:
    """Compare a file with the digest beside it.

    Args:
        path: the file.
        demanded: whether a file without a digest is an error.

    Raises:
        InvalidArgument: a digest is demanded, and there is none.
        DataDamaged: the file has changed since its digest was written, or the digest cannot be read.
    """
    source = Path(path)
    beside = digest_file(source)
    if not beside.is_file():
        if demanded:
            raise InvalidArgument("There is no digest beside the file", repr(str(beside)), "save it with digest=True")
        return
    listed = _listed(beside)
    for name in [source.name, *sorted(set(listed) - {source.name})]:
        _compare(source.with_name(name), listed.get(name), beside)
    for part in _parts(source):
        if part.name not in listed:
            raise DataDamaged("The digest does not list a file", f"{part.name} is not in {beside.name}", RENEW)


def _compare(part: Path, expected: str | None, beside: Path) -> None:
    if expected is None:
        raise DataDamaged("The digest does not list a file", f"{part.name} is not in {beside.name}", RENEW)
    if not part.is_file():
        raise DataDamaged("A file that a digest lists is missing", repr(str(part)), COPY)
    actual = _digest(part)
    if actual != expected:
        difference = f"the SHA-256 of {part.name} is {actual[:16]}..., and {beside.name} says {expected[:16]}..."
        raise DataDamaged("The file is not as it was saved", difference, f"{COPY}; {RENEW}")


def _listed(beside: Path) -> dict[str, str]:
    """Return the digests in a file by the names of the files, all of which lie beside it."""
    with beside.open("rb") as stream:
        content = stream.read(MIB + 1)
    lines = content[:MIB].decode("utf-8", "replace").splitlines()
    matches = [LINE.fullmatch(line) for line in lines]
    listed = {_name(*one.group(1, 3)): one[2].lower() for one in matches if one is not None}
    if len(listed) < max(len(lines), 1) or len(content) > MIB or any(re.search(r"[/\0]", name) for name in listed):
        raise DataDamaged("The digest cannot be read", f"{beside.name} is not what sha256sum writes", RENEW)
    return listed


def _line(digest: str, name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    return f"{chr(92) if escaped != name else ''}{digest}  {escaped}\n"


def _name(escaped: str, name: str) -> str:
    if not escaped:
        return name
    return re.sub(r"\\(.)", lambda match: {"n": "\n", "r": "\r"}.get(match[1], match[1]), name)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        for piece in iter(lambda: stream.read(MIB), b""):
            digest.update(piece)
    return digest.hexdigest()


def _parts(source: Path) -> list[Path]:
    if not source.name.endswith(SHARDS):
        return [source]
    limits = Limits()
    index = architecture.parse(shards.text_of(source, limits), "index of shards", limits)
    return [source, *shards.files(source, index, limits)]
