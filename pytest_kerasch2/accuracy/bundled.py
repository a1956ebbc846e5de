"""The references that come with this package, known by their hashes."""

from __future__ import annotations

import json
from pathlib import Path

from pytest_kerasch2.accuracy import reference
from pytest_kerasch2.accuracy.reference import Reference
from pytest_kerasch2.errors import BadReference, InvalidArgument
from pytest_kerasch2.suggestions import did_you_mean

FOLDER = Path(__file__).parent / "references"
HASHES = FOLDER / "hashes.json"


def names() -> tuple[str, ...]:
    """Return the names of all, in order."""
    return tuple(sorted(_hashes()))


def load(name: str) -> Reference:
    """Return a reference by its name, such as `mnist-tensorflow-2.21`.

    Raises:
        InvalidArgument: none is called so.
        BadReference: its file is not the one that was shipped.
    """
    known = _hashes()
    if name not in known:
        near = did_you_mean(name, names(), before="; ")
        raise InvalidArgument("There is no such reference", repr(name), f"say one of {', '.join(names())}{near}")
    path = FOLDER / f"{name}.jsonl"
    found = reference.digest(path) if path.exists() else "no file"
    if found != known[name]:
        raise BadReference("A shipped reference was changed", f"{path.name}: {found}", "install this package anew")
    return reference.read(path)


def find(named: str) -> Reference:
    """Return a reference by the name of one that is shipped, or by the path of a file.

    Raises:
        InvalidArgument: it is neither.
        BadReference: the file is damaged, or is not the one that was shipped.
    """
    if named in _hashes():
        return load(named)
    path = Path(named)
    if not path.exists():
        known = ", ".join(names())
        near = did_you_mean(named, names(), before="; ")
        remedy = f"name a file of kerasch2 calibrate, or {known}{near}"
        raise InvalidArgument("There is no such reference", repr(named), remedy)
    return reference.read(path)


def _hashes() -> dict[str, str]:
    return dict(json.loads(HASHES.read_text(encoding="utf-8")))
