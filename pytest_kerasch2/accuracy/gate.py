"""The accuracy gate: trains as few seeds as its decision needs, or decides from finished trainings."""

from __future__ import annotations

import itertools
import numbers
import os
import random
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Iterable, Iterator, Mapping, Sequence

from pytest_kerasch2.accuracy import model_check, sequential_test, training, user_training
from pytest_kerasch2.accuracy.decision import GateDecision, GateVerdict
from pytest_kerasch2.accuracy.reference import Reference, find_reference
from pytest_kerasch2.accuracy.reference_distribution import distribution_of
from pytest_kerasch2.accuracy.runs import TrainingRun, quoted, run_of
from pytest_kerasch2.accuracy.settings import GateSettings, Recipe
from pytest_kerasch2.data.prepare import Prepared
from pytest_kerasch2.errors import BadReference, InvalidArgument

# From a seed to the curve: a run, or a history, or a mapping like it.
Train = Callable[[int], Any]
OnRun = Callable[[TrainingRun, GateDecision], None]


def run_gate(
    reference: Any,
    *,
    model: Callable[[], Any] | None = None,
    train: Callable[[int], Any] | None = None,
    results: Any = None,
    data: Any = None,
    data_named: Callable[[str], Any] | None = None,
    metric: str | None = None,
    margin: float | None = None,
    resolution: float | None = None,
    alarm: float = 0.01,
    miss: float = 0.01,
    most: int = 10,
    seeds: Iterable[int] | None = None,
    told: OnRun = lambda run, decision: None,
) -> GateDecision:
    """Ask whether what exactly one of `model`, `train` and `results` gives has changed against a reference.

    Args:
        reference: the name of a shipped reference, the path of a file of `kerasch2 calibrate`, or a `Reference`.
        model: makes a Keras model, a new one for each training; it is trained as the reference was.
        train: trains with a seed and returns the history of the fit, or a mapping from names of metrics to numbers.
        results: finished trainings: histories, runs, or the path of another file of `kerasch2 calibrate`.
        data: on which `model` is trained: a prepared data set; the reference's own unless it is given.
        data_named: returns a prepared data set by its name.
        metric: what the margin refers to, as `NAME` or `NAME:higher|lower`; see `metrics.default` for None.
        margin: the change of the metric that matters, in its units; what about two trainings tell if None.
        resolution: the former name of `margin`.
        alarm: how often a training in which nothing has changed may fail.
        miss: how often one may pass that has changed by the margin.
        most: trainings at most.
        seeds: with which to train, instead of fresh ones; none of the reference's own.
        told: is called after each training with its run and with the decision so far.

    Raises:
        KerasCh2Error: an argument, the reference or its data cannot be used, or a training gave no curve.
    """
    _check_one_of(model=model, train=train, results=results)
    _check_alone(results, data=data, seeds=seeds)
    terms = GateSettings(resolution, alarm, miss, most, margin, metric)
    known = reference_of(reference)
    if results is not None:
        return gate_runs(known, _finished(results, known), terms)
    if train is None:
        train = _of_model(known, model, data, data_named)
    _check_callable("train", train, "a function of a seed")
    return gate_training(known, train, terms, seeds=seeds, told=told)


def _check_one_of(**given: Any) -> None:
    several = [name for name, one in given.items() if one is not None]
    if len(several) != 1:
        found = f"{' and '.join(several)} are given" if several else "none of them is given"
        raise InvalidArgument(
            "A gate must know what it is asked about", found, "give exactly one of model, train and results"
        )


def _check_alone(results: Any, **given: Any) -> None:
    found = [name for name, one in given.items() if one is not None]
    if results is not None and found:
        raise InvalidArgument(
            "Finished results are not trained", f"{' and '.join(found)} beside them", "leave that out"
        )


def _of_model(known: Reference, model: Any, data: Any, data_named: Callable[[str], Any] | None) -> Train:
    _check_callable("model", model, "a function that makes a new model each time it is called")
    data = _data(known, data, data_named)
    recipe = known.subject.recipe
    assert isinstance(recipe, Recipe)
    return training_of_model(model, data, recipe)


def _check_callable(name: str, given: Any, meant: str) -> None:
    # A model can be called too, with images; its class makes new ones.
    is_model = hasattr(given, "fit") and not isinstance(given, type)
    if is_model or not callable(given):
        raise InvalidArgument(f"`{name}` is no function", quoted(given), f"give {meant}")


def _data(known: Reference, data: Any, data_named: Callable[[str], Any] | None) -> Any:
    # Asked before anything is loaded: a reference of somebody's own training has no data set of ours.
    check_chapter_training(known)
    if data is None:
        if data_named is None:
            name = known.subject.data["name"]
            raise InvalidArgument("There is nothing to train on", f"no data, and {name} is meant", "give it as `data`")
        data = data_named(str(known.subject.data["name"]))
    if not isinstance(data, Prepared):
        remedy = "give what the fixture prepared_digits or data.prepare.prepared gives"
        raise InvalidArgument("`data` is no prepared data set", f"it is of type {type(data).__name__}", remedy)
    check_same_data(known, data)
    return data


def _finished(results: Any, known: Reference) -> Sequence[TrainingRun]:
    if isinstance(results, (str, Path)):
        results = reference_of(results)
    if isinstance(results, Reference):
        check_same_training(known, results)
        return results.runs
    if isinstance(results, Mapping) or not isinstance(results, Iterable):
        results = [results]
    given = list(results)
    seeds = [_seed(one) for one in given]
    own_seeds = [seed for seed in seeds if seed is not None]
    if len(set(own_seeds)) < len(own_seeds):
        found = ", ".join(map(str, own_seeds))
        raise InvalidArgument("The results hold a seed twice", found, "give each training once")
    goes_on = model_check.SeenHistories()
    for number, one in enumerate(given):
        goes_on.check(one, f"results[{number}]")
    # What has no seed of its own is numbered.
    return [run_of(one, number if seed is None else seed) for number, (one, seed) in enumerate(zip(given, seeds))]


def _seed(one: Any) -> int | None:
    named = one.get("seed") if isinstance(one, Mapping) else getattr(one, "seed", None)
    if named is None:
        return None
    if isinstance(named, bool) or not isinstance(named, numbers.Integral):
        raise InvalidArgument(
            "The seed of a result is not a whole number", quoted(named), "give it as one, or leave it out"
        )
    return int(named)


def check_same_training(known: Reference, other: Reference) -> None:
    """Refuse to compare two files of which one is of another training or of other data.

    Raises:
        BadReference: saying in what they differ.
    """
    one, two = known.subject, other.subject
    # The file that holds somebody's own training may have changed: whether that matters is what the gate is asked.
    same_data = isinstance(one.recipe, user_training.UserTraining) or one.data == two.data
    if not _same_training(one.recipe, two.recipe):
        found = f"{one.recipe.plain} in the reference, {two.recipe.plain} in the results"
        raise BadReference("Results are of another training than the reference", found, "calibrate both alike")
    if not same_data:
        found = f"{dict(one.data)} in the reference, {dict(two.data)} in the results"
        raise BadReference("Results are of other data than the reference", found, "calibrate both on the same data")


def _same_training(one: Recipe | user_training.UserTraining, two: Recipe | user_training.UserTraining) -> bool:
    if isinstance(one, user_training.UserTraining) and isinstance(two, user_training.UserTraining):
        # How many epochs were announced says nothing: those of each training stand in its curve.
        return one.training == two.training
    return one == two


def gate_training(
    reference: Reference,
    train: Train,
    terms: GateSettings = GateSettings(),  # noqa: B008  # frozen, so safe to share
    *,
    seeds: Iterable[int] | None = None,
    told: OnRun = lambda run, decision: None,
) -> GateDecision:
    """Train until something can be said, and give what was decided.

    Args:
        reference: many seeds of the training as it was.
        train: trains once with a seed, and gives the curve.
        terms: resolution, error rates, and how many trainings are allowed.
        seeds: with which to train, as many as are allowed; fresh ones, unless they are given. Where they are fewer than
            `terms.most`, no more trainings are counted on.
        told: is called after each training with its run and with the decision so far.

    Raises:
        BadReference: the reference has too few seeds.
        InvalidArgument: there are no seeds, one of them is given twice or is one of the reference's, or a curve has
            another length than the reference.
        TrainingFailed: a training gave no curve.
    """
    if seeds is not None and (isinstance(seeds, (str, bytes)) or not isinstance(seeds, Iterable)):
        raise InvalidArgument("`seeds` must be whole numbers", quoted(seeds), "give a list of them")
    chosen = list(itertools.islice(_fresh(reference) if seeds is None else seeds, terms.most))
    _check_seeds(chosen, reference)
    made = distribution_of(reference, replace(terms, most=len(chosen)))
    decision = sequential_test.decide_before_training(made)
    if decision is not None:
        return decision
    runs: list[TrainingRun] = []
    goes_on = model_check.SeenHistories()
    for seed in chosen:
        runs.append(user_training.train_by(train, seed, goes_on.check))
        decision = sequential_test.decide(made, runs)
        told(runs[-1], decision)
        if decision.verdict is not GateVerdict.UNDECIDED or decision.ended:
            break
    assert decision is not None
    return decision


def _check_seeds(seeds: Sequence[int], reference: Reference) -> None:
    """Refuse seeds that tell nothing, or that tell the same thing again."""
    remedy = "give others, or leave them to the gate"
    wrong = [seed for seed in seeds if isinstance(seed, bool) or not isinstance(seed, numbers.Integral)]
    if wrong:
        raise InvalidArgument("A seed must be a whole number", quoted(wrong[0]), remedy)
    if not seeds:
        raise InvalidArgument("There are no seeds to train with", "an empty list", remedy)
    if len(set(seeds)) < len(seeds):
        raise InvalidArgument("A gate trains each seed once", ", ".join(map(str, seeds)), remedy)
    known = sorted(reference.seeds.intersection(seeds))
    if known:
        raise InvalidArgument("Seeds of a reference cannot judge it", ", ".join(map(str, known)), remedy)


def gate_runs(reference: Reference, runs: Sequence[TrainingRun], terms: GateSettings = GateSettings()) -> GateDecision:  # noqa: B008
    """Decide from finished trainings, in their order; those after the look that decides are not looked at.

    Raises:
        BadReference: the reference has too few seeds, or they are the same ones.
        InvalidArgument: there are no trainings, or a curve has another length than the reference.
    """
    # Not by the time that they took: trained again, a seed gives the same curve.
    known = {replace(run, seconds=0.0) for run in reference.runs}
    same = [run.seed for run in runs if replace(run, seconds=0.0) in known]
    if same:
        found = f"seeds {', '.join(map(str, same))} stand in both"
        raise BadReference("Trainings of a reference cannot judge themselves", found, "train with other seeds")
    return sequential_test.decide(distribution_of(reference, terms), runs)


def training_of_model(build: Callable[[], Any], data: Prepared, recipe: Recipe) -> Train:
    """Return how a model is trained that a factory makes: as the chapter trains its own, by the recipe of a reference.

    Args:
        build: gives a Keras model, for each training a new one; one that is not compiled is compiled as in the chapter.
        data: a prepared data set.
        recipe: epochs, batch size and feed.
    """
    watched = model_check.ModelFactory(build)
    return lambda seed: watched.trained(lambda made: training.train(recipe, data, seed, made))


def reference_of(named: Any) -> Reference:
    """Return a reference from itself, from the path of its file, or from the name of one that is shipped.

    Raises:
        BadReference: the file is missing, damaged or changed.
        InvalidArgument: none is called so.
    """
    if isinstance(named, Reference):
        return named
    if not isinstance(named, (str, os.PathLike)):
        remedy = "name a shipped reference, a file of kerasch2 calibrate, or give a Reference"
        raise InvalidArgument("`reference` names no reference", quoted(named), remedy)
    return find_reference(str(named))


def check_chapter_training(reference: Reference) -> None:
    """Refuse to train a model of ours by a reference of somebody's own training.

    Raises:
        BadReference: saying of which.
    """
    recipe = reference.subject.recipe
    if isinstance(recipe, user_training.UserTraining):
        remedy = "give that function as `train`, or with --training"
        raise BadReference("This reference is of somebody's own training", f"it is of {recipe.training}", remedy)


def check_same_data(reference: Reference, data: Any) -> None:
    """Refuse to train on other data than the reference did.

    Raises:
        BadReference: saying on which.
    """
    known = reference.subject.data
    if known["sha256"] != data.digest:
        found = f"{known['name']} {known['sha256'][:12]} there, {data.name} {data.digest[:12]} here"
        raise BadReference("A reference is of other data", found, "train on the same data, or calibrate on these")


def _fresh(reference: Reference) -> Iterator[int]:
    """Yield seeds that the reference does not have: always the same ones, so that a verdict can be repeated.

    A gate that is asked again with more trainings allowed begins with those that it had: it goes on, and does not draw
    anew until it is content.
    """
    drawn = random.Random(0)
    taken = set(reference.seeds)
    while True:
        seed = drawn.randrange(2**32)
        if seed not in taken:
            taken.add(seed)
            yield seed
