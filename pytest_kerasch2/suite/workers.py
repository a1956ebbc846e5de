"""Which part a process plays in a run of pytest-xdist."""

from __future__ import annotations

import pytest


def is_worker(config: pytest.Config) -> bool:
    """Whether this process is one of several that run tests."""
    return hasattr(config, "workerinput")


def is_distributed(config: pytest.Config) -> bool:
    """Whether this process hands its tests to others."""
    return not is_worker(config) and bool(getattr(config.option, "dist", "no") != "no" and config.getoption("tx", None))
