"""Repairs that only a run can choose: each is tried by running the mended document again, and kept if that ran."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Callable, Mapping

import libcst

from pytest_kerasch2.changes import catalogue_of_changes
from pytest_kerasch2.changes.known_change import Failure, KnownChange
from pytest_kerasch2.changes.source_view import SourceView
from pytest_kerasch2.claims.release import Release
from pytest_kerasch2.documents import dependence
from pytest_kerasch2.documents.block_findings import Cause
from pytest_kerasch2.documents.combined import CombinedCode
from pytest_kerasch2.documents.diagnosing import Diagnosis
from pytest_kerasch2.documents.execution import BlockRun

# Further runs of a document, beside that as it stands and that with what was read.
MOST_TRIALS = 3
Runs = Mapping[int, BlockRun]
Rerun = Callable[[Diagnosis], Runs]


@dataclass(frozen=True)
class _Attempt:
    """What is written another way in a block because of what a run showed.

    Attributes:
        codes: by the number of a block, its code.
        change: which it is tried for.
        detail: what was seen.
    """

    codes: Mapping[int, str]
    change: KnownChange
    detail: str


def tried(diagnosis: Diagnosis, mended: Runs, release: Release, rerun: Rerun) -> tuple[Diagnosis, Runs]:
    """Return what was read and what the run gave, with the repairs that further runs have shown to come through.

    Args:
        diagnosis: what was read.
        mended: what its run gave.
        release: on which it ran.
        rerun: runs the document with other code.
    """
    complete = kept, runs = diagnosis, mended
    given_up: set[int] = set()
    for _ in range(MOST_TRIALS):
        attempts = {number: one for number, one in _attempts(kept, runs, release).items() if number not in given_up}
        if not attempts:
            break
        candidate = _with(kept, attempts, release)
        again = rerun(candidate)
        stuck = {number for number in attempts if not _is_further(runs[number], again[number])}
        worse = _spoiled(kept, runs, again)
        if stuck or worse:
            given_up |= stuck or set(attempts)
            continue
        kept, runs = candidate, again
        if _is_complete(diagnosis, kept, runs):
            complete = kept, runs
    return complete


def _spoiled(diagnosis: Diagnosis, before: Runs, after: Runs) -> bool:
    """Whether a block fails now that ran before, and did not only run on what a failed block had left as it was."""
    codes = {one.number: diagnosis.codes.get(one.number, one.code) for one in diagnosis.document.runnable}
    failed = {number: "it failed" for number, run in before.items() if not run.ran}
    lucky = dependence.followers([(number, codes[number]) for number in before if number in codes], failed)
    return any(
        run.ran and not (after[number].ran or after[number].cut_short) and number not in lucky
        for number, run in before.items()
    )


def _is_complete(diagnosis: Diagnosis, kept: Diagnosis, runs: Runs) -> bool:
    """Whether each block that was written another way by a trial came to its end."""
    touched = [number for number, code in kept.codes.items() if diagnosis.codes.get(number) != code]
    return all(runs[number].ran for number in touched if number in runs)


def _is_further(before: BlockRun, after: BlockRun) -> bool:
    """Whether a block came to its end, to a later line, or to another error on it."""
    if after.ran:
        return True
    if before.error is None or after.error is None:
        return False
    first, second = before.error.get("line"), after.error.get("line")
    if first is None or second is None:
        return False
    return bool(second > first or (second == first and before.error["message"] != after.error["message"]))


def _attempts(diagnosis: Diagnosis, runs: Runs, release: Release) -> dict[int, _Attempt]:
    combined = CombinedCode(diagnosis.document.blocks, diagnosis.codes)
    failing = {number: run for number, run in runs.items() if run.error is not None and run.error.get("line")}
    hits = {}
    view = None
    for number, run in failing.items():
        assert run.error is not None
        message = f"{run.error['type']}: {run.error['message']}"
        change = catalogue_of_changes.by_symptom(message, release)
        line = combined.line_of(number, run.error["line"])
        if change is None or change.attempt is None or line is None:
            continue
        try:
            view = view or SourceView(combined.text)
        except libcst.ParserSyntaxError:
            return {}
        attempt = _attempt(view, combined, change, Failure(line, message, tuple(run.error.get("keys") or ())))
        if attempt is not None:
            hits[number] = attempt
    return hits


def _attempt(view: SourceView, combined: CombinedCode, change: KnownChange, failure: Failure) -> _Attempt | None:
    assert change.attempt is not None
    occurrences = [one for one in change.attempt(view, failure) if one.edits]
    # Only in the block that failed: what stands elsewhere has not failed.
    number = combined.place(failure.line)[0]
    occurrences = [one for one in occurrences if combined.place(view.line(one.node))[0] == number]
    if not occurrences:
        return None
    new = combined.parted(view.with_edits([edit for one in occurrences for edit in one.edits]))
    return _Attempt({number: new[number]}, change, occurrences[0].detail)


def _with(diagnosis: Diagnosis, attempts: Mapping[int, _Attempt], release: Release) -> Diagnosis:
    """Return what was read, with attempts in it, and with the known changes that only they let be seen."""
    codes = dict(diagnosis.codes)
    causes = {number: list(listed) for number, listed in diagnosis.causes.items()}
    for number, one in attempts.items():
        codes.update(one.codes)
        effect = one.change.effect_on(release)
        listed = causes.setdefault(number, [])
        if effect is not None and not any(each.name == one.change.name and each.proven for each in listed):
            listed.append(Cause.of(one.change, effect, detail=one.detail, proven=True))
    combined = CombinedCode(diagnosis.document.blocks, codes)
    try:
        view = SourceView(combined.text)
    except libcst.ParserSyntaxError:
        return replace(diagnosis, codes=codes, causes=causes)
    hits = [one for one in catalogue_of_changes.matches(view, release) if one.rewritten]
    hits = [one for one in hits if combined.place(one.line)[0] in attempts]
    if hits:
        new = combined.parted(view.with_edits([edit for one in hits for edit in one.occurrence.edits]))
        codes.update({number: new[number] for number in new if new[number] != codes.get(number) and number in attempts})
        for hit in hits:
            number, line = combined.place(hit.line)
            causes[number].append(Cause.of_match(hit, line))
    return replace(diagnosis, codes=codes, causes=causes)
