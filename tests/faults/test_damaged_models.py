"""A tenth of `evaluation.damaged_models`: each damaged file is refused, or looked into, and its digest tells."""

from __future__ import annotations

import pytest

from evaluation import damaged_models, model_files


@pytest.mark.parametrize("kind", model_files.NAMES)
def test_damaged_files_are_refused_or_looked_into(kind):
    actual = damaged_models.block(kind, 1, list(range(100)))

    assert actual["failures"] == []
    assert actual["changed, digest"] == 0
    assert actual["refused"] + actual["looked into"] == actual["cases"]
    assert actual["refused"] > 50
