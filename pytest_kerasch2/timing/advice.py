"""What a run of benchmarks advises: which call of `fit` would train the same images in how much less time here."""

from __future__ import annotations

from typing import Iterator, Sequence

from pytest_kerasch2.timing.modes import STEPS_PER_EXECUTION
from pytest_kerasch2.timing.table import BenchmarkRow, duration

# What is not at least this much quicker is not worth a change of code.
WORTHWHILE = 1.1
# Steps written by hand are none of these: nothing feeds or shuffles their images, and they keep no metrics.
CALLS = {
    "fit": "fit(batch_size={batch})",
    "fit-many": f"compile(steps_per_execution={STEPS_PER_EXECUTION}) and fit(batch_size={{batch}})",
}


def advice_lines(rows: Sequence[BenchmarkRow]) -> Iterator[str]:
    """Yield a line for the smallest batch of `fit` on each device, and one for each call that is quicker than that.

    Networks of another type or size are told apart. Times are compared by the slower quartile of what is to be quicker
    and the quicker one of the first call.
    """
    fit_rows = [row for row in rows if row.measurement is not None and row.mode in CALLS]
    for device, network in dict.fromkeys((row.device, row.network) for row in fit_rows):
        groups: dict[tuple[str, int], list[BenchmarkRow]] = {}
        for row in fit_rows:
            if (row.device, row.network) == (device, network):
                groups.setdefault((row.mode, row.batch_size), []).append(row)
        first = min((call for call in groups if call[0] == "fit"), key=lambda call: call[1], default=None)
        faster_calls = [] if first is None else list(_faster_calls(groups, first))
        if first is not None and faster_calls:
            yield f"On {device}, {_call_text(*first)} takes {duration(_seconds_per_image(groups[first], 0))} an image ({network})."
            yield from faster_calls


def _faster_calls(groups: dict[tuple[str, int], list[BenchmarkRow]], first: tuple[str, int]) -> Iterator[str]:
    ratios = {
        call: _seconds_per_image(groups[first], 0) / _seconds_per_image(rows, 0)
        for call, rows in groups.items()
        if call != first and _seconds_per_image(groups[first], -1) / _seconds_per_image(rows, +1) >= WORTHWHILE
    }
    for (mode, batch), ratio in sorted(ratios.items(), key=lambda item: -item[1]):
        same = "the same training" if batch == first[1] else "another training: fewer steps an epoch"
        yield f"  {ratio:.1f} times as quick: {_call_text(mode, batch)} ({same})"


def _call_text(mode: str, batch: int) -> str:
    return CALLS[mode].format(batch=batch)


def _seconds_per_image(rows: Sequence[BenchmarkRow], side: int) -> float:
    """Return the seconds of an image, the mean of rows of one call: the median, or a quartile on one side of it."""
    times = [(row.measurement.step_seconds + side * row.measurement.spread) / row.batch_size for row in rows if row.measurement is not None]
    return sum(times) / len(times)
