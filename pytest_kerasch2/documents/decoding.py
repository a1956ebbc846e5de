"""The text of a file of which nobody has said how it is encoded."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from pytest_kerasch2.documents.document import Decoded
from pytest_kerasch2.errors import InvalidArgument

# A notebook of 10 MB is one with pictures; beyond this it is no document that somebody reads.
LARGEST = 32 * 2**20
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def read_bytes(path: Path) -> bytes:
    """Return what a file holds.

    Raises:
        InvalidArgument: it cannot be read, or is too large.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InvalidArgument("A document cannot be read", f"{path}: {reason}", "name a file that exists") from error
    if len(content) > LARGEST:
        remedy = "clear its outputs, or split it"
        raise InvalidArgument("A document is too large", f"{path}: more than {LARGEST // 2**20} MiB", remedy)
    return content


def decode(content: bytes, script: bool = False) -> Decoded:
    """Return the text of a file, with a note where it is not UTF-8.

    Args:
        content: of the file.
        script: whether it may name its encoding in a comment, as Python reads it.
    """
    encoding, notes = _encoding(content, script)
    text = content.decode(encoding, "replace" if notes else "strict")
    newline = "\r\n" if text.count("\r\n") > text.count("\n") / 2 else "\n"
    if "\0" in text:
        notes = (*notes, "it holds null characters; they are read as blanks")
        text = text.replace("\0", " ")
    return Decoded(re.sub("\r\n?", "\n", text), encoding, newline, notes)


def _encoding(content: bytes, script: bool) -> tuple[str, tuple[str, ...]]:
    for mark, name in _MARKS:
        if content.startswith(mark) and _decodes(content, name):
            return name, ()
    named = _named(content) if script else None
    if named is not None and _decodes(content, named):
        return named, ()
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        name = "cp1252" if _decodes(content, "cp1252") else "latin-1"
        wrong = f"byte 0x{content[error.start]:02x} on line {line}"
        return name, (f"it is not UTF-8 ({wrong}); it is read as {name}, so letters may be wrong",)
    return "utf-8", ()


def _named(content: bytes) -> str | None:
    for line in content.split(b"\n", 2)[:2]:
        cookie = _COOKIE.match(line)
        if cookie:
            try:
                return codecs.lookup(cookie.group(1).decode("ascii")).name
            except (LookupError, UnicodeDecodeError):
                return None
    return None


def _decodes(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except (UnicodeError, LookupError, ValueError):
        return False
    return True
