"""What a run of benchmarks advises: which call of `fit` would train the same images in how much less time here."""

from __future__ import annotations

from typing import Iterator, Sequence

from pytest_kerasch2.timing.modes import AT_ONCE
from pytest_kerasch2.timing.table import Row, duration

# What is not at least this much quicker is not worth a change of code.
WORTH = 1.1
# Steps written by hand are none of these: nothing feeds or shuffles their images, and they keep no metrics.
CALLS = {
    "fit": "fit(batch_size={batch})",
    "fit-many": f"compile(steps_per_execution={AT_ONCE}) and fit(batch_size={{batch}})",
}


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """Yield a line for the smallest batch of `fit` on each device, and one for each call that is quicker than that.

    Networks of another type or size are told apart. Times are compared by the slower quartile of what is to be quicker
    and the quicker one of the first call.
    """
    its = [row for row in rows if row.found is not None and row.mode in CALLS]
    for device, network in dict.fromkeys((row.device, row.network) for row in its):
        groups: dict[tuple[str, int], list[Row]] = {}
        for row in its:
            if (row.device, row.network) == (device, network):
                groups.setdefault((row.mode, row.batch_size), []).append(row)
        first = min((call for call in groups if call[0] == "fit"), key=lambda call: call[1], default=None)
        found = [] if first is None else list(_quicker(groups, first))
        if first is not None and found:
            yield f"On {device}, {_call(*first)} takes {duration(_image(groups[first], 0))} an image ({network})."
            yield from found


def _quicker(groups: dict[tuple[str, int], list[Row]], first: tuple[str, int]) -> Iterator[str]:
    ratios = {
        call: _image(groups[first], 0) / _image(rows, 0)
        for call, rows in groups.items()
        if call != first and _image(groups[first], -1) / _image(rows, +1) >= WORTH
    }
    for (mode, batch), ratio in sorted(ratios.items(), key=lambda item: -item[1]):
        same = "the same training" if batch == first[1] else "another training: fewer steps an epoch"
        yield f"  {ratio:.1f} times as quick: {_call(mode, batch)} ({same})"


def _call(mode: str, batch: int) -> str:
    return CALLS[mode].format(batch=batch)


def _image(rows: Sequence[Row], side: int) -> float:
    """Return the seconds of an image, the mean of rows of one call: the median, or a quartile on one side of it."""
    found = [(row.found.each + side * row.found.spread) / row.batch_size for row in rows if row.found is not None]
    return sum(found) / len(found)
