"""Where the time of a step of the chapter's `fit` goes: input, dispatch, compute and wait, and what they leave.

    pytest --benchmark -k parts                        the chapter's batch
    pytest --benchmark-full -k parts                   a larger one too
    pytest --benchmark -k parts --benchmark-json=FILE  with every round, under `extra_info`

Images are made up, so that nothing need be at hand; how each part is measured stands in `timing/breakdown.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pytest_kerasch2 import models
from pytest_kerasch2.framework import api
from pytest_kerasch2.options import SETTINGS
from pytest_kerasch2.timing import benchmark_suite

# What a framework warns of is no matter of time.
pytestmark = pytest.mark.filterwarnings("default")
# The chapter's own, and one whose compute is most of it.
FEW_BATCHES = (32,)
ALL_BATCHES = (32, 512)
# Times that the made-up images are in an epoch, so that what it costs by itself is little of its steps.
REPEATED = 2


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Return the batch sizes that were asked for."""
    full = metafunc.config.stash[SETTINGS].full
    metafunc.parametrize("batch_size", ALL_BATCHES if full else FEW_BATCHES)


def test_parts(step_benchmark: Any, request: pytest.FixtureRequest, device: Any, batch_size: int) -> None:
    """A step of `fit` as the chapter calls it, taken apart."""
    api.fresh_session(0)
    model = models.style("sequential-list").compiled(api.tensorflow())
    data = tuple(np.concatenate([part] * REPEATED) for part in benchmark_suite.synthetic_images())
    seconds = 15.0 if request.config.stash[SETTINGS].full else 1.0
    step_benchmark(model, data, batch_size=batch_size, device=device.name, seconds=seconds, breakdown=True)
