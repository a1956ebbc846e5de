"""What a run of benchmarks advises: which call would train the same images in how much less time on this machine."""

from __future__ import annotations

from typing import Iterator, Sequence

from pytest_kerasch2.timing.modes import AT_ONCE
from pytest_kerasch2.timing.table import Row, duration

# What is not at least this much quicker is not worth a change of code.
WORTH = 1.1
CALLS = {
    "fit": "fit(batch_size={batch})",
    "fit-many": f"compile(steps_per_execution={AT_ONCE}) and fit(batch_size={{batch}})",
    "graph": "a step of your own under tf.function, batches of {batch}",
    "xla": "a step of your own under tf.function(jit_compile=True), batches of {batch}",
    "train_on_batch": "train_on_batch, batches of {batch}",
}


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """Give a line for the chapter's call on each device, and one for each call that is quicker than it.

    Times are compared by the slower quartile of what is to be quicker and the quicker one of the chapter's call.
    """
    for device in dict.fromkeys(row.device for row in rows if row.found is not None):
        its = [row for row in rows if row.device == device and row.found is not None and row.mode in CALLS]
        calls = [row for row in its if row.mode == "fit"]
        if not calls:
            continue
        # Several rows may be of this call, with the network written in other ways.
        chapters = min(calls, key=lambda row: (row.batch_size, _image(row, 0)))
        found = list(_quicker(chapters, [row for row in its if row is not chapters]))
        if found:
            yield f"On {device}, {_call(chapters)} takes {duration(60000 * _image(chapters, 0))} for 60,000 images."
            yield from found


def _quicker(chapters: Row, others: Sequence[Row]) -> Iterator[str]:
    best: dict[tuple[str, int], float] = {}
    for row in others:
        if _image(chapters, -1) / _image(row, +1) >= WORTH:
            key = (row.mode, row.batch_size)
            best[key] = max(best.get(key, 0.0), _image(chapters, 0) / _image(row, 0))
    for (mode, batch), ratio in sorted(best.items(), key=lambda item: -item[1]):
        same = "the same training" if batch == chapters.batch_size else "another training: fewer steps an epoch"
        yield f"  {ratio:.1f} times as quick: {CALLS[mode].format(batch=batch)} ({same})"


def _call(row: Row) -> str:
    return CALLS[row.mode].format(batch=row.batch_size)


def _image(row: Row, side: int) -> float:
    """Give the seconds of an image: the median, or about a quartile on one side of it."""
    assert row.found is not None
    return (row.found.each + side * row.found.spread) / row.batch_size
