"""The distributions of statistics, which are SciPy's."""

from __future__ import annotations

import sys
from typing import Any

from pytest_kerasch2.errors import FrameworkMissing, InvalidArgument

# Of addresses, below which the linear algebra below SciPy asks for memory again and again, for ever. It needs 384 MiB.
LEAST = 512 * 2**20


def stats() -> Any:
    """Return `scipy.stats`, which is imported where a decision is made, and nowhere else.

    Raises:
        FrameworkMissing: there is no SciPy.
        InvalidArgument: this process may have too few addresses to import it.
    """
    if "scipy.stats" not in sys.modules:
        _check_addresses()
    try:
        from scipy import stats
    except ImportError as error:
        remedy = 'run pip install "pytest-kerasch2[accuracy]"'
        raise FrameworkMissing("A gate decides by SciPy, which is not installed", str(error), remedy) from error
    return stats


def _check_addresses() -> None:
    try:
        import resource
    except ImportError:
        # Windows has no such limit.
        return
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < LEAST:
        allowed = f"{limit // 2**20} MiB (`ulimit -v`)"
        raise InvalidArgument(
            "There is too little address space to import SciPy", allowed, f"allow {LEAST // 2**20} MiB"
        )


def tail(distance: float, freedom: int) -> float:
    """Return how probable it is that Student's variable of so many degrees of freedom is larger.

    It is what `scipy.stats.t.sf` gives, asked a hundred times quicker: a gate asks it at each point of each look.
    """
    return float(_special().stdtr(freedom, -distance))


def quantile(probability: float, freedom: int) -> float:
    """Return what Student's variable of so many degrees of freedom is larger than with this probability."""
    return -float(_special().stdtrit(freedom, probability))


def _special() -> Any:
    # With the refusal of the other one.
    stats()
    from scipy import special

    return special
