"""Where the time of a step of the chapter's `fit` goes: input, dispatch, compute and wait, and what they leave.

    pytest --benchmark -k parts                        about ten seconds a row
    pytest --benchmark -k parts --benchmark-json=FILE  with every round, under `extra_info`

Images are made up, so that nothing need be at hand; how each part is measured stands in `timing/parts.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pytest_kerasch2 import models
from pytest_kerasch2.framework import api
from pytest_kerasch2.options import SETTINGS
from pytest_kerasch2.timing import suite

# What a framework warns of is no matter of time.
pytestmark = pytest.mark.filterwarnings("default")
# The chapter's own, and one whose compute is most of it.
BATCHES = (32, 512)


@pytest.mark.parametrize("batch_size", BATCHES)
def test_parts(step_benchmark: Any, request: pytest.FixtureRequest, device: Any, batch_size: int) -> None:
    """A step of `fit` as the chapter calls it, taken apart."""
    api.fresh_session(0)
    model = models.style("sequential-list").compiled(api.tensorflow())
    # An epoch has steps enough that what it costs by itself is little of them.
    data = tuple(np.concatenate([part] * 2) for part in suite.images())
    seconds = 5.0 if request.config.stash[SETTINGS].full else 1.0
    step_benchmark(model, data, batch_size=batch_size, device=device.name, seconds=seconds, apart=True)
