"""A training that knows nothing of Keras is calibrated where neither TensorFlow nor Keras is installed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pytest_kerasch2.accuracy import calibration
from pytest_kerasch2.accuracy.calibration import CalibrationRequest
from pytest_kerasch2.accuracy.user_training import UserTraining
from pytest_kerasch2.errors import FrameworkMissing
from pytest_kerasch2.framework import api, packages

pytest.importorskip("joblib", reason="trainings are spread by joblib, of the extra `accuracy`")


@pytest.fixture(autouse=True)
def _no_framework(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither TensorFlow nor Keras, and a training beside."""

    def missing() -> None:
        raise FrameworkMissing("TensorFlow is not installed", "nothing", "install it")

    monkeypatch.setattr(packages, "installed", lambda *given: None)
    monkeypatch.setattr(api, "tensorflow", missing)
    monkeypatch.setattr(api, "keras", missing)
    monkeypatch.setattr(api, "release", missing)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    (tmp_path / "plain_training.py").write_text(
        "def train(seed):\n    return {'val_loss': [0.9 + 0.01 * (seed % 7), 0.5 + 0.01 * (seed % 5)]}\n"
    )


def _order(training: str, **more: object) -> CalibrationRequest:
    return CalibrationRequest(Path("plain.jsonl").absolute(), UserTraining(training), **more)  # type: ignore[arg-type]


def test_it_is_calibrated() -> None:
    actual = calibration.calibrate(_order("plain_training:train", seeds=6))

    assert len(actual.runs) == 6
    assert (actual.description.environment["keras"], actual.description.environment["device"]) == ("-", "-")


def test_it_goes_on_where_it_ended() -> None:
    calibration.calibrate(_order("plain_training:train", seeds=3))

    assert len(calibration.calibrate(_order("plain_training:train", seeds=5)).runs) == 5


def test_the_network_of_the_chapter_still_needs_a_framework() -> None:
    with pytest.raises(FrameworkMissing):
        calibration.calibrate(CalibrationRequest(Path("chapter.jsonl").absolute(), data="digits", seeds=1))
