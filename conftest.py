"""The plugin is off for its own tests (pyproject.toml); the benchmarks of the chapter need it on."""

from __future__ import annotations

import os
import sys
from typing import Any

import pytest

given = {*sys.argv, *os.environ.get("PYTEST_ADDOPTS", "").split()}


def pytest_addoption(pluginmanager: Any) -> None:
    """Load the plugin; not by the name `pytest_plugins`, which is refused where this is no top-level conftest.

    Raises:
        UsageError: the chapter is asked for, which the settings of the project's own tests do not fit.
    """
    asked = {one.partition("=")[0] for one in given}
    if pluginmanager.hasplugin("kerasch2") or pluginmanager.hasplugin("pytest_kerasch2.plugin"):
        return
    if asked & {"--benchmark", "--benchmark-full", "--benchmark-plot"}:
        pluginmanager.import_plugin("pytest_kerasch2.plugin")
        return
    chapter = sorted(one for one in asked if one.startswith("--chapter"))
    if chapter:
        raise pytest.UsageError(
            f"In the project's own folder the plugin is off, so {', '.join(chapter)} cannot be used here."
            " Use tox run -e chapter -- ..., tox run -e chapter-faults -- ..., or pytest in another folder."
        )
