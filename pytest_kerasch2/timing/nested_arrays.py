"""Nested structures of arrays: mappings, lists and tuples of them, as `fit` takes them for inputs and targets."""

from __future__ import annotations

import numbers
from typing import Any, Callable, Iterator, Mapping

Path = str


def is_structure(value: Any) -> bool:
    """Whether a value holds others: a mapping, a list or a tuple."""
    return isinstance(value, (Mapping, list, tuple))


def leaves(value: Any, path: Path = "") -> Iterator[tuple[Path, Any]]:
    """Return each value that is no structure, with its place in words, such as ``x['a']``; None is left out."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from leaves(one, f"{path}[{key!r}]")
    elif isinstance(value, (list, tuple)):
        for place, one in enumerate(value):
            yield from leaves(one, f"{path}[{place}]")
    elif value is not None:
        yield path, value


def values(value: Any) -> list[Any]:
    """Return the leaves without their places."""
    return [one for _, one in leaves(value)]


def mapped(function: Callable[..., Any], value: Any, *others: Any) -> Any:
    """Return the same structure with what a function makes of each leaf.

    Args:
        others: structures like the first; the function takes a leaf of each.
    """
    if isinstance(value, Mapping):
        return {key: mapped(function, one, *(other[key] for other in others)) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        values = [mapped(function, one, *rest) for one, *rest in zip(value, *others)]
        return rebuilt(value, values)
    return None if value is None else function(value, *others)


def rebuilt(like: Any, values: list[Any]) -> Any:
    """Return a list, a tuple or a named tuple with other values."""
    return type(like)(*values) if hasattr(like, "_fields") else type(like)(values)


def is_plain(value: Any) -> bool:
    """Whether a value is a number or a text, or a list of such lists: an array that is written out."""
    if isinstance(value, (list, tuple)):
        return bool(value) and all(map(is_plain, value))
    return isinstance(value, (numbers.Number, str, bytes))
