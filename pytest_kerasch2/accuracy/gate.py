"""The accuracy gate: trains as few seeds as its decision needs, or decides from trainings that are there already."""

from __future__ import annotations

import itertools
import numbers
import os
import random
from dataclasses import replace
from typing import Any, Callable, Iterable, Iterator, Sequence

from pytest_kerasch2.accuracy import bundled, initial_weights, sequential_test, training, user_training
from pytest_kerasch2.accuracy.decision import Decision, Verdict
from pytest_kerasch2.accuracy.recipe import Recipe
from pytest_kerasch2.accuracy.reference import Reference
from pytest_kerasch2.accuracy.runs import Run
from pytest_kerasch2.accuracy.settings import Terms
from pytest_kerasch2.data.preprocessing import PreparedData
from pytest_kerasch2.errors import BadReference, InvalidArgument

# From a seed to the curve: a run, or a history, or a mapping like it.
Train = Callable[[int], Any]
Told = Callable[[Run, Decision], None]


def gate(
    reference: Reference,
    train: Train,
    terms: Terms = Terms(),  # noqa: B008  # frozen, so safe to share
    *,
    seeds: Iterable[int] | None = None,
    told: Told = lambda run, decision: None,
) -> Decision:
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
        raise InvalidArgument("`seeds` must be whole numbers", user_training.quoted(seeds), "give a list of them")
    chosen = list(itertools.islice(_fresh(reference) if seeds is None else seeds, terms.most))
    _check_seeds(chosen, reference)
    made = sequential_test.yardstick(reference, replace(terms, most=len(chosen)))
    decision = sequential_test.unreachable(made)
    if decision is not None:
        return decision
    runs: list[Run] = []
    goes_on = initial_weights.Histories()
    for seed in chosen:
        runs.append(user_training.trained(train, seed, goes_on.check))
        decision = sequential_test.decide(made, runs)
        told(runs[-1], decision)
        if decision.verdict is not Verdict.UNDECIDED or decision.ended:
            break
    assert decision is not None
    return decision


def _check_seeds(seeds: Sequence[int], reference: Reference) -> None:
    """Refuse seeds that tell nothing, or that tell the same thing again."""
    remedy = "give others, or leave them to the gate"
    wrong = [seed for seed in seeds if isinstance(seed, bool) or not isinstance(seed, numbers.Integral)]
    if wrong:
        raise InvalidArgument("A seed must be a whole number", user_training.quoted(wrong[0]), remedy)
    if not seeds:
        raise InvalidArgument("There are no seeds to train with", "an empty list", remedy)
    if len(set(seeds)) < len(seeds):
        raise InvalidArgument("A gate trains each seed once", ", ".join(map(str, seeds)), remedy)
    known = sorted(reference.seeds.intersection(seeds))
    if known:
        raise InvalidArgument("Seeds of a reference cannot judge it", ", ".join(map(str, known)), remedy)


def judge(reference: Reference, runs: Sequence[Run], terms: Terms = Terms()) -> Decision:  # noqa: B008
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
    return sequential_test.decide(sequential_test.yardstick(reference, terms), runs)


def of_model(build: Callable[[], Any], data: PreparedData, recipe: Recipe) -> Train:
    """Return how a model is trained that a factory makes: as the chapter trains its own, by the recipe of a reference.

    Args:
        build: gives a Keras model, for each training a new one; one that is not compiled is compiled as in the chapter.
        data: a prepared data set.
        recipe: epochs, batch size and feed.
    """
    watched = initial_weights.Models(build)
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
        raise InvalidArgument("`reference` names no reference", user_training.quoted(named), remedy)
    return bundled.find(str(named))


def check_chapter_training(reference: Reference) -> None:
    """Refuse to train a model of ours by a reference of somebody's own training.

    Raises:
        BadReference: saying of which.
    """
    recipe = reference.subject.recipe
    if isinstance(recipe, user_training.Own):
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
