"""Run a document that was read, with the data sets that it asks for."""

from __future__ import annotations

from dataclasses import replace

from pytest_kerasch2 import folders
from pytest_kerasch2.claims.release import Release
from pytest_kerasch2.documents import execution, judging, output_findings, release_comparison
from pytest_kerasch2.documents.block_findings import DocumentFindings
from pytest_kerasch2.documents.diagnosing import Diagnosis
from pytest_kerasch2.documents.document import Role
from pytest_kerasch2.documents.execution import RunSettings
from pytest_kerasch2.documents.judging import Progress
from pytest_kerasch2.documents.other_release import OtherRelease


def run_document(
    diagnosis: Diagnosis,
    release: Release,
    settings: RunSettings,
    progress: Progress,
    other: OtherRelease | None = None,
) -> DocumentFindings:
    """Run a document without a network; return what is said of it.

    Args:
        diagnosis: what was read in it.
        release: on which it runs.
        settings: its limits.
        progress: is told which run, how many blocks are done, and how many there are.
        other: the release with which it is compared, or None.
    """
    text = diagnosis.document.decoded.text
    with folders.temporary("standins") as folder:
        archives = execution.archives(text)
        made_up, names = execution.standins(text, archives, folder)
        here = replace(
            settings,
            launcher=execution.network_launcher(),
            data={**archives, **made_up},
            made_up=tuple(names),
            observe=other is not None,
            consoles=frozenset(one.number for one in diagnosis.document.blocks if one.role is Role.CONSOLE),
        )
        findings, executed = judging.execute(diagnosis, release, here, progress)
        findings = output_findings.with_outputs(findings, executed)
        if other is not None:
            findings = release_comparison.compare(findings, executed, diagnosis, other)
    if not names:
        return findings
    note = f"made up in their true shape, since they are not on this machine: {', '.join(names)}"
    return replace(findings, notes=(*findings.notes, note))
