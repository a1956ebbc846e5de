"""`kerasch2 name`: what the atlas knows of one name, as lines."""

from __future__ import annotations

from typing import Iterator, Sequence

from pytest_kerasch2.atlas import asking
from pytest_kerasch2.atlas.asking import NameHistory
from pytest_kerasch2.atlas.atlas_file import AtlasData
from pytest_kerasch2.claims.release import ABSENT, Release
from pytest_kerasch2.errors import InvalidArgument

_TITLES = {"TensorFlow": "TensorFlow", "Keras": "Keras 3", "tf_keras": "TensorFlow with tf_keras"}
_KINDS = {"m": "module", "i": "module", "c": "class", "f": "function or method", "p": "property", "a": "attribute",
          "v": "value", "o": "name of another package"}  # fmt: skip


def lines(name: str, release: Release | None, data: AtlasData | None = None) -> list[str]:
    """Return what is known of a name.

    Args:
        name: as it is written in code.
        release: on which it is looked for, or None for the newest one.
        data: the atlas; that of this package by default.

    Raises:
        InvalidArgument: it is no name of a framework, no walked release has it, or the release was not walked.
        BadAtlas: the atlas cannot be read.
    """
    names = asking.shipped() if data is None else data
    short = asking.normal(name)
    histories = asking.lookup(short, names)
    if not any(one.spans for one in histories):
        near = asking.suggested(names, short)
        remedy = f"did you mean {' or '.join(near)}?" if near else "look at its spelling"
        raise InvalidArgument("No release that was walked has this name", short, remedy)
    meant = asking.newest(names) if release is None else release
    return [short, *(line for one in histories for line in _history(one)), *_on(names, short, meant)]


def _history(history: NameHistory) -> Iterator[str]:
    title = _TITLES[history.series]
    if not history.spans:
        yield f"  {title} {_range(history.walked[0], history.walked[-1])}: not there"
        return
    for span in history.spans:
        kind = _KINDS.get(span.kind, "not looked into")
        yield f"  {title} {_range(span.since, span.until)}: {kind}"
    if history.gone is not None:
        yield f"  {title}: gone since {history.gone}"
    if asking.has_gaps(history):
        yield f"    walked: {', '.join(history.walked)}"
    for change in history.changes:
        yield f"    since {change.boundary}: {change.text}"


def _range(first: str, last: str) -> str:
    return first if first == last else f"{first} to {last}"


def _on(data: AtlasData, name: str, release: Release) -> Sequence[str]:
    """Return what the name is on a release."""
    places = asking.targets(data, release, name)
    what = f"Keras {release.keras}" if release.tensorflow == ABSENT else f"TensorFlow {release.tensorflow}"
    if not places:
        walked = ", ".join(dict.fromkeys(one.label for one in data.releases))
        raise InvalidArgument(f"{what} was not walked, or has no {name.split('.')[0]}", "", f"name one of {walked}")
    entry = asking.resolve(data, name, places[0])
    if entry is None:
        gone = asking.gone(data, name, release)
        if gone is None or not gone.home:
            return [f"  On {what} it is not there, and no other name of it is known.", *([gone.source] if gone else [])]
        why = "the same" if gone.how == "object" else "of the same name and parameters"
        return [
            f"  On {what} it lives at {gone.home}: {why} on {gone.series} {gone.boundary.before}.",
            f"  {gone.source}",
        ]
    if entry.parameters is None:
        return [f"  On {what}: {_KINDS.get(entry.kind, 'not looked into')}"]
    return [f"  On {what}: ({', '.join(entry.parameters)})"]
