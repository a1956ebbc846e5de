from __future__ import annotations

from pytest_kerasch2.timing import advice
from pytest_kerasch2.timing.block import Block
from pytest_kerasch2.timing.measuring import Measurement
from pytest_kerasch2.timing.table import Row


def _row(mode: str, milliseconds: float, batch: int = 32, device: str = "cpu:0", scatter: float = 0.0) -> Row:
    times = [milliseconds * (1 + scatter * place) / 1000 for place in (-2, -1, 0, 1, 2)]
    found = Measurement(1.0, (), True, tuple(Block(100, 100 * one, 0.0) for one in times), 1, (None, None), None)
    return Row(f"b.py::test[{mode}-{batch}]", device, mode, batch, found)


def test_what_is_quicker_is_told_with_how_much_and_with_what_it_changes() -> None:
    rows = [_row("fit", 2.0), _row("fit-many", 1.0), _row("fit", 4.0, batch=256), _row("eager", 0.5)]

    assert list(advice.lines(rows)) == [
        "On cpu:0, fit(batch_size=32) takes 3.75 s for 60,000 images.",
        "  4.0 times as quick: fit(batch_size=256) (another training: fewer steps an epoch)",
        "  2.0 times as quick: compile(steps_per_execution=25) and fit(batch_size=32) (the same training)",
    ]


def test_what_is_slower_or_hardly_quicker_is_no_advice() -> None:
    assert list(advice.lines([_row("fit", 2.0), _row("graph", 1.9), _row("xla", 3.0)])) == []


def test_what_may_be_chance_is_no_advice() -> None:
    assert list(advice.lines([_row("fit", 2.0, scatter=0.3), _row("graph", 1.5, scatter=0.3)])) == []


def test_each_device_is_advised_by_itself() -> None:
    rows = [_row("fit", 2.0), _row("fit", 1.0, device="gpu:0"), _row("xla", 0.5, device="gpu:0")]

    assert [line.split(",")[0] for line in advice.lines(rows) if line.startswith("On")] == ["On gpu:0"]


def test_without_the_chapters_call_there_is_nothing_to_compare_with() -> None:
    assert list(advice.lines([_row("graph", 2.0), _row("xla", 1.0), Row("b", why_not="absent")])) == []
