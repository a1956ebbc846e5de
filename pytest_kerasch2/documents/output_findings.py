"""The printed outputs of a document beside those of its runs, added to what is found of its blocks."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Mapping, Sequence

from pytest_kerasch2.documents import dependence, printed_outputs
from pytest_kerasch2.documents.block_findings import DocumentFindings, Word
from pytest_kerasch2.documents.execution import BlockRun, ExecutedDocument
from pytest_kerasch2.documents.printed_outputs import OutputComparison, Printed

SHORTENED = "since the training was shortened"
FAILED = "since block {} before it fails"
MADE_UP = "since its data are made up"
OTHER_SEEDS = "with other seeds"


def with_outputs(findings: DocumentFindings, executed: ExecutedDocument) -> DocumentFindings:
    """Return what is found, with the comparison of what the document prints as output.

    Where something differs that may be chance, the document runs once more, with other seeds.

    Args:
        findings: of the blocks.
        executed: the runs; the mended one is compared where there is one.
    """
    stored = printed_outputs.expected(findings.document)
    if not stored:
        return findings
    failed, reasons = _failed(executed), _reasons(executed)
    heads = executed.heads

    def compared(runs: Sequence[Mapping[int, BlockRun]]) -> dict[int, list[OutputComparison]]:
        return {
            number: printed_outputs.compare(
                each, [_printed(number, run, executed) for run in runs if run[heads[number]].ran],
                failed.get(heads[number]) or reasons.get(heads[number], ""), shapes=heads[number] not in failed,
            )
            for number, each in stored.items()
        }  # fmt: skip

    outputs = compared([executed.mended])
    if any(one.exact for each in outputs.values() for one in each):
        again = executed.run_again(OTHER_SEEDS, executed.mended_codes, seed_offset=1)
        outputs = compared([executed.mended, again])
    blocks = [
        replace(
            one,
            outputs=tuple(outputs.get(one.block.number, ())),
            word=_word(one.word, outputs.get(one.block.number, ())),
        )
        for one in findings.blocks
    ]
    return replace(findings, blocks=tuple(blocks))


def _word(word: Word, outputs: Sequence[OutputComparison]) -> Word:
    return Word.CHANGED if word is Word.RUNS and any(one.exact for one in outputs) else word


def _printed(number: int, runs: Mapping[int, BlockRun], executed: ExecutedDocument) -> Printed:
    head = executed.heads[number]
    before = dict(executed.mended_codes)[head].count("\n") - dict(executed.codes)[head].count("\n")
    return Printed.of(runs[head].value, max(0, before))


def _failed(executed: ExecutedDocument) -> dict[int, str]:
    """Return, by the number of a block, which failed one it depends on: it has other values, or older ones."""
    origins = {number: FAILED.format(number) for number, run in executed.mended.items() if not run.ran}
    return dependence.downstream(executed.mended_codes, origins)


def _reasons(executed: ExecutedDocument) -> dict[int, str]:
    """Return, by the number of a block, why its numbers say nothing, but for those of shapes."""
    origins = {number: SHORTENED for number, run in executed.mended.items() if run.value.get("shortened")}
    for number, code in executed.mended_codes:
        if any(re.search(rf"\b{re.escape(name)}\b", code) for name in executed.settings.made_up):
            origins.setdefault(number, MADE_UP)
    return dependence.downstream(executed.mended_codes, origins)
