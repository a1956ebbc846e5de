"""How the suite runs hypothesis: the same cases in every run, nothing written, no clock."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Callable, Iterator

from hypothesis import HealthCheck, Phase, settings
from hypothesis.configuration import set_hypothesis_home_dir

_SHRINKING = ContextVar("_SHRINKING", default=True)


@contextmanager
def unshrunk() -> Iterator[None]:
    """Let properties within stop at the first case that breaks them: with an injected fault, any case will do."""
    token = _SHRINKING.set(False)
    try:
        yield
    finally:
        _SHRINKING.reset(token)


@contextmanager
def stored_in(folder: Path) -> Iterator[None]:
    """Let what hypothesis keeps, even without a database, go to a folder rather than to the current one."""
    set_hypothesis_home_dir(str(folder))
    try:
        yield
    finally:
        # It looks again for the place of the user's own tests.
        set_hypothesis_home_dir(None)


def examples(count: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the decorator for a property with up to `count` generated cases.

    The cases are drawn alike in every run, so that a verdict does not depend on luck; the one error that is reported
    is that of the smallest case; no database is written to the user's folder.
    """
    phases = (Phase.explicit, Phase.generate, *((Phase.shrink,) if _SHRINKING.get() else ()))
    return settings(
        phases=phases,
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )
