"""How errors of ours, and those of the user's own code that we call, reach the test that asked for a fixture.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import TracebackType
from typing import Any, Iterator, Sequence

import pytest

from pytest_kerasch2.errors import Inconclusive, InvalidArgument, KerasCh2Error, NotApplicable
from pytest_kerasch2.third_party import warnings_shown

PACKAGE = Path(__file__).parent


@contextlib.contextmanager
def explained(request: pytest.FixtureRequest) -> Iterator[None]:
    """Yield what is missing as a skip, and any other error of ours as a failure without a traceback.

    A check of the chapter gets the error itself, because its verdict depends on the kind. What third parties warn of
    meanwhile is shown, and never an error.
    """
    __tracebackhide__ = True
    try:
        with warnings_shown():
            yield
    except KerasCh2Error as error:
        if request.config.pluginmanager.hasplugin("kerasch2-chapter"):
            raise
        if isinstance(error, (Inconclusive, NotApplicable)):
            pytest.skip(str(error))
        # Not with what it comes from, which pytest would print as a second failure with the same text.
        raise pytest.fail.Exception(str(error), pytrace=False) from None


class own_lines:
    """Show of an error that the user's own code raises that code alone, and not how we came to call it.

    pytest's --full-trace shows that too. Not by `contextlib`, which puts back the traceback that an error came with.
    """

    def __init__(self, request: pytest.FixtureRequest) -> None:
        """Take the fixture's request, by which pytest's options are known."""
        self.is_whole = bool(request.config.getoption("fulltrace", False))

    def __enter__(self) -> None:
        """Begin to look for errors."""

    def __exit__(self, kind: Any, error: BaseException | None, traceback: TracebackType | None) -> None:
        """Raise the same error with what its traceback has beyond our frames."""
        __tracebackhide__ = True
        if isinstance(error, Exception) and not isinstance(error, KerasCh2Error) and not self.is_whole:
            raise error.with_traceback(beyond(error))


def beyond(error: BaseException) -> TracebackType | None:
    """Return what an error's traceback has beyond our last frame: all of it where that is where it was raised."""
    last, step = None, error.__traceback__
    while step is not None:
        # What is hidden stands between the user's own lines.
        hidden = "__tracebackhide__" in step.tb_frame.f_locals
        if PACKAGE in Path(step.tb_frame.f_code.co_filename).parents and not hidden:
            last = step
        step = step.tb_next
    return (last and last.tb_next) or error.__traceback__


def parameter(request: pytest.FixtureRequest, names: Sequence[str]) -> str:
    """Return what a fixture stands for in this run of a test.

    Raises:
        InvalidArgument: it was asked for in a way that gives a test no runs, or parametrized with another thing.
    """
    value = getattr(request, "param", None)
    if value is None:
        happened = f"`{request.fixturename}` stands for {len(names)} things, one in each run of a test"
        remedy = "name it as an argument of the test or of a fixture, or parametrize it with indirect=True"
        raise InvalidArgument(f"{happened}, and was asked for while the test ran", "", remedy)
    if value not in names:
        raise InvalidArgument(
            f"`{request.fixturename}` has no parameter {value!r}", "", f"use one of {', '.join(names)}"
        )
    return str(value)
