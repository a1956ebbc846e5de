"""Where the time of a step goes: on a model whose parts last as long as they are said to, and no clock of a machine."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_kerasch2.errors import InvalidMeasurement, NotApplicable
from pytest_kerasch2.timing import benchmark_summary, block, breakdown, measurement, reference_loop
from pytest_kerasch2.timing.benchmark_summary import BenchmarkRow
from pytest_kerasch2.timing.breakdown import PART_NAMES, Breakdown, BreakdownRound
from tests.builders.simulated_fit import Clock, Costs, SimulatedWorkload

PLANTED = 0.002
NEAR = 2e-6


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    fake_clock = Clock()
    for module in (block, measurement, breakdown):
        monkeypatch.setattr(module, "time", fake_clock)
    functions = {"tensor": lambda value: value, "array": lambda one: one.value, "runs_on_tensorflow": lambda: True}
    for name, function in functions.items():
        monkeypatch.setattr(breakdown.api, name, function)
    # The step of the stand-in stands for that of Keras.
    monkeypatch.setattr(reference_loop, "is_overridden", lambda *given: False)
    return fake_clock


def _measured(clock: Clock, **costs: Any) -> Breakdown:
    return breakdown.measure_breakdown(SimulatedWorkload(clock, Costs(**costs)), 0.01)  # type: ignore[arg-type]


def test_each_part_comes_from_its_own_experiments(clock: Clock) -> None:
    result = _measured(clock, fetch=0.0002, loop=0.0003, work=0.0005, late=0.0001)

    assert result.seconds == pytest.approx(
        {"input": 0.0002, "dispatch": 0.0003, "compute": 0.0005, "wait": 0.0001}, abs=NEAR
    )


def test_they_add_up_to_the_whole_where_there_is_nothing_else(clock: Clock) -> None:
    result = _measured(clock, late=0.0001)

    assert (result.whole, result.share) == (pytest.approx(0.0011, abs=NEAR), pytest.approx(1.0, abs=0.005))


@pytest.mark.parametrize(("cost", "part"), [*zip(("fetch", "loop", "work", "late"), PART_NAMES)])
def test_what_is_planted_in_a_part_shows_there_and_nowhere_else(clock: Clock, cost: str, part: str) -> None:
    before = _measured(clock).seconds

    after = _measured(clock, **{cost: getattr(Costs(), cost) + PLANTED}).seconds

    grown = {name: after[name] - before[name] for name in PART_NAMES}
    assert grown == pytest.approx({name: PLANTED if name == part else 0.0 for name in PART_NAMES}, abs=NEAR)


def test_what_is_in_no_part_is_not_made_one(clock: Clock) -> None:
    result = _measured(clock, together=0.001)

    # A bare loop is asked by `fit` once an epoch, and has a tenth of it.
    assert (result.share, result.gap) == (pytest.approx(0.55, abs=0.005), pytest.approx(0.0009, abs=NEAR))


def test_what_fit_does_once_a_call_is_of_its_dispatch(clock: Clock) -> None:
    result = _measured(clock, once=0.01)

    assert result.seconds["dispatch"] == pytest.approx(0.0003 + 0.01 / result.steps, abs=NEAR)
    assert result.share == pytest.approx(1.0, abs=0.005)


@pytest.mark.parametrize("costs", [{"counts": 0}, {"counts": 2}])
def test_steps_that_are_not_those_counted_make_the_time_void(clock: Clock, costs: Any) -> None:
    with pytest.raises(InvalidMeasurement, match="The optimizer made an unexpected number of updates"):
        _measured(clock, **costs)


def test_an_empty_step_that_trains_makes_the_time_void(clock: Clock) -> None:
    with pytest.raises(InvalidMeasurement, match="50 updates of the weights in 0 steps"):
        _measured(clock, deaf=True)


def test_a_trace_within_the_rounds_makes_the_time_void(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = SimulatedWorkload(clock, Costs())
    rounds = breakdown._Experiments.round

    def tracing(ways: Any) -> BreakdownRound:
        ways.ready.traces.append("last")
        return rounds(ways)

    monkeypatch.setattr(breakdown._Experiments, "round", tracing)

    with pytest.raises(InvalidMeasurement, match=r"traced while it was timed.* 5 times"):
        breakdown.measure_breakdown(subject, 0.01)  # type: ignore[arg-type]


@pytest.mark.parametrize("costs", [Costs(), Costs(deaf=True)])
def test_the_model_is_put_back(clock: Clock, costs: Costs) -> None:
    subject = SimulatedWorkload(clock, costs)
    model = subject.model
    model.kernel.value, model.average.value, model.counter.value = 5, 6, 7

    try:
        breakdown.measure_breakdown(subject, 0.01)  # type: ignore[arg-type]
    except InvalidMeasurement:
        assert costs.deaf

    state = (model.kernel.value, model.average.value, model.counter.value)
    assert (state, model.train_function, model.history, "train_step" in vars(model)) == (
        (5, 6, 7),
        None,
        "before",
        False,
    )


def test_a_loop_that_takes_no_other_step_is_not_taken_apart(clock: Clock) -> None:
    subject = SimpleNamespace(model=object())

    with pytest.raises(NotApplicable, match=r"before TensorFlow 2\.2"):
        breakdown.measure_breakdown(subject, 0.01)  # type: ignore[arg-type]


def test_a_loop_that_takes_the_batch_itself_is_not_taken_apart(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breakdown.api, "runs_on_tensorflow", lambda: False)
    monkeypatch.setattr(breakdown.api, "release", lambda: SimpleNamespace(backend="torch"))

    with pytest.raises(NotApplicable, match="loop itself takes the batch"):
        breakdown.measure_breakdown(SimulatedWorkload(clock, Costs()), 0.01)  # type: ignore[arg-type]


ROUND = BreakdownRound(whole=0.001, fed=0.0007, ready=0.0006, waited=0.0001, around=0.0003, empty=0.0001)


def _row(**changed: float) -> BenchmarkRow:
    result = Breakdown(10, (replace(ROUND, **changed),) * 7)
    return BenchmarkRow("b.py::test", "cpu:0", "fit", 32, network="float32", breakdown=result)


def test_breakdown_line_names_each_part() -> None:
    assert list(benchmark_summary.breakdown_lines([_row(), BenchmarkRow("b.py::other")])) == [
        "On cpu:0, a step of fit(batch_size=32) takes 1.00 ms: input 100 µs (10 %), dispatch 400 µs (40 %), "
        "compute 400 µs (40 %), wait 100 µs (10 %); together 100 ± 0 % (float32)."
    ]


def test_parts_that_are_too_few_are_said_so() -> None:
    (_, doubt) = benchmark_summary.breakdown_lines([_row(around=0.0002)])

    assert doubt == "  100 µs of it (10 %) is in none of them."


def test_parts_that_are_done_together_are_said_so() -> None:
    (_, doubt) = benchmark_summary.breakdown_lines([_row(around=0.0005)])

    assert doubt == "  200 µs (20 %) of them is done while another part is."


def test_a_part_below_nothing_is_shown_as_it_was_found() -> None:
    assert "input −10.0 µs (-1 %)" in benchmark_summary.parts_text(Breakdown(10, (replace(ROUND, fed=0.00059),)))
