"""A step of a real `fit` taken apart, asked for by the fixture `step_benchmark`."""

from __future__ import annotations

import pytest

from tests.plugin.test_step_benchmark import HEAD

pytest.importorskip("pytest_benchmark", reason="times are kept by pytest-benchmark, of the extra `benchmark`")
BODY = """
from pytest_kerasch2.framework import devices
from pytest_kerasch2.timing import breakdown, work_check
from pytest_kerasch2.timing.workload import make_workload


def test_apart(step_benchmark, benchmark, monkeypatch):
    proved, prove = [], work_check.check_work
    monkeypatch.setattr(work_check, "check_work", lambda *given: proved.append(given) or prove(*given))
    step_benchmark(network(), (X, Y), device="cpu", seconds=0.05, breakdown=True)

    found = benchmark.extra_info["kerasch2"]["breakdown"]
    assert {"input", "dispatch", "compute", "wait", "whole", "share", "rounds"} <= set(found)
    assert len(proved) == 1


def test_nothing_is_shown_where_nothing_was_asked_for(step_benchmark, monkeypatch):
    monkeypatch.setattr(work_check, "check_work", lambda *given: pytest.fail("nothing was to be shown"))
    step_benchmark(network(), (X, Y), device="cpu", seconds=0.05, verify=False, breakdown=True)


def test_put_back(step_benchmark, benchmark):
    ready = make_workload(network(), (X, Y), 32, devices.one("cpu"))
    ready.model.predict(X, verbose=0)
    before = ready.weight_hashes()
    try:
        breakdown.measure_breakdown(ready, 0.05)
    finally:
        benchmark(len, X)

    assert (ready.weight_hashes(), ready.update_count()) == (before, 0)
    # It goes on as if nothing had been.
    ready.model.fit(X, Y, verbose=0)
    assert (ready.weight_hashes() != before, ready.update_count()) == (True, 3)


def test_can_be_taken_apart():
    # Neither before TensorFlow 2.2 nor on torch.
    assert hasattr(api.tensorflow().keras.Model, "make_train_function") and api.release().backend != "torch"


def test_of_another_mode(step_benchmark):
    step_benchmark(network(), (X, Y), device="cpu", mode="predict", breakdown=True)
"""


@pytest.mark.slow  # takes three models apart, some ten seconds each
def test_a_step_is_taken_apart_and_the_model_put_back(
    preloaded: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The inner run is no worker, even where this one is.
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    preloaded.makepyfile(HEAD + BODY)

    result = preloaded.runpytest_subprocess("-rs", "-p", "no:randomly", "-p", "no:cacheprovider")

    outcomes = result.parseoutcomes()
    counts = [outcomes.get(outcome, 0) for outcome in ("passed", "skipped", "failed")]
    # Where it can be taken apart, and where it cannot, which is then said and does not fail.
    assert counts in ([4, 0, 1], [0, 2, 3])
    result.stdout.fnmatch_lines("*breakdown=True needs mode='fit', got mode='predict'*")
