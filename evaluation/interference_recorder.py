"""Loaded into both runs of a suite: keeps the outcome of each test, in their order, and what was imported."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

FRAMEWORKS = ("tensorflow", "keras", "tf_keras", "jax", "torch", "h5py", "numpy")
OUTCOMES: dict[str, str] = {}


def pytest_itemcollected(item: Any) -> None:
    """Note a test; its outcome comes later."""
    OUTCOMES[item.nodeid] = "not run"


def pytest_collectreport(report: Any) -> None:
    """Note what could not be collected."""
    if not report.passed:
        OUTCOMES[f"collection of {report.nodeid}"] = str(report.outcome)


def pytest_runtest_logreport(report: Any) -> None:
    """Keep the worst of the three phases of a test."""
    if report.when == "call" or not report.passed:
        word = "error" if report.failed and report.when != "call" else str(report.outcome)
        OUTCOMES[report.nodeid] = f"x{word}" if hasattr(report, "wasxfail") else word


def pytest_unconfigure() -> None:
    """Write it down."""
    imported = [name for name in FRAMEWORKS if name in sys.modules]
    Path(os.environ["RECORDED"]).write_text(json.dumps({"outcomes": OUTCOMES, "imported": imported}), encoding="utf-8")
