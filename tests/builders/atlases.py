"""Atlases of names that nobody walked."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from pytest_kerasch2.atlas import encoding
from pytest_kerasch2.atlas.atlas_file import AtlasData
from pytest_kerasch2.atlas.encoding import WalkedRelease

Names = Mapping[str, Any]


def walk_of(names: Names, tensorflow: str | None = None, keras: str | None = None) -> dict[str, Any]:
    """Return what a walk would have written.

    Args:
        names: by name, a kind alone; the parameters of a function as a list; or a class as a mapping with `parameters`,
            `members`, `bases` and `open`. A text that begins with `=` is another name of the same thing.
        tensorflow: version of the release.
        keras: likewise.
    """
    objects: list[dict[str, Any]] = []
    places: dict[str, int] = {}
    listed: dict[str, Any] = {}
    for name, what in names.items():
        if isinstance(what, str) and not what.startswith("="):
            listed[name] = [what, None]
        elif not isinstance(what, str):
            places[name] = len(objects)
            objects.append(_described(what, places))
            listed[name] = [objects[-1]["kind"], places[name]]
    for name, what in names.items():
        if isinstance(what, str) and what.startswith("="):
            listed[name] = listed[what[1:]]
    doors = sorted({name.split(".")[0] for name in names})
    return {
        "schema": 1,
        "versions": {"tensorflow": tensorflow, "keras": keras},
        "doors": doors,
        "names": listed,
        "objects": objects,
    }


def _described(what: Any, places: Mapping[str, int]) -> dict[str, Any]:
    if isinstance(what, list):
        return {"kind": "f", "at": "m:f", "parameters": what}
    return {
        "kind": "c",
        "at": "m:c",
        "parameters": what.get("parameters", []),
        "members": {name: ["f", one] for name, one in what.get("members", {}).items()},
        "bases": [places[one] for one in what.get("bases", ())],
        "open": what.get("open", False),
    }


def atlas_of(*releases: tuple[str, str | None, Names], series: Sequence[str] = ()) -> AtlasData:
    """Return the atlas of releases, each by its TensorFlow, its Keras and its names."""
    walked = []
    for at, (tensorflow, keras, names) in enumerate(releases):
        kind = series[at] if series else "tensorflow"
        heading = {"name": f"{kind}-{at}", "label": f"TensorFlow {tensorflow}", "series": kind}
        walked.append(WalkedRelease(heading, walk_of(names, tensorflow, keras)))
    return encoding.merge(walked)
