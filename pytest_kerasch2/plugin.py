"""The hooks that pytest calls; each forwards to the room where the thing is done."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_kerasch2 import options
from pytest_kerasch2.errors import KerasCh2Error

pytest_plugins = ["pytest_kerasch2.fixtures"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register the command-line options."""
    options.register(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Read the options; start the claims suite where it was asked for."""
    try:
        settings = config.stash[options.SETTINGS] = options.read(config)
        if settings.chapter:
            _start_chapter(config, settings)
    except KerasCh2Error as error:
        raise pytest.UsageError(str(error)) from error


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that asks for `device` one run for each device present."""
    if "device" in metafunc.fixturenames:
        from pytest_kerasch2.fixtures import parametrize_devices

        parametrize_devices(metafunc)


def _start_chapter(config: pytest.Config, settings: Any) -> None:
    # Imported here, so that the suite costs nothing where it is not used.
    if settings.python is not None:
        from pytest_kerasch2.early.run import start
    else:
        from pytest_kerasch2.chapter.run import start

    start(config, settings)
