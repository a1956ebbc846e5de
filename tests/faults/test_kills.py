"""A few cases of the campaign `python -m evaluation.kills`, always the same."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest

from evaluation import kills
from evaluation.kills import Case

pytest.importorskip("joblib", reason="trainings are spread by joblib, of the extra `accuracy`")
pytest.importorskip("xdist", reason="workers are those of pytest-xdist")
pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked at in /proc")
SIGNALS = {"run": "SIGHUP", "run -n 2": "SIGTERM", "calibrate": "SIGKILL", "download": "SIGKILL"}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with kills.serving_slowly() as actual:
        yield actual


def _chosen() -> Iterator[Case]:
    drawn = [case for case in kills.cases(seed=0, each=60) if not case.early]
    for subject, signal in SIGNALS.items():
        yield next(case for case in drawn if (case.subject, case.signal) == (subject, signal))


@pytest.mark.slow  # `python -m evaluation.robustness --tenth` ends each command twice
@pytest.mark.parametrize("case", list(_chosen()), ids=lambda case: f"{case.subject}, {case.signal}")
def test_what_is_ended_leaves_nothing_and_resumes(case: Case, address: str) -> None:
    actual = kills.ended(case, address)

    assert actual["wrong"] == [], actual["said"]
