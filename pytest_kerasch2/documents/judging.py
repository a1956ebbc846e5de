"""What is said of each block from two runs: of the document as it stands, and of the document mended."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, replace
from typing import Any, Callable, Mapping

from pytest_kerasch2.changes import attempts, catalogue_of_changes
from pytest_kerasch2.changes.known_change import KnownChange
from pytest_kerasch2.claims.release import Release
from pytest_kerasch2.documents import dependence, diagnosing, gaps, trying
from pytest_kerasch2.documents.block_findings import BlockFinding, Cause, DocumentFindings, Word
from pytest_kerasch2.documents.diagnosing import Diagnosis
from pytest_kerasch2.documents.document import RUNNABLE, DocumentBlock
from pytest_kerasch2.documents.execution import BlockRun, ExecutedDocument, RunSettings, counter, run_blocks

Runs = Mapping[int, BlockRun]
Progress = Callable[[str, int, int], None]
_NETWORK = re.compile(
    "network is (off|unreachable)|Name or service not known|urlopen error|URL fetch failure|Temporary failure in name|"
    "Max retries exceeded|Connection refused|getaddrinfo",
    re.IGNORECASE,
)
# What a block writes itself is not missing because of an earlier one.
_CANNOT_WRITE = re.compile(r"[Uu]nable to (?:synchronously )?create file|Parent directory of .* doesn't exist")
_NAMED_FILE = re.compile(
    r"""name = '([^']+)'|directory: ['"]([^'"]+)|found at:? (\S+?)[\s.,;]*$|not found: filepath=(\S+?)\.? """,
    re.MULTILINE,
)
_UNCOMPILED = re.compile(
    r"must (call `?compile|compile your model)|has not been compiled|compile the model", re.IGNORECASE
)
_NO_DEVICE = re.compile(
    r"(GPU|TPU) device not found|(?:unknown device|device specification)\W.*\b(GPU|TPU):"
    r"|\b(GPU|TPU):\d+ unknown device|no (GPU|TPU)s? (?:(?:is|are|was|were) )?(?:available|found|detected)"
    r"|(GPU|TPU)s? (?:is|are) not (?:available|found)|cannot find any (TPU)|requires an? (GPU|TPU)",
    re.IGNORECASE,
)
_OF_OURS = ("tensorflow", "keras", "tf_keras")


@dataclass(frozen=True, eq=False)
class _Runs:
    """The two runs of a document; the second is the first where nothing is mended."""

    as_is: Runs
    mended: Runs
    diagnosis: Diagnosis
    release: Release
    groups: Mapping[int, int]

    def code(self, number: int) -> str:
        """Return the code of a block, with what continues it."""
        blocks = self.diagnosis.document.blocks
        return "".join(one.code for one in blocks if self.groups.get(one.number) == number)

    @functools.cached_property
    def stale(self) -> dict[int, dict[str, int]]:
        """Return, by block, the names that a failed block before it would have made, and which block that is.

        What a block makes of such a name is not what it should be either.
        """
        current: dict[str, int] = {}
        by_block: dict[int, dict[str, int]] = {}
        for number in sorted(self.mended):
            by_block[number] = dict(current)
            names = gaps.names_of(self.code(number))
            code = self.code(number)
            used = gaps.names_from_before(code) & names.used
            behind = [current[one] for one in used if one in current and not _imports(code, one)]
            for name in names.names_made:
                if not self.mended[number].ran:
                    current[name] = min([number, *behind])
                elif behind:
                    current[name] = min(behind)
                else:
                    current.pop(name, None)
        return by_block

    @functools.cached_property
    def lucky(self) -> set[int]:
        """Return the blocks that use what a block would have made which fails as it stands."""
        failed = {number: "it failed" for number, run in self.as_is.items() if not run.ran}
        return dependence.followers([(number, self.code(number)) for number in sorted(self.as_is)], failed)

    def explains(self, run: BlockRun) -> bool:
        """Whether the error of a block is that of a known change."""
        return _change_of(run, self.release) is not None

    def changed(self, number: int) -> bool:
        """Whether a block, or what it is put together with, is written another way."""
        return any(other in self.diagnosis.codes for other, head in self.groups.items() if head == number)


def execute(
    diagnosis: Diagnosis, release: Release, settings: RunSettings, progress: Progress
) -> tuple[DocumentFindings, ExecutedDocument]:
    """Run a document as it stands, and mended where there is a patch; return what is said of it, and the runs.

    Args:
        diagnosis: what was read in it.
        release: on which it runs.
        settings: how.
        progress: is told which run, how many blocks are done, and how many there are.
    """
    document = diagnosis.document
    grouped = gaps.groups(document.blocks)
    codes_as_is = [(group[0].number, "".join(one.code for one in group)) for group in grouped]
    mended_codes = _mended_codes(diagnosis)
    as_is = run_blocks(codes_as_is, settings, counter("as it stands", len(codes_as_is), progress))
    mended: Runs = as_is
    if mended_codes != codes_as_is:
        mended = run_blocks(mended_codes, settings, counter("mended", len(mended_codes), progress))
    rerun = functools.partial(_rerun, settings=settings, progress=progress)
    diagnosis, mended = trying.tried(diagnosis, mended, release, rerun)
    heads = {one.number: group[0].number for group in grouped for one in group}
    runs = _Runs(as_is, mended, diagnosis, release, heads)
    blocks = _demoted([_finding(block, runs) for block in document.blocks], runs)
    notes = (*document.notes, *diagnosis.notes)
    findings = DocumentFindings(
        document, release, tuple(blocks), True, diagnosis.new_text, notes, settings.conditions()
    )
    return findings, ExecutedDocument(codes_as_is, _mended_codes(diagnosis), as_is, mended, heads, settings, progress)


def _mended_codes(diagnosis: Diagnosis) -> list[tuple[int, str]]:
    grouped = gaps.groups(diagnosis.document.blocks)
    return [(group[0].number, "".join(diagnosis.codes.get(one.number, one.code) for one in group)) for group in grouped]


def _rerun(diagnosis: Diagnosis, settings: RunSettings, progress: Progress) -> Runs:
    """Run a document once more, as it is mended now."""
    codes = _mended_codes(diagnosis)
    return run_blocks(codes, settings, counter("a repair that is tried", len(codes), progress))


def _finding(block: DocumentBlock, runs: _Runs) -> BlockFinding:
    shown = diagnosing.details(block, runs.diagnosis)
    if block.role not in RUNNABLE:
        return BlockFinding(block, Word.NOT_CODE, **shown)
    if block.problem:
        return BlockFinding(block, Word.BROKEN, **shown)
    number = runs.groups[block.number]
    as_is, mended = runs.as_is[number], runs.mended[number]
    word, more = _word(number, as_is, mended, runs)
    if word is Word.RUNS and any(one.kind == "silent" for one in shown["causes"]):
        word = Word.CHANGED
    shown["causes"] = _causes(shown["causes"], as_is, mended, word, runs)
    if word is Word.REPAIRED and not shown["causes"]:
        shown["causes"] = tuple(runs.diagnosis.causes.get(_mender(number, runs) or number, ()))
    shown["needs"] = more if word is Word.NEEDS else ()
    elsewhere = word is Word.REPAIRED and not runs.changed(number)
    notes = ["what mends it is written in another block"] if elsewhere else []
    shown["notes"] = (*shown["notes"], *notes, *_noticed(mended))
    return BlockFinding(
        block, word, **shown, error=_error(as_is if word is Word.REPAIRED else mended), seconds=as_is.seconds,
        shortened=bool(mended.value.get("shortened")),
        follows=_followed(number, runs) if word is Word.FOLLOWS else None,
    )  # fmt: skip


def _followed(number: int, runs: _Runs) -> int | None:
    """Return the number of the block because of which another one fails, mended or else as it stands."""
    if not runs.mended[number].ran:
        return _maker(runs.mended[number], runs)
    repaired = [one for one in runs.as_is if one < number and not runs.as_is[one].ran and runs.mended[one].ran]
    maker = _maker(runs.as_is[number], replace(runs, mended=runs.as_is))
    return maker if maker is not None else next((one for one in repaired if runs.changed(one)), None)


def _word(number: int, as_is: BlockRun, mended: BlockRun, runs: _Runs) -> tuple[Word, tuple[str, ...]]:
    if as_is.ran and mended.ran:
        return Word.RUNS, ()
    if mended.ran:
        repaired = runs.changed(number) or _is_mended_elsewhere(number, as_is, runs) or _mender(number, runs)
        return (Word.REPAIRED if repaired else Word.FOLLOWS), ()
    if mended.cut_short:
        return Word.CUT_SHORT, ()
    if not runs.explains(mended) and _maker(mended, runs) is not None:
        return Word.FOLLOWS, ()
    need = _need(mended.error) or _device(mended.error, runs.code(number))
    return (Word.NEEDS, (need,)) if need else (Word.BROKEN, ())


def _is_mended_elsewhere(number: int, as_is: BlockRun, runs: _Runs) -> bool:
    """Whether a block fails by itself, and what mends it is written in another one, as the name of a file is."""
    change = _change_of(as_is, runs.release)
    causes = runs.diagnosis.causes.get(number, ())
    return change is not None and any(one.name == change.name and one.proven for one in causes)


def _mender(number: int, runs: _Runs) -> int | None:
    """Return the number of the block that is written another way, and because of whose names another one fails.

    It ran as it stands, and what it makes is not what it was: so nothing that failed before is the reason.
    """
    used = gaps.names_from_before(runs.code(number))
    if _followed(number, runs) is not None:
        return None
    makers = [
        other
        for other, run in runs.as_is.items()
        if other < number and run.ran and runs.changed(other) and gaps.names_of(runs.code(other)).names_made & used
    ]
    return makers[-1] if makers else None


def _maker(run: BlockRun, runs: _Runs) -> int | None:
    """Return the number of the block because of which another one fails, or None.

    That is a failed one that would have made what it uses: a name, also one that still has an older value, a file, or
    a compiled model.
    """
    name, path = _missing_name(run.error), _missing_file(run.error)
    gap = [one for listed in runs.diagnosis.missing.values() for one in listed if one.name == name]
    by_itself = bool(gap) and all(one.later is None and one.broken is None for one in gap)
    if by_itself or _cannot_write(run, path, runs):
        return None
    if run.error is not None and _UNCOMPILED.search(run.error["message"]):
        path = ".compile"
    for number, other in runs.mended.items():
        if path and number < run.number and not other.ran and path in runs.code(number):
            return number
    stale = runs.stale
    code = runs.code(run.number)
    used = [one for one in sorted(gaps.names_from_before(code)) if not _imports(code, one)]
    hits = [stale[run.number][one] for one in used if one in stale[run.number]]
    if hits:
        return min(hits)
    return next((one.broken for one in gap if one.broken is not None), None)


def _cannot_write(run: BlockRun, path: str, runs: _Runs) -> bool:
    """Whether a block fails to write a file, as where its folder does not exist."""
    if run.error is None:
        return False
    saves = re.search(rf"\bsave\w*\([^)]*{re.escape(path)}", runs.code(run.number)) if path else None
    return saves is not None or _CANNOT_WRITE.search(run.error["message"]) is not None


def _imports(code: str, name: str) -> bool:
    return bool(re.search(rf"^\s*(from .*)?import .*\b{re.escape(name)}\b", code, re.MULTILINE))


def _missing_name(error: Mapping[str, Any] | None) -> str | None:
    if error is None or error["type"] not in ("NameError", "UnboundLocalError"):
        return None
    match = re.match(r"name '(\w+)' is not defined", error["message"])
    return match.group(1) if match else None


def _missing_file(error: Mapping[str, Any] | None) -> str:
    """Return the name of the file that is not there, which a block before may have been to write, or an empty text."""
    # Keras 3 raises ValueError for a file that is not there.
    files = {"FileNotFoundError", "NotFoundError", "OSError", "ValueError"}
    if error is None or not files & set(error["bases"]):
        return ""
    match = _NAMED_FILE.search(error["message"])
    return next((one.strip() for one in match.groups() if one), "") if match else ""


def _need(error: Mapping[str, Any] | None) -> str:
    """Return what a block lacks that no patch can bring, or an empty text."""
    if error is None:
        return ""
    name = _missing_name(error)
    if name is not None:
        return f"{name}, which no block makes"
    message, bases = error["message"], error["bases"]
    if "ModuleNotFoundError" in bases and (error["name"] or "").split(".")[0] not in _OF_OURS:
        return f"the package {(error['name'] or message).split('.')[0]}, which is not installed"
    asked_for = re.search(r"pip install ([\w.-]+)", message)
    if "ImportError" in bases and asked_for:
        return f"the package {asked_for.group(1)}, which is not installed"
    if _NETWORK.search(message):
        return "the network, or data from it"
    if ("FileNotFoundError" in bases or "NotFoundError" in bases) and not _CANNOT_WRITE.search(message):
        return f"a file: {message[:160]}"
    if "EOFError" in bases and "input()" in message:
        return "an answer to input()"
    return ""


def _device(error: Mapping[str, Any] | None, code: str) -> str:
    """Return the kind of device that a block lacks, or an empty text."""
    if error is None:
        return ""
    match = _NO_DEVICE.search(error["message"])
    if match is None and error["type"] == "IndexError":
        # The first of a list of devices that is empty.
        match = re.search(r"list_(?:physical|logical)_devices\(\s*['\"](GPU|TPU)", code)
    kind = next((one for one in match.groups() if one), "") if match else ""
    return f"a {kind.upper()}, which was not found" if kind else ""


def _causes(read: tuple[Cause, ...], as_is: BlockRun, mended: BlockRun, word: Word, runs: _Runs) -> tuple[Cause, ...]:
    """Return the known changes that were read, and the one that the error shows."""
    if word in (Word.RUNS, Word.CHANGED):
        # What stands in a function fails where that is called; there is a patch for it, which needs its reason.
        return tuple(one for one in read if one.kind != "raises" or (one.proven and runs.changed(as_is.number)))
    failed = as_is if word is Word.REPAIRED else mended
    if failed.error is None or word in (Word.FOLLOWS, Word.NEEDS):
        return read
    change = _change_of(failed, runs.release)
    effect = None if change is None else change.effect_on(runs.release)
    if change is None or effect is None or any(one.name == change.name for one in read):
        return read
    return (*read, Cause.of(change, effect))


def _change_of(run: BlockRun, release: Release) -> KnownChange | None:
    """Return the known change whose symptom the error of a block is, or None."""
    if run.error is None:
        return None
    change = catalogue_of_changes.by_symptom(f"{run.error['type']}: {run.error['message']}", release)
    # A history without any key is one of a training that had no data.
    is_of_history = change is not None and change.attempt in (attempts.history_keys, attempts.history_aliases)
    return None if is_of_history and not run.error.get("keys") else change


def _error(run: BlockRun) -> str:
    if run.killed_by is not None:
        return f"its interpreter was ended by: {run.killed_by}"
    if run.not_run:
        return "it was not run: blocks before it have ended too many interpreters"
    if run.error is None:
        return ""
    first = next((line for line in str(run.error["message"]).splitlines() if line.strip()), "")
    where = f", line {run.error['line']} of the block" if run.error["line"] else ""
    return f"{run.error['type']}{': ' if first else ''}{first[:300]}{where}"


def _noticed(run: BlockRun) -> list[str]:
    notes = []
    if run.value.get("shortened"):
        notes.append("a training was shortened; its numbers say nothing")
    if run.value.get("printed_more"):
        notes.append(f"{run.value['printed_more']} characters that it prints were not kept")
    notes += [f"it writes outside its folder: {place}" for place in run.value.get("outside") or ()]
    return notes


def _demoted(findings: list[BlockFinding], runs: _Runs) -> list[BlockFinding]:
    """Return findings in which no repair counts behind which a block fails that ran before."""
    # One that now meets a known change, or lacks what a failed block makes, was only reached by the repair.
    spoiled = [
        number
        for number, run in runs.mended.items()
        if not (run.ran or run.cut_short)
        and runs.as_is[number].ran
        and not runs.explains(run)
        and _maker(run, runs) is None
        and number not in runs.lucky
    ]
    if not spoiled:
        return findings
    note = f"mended it runs, but block {min(spoiled)} then fails, which ran before: no repair"
    return [
        replace(one, word=Word.BROKEN, notes=(*one.notes, note))
        if one.word is Word.REPAIRED and one.block.number < max(spoiled)
        else one
        for one in findings
    ]
