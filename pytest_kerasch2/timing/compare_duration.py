"""How long a comparison will take, before anything is started: from what a start takes, and how many there may be."""

from __future__ import annotations

from pytest_kerasch2.stats.paired_sequential import MIN_STARTS
from pytest_kerasch2.timing.compare import ComparisonPlan
from pytest_kerasch2.timing.suite_lookup import CHAPTERS

# Seconds of a start: three processes that import the framework at once, and then what each benchmark takes to be made
# ready, warmed up and timed. With three benchmarks on two cores a start took 27 s in the middle of the 98 comparisons
# that evaluation/data/compare-live.jsonl keeps, and from 18 to 47 s.
SECONDS_PER_START = 15.0
SECONDS_PER_BENCHMARK = 4.0


def comparison_seconds(starts: int, benchmarks: int) -> float:
    """Return about how many seconds so many starts of so many benchmarks take."""
    return starts * (SECONDS_PER_START + SECONDS_PER_BENCHMARK * benchmarks)


def duration_text(plan: ComparisonPlan, is_chapter: bool) -> str:
    """Return a line that says how long a comparison takes, about.

    Args:
        order: what is to be compared.
        known: whether the suite is the chapter's, whose benchmarks are known without importing it.
    """
    count = len(plan.benchmarks) or (len(CHAPTERS) if is_chapter else 1)
    low, high = (max(1, round(comparison_seconds(starts, count) / 60)) for starts in (MIN_STARTS, plan.settings.max_starts))
    of = f"{count} benchmark{'' if count == 1 else 's'}" if is_chapter or plan.benchmarks else "each benchmark of the suite"
    span = f"{low}" if low == high else f"{low} to {high}"
    max_starts = plan.settings.max_starts
    starts = f"{MIN_STARTS}" if max_starts == MIN_STARTS else f"{MIN_STARTS} to {max_starts}"
    return f"{starts} starts of three processes, for {of}: about {span} min, told anew after each start"
