from __future__ import annotations

import json

import pytest

from pytest_kerasch2.subprocesses.child import answer
from pytest_kerasch2.subprocesses.job import JobOutcome


@pytest.fixture
def in_this_process(monkeypatch):
    """Have files looked into without a child, which takes half a second: for tests of what is refused, not of how."""

    def run(job):
        unlimited = {"injected": [], "address_mib": None, "processor_seconds": None}
        return JobOutcome(**answer({**json.loads(job.as_json()), **unlimited}))

    monkeypatch.setattr("pytest_kerasch2.serialization.inspection.run", run)
