"""All known changes, and what is found of them in code; a rewrite that no run has proven is not made."""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Iterable, Mapping

from pytest_kerasch2.changes import (
    compile_changes,
    file_changes,
    layer_changes,
    module_changes,
    name_changes,
    optimizer_changes,
    training_changes,
)
from pytest_kerasch2.changes.known_change import Effect, KnownChange, Occurrence
from pytest_kerasch2.changes.source_view import SourceView
from pytest_kerasch2.claims.release import Release

ALL = (
    *optimizer_changes.CHANGES,
    *file_changes.CHANGES,
    *training_changes.CHANGES,
    *name_changes.CHANGES,
    *layer_changes.CHANGES,
    *compile_changes.CHANGES,
    *module_changes.CHANGES,
)
PROOFS = Path(__file__).parent / "proofs.json"


@dataclass(frozen=True)
class Match:
    """A change that was found in code.

    Attributes:
        change: which.
        effect: what it does on the release that is meant.
        occurrence: where, with the edits of its rewrite.
        line: of the code, from 1.
    """

    change: KnownChange
    effect: Effect
    occurrence: Occurrence
    line: int

    @property
    def rewritten(self) -> bool:
        """Whether there is a proven rewrite for it."""
        return bool(self.occurrence.edits)


@functools.lru_cache(maxsize=None)
def proven() -> Mapping[str, Any]:
    """Return the record of each proof that was executed, by the name of its change."""
    try:
        return dict(json.loads(PROOFS.read_text(encoding="utf-8"))["proofs"])
    except FileNotFoundError:
        return {}


def is_proven(change: KnownChange) -> bool:
    """Whether runs have shown that the rewrite of a change means the same, as the change is now."""
    record = proven().get(change.name)
    return bool(
        change.proof and record and record["equal"] and record["before"] == change.proof.before
        and record["given"] == change.proof.given and record["observe"] == change.proof.observe
    )  # fmt: skip


def matches(view: SourceView, release: Release, changes: Iterable[KnownChange] = ALL) -> list[Match]:
    """Return what is found in code of the changes that do something on a release, in the order of the code."""
    hits = []
    for change in changes:
        effect = change.effect_on(release)
        if effect is None or change.find is None or not any(word in view.code for word in change.words):
            continue
        kept = is_proven(change)
        for occurrence in change.find(view):
            shown = occurrence if kept else replace(occurrence, edits=())
            hits.append(Match(change, effect, shown, view.line(occurrence.node)))
    return sorted(hits, key=lambda one: one.line)


def by_symptom(message: str, release: Release) -> KnownChange | None:
    """Return the change whose symptom a message shows, or None."""
    for change in ALL:
        effect = change.effect_on(release)
        if effect is not None and effect.kind != "warns" and re.search(effect.issue.symptom, message):
            return change
    return None
