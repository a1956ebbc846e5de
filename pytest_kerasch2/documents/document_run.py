"""Run a document that was read, with the data sets that it asks for."""

from __future__ import annotations

from dataclasses import replace

from pytest_kerasch2 import folders
from pytest_kerasch2.claims.release import Release
from pytest_kerasch2.documents import execution, judging
from pytest_kerasch2.documents.block_findings import DocumentFindings
from pytest_kerasch2.documents.diagnosing import Diagnosis
from pytest_kerasch2.documents.execution import RunSettings
from pytest_kerasch2.documents.judging import Progress


def run_document(diagnosis: Diagnosis, release: Release, settings: RunSettings, progress: Progress) -> DocumentFindings:
    """Run a document without a network; return what is said of it.

    Args:
        diagnosis: what was read in it.
        release: on which it runs.
        settings: its limits.
        progress: is told which run, how many blocks are done, and how many there are.
    """
    text = diagnosis.document.decoded.text
    with folders.temporary("standins") as folder:
        archives = execution.archives(text)
        made_up, names = execution.standins(text, archives, folder)
        here = replace(settings, launcher=execution.network_launcher(), data={**archives, **made_up})
        findings = judging.execute(diagnosis, release, here, progress)
    if not names:
        return findings
    note = f"made up in their true shape, since they are not on this machine: {', '.join(names)}"
    return replace(findings, notes=(*findings.notes, note))
