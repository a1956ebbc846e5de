"""Decides from new trainings whether something has changed against a reference: pass, fail or undecided.

Every point of the learning curve may raise an alarm. Half of the agreed rate of false alarms goes to the test accuracy
after the last epoch, or to the metric that is asked about instead; the other points share the other half evenly. A gate
passes once the interval of that metric lies within the margin of what is usual, and nothing has raised an alarm; but
never after one training, because the rest of the curve tells little by then.

What is no evidence is left out: copies of one curve decide nothing, and a training that lies apart, as one that never
began to learn, is counted instead of having a part in the mean.
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
    APART_REMEDY,
    FEWEST_TO_PASS,
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
# A single training that lies apart fails only where seeds that do so by themselves could take no more of the alarms.
BY_ITSELF = 0.62
# A training whose metric moves by less than this part of what is usual has not begun to learn.
FLAT = 0.2


def decide_before_training(made: ReferenceDistribution) -> GateDecision | None:
    """Return the decision where nothing can be decided, or not within the trainings allowed; None where it can."""
    begun = "undecided, before any training: "
    if made.trouble is not None:
        return _undecided(made, (), begun + made.trouble.why, made.trouble.remedy)
    looks = range(FEWEST_TO_PASS, made.terms.most + 1)
    if made.worse and not populations.outliers_are_rare(0, made.terms.most, made.terms.miss):
        apart = f"{made.worse} of {_seeds(made)} seeds of the reference lie apart ({listed_seeds(made.apart)})"
        why = f"{apart}, and {made.terms.most} trainings do not show how many of the new ones do"
        return _undecided(made, (), begun + why, APART_REMEDY)
    # Not at the last look alone: by a reference of few seeds, later ones tell less than the first that may pass.
    if any(made.tellable(look) < made.resolution for look in looks):
        return None
    if not looks:
        why = f"no gate passes by fewer than {FEWEST_TO_PASS} trainings, and {made.terms.most} is allowed"
    else:
        asked = f"{_short(made, made.resolution)} cannot be told by {made.terms.most} trainings"
        why = f"{asked}, which tell {_short(made, min(map(made.tellable, looks)), '')} at best"
    return _decision(made, (), GateVerdict.UNDECIDED, begun + why)


def _seeds(made: ReferenceDistribution) -> int:
    return made.known[made.asked].count + len(made.apart)


def _short(made: ReferenceDistribution, change: float, unit: str = " points") -> str:
    return f"{100 * change:.3g}{unit}" if made.scales[made.asked].images else f"{change:.3g}"


def decide(made: ReferenceDistribution, runs: Sequence[TrainingRun]) -> GateDecision:
    """Decide at the first look that can.

    Args:
        made: the reference made ready.
        runs: the new trainings in their order, one or more.

    Raises:
        InvalidArgument: there are none, or a curve has another length than the reference.
    """
    if not runs:
        raise InvalidArgument("There is nothing to decide from", "no trainings", "give at least one")
    runs = [_aligned(made, run) for run in runs]
    made = made.only(_shared(made, runs))
    for run in runs:
        check_length(made, run)
    if made.trouble is not None:
        return _undecided(made, runs[:1], f"undecided: {made.trouble.why}", made.trouble.remedy)
    groups = copies.find_copies(runs, made.reference.runs if made.reference else ())
    if groups:
        why = f"undecided: the curve does not depend on the seed: {_copied(made, groups, runs)}"
        return _undecided(made, runs, why, SEED_REMEDY)
    for looks in range(1, len(runs) + 1):
        decision = _look(made, runs[:looks])
        if decision.verdict is not GateVerdict.UNDECIDED:
            return decision
    return decision


def _aligned(made: ReferenceDistribution, run: TrainingRun) -> TrainingRun:
    names = tuple(run.curves)
    return run if set(made.names) <= set(names) else renamed(run, metrics.align_names(names, made.names))


def _shared(made: ReferenceDistribution, runs: Sequence[TrainingRun]) -> tuple[str, ...]:
    """Return the names of the curves that reference and trainings have.

    Raises:
        InvalidArgument: the trainings have different ones, or lack the metric that is asked about.
    """
    names = tuple(name for name in made.names if name in runs[0].curves)
    for run in runs:
        metrics.find_curve(made.metric.name, tuple(run.curves))
        lacking = [name for name in names if name not in run.curves]
        if lacking:
            found = f"seed {run.seed} lacks {metrics.keras_name(lacking[0])}, which seed {runs[0].seed} has"
            raise InvalidArgument("Trainings have different curves", found, "return the same curves from each")
    return names


def _copied(made: ReferenceDistribution, groups: Sequence[Sequence[TrainingRun]], runs: Sequence[TrainingRun]) -> str:
    known = made.reference.seeds if made.reference else frozenset()
    old = [run.seed for run in groups[0] if run.seed in known and run not in runs]
    if old:
        here = next(run.seed for run in groups[0] if run in runs)
        return f"the training with seed {here} gave the curve of seed {old[0]} of the reference"
    return copies.describe_copies(groups, len(runs))


def check_length(made: ReferenceDistribution, run: TrainingRun) -> None:
    """Refuse a curve of more or fewer epochs than the reference has, where all of its trainings have as many.

    Raises:
        InvalidArgument: saying how many.
    """
    lengths = {len(values) for values in run.curves.values()}
    epochs = {made.asked.epoch} if made.asked.epoch > 0 else lengths
    if len(lengths) > 1 or lengths != epochs:
        told = " and ".join(map(str, sorted(lengths)))
        found = f"{told} with seed {run.seed}, {made.asked.epoch} in the reference"
        raise InvalidArgument(
            "A training has another number of epochs", found, f"train for {made.asked.epoch}, or calibrate anew"
        )


def _look(made: ReferenceDistribution, runs: Sequence[TrainingRun]) -> GateDecision:
    strays = [run for run in runs if _strays(made, run)]
    main = [run for run in runs if run not in strays]
    many = bool(strays) and _many(made, len(strays), len(runs))
    if strays and not many:
        found = _alarms(made, main, without=made.asked) if main else ()
        if len(runs) == 1 and not _may_be_a_stray(made, runs[0]):
            found = _alarms(made, runs)
    else:
        found = _alarms(made, runs)
    if found:
        several = "1 place" if len(found) == 1 else f"{len(found)} places"
        return _decision(made, runs, GateVerdict.FAIL, f"fail: {several} of the curve changed, first {found[0]}", found)
    return _not_failed(made, runs, strays, main)


def _not_failed(
    made: ReferenceDistribution, runs: Sequence[TrainingRun], strays: Sequence[TrainingRun], main: Sequence[TrainingRun]
) -> GateDecision:
    enough = len(main) >= FEWEST_TO_PASS
    rare = not (strays or made.worse) or populations.outliers_are_rare(len(strays), len(runs), made.terms.miss)
    if enough and rare and _within(made, main):
        reason = f"pass: the {_named(made)} is within {_margin(made)} of what is usual"
        return _decision(made, runs, GateVerdict.PASS, f"{reason}, and no place of the curve changed", (), main)
    if strays:
        told = ", ".join(str(run.seed) for run in strays)
        why = f"{len(strays)} of {_trainings(runs)} lie{'s' if len(strays) == 1 else ''} apart from what is usual"
        reason = f"{why}, as one that never began to learn: seed{'' if len(strays) == 1 else 's'} {told}"
    elif len(runs) < FEWEST_TO_PASS:
        reason = f"no gate passes by fewer than {FEWEST_TO_PASS}"
    elif not rare:
        apart = f"{listed_seeds(made.apart)} of the reference lie apart"
        reason = f"{apart}, and more trainings show how many of the new ones do"
    else:
        told = made.amount(made.tellable(len(runs)))
        reason = f"{len(runs)} trainings tell {told} at best"
    return _decision(made, runs, GateVerdict.UNDECIDED, f"undecided after {_trainings(runs)}: {reason}", (), main)


def _named(made: ReferenceDistribution) -> str:
    return curve.SERIES_NAMES.get(made.metric.name, made.metric.name)


def _margin(made: ReferenceDistribution) -> str:
    return made.amount(made.resolution)


def _trainings(runs: Sequence[TrainingRun]) -> str:
    return "1 training" if len(runs) == 1 else f"{len(runs)} trainings"


def _within(made: ReferenceDistribution, runs: Sequence[TrainingRun]) -> bool:
    _, low, high = made.interval(runs)
    return made.expected - made.resolution < low and high < made.expected + made.resolution


def _strays(made: ReferenceDistribution, run: TrainingRun) -> bool:
    """Whether a training lies so far on the worse side that it may be one that never began to learn."""
    known = made.known[made.asked]
    off = made.side * (made.scales[made.asked].there(made.asked.of(run)) - known.mean)
    return off > populations.OFF * known.error(1)


def _many(made: ReferenceDistribution, strays: int, trainings: int) -> bool:
    """Whether more trainings lie apart than would by chance, if as many did as in the reference."""
    if trainings < FEWEST_TO_PASS:
        return False
    allowed = made.allowed(made.asked) * sequential.share(trainings)
    return populations.outlier_p_value(made.worse, _seeds(made), strays, trainings) <= allowed


def _may_be_a_stray(made: ReferenceDistribution, run: TrainingRun) -> bool:
    """Whether a single training that lies apart may be a rare seed rather than a change."""
    if populations.outlier_p_value(made.worse, _seeds(made), 1, 1) > BY_ITSELF * made.terms.alarm:
        return True
    on, series = made.scales[made.asked], made.asked.series
    places = [on.there(value) for value in run.series(series)]
    first = min(
        (point for point in made.known if point.series == series and point.epoch > 0), key=lambda one: one.epoch
    )
    learned = abs(on.there(made.scales[first].back(made.known[first].mean)) - made.known[made.asked].mean)
    return max(places) - min(places) <= FLAT * learned or first == made.asked


def _alarms(
    made: ReferenceDistribution, runs: Sequence[TrainingRun], without: Point | None = None
) -> tuple[Alarm, ...]:
    found = []
    for point, known in made.known.items():
        if point == without:
            continue
        on = made.scales[point]
        places = [on.there(point.of(run)) for run in runs]
        allowed = made.allowed(point) * sequential.share(len(runs))
        probability = sequential.p_value(known, places)
        if probability <= allowed and sequential.supported(known, places, allowed):
            reach = sequential.half_width(known, len(runs), made.allowed(point) / 2)
            edges = sorted((on.back(known.mean - reach), on.back(known.mean + reach)))
            typical = on.back(math.fsum(places) / len(places))
            way = made.metric.direction if point.series == made.metric.name else ""
            band = on.back(known.mean), edges[0], edges[1], typical
            found.append(Alarm(point, *band, probability, allowed, way))
    if len(runs) == 1 and len({one.point.epoch for one in found}) < EPOCHS_OF_ONE:
        return ()
    return tuple(sorted(found, key=lambda one: one.probability))


def _undecided(made: ReferenceDistribution, runs: Sequence[TrainingRun], reason: str, remedy: str) -> GateDecision:
    return replace(_decision(made, runs, GateVerdict.UNDECIDED, reason), remedy=remedy, ended=True)


def _decision(
    made: ReferenceDistribution,
    runs: Sequence[TrainingRun],
    verdict: GateVerdict,
    reason: str,
    alarms: tuple[Alarm, ...] = (),
    main: Sequence[TrainingRun] | None = None,
) -> GateDecision:
    counted = (runs if main is None else main) or runs
    estimate, low, high = made.interval(counted) if runs else (None, 0.0, 0.0)
    return GateDecision(
        verdict,
        reason,
        made.expected,
        estimate,
        (low, high) if runs else None,
        made.resolution,
        made.smallest(len(runs) or made.terms.most),
        alarms,
        tuple(runs),
        metric=made.metric,
        place=_place(made),
        miss=made.terms.miss,
        notes=_notes(made, len(runs) - len(counted)),
    )


def _place(made: ReferenceDistribution) -> str:
    point = made.asked
    return replace(point, epoch=curve.AT_END).label if point.epoch > 0 else point.label


def _notes(made: ReferenceDistribution, strays: int) -> tuple[str, ...]:
    notes = []
    if made.apart:
        lie = "lies" if len(made.apart) == 1 else "lie"
        notes.append(
            f"{len(made.apart)} of {_seeds(made)} seeds of the reference {lie} apart: {listed_seeds(made.apart)}"
        )
    if strays:
        notes.append(f"{strays} of the new trainings lie apart and have no part in the interval")
    missing = [name for name in (made.reference.names if made.reference else ()) if name not in made.names]
    if missing:
        notes.append(f"not compared, because the new trainings lack it: {', '.join(map(metrics.keras_name, missing))}")
    return tuple(notes)
