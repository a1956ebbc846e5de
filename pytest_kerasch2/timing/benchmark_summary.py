"""What a benchmark run shows at its end: the table, interleaved models, breakdowns, and advice."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import Iterator, Sequence

from pytest_kerasch2.foreign import terminal
from pytest_kerasch2.stats import bootstrap
from pytest_kerasch2.timing.breakdown import Breakdown
from pytest_kerasch2.timing.measurement import Measurement
from pytest_kerasch2.timing.modes import STEPS_PER_EXECUTION

UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))
BYTES = ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))
# From here on three digits of a unit are rounded to one of the next.
ROUND_UP_FROM = 0.9995
HEADS = ("step", "an image", "roofline ×", "first call", "peak", "growth")
# What the work check says where it found nothing wrong.
CHECKED = "checked"
# A narrower terminal has no room for the columns of memory, which stand in the JSON too.
WIDE_TERMINAL = 100
TABLE_LEGEND = (
    "step: median of the blocks, and half of what lies between their quartiles (*: it had not become steady)",
    "roofline ×: relative to the least time of the network's products and bytes here; first call: beyond its steps",
    "peak and growth: of memory while it was measured, and with each step. --benchmark-json=FILE has every block.",
)


@dataclass(frozen=True)
class BenchmarkRow:
    """One benchmark of the table.

    Attributes:
        name: pytest's own.
        device, mode, batch_size: as it was asked for.
        measurement: None if there is none.
        roofline_seconds: the least time of a step on this machine; None if it is unknown for the network.
        network: what it computes in, and how many parameters it trains; rows of others are not compared.
        why_not: why it was not measured.
        breakdown: the parts of a step; None if it was not asked for.
        note: a remark below the table.
    """

    name: str
    device: str = ""
    mode: str = ""
    batch_size: int = 0
    measurement: Measurement | None = None
    roofline_seconds: float | None = None
    network: str = ""
    why_not: str = ""
    breakdown: Breakdown | None = None
    note: str = ""


def table_text(rows: Sequence[BenchmarkRow], width: int, colour: bool) -> str:
    """Return the table as text.

    Args:
        width: columns of the terminal.
        colour: whether the text may carry colours.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("benchmark", overflow="fold")
    heads = HEADS if width >= WIDE_TERMINAL else HEADS[:-2]
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    for row in rows:
        if row.measurement is not None:
            # As text: the brackets of a parameter are no markup.
            table.add_row(Text(terminal(short_name(row.name))), *cells(row, row.measurement)[: len(heads)])
    stream = io.StringIO()
    console = Console(file=stream, width=width, force_terminal=colour, no_color=not colour, highlight=False)
    if any(row.measurement is not None for row in rows):
        console.print(table)
        for line in TABLE_LEGEND:
            console.print(line, style="dim", markup=False, soft_wrap=True)
    for row in rows:
        for remark in remarks(row):
            console.print(terminal(remark), markup=False, soft_wrap=True)
    missing = [row for row in rows if row.measurement is None]
    if missing:
        console.print("\nNot measured here", style="bold")
    for row in missing:
        console.print(terminal(f"– {short_name(row.name)}: {row.why_not}"), markup=False, soft_wrap=True)
    return "\n".join(line.rstrip() for line in stream.getvalue().split("\n"))


def remarks(row: BenchmarkRow) -> list[str]:
    """Return the remarks on a row below the table: its note, and why its work was not checked."""
    lines = [row.note] if row.note else []
    if row.measurement is not None and row.measurement.work_check_outcome != CHECKED:
        lines.append(f"work {row.measurement.work_check_outcome}")
    return [f"{short_name(row.name)}: {one}" for one in lines]


def short_name(name: str) -> str:
    """Return a name of pytest's without its file and what all of them begin with."""
    return name.rpartition("::")[2].replace("test_", "", 1)


def cells(row: BenchmarkRow, measurement: Measurement) -> tuple[str, ...]:
    """Return the cells of a row, under `HEADS`."""
    step, spread = measurement.step_seconds, measurement.spread
    roofline = "" if row.roofline_seconds is None else f"{step / row.roofline_seconds:.1f}"
    peak = "" if measurement.memory is None else byte_count(measurement.memory.peak)
    growth = "" if measurement.memory is None else byte_count(measurement.memory.growth)
    unsteady = "" if measurement.steady else " *"
    return (
        f"{duration(step)} ± {100 * spread / step:.0f} %{unsteady}",
        duration(step / row.batch_size),
        roofline,
        duration(measurement.setup_seconds) if measurement.setup_seconds else "–",
        peak,
        growth,
    )


def duration(seconds: float) -> str:
    """Return a time with three digits."""
    unit, name = next((pair for pair in UNITS if seconds >= ROUND_UP_FROM * pair[0]), UNITS[-1])
    return f"{digits(seconds / unit)} {name}"


def byte_count(count: float) -> str:
    """Return a number of bytes with three digits."""
    unit, name = next((pair for pair in BYTES if abs(count) >= ROUND_UP_FROM * pair[0]), (1, "B"))
    return f"{digits(count / unit)} {name}" if unit > 1 else f"{count:.0f} B"


def digits(value: float) -> str:
    """Return a number with three digits."""
    # What is rounded to 100 would end with its point.
    return f"{value:.0f}" if abs(value) >= 99.95 else f"{value:#.3g}"


# What is not at least this much quicker is not worth a change of code.
WORTHWHILE = 1.1
# Steps written by hand are none of these: nothing feeds or shuffles their images, and they keep no metrics.
CALLS = {
    "fit": "fit(batch_size={batch})",
    "fit-many": f"compile(steps_per_execution={STEPS_PER_EXECUTION}) and fit(batch_size={{batch}})",
}


def advice_lines(rows: Sequence[BenchmarkRow]) -> Iterator[str]:
    """Yield a line for the smallest batch of `fit` on each device, and one for each call that is quicker than that.

    Networks of another type or size are kept apart. Times are compared by the slower quartile of what is to be quicker
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
            time = duration(_seconds_per_image(groups[first], 0))
            yield f"On {device}, {_call_text(*first)} takes {time} an image ({network})."
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
    times = [
        (row.measurement.step_seconds + side * row.measurement.spread) / row.batch_size
        for row in rows
        if row.measurement is not None
    ]
    return sum(times) / len(times)


# The share of the whole that the parts must reach; a sum that exceeds the whole by as much is reported too.
COMPLETE_SHARE = 0.95


def breakdown_lines(rows: Sequence[BenchmarkRow]) -> Iterator[str]:
    """Yield a line for each breakdown, and one more if its parts do not add up to the whole."""
    for row in rows:
        if row.breakdown is not None:
            step = f"a step of fit(batch_size={row.batch_size})"
            yield f"On {row.device}, {step} {parts_text(row.breakdown)} ({row.network})."
            remark = gap_text(row.breakdown)
            if remark:
                yield f"  {remark}"


def parts_text(parts: Breakdown) -> str:
    """Return the whole, each part with its share of the whole, and their sum."""
    whole = parts.whole
    each = ", ".join(
        f"{name} {_signed_duration(one)} ({100 * one / whole:.0f} %)" for name, one in parts.seconds.items()
    )
    return f"takes {duration(whole)}: {each}; together {100 * parts.share:.0f} ± {100 * parts.spread:.0f} %"


def gap_text(parts: Breakdown) -> str:
    """Return a sentence if the parts do not add up to the whole; an empty text if they do."""
    if parts.share < COMPLETE_SHARE:
        return f"{_signed_duration(parts.gap)} of it ({100 * (1 - parts.share):.0f} %) is in none of them."
    if parts.share > 2 - COMPLETE_SHARE:
        return (
            f"{_signed_duration(-parts.gap)} ({100 * (parts.share - 1):.0f} %) of them is done while another part is."
        )
    return ""


def _signed_duration(seconds: float) -> str:
    return f"−{duration(-seconds)}" if seconds < 0 else duration(seconds)


# How often a ratio may lie outside of its interval.
INTERVAL_ALPHA = 0.05


def interleaved_lines(rows: Sequence[BenchmarkRow]) -> Iterator[str]:
    """Yield a line for each model whose blocks were interleaved with those of another, the first of its group."""
    groups: dict[tuple[str, str], list[tuple[BenchmarkRow, Measurement]]] = {}
    for row in rows:
        if row.measurement is not None and row.measurement.interleaved_group:
            groups.setdefault((row.measurement.interleaved_group, row.device), []).append((row, row.measurement))
    for (_, device), members in groups.items():
        if len(members) == 1:
            continue
        (first, reference), *others = members
        yield f"Interleaved on {device}, relative to {short_name(first.name)}, with 95 % intervals over the rounds:"
        for row, measurement in others:
            rounds = zip(measurement.blocks, reference.blocks)
            span = bootstrap.median_of(
                [math.log(one.step_seconds / other.step_seconds) for one, other in rounds], INTERVAL_ALPHA
            )
            yield f"  {short_name(row.name)}: {span.estimate:.3f} ({span.low:.3f} to {span.high:.3f})"
