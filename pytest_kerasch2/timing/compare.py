"""Compares a baseline with a candidate: interleaved blocks of fresh processes, judged after each process start.

In each start the baseline has two processes; the second is the baseline repeat, and shows whether the machine is fit.
Steps within a block, and blocks within a process, are not independent: each process start counts as one ratio.
"""

from __future__ import annotations

import contextlib
import math
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, ContextManager, Iterator, Mapping, Sequence

from pytest_kerasch2.errors import CannotWrite, InvalidArgument, InvalidMeasurement
from pytest_kerasch2.stats.paired_sequential import MIN_STARTS, ComparisonSettings, SpeedVerdict
from pytest_kerasch2.suggestions import did_you_mean
from pytest_kerasch2.timing import block, compare_result, fork_server, measured_environment, timed_processes
from pytest_kerasch2.timing.benchmark_suite import CHAPTERS
from pytest_kerasch2.timing.block import Block
from pytest_kerasch2.timing.compare_result import BASELINE, BASELINE_REPEAT, CANDIDATE, Comparison
from pytest_kerasch2.timing.interleaving import EPOCH, MAX_UNSYNCHRONISED
from pytest_kerasch2.timing.timed_processes import ComparedSide, TimedProcess

# Seconds of blocks of a benchmark in a start, of all processes together. In each round every process has two blocks,
# the second ones in reverse order.
START_SECONDS = 1.5
MIN_ROUNDS = 8
# Seconds of a block, about. The speed of a machine changes from moment to moment; shorter blocks have more overhead.
BLOCK_SECONDS = 0.005
# Calls at the beginning of a block that are not timed.
UNTIMED_CALLS = 1
# Starts after which unsynchronised time is an error: a single process may seem to have some, but not half of these.
MIN_STARTS_UNSYNCHRONISED = 3
SHARED_FACTS = ("plugin", "node", "machine", "cores")


@dataclass(frozen=True)
class ComparisonPlan:
    """What is compared, and how.

    Attributes:
        suite: `module:function`, or None for the chapter's.
        benchmarks: of the suite, or none for all.
        device: a word for one, or None.
        seed: of the order of blocks.
        out: the file for all blocks, or None.
        during_blocks: a context that is open while blocks are timed, and not while processes start or warm up.
        deadline: seconds for each answer of a process.
    """

    settings: ComparisonSettings
    suite: str | None = None
    benchmarks: Sequence[str] = ()
    device: str | None = None
    seed: int = 0
    out: Path | None = None
    during_blocks: Callable[[], ContextManager[Any]] = contextlib.nullcontext
    deadline: float = timed_processes.DEADLINE


def compare(
    baseline: ComparedSide, candidate: ComparedSide, plan: ComparisonPlan, on_progress: Callable[[str], None]
) -> Comparison:
    """Compare until each benchmark is decided, or all starts have been made.

    Args:
        baseline, candidate: the two sides.
        plan: what is compared, and how.
        on_progress: is called with a line after each start.

    Raises:
        InvalidArgument: a benchmark is not in both suites, or the machines or plugin versions differ.
        ChildDied: a process has ended.
        InvalidMeasurement: a block did other work than its steps, or a process gave no answer in time.
    """
    rng = random.Random(plan.seed)
    comparison: Comparison | None = None
    started_at = time.monotonic()
    with contextlib.ExitStack() as stack:
        package = stack.enter_context(timed_processes.copied_package())
        starter = fork_server.ProcessStarter((baseline, candidate), package, rng, on_progress)
        stack.callback(starter.close)
        for start in range(plan.settings.max_starts):
            with starter.started((baseline, candidate, baseline), plan.deadline) as workers:
                if comparison is None:
                    comparison = _new_comparison(baseline, candidate, workers, plan)
                for name in _undecided(comparison):
                    # The work check runs once: later starts run the same code.
                    load = measured_environment.machine_load()
                    blocks = time_start(workers, name, plan, rng, verify=start == 0)
                    work_checks = blocks.pop("work_checks")
                    if start == 0:
                        comparison.work_checks[name] = work_checks[:BASELINE_REPEAT]
                    comparison.starts.append({"start": start, "benchmark": name, "load": load, **blocks})
                    _check_synchronised(comparison, name)
            comparison.complete = not _undecided(comparison) or start + 1 == plan.settings.max_starts
            _save(comparison, plan.out, on_progress)
            left = (time.monotonic() - started_at) / (start + 1) * (plan.settings.max_starts - start - 1)
            on_progress(
                f"start {start + 1} of {plan.settings.max_starts} at most, {left / 60:.0f} min left:"
                f" {_progress(comparison)}"
            )
            if comparison.complete:
                break
    assert comparison is not None
    return comparison


def _save(comparison: Comparison, out: Path | None, on_progress: Callable[[str], None]) -> None:
    """Write the file; if that fails, the comparison goes on."""
    try:
        if out is not None:
            comparison.write(out)
    except CannotWrite as error:
        on_progress(f"not kept: {error}")


def _new_comparison(
    baseline: ComparedSide, candidate: ComparedSide, processes: Sequence[TimedProcess], plan: ComparisonPlan
) -> Comparison:
    # The third process is the baseline repeat.
    answers = [process.ask("about", suite=plan.suite) for process in processes[:BASELINE_REPEAT]]
    for fact in SHARED_FACTS:
        values = [one["environment"][fact] for one in answers]
        if values[BASELINE] != values[CANDIDATE]:
            problem = f"{fact}: {values[BASELINE]} and {values[CANDIDATE]}"
            raise InvalidArgument(
                "baseline and candidate must run on the same machine and plugin",
                problem,
                "run both on one machine, with one plugin",
            )
    shared = [name for name in answers[BASELINE]["benchmarks"] if name in answers[CANDIDATE]["benchmarks"]]
    unknown = [name for name in plan.benchmarks if name not in shared]
    if unknown or not shared:
        problem = f"{', '.join(unknown) or 'none in common'}; both have {', '.join(shared) or 'none'}"
        remedy = "name one that is" + (did_you_mean(unknown[0], shared, before="; ") if unknown else "")
        raise InvalidArgument("A benchmark must be in both suites", problem, remedy)
    sides = [
        {"name": side.name, "revision": side.revision, "slowdown": side.slowdown, "environment": one["environment"]}
        for side, one in zip((baseline, candidate), answers)
    ]
    options = {"suite": plan.suite, "device": plan.device, "seed": plan.seed}
    return Comparison(
        plan.settings, sides, [name for name in shared if not plan.benchmarks or name in plan.benchmarks], options
    )


def time_start(
    processes: Sequence[TimedProcess],
    name: str,
    plan: ComparisonPlan,
    rng: random.Random,
    seconds: float = START_SECONDS,
    *,
    verify: bool = False,
) -> dict[str, Any]:
    """Return the blocks of all processes of a start, for one benchmark, with their order and their work checks.

    Args:
        seconds: of blocks of all processes together, about; there are at least eight rounds.
        verify: whether the work check runs.

    Raises:
        KerasCh2Error: an error of a process; `ChildDied` if one has ended.
    """
    options = {"suite": plan.suite, "name": name, "device": plan.device, "verify": verify}
    # All processes at once: what is not timed may share the cores.
    for process in processes:
        elsewhere = process.side.forbidden and str(process.side.forbidden)
        process.send("open", slowdown=process.side.slowdown, forbidden=elsewhere, **options)
    opened = timed_processes.receive_all(processes)
    pause_points = {one["pause_point"] for one in opened}
    # All processes pause at places of the same kind.
    pause_point = pause_points.pop() if len(pause_points) == 1 else EPOCH
    with plan.during_blocks():
        order, blocks = _timed_rounds(processes, name, pause_point, rng, seconds)
    # The rest of the run that they have begun.
    for process in processes:
        process.send("block")
    timed_processes.receive_all(processes)
    work_checks = [one.get("work_check") for one in opened]
    return {"order": order, "blocks": list(map(compare_result.merge_blocks, blocks)), "work_checks": work_checks}


def _timed_rounds(
    processes: Sequence[TimedProcess], name: str, pause_point: str, rng: random.Random, seconds: float
) -> tuple[list[list[int]], list[list[dict[str, Any]]]]:
    """Return the order of the blocks of each round, and the blocks of each process."""
    # One after the other, so that each is alone. All processes have as many steps in a block.
    call_seconds = max(process.ask("pace", name=name, pause_point=pause_point)["call_seconds"] for process in processes)
    calls = 1 if pause_point == EPOCH else math.ceil(BLOCK_SECONDS / call_seconds)
    rounds = max(MIN_ROUNDS, round(seconds / (2 * len(processes) * calls * call_seconds)))
    untimed = 0 if pause_point == EPOCH else min(calls, UNTIMED_CALLS)
    for process in processes:
        process.send("blocks", name=name, pause_point=pause_point, count=2 * rounds, calls=calls, untimed=untimed)
    timed_processes.receive_all(processes)
    blocks: list[list[dict[str, Any]]] = [[] for _ in processes]
    order = []
    for _ in range(rounds):
        first_half = rng.sample(range(len(processes)), len(processes))
        order.append([*first_half, *reversed(first_half)])
        for place in order[-1]:
            blocks[place].append(processes[place].ask("block"))
    return order, blocks


def check_synchronised(starts: Sequence[Mapping[str, Any]], names: Sequence[str]) -> None:
    """Refuse blocks whose clock stopped before their work was done, by all processes of each side.

    Args:
        starts: of one benchmark, as `time_start` returns them.
        names: of the sides, for the message.

    Raises:
        InvalidMeasurement: too large a share of the blocks of a side was unsynchronised.
    """
    for side, name in enumerate(names):
        # The third process is the baseline repeat.
        timed = [process for one in starts for process in one["blocks"][side :: len(names)]]
        blocks = [
            Block(process["steps"], *both)
            for process in timed
            for both in zip(process["seconds"], process["unsynchronised"])
        ]
        try:
            block.check_synchronised(blocks, MAX_UNSYNCHRONISED)
        except InvalidMeasurement as error:
            raise InvalidMeasurement(error.happened, f"{name}: {error.found}", error.remedy) from None


def _check_synchronised(comparison: Comparison, name: str) -> None:
    # On a busy machine a wait takes longer, and one process may seem unsynchronised. Work that nothing waits for shows
    # in every start.
    starts = [one for one in comparison.starts if one["benchmark"] == name]
    if len(starts) >= MIN_STARTS_UNSYNCHRONISED:
        check_synchronised(starts, [f"{name} of {side['name']}" for side in comparison.sides])


def _undecided(comparison: Comparison) -> list[str]:
    judgements = comparison.judgements()
    return [name for name, one in judgements.items() if one is None or one.verdict is SpeedVerdict.UNDECIDED]


def _progress(comparison: Comparison) -> str:
    return ", ".join(
        f"{name} {'…' if one is None else one.verdict.value}" for name, one in comparison.judgements().items()
    )


# Seconds of a start: three processes that import the framework at once, and then what each benchmark takes to be made
# ready, warmed up and timed. With three benchmarks on two cores a start took 27 s in the middle of the 98 comparisons
# that evaluation/data/compare-live.jsonl keeps, and from 18 to 47 s.
SECONDS_PER_START = 15.0
SECONDS_PER_BENCHMARK = 4.0


def comparison_seconds(starts: int, benchmarks: int) -> float:
    """Return about how many seconds so many starts of so many benchmarks take."""
    return starts * (SECONDS_PER_START + SECONDS_PER_BENCHMARK * benchmarks)


def duration_text(plan: ComparisonPlan, is_chapter: bool) -> str:
    """Return a line with the estimated duration of a comparison.

    Args:
        plan: what is compared, and how.
        is_chapter: whether the suite is the chapter's, whose benchmarks are known without importing it.
    """
    count = len(plan.benchmarks) or (len(CHAPTERS) if is_chapter else 1)
    low, high = (
        max(1, round(comparison_seconds(starts, count) / 60)) for starts in (MIN_STARTS, plan.settings.max_starts)
    )
    of = (
        f"{count} benchmark{'' if count == 1 else 's'}"
        if is_chapter or plan.benchmarks
        else "each benchmark of the suite"
    )
    span = f"{low}" if low == high else f"{low} to {high}"
    max_starts = plan.settings.max_starts
    starts = f"{MIN_STARTS}" if max_starts == MIN_STARTS else f"{MIN_STARTS} to {max_starts}"
    return f"{starts} starts of three processes, for {of}: about {span} min, estimated anew after each start"
