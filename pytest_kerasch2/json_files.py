"""The one reader of JSON: a file may come from anybody, so what it may cost and hold is bounded."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable


class BadJson(ValueError):
    """A text is not JSON within the limits; the message says where or why, without quoting the text."""


class LargeJson(BadJson):
    """A text has more bytes, values or levels than the limits."""


@dataclass(frozen=True)
class JsonLimits:
    """What a JSON text may be.

    Attributes:
        size: bytes of the text.
        values: commas and brackets, which bound the number of values before any is made.
        depth: containers within containers.
        digits: characters of one number; an integer of 64 bits has at most 20.
    """

    size: int = 24 * 2**20
    values: int = 1_000_000
    depth: int = 100
    digits: int = 400


def read_json(
    path: Path,
    limits: JsonLimits = JsonLimits(),
    on_constant: Callable[[str], Any] | None = None,
) -> Any:
    """Return the value that a JSON file holds; see `parse_json`.

    Raises:
        OSError: the file cannot be read.
        BadJson: it is larger than the limits, not UTF-8, or not JSON within them.
    """
    with path.open("rb") as stream:
        content = stream.read(limits.size + 1)
    return parse_json(content, limits, on_constant)


def parse_json(
    content: str | bytes,
    limits: JsonLimits = JsonLimits(),
    on_constant: Callable[[str], Any] | None = None,
) -> Any:
    """Return the value of a JSON text.

    Args:
        content: the text, or its bytes in UTF-8.
        limits: what it may be.
        on_constant: what `NaN`, `Infinity` and `-Infinity` become, which are not JSON; by default they are refused.

    Raises:
        BadJson: it is not JSON, gives a name twice, holds a number that a float cannot hold or half of a character, or
            is larger or deeper than the limits (`LargeJson`).
    """
    encoded = _encoded(content)
    _check_size(encoded, limits)
    try:
        value = json.loads(
            encoded.decode("utf-8"),
            parse_constant=on_constant or _reject_constant,
            parse_float=lambda text: _number(text, float, limits),
            parse_int=lambda text: _number(text, int, limits),
            object_pairs_hook=_unique,
        )
    except RecursionError:
        raise LargeJson(f"nested more than {limits.depth} deep") from None
    except UnicodeDecodeError as error:
        raise BadJson(f"byte {error.start} is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise BadJson(str(error)) from None
    _check_values(value, limits)
    return value


def _encoded(content: str | bytes) -> bytes:
    if isinstance(content, bytes):
        return content
    try:
        return content.encode("utf-8")
    except UnicodeEncodeError as error:
        raise BadJson(f"character {error.start} is half of a character") from None


def _check_size(encoded: bytes, limits: JsonLimits) -> None:
    if len(encoded) > limits.size:
        raise LargeJson(f"more than {limits.size} bytes")
    values = sum(map(encoded.count, (b",", b"[", b"{")))
    if values > limits.values:
        raise LargeJson(f"more than {limits.values} values")


def _reject_constant(name: str) -> Any:
    raise BadJson(f"{name} is not a number of JSON")


def _number(text: str, kind: Callable[[str], Any], limits: JsonLimits) -> Any:
    if len(text) > limits.digits:
        raise BadJson(f"a number of {len(text)} characters")
    value = kind(text)
    try:
        in_range = math.isfinite(value)
    except OverflowError:
        in_range = False
    if not in_range:
        raise BadJson(f"a number that is out of range: {text[:20]}")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise BadJson(f"the name {twice[:40]!a} stands twice in one object")
    return value


def _check_values(value: Any, limits: JsonLimits) -> None:
    """Check depth and texts, without recursion: the parser of some releases takes any depth."""
    waiting = [(value, 0)]
    while waiting:
        one, depth = waiting.pop()
        if depth > limits.depth:
            raise LargeJson(f"nested more than {limits.depth} deep")
        if isinstance(one, dict):
            waiting.extend((part, depth + 1) for pair in one.items() for part in pair)
        elif isinstance(one, list):
            waiting.extend((part, depth + 1) for part in one)
        elif isinstance(one, str):
            _encoded(one)
