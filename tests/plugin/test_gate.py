"""The fixture `accuracy_gate`, as a user's own tests use it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Callable

import pytest

from tests.builders import synthetic_trainings
from tests.builders.once import import_once
from tests.builders.synthetic_trainings import DATA, make_reference

import_once()

# Imported here too, because they cannot be imported twice.
pytest.importorskip("scipy.stats", reason="distributions are SciPy's, of the extra `accuracy`")
pytest.importorskip("sklearn.datasets", reason="the digits are scikit-learn's, of the extra `digits`")
# A training of a millisecond that needs no Keras: it scatters by its seed alone.
HEAD = """
import random

import pytest


def train(seed, accuracy=0.9):
    drawn = random.Random(7919 * seed)
    more = [drawn.gauss(0, 0.003) for _ in range(4)]
    return {
        "loss": [0.2 + more[0], 0.1 + more[0] / 2], "accuracy": [0.8 + 2 * more[1], 0.9 + more[1]],
        "val_loss": [0.2 + more[2], 0.1 + more[2] / 2], "val_accuracy": [0.8 + 2 * more[3], accuracy + more[3]],
    }


def worse(seed):
    return train(seed, accuracy=0.87)


def too_good(seed):
    return train(seed, accuracy=0.95)

"""
Inner = Callable[..., pytest.RunResult]


@pytest.fixture
def inner(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Inner:
    """Run a test of somebody's own beside a reference of digits."""
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    monkeypatch.delenv("KERASCH2_MIRROR", raising=False)
    synthetic_trainings.write(make_reference(), pytester.path / "reference.jsonl")

    def run(body: str, *arguments: str) -> pytest.RunResult:
        pytester.makepyfile(HEAD + body)
        return pytester.runpytest("-rs", "-p", "no:randomly", "-p", "no:cacheprovider", *arguments)

    return run


def test_what_is_unchanged_passes(inner: Inner) -> None:
    result = inner(
        """
def test_accuracy(accuracy_gate):
    decision = accuracy_gate("reference.jsonl", train=train).require()
    assert decision.passed
    assert len(decision.seeds) == 2
"""
    )

    result.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("train", "judged"), [("worse", "worse than chance makes it"), ("too_good", "better than chance makes it")]
)
def test_what_has_changed_fails_and_says_where(inner: Inner, train: str, judged: str) -> None:
    result = inner(
        f"def test_accuracy(accuracy_gate):\n    accuracy_gate('reference.jsonl', train={train}).require()\n"
    )

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            f">   *accuracy_gate('reference.jsonl', train={train}).require()",
            f"E  *GateFailed: fail: 1 place of the curve changed, first test accuracy after epoch 2 is *{judged}*",
        ]
    )


def test_a_failure_shows_the_line_of_the_test_and_none_of_ours(inner: Inner) -> None:
    result = inner("def test_accuracy(accuracy_gate):\n    accuracy_gate('reference.jsonl', train=worse).require()\n")

    result.stdout.no_fnmatch_line("*decision.py*")
    result.stdout.no_fnmatch_line("*__tracebackhide__*")
    result.stdout.fnmatch_lines(["*Look at the points named, or calibrate anew if the change is meant."])


def test_who_does_not_require_a_pass_looks_at_the_decision(inner: Inner) -> None:
    result = inner(
        """
def test_accuracy(accuracy_gate):
    decision = accuracy_gate("reference.jsonl", train=worse)
    assert (decision.verdict, decision.passed) == ("fail", False)
    assert [(one.point.series, one.point.epoch) for one in decision.alarms] == [("test_accuracy", 2)]
"""
    )

    result.assert_outcomes(passed=1)


def test_undecided_is_no_pass_and_says_what_would_help(inner: Inner) -> None:
    result = inner(
        """
def test_accuracy(accuracy_gate):
    accuracy_gate("reference.jsonl", train=train, margin=0.0001, max_runs=3).require()
"""
    )

    result.assert_outcomes(failed=1)
    message = "*GateUndecided: undecided, before any training: 0.01 points cannot be told by 3 trainings, which tell *"
    result.stdout.fnmatch_lines([message])
    result.stdout.fnmatch_lines(["*Allow more trainings or a larger margin, or calibrate more seeds."])


def test_finished_results_are_judged(inner: Inner) -> None:
    result = inner(
        """
@pytest.mark.parametrize(("trained", "verdict"), [(train, "pass"), (worse, "fail")])
def test_accuracy(accuracy_gate, trained, verdict):
    results = [trained(seed) for seed in range(1000, 1006)]
    assert accuracy_gate("reference.jsonl", results=results).verdict == verdict
"""
    )

    result.assert_outcomes(passed=2)


REFUSED = [
    ("train=train, margin=0", "margin must be a finite number above 0, got 0. Give the change that"),
    ("train=train, alpha=0.7", "alpha must be a number above 0 and below 0.5, got 0.7. Use a rate such as"),
    ("train=train, seeds=[]", "seeds must not be empty. Give other seeds, or leave seeds= out."),
    ("", "The gate takes exactly one of model=, train= and results=, got none of them. Give"),
    (
        "train=train, results=[]",
        "The gate takes exactly one of model=, train= and results=, got train= and results=. Give one",
    ),
    ("train=lambda seed: None", "The training returned no curve, but None. Return the history of a fit"),
    (
        "train=lambda seed: 1 / 0",
        "The training function raised an error: ZeroDivisionError: division by zero, in line 23",
    ),
    ("model=train", "The reference is of other data: digits 000000000000 there, digits "),
]


@pytest.mark.parametrize(("how", "message"), REFUSED, ids=[how or "nothing" for how, _ in REFUSED])
def test_what_cannot_be_used_fails_in_one_line_without_a_traceback(inner: Inner, how: str, message: str) -> None:
    result = inner(f"def test_accuracy(accuracy_gate):\n    accuracy_gate('reference.jsonl', {how})\n")

    result.assert_outcomes(failed=1)
    (line,) = [line for line in result.outlines if line.startswith(message)]
    assert re.search(r"\. [A-Z]", line), "what to do follows"
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("E  *")
    result.stdout.no_fnmatch_line("*asking.py*")


def test_a_reference_that_is_cut_in_the_middle_is_named(inner: Inner, pytester: pytest.Pytester) -> None:
    path = Path(pytester.path) / "reference.jsonl"
    path.write_bytes(path.read_bytes()[:-200] + b"\n")

    result = inner("def test_accuracy(accuracy_gate):\n    accuracy_gate('reference.jsonl', train=train)\n")

    result.stdout.fnmatch_lines(["The reference is damaged: reference.jsonl, line 61: * Write it anew with *"])


def test_data_that_are_not_here_skip_the_test(inner: Inner, pytester: pytest.Pytester) -> None:
    reference = make_reference(data={**DATA, "name": "mnist"})
    synthetic_trainings.write(reference, Path(pytester.path) / "mnist.jsonl")

    result = inner(
        "def test_accuracy(accuracy_gate):\n    accuracy_gate('mnist.jsonl', model=train)\n", "--chapter-offline", "-rs"
    )

    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*mnist is not on this machine*"])


LIVE = """
import pytest


@pytest.fixture(scope="module")
def reference():
    from pytest_kerasch2.accuracy import reference, settings, training
    from pytest_kerasch2.data import preprocessing, sources

    digits = preprocessing.prepared(sources.load("digits"))
    how = settings.Recipe(epochs=2)
    data = {"name": "digits", "sha256": digits.digest, "train": 1500, "test": 297}
    subject = reference.TrainingDescription(how, data, {})
    return reference.Reference(subject, tuple(training.train(how, digits, seed) for seed in range(12)))


def chapters():
    import tensorflow as tf

    return tf.keras.Sequential([
        tf.keras.layers.Flatten(),
        tf.keras.layers.Dense(512, activation="relu"),
        tf.keras.layers.Dropout(0.2),
        tf.keras.layers.Dense(10, activation="softmax"),
    ])


def narrow():
    import tensorflow as tf

    return tf.keras.Sequential([
        tf.keras.layers.Flatten(),
        tf.keras.layers.Dense(1, activation="relu"),
        tf.keras.layers.Dense(10, activation="softmax"),
    ])


def test_the_same_network(accuracy_gate, reference):
    decision = accuracy_gate(reference, model=chapters, max_runs=2)

    assert decision.verdict != "fail", decision.evidence
    assert len(decision.runs) == 2


def test_another_network(accuracy_gate, reference):
    # Two that never begin to learn may be rare seeds, which twelve of a reference do not exclude.
    decision = accuracy_gate(reference, model=narrow, max_runs=4)

    assert decision.verdict == "fail", decision.evidence
    assert decision.alarms


def test_too_few_classes(accuracy_gate, reference):
    def nine():
        import tensorflow as tf

        return tf.keras.Sequential([tf.keras.layers.Flatten(), tf.keras.layers.Dense(9, activation="softmax")])

    accuracy_gate(reference, model=nine)
"""


@pytest.mark.slow  # trains some 18 times for two epochs
def test_a_model_is_trained_on_the_embedded_digits(preloaded: pytest.Pytester) -> None:
    preloaded.makepyfile(LIVE)

    result = preloaded.runpytest_subprocess("-p", "no:randomly", "-p", "no:cacheprovider", "--chapter-offline")

    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["The model has 9 outputs but the data digits has 10 classes*"])
