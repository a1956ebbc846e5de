"""The distributions of statistics, which are SciPy's."""

from __future__ import annotations

from typing import Any

from pytest_kerasch2.errors import FrameworkMissing


def stats() -> Any:
    """Give `scipy.stats`, which is imported where a decision is made, and nowhere else.

    Raises:
        FrameworkMissing: there is no SciPy.
    """
    try:
        from scipy import stats
    except ImportError as error:
        remedy = 'run pip install "pytest-kerasch2[accuracy]"'
        raise FrameworkMissing("SciPy is not installed, by which a gate decides", str(error), remedy) from error
    return stats
