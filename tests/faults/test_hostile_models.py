"""The hostile files of `evaluation.hostile_models`, but for those that take long to write: each is refused."""

from __future__ import annotations

import pytest

from evaluation import hostile_files, hostile_models


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    return hostile_files.hostile_cases(hostile_files.Maker(tmp_path_factory.mktemp("hostile")), costly=False)


def test_every_hostile_file_is_refused_and_runs_nothing(cases):
    assert len(cases) > 200
    assert hostile_models.passed(cases) == []


def test_the_code_in_them_is_real(tmp_path):
    # The control: it leaves its mark when it is run.
    mark = tmp_path / "mark"

    hostile_models.function_of(mark)(1)

    assert mark.exists()
