"""The ways in which a model does its steps: each makes a function that does exactly so many of them."""

from __future__ import annotations

import inspect
import itertools
from dataclasses import dataclass
from typing import Any, Callable, Iterable, Sequence

from pytest_kerasch2.errors import BadSetting, NotApplicable
from pytest_kerasch2.framework import api
from pytest_kerasch2.models import pipeline
from pytest_kerasch2.timing import by_hand
from pytest_kerasch2.timing.block import Run
from pytest_kerasch2.timing.subject import Subject

# Steps that `fit` gives to the device as one call, where it is asked to give it several.
AT_ONCE = 25


@dataclass(frozen=True)
class Mode:
    """One way to do a step.

    Attributes:
        name: by which it is asked for.
        trains: whether its steps change the weights.
        of_epochs: whether it does whole epochs only, and what an epoch costs by itself is part of its steps.
        make: gives the function that does them.
        again: gives it for other data of a model that is ready; None where `make` changes nothing of the model.
        feed: gives so many batches of data as its steps see them; None where they are shuffled.
    """

    name: str
    trains: bool
    of_epochs: bool
    make: Callable[[Subject], Run]
    again: Callable[[Subject], Run] | None = None
    feed: Callable[[Subject, int], Iterable[Any]] | None = None


class OneByOne:
    """Does steps one after the other, batch after batch; behind the last comes the first again."""

    def __init__(self, given: Sequence[Any], step: Callable[[Any, Any], Any]) -> None:
        """Begin with the first batch."""
        self.given = given
        self.step = step
        self.done = 0

    def next(self, count: int) -> list[Any]:
        """Give the batches of the next steps."""
        return [self.given[number % len(self.given)] for number in range(self.done, self.done + count)]

    def __call__(self, count: int) -> None:
        """Do so many."""
        step, given, places = self.step, self.given, len(self.given)
        for number in range(self.done, self.done + count):
            step(*given[number % places])
        self.done += count


def _eager(subject: Subject) -> Run:
    return _one_by_one(subject, by_hand.eager(subject.model))


def _graph(subject: Subject) -> Run:
    return _one_by_one(subject, api.tensorflow().function(by_hand.eager(subject.model)))


def _xla(subject: Subject) -> Run:
    function = api.tensorflow().function
    known = inspect.signature(function).parameters
    # 2.1 to 2.4 have it under another name.
    name = next((one for one in ("jit_compile", "experimental_compile") if one in known), None)
    if name is None:
        raise NotApplicable("A step is to be compiled by XLA", "this release compiles no function by XLA")
    return _one_by_one(subject, function(by_hand.eager(subject.model), **{name: True}))


def _one_by_one(subject: Subject, step: Callable[[Any, Any], Any]) -> Run:
    # On the device already: what is timed is the step, and not the way of its images to it.
    given = [tuple(map(api.tensor, subject.batch(number))) for number in range(min(subject.batches, 64))]
    return OneByOne(given, step)


def _on_batches(subject: Subject) -> Run:
    given = [subject.batch(number) for number in range(subject.batches)]
    return OneByOne(given, subject.model.train_on_batch)


def _fit(subject: Subject) -> Run:
    model, how = subject.model, _quiet(subject)
    return _by_epochs(subject, lambda epochs: model.fit(subject.x, subject.y, epochs=epochs, **how))


def _fit_many(subject: Subject) -> Run:
    model = subject.model
    known = inspect.signature(type(model).compile).parameters
    if "steps_per_execution" not in known:
        raise NotApplicable("`fit` is to give several steps as one call", "this release's `compile` cannot say so")
    if hasattr(model, "compile_from_config"):
        model.compile_from_config({**model.get_compile_config(), "steps_per_execution": AT_ONCE})
    else:
        # Before 2.12 a model tells what it was compiled with in private alone.
        metrics = getattr(model.compiled_metrics, "_user_metrics", None)
        model.compile(model.optimizer, loss=model.loss, metrics=metrics, steps_per_execution=AT_ONCE)
    return _fit(subject)


def _pipeline(subject: Subject) -> Run:
    fed = _piped(subject)
    # Endless, and shuffled by itself.
    how = {"steps_per_epoch": subject.batches, "shuffle": False, "verbose": 0}
    return _by_epochs(subject, lambda epochs: subject.model.fit(fed, epochs=epochs, **how))


def _piped(subject: Subject) -> Any:
    api.require_tensorflow("The pipeline")
    if len(subject.x.shape) != 3:
        found = f"inputs of shape {tuple(subject.x.shape)}"
        raise BadSetting("The chapter's pipeline takes images", found, "give inputs of shape (n, height, width)")
    return pipeline.as_printed(api.tensorflow(), subject.x, subject.y, batch_size=subject.batch_size)


def _from_pipe(subject: Subject, count: int) -> Iterable[Any]:
    return itertools.islice(iter(_piped(subject)), count)


def _evaluate(subject: Subject) -> Run:
    model, how = subject.model, _quiet(subject)
    return _by_epochs(subject, lambda epochs: [model.evaluate(subject.x, subject.y, **how) for _ in range(epochs)][-1])


def _predict(subject: Subject) -> Run:
    model, how = subject.model, _quiet(subject)
    return _by_epochs(subject, lambda epochs: [model.predict(subject.x, **how) for _ in range(epochs)][-1])


def _quiet(subject: Subject) -> dict[str, Any]:
    return {"batch_size": subject.batch_size, "verbose": 0}


def _by_epochs(subject: Subject, call: Callable[[int], Any]) -> Run:
    def run(count: int) -> Any:
        epochs, rest = divmod(count, subject.batches)
        assert not rest, "whole epochs are asked for"
        return call(epochs)

    return run


MODES = (
    Mode("eager", True, False, _eager),
    Mode("graph", True, False, _graph),
    Mode("xla", True, False, _xla),
    Mode("train_on_batch", True, False, _on_batches),
    Mode("fit", True, True, _fit),
    Mode("fit-many", True, True, _fit_many, again=_fit),
    Mode("pipeline", True, True, _pipeline, feed=_from_pipe),
    Mode("evaluate", False, True, _evaluate),
    Mode("predict", False, True, _predict),
)


def mode(name: str) -> Mode:
    """Give a mode by its name.

    Raises:
        BadSetting: none is called so.
    """
    for one in MODES:
        if one.name == name:
            return one
    known = ", ".join(one.name for one in MODES)
    raise BadSetting("There is no such mode of a step", repr(name), f"say one of {known}")
