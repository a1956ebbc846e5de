"""What a wrong argument of a fixture is answered with: one sentence, none of our frames, and no secret."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("preloaded")
# Each needs no framework: it is refused before anything is imported.
WRONG = """
def test_gate(accuracy_gate):
    accuracy_gate("digits-tensorflow-2.21", modle=None)

def test_step(step_benchmark):
    step_benchmark(None, None, secods=1)

def test_step_lacks_data(step_benchmark):
    step_benchmark(None)

def test_archives(archives):
    archives(nam="mnist")

def test_archive(archives):
    archives("mnst")

def test_style(functional_style):
    functional_style.build(None, netwrok=None)
"""


@pytest.fixture
def inner(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("MY_SECRET", "do-not-print-this")
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)

    def run(body: str) -> pytest.RunResult:
        pytester.makepyfile(body)
        loud = ("-vvv", "--showlocals", "--tb=long", "-p", "no:randomly", "-p", "no:cacheprovider")
        return pytester.runpytest_subprocess(*loud)

    return run


def test_the_argument_is_named_and_the_nearest_one(inner: Any) -> None:
    result = inner(WRONG)

    result.assert_outcomes(failed=6)
    result.stdout.fnmatch_lines_random(
        [
            "`accuracy_gate` has no argument `modle`*`model`*",
            "`step_benchmark` has no argument `secods`*`seconds`*",
            "`step_benchmark` needs the argument `data`*",
            "`archives` has no argument `nam`*`name`*",
            "There is no data set 'mnst'*",
            "*`ModelStyle.build` has no argument `netwrok`*`network`*",
        ]
    )


def test_none_of_our_frames_and_no_variable_of_the_process_is_printed(inner: Any) -> None:
    output = inner(WRONG).stdout.str()

    assert ("fixtures.py:" in output, "arguments.py:" in output, "do-not-print-this" in output) == (False, False, False)


@pytest.mark.parametrize("value", ["-1", "0", "'1'", "float('nan')", "float('inf')", "None", "True"])
def test_seconds_are_a_finite_number_above_zero(inner: Any, value: str) -> None:
    result = inner(f"def test_it(step_benchmark):\n    step_benchmark(None, None, seconds={value})\n")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["seconds must be a positive number of seconds, got *"])


def test_an_error_of_the_users_own_training_shows_no_variable_of_the_process(inner: Any) -> None:
    result = inner(
        "def train(seed):\n    raise ValueError('my own mistake')\n\n"
        "def test_it(accuracy_gate):\n    accuracy_gate('digits-tensorflow-2.21', train=train)\n"
    )

    output = result.stdout.str()
    assert ("my own mistake" in output, "do-not-print-this" in output) == (True, False)
