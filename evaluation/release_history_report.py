"""Writes docs/release-history.md and its picture from what `python -m evaluation.release_history record` stored."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Iterator, Mapping, Sequence

from evaluation import release_history_kept, release_history_picture
from evaluation.release_history_rows import BATCH, JUMP, History, Jump, Row, history, jumps, series
from evaluation.release_history_suite import IMAGES, WHOLE
from matrix.columns import Releases
from pytest_kerasch2.errors import BadResults
from pytest_kerasch2.files import write_bytes, write_text
from pytest_kerasch2.stats.paired_sequential import Interval
from pytest_kerasch2.timing.benchmark_summary import duration

PLACE = Path(__file__).parent.parent / "docs" / "release-history.md"
# "tf2.15 to tf2.16" -> what changed, in a sentence with its source.
NOTES = Path(__file__).parent / "data" / "release-history-notes.json"
NAMES = {"fit": "`fit`", "graph": "by hand", "train_on_batch": "`train_on_batch`", "predict": "`predict`"}
# Of a change in `fit`, so large a share is nearly all of it, and the rest nearly none.
MOST = 2 / 3
HEAD = """<!-- Written by `python -m evaluation.release_history report`, from what `record` stored. -->
# A training step on every release

What an image takes in `fit` as the chapter calls it (its network, batches of 32, images that are made up and in
memory), on the CPU, release by release. The machine is not the same from hour to hour, and so no time is compared with
another hour's: a process of the release and one of the common release, {against}, take turns, there and back, in an
order that is drawn, and are started anew several times. A turn is a few steps in the middle of an epoch; in 2.0 and
2.1, whose `fit` calls no compiled function that could be stopped, it is a whole epoch of {images:,} images. Each start
gives one ratio. The intervals are Student's, of 95 %; how much starts scatter is told by those of all releases
together. Microseconds are the ratio times what the common release takes, the median of all its starts.

Beside `fit` stand what tells where its time goes, each relative to the common release: the step *by hand*,
which is forward, backward and update in a graph, without Keras's loop; `train_on_batch`, which is such a step as Keras
wraps it, fed from Python; and `predict`. *Step in `fit`* is how much of the time of a step of `fit` the step by hand
takes.

```sh
python -m evaluation.release_history record --starts {starts}
python -m evaluation.release_history report{so_far}
```

![What an image takes in fit on each release](release-history.png)
"""


def write(releases: Releases, against: str, *, so_far: bool) -> None:
    """Write the document and the picture.

    Args:
        so_far: also where columns are missing, which the document then says.

    Raises:
        BadResults: there is nothing, or not all, or the notes cannot be read.
        FrameworkMissing: there is no SciPy or no Matplotlib.
    """
    past = history(releases, release_history_kept.read(release_history_kept.PLACE), against)
    missing = missing_of(releases, past)
    remedy = "measure with `python -m evaluation.release_history record`"
    if not past.rows:
        raise BadResults("There is no release history", f"nothing measured against {against}", remedy)
    if missing and not so_far:
        raise BadResults(
            "The release history is not whole", f"nothing of {', '.join(missing)}", f"{remedy} or --so-far"
        )
    notes = notes_of(NOTES)
    picture = release_history_picture.drawn(releases, past)
    write_text(page(releases, past, notes), PLACE)
    write_bytes(picture, release_history_picture.PLACE)
    for name in unused(releases, past, notes):
        print(f"{NOTES.name}: {name!r} is no jump")


def notes_of(path: Path) -> dict[str, str]:
    """Return what is known of the causes, by the names of the jumps; nothing where there is no file.

    Raises:
        BadResults: the file holds something other than texts by their names.
    """
    try:
        notes = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except ValueError as error:
        raise BadResults(
            "The notes of the jumps cannot be read", f"{path.name}: {error}", "write them in JSON"
        ) from error
    if not isinstance(notes, dict) or not all(isinstance(text, str) for text in notes.values()):
        remedy = 'write an object of texts: {"tf2.15 to tf2.16": "..."}'
        raise BadResults("The notes of the jumps cannot be read", f"{path.name} holds something else", remedy)
    return notes


def missing_of(releases: Releases, past: History) -> list[str]:
    """Return the columns of which nothing is known."""
    available = {*past.rows, *past.absent}
    return [column.environment for column in releases.columns if column.environment not in available]


def unused(releases: Releases, past: History, notes: Mapping[str, str]) -> list[str]:
    """Return the notes that belong to no jump."""
    names = {jump.name for _, rows in series(releases, past) for jump in jumps(past, rows)}
    return sorted(set(notes) - names)


def page(releases: Releases, past: History, notes: Mapping[str, str]) -> str:
    """Return the document."""
    labels = {column.environment: column.label for column in releases.columns}
    starts = max(len(row.logs[WHOLE]) for row in past.rows.values())
    so_far = " --so-far" if missing_of(releases, past) else ""
    lines = [HEAD.format(against=labels[past.against], images=IMAGES[WHOLE], starts=starts, so_far=so_far)]
    lines += _measured(past)
    every = list(series(releases, past))
    for title, rows in every:
        lines += [f"## {title}", "", *_table(past, rows)]
    lines += [f"## Jumps of more than {100 * JUMP:.0f} %", ""]
    jump_lines = [
        line for title, rows in every for jump in jumps(past, rows) for line in _jump(past, title, jump, notes)
    ]
    lines += jump_lines or ["There is none between neighbours.", ""]
    lines += ["## Not measured", "", *_absent(releases, past)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _measured(past: History) -> Iterator[str]:
    starts = sorted({len(row.logs[WHOLE]) for row in past.rows.values()})
    each = f"{starts[0]}" if len(starts) == 1 else f"{starts[0]} to {starts[-1]}"
    step = duration(past.steps[WHOLE])
    yield (
        f"Measured on {'; '.join(past.machine)}, by {each} starts of each release; the load of the machine was at most"
        f" {past.load:.1f}. A step of the common release takes {step} in `fit`."
    )
    row = past.rows.get(past.against)
    if row is not None:
        yield f"The common release against itself, which would be 1 on a machine without noise: {_span(past, row)}."
    yield ""


def _table(past: History, rows: Sequence[Row]) -> Iterator[str]:
    heads = ["Release", "Keras", "Python", "µs an image", *(f"{NAMES[mode]} ×" for mode in IMAGES), "Step in `fit`"]
    yield f"| {' | '.join(heads)} |"
    yield "| --- | --- | --- |" + " ---: |" * (len(heads) - 3)
    for row in rows:
        parts = [f"{row.ratio(mode):.2f}" if mode in row.logs else "–" for mode in IMAGES if mode != WHOLE]
        about = [row.column.label, row.versions["keras"], row.versions["python"], _three(past.image(row))]
        yield f"| {' | '.join([*about, _span(past, row), *parts, _share(past, row)])} |"
    yield ""


def _span(past: History, row: Row) -> str:
    span = past.span(row, WHOLE)
    return f"{row.ratio(WHOLE):.2f}" if span is None else _between(span)


def _three(value: float) -> str:
    """Return three digits at least, and no point behind the last."""
    return f"{value:#.3g}".rstrip(".")


def _between(span: Interval) -> str:
    available = "" if math.isnan(span.low) else f" ({span.low:.2f} to {span.high:.2f})"
    return f"{span.estimate:.2f}{available}"


def _share(past: History, row: Row) -> str:
    by_hand, whole = past.step(row, "graph"), past.step(row, WHOLE)
    return "–" if by_hand is None or whole is None else f"{100 * by_hand / whole:.0f} %"


def _jump(past: History, title: str, jump: Jump, notes: Mapping[str, str]) -> Iterator[str]:
    before, after = jump.before, jump.after
    yield f"### {before.column.label} to {after.column.label} ({title})"
    yield ""
    change = f"{_three(past.image(before))} to {_three(past.image(after))} µs an image"
    yield f"`fit` takes {_between(jump.spans[WHOLE])} times the time, {change}. {where(jump)}"
    yield ""
    for mode in jump.spans:
        if mode != WHOLE:
            steps = [past.step(row, mode) for row in (before, after)]
            jump_lines = " to ".join(duration(step) for step in steps if step is not None)
            yield f"- {NAMES[mode]}: {_between(jump.spans[mode])} times, {jump_lines} a step of {BATCH} images"
    yield ""
    yield f"Cause: {notes[jump.name]}" if jump.name in notes else "Cause: **not looked into yet**."
    yield ""


def where(jump: Jump) -> str:
    """Return which part of a step moved."""
    by_hand, on_batch = jump.shares.get("graph"), jump.shares.get("train_on_batch")
    if by_hand is None:
        return "There is no step by hand in a graph here, so that Keras's loop and the step are not told apart."
    share = f"the step by hand changed by {100 * by_hand:.0f} % of what a step of `fit` did"
    if by_hand > 2 - MOST:
        return f"It is the step itself, and what Keras does around it changed the other way: {share}."
    if by_hand >= MOST:
        return f"It is the step itself: {share}."
    if by_hand > 1 - MOST:
        return f"It is the step itself in part, and in part what Keras does around it: {share}."
    if on_batch is not None and on_batch >= MOST:
        return f"It is what Keras does around a step, in `train_on_batch` too: {share}."
    also = "" if on_batch is None else f", and `train_on_batch` by {100 * on_batch:.0f} %"
    return f"It is what `fit` does around its steps: {share}{also}."


def _absent(releases: Releases, past: History) -> Iterator[str]:
    labels = {column.environment: column.label for column in releases.columns}
    for name, reason in past.absent.items():
        yield f"- {labels[name]}: {reason}"
    for name in missing_of(releases, past):
        yield f"- {labels[name]}: not measured yet"
    for row in past.rows.values():
        for mode, reason in row.reasons.items():
            yield f"- {row.column.label}, {NAMES[mode]}: {reason}"
