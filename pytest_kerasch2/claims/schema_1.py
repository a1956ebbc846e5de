"""Files of schema 1, written before the words of the design were settled, read as files of schema 2."""

from __future__ import annotations

from typing import Any

OLD, NEW = 1, 2
KEYS = {"deviation": "known_issue", "instead": "workarounds", "could_not_tell": "inconclusive"}
# Under these a verdict stands.
VERDICTS = ("verdict", "expected")
# Under these stand results by claim, by release, and their counts; all else is carried over as it is.
NESTED = ("claims", "outcomes", "releases", "counts")


def upgraded(data: Any) -> Any:
    """Return results or a table of schema 1 in the words of schema 2; anything else as it is.

    Nothing is checked here: whoever reads the file checks what this returns.
    """
    if not isinstance(data, dict) or type(data.get("schema")) is not int or data["schema"] != OLD:
        return data
    return {**_renamed(data), "schema": NEW}


def _renamed(data: Any) -> Any:
    if isinstance(data, list):
        return [_renamed(one) for one in data]
    if not isinstance(data, dict):
        return data
    return {KEYS.get(key, key): _value(key, value) for key, value in data.items()}


def _value(key: str, value: Any) -> Any:
    if key in VERDICTS and isinstance(value, str):
        return KEYS.get(value, value)
    return _renamed(value) if key in NESTED else value
