"""What is simulated of each kind of training: the reference, the new trainings, and what a gate may not say of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Sequence

from evaluation.curves import Generator, History
from evaluation.kinds import Kind

SEEDS = 60
TRAININGS = 10
# What floating point of another device or order of sums does to a loss.
JITTER = 1e-7
DISTINCT = 5
EXPLODED = 1e4
# How far another plateau lies, in margins that somebody would write.
FURTHER = 4.0
A_THIRD = 0.3

# Draws the reference.
Old = Callable[[Kind, Generator], Sequence[History]]
# Draws the new trainings, given the reference and the margin.
New = Callable[[Kind, Generator, Sequence[History], float], Sequence[History]]


@dataclass(frozen=True)
class Scenario:
    """One situation.

    Attributes:
        name: short, for a table.
        old: draws the reference.
        new: draws the new trainings.
        forbidden: verdicts that are errors here.
        at_most: the share of gates that may give one of them.
        fixed: whether the margin is the one of the kind, instead of the gate's own.
    """

    name: str
    old: Old
    new: New
    forbidden: tuple[str, ...]
    at_most: float
    fixed: bool = False


def clean(kind: Kind, random: Generator) -> list[History]:
    """Draw a reference in which every seed learns."""
    return kind.draw(random, SEEDS)


def stuck_at(rate: float) -> Old:
    """Return what draws a reference in which each seed is stuck with this probability."""
    return lambda kind, random: _some_stuck(kind, random, SEEDS, rate)


def stuck_exactly(count: int) -> Old:
    """Return what draws a reference in which so many seeds are stuck."""

    def draw(kind: Kind, random: Generator) -> list[History]:
        result = [*kind.stuck(random, count), *kind.draw(random, SEEDS - count)]
        return [result[place] for place in random.permutation(SEEDS)]

    return draw


def _some_stuck(kind: Kind, random: Generator, count: int, rate: float) -> list[History]:
    return mixed(kind.stuck(random, count), kind.draw(random, count), random, rate)


def mixed(bad: Sequence[History], good: Sequence[History], random: Generator, rate: float) -> list[History]:
    """Return good trainings, each replaced by a bad one with this probability."""
    chosen = random.random(len(good)) < rate
    return [one if is_bad else other for one, other, is_bad in zip(bad, good, chosen)]


def unchanged(kind: Kind, random: Generator, old: Sequence[History], margin: float) -> list[History]:
    """Draw new trainings like those of a clean reference."""
    return kind.new(random, TRAININGS)


def unchanged_stuck(rate: float) -> New:
    """Return what draws new trainings of which each is stuck with this probability."""
    return lambda kind, random, old, margin: _some_stuck(kind, random, TRAININGS, rate)


def shifted(by: float, rate: float = 0.0) -> New:
    """Return what draws new trainings whose metric is worse by so many margins; better, where that is negative."""

    def draw(kind: Kind, random: Generator, old: Sequence[History], margin: float) -> list[History]:
        new = _some_stuck(kind, random, TRAININGS, rate) if rate else kind.new(random, TRAININGS)
        return [worse(kind, one, by * margin) for one in new]

    return draw


def worse(kind: Kind, history: History, change: float) -> History:
    """Return a history whose metric is worse by this after its last epoch, where that is hardest to see.

    Of trainings that stop early it is worse throughout: a gate may compare them at the best epoch or at the last.
    """
    values = history[kind.asked]
    first = 0 if kind.name.startswith("EarlyStopping") else len(values) - 1
    changed = [value - kind.sign * change if epoch >= first else value for epoch, value in enumerate(values)]
    bounded = kind.asked.endswith(("accuracy", "auc", "f1"))
    return {**history, kind.asked: [min(max(value, 0.0), 1.0) for value in changed] if bounded else changed}


def exploded(kind: Kind, random: Generator, count: int) -> list[History]:
    """Draw seeds that diverge, and are still finite at the end."""
    return [
        {name: [value * EXPLODED if value > 1 else value for value in values] for name, values in one.items()}
        for one in kind.stuck(random, count)
    ]


def two_populations(kind: Kind, random: Generator, count: int, other: float) -> list[History]:
    """Draw trainings of which some end on another plateau: worse by FURTHER margins in each epoch."""
    results = []
    for history in kind.new(random, count):
        change = FURTHER * kind.margin if random.random() < other else 0.0
        shifted = [value - kind.sign * change for value in history[kind.asked]]
        results.append({**history, kind.asked: shifted})
    return results


def a_third_apart(kind: Kind, random: Generator) -> list[History]:
    """Draw a reference of which a third of the seeds end on another plateau."""
    return two_populations(kind, random, SEEDS, A_THIRD)


def half_stuck(kind: Kind, random: Generator, old: Sequence[History], margin: float) -> list[History]:
    """Draw new trainings of which every second one is stuck."""
    pairs = zip(kind.draw(random, TRAININGS // 2), kind.stuck(random, TRAININGS // 2))
    return [one for pair in pairs for one in pair]


def copies(kind: Kind, random: Generator, old: Sequence[History], margin: float) -> list[History]:
    """Draw one training and repeat it, as where the seed is ignored."""
    return kind.new(random, 1) * TRAININGS


def near_copies(kind: Kind, random: Generator, old: Sequence[History], margin: float) -> list[History]:
    """Draw one training and repeat it but for the rounding of another order of sums."""
    return [jittered(one, random) for one in copies(kind, random, old, margin)]


def each_twice(kind: Kind, random: Generator, old: Sequence[History], margin: float) -> list[History]:
    """Draw trainings of which two seeds in a row are one."""
    return [one for one in kind.draw(random, TRAININGS // 2) for _ in range(2)]


def copies_of_old(kind: Kind, random: Generator, old: Sequence[History], margin: float) -> list[History]:
    """Repeat one training of the reference itself."""
    return [old[0]] * TRAININGS


def repeated(distinct: int, jitter: float = 0.0) -> Old:
    """Return what draws a reference whose seeds gave only so many different trainings."""

    def draw(kind: Kind, random: Generator) -> list[History]:
        result = (kind.draw(random, distinct) * SEEDS)[:SEEDS]
        return [jittered(one, random, jitter) for one in result] if jitter else result

    return draw


def jittered(history: History, random: Generator, scale: float = JITTER) -> History:
    """Return a history whose losses differ by rounding; what is a share of examples stays as it is."""
    return {
        name: values if _is_share(values) else [value * (1 + scale * random.standard_normal()) for value in values]
        for name, values in history.items()
    }


def _is_share(values: Sequence[float]) -> bool:
    return all(0 <= value <= 1 and round(value * 10_000, 6) == round(value * 10_000) for value in values)


TWO_IN_100, FIVE_IN_100 = stuck_at(0.02), stuck_at(0.05)
THREE_OF_60, SIX_OF_60 = stuck_exactly(3), stuck_exactly(6)


def some_exploded(rate: float, count: int) -> Old:
    """Return what draws trainings of which each diverges with this probability."""
    return lambda kind, random: mixed(exploded(kind, random, count), kind.draw(random, count), random, rate)


THREE_EXPLODED = some_exploded(0.03, SEEDS)
PASS, FAIL = "pass", "fail"
RATE = 0.01
DECIDED = (PASS, FAIL)
PROMISED = (
    Scenario("unchanged", clean, unchanged, (FAIL,), RATE),
    Scenario("unchanged, margin given", clean, unchanged, (FAIL,), RATE, fixed=True),
    Scenario("worse by the margin", clean, shifted(1.0), (PASS,), RATE),
    Scenario("worse by the given margin", clean, shifted(1.0), (PASS,), RATE, fixed=True),
    Scenario("2 % stuck, unchanged", TWO_IN_100, unchanged_stuck(0.02), (FAIL,), RATE),
    Scenario("5 % stuck, unchanged", FIVE_IN_100, unchanged_stuck(0.05), (FAIL,), RATE),
    Scenario(
        "3 % stuck and diverging, unchanged",
        THREE_EXPLODED,
        lambda kind, random, old, margin: some_exploded(0.03, TRAININGS)(kind, random),
        (FAIL,),
        RATE,
    ),
    Scenario("2 % stuck, worse", TWO_IN_100, shifted(1.0, 0.02), (PASS,), RATE, fixed=True),
    Scenario("5 % stuck, worse", FIVE_IN_100, shifted(1.0, 0.05), (PASS,), RATE, fixed=True),
)
# What is promised speaks of a change for the worse; where the metric has a best value, there is no better one to tell.
SHOWN = (Scenario("better by the margin", clean, shifted(-1.0), (PASS,), 1.0),)
REFUSED = (
    Scenario("one in ten stuck", SIX_OF_60, unchanged_stuck(0.1), DECIDED, 0.0),
    Scenario(
        "a third on another plateau",
        a_third_apart,
        lambda kind, random, old, margin: two_populations(kind, random, TRAININGS, A_THIRD),
        DECIDED,
        0.0,
    ),
    Scenario("half of the new stuck", clean, half_stuck, (PASS,), 0.0),
    Scenario("half stuck against 5 %", THREE_OF_60, half_stuck, (PASS,), 0.0),
    Scenario("half stuck against 10 %", SIX_OF_60, half_stuck, (PASS,), 0.0),
    Scenario("copies", clean, copies, DECIDED, 0.0),
    Scenario("copies but for rounding", clean, near_copies, DECIDED, 0.0),
    Scenario("each seed twice", clean, each_twice, DECIDED, 0.0),
    Scenario("copies of the reference", clean, copies_of_old, DECIDED, 0.0),
    Scenario("a reference of copies", repeated(1), unchanged, DECIDED, 0.0),
    Scenario("a reference of rounded copies", repeated(1, JITTER), unchanged, DECIDED, 0.0),
    Scenario("a reference of five trainings", repeated(DISTINCT), unchanged, DECIDED, 0.0),
)
SCENARIOS = (*PROMISED, *SHOWN, *REFUSED)
# Of seeds that were really trained, where nobody can tell which are stuck.
DRAWN = (*PROMISED[:4], *SHOWN)
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
