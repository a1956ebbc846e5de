"""The hooks that pytest calls; each forwards to the room where the thing is done.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

from typing import Any, Generator

import pytest

from pytest_kerasch2 import fixtures, offering, options, parameters, precedence, streams
from pytest_kerasch2.errors import KerasCh2Error


def pytest_addoption(parser: pytest.Parser, pluginmanager: Any) -> None:
    """Offer the fixtures, to those plugins too that are loaded later and override some; the options wait."""
    precedence.offer(pluginmanager, fixtures)
    if precedence.is_loaded_by_a_conftest(pluginmanager):
        offering.offer_at_once(parser)


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Generator[None, None, None]:
    """Register the options once those of all plugins and conftests are known."""
    if options.CHAPTER.flag in args:
        # Before pytest takes them, to put them back when all is over.
        streams.hold()
    arguments = early_config.known_args_namespace
    arguments.file_or_dir = offering.without_values(args, arguments.file_or_dir)
    yield
    early_config.stash[options.YIELDED] = offering.offer(parser, args)


def pytest_configure(config: pytest.Config) -> None:
    """Read the options; start what was asked for."""
    # Named in no public way, and needed no more: the command line has been read.
    offering.withdraw(getattr(config, "_parser", None))
    try:
        settings = config.stash[options.SETTINGS] = options.read(config)
        given = config.invocation_params.args
        config.stash[options.IDLE] = options.check_effects(settings, given)
        if settings.benchmark:
            _start_benchmarks(config, settings)
        else:
            if settings.chapter:
                _start_chapter(config, settings)
            if settings.documents:
                _start_documents(config, settings)
    except KerasCh2Error as error:
        raise pytest.UsageError(str(error)) from error


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Return which of our names yield to others, and which options have no effect."""
    yielded: list[options.Option] = config.stash.get(options.YIELDED, [])
    return precedence.taken_lines(config, yielded, fixtures) + config.stash[options.IDLE]


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> Generator[None, None, None]:
    """Yield a test its runs for `device`, `model_style` and `saved_model`, unless anybody else has by then."""
    yield
    parameters.give(metafunc)


@pytest.hookimpl(hookwrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None, None, None]:
    """Let pytest-benchmark's --benchmark-only and --benchmark-skip see what asks for its fixture by way of ours."""
    ours = [item for item in items if precedence.is_asked_for(item, "step_benchmark", fixtures.step_benchmark)]
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
    from pytest_kerasch2.suite.session import start

    start(config, settings)


def _start_documents(config: pytest.Config, settings: Any) -> None:
    # Imported here for the same reason.
    from pytest_kerasch2.documents.reading import check_extra

    # Before anything that needs what the extra brings.
    check_extra()
    from pytest_kerasch2.suite.document_items import start

    start(config, settings)
