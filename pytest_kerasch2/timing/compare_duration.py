"""How long a comparison will take, before anything is started: from what a start takes, and how many there may be."""

from __future__ import annotations

from pytest_kerasch2.stats.paired_sequential import FEWEST
from pytest_kerasch2.timing.compare import Order
from pytest_kerasch2.timing.suite_lookup import CHAPTERS

# Seconds of a start: three processes that import the framework at once, and then what each benchmark takes to be made
# ready, warmed up and timed. With three benchmarks on two cores a start took 27 s in the middle of the 98 comparisons
# that evaluation/data/compare-live.jsonl keeps, and from 18 to 47 s.
STARTING = 15.0
EACH = 4.0


def seconds(starts: int, benchmarks: int) -> float:
    """Return about how many seconds so many starts of so many benchmarks take."""
    return starts * (STARTING + EACH * benchmarks)


def estimated(order: Order, known: bool) -> str:
    """Return a line that says how long a comparison takes, about.

    Args:
        order: what is to be compared.
        known: whether the suite is the chapter's, whose benchmarks are known without importing it.
    """
    count = len(order.names) or (len(CHAPTERS) if known else 1)
    low, high = (max(1, round(seconds(starts, count) / 60)) for starts in (FEWEST, order.terms.most))
    of = f"{count} benchmark{'' if count == 1 else 's'}" if known or order.names else "each benchmark of the suite"
    span = f"{low}" if low == high else f"{low} to {high}"
    most = order.terms.most
    starts = f"{FEWEST}" if most == FEWEST else f"{FEWEST} to {most}"
    return f"{starts} starts of three processes, for {of}: about {span} min, told anew after each start"
