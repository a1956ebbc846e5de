"""Steps of a loop outside Keras: what they return is waited for, and what is not waited for is seen."""

from __future__ import annotations

import time
from typing import Any

import pytest

from pytest_kerasch2.errors import InvalidArgument, InvalidMeasurement
from pytest_kerasch2.timing import function_steps
from tests.builders.sleeping_workload import AsynchronousDevice

EACH = 0.0005


class Later:
    """An array that is there when the device has come to it."""

    shape = (1,)

    def __init__(self, place: AsynchronousDevice) -> None:
        self.place = place

    def block_until_ready(self) -> None:
        self.place.wait()


def _sent(place: AsynchronousDevice) -> Any:
    def step() -> Any:
        place.send(lambda: time.sleep(EACH))
        return {"loss": Later(place), "state": [Later(place)]}

    return step


def test_what_a_step_returns_is_waited_for() -> None:
    result, _ = function_steps.measure(_sent(AsynchronousDevice()), items=8, seconds=0.1)

    assert min(one.step_seconds for one in result.blocks) >= EACH


def test_work_that_nobody_waits_for_is_seen() -> None:
    with pytest.raises(InvalidMeasurement, match="The clock stopped before the work was done"):
        function_steps.measure(_sent(AsynchronousDevice()), items=8, seconds=0.1, wait=lambda value: None)


def test_a_wait_of_the_users_own_is_given_what_the_last_step_returned() -> None:
    given: list[Any] = []
    steps = iter(range(10**9))

    function_steps.measure(lambda: next(steps), items=8, seconds=0.05, wait=given.append)

    assert given == sorted(set(given))


def test_batches_are_taken_in_turn_and_a_tuple_is_several_arguments() -> None:
    taken: list[Any] = []

    function_steps.measure(lambda *batch: taken.append(batch), items=8, batches=[(1, 2), 3], seconds=0.05)

    assert taken[:3] == [(1, 2), (3,), (1, 2)]


def test_it_is_said_why_the_work_is_not_checked() -> None:
    result, loop = function_steps.measure(len, items=8, batches=["a"], seconds=0.05)

    assert (result.work_check_outcome, loop.name) == (f"not checked: {function_steps.NOT_CHECKED}", "len")


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"items": 0}, "items must be a positive integer, got 0"),
        ({"items": True}, "items must be a positive integer, got True"),
        ({"seconds": float("nan")}, "seconds must be a positive number of seconds, got nan"),
        ({"deadline": -1}, "deadline must be a positive number of seconds, got -1"),
        ({"device": "tpu"}, "device must be .* got 'tpu'"),
        ({"batches": []}, "batches must hold at least one batch, got none"),
        ({"wait": 3}, "wait must be a function that takes what a step returned, got int"),
        ({"function": 3}, "function must be a function that does one step, got int"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(how: Any, message: str) -> None:
    given = {"function": len, "items": 8, **how}

    with pytest.raises(InvalidArgument, match=message):
        function_steps.measure(given.pop("function"), **given)
