"""Blocks of steps, and what must be so for a time to be believed: on a stand-in, without a framework."""

from __future__ import annotations

import itertools
import math
from types import SimpleNamespace
from typing import Any, Iterator

import pytest

from pytest_kerasch2.errors import InvalidArgument, InvalidMeasurement
from pytest_kerasch2.timing import block, measurement, modes, reference_loop, training_check
from pytest_kerasch2.timing.block import Block
from pytest_kerasch2.timing.measurement import Measurement
from tests.builders.sleeping_workload import EACH, EPOCH, EVALUATED, STEP, SleepingWorkload

SECONDS = 0.1


def _measured(mode: Any = STEP, **how: Any) -> Measurement:
    # What does not train is held to the model itself, which is none here.
    return measurement.measure(SleepingWorkload(**how), mode, SECONDS, mode.trains)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def by_reference(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """What the reference step does, where there is a framework: it moves the weight, and its losses are as told."""
    answers = SimpleNamespace(moves={"0: kernel"}, stay={"0: kernel"}, losses=[0.5, 0.6])
    monkeypatch.setattr(training_check, "sample_loss", lambda workload: workload.loss())
    monkeypatch.setattr(training_check, "reference_losses", lambda *given: answers.losses)
    monkeypatch.setattr(reference_loop, "moving_weights", lambda *given: answers.moves)
    monkeypatch.setattr(reference_loop, "resting_weights", lambda *given: answers.stay)
    return answers


def test_a_block_does_exactly_the_steps_that_it_counts() -> None:
    subject = SleepingWorkload()

    measured = measurement.measure(subject, STEP, SECONDS)  # type: ignore[arg-type]

    counted = sum(one.steps for one in (*measured.warmup, *measured.blocks))
    assert subject.done == 1 + counted


def test_a_step_takes_what_the_device_takes_for_it() -> None:
    measured = _measured()

    # Sleeping takes longer than was asked for, and never less.
    assert min(one.step_seconds for one in measured.blocks) >= EACH


def test_there_are_five_blocks_at_least_and_as_many_as_the_time_takes() -> None:
    measured = _measured()

    assert len(measured.blocks) >= 5
    assert sum(one.seconds for one in measured.blocks) >= SECONDS


def test_whole_epochs_are_timed_where_a_mode_does_no_less() -> None:
    measured = _measured(EPOCH)

    assert {one.steps % SleepingWorkload.batches for one in measured.blocks} == {0}


@pytest.mark.parametrize(("near", "blocks", "steady"), [(float("inf"), 2, True), (0.0, 3, False)])
def test_warmup_ends_when_two_successive_blocks_agree_or_after_the_maximum(
    monkeypatch: pytest.MonkeyPatch, near: float, blocks: int, steady: bool
) -> None:
    monkeypatch.setattr(measurement, "STEADY_WITHIN", near)

    with measurement.prepare(SleepingWorkload(), STEP, max_warmup=3) as measured:  # type: ignore[arg-type]
        answers = len(measured.warmup), measured.steady

    assert answers == (blocks, steady)


def test_first_call_is_kept_apart_with_its_traces() -> None:
    measured = _measured()

    assert (measured.traces, measured.first_call >= EACH) == (1, True)


def test_losses_before_and_after_are_recorded() -> None:
    measured = _measured()

    assert measured.loss is not None
    assert measured.loss[1] < measured.loss[0]


def test_work_that_nobody_waited_for_makes_the_time_void() -> None:
    with pytest.raises(InvalidMeasurement, match="The clock stopped before the work was done"):
        # Nothing is counted or changed by the time that it is looked at, so this mode asks for neither.
        _measured(EVALUATED, forgets=True, counts=0)


def test_a_single_late_wait_makes_no_time_void() -> None:
    block.check_synchronised([Block(10, 1.0, 0.5), *[Block(10, 1.0, 0.0)] * 4])


def test_a_machine_that_keeps_half_of_the_waits_waiting_makes_no_time_void() -> None:
    block.check_synchronised([*[Block(10, 1.0, 0.05)] * 3, *[Block(10, 1.0, 0.0)] * 2])


def test_unsynchronised_time_in_most_blocks_is_an_invalid_measurement() -> None:
    with pytest.raises(InvalidMeasurement):
        block.check_synchronised([*[Block(10, 1.0, 0.05)] * 4, Block(10, 1.0, 0.0)])


@pytest.mark.parametrize("counts", [0, 2])
def test_updates_that_are_not_the_steps_make_the_time_void(counts: int) -> None:
    with pytest.raises(InvalidMeasurement, match="The optimizer made an unexpected number of updates"):
        _measured(counts=counts)


def test_a_mode_that_does_not_train_updates_nothing() -> None:
    with pytest.raises(InvalidMeasurement, match="updates of the weights"):
        _measured(EVALUATED)


def test_weights_that_reference_steps_move_must_move() -> None:
    with pytest.raises(InvalidMeasurement, match=r"left weights unchanged.* 0: kernel"):
        _measured(learns=False)


def test_weights_that_no_step_would_move_may_stay(by_reference: SimpleNamespace) -> None:
    by_reference.moves = set()

    assert _measured(learns=False).blocks


def test_weights_that_have_come_to_rest_may_stay(by_reference: SimpleNamespace) -> None:
    by_reference.stay = set()

    assert _measured(learns=False).blocks


def test_weights_that_are_no_numbers_are_said_to_have_diverged() -> None:
    with pytest.raises(InvalidMeasurement, match=r"diverged.* NaN or infinity in 0: kernel"):
        _measured(learns=False, value=math.nan)


def test_a_trace_within_a_block_makes_the_time_void() -> None:
    with pytest.raises(InvalidMeasurement, match="The model was traced while it was timed"):
        # Behind all that warms up, and before the end of five blocks of a twentieth of a second.
        _measured(traces=range(300, 100_000, 50))


def test_a_loss_that_grows_makes_the_time_void() -> None:
    with pytest.raises(InvalidMeasurement, match="made the model worse"):
        _measured(worse=True)


@pytest.mark.parametrize("losses", [[], [2000.0, 3000.0]], ids=["takes-too-long", "grows-too"])
def test_a_loss_that_grows_by_reference_steps_too_is_none_of_their_fault(
    by_reference: SimpleNamespace, losses: list[float]
) -> None:
    by_reference.losses = losses

    assert _measured(worse=True).loss is not None


@pytest.mark.parametrize(("before", "after"), [(1.0, 1e7), (2e3, math.inf), (0.1, math.nan)])
def test_a_loss_that_grows_without_end_has_diverged(before: float, after: float) -> None:
    with pytest.raises(InvalidMeasurement, match="Training diverged"):
        training_check.check_learned(before, after, list)


def test_a_loss_that_scatters_as_the_reference_does_is_no_worse() -> None:
    training_check.check_learned(1.0, 1.4, lambda: [1.02, 1.0, 1.1])


def test_without_a_work_check_no_loss_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = measurement.measure(SleepingWorkload(worse=True), STEP, SECONDS, False)  # type: ignore[arg-type]

    assert (measured.loss, measured.work_check_outcome) == (None, "not checked: it is switched off (verify=False)")


def test_the_model_is_left_as_it_was() -> None:
    subject = SleepingWorkload()

    measurement.measure(subject, STEP, SECONDS)  # type: ignore[arg-type]

    assert vars(subject.layer) == {}


def test_a_call_of_its_own_is_given_back_to_a_layer() -> None:
    subject = SleepingWorkload()
    own = subject.layer.call = lambda: None  # type: ignore[method-assign]

    measurement.measure(subject, STEP, SECONDS)  # type: ignore[arg-type]

    assert subject.layer.call is own


@pytest.mark.parametrize(
    ("each", "cost", "steps"), [(0.01, 0.0, 5), (0.01, 0.0001, 10), (1.0, 0.0, 1), (0.001, 0.001, 1000)]
)
def test_a_block_is_a_thousand_times_what_its_clock_and_wait_cost(each: float, cost: float, steps: int) -> None:
    assert block.steps_per_block(each, cost) == steps


def test_the_clock_tells_less_than_a_millisecond() -> None:
    assert 0 < block.clock_resolution() < 0.001


def test_the_resolution_of_the_clock_is_found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    # Else two blocks that are held against each other may have another number of steps.
    block.clock_resolution.cache_clear()
    ticks = itertools.accumulate(itertools.count(1))
    with monkeypatch.context() as patched:
        patched.setattr(block, "time", SimpleNamespace(perf_counter=lambda: next(ticks)))
        measured = block.clock_resolution(), block.clock_resolution()
    block.clock_resolution.cache_clear()

    assert measured[0] == measured[1]


def test_a_mode_that_is_not_known_is_named_with_those_that_are() -> None:
    with pytest.raises(InvalidArgument, match=r"mode must be one of eager, .* got 'fast'"):
        modes.find_mode("fast")


def test_a_misspelt_mode_is_answered_with_the_nearest() -> None:
    with pytest.raises(InvalidArgument, match="'predict' is near"):
        modes.find_mode("pedict")
