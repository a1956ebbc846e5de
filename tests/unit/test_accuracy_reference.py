from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable

import pytest

from pytest_kerasch2.accuracy import reference
from pytest_kerasch2.accuracy.reference import TrainingDescription
from pytest_kerasch2.accuracy.runs import TrainingRun
from pytest_kerasch2.accuracy.settings import Recipe
from pytest_kerasch2.errors import BadReference
from tests.builders.synthetic_trainings import ENVIRONMENT

RECIPE = Recipe(epochs=2)
DATA = {"name": "digits", "sha256": "0" * 64, "train": 1500, "test": 297}
SUBJECT = TrainingDescription(RECIPE, DATA, ENVIRONMENT)
RUN = TrainingRun(3, (0.5, 0.25), (0.8, 0.9), (0.4, 0.3), (0.85, 0.9), 1.5)
OTHER = replace(RUN, seed=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A reference of two seeds."""
    path = tmp_path / "a.jsonl"
    with reference.appending(path, SUBJECT):
        reference.append(path, RUN)
        reference.append(path, OTHER)
    return path


def _edited(path: Path, change: Callable[[list[str]], None]) -> Path:
    lines = path.read_text(encoding="utf-8").splitlines()
    change(lines)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_what_was_appended_is_read_by_seed(path: Path) -> None:
    record = reference.read(path)

    assert (record.description.to_dict(), record.runs) == (SUBJECT.to_dict(), (OTHER, RUN))


def test_a_file_is_gone_on_with(path: Path) -> None:
    with reference.appending(path, SUBJECT) as begun:
        reference.append(path, replace(RUN, seed=9))

    assert begun.seeds == {1, 3}
    assert reference.read(path).seeds == {1, 3, 9}


@pytest.mark.parametrize("kept", [1, 20, -2, -1])
def test_a_kill_within_a_line_costs_that_line_alone(path: Path, kept: int) -> None:
    whole = path.read_bytes()
    last = whole.rindex(b"\n", 0, -1) + 1
    path.write_bytes(whole[:last] + whole[last:][:kept])

    with reference.appending(path, SUBJECT) as begun:
        reference.append(path, OTHER)

    assert begun.seeds == {3}
    assert reference.read(path).runs == (OTHER, RUN)


def test_two_calibrations_do_not_share_a_file(path: Path) -> None:
    with reference.appending(path, SUBJECT):
        # Twice: the first to be refused must not have taken the lock away.
        for _ in range(2):
            with pytest.raises(BadReference, match="Another process writes this file"):
                reference.appending(path, SUBJECT).__enter__()


def test_no_lock_is_left(path: Path) -> None:
    assert [one.name for one in path.parent.iterdir()] == ["a.jsonl"]


@pytest.mark.parametrize(
    ("subject", "message"),
    [
        (replace(SUBJECT, recipe=replace(RECIPE, epochs=3)), "epochs is 2 there, and 3 here"),
        (replace(SUBJECT, data={**DATA, "name": "mnist"}), "name is 'digits' there"),
        (replace(SUBJECT, environment={**ENVIRONMENT, "keras": "3.14.1"}), "keras is '3.15.1' there"),
    ],
)
def test_a_file_of_another_training_is_refused_and_kept(path: Path, subject: TrainingDescription, message: str) -> None:
    before = path.read_bytes()

    with pytest.raises(BadReference, match="another training") as caught, reference.appending(path, subject):
        pass

    assert (message in str(caught.value), path.read_bytes()) == (True, before)


def _curve(**changes: Any) -> str:
    return json.dumps({**RUN.to_dict(), **changes})


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 2"),
        ("[]", "line 2"),
        (_curve(loss=[0.5]), "differ in length"),
        (_curve(accuracy=[0.5, 1.5]), "line 2"),
        (_curve(seed=-1), "line 2"),
        (_curve(more=1), "line 2"),
        (_curve(loss=[0.5, float("nan")]), "NaN is not a number of JSON"),
        (_curve(loss=[0.5, float("inf")]), "Infinity is not a number of JSON"),
        (_curve(seed=1), "has the seed 1 twice"),
    ],
)
def test_a_damaged_line_is_named(path: Path, line: str, message: str) -> None:
    def change(lines: list[str]) -> None:
        lines[1] = line

    with pytest.raises(BadReference, match=message):
        reference.read(_edited(path, change))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": 2}, "line 1"),
        ({"recipe": {**RECIPE.to_dict(), "style": "other"}}, "unknown training"),
        ({"data": {**DATA, "sha256": "no"}}, "line 1"),
    ],
)
def test_a_first_line_of_something_else_is_refused(path: Path, change: dict[str, Any], message: str) -> None:
    def edit(lines: list[str]) -> None:
        lines[0] = json.dumps({**SUBJECT.to_dict(), **change})

    with pytest.raises(BadReference, match=message):
        reference.read(_edited(path, edit))


@pytest.mark.parametrize("text", ["", "half a line"])
def test_an_empty_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.jsonl").write_text(text, encoding="utf-8")

    with pytest.raises(BadReference, match="empty"):
        reference.read(tmp_path / "a.jsonl")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadReference, match="cannot be read"):
        reference.read(tmp_path / "a.jsonl")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadReference, match="cannot be written"):
        reference.appending(tmp_path / "nowhere" / "a.jsonl", SUBJECT).__enter__()

    assert list(tmp_path.iterdir()) == []


def test_an_error_of_the_trainings_is_not_called_one_of_the_file(path: Path) -> None:
    with pytest.raises(OSError, match="no more processes"), reference.appending(path, SUBJECT):
        raise OSError("no more processes")


def test_a_changed_file_has_another_digest(path: Path) -> None:
    before = reference.digest(path)

    with reference.appending(path, SUBJECT):
        reference.append(path, replace(RUN, seed=9))

    assert reference.digest(path) != before
