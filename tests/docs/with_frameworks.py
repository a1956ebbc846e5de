"""Every example of the documents, in one process that imports TensorFlow once: `tox run -e tests-docs`.

The name does not begin with `test_`, so that the default suite leaves this file out.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_kerasch2.framework import threads
from tests.builders.once import import_once
from tests.docs import examples
from tests.docs.examples import ELSEWHERE, PAGES, PROJECT

import_once("tensorflow", "keras", "sklearn.linear_model", "sklearn.model_selection", "matplotlib.pyplot")
# What no environment of ours has together with TensorFlow.
ABSENT = {"# test_torch_loop.py"}


@pytest.fixture(autouse=True)
def _as_a_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of 80 columns, and nothing of this run."""
    for name in ("GITHUB_STEP_SUMMARY", "PYTEST_XDIST_WORKER", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    # The framework of this process has begun to compute.
    monkeypatch.setattr(threads, "limit", lambda: None)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    "page", [one for one in PAGES if one not in ELSEWHERE], ids=lambda page: page.relative_to(PROJECT).as_posix()
)
def test_every_example_runs(page: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(pytester.path))

    reader = examples.read_aloud(page, pytester, with_frameworks=True)

    assert set(reader.left_out) <= ABSENT
