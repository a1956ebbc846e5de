"""Decides from new trainings whether something has changed against a reference: pass, fail or undecided.

Every point of the learning curve may raise an alarm. Half of the rate alpha goes to the test accuracy after the last
epoch, or to another metric that the gate is asked about; the other points share the other half evenly. A gate passes
once the interval of that metric lies within the margin of what is usual, and nothing has raised an alarm; but never
after one training, because the rest of the curve shows little by then.

What is no evidence is left out: copies of one curve decide nothing, and an outlier, as a training that never began to
learn, is counted instead of having a part in the mean.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Sequence

from pytest_kerasch2.accuracy import copies, curve, metrics, populations
from pytest_kerasch2.accuracy.curve import Point
from pytest_kerasch2.accuracy.decision import Alarm, GateDecision, GateVerdict
from pytest_kerasch2.accuracy.reference import renamed
from pytest_kerasch2.accuracy.reference_distribution import (
    MIN_RUNS_TO_PASS,
    OUTLIER_REMEDY,
    SEED_REMEDY,
    ReferenceDistribution,
    listed_seeds,
)
from pytest_kerasch2.accuracy.runs import TrainingRun
from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.stats import sequential

# Of one training, which no other can support, other epochs must: a fault shows after more than one, and an odd end of
# one epoch is no change.
EPOCHS_OF_ONE = 2
# A single outlier fails only where outliers that occur by themselves could take no more of the alarms.
BY_ITSELF = 0.62
# A training whose metric moves by less than this part of what is usual has not begun to learn.
FLAT = 0.2


def decide_before_training(distribution: ReferenceDistribution) -> GateDecision | None:
    """Return the decision where nothing can be decided, or not within the trainings allowed; None where it can."""
    begin = "undecided, before any training: "
    max_runs, beta = distribution.settings.max_runs, distribution.settings.beta
    if distribution.unusable is not None:
        return _final(distribution, (), begin + distribution.unusable.reason, distribution.unusable.remedy)
    looks = range(MIN_RUNS_TO_PASS, max_runs + 1)
    if distribution.worse_outliers and not populations.outliers_are_rare(0, max_runs, beta):
        several = f"{distribution.worse_outliers} of {distribution.seeds} seeds of the reference lie apart"
        outliers = f"{several} ({listed_seeds(distribution.outliers)})"
        reason = f"{outliers}, and {max_runs} trainings do not show how many of the new ones do"
        return _final(distribution, (), begin + reason, OUTLIER_REMEDY)
    # Not at the last look alone: by a reference of few seeds, later ones show less than the first that may pass.
    if any(distribution.finest_margin(look) < distribution.margin for look in looks):
        return None
    if not looks:
        reason = f"no gate passes by fewer than {MIN_RUNS_TO_PASS} trainings, and {max_runs} is allowed"
    else:
        margin = _short(distribution, distribution.margin)
        finest = _short(distribution, min(map(distribution.finest_margin, looks)), "")
        reason = f"{margin} cannot be told by {max_runs} trainings, which tell {finest} at best"
    return _decision(distribution, (), GateVerdict.UNDECIDED, begin + reason)


def _short(distribution: ReferenceDistribution, change: float, unit: str = " points") -> str:
    return f"{100 * change:.3g}{unit}" if distribution.metric_scale.images else f"{change:.3g}"


def decide(distribution: ReferenceDistribution, runs: Sequence[TrainingRun]) -> GateDecision:
    """Decide at the first look that can.

    Args:
        distribution: the reference made ready.
        runs: the new trainings in their order, one or more.

    Raises:
        InvalidArgument: there are none, or a curve has another length than the reference.
    """
    if not runs:
        raise InvalidArgument("The gate got no trainings to decide from", remedy="give at least one")
    runs = [_aligned(distribution, run) for run in runs]
    distribution = distribution.restricted_to(_shared_curves(distribution, runs))
    for run in runs:
        check_length(distribution, run)
    if distribution.unusable is not None:
        reason = f"undecided: {distribution.unusable.reason}"
        return _final(distribution, runs[:1], reason, distribution.unusable.remedy)
    groups = copies.find_copies(runs, distribution.reference.runs if distribution.reference else ())
    if groups:
        copied = _describe_copies(distribution, groups, runs)
        reason = f"undecided: the curve does not depend on the seed: {copied}"
        return _final(distribution, runs, reason, SEED_REMEDY)
    for looks in range(1, len(runs) + 1):
        decision = _look(distribution, runs[:looks])
        if decision.verdict is not GateVerdict.UNDECIDED:
            return decision
    return decision


def _aligned(distribution: ReferenceDistribution, run: TrainingRun) -> TrainingRun:
    names = tuple(run.curves)
    if set(distribution.names) <= set(names):
        return run
    return renamed(run, metrics.align_names(names, distribution.names))


def _shared_curves(distribution: ReferenceDistribution, runs: Sequence[TrainingRun]) -> tuple[str, ...]:
    """Return the names of the curves that reference and trainings have.

    Raises:
        InvalidArgument: the trainings have different ones, or lack the metric that is asked about.
    """
    names = tuple(name for name in distribution.names if name in runs[0].curves)
    for run in runs:
        metrics.find_curve(distribution.metric.name, tuple(run.curves))
        missing = [name for name in names if name not in run.curves]
        if missing:
            lacking = f"seed {run.seed} lacks {metrics.keras_name(missing[0])}, which seed {runs[0].seed} has"
            raise InvalidArgument("Trainings have different curves", lacking, "return the same curves from each")
    return names


def _describe_copies(
    distribution: ReferenceDistribution, groups: Sequence[Sequence[TrainingRun]], runs: Sequence[TrainingRun]
) -> str:
    seeds = distribution.reference.seeds if distribution.reference else frozenset()
    old = [run.seed for run in groups[0] if run.seed in seeds and run not in runs]
    if old:
        new = next(run.seed for run in groups[0] if run in runs)
        return f"the training with seed {new} gave the curve of seed {old[0]} of the reference"
    return copies.describe_copies(groups, len(runs))


def check_length(distribution: ReferenceDistribution, run: TrainingRun) -> None:
    """Check that a curve has as many epochs as the reference, where all of its trainings have as many.

    Raises:
        InvalidArgument: it has more or fewer.
    """
    lengths = {len(values) for values in run.curves.values()}
    epochs = distribution.metric_point.epoch
    if len(lengths) > 1 or (epochs > 0 and lengths != {epochs}):
        actual = " and ".join(map(str, sorted(lengths)))
        unit = "epoch" if actual == "1" else "epochs"
        happened = f"The training with seed {run.seed} has {actual} {unit}, and the reference has {epochs}"
        raise InvalidArgument(happened, remedy=f"train for {epochs}, or calibrate anew")


def _look(distribution: ReferenceDistribution, runs: Sequence[TrainingRun]) -> GateDecision:
    outliers = [run for run in runs if _is_outlier(distribution, run)]
    main = [run for run in runs if run not in outliers]
    if outliers and not _too_many(distribution, len(outliers), len(runs)):
        alarms = _alarms(distribution, main, without=distribution.metric_point) if main else ()
        if len(runs) == 1 and not _may_be_rare(distribution, runs[0]):
            alarms = _alarms(distribution, runs)
    else:
        alarms = _alarms(distribution, runs)
    if alarms:
        several = "1 place" if len(alarms) == 1 else f"{len(alarms)} places"
        reason = f"fail: {several} of the curve changed, first {alarms[0]}"
        return _decision(distribution, runs, GateVerdict.FAIL, reason, alarms)
    return _without_alarms(distribution, runs, outliers, main)


def _without_alarms(
    distribution: ReferenceDistribution,
    runs: Sequence[TrainingRun],
    outliers: Sequence[TrainingRun],
    main: Sequence[TrainingRun],
) -> GateDecision:
    beta = distribution.settings.beta
    is_rare = not (outliers or distribution.worse_outliers)
    is_rare = is_rare or populations.outliers_are_rare(len(outliers), len(runs), beta)
    if len(main) >= MIN_RUNS_TO_PASS and is_rare and _is_within_margin(distribution, main):
        name = curve.SERIES_NAMES.get(distribution.metric.name, distribution.metric.name)
        reason = f"pass: the {name} is within {distribution.amount(distribution.margin)} of what is usual"
        reason = f"{reason}, and no place of the curve changed"
        return _decision(distribution, runs, GateVerdict.PASS, reason, (), main)
    reason = _open_question(distribution, runs, outliers, is_rare)
    trainings = "1 training" if len(runs) == 1 else f"{len(runs)} trainings"
    reason = f"undecided after {trainings}: {reason}"
    return _decision(distribution, runs, GateVerdict.UNDECIDED, reason, (), main)


def _open_question(
    distribution: ReferenceDistribution, runs: Sequence[TrainingRun], outliers: Sequence[TrainingRun], is_rare: bool
) -> str:
    """Return why the trainings so far do not decide, in words."""
    if outliers:
        trainings = "1 training" if len(runs) == 1 else f"{len(runs)} trainings"
        several = f"{len(outliers)} of {trainings} lie{'s' if len(outliers) == 1 else ''} apart from what is usual"
        listed = ", ".join(str(run.seed) for run in outliers)
        return f"{several}, as one that never began to learn: seed{'' if len(outliers) == 1 else 's'} {listed}"
    if len(runs) < MIN_RUNS_TO_PASS:
        return f"no gate passes by fewer than {MIN_RUNS_TO_PASS}"
    if not is_rare:
        listed = listed_seeds(distribution.outliers)
        return f"{listed} of the reference lie apart, and more trainings show how many of the new ones do"
    finest = distribution.amount(distribution.finest_margin(len(runs)))
    return f"{len(runs)} trainings tell {finest} at best"


def _is_within_margin(distribution: ReferenceDistribution, runs: Sequence[TrainingRun]) -> bool:
    _, low, high = distribution.interval(runs)
    expected, margin = distribution.expected, distribution.margin
    return expected - margin < low and high < expected + margin


def _is_outlier(distribution: ReferenceDistribution, run: TrainingRun) -> bool:
    """Whether a training lies so far on the worse side that it may be one that never began to learn."""
    sample = distribution.metric_sample
    place = distribution.metric_scale.transform(distribution.metric_point.of(run))
    return distribution.worse_side * (place - sample.mean) > populations.OFF * sample.error(1)


def _too_many(distribution: ReferenceDistribution, outliers: int, trainings: int) -> bool:
    """Whether there are more outliers than there would be by chance, if as many occurred as in the reference."""
    if trainings < MIN_RUNS_TO_PASS:
        return False
    alpha = distribution.alpha_of(distribution.metric_point) * sequential.share(trainings)
    of_reference = distribution.worse_outliers, distribution.seeds
    return populations.outlier_p_value(*of_reference, outliers, trainings) <= alpha


def _may_be_rare(distribution: ReferenceDistribution, run: TrainingRun) -> bool:
    """Whether a single outlier may be a rare seed rather than a change."""
    of_reference = distribution.worse_outliers, distribution.seeds
    if populations.outlier_p_value(*of_reference, 1, 1) > BY_ITSELF * distribution.settings.alpha:
        return True
    scale, series = distribution.metric_scale, distribution.metric_point.series
    places = [scale.transform(value) for value in run.series(series)]
    epochs = (point for point in distribution.samples if point.series == series and point.epoch > 0)
    first = min(epochs, key=lambda point: point.epoch)
    begin = scale.transform(distribution.scales[first].inverse(distribution.samples[first].mean))
    learned = abs(begin - distribution.metric_sample.mean)
    return max(places) - min(places) <= FLAT * learned or first == distribution.metric_point


def _alarms(
    distribution: ReferenceDistribution, runs: Sequence[TrainingRun], without: Point | None = None
) -> tuple[Alarm, ...]:
    alarms = []
    for point, sample in distribution.samples.items():
        if point == without:
            continue
        scale = distribution.scales[point]
        places = [scale.transform(point.of(run)) for run in runs]
        alpha = distribution.alpha_of(point) * sequential.share(len(runs))
        p_value = sequential.p_value(sample, places)
        if p_value <= alpha and sequential.supported(sample, places, alpha):
            half_width = sequential.half_width(sample, len(runs), distribution.alpha_of(point) / 2)
            low, high = sorted((scale.inverse(sample.mean - half_width), scale.inverse(sample.mean + half_width)))
            actual = scale.inverse(math.fsum(places) / len(places))
            direction = distribution.metric.direction if point.series == distribution.metric.name else ""
            values = scale.inverse(sample.mean), low, high, actual
            alarms.append(Alarm(point, *values, p_value, alpha, direction))
    if len(runs) == 1 and len({one.point.epoch for one in alarms}) < EPOCHS_OF_ONE:
        return ()
    return tuple(sorted(alarms, key=lambda one: one.p_value))


def _final(distribution: ReferenceDistribution, runs: Sequence[TrainingRun], reason: str, remedy: str) -> GateDecision:
    decision = _decision(distribution, runs, GateVerdict.UNDECIDED, reason)
    return replace(decision, remedy=remedy, is_final=True)


def _decision(
    distribution: ReferenceDistribution,
    runs: Sequence[TrainingRun],
    verdict: GateVerdict,
    reason: str,
    alarms: tuple[Alarm, ...] = (),
    main: Sequence[TrainingRun] | None = None,
) -> GateDecision:
    counted = (runs if main is None else main) or runs
    estimate, low, high = distribution.interval(counted) if runs else (None, 0.0, 0.0)
    return GateDecision(
        verdict,
        reason,
        distribution.expected,
        estimate,
        (low, high) if runs else None,
        distribution.margin,
        distribution.smallest(len(runs) or distribution.settings.max_runs),
        alarms,
        tuple(runs),
        metric=distribution.metric,
        place=_place(distribution.metric_point),
        beta=distribution.settings.beta,
        notes=_notes(distribution, len(runs) - len(counted)),
    )


def _place(point: Point) -> str:
    return replace(point, epoch=curve.AT_END).label if point.epoch > 0 else point.label


def _notes(distribution: ReferenceDistribution, outliers: int) -> tuple[str, ...]:
    notes = []
    of_reference = distribution.outliers
    if of_reference:
        lie = "lies" if len(of_reference) == 1 else "lie"
        several = f"{len(of_reference)} of {distribution.seeds} seeds of the reference {lie} apart"
        notes.append(f"{several}: {listed_seeds(of_reference)}")
    if outliers:
        notes.append(f"{outliers} of the new trainings lie apart and have no part in the interval")
    names = distribution.reference.names if distribution.reference else ()
    missing = [name for name in names if name not in distribution.names]
    if missing:
        notes.append(f"not compared, because the new trainings lack it: {', '.join(map(metrics.keras_name, missing))}")
    return tuple(notes)
