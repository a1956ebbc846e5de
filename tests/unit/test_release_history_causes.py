"""What is behind a jump: a release with another optimizer against itself."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

if sys.version_info < (3, 11):
    pytest.skip("scripts of the benchmarks are run by CPython 3.11 or newer", allow_module_level=True)
if sys.platform == "win32":
    pytest.skip("the interpreters of these tests are scripts", allow_module_level=True)

from evaluation import release_history, release_history_causes, release_history_suite
from evaluation.release_history_suite import OPTIMIZER
from matrix import environments
from matrix.columns import Column
from matrix.errors import Unfinished
from pytest_kerasch2.timing.timed_processes import ComparedSide
from tests.builders.stand_in_interpreter import interpreter

MODES = list(release_history_suite.IMAGES)


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Arms that only say times, and what is given to them."""
    given: dict[str, Any] = {"benchmarks": MODES}

    def side(_: Any, column: Column, package: Path) -> ComparedSide:
        return ComparedSide(column.environment, interpreter(tmp_path / "python", **given), package)

    monkeypatch.setattr(release_history, "arm_of", side)
    monkeypatch.setattr(release_history, "give_up_what_leads_astray", lambda column: None)
    return given


def _lines(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    assert release_history_causes.main(["tf2.11", "legacy.Adam", "--starts", "2", "--seconds", "0.1", *words]) == 0
    return capsys.readouterr().out.splitlines()


def test_the_release_is_held_against_itself_with_the_other_optimizer(
    stand_in: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    stand_in.update(slow_with=OPTIMIZER)

    lines = _lines(capsys)

    assert [line.partition(":")[0] for line in lines] == MODES
    ratios = [float(line.split()[1]) for line in lines]
    assert ratios == pytest.approx([2.0] * len(MODES), rel=0.02)


def test_a_mode_that_is_refused_is_not_measured(stand_in: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    stand_in.update(owes=[0.5])

    assert _lines(capsys) == [f"{mode}: not measured" for mode in MODES]


def test_its_environment_is_removed_where_that_is_asked_for(
    stand_in: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    removed: list[str] = []
    monkeypatch.setattr(environments, "remove", lambda column: removed.append(column.environment))

    _lines(capsys, "--remove")

    assert removed == ["tf2.11"]


def test_a_release_that_cannot_be_had_is_told(
    monkeypatch: pytest.MonkeyPatch, stand_in: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    def side(*_: Any) -> ComparedSide:
        raise Unfinished("Its environment does not install", "no network")

    monkeypatch.setattr(release_history, "arm_of", side)

    assert release_history_causes.main(["tf2.11", "legacy.Adam"]) == release_history.REFUSED
    assert "Its environment does not install" in capsys.readouterr().err


def test_no_starts_are_refused() -> None:
    with pytest.raises(SystemExit):
        release_history_causes.main(["tf2.11", "legacy.Adam", "--starts", "0"])


def test_the_suite_takes_the_optimizer_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tensorflow")
    monkeypatch.setenv(OPTIMIZER, "SGD")

    model = release_history_suite.benchmarks()["predict"]()["model"]

    assert type(model.optimizer).__name__ == "SGD"
