"""The plugin is off for its own tests (pyproject.toml); its benchmarks need it on."""

from __future__ import annotations

import os
import sys

given = {*sys.argv, *os.environ.get("PYTEST_ADDOPTS", "").split()}
pytest_plugins = ["pytest_kerasch2.plugin"] if given & {"--benchmark", "--benchmark-full"} else []
