"""`kerasch2 gate`, and `kerasch2 calibrate --training`, which makes what it reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_kerasch2 import cli
from pytest_kerasch2.accuracy import command, plot, reference
from pytest_kerasch2.accuracy.user_training import UserTraining
from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.report import pictures
from tests.builders import gate_decisions, synthetic_trainings
from tests.builders.synthetic_trainings import make_reference, run, write_training
from tests.unit.gate_commands.conftest import Said, Trained

pytest.importorskip("scipy", reason="distributions are SciPy's, of the extra `accuracy`")
# TensorFlow's own, of old releases.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


def test_what_is_unchanged_ends_with_0_and_its_evidence(
    reference_file: str, run_command: Said, trained: Trained
) -> None:
    status, lines, errors = run_command("gate", reference_file, "--training=my_training:train")

    assert (status, len(trained())) == (0, 2)
    assert lines[0].startswith("pass: the test accuracy is within ")
    assert lines[1].startswith("test accuracy after the last epoch: 0.")
    assert lines[2] == f"trainings: 2, with the seeds {', '.join(map(str, trained()))}"
    assert errors.splitlines()[0].endswith(" s; undecided")
    assert errors.splitlines()[1].endswith(" s; pass")


@pytest.mark.parametrize("accuracy", [0.87, 0.93])
def test_what_has_changed_ends_with_1(reference_file: str, run_command: Said, accuracy: float) -> None:
    write_training(accuracy)

    status, lines, _ = run_command("gate", reference_file, "--training=my_training:train")

    assert (status, lines[0][:40]) == (1, "fail: 1 place of the curve changed, firs")


def test_an_output_that_cannot_be_written_after_all_takes_no_verdict_away(
    reference_file: str, run_command: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    def show(*given: Any) -> None:
        raise InvalidArgument("An output cannot be written", "the disk is full", "make room")

    monkeypatch.setattr(command, "show", show)

    status, lines, errors = run_command("gate", reference_file, "--training=my_training:train")

    assert (status, lines[0][:5], "the disk is full" in errors) == (0, "pass:", True)


def test_what_cannot_be_told_ends_with_3_before_any_training(
    reference_file: str, run_command: Said, trained: Trained
) -> None:
    status, lines, _ = run_command(
        "gate", reference_file, "--training=my_training:train", "--margin=0.0001", "--max-runs=5"
    )

    assert (status, trained()) == (3, [])
    assert lines[0].startswith("undecided, before any training: 0.01 points cannot be told by 5 trainings, which tell")


def test_finished_results_are_judged(tmp_path: Path, run_command: Said) -> None:
    later = make_reference(6, trained=lambda seed, epochs: run(1000 + seed))
    synthetic_trainings.write(later, tmp_path / "later.jsonl")
    synthetic_trainings.write(make_reference(), tmp_path / "before.jsonl")

    status, lines, errors = run_command("gate", "before.jsonl", "--results=later.jsonl")

    assert (status, lines[0][:5], errors) == (0, "pass:", "")


def test_the_decision_is_written_as_data(reference_file: str, run_command: Said, trained: Trained) -> None:
    write_training(0.87)

    run_command("gate", reference_file, "--training=my_training:train", "--json=decision.json")

    content = json.loads(Path("decision.json").read_text(encoding="utf-8"))
    assert (content["verdict"], content["runs"][0]["seed"]) == ("fail", trained()[0])
    assert content["alarms"][0] == {
        "series": "test_accuracy",
        "epoch": 2,
        "expected": pytest.approx(0.9, abs=0.001),
        "actual": pytest.approx(0.87, abs=0.01),
    }
    assert content["evidence"][0].startswith("fail: 1 place of the curve changed, first test accuracy after epoch 2 is")
    assert sorted(content) == [
        "alarms",
        "direction",
        "estimate",
        "evidence",
        "expected",
        "interval",
        "margin",
        "metric",
        "runs",
        "smallest",
        "verdict",
    ]


def test_without_any_training_the_data_say_so(reference_file: str, run_command: Said) -> None:
    run_command("gate", reference_file, "--training=my_training:train", "--margin=0.0001", "--json=decision.json")

    content = json.loads(Path("decision.json").read_text(encoding="utf-8"))
    assert (content["verdict"], content["estimate"], content["interval"], content["runs"]) == (
        "undecided",
        None,
        None,
        [],
    )


def test_pictures_are_drawn_where_they_are_asked_for(
    reference_file: str, run_command: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Any] = []
    monkeypatch.setattr(pictures, "refuse", lambda path: None)
    monkeypatch.setattr(plot, "write", lambda built, decision, path: drawn.append((decision.verdict.value, path)))

    run_command("gate", reference_file, "--training=my_training:train", "--plot=a.png", "--plot=b.svg")

    assert drawn == [("pass", Path("a.png")), ("pass", Path("b.svg"))]


def test_error_rates_and_the_number_of_trainings_are_chosen(reference_file: str, run_command: Said) -> None:
    how = ("--margin=0.0001", "--alpha=0.2", "--beta=0.2", "--json=decision.json")

    loose = run_command("gate", reference_file, "--training=my_training:train", "--max-runs=20", *how)[1][0]
    strict = run_command("gate", reference_file, "--training=my_training:train", "--max-runs=20", "--margin=0.0001")[1][
        0
    ]

    assert "by 20 trainings" in loose
    assert float(loose.split()[-3]) < float(strict.split()[-3])


REFUSED = [
    (
        (),
        "This reference is of the training my_training:train, by which no model can be trained. Give that",
    ),
    (("--training=my_training:train", "--results=own.jsonl"), "got train= and results=. Give one of them."),
    (("--training=my_training",), "training must be written as module:function, got 'my_training'."),
    (("--training=no_module:train",), "The training no_module:train cannot be imported: ModuleNotFoundError"),
    (("--training=my_training:test",), "The training my_training:test cannot be imported: AttributeError"),
    (("--training=my_training:ACCURACY",), "The training my_training:ACCURACY must be a function of a seed, got 0.9."),
    (("--results=nowhere.jsonl",), "There is no reference 'nowhere.jsonl'."),
    (("--results=own.jsonl",), "The results are trainings of the reference itself: seeds 0, 1, 2"),
    (("--training=my_training:train", "--margin=0"), "margin must be a finite number above 0, got 0.0."),
    (("--training=my_training:train", "--margin=nan"), "margin must be a finite number above 0, got nan."),
    (("--training=my_training:train", "--alpha=1"), "alpha must be a number above 0 and below 0.5, got 1.0."),
    (("--training=my_training:train", "--beta=-1"), "beta must be a number above 0 and below 0.5, got -1.0."),
    (("--training=my_training:train", "--max-runs=0"), "max_runs must be a positive integer, got 0."),
    (("--training=my_training:train", "--plot=curve.gif"), "A picture must be a .png or .svg file, got 'curve.gif'."),
    (("--training=my_training:train", "--json=no/a.json"), "An output cannot be written: no is not a folder."),
    (("--training=my_training:train", "--json=."), "An output cannot be written: . is a folder."),
    (("--training=my_training:train", "--json=own.jsonl"), "An output would overwrite an input: own."),
    (
        ("--training=my_training:train", "--json=a.svg", "--plot=a.svg"),
        "Two outputs are to be written into one file: a.svg, a.svg.",
    ),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSED, ids=[" ".join(one) or "nothing" for one, _ in REFUSED])
def test_a_refusal_ends_with_2_in_one_line_before_any_training(
    reference_file: str,
    run_command: Said,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    message: str,
    trained: Trained,
) -> None:
    monkeypatch.setattr(pictures, "_matplotlib", lambda: None)

    status, lines, errors = run_command("gate", "own.jsonl", *arguments)

    assert (status, lines, errors.count("\n"), trained()) == (2, [], 1, [])
    assert len(Path("own.jsonl").read_bytes().splitlines()) == 61
    assert errors.startswith("kerasch2 gate: ")
    assert message in errors


@pytest.mark.parametrize(
    ("stops", "message"),
    [
        (
            "raise RuntimeError('no memory')",
            "The training function raised an error: RuntimeError: no memory, in line 12 of ",
        ),
        (
            "raise SystemExit(0)",
            "The training function raised an error: SystemExit: 0, in line 12 of my_training.py",
        ),
        ("return None", "The training returned no curve, but None."),
        ("return {}", "The training returned no curve of a metric, but nothing."),
        ("more[0] = float('nan')", "The training with seed 3626764237 diverged: loss is nan after epoch 1."),
        ("more[1] = 90", "accuracy must lie from 0 to 1, got (90.8, 90.9) with seed "),
    ],
)
def test_a_training_that_gives_no_curve_ends_with_2(
    reference_file: str, run_command: Said, stops: str, message: str, trained: Trained
) -> None:
    write_training(stops=stops)

    status, lines, errors = run_command("gate", "own.jsonl", "--training=my_training:train")

    assert (status, lines, errors.count("\n"), len(trained())) == (2, [], 1, 1)
    assert errors.startswith(f"kerasch2 gate: {message}")


@pytest.mark.parametrize("arguments", [["--margin=fine"], ["--max-runs=2.5"], ["--epochs=3"]])
def test_a_command_line_that_is_not_understood_ends_with_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["gate", "own.jsonl", *arguments])

    assert (ended.value.code, "usage: kerasch2" in capsys.readouterr().err) == (2, True)


def test_a_calibration_of_ones_own_training_makes_a_file(calibrates: Said, trained: Trained) -> None:
    write_training()

    status, lines, _ = calibrates(5)

    record = reference.read(Path("own.jsonl"))
    assert (status, lines[-1], trained()) == (0, "own.jsonl: 5 seeds", [0, 1, 2, 3, 4])
    assert (record.description.recipe, record.description.data["name"]) == (
        UserTraining("my_training:train", 2),
        "my_training:train",
    )


def test_it_goes_on_where_it_was_stopped(calibrates: Said, trained: Trained) -> None:
    # What stops it is outside of the file, for a changed file is another training.
    write_training(stops="if seed == 3 and os.path.exists('stop'): raise KeyboardInterrupt")
    Path("stop").touch()
    stopped, _, errors = calibrates(6)
    before = reference.read(Path("own.jsonl")).seeds
    Path("stop").unlink()

    status, lines, _ = calibrates(6)

    kept = "kerasch2 calibrate: stopped; the seeds that were done are kept, and the same command goes on\n"
    assert (stopped, errors, before) == (130, kept, {0, 1, 2})
    assert (status, lines[-1], trained()) == (0, "own.jsonl: 6 seeds", [0, 1, 2, 3, 3, 4, 5])


def test_what_raises_ends_it_and_costs_nothing_that_was_done(calibrates: Said) -> None:
    write_training(stops="if seed == 3: raise MemoryError('too large')")

    status, _, errors = calibrates(6)

    assert (status, reference.read(Path("own.jsonl")).seeds) == (2, {0, 1, 2})
    text = "MemoryError: too large, in line 12 of my_training.py, with seed 3"
    assert f"The training function raised an error: {text}" in errors


def test_what_is_calibrated_is_read_by_the_gate(calibrates: Said, run_command: Said) -> None:
    write_training()
    calibrates(20)

    assert run_command("gate", "own.jsonl", "--training=my_training:train")[0] == 0


def test_a_file_of_another_training_is_kept(calibrates: Said) -> None:
    write_training()
    calibrates(5)
    before = Path("own.jsonl").read_bytes()
    write_training(0.5)

    status, _, errors = calibrates(9)

    assert (status, Path("own.jsonl").read_bytes()) == (2, before)
    assert "own.jsonl is of another training" in errors


def test_more_epochs_than_announced_are_said(calibrates: Said) -> None:
    write_training()

    status, _, errors = calibrates(5, "--epochs=1")

    assert status == 2
    assert "my_training:train returned 2 epochs, and epochs is 1. Use --epochs=2, or leave --epochs out." in errors


def test_without_a_training_the_chapters_own_network_is_asked_about(
    run_command: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    def ask(earlier: Any, **how: Any) -> Any:
        asked.update(how)
        return gate_decisions.passed()[1]

    monkeypatch.setattr(command.gate, "run_gate", ask)
    status, _, _ = run_command("gate", "digits-tensorflow-2.21")

    assert (status, asked["load_data"]("digits").name) == (0, "digits")
