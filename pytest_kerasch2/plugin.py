"""The hooks that pytest calls; each forwards to the room where the thing is done."""

from __future__ import annotations

from typing import Any, Generator

import pytest

from pytest_kerasch2 import fixtures, options
from pytest_kerasch2.errors import KerasCh2Error


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register the command-line options."""
    options.register(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Read the options; offer the fixtures; start the claims suite where it was asked for."""
    # Not by the name `pytest_plugins`, for which pytest reads the metadata of every distribution once more.
    config.pluginmanager.register(fixtures, "kerasch2-fixtures")
    try:
        settings = config.stash[options.SETTINGS] = options.read(config)
        if settings.benchmark:
            _start_benchmarks(config, settings)
        elif settings.chapter:
            _start_chapter(config, settings)
    except KerasCh2Error as error:
        raise pytest.UsageError(str(error)) from error


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that asks for `device` one run for each device present."""
    if "device" in metafunc.fixturenames:
        fixtures.parametrize_devices(metafunc)


@pytest.hookimpl(hookwrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None, None, None]:
    """Let pytest-benchmark's --benchmark-only and --benchmark-skip see what asks for its fixture by way of ours."""
    ours = [item for item in items if "step_benchmark" in getattr(item, "fixturenames", ())]
    names: list[Any] = [item.fixturenames for item in ours]  # type: ignore[attr-defined]
    for item in ours:
        item.fixturenames = [*item.fixturenames, "benchmark"]  # type: ignore[attr-defined]
    yield
    for item, before in zip(ours, names):
        item.fixturenames = before  # type: ignore[attr-defined]


def _start_benchmarks(config: pytest.Config, settings: Any) -> None:
    # Imported here for the same reason as below.
    from pytest_kerasch2.benchmark_run import start

    start(config, settings)


def _start_chapter(config: pytest.Config, settings: Any) -> None:
    # Imported here, so that the suite costs nothing where it is not used.
    if settings.python is not None:
        from pytest_kerasch2.early.run import start
    else:
        from pytest_kerasch2.chapter.run import start

    start(config, settings)
