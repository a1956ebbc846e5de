"""Which known change explains what differs between two releases."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Callable, Iterable, Mapping, Sequence

from pytest_kerasch2.claims.model import KnownIssue
from pytest_kerasch2.claims.release import Release
from pytest_kerasch2.documents.block_findings import Cause
from pytest_kerasch2.documents.comparing import DIFFERS, NUMBER, OUTCOME, REPEATS, ReleaseDifference

_KERAS = "https://github.com/keras-team/keras/blob/v3.15.1/keras/src/"


@dataclass(frozen=True)
class ValueChange:
    """A change that is told by what it does to a value.

    Attributes:
        name: as that of a known change.
        code: a regular expression for the code on which the block depends.
        shows: whether a difference is one that it makes.
        issue: since when, why, and where that can be read; None for a change that the code was searched for.
        instead: what is written instead.
    """

    name: str
    code: str
    shows: Callable[[ReleaseDifference], bool]
    issue: KnownIssue | None = None
    instead: str = ""

    def parts(self, one: Release, other: Release) -> bool:
        """Whether two releases stand on different sides of it."""
        return self.issue is None or self.issue.speaks_of(one) != self.issue.speaks_of(other)


def _is_setting(*names: str) -> Callable[[ReleaseDifference], bool]:
    return lambda one: one.path.rpartition("settings.")[2].partition("[")[0].partition(".")[0] in names


def _is_dtype(one: ReleaseDifference) -> bool:
    return {"float32", "float64"} <= set(re.findall(r"float\d+", f"{one.there} {one.here}"))


def _names_weights(one: ReleaseDifference) -> bool:
    sides = [one.there, one.here]
    return sum(bool(re.search(r"/\w+(:#|:\d)?", side)) for side in sides) == 1 or any(":#" in side for side in sides)


VALUE_CHANGES = (
    ValueChange("optimizer-lr", r"\blr\s*=", _is_setting("learning_rate")),
    ValueChange("optimizer-decay", r"\bdecay\s*=", _is_setting("decay", "learning_rate")),
    ValueChange(
        "seed-of-initial-weights", r"\bset_seed\s*\(", lambda one: one.kind == REPEATS or "seed" in one.reason
    ),
    ValueChange("metrics-names", r"\bmetrics_names\b", lambda one: "compile_metrics" in f"{one.there} {one.here}"),
    ValueChange(
        "type-of-to-categorical", r"\bto_categorical\s*\(", _is_dtype,
        KnownIssue(
            of="keras", since="3.0", symptom="float64", source=f"{_KERAS}utils/numerical_utils.py",
            cause="to_categorical returns float64, and takes no dtype",
        ),
        "Write to_categorical(...).astype('float32').",
    ),
    ValueChange(
        "shapes-in-a-loss", r"\b(losses|MeanSquaredError|MeanAbsoluteError|MSE|MAE|mse|mean_\w+_error)\b",
        lambda one: one.kind == NUMBER,
        KnownIssue(
            of="keras", since="3.0", symptom="(?!)", source=f"{_KERAS}losses/loss.py",
            cause="a loss of (n,) against (n, 1) compares element by element; before it was broadcast to (n, n)",
        ),
        "Give both arrays the same shape.",
    ),
    ValueChange(
        "names-of-weights", r"\.(weights|variables|trainable_\w+)\b", _names_weights,
        KnownIssue(
            of="keras", since="3.0", symptom="(?!)", source=f"{_KERAS}backend/common/variables.py",
            cause="a weight is called kernel; its path has the name of its layer",
        ),
        "Use weight.path.",
    ),
)  # fmt: skip


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
        is_met = change.name in causes if change.issue is None else bool(re.search(change.code, code))
        if is_met and change.parts(there, here) and change.shows(one):
            return change.name
    if one.kind == OUTCOME:
        return next((name for name, cause in causes.items() if cause.kind == "raises"), "")
    if one.verdict == DIFFERS and one.kind in (NUMBER, REPEATS):
        return next((name for name, cause in causes.items() if cause.kind == "silent"), "")
    return ""


def text_of(name: str) -> tuple[str, str, str] | None:
    """Return why, what is written instead, and the source of a change that the catalogue does not have."""
    for one in VALUE_CHANGES:
        if one.name == name and one.issue is not None:
            return one.issue.cause, one.instead, one.issue.source
    return None
