"""The runs of a test that asks for one of our fixtures that stand for several things.

They are given by a hook and not by the fixtures themselves: parameters of a fixture would collide with those that the
user gives by a hook of his own.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

from typing import Any

import pytest

from pytest_kerasch2 import fixtures, precedence
from pytest_kerasch2.errors import KerasCh2Error
from pytest_kerasch2.options import SETTINGS


def give(metafunc: Any) -> None:
    """Return a test its runs."""
    for name, values in (("model_style", fixtures.STYLE_NAMES), ("saved_model", fixtures.FORMAT_NAMES)):
        precedence.parametrize(metafunc, name, getattr(fixtures, name), values, values)
    if "device" in metafunc.fixturenames:
        _give_devices(metafunc)


def _give_devices(metafunc: Any) -> None:
    if not precedence.reaches(metafunc, "device", fixtures.device):
        return
    # Not before it is needed: it is not used in most runs.
    from pytest_kerasch2.framework import devices

    try:
        chosen = devices.expected(metafunc.config.stash[SETTINGS].devices)
    except KerasCh2Error as error:
        # Of what is raised while tests are collected, this alone is shown by its message, without a traceback.
        raise pytest.Collector.CollectError(str(error)) from error
    precedence.parametrize(metafunc, "device", fixtures.device, chosen, [one.name for one in chosen])
