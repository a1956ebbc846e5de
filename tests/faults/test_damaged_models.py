"""A tenth of `evaluation.damaged_models`: each damaged file is refused, or looked into, and its digest tells."""

from __future__ import annotations

import pytest

from evaluation import damaged_models, model_files


@pytest.mark.parametrize("kind", model_files.NAMES)
def test_damaged_files_are_refused_or_looked_into(kind):
    found = damaged_models.block(kind, 1, list(range(100)))

    assert found["failures"] == []
    assert found["changed, digest"] == 0
    assert found["refused"] + found["looked into"] == found["cases"]
    assert found["refused"] > 50
