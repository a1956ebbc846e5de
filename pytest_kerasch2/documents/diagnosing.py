"""What can be told of a document without running it: known changes, missing names, code that does not parse."""

from __future__ import annotations

import contextlib
import gc
from dataclasses import dataclass, field, replace
from typing import Any, Iterable, Iterator, Mapping, Sequence

import libcst

from pytest_kerasch2.changes import catalogue_of_changes
from pytest_kerasch2.changes.catalogue_of_changes import Match
from pytest_kerasch2.changes.source_view import SourceView
from pytest_kerasch2.claims.release import Release
from pytest_kerasch2.documents import gaps, gone_names, patching
from pytest_kerasch2.documents.block_findings import BlockFinding, Cause, DocumentFindings, Word
from pytest_kerasch2.documents.combined import CombinedCode
from pytest_kerasch2.documents.document import RUNNABLE, Document, DocumentBlock
from pytest_kerasch2.documents.gaps import Gap


@dataclass(frozen=True)
class Diagnosis:
    """What was read in a document.

    Attributes:
        document: which.
        causes: known changes, by the number of the block.
        missing: names that are missing, by the number of the block.
        imports: statements that are inserted, by the number of the block.
        codes: the code of each block that is written another way, by its number.
        notes: of the document as a whole.
    """

    document: Document
    causes: Mapping[int, list[Cause]] = field(default_factory=dict)
    missing: Mapping[int, list[Gap]] = field(default_factory=dict)
    imports: Mapping[int, list[str]] = field(default_factory=dict)
    codes: Mapping[int, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def new_text(self) -> str:
        """Return the text of the document with all that is written another way."""
        mended = {one.number: one.code for one in self.document.runnable if patching.is_mended(one)}
        return patching.patched(self.document, {**mended, **self.codes})


def diagnose(document: Document, release: Release) -> Diagnosis:
    """Return what can be read in a document for a release."""
    with _uncollected():
        return _diagnose(document, release)


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Let no garbage be looked for: a syntax tree is hundreds of thousands of objects, and all of them are in use."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _diagnose(document: Document, release: Release) -> Diagnosis:
    missing = _by_block(gaps.gaps(document.blocks))
    imports = {
        number: sorted({one.statement for one in hits if one.statement})
        for number, hits in missing.items()
        if any(one.statement for one in hits)
    }
    codes = {
        block.number: patching.with_imports(block, block.code, imports[block.number])
        for block in document.blocks
        if block.number in imports
    }
    combined = CombinedCode(document.blocks, codes)
    try:
        view = SourceView(combined.text)
    except libcst.ParserSyntaxError as error:
        note = f"known changes were not looked for: {str(error.message)[:200]}"
        return Diagnosis(document, {}, missing, imports, codes, (note,))
    hits = catalogue_of_changes.matches(view, release)
    causes = _causes(hits, combined, codes, imports)
    for number, one in _gone(view, release, hits, combined):
        causes.setdefault(number, []).append(replace(one, line=max(1, (one.line or 1) - len(imports.get(number, ())))))
    edits = [edit for one in hits for edit in one.occurrence.edits]
    if edits:
        new = combined.parted(view.with_edits(edits))
        codes.update({block.number: new[block.number] for block in document.runnable if _differs(block, new, codes)})
    return Diagnosis(document, causes, missing, imports, codes)


def _gone(
    view: SourceView, release: Release, hits: Sequence[Match], combined: CombinedCode
) -> Iterator[tuple[int, Cause]]:
    """Yield what the atlas of names says of a document, with the number of the block."""
    explained = [(one.line, one.occurrence.detail) for one in hits]
    for cause in gone_names.causes(view, release, explained):
        number, line = combined.place(cause.line or 1)
        yield number, replace(cause, line=line)


def _differs(block: DocumentBlock, new: Mapping[int, str], codes: Mapping[int, str]) -> bool:
    before = codes.get(block.number, block.code)
    return block.number in new and new[block.number].rstrip("\n") != before.rstrip("\n")


def _by_block(hits: Iterable[Gap]) -> dict[int, list[Gap]]:
    by_block: dict[int, list[Gap]] = {}
    for one in hits:
        by_block.setdefault(one.block, []).append(one)
    return by_block


def _causes(
    hits: Sequence[Match], combined: CombinedCode, codes: Mapping[int, str], imports: Mapping[int, Sequence[str]]
) -> dict[int, list[Cause]]:
    causes: dict[int, list[Cause]] = {}
    for one in hits:
        number, line = combined.place(one.line)
        causes.setdefault(number, []).append(Cause.of_match(one, max(1, line - len(imports.get(number, ())))))
    return causes


def read_only(diagnosis: Diagnosis, release: Release) -> DocumentFindings:
    """Return what is said of a document that is not run."""
    document = diagnosis.document
    blocks = tuple(_read_finding(block, diagnosis) for block in document.blocks)
    notes = (*document.notes, *diagnosis.notes)
    return DocumentFindings(document, release, blocks, False, diagnosis.new_text, notes)


def _read_finding(block: DocumentBlock, diagnosis: Diagnosis) -> BlockFinding:
    shown = details(block, diagnosis)
    if block.role not in RUNNABLE:
        return BlockFinding(block, Word.NOT_CODE, **shown)
    if block.problem:
        return BlockFinding(block, Word.BROKEN, **shown)
    kinds = {one.kind for one in shown["causes"]}
    unmended = [one for one in shown["causes"] if one.kind == "raises" and not one.proven]
    if unmended:
        return BlockFinding(block, Word.BROKEN, **shown)
    if shown["needs"]:
        return BlockFinding(block, Word.NEEDS, **shown)
    if "silent" in kinds:
        return BlockFinding(block, Word.CHANGED, **shown)
    return BlockFinding(block, Word.REPAIRABLE if shown["patch"] else Word.NOTHING_FOUND, **shown)


def details(block: DocumentBlock, diagnosis: Diagnosis) -> dict[str, Any]:
    """Return the parts of a finding that are read and not run: causes, needs, notes and the patch."""
    code = diagnosis.codes.get(block.number)
    changed = block.runnable and (code is not None or patching.is_mended(block))
    patch = tuple(patching.block_diff(block, code or block.code)) if changed else ()
    notes = [*block.notes, *([block.problem] if block.problem else [])]
    if block.joined is not None:
        notes.append(f"it continues block {block.joined}")
    notes += [f"inserted: {one}" for one in diagnosis.imports.get(block.number, ())]
    causes = tuple(diagnosis.causes.get(block.number, ()))
    if code is not None and not causes and block.number not in diagnosis.imports:
        notes.append("a name that another block changes is written here too")
    needs = tuple(_need(one) for one in diagnosis.missing.get(block.number, ()) if not one.statement)
    return {"causes": causes, "needs": needs, "notes": tuple(notes), "patch": patch}


def _need(gap: Gap) -> str:
    if gap.broken is not None:
        return f"{gap.name}, which block {gap.broken} would make if it were Python"
    if gap.later is not None:
        return f"{gap.name}, which only block {gap.later} makes"
    return f"{gap.name}, which no block makes"
