"""`kerasch2 calibrate` and `kerasch2 gate` on any metric: what they say, and with which status they end."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from pytest_kerasch2.accuracy import reference
from tests.builders.synthetic_trainings import write_training
from tests.unit.gate_commands.conftest import Said, Trained

pytest.importorskip("scipy", reason="distributions are SciPy's, of the extra `accuracy`")
# TensorFlow's own, of old releases.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


COPIES = """
def train(seed):
    return {"loss": [0.5123, 0.3123], "val_auc": [0.8123, 0.9123]}
"""
STOPPING = """
import random

def train(seed):
    drawn = random.Random(seed)
    losses = [drawn.gauss(1, 0.02) / epoch for epoch in range(1, drawn.randrange(4, 9))]
    return {"loss": losses, "val_gizmo": [1 + drawn.gauss(0, 0.01) for _ in losses]}
"""


def _write(text: str) -> None:
    sys.modules.pop("my_training", None)
    Path("my_training.py").write_text(text, encoding="utf-8")


def test_a_calibration_of_copies_says_so_in_its_last_line_and_ends_with_3(calibrates: Said, run_command: Said) -> None:
    _write(COPIES)

    status, lines, _ = calibrates(6)

    assert (status, "the curve does not depend on the seed" in lines[-1]) == (3, True)
    assert run_command("gate", "own.jsonl", "--training=my_training:train")[0] == 3


def test_a_calibration_says_what_two_trainings_tell(calibrates: Said) -> None:
    write_training()

    _, lines, _ = calibrates(6)

    assert lines[-2].startswith("test accuracy after epoch 2: usually 0.")
    assert "two trainings tell a margin of" in lines[-2]


def test_trainings_that_stop_by_themselves_need_no_number_of_epochs(run_command: Said, calibrates: Said) -> None:
    _write(STOPPING)

    status, lines, _ = run_command("calibrate", "own.jsonl", "--training=my_training:train", "--seeds=20", "--jobs=1")

    assert (status, lines[-1]) == (0, "own.jsonl: 20 seeds")
    assert len(reference.read(Path("own.jsonl")).lengths) > 1
    gate = ("gate", "own.jsonl", "--training=my_training:train", "--metric=val_gizmo:higher", "--margin=0.04")
    status, lines, errors = run_command(*gate, "--json=decision.json")
    assert status == 0
    content = json.loads(Path("decision.json").read_text(encoding="utf-8"))
    assert (content["metric"], content["direction"], content["margin"]) == ("val_gizmo", "higher", 0.04)
    assert "val_gizmo" in errors


def test_a_metric_that_has_no_curve_ends_a_calibration_with_its_first_seed(calibrates: Said) -> None:
    _write(STOPPING)

    status, _, errors = calibrates(6, "--epochs=20", "--metric=val_gizno:higher")

    assert (status, reference.read(Path("own.jsonl")).seeds) == (2, {0})
    assert "Write --metric val_gizmo" in errors


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--metric=val_auk",), "Write --metric val_accuracy."),
        (("--metric=val_accuracy:up",), "must be higher or lower"),
        (("--margin=0",), "margin must be a finite number above 0, got 0.0."),
        (("--margin=0.95",), "even the worst possible value would pass"),
    ],
    ids=str,
)
def test_a_margin_or_a_metric_that_tells_nothing_is_refused_before_any_training(
    reference_file: str, run_command: Said, arguments: tuple[str, ...], message: str, trained: Trained
) -> None:
    status, lines, errors = run_command("gate", reference_file, "--training=my_training:train", *arguments)

    assert (status, lines, errors.count("\n"), trained()) == (2, [], 1, [])
    assert message in errors


def test_a_training_that_takes_no_seed_is_refused_before_it_is_called(run_command: Said, calibrates: Said) -> None:
    _write("def train():\n    raise AssertionError\n")

    status, _, errors = calibrates(6)

    assert (status, "must take a seed" in errors) == (2, True)


def test_a_message_names_the_option_of_the_command(reference_file: str, run_command: Said) -> None:
    _, _, errors = run_command("gate", reference_file, "--training=my_training:train", "--metric=val_accuracies")

    assert "--metric val_accuracy" in errors
