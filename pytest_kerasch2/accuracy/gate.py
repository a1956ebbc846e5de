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
from pytest_kerasch2.data.preprocessing import PreparedData
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
    load_data: Callable[[str], Any] | None = None,
    metric: str | None = None,
    margin: float | None = None,
    alpha: float = 0.01,
    beta: float = 0.01,
    max_runs: int = 10,
    seeds: Iterable[int] | None = None,
    on_run: OnRun = lambda run, decision: None,
) -> GateDecision:
    """Decide whether what exactly one of `model`, `train` and `results` gives has changed against a reference.

    Args:
        reference: the name of a shipped reference, the path of a file of `kerasch2 calibrate`, or a `Reference`.
        model: makes a Keras model, a new one for each training; it is trained as the reference was.
        train: trains with a seed and returns the history of the fit, or a mapping from names of metrics to numbers.
        results: finished trainings: histories, runs, or the path of another file of `kerasch2 calibrate`.
        data: on which `model` is trained: a prepared data set; the reference's own unless it is given.
        load_data: returns a prepared data set by its name.
        metric: what the margin refers to, as `NAME` or `NAME:higher|lower`; see `metrics.default_metric` for None.
        margin: the change of the metric that matters, in its units; what about two trainings can show if None.
        alpha: how often a training in which nothing has changed may fail.
        beta: how often one may pass that has changed by the margin.
        max_runs: the largest number of trainings.
        seeds: with which to train, instead of fresh ones; none of the reference's own.
        on_run: is called after each training with its run and with the decision so far.

    Raises:
        KerasCh2Error: an argument, the reference or its data cannot be used, or a training gave no curve.
    """
    _check_one_of(model=model, train=train, results=results)
    _check_results_alone(results, data=data, seeds=seeds)
    settings = GateSettings(margin, alpha, beta, max_runs, metric)
    reference = reference_of(reference)
    if results is not None:
        return gate_runs(reference, _finished_runs(results, reference), settings)
    if train is None:
        train = _training_of_model(reference, model, data, load_data)
    _check_callable("train", train, "a function of a seed")
    return gate_training(reference, train, settings, seeds=seeds, on_run=on_run)


def _check_one_of(**arguments: Any) -> None:
    given = [name for name, value in arguments.items() if value is not None]
    if len(given) != 1:
        names = " and ".join(f"{name}=" for name in given) or "none of them"
        happened = f"The gate takes exactly one of model=, train= and results=, got {names}"
        raise InvalidArgument(happened, remedy="give one of them")


def _check_results_alone(results: Any, **arguments: Any) -> None:
    given = [f"{name}=" for name, value in arguments.items() if value is not None]
    if results is not None and given:
        names = " and ".join(given)
        raise InvalidArgument(f"results= cannot be combined with {names}: finished trainings are not trained again")


def _training_of_model(reference: Reference, model: Any, data: Any, load_data: Callable[[str], Any] | None) -> Train:
    _check_callable("model", model, "a function that makes a new model each time it is called")
    data = _data(reference, data, load_data)
    recipe = reference.description.recipe
    assert isinstance(recipe, Recipe)
    return training_of_model(model, data, recipe)


def _check_callable(name: str, function: Any, expected: str) -> None:
    # A model can be called too, with images; its class makes new ones.
    is_model = hasattr(function, "fit") and not isinstance(function, type)
    if is_model or not callable(function):
        raise InvalidArgument(f"{name} must be {expected}, got {quoted(function)}")


def _data(reference: Reference, data: Any, load_data: Callable[[str], Any] | None) -> Any:
    # Before anything is loaded: a reference of a user's training has no data set of ours.
    check_chapter_training(reference)
    name = str(reference.description.data["name"])
    if data is None:
        if load_data is None:
            raise InvalidArgument(
                f"There is no data to train the model on: the reference was trained on {name}",
                remedy="give it as data=",
            )
        data = load_data(name)
    if not isinstance(data, PreparedData):
        remedy = "give what the fixture prepared_digits or pytest_kerasch2.prepare_data returns"
        raise InvalidArgument(f"data must be a prepared data set, got a {type(data).__name__}", remedy=remedy)
    check_same_data(reference, data)
    return data


def _finished_runs(results: Any, reference: Reference) -> Sequence[TrainingRun]:
    if isinstance(results, (str, Path)):
        results = reference_of(results)
    if isinstance(results, Reference):
        check_same_training(reference, results)
        return results.runs
    if isinstance(results, Mapping) or not isinstance(results, Iterable):
        results = [results]
    trainings = list(results)
    seeds = [_seed_of(one) for one in trainings]
    given = [seed for seed in seeds if seed is not None]
    if len(set(given)) < len(given):
        listed = ", ".join(map(str, given))
        raise InvalidArgument(f"results hold a seed twice: {listed}", remedy="give each training once")
    seen = model_check.SeenHistories()
    for number, one in enumerate(trainings):
        seen.check(one, f"results[{number}]")
    # What has no seed is numbered.
    return [run_of(one, number if seed is None else seed) for number, (one, seed) in enumerate(zip(trainings, seeds))]


def _seed_of(result: Any) -> int | None:
    seed = result.get("seed") if isinstance(result, Mapping) else getattr(result, "seed", None)
    if seed is None:
        return None
    if isinstance(seed, bool) or not isinstance(seed, numbers.Integral):
        raise InvalidArgument(
            f"The seed of a result must be an integer, got {quoted(seed)}", remedy="leave it out to number it"
        )
    return int(seed)


def check_same_training(reference: Reference, results: Reference) -> None:
    """Check that two files are of the same training and of the same data.

    Raises:
        BadReference: they differ.
    """
    one, other = reference.description, results.description
    # The file with a user's training may have changed: whether that matters is what the gate is asked.
    same_data = isinstance(one.recipe, user_training.UserTraining) or one.data == other.data
    if not _is_same_recipe(one.recipe, other.recipe):
        both = f"{one.recipe.to_dict()} in the reference, {other.recipe.to_dict()} in the results"
        raise BadReference("The results are of another training than the reference", both, "calibrate both alike")
    if not same_data:
        both = f"{dict(one.data)} in the reference, {dict(other.data)} in the results"
        raise BadReference("The results are of other data than the reference", both, "calibrate both on the same data")


def _is_same_recipe(one: Recipe | user_training.UserTraining, other: Recipe | user_training.UserTraining) -> bool:
    if isinstance(one, user_training.UserTraining) and isinstance(other, user_training.UserTraining):
        # How many epochs were announced says nothing: those of each training stand in its curve.
        return one.training == other.training
    return one == other


def gate_training(
    reference: Reference,
    train: Train,
    settings: GateSettings = GateSettings(),  # noqa: B008  # frozen, so safe to share
    *,
    seeds: Iterable[int] | None = None,
    on_run: OnRun = lambda run, decision: None,
) -> GateDecision:
    """Train until the gate can decide.

    Args:
        reference: many seeds of the training as it was.
        train: trains once with a seed, and returns the curve.
        settings: margin, error rates, and how many trainings are allowed.
        seeds: with which to train, as many as are allowed; fresh ones, unless they are given. Where they are fewer than
            `settings.max_runs`, no more trainings are counted on.
        on_run: is called after each training with its run and with the decision so far.

    Raises:
        BadReference: the reference has too few seeds.
        InvalidArgument: there are no seeds, one of them is given twice or is one of the reference's, or a curve has
            another length than the reference.
        TrainingFailed: a training gave no curve.
    """
    if seeds is not None and (isinstance(seeds, (str, bytes)) or not isinstance(seeds, Iterable)):
        raise InvalidArgument(f"seeds must be a list of integers, got {quoted(seeds)}")
    chosen = list(itertools.islice(_fresh_seeds(reference) if seeds is None else seeds, settings.max_runs))
    _check_seeds(chosen, reference)
    distribution = distribution_of(reference, replace(settings, max_runs=len(chosen)))
    decision = sequential_test.decide_before_training(distribution)
    if decision is not None:
        return decision
    runs: list[TrainingRun] = []
    seen = model_check.SeenHistories()
    for seed in chosen:
        runs.append(user_training.train_by(train, seed, seen.check))
        decision = sequential_test.decide(distribution, runs)
        on_run(runs[-1], decision)
        if decision.verdict is not GateVerdict.UNDECIDED or decision.is_final:
            break
    assert decision is not None
    return decision


def _check_seeds(seeds: Sequence[int], reference: Reference) -> None:
    """Check that each seed gives new evidence."""
    remedy = "give other seeds, or leave seeds= out"
    wrong = [seed for seed in seeds if isinstance(seed, bool) or not isinstance(seed, numbers.Integral)]
    if wrong:
        raise InvalidArgument(f"A seed must be an integer, got {quoted(wrong[0])}", remedy=remedy)
    if not seeds:
        raise InvalidArgument("seeds must not be empty", remedy=remedy)
    if len(set(seeds)) < len(seeds):
        listed = ", ".join(map(str, seeds))
        raise InvalidArgument(f"seeds must differ from each other, got {listed}", remedy=remedy)
    shared = sorted(reference.seeds.intersection(seeds))
    if shared:
        listed = ", ".join(map(str, shared))
        raise InvalidArgument(f"seeds must differ from those of the reference, which has {listed}", remedy=remedy)


def gate_runs(
    reference: Reference,
    runs: Sequence[TrainingRun],
    settings: GateSettings = GateSettings(),  # noqa: B008  # frozen, so safe to share
) -> GateDecision:
    """Decide from finished trainings, in their order; those after the look that decides are not looked at.

    Raises:
        BadReference: the reference has too few seeds, or they are the same ones.
        InvalidArgument: there are no trainings, or a curve has another length than the reference.
    """
    # Not by the time that they took: trained again, a seed gives the same curve.
    of_reference = {replace(run, seconds=0.0) for run in reference.runs}
    same = [run.seed for run in runs if replace(run, seconds=0.0) in of_reference]
    if same:
        both = f"seeds {', '.join(map(str, same))} are in both"
        raise BadReference("The results are trainings of the reference itself", both, "train with other seeds")
    return sequential_test.decide(distribution_of(reference, settings), runs)


def training_of_model(build: Callable[[], Any], data: PreparedData, recipe: Recipe) -> Train:
    """Return a training of the model that a factory makes, by the recipe of a reference.

    Args:
        build: returns a Keras model, for each training a new one; one that is not compiled is compiled as in the
            chapter.
        data: a prepared data set.
        recipe: epochs, batch size and feed.
    """
    factory = model_check.ModelFactory(build)
    return lambda seed: factory.train(lambda make: training.train(recipe, data, seed, make))


def reference_of(reference: Any) -> Reference:
    """Return a reference from itself, from the path of its file, or from the name of one that is shipped.

    Raises:
        BadReference: the file is missing, damaged or changed.
        InvalidArgument: no shipped reference has this name.
    """
    if isinstance(reference, Reference):
        return reference
    if not isinstance(reference, (str, os.PathLike)):
        expected = "the name of a shipped reference, a file of kerasch2 calibrate or a Reference"
        raise InvalidArgument(f"reference must be {expected}, got {quoted(reference)}")
    return find_reference(str(reference))


def check_chapter_training(reference: Reference) -> None:
    """Check that a reference is of the chapter's training, by whose recipe a model can be trained.

    Raises:
        BadReference: it is of a user's training.
    """
    recipe = reference.description.recipe
    if isinstance(recipe, user_training.UserTraining):
        happened = f"This reference is of the training {recipe.training}, by which no model can be trained"
        raise BadReference(happened, remedy="give that function as train=, or with --training")


def check_same_data(reference: Reference, data: Any) -> None:
    """Check that data are those of a reference.

    Raises:
        BadReference: they differ.
    """
    there = reference.description.data
    if there["sha256"] != data.digest:
        both = f"{there['name']} {there['sha256'][:12]} there, {data.name} {data.digest[:12]} here"
        raise BadReference("The reference is of other data", both, "train on the same data, or calibrate on these")


def _fresh_seeds(reference: Reference) -> Iterator[int]:
    """Yield seeds that the reference does not have: always the same ones, so that a verdict can be repeated.

    A gate that is run again with more trainings allowed begins with those that it had: it goes on, and does not draw
    anew until it is content.
    """
    generator = random.Random(0)
    taken = set(reference.seeds)
    while True:
        seed = generator.randrange(2**32)
        if seed not in taken:
            taken.add(seed)
            yield seed
