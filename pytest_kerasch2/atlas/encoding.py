"""Merges what was walked on releases into the atlas: each name once, with what it is on which of them."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping, Sequence

from pytest_kerasch2 import files
from pytest_kerasch2.atlas.atlas_file import ATLAS, SIZE, AtlasData, WalkedColumn, pack
from pytest_kerasch2.errors import BadAtlas

# Of several names of one thing, the one under which it is described: Keras's own first, an old one last.
_ORDER = ("keras.", "tf.keras.", "tf.")
_MOVED = re.compile(r"^(tensorflow\.python\.keras|tensorflow_core\.python\.keras|tf_keras\.src|keras\.src)\b")
# A member of a class that no name leads to, such as one of a base that is not public.
HIDDEN = "~"


@dataclass(frozen=True)
class WalkedRelease:
    """What was walked on a release.

    Attributes:
        heading: name, label and series of the column.
        walk: what `walking` wrote.
    """

    heading: Mapping[str, Any]
    walk: Mapping[str, Any]


def write_atlas(releases: Sequence[WalkedRelease], path: Path = ATLAS) -> int:
    """Merge releases, in the order of the table, into a file; return its size.

    Raises:
        BadAtlas: it is larger than what may be shipped.
        CannotWrite: it cannot be written.
    """
    packed = pack(merge(releases))
    if len(packed) > SIZE:
        raise BadAtlas("An atlas of names is too large", f"{len(packed)} bytes", f"ship at most {SIZE}")
    files.write_bytes(packed, path)
    return len(packed)


def merge(releases: Sequence[WalkedRelease]) -> AtlasData:
    """Return the atlas of releases, in the order of the table."""
    signatures: dict[str, int] = {}
    states = [_states(one.walk, signatures) for one in releases]
    names = sorted({name for one in states for name in one})
    places = {name: at for at, name in enumerate(names)}
    written = [{name: _written(state, places) for name, state in one.items()} for one in states]
    lines = ["\t".join([name, *_ranges([one.get(name) for one in written])]) for name in names]
    return AtlasData(tuple(_column(one) for one in releases), list(signatures), lines)


def _column(one: WalkedRelease) -> WalkedColumn:
    versions = one.walk["versions"]
    return WalkedColumn(
        one.heading["name"], one.heading["label"], one.heading["series"], tuple(one.walk["doors"]),
        versions["tensorflow"], versions["keras"], versions.get("inside"),
    )  # fmt: skip


def _ranges(states: Sequence[str | None]) -> list[str]:
    """Return the states of a name, with the first and the last release of each."""
    ranges: list[tuple[int, int, str]] = []
    for at, state in enumerate(states):
        if state is None:
            continue
        if ranges and ranges[-1][1] == at - 1 and ranges[-1][2] == state:
            ranges[-1] = (ranges[-1][0], at, state)
        else:
            ranges.append((at, at, state))
    return [f"{first}-{last}:{state}" for first, last, state in ranges]


def _states(walk: Mapping[str, Any], signatures: dict[str, int]) -> dict[str, tuple[str, list[str], str]]:
    """Return of each name of a release: its state up to places of names, these names, and what follows them."""
    titles = _titles(walk)
    states: dict[str, tuple[str, list[str], str]] = {}
    for name, (kind, place) in walk["names"].items():
        if place is None:
            states[name] = (kind, [], "")
        elif titles[place] != name:
            states[name] = ("=", [titles[place]], "")
    for place, title in titles.items():
        described = walk["objects"][place]
        signature = _signature(described["parameters"], signatures)
        if described["kind"] == "f":
            states[title] = (f"f{signature}", [], "")
            continue
        bases = [titles[one] for one in described["bases"]]
        states[title] = (f"c{signature};", bases, "!" if described["open"] else "")
        for member, (kind, written) in described["members"].items():
            of_member = f"f{_signature(written, signatures)}" if kind == "f" else kind
            states.setdefault(f"{title}.{member}", (of_member, [], ""))
    return states


def _written(state: tuple[str, list[str], str], places: Mapping[str, int]) -> str:
    before, names, after = state
    return before + ",".join(str(places[name]) for name in names) + after


def _signature(written: Sequence[str] | None, signatures: dict[str, int]) -> int:
    text = "?" if written is None else "\t".join(" ".join(one.split()) for one in written)
    return signatures.setdefault(text, len(signatures))


def _titles(walk: Mapping[str, Any]) -> dict[int, str]:
    """Return the name under which each class and function is described."""
    names: dict[int, list[str]] = defaultdict(list)
    for name, (_, place) in walk["names"].items():
        if place is not None:
            names[place].append(name)
    titles = {place: min(listed, key=_rank) for place, listed in names.items()}
    taken = set(titles.values())
    for place, described in enumerate(walk["objects"]):
        if place in titles:
            continue
        title = hidden = HIDDEN + _MOVED.sub("keras", described["at"]).replace("\t", " ").replace("\n", " ")
        number = 1
        while title in taken:
            number += 1
            title = f"{hidden}#{number}"
        titles[place] = title
        taken.add(title)
    return titles


def _rank(name: str) -> tuple[int, int, int, str]:
    old = ".compat." in name or ".experimental." in name or ".legacy." in name
    door = next((at for at, one in enumerate(_ORDER) if name.startswith(one)), len(_ORDER))
    return int(old), door, len(name), name
