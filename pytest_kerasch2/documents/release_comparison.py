"""A document on another release beside this one: its own lines there, the same and the mended ones here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Mapping, Sequence

from pytest_kerasch2.documents import comparing, dependence, diagnosing, explaining, patching
from pytest_kerasch2.documents.block_findings import BlockFinding, Cause, DocumentFindings, Word
from pytest_kerasch2.documents.comparing import DIFFERS, ONCE, OUTCOME, ReleaseDifference, SideRuns
from pytest_kerasch2.documents.diagnosing import Diagnosis
from pytest_kerasch2.documents.execution import BlockRun, ExecutedDocument
from pytest_kerasch2.documents.other_release import OtherRelease
from pytest_kerasch2.documents.output_findings import SHORTENED

Codes = Sequence[tuple[int, str]]
Differences = Mapping[int, Sequence[ReleaseDifference]]


@dataclass(frozen=True)
class _Side:
    """The document on one release in one form, and the runs of it.

    Attributes:
        name: for the progress.
        codes: of its blocks.
        runs: the first one; later one with the same seeds, and one with others.
        settings: of the run, where they are others than before.
    """

    name: str
    codes: Codes
    runs: tuple[Mapping[int, BlockRun], ...]
    settings: Mapping[str, Any]

    def of(self, number: int) -> SideRuns:
        """Return the runs of a block."""
        every = [run[number] for run in self.runs]
        return SideRuns(every[0], every[1] if len(every) > 1 else None, every[2] if len(every) > 2 else None)


def compare(
    findings: DocumentFindings, executed: ExecutedDocument, diagnosis: Diagnosis, other: OtherRelease
) -> DocumentFindings:
    """Return what is found, with what differs on another release.

    The document runs there once. Where something differs that may be chance it runs twice more on each side: with the
    same seeds, and with others.

    Args:
        findings: of the document.
        executed: its runs here, in which the names of each block were observed.
        diagnosis: what was read in it for this release.
        other: the other release.
    """
    settings = {"interpreter": str(other.interpreter), "package": str(other.package)}
    codes = _with_imports(executed, diagnosis)
    name = f"on {label(other.release)}"
    there = _Side(name, codes, (executed.run_again(name, codes, **settings),), settings)
    sides = [_Side("as it stands", executed.codes, (executed.as_is,), {})]
    if executed.mended_codes != executed.codes:
        sides.append(_Side("mended", executed.mended_codes, (executed.mended,), {}))
    for changes, round_name in (({}, "again"), ({"seed_offset": 1}, "with other seeds")):
        if not _needs_another(there, sides, executed):
            break
        there, *sides = [_with_run(one, executed, round_name, changes) for one in (there, *sides)]
    every = [_compared(there, one, executed) for one in sides]
    elsewhere = diagnosing.diagnose(findings.document, other.release)
    merged = _explained(_merged(every[0], every[-1]), executed, (diagnosis, elsewhere), findings, other)
    note = _note(other, len(there.runs), merged)
    blocks = tuple(_with_differences(one, merged.get(one.block.number, ())) for one in findings.blocks)
    return replace(findings, blocks=blocks, notes=(*findings.notes, note))


def label(release: Any) -> str:
    """Return a release for a reader."""
    return f"Keras {release.keras}" if release.tensorflow == "-" else f"TensorFlow {release.tensorflow}"


def _with_imports(executed: ExecutedDocument, diagnosis: Diagnosis) -> Codes:
    """Return the blocks as they stand, with the imports that the document leaves out."""
    changed = dict(executed.codes)
    for block in diagnosis.document.blocks:
        missing = diagnosis.imports.get(block.number)
        if missing and executed.heads.get(block.number) == block.number:
            before = changed[block.number]
            changed[block.number] = patching.with_imports(block, before, missing)
    return list(changed.items())


def _with_run(side: _Side, executed: ExecutedDocument, name: str, changes: Mapping[str, Any]) -> _Side:
    run = executed.run_again(f"{side.name}, {name}", side.codes, **{**side.settings, **changes})
    return replace(side, runs=(*side.runs, run))


def _needs_another(there: _Side, sides: Sequence[_Side], executed: ExecutedDocument) -> bool:
    """Whether a difference may be chance: because it was run once, or because both sides may depend on the seed."""
    every = [one for side in sides for each in _compared(there, side, executed).values() for one in each]
    if len(there.runs) == 1:
        return any(one.reason == ONCE for one in every)
    return any(
        one.verdict == DIFFERS and one.kind in (comparing.NUMBER, comparing.TEXT, comparing.PRINTED) for one in every
    )


def _compared(there: _Side, here: _Side, executed: ExecutedDocument) -> dict[int, list[ReleaseDifference]]:
    origins = {
        number: SHORTENED
        for side in (there, here)
        for number, run in side.runs[0].items()
        if run.value.get("shortened")
    }
    doubts = dependence.downstream(here.codes, origins)
    failed = {number: "x" for side in (there, here) for number, run in side.runs[0].items() if not run.ran}
    behind = dependence.downstream(here.codes, failed)
    followers = dependence.followers(here.codes, failed)
    seen: set[tuple[str, str, str, str]] = set()
    compared: dict[int, list[ReleaseDifference]] = {}
    for number, _ in here.codes:
        if number in followers or (number in behind and number not in failed):
            # One side may have another value, or an older one, because an earlier block failed there.
            continue
        differences = comparing.compare(there.of(number), here.of(number), doubts.get(number, ""))
        kept = [one for one in differences if (one.name, one.path, one.there, one.here) not in seen]
        seen.update((one.name, one.path, one.there, one.here) for one in kept if one.name != comparing.OUTPUT)
        compared[number] = kept
    return compared


def _merged(as_is: Differences, mended: Differences) -> dict[int, list[ReleaseDifference]]:
    """Return the differences of the document as it stands, and what becomes of each once it is mended."""
    merged: dict[int, list[ReleaseDifference]] = {}
    for number in as_is.keys() | mended.keys():
        before, after = as_is.get(number, ()), mended.get(number, ())
        remaining = {(one.name, one.path) for one in after}
        earlier = {(one.name, one.path) for one in before}
        kept = [one if (one.name, one.path) in remaining else replace(one, mended="removed") for one in before]
        merged[number] = [*kept, *(replace(one, mended="new") for one in after if (one.name, one.path) not in earlier)]
    return merged


def _explained(
    merged: Differences, executed: ExecutedDocument, diagnoses: Sequence[Diagnosis], findings: DocumentFindings,
    other: OtherRelease,
) -> dict[int, list[ReleaseDifference]]:  # fmt: skip
    explained = {}
    codes = dict(executed.codes)
    for number, differences in merged.items():
        before = _before(number, executed)
        code = "".join(codes[one] for one in before)
        causes = _causes(before, executed, diagnoses)
        explained[number] = explaining.explain(differences, code, causes, other.release, findings.release)
    return explained


def _before(number: int, executed: ExecutedDocument) -> list[int]:
    """Return the blocks on which one depends, and itself at the end."""
    earlier = [one for one, _ in executed.codes if one < number]
    codes = [(one, code) for one, code in executed.codes if one <= number]
    return [one for one in earlier if number in dependence.downstream(codes, {one: "x"})] + [number]


def _causes(numbers: Sequence[int], executed: ExecutedDocument, diagnoses: Sequence[Diagnosis]) -> list[Cause]:
    """Return the known changes of some blocks that do not do the same on both releases; the block itself comes last."""
    kinds: dict[str, list[str]] = {}
    causes = []
    for diagnosis in diagnoses:
        of_release = [
            cause for block, each in diagnosis.causes.items() if executed.heads.get(block) in numbers for cause in each
        ]
        causes += of_release
        for cause in {one.name: one for one in of_release}.values():
            kinds.setdefault(cause.name, []).append(cause.kind)
    return [one for one in causes if len(kinds[one.name]) == 1 or len(set(kinds[one.name])) > 1]


def _note(other: OtherRelease, runs: int, merged: Differences) -> str:
    every = [one for each in merged.values() for one in each if one.kind != OUTCOME]
    certain = [one for one in every if one.verdict == DIFFERS]
    explained = sum(bool(one.explained) for one in certain)
    times = {1: "once", 2: "twice, with the same seeds", 3: "three times, once with other seeds"}[runs]
    what = f"compared with {label(other.release)}, Keras {other.release.keras}, run {times} on each release"
    return (
        f"{what}: {len(certain)} different, {explained} of them explained by a known change, "
        f"{len(every) - len(certain)} inconclusive"
    )


def _with_differences(finding: BlockFinding, differences: Sequence[ReleaseDifference]) -> BlockFinding:
    certain = any(one.verdict == DIFFERS and one.kind != OUTCOME and one.mended != "removed" for one in differences)
    word = Word.CHANGED if certain and finding.word is Word.RUNS else finding.word
    return replace(finding, differences=tuple(differences), word=word)
