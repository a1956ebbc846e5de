"""A pytest plugin that runs each check of the chapter once for each blind fault of its claim, and nothing else.

Use it as ``pytest --chapter -p evaluation.blind_faults.plugin``, with `-k` for a part; the outcomes are appended to the
file that BLIND_FAULTS_JOURNAL names, one JSON object a line.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
from pathlib import Path
from typing import Any

import pytest

from evaluation import blind_faults
from pytest_kerasch2.claims.decorators import check_of
from pytest_kerasch2.claims.model import Check, Injection
from pytest_kerasch2.claims.release import Release
from pytest_kerasch2.framework import api
from pytest_kerasch2.suite.collection import injection_id, injection_of

JOURNAL = "BLIND_FAULTS_JOURNAL"
_NOT_SECTIONS = {"plugin", "report", "page", "__main__"}


def pytest_configure() -> None:
    """Import the modules of faults, which register themselves."""
    for module in pkgutil.iter_modules(blind_faults.__path__):
        if module.name not in _NOT_SECTIONS:
            importlib.import_module(f"{blind_faults.__name__}.{module.name}")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a check once for each blind fault of its claim, with its own parameters."""
    check = check_of(metafunc.function)
    faults = [] if check is None else blind_faults.BLIND.get(check.claim.id, [])
    if check is not None and faults:
        injected = _injections(check, faults, api.release())
        metafunc.parametrize("injected", injected, ids=injection_id, indirect=True)


def _injections(check: Check, faults: list[Any], release: Release) -> list[Injection]:
    # Where the claim is broken, a fault can only be seen above the fix that makes it hold.
    broken = any(issue.speaks_of(release) for issue in check.known_issues)
    return [Injection(one, harmful=True, beneath=check.fix if broken else None) for one in faults]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what nothing is injected around."""
    left_out = [item for item in items if injection_of(item) is None]
    items[:] = [item for item in items if injection_of(item) is not None]
    config.hook.pytest_deselected(items=left_out)


def pytest_runtest_logreport(report: Any) -> None:
    """Append the outcome of one run to the journal."""
    journal = os.environ.get(JOURNAL)
    record = getattr(report, "kerasch2_record", None)
    if journal and record is not None:
        line = {
            "claim": record["claim"]["id"],
            "fault": report.kerasch2_injected["name"],
            "item": report.nodeid,
            "outcome": report.outcome,
            "verdict": record["verdict"],
            "evidence": record["evidence"][-1:],
            "reason": str(report.longrepr).splitlines()[0][:300] if report.longrepr else "",
        }
        with Path(journal).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")
