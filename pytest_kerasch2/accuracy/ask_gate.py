"""Asks a gate in one call, as the fixture `accuracy_gate` and `kerasch2 gate` do: a model, a training or results."""

from __future__ import annotations

import numbers
from pathlib import Path
from typing import Any, Callable, Iterable, Mapping, Sequence

from pytest_kerasch2.accuracy import gate, initial_weights, user_training
from pytest_kerasch2.accuracy.decision import Decision
from pytest_kerasch2.accuracy.gate import Told
from pytest_kerasch2.accuracy.recipe import Recipe
from pytest_kerasch2.accuracy.reference import Reference
from pytest_kerasch2.accuracy.runs import Run
from pytest_kerasch2.accuracy.settings import Terms
from pytest_kerasch2.data.preprocessing import PreparedData
from pytest_kerasch2.errors import BadReference, InvalidArgument


def ask(
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
    told: Told = lambda run, decision: None,
) -> Decision:
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
    terms = Terms(resolution, alarm, miss, most, margin, metric)
    known = gate.reference_of(reference)
    if results is not None:
        return gate.judge(known, _finished(results, known), terms)
    if train is None:
        train = _of_model(known, model, data, data_named)
    _check_callable("train", train, "a function of a seed")
    return gate.gate(known, train, terms, seeds=seeds, told=told)


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


def _of_model(known: Reference, model: Any, data: Any, data_named: Callable[[str], Any] | None) -> gate.Train:
    _check_callable("model", model, "a function that makes a new model each time it is called")
    data = _data(known, data, data_named)
    recipe = known.subject.recipe
    assert isinstance(recipe, Recipe)
    return gate.of_model(model, data, recipe)


def _check_callable(name: str, given: Any, meant: str) -> None:
    # A model can be called too, with images; its class makes new ones.
    is_model = hasattr(given, "fit") and not isinstance(given, type)
    if is_model or not callable(given):
        raise InvalidArgument(f"`{name}` is no function", user_training.quoted(given), f"give {meant}")


def _data(known: Reference, data: Any, data_named: Callable[[str], Any] | None) -> Any:
    # Asked before anything is loaded: a reference of somebody's own training has no data set of ours.
    gate.check_chapter_training(known)
    if data is None:
        if data_named is None:
            name = known.subject.data["name"]
            raise InvalidArgument("There is nothing to train on", f"no data, and {name} is meant", "give it as `data`")
        data = data_named(str(known.subject.data["name"]))
    if not isinstance(data, PreparedData):
        remedy = "give what the fixture prepared_digits or pytest_kerasch2.prepare_data gives"
        raise InvalidArgument("`data` is no prepared data set", f"it is of type {type(data).__name__}", remedy)
    gate.check_same_data(known, data)
    return data


def _finished(results: Any, known: Reference) -> Sequence[Run]:
    if isinstance(results, (str, Path)):
        results = gate.reference_of(results)
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
    goes_on = initial_weights.Histories()
    for number, one in enumerate(given):
        goes_on.check(one, f"results[{number}]")
    # What has no seed of its own is numbered.
    return [
        user_training.run_of(one, number if seed is None else seed)
        for number, (one, seed) in enumerate(zip(given, seeds))
    ]


def _seed(one: Any) -> int | None:
    named = one.get("seed") if isinstance(one, Mapping) else getattr(one, "seed", None)
    if named is None:
        return None
    if isinstance(named, bool) or not isinstance(named, numbers.Integral):
        raise InvalidArgument(
            "The seed of a result is not a whole number", user_training.quoted(named), "give it as one, or leave it out"
        )
    return int(named)


def check_same_training(known: Reference, other: Reference) -> None:
    """Refuse to compare two files of which one is of another training or of other data.

    Raises:
        BadReference: saying in what they differ.
    """
    one, two = known.subject, other.subject
    # The file that holds somebody's own training may have changed: whether that matters is what the gate is asked.
    same_data = isinstance(one.recipe, user_training.Own) or one.data == two.data
    if not _same_training(one.recipe, two.recipe):
        found = f"{one.recipe.plain} in the reference, {two.recipe.plain} in the results"
        raise BadReference("Results are of another training than the reference", found, "calibrate both alike")
    if not same_data:
        found = f"{dict(one.data)} in the reference, {dict(two.data)} in the results"
        raise BadReference("Results are of other data than the reference", found, "calibrate both on the same data")


def _same_training(one: Recipe | user_training.Own, two: Recipe | user_training.Own) -> bool:
    if isinstance(one, user_training.Own) and isinstance(two, user_training.Own):
        # How many epochs were announced says nothing: those of each training stand in its curve.
        return one.training == two.training
    return one == two
