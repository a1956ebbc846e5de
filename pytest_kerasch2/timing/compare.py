"""Compares a baseline with a candidate: interleaved blocks of fresh processes, judged after each process start.

In each start the baseline has two processes; the second is the baseline repeat, and shows whether the machine is fit.
Steps within a block, and blocks within a process, are not independent: each process start counts as one ratio.
"""

from __future__ import annotations

import contextlib
import math
import random
import statistics
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Callable, ContextManager, Mapping, NamedTuple, Sequence

from pytest_kerasch2.errors import CannotWrite, InvalidArgument, InvalidMeasurement
from pytest_kerasch2.stats import paired_sequential
from pytest_kerasch2.stats.paired_sequential import MIN_STARTS, ComparisonSettings, SpeedVerdict
from pytest_kerasch2.suggestions import did_you_mean
from pytest_kerasch2.timing import block, compare_result, measured_environment, timed_processes
from pytest_kerasch2.timing.benchmark_suite import CHAPTERS
from pytest_kerasch2.timing.block import Block
from pytest_kerasch2.timing.compare_result import BASELINE, BASELINE_REPEAT, CANDIDATE, Comparison
from pytest_kerasch2.timing.fork_server import ProcessStarter
from pytest_kerasch2.timing.interleaving import EPOCH, MAX_UNSYNCHRONISED
from pytest_kerasch2.timing.timed_processes import ComparedSide, TimedProcess

# Seconds of blocks of a benchmark in a start, of all processes together. In each round every process has two blocks,
# the second ones in reverse order.
START_SECONDS = 1.0
# The same after the first look: what is not decided by then scatters so much that it takes more of them.
LATER_SECONDS = 3.0
MIN_ROUNDS = 8
# Calls of so many seconds are blocks by themselves, and scatter less: fewer rounds of them are enough.
SLOW_CALL = 0.1
MIN_ROUNDS_SLOW = 3
# Warm-up blocks at most, in the first start; several processes warm up at once and disturb each other: that two
# successive blocks differ shows little then. Later starts have one, since their pace is known.
MAX_WARMUP = 4
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
    running = _RunningComparison((baseline, candidate), plan, on_progress)
    with contextlib.ExitStack() as stack:
        package = stack.enter_context(timed_processes.copied_package())
        starter = ProcessStarter((baseline, candidate), package, running.rng, on_progress)
        stack.callback(starter.close)
        while True:
            # Which of them is started first is drawn anew each time: the last one is made ready beside fewer others.
            order = running.rng.sample(range(3), 3)
            sides = [(baseline, candidate, baseline)[place] for place in order]
            with starter.started(sides, plan.deadline) as started:
                processes = [started[order.index(place)] for place in range(3)]
                comparison = running.time_next_start(processes)
            if comparison.complete:
                return comparison
            if running.starts in paired_sequential.planned_looks(plan.settings.max_starts):
                starter.close()


class _RunningComparison:
    """A comparison while it runs: what has been measured so far, and how the next start is measured."""

    def __init__(self, sides: Sequence[ComparedSide], plan: ComparisonPlan, on_progress: Callable[[str], None]) -> None:
        """Begin before the first start."""
        self.sides, self.plan, self.on_progress = sides, plan, on_progress
        self.rng = random.Random(plan.seed)
        self.starts = self._starts_here = 0
        self._comparison: Comparison | None = None
        self._paces: dict[str, Pace] = {}
        self._began = time.monotonic()

    @property
    def _is_quick(self) -> bool:
        return self.plan.settings.quick_seconds is not None

    def time_next_start(self, processes: Sequence[TimedProcess]) -> Comparison:
        """Time what is undecided in the processes of a start, and return the comparison with it."""
        start_began = time.monotonic()
        if self._comparison is None:
            baseline, candidate = self.sides
            self._comparison = _new_comparison(baseline, candidate, processes, self.plan)
            self._continue_stored(self._comparison)
        undecided = _undecided(self._comparison)
        seconds = START_SECONDS if self.starts < MIN_STARTS else LATER_SECONDS
        # In a quick look all benchmarks share the time.
        seconds = START_SECONDS / len(undecided) if self._is_quick else seconds
        for name in undecided:
            self._time_benchmark(self._comparison, processes, name, seconds)
        self.starts, self._starts_here = self.starts + 1, self._starts_here + 1
        now = time.monotonic()
        self._comparison.complete = self._is_over(now, now - start_began) or not _undecided(self._comparison)
        _save(self._comparison, self.plan.out, self.on_progress)
        self.on_progress(f"{self._progress_text(now)}: {_progress(self._comparison)}")
        return self._comparison

    def _continue_stored(self, comparison: Comparison) -> None:
        """Take over the starts of a comparison of the same that was stopped."""
        stored = compare_result.read_stopped(self.plan.out, comparison)
        if stored is not None:
            comparison.starts, comparison.work_checks = stored.starts, stored.work_checks
            self.starts = 1 + max(one["start"] for one in stored.starts)
            # An order of its own for what is still to come.
            self.rng.seed(f"{self.plan.seed} {self.starts}")
            self.on_progress(f"{self.starts} starts of {self.plan.out} are continued")

    def _time_benchmark(
        self, comparison: Comparison, processes: Sequence[TimedProcess], name: str, seconds: float
    ) -> None:
        load = measured_environment.machine_load()
        # The work check runs once, since later starts run the same code; in a quick look there is no time for it.
        verify = self.starts == 0 and not self._is_quick
        pace = self._paces.get(name)
        timed = time_start(processes, name, self.plan, self.rng, seconds, verify=verify, pace=pace)
        self._paces[name] = timed.pace
        if self.starts == 0:
            comparison.work_checks[name] = timed.work_checks[:BASELINE_REPEAT]
        start = {"start": self.starts, "benchmark": name, "load": load, "order": timed.order, "blocks": timed.blocks}
        comparison.starts.append(start)
        _check_synchronised(comparison, name)

    def _is_over(self, now: float, start_seconds: float) -> bool:
        """Whether no start is left, or no time for another one that takes as long as the last."""
        limit = self.plan.settings.quick_seconds
        has_time = limit is None or now + start_seconds - self._began <= limit
        return self.starts >= self.plan.settings.max_starts or not has_time

    def _progress_text(self, now: float) -> str:
        most, limit = self.plan.settings.max_starts, self.plan.settings.quick_seconds
        if limit is not None:
            return f"start {self.starts}, {max(0.0, limit - now + self._began):.0f} s left"
        left = (now - self._began) / self._starts_here * (most - self.starts)
        return f"start {self.starts} of {most} at most, {left / 60:.0f} min left"


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


@dataclass(frozen=True)
class Pace:
    """How blocks are made: measured by the first start of a benchmark, and by the blocks of each for the next.

    Attributes:
        pause_point: of a kind that all processes have.
        call_seconds: from one pause point to the next, in the slowest process.
    """

    pause_point: str
    call_seconds: float

    @property
    def calls(self) -> int:
        """Return how many calls a block has."""
        return 1 if self.pause_point == EPOCH else math.ceil(BLOCK_SECONDS / self.call_seconds)

    @property
    def untimed(self) -> int:
        """Return how many calls before a block are not timed; a long one shows nothing of what was before it."""
        return 0 if self.pause_point == EPOCH or self.is_slow else min(self.calls, UNTIMED_CALLS)

    @property
    def is_slow(self) -> bool:
        """Whether a single call takes much longer than a block is to take."""
        return self.call_seconds > SLOW_CALL

    def rounds(self, processes: int, seconds: float) -> int:
        """Return how many rounds so many processes have in so many seconds."""
        return max(
            MIN_ROUNDS_SLOW if self.is_slow else MIN_ROUNDS,
            round(seconds / (2 * processes * self.calls * self.call_seconds)),
        )


class TimedStart(NamedTuple):
    """What the processes of a start have measured of one benchmark.

    Attributes:
        order: of the processes, in each round.
        blocks: of each process, in the form of the results file.
        work_checks: of each process, or None.
        pace: of the next start.
    """

    order: list[list[int]]
    blocks: list[dict[str, Any]]
    work_checks: list[Any]
    pace: Pace


def time_start(
    processes: Sequence[TimedProcess],
    name: str,
    plan: ComparisonPlan,
    rng: random.Random,
    seconds: float = START_SECONDS,
    *,
    verify: bool = False,
    pace: Pace | None = None,
) -> TimedStart:
    """Time the blocks of all processes of a start, for one benchmark.

    Args:
        seconds: of blocks of all processes together, about; there are a few rounds at least.
        verify: whether the work check runs; in the baseline repeat it does not.
        pace: as an earlier start has measured it.

    Raises:
        KerasCh2Error: an error of a process; `ChildDied` if one has ended.
    """
    options = {"suite": plan.suite, "name": name, "device": plan.device, "max_warmup": 1 if pace else MAX_WARMUP}
    # All processes at once, in a drawn order: what is not timed may share the cores.
    for place in rng.sample(range(len(processes)), len(processes)):
        process = processes[place]
        elsewhere = process.side.forbidden and str(process.side.forbidden)
        own = {"slowdown": process.side.slowdown, "verify": verify and place < BASELINE_REPEAT}
        process.send("open", forbidden=elsewhere, **own, **options)
    opened = timed_processes.receive_all(processes)
    pause_points = {one["pause_point"] for one in opened}
    # All processes pause at places of the same kind.
    pause_point = pause_points.pop() if len(pause_points) == 1 else EPOCH
    with plan.during_blocks():
        pace = pace if pace and pace.pause_point == pause_point else _measured_pace(processes, name, pause_point)
        order, blocks = _timed_rounds(processes, name, pace, rng, seconds)
    # The rest of the run that they have begun.
    for process in processes:
        process.send("block")
    timed_processes.receive_all(processes)
    calls = max(statistics.median(one["seconds"] for one in of_process) for of_process in blocks) / pace.calls
    return TimedStart(
        order,
        list(map(compare_result.merge_blocks, blocks)),
        [one.get("work_check") for one in opened],
        replace(pace, call_seconds=calls),
    )


def _measured_pace(processes: Sequence[TimedProcess], name: str, pause_point: str) -> Pace:
    # One after the other, so that each is alone.
    paces = [process.ask("pace", name=name, pause_point=pause_point)["call_seconds"] for process in processes]
    return Pace(pause_point, max(paces))


def _timed_rounds(
    processes: Sequence[TimedProcess], name: str, pace: Pace, rng: random.Random, seconds: float
) -> tuple[list[list[int]], list[list[dict[str, Any]]]]:
    """Return the order of the blocks of each round, and the blocks of each process."""
    # All processes have as many steps in a block.
    rounds = pace.rounds(len(processes), seconds)
    plan = {"pause_point": pace.pause_point, "count": 2 * rounds, "calls": pace.calls, "untimed": pace.untimed}
    for process in processes:
        process.send("blocks", name=name, **plan)
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


# Seconds of a start: three forks that start their runtime, and then what each benchmark takes to be made ready, warmed
# up and timed, before the first look and after it. With three benchmarks on two cores a start took 10 s up to the first
# look, in the middle of the first idle comparisons that evaluation/data/compare-live.jsonl keeps.
SECONDS_PER_START = 1.0
SECONDS_PER_BENCHMARK, SECONDS_LATER = 3.0, 6.5


def comparison_seconds(starts: int, benchmarks: int) -> float:
    """Return about how many seconds so many starts of so many benchmarks take."""
    first = min(starts, MIN_STARTS)
    of_benchmark = SECONDS_PER_BENCHMARK * first + SECONDS_LATER * (starts - first)
    return starts * SECONDS_PER_START + benchmarks * of_benchmark


def duration_text(plan: ComparisonPlan, is_chapter: bool) -> str:
    """Return a line with the estimated duration of a comparison, or with that of a quick look.

    Args:
        plan: what is compared, and how.
        is_chapter: whether the suite is the chapter's, whose benchmarks are known without importing it.
    """
    if plan.settings.quick_seconds is not None:
        return f"a quick look, of {plan.settings.quick_seconds:.0f} s"
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
