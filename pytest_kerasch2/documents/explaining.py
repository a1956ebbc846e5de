"""Which known change explains what differs between two releases."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Callable, Iterable, Mapping, Sequence

from pytest_kerasch2.changes import catalogue_of_changes
from pytest_kerasch2.changes.known_change import KnownChange
from pytest_kerasch2.claims.release import Release
from pytest_kerasch2.documents.block_findings import Cause
from pytest_kerasch2.documents.comparing import DIFFERS, NUMBER, OUTCOME, REPEATS, ReleaseDifference

_BY_NAME: Mapping[str, KnownChange] = {one.name: one for one in catalogue_of_changes.ALL}


@dataclass(frozen=True)
class ValueChange:
    """How a known change shows in a value.

    Attributes:
        name: of the known change.
        shows: whether a difference is one that it makes.
        code: a regular expression for the code on which the block depends; None where the code was searched for it.
    """

    name: str
    shows: Callable[[ReleaseDifference], bool]
    code: str | None = None

    def parts(self, one: Release, other: Release) -> bool:
        """Whether two releases stand on different sides of it."""
        change = _BY_NAME[self.name]
        return self.code is None or (change.effect_on(one) is None) != (change.effect_on(other) is None)


def _is_setting(*names: str) -> Callable[[ReleaseDifference], bool]:
    return lambda one: one.path.rpartition("settings.")[2].partition("[")[0].partition(".")[0] in names


def _is_dtype(one: ReleaseDifference) -> bool:
    return {"float32", "float64"} <= set(re.findall(r"float\d+", f"{one.there} {one.here}"))


def _names_weights(one: ReleaseDifference) -> bool:
    sides = [one.there, one.here]
    return sum(bool(re.search(r"/\w+(:#|:\d)?", side)) for side in sides) == 1 or any(":#" in side for side in sides)


VALUE_CHANGES = (
    ValueChange("optimizer-lr", _is_setting("learning_rate")),
    ValueChange("optimizer-decay", _is_setting("decay", "learning_rate")),
    ValueChange("seed-of-initial-weights", lambda one: one.kind == REPEATS or "seed" in one.reason),
    ValueChange("metrics-names", lambda one: "compile_metrics" in f"{one.there} {one.here}"),
    ValueChange("to-categorical-type", _is_dtype, r"\bto_categorical\s*\("),
    ValueChange(
        "shapes-of-loss",
        lambda one: one.kind == NUMBER,
        r"\b(losses|MeanSquaredError|MeanAbsoluteError|MSE|MAE|mse|mean_\w+_error)\b",
    ),
    ValueChange("names-of-weights", _names_weights, r"\.(weights|variables|trainable_\w+)\b"),
)


def explain(
    differences: Sequence[ReleaseDifference], code: str, causes: Iterable[Cause], there: Release, here: Release
) -> list[ReleaseDifference]:
    """Return differences with the name of the known change that explains each, where there is one.

    Args:
        differences: of a block.
        code: of the block, and of those before it on which it depends.
        causes: known changes that were found in that code, on either release.
        there: the other release.
        here: this one.
    """
    names = {one.name: one for one in causes}
    return [replace(one, explained=_explanation(one, code, names, there, here)) for one in differences]


def _explanation(one: ReleaseDifference, code: str, causes: Mapping[str, Cause], there: Release, here: Release) -> str:
    for change in VALUE_CHANGES:
        is_met = change.name in causes if change.code is None else bool(re.search(change.code, code))
        if is_met and change.parts(there, here) and change.shows(one):
            return change.name
    if one.kind == OUTCOME:
        return next((name for name, cause in causes.items() if cause.kind == "raises"), "")
    if one.verdict == DIFFERS and one.kind in (NUMBER, REPEATS):
        return next((name for name, cause in causes.items() if cause.kind == "silent"), "")
    return ""


def text_of(name: str) -> tuple[str, str, str] | None:
    """Return why, what is written instead, and the source of a change that only the values show.

    Of one that was found in the code the block itself has the cause.
    """
    if not any(one.name == name and one.code is not None for one in VALUE_CHANGES):
        return None
    change = _BY_NAME[name]
    issue = change.effects[-1].issue
    return issue.cause, change.instead, issue.source
