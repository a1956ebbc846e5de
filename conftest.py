"""The plugin is off for its own tests (pyproject.toml); its benchmarks need it on."""

from __future__ import annotations

import sys

pytest_plugins = ["pytest_kerasch2.plugin"] if {"--benchmark", "--benchmark-full"}.intersection(sys.argv) else []
