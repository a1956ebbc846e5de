"""The sub-commands `kerasch2 compare` and `kerasch2 scaling`: from their arguments to what they show."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Iterable, Iterator, Sequence

from pytest_kerasch2 import files
from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.framework import devices
from pytest_kerasch2.report import pictures
from pytest_kerasch2.stats import distributions
from pytest_kerasch2.stats.paired_sequential import ComparisonSettings, SpeedVerdict
from pytest_kerasch2.timing import (
    benchmark_suite,
    benchmark_summary,
    compare,
    installed_releases,
    results_file,
    revisions,
    scaling,
    scaling_plot,
    timed_processes,
)
from pytest_kerasch2.timing.compare_result import Comparison
from pytest_kerasch2.timing.results_file import StoredRun
from pytest_kerasch2.timing.timed_processes import ComparedSide

# The slowdown that a self-test injects, and the margin of its comparison without one: a machine on which the fewest
# starts decide neither cannot compare anything.
SELF_TEST_SLOWDOWN = 0.5
SELF_TEST_MARGIN = 0.2
# A quick look: seconds of processes and blocks, so that with what comes before and after there are at most 45; and how
# often anything may be called slower that is not.
QUICK_SECONDS = 40.0
QUICK_ALPHA = 0.05
DIFFERENT_MACHINES = "These are different machines: their times cannot be compared by device, and no ratio is shown."


def run_self_test(chosen: Any, on_progress: Callable[[str], None]) -> bool:
    """Return whether a comparison can find a slowdown here, and none where there is none.

    The baseline is compared with itself, without and with an injected slowdown; once more if the machine was unfit.

    Args:
        chosen: as for `run_comparison`, without a candidate; the default baseline is this interpreter.
        on_progress: is called with a line after each process start, and with each verdict.

    Raises:
        InvalidArgument: a file is to be written, which would hold one of the comparisons only.
    """
    if chosen.json or chosen.summary or chosen.from_json or chosen.candidate or chosen.quick:
        happened = "--self-test takes no candidate, and no --json, --summary, --from-json or --quick"
        raise InvalidArgument(happened, "", "leave them out")
    baseline = chosen.baseline or sys.executable
    passed = True
    slowdown = chosen.inject_slowdown or SELF_TEST_SLOWDOWN
    for slower, margin, expected in (
        (0.0, SELF_TEST_MARGIN, SpeedVerdict.SAME),
        (slowdown, chosen.margin, SpeedVerdict.SLOWER),
    ):
        options = argparse.Namespace(
            **{**vars(chosen), "baseline": baseline, "candidate": baseline, "inject_slowdown": slower, "margin": margin}
        )
        comparison = run_comparison(options, on_progress)
        if comparison.verdict is SpeedVerdict.UNFIT:
            on_progress("the machine was unfit: once more")
            comparison = run_comparison(options, on_progress)
        as_it_should = comparison.verdict is expected
        passed = passed and as_it_should
        case = f"{100 * slower:.0f} % slower" if slower else "with itself"
        on_progress(f"self-test, {case}: {comparison.verdict.value}, {'as' if as_it_should else 'NOT as'} it should be")
    return passed


def append_summary(comparison: Comparison, path: Path) -> None:
    """Append a table to a Markdown file, such as the job summary on GitHub.

    Raises:
        CannotWrite: it cannot be written.
    """
    files.append_text("\n".join(comparison.table()) + "\n", path)


def run_comparison(chosen: Any, on_progress: Callable[[str], None]) -> Comparison:
    """Compare what the arguments name.

    Args:
        chosen: the parsed arguments.
        on_progress: is called with a line after each process start.

    Raises:
        InvalidArgument: an argument cannot be used; raised before anything is started.
        FrameworkMissing: there is no SciPy.
    """
    sides = [one for one in (chosen.baseline, chosen.candidate) if (one or "").strip()]
    if len(sides) < 2:
        for one in sides:
            if not Path(one).exists():
                revisions.check_single(one)
        problem = f"{sides[0]!r} alone" if sides else "none"
        raise InvalidArgument(
            "compare needs BASELINE and CANDIDATE", problem, "name both, such as `kerasch2 compare v1.2 HEAD`"
        )
    if not 0 <= chosen.inject_slowdown < 10:
        raise InvalidArgument(f"--inject-slowdown must be from 0 to below 10, got {chosen.inject_slowdown!r}")
    if not chosen.deadline > 0:
        raise InvalidArgument(f"--deadline must be a positive number of seconds, got {chosen.deadline!r}")
    _check_outputs(chosen)
    benchmark_suite.check_words(chosen.suite, chosen.benchmark)
    devices.single(chosen.device)
    distributions.stats()
    plan = compare.ComparisonPlan(
        _settings(chosen),
        chosen.suite,
        tuple(chosen.benchmark),
        chosen.device,
        out=chosen.json and chosen.json.absolute(),
        deadline=chosen.deadline,
    )
    with ExitStack() as stack:
        baseline, candidate = _resolve_sides(chosen, stack)
        on_progress(compare.duration_text(plan, is_chapter=chosen.suite is None))
        return compare.compare(baseline, replace(candidate, slowdown=chosen.inject_slowdown), plan, on_progress)


def _settings(chosen: Any) -> ComparisonSettings:
    alpha = chosen.alpha
    if alpha is None:
        alpha = QUICK_ALPHA if chosen.quick else ComparisonSettings.alpha
    return ComparisonSettings(alpha, chosen.margin, chosen.max_starts, QUICK_SECONDS if chosen.quick else None)


def _check_outputs(chosen: Any) -> None:
    places = [place for place in (chosen.json, chosen.summary) if place is not None]
    for place in places:
        why = files.why_not(place)
        if why is not None:
            raise InvalidArgument("The comparison cannot be written", why, "name a file that can be written")
    if len({os.path.realpath(str(place)) for place in places}) < len(places):
        problem = ", ".join(map(str, places))
        raise InvalidArgument("--json and --summary must name different files", problem, "name a file for each")


def _resolve_sides(chosen: Any, stack: ExitStack) -> list[ComparedSide]:
    """Return both sides, each with the suite; a release, which takes longest to prepare, comes last."""
    here, sides = Path.cwd(), {}
    names = [chosen.baseline, chosen.candidate]
    for place in sorted((0, 1), key=lambda place: installed_releases.is_release(names[place])):
        sides[place] = stack.enter_context(timed_processes.resolve_side(names[place], here))
        benchmark_suite.check_suite(sides[place], chosen.suite, here)
    return [sides[0], sides[1]]


def run_scaling(
    files: Sequence[Path], plots: Sequence[Path], width: int, on_lines: Callable[[Iterable[str]], None]
) -> None:
    """Show the time of a step by batch size, from stored runs, and draw it.

    Args:
        files: of `--benchmark-json`.
        plots: the pictures to draw.
        width: columns of the terminal.
        on_lines: is called with the lines.

    Raises:
        BadResults: a file is missing, cut short or of another schema.
        InvalidArgument: a file is named twice, none tells of several batch sizes, or a picture cannot be written.
        FrameworkMissing: a plot needs Matplotlib, which is not installed.
    """
    for plot in plots:
        pictures.refuse(plot)
    if len({path.absolute() for path in files}) < len(files):
        raise InvalidArgument(f"FILE must name each run once, got {', '.join(map(str, files))}")
    runs = [results_file.read_run(path) for path in files]
    several = len(runs) > 1
    curves = [
        one for place, run in enumerate(runs, 1) for one in scaling.step_curves(run.rows, place if several else 0)
    ]
    notes = list(_notes(runs))
    scaling.largest_network(curves)
    tables = scaling.scaling_text(curves, width, colour=False).rstrip("\n").split("\n")
    on_lines([*notes, *tables, *(f"[{place}] {line}" if several else line for place, line in _breakdowns(runs))])
    for plot in plots:
        scaling_plot.draw(curves, notes, plot)


def _breakdowns(runs: Sequence[StoredRun]) -> Iterator[tuple[int, str]]:
    for place, run in enumerate(runs, 1):
        for line in benchmark_summary.breakdown_lines(run.rows):
            yield place, line


def _notes(runs: Sequence[StoredRun]) -> Iterator[str]:
    for place, run in enumerate(runs, 1):
        yield f"[{place}] {run.line}" if len(runs) > 1 else run.line
    if len({run.machine for run in runs}) > 1:
        yield DIFFERENT_MACHINES
