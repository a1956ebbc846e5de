"""The plugin is off for its own tests (pyproject.toml); the benchmarks of the chapter need it on."""

from __future__ import annotations

import os
import sys
from typing import Any

given = {*sys.argv, *os.environ.get("PYTEST_ADDOPTS", "").split()}


def pytest_addoption(pluginmanager: Any) -> None:
    """Load the plugin; not by the name `pytest_plugins`, which is refused where this is no top-level conftest."""
    asked = {one.partition("=")[0] for one in given}
    if asked & {"--benchmark", "--benchmark-full", "--benchmark-plot"} and not pluginmanager.hasplugin("kerasch2"):
        pluginmanager.import_plugin("pytest_kerasch2.plugin")
