"""Decides printed figures against the distribution that the printed code has, as the trainings of a run show it."""

from __future__ import annotations

import math
import statistics
from typing import Sequence

from pytest_kerasch2.accuracy import curve, reference
from pytest_kerasch2.accuracy.curve import SERIES_NAMES, Point, Scale
from pytest_kerasch2.accuracy.runs import TrainingRun
from pytest_kerasch2.chapter.printed_numbers import trained
from pytest_kerasch2.chapter.printed_numbers.trained import Curves
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.errors import Inconclusive
from pytest_kerasch2.stats import equivalence, prediction
from pytest_kerasch2.stats.equivalence import Difference

# Of all that is printed of ten epochs of training, how often one figure that the code does give may be refused.
ERROR = 0.01
PRINTED = 12
RAREST = ERROR / PRINTED
# A figure that is rarer than that, but not ten times rarer, may be either: other seeds would tell it otherwise.
EDGE = 0.1
LAST = 10
# What two ways are compared by after ten epochs.
ALIKE = ("test_accuracy", "test_loss")


def one_of_them(record: Recorder, curves: Curves, names: Sequence[str], point: Point, printed: str) -> None:
    """Require that a printed figure can come from where the figures of some ways come from.

    Args:
        names: ways that are one training, and so are told together.
        point: what the figure is of.
        printed: the figure as it is printed; it is known as well as its digits say.

    Raises:
        Inconclusive: the figure lies at the edge of what the trainings give.
    """
    scale = curve.scale_by_counts(point, curves.data)
    groups = {name: [scale.transform(point.of(run)) for run in runs] for name, runs in curves.by_style.items()}
    runs = _each_seed_once(curves, names)
    own = [scale.transform(point.of(run)) for run in runs]
    others = [group for name, group in groups.items() if name not in names]
    sample = prediction.sample(own, [own, *others], scale.least_scatter(sum(own) / len(own)))
    predicted = prediction.predict(sample, rounded(scale, point, printed), RAREST)
    low, high = sorted((scale.inverse(predicted.low), scale.inverse(predicted.high)))
    gave = f"{len(runs)} trainings gave {_span(runs, point)}, so that one more lies from {low:.4f} to {high:.4f}"
    far = f"{predicted.deviations:.1f} standard deviations from their mean, p = {predicted.probability:.1g}"
    what = f"{SERIES_NAMES[point.series]} after epoch {point.epoch}: {printed} is printed"
    verdict = verdict_on(predicted.probability)
    if verdict == "inconclusive":
        happened = f"{what}, which is at the edge of what the trainings give"
        raise Inconclusive(happened, f"{gave}; {far}", "hold it against more seeds, of kerasch2 calibrate")
    record.true(what, holds=verdict == "held", found=f"{gave}; {far}")


def _each_seed_once(curves: Curves, names: Sequence[str]) -> list[TrainingRun]:
    """Return the runs of ways that are one training: a seed that two of them have gives the same curves twice."""
    return list({run.seed: run for name in reversed(names) for run in curves.by_style[name]}.values())


def margin(series: str) -> float:
    """Return the largest difference that is nearly none: what two trainings of one way typically differ by.

    That is the square root of two standard deviations of the shipped reference, 0.0016 of accuracy and 0.006 of loss. A
    network without its Dropout layer ends with 0.013 more test loss: `evaluation/data/printed-without_dropout.jsonl`.
    """
    point = Point(series, LAST)
    return math.sqrt(2) * statistics.stdev(point.of(run) for run in reference.load_bundled(trained.STORED).runs)


def verdict_on(probability: float) -> str:
    """Return the verdict on a printed figure, by how often a training gives one at least so far off."""
    if EDGE * RAREST < probability <= RAREST:
        return "inconclusive"
    return "held" if probability > RAREST else "broken"


def rounded(scale: Scale, point: Point, printed: str) -> tuple[float, float]:
    """Return between which a printed figure lies, on a scale."""
    half = 0.5 * 10.0 ** -len(printed.partition(".")[2])
    value = float(printed)
    most = min(value + half, 1.0) if point.is_accuracy else value + half
    low, high = sorted((scale.transform(value - half), scale.transform(most)))
    return low, high


def _span(runs: Sequence[TrainingRun], point: Point) -> str:
    values = sorted(point.of(run) for run in runs)
    return f"{values[0]:.4f} to {values[-1]:.4f}"


def rounds_to(record: Recorder, runs: Sequence[TrainingRun], whole: int) -> None:
    """Require that so many of 100 test images are recognised on average.

    Raises:
        Inconclusive: the mean is not known well enough.
    """
    shares = [100 * run.test_accuracy[-1] for run in runs]
    low, high = prediction.mean_between(shares, ERROR)
    actual = f"{sum(shares) / len(shares):.2f} of 100, the mean of all such trainings from {low:.2f} to {high:.2f}"
    if low < whole - 0.5 < high or low < whole + 0.5 < high:
        raise Inconclusive("The mean of the trainings is not known to a whole image of 100", actual, "train more seeds")
    holds = whole - 0.5 <= low and high <= whole + 0.5
    record.true(f"{whole} of 100 test images are recognised", holds=holds, found=actual)


def nearly_alike(record: Recorder, curves: Curves | None, name: str, others: Sequence[str], same_bits: bool) -> None:
    """Require that one way ends nearly as others do.

    Args:
        curves: of ten epochs, or None where there are none: then the bits alone say it.
        name: the way.
        others: those with which it is compared, taken together.
        same_bits: whether all of them give the same training bit for bit from equal weights in equal order; then there
            is no difference but that of the seeds.

    Raises:
        Inconclusive: the interval of the difference reaches beyond the margin or is not known, and the bits do not say
            either.
    """
    equivalent = curves is not None and _within(record, curves, name, others)
    if not (equivalent or same_bits):
        if curves is None:
            raise trained.untrained()
        remedy = "nothing to do: more seeds would tell"
        raise Inconclusive("The difference is not known well enough", record.evidence[-1], remedy)
    how = "the interval of the difference lies within the margin" if equivalent else "equal weights give equal bits"
    record.true(f"{name} ends nearly as {' and '.join(others)}", holds=True, found=how)


def _within(record: Recorder, curves: Curves, name: str, others: Sequence[str]) -> bool:
    """Return whether the difference of all that is told after ten epochs is shown to lie within its margin.

    Raises:
        ClaimBroken: one is shown to lie beyond it.
    """
    equivalent = True
    for series in ALIKE:
        most = margin(series)
        difference = _difference(curves, name, others, series)
        shown = f"{name} less {' and '.join(others)}: {difference.estimate:+.4f}"
        shown += f", from {difference.low:+.4f} to {difference.high:+.4f}"
        line = f"{SERIES_NAMES[series]} after ten epochs: {shown}; nearly the same is within {most:.4f}"
        if difference.beyond(most):
            record.true(f"{name} ends nearly as {' and '.join(others)}", holds=False, found=line)
        equivalent = equivalent and difference.within(most)
        record.saw(line)
    return equivalent


def _difference(curves: Curves, name: str, others: Sequence[str], series: str) -> Difference:
    point = Point(series, LAST)
    own = curves.by_style[name]
    seeds = {run.seed for run in own}
    together = [run for run in _each_seed_once(curves, others) if run.seed not in seeds]
    groups = [[point.of(run) for run in runs] for runs in (own, together)]
    return equivalence.difference(groups[0], groups[1], groups, ERROR)
