"""The ways in which a model does its steps: each makes a function that does exactly so many of them."""

from __future__ import annotations

import difflib
import functools
import inspect
import itertools
from dataclasses import dataclass
from typing import Any, Callable, Iterable, Sequence

from pytest_kerasch2.errors import InvalidArgument, NotApplicable
from pytest_kerasch2.framework import api
from pytest_kerasch2.models import pipeline
from pytest_kerasch2.timing import nested_arrays, reference_loop
from pytest_kerasch2.timing.block import StepRunner
from pytest_kerasch2.timing.workload import Workload, forget_functions, without_missing

# Steps that `fit` gives to the device as one call, where it is asked to give it several.
STEPS_PER_EXECUTION = 25


@dataclass(frozen=True)
class Mode:
    """One way to do a step.

    Attributes:
        name: its name, as users write it.
        trains: whether its steps change the weights.
        whole_epochs: whether it runs whole epochs only, so that the cost of an epoch is part of its steps.
        make: gives the function that does them.
        remake: makes it for other data of a prepared model; None if `make` changes nothing of the model.
        feed: gives so many batches of data as its steps see them; None where they are shuffled.
    """

    name: str
    trains: bool
    whole_epochs: bool
    make: Callable[[Workload], StepRunner]
    remake: Callable[[Workload], StepRunner] | None = None
    feed: Callable[[Workload, int], Iterable[Any]] | None = None


class BatchLoop:
    """Runs steps one after the other, batch after batch; after the last comes the first again."""

    def __init__(self, batches: Sequence[Any], step: Callable[..., Any]) -> None:
        """Begin with the first batch."""
        self.given = batches
        self.step = step
        self.done = 0

    def upcoming(self, count: int) -> list[Any]:
        """Return the batches of the next steps."""
        return [self.given[number % len(self.given)] for number in range(self.done, self.done + count)]

    def __call__(self, count: int) -> None:
        """Do so many."""
        step, given, places = self.step, self.given, len(self.given)
        for number in range(self.done, self.done + count):
            step(*given[number % places])
        self.done += count


def _eager(workload: Workload) -> StepRunner:
    return _one_by_one(workload, reference_loop.eager_step(workload.model))


def _graph(workload: Workload) -> StepRunner:
    return _one_by_one(workload, api.tensorflow().function(reference_loop.eager_step(workload.model)))


def _xla(workload: Workload) -> StepRunner:
    function = api.tensorflow().function
    parameters = inspect.signature(function).parameters
    # 2.1 to 2.4 have it under another name.
    name = next((one for one in ("jit_compile", "experimental_compile") if one in parameters), None)
    if name is None:
        raise NotApplicable("mode='xla' needs a release that compiles functions by XLA", "this one has no jit_compile")
    return _one_by_one(workload, function(reference_loop.eager_step(workload.model), **{name: True}))


def _one_by_one(workload: Workload, step: Callable[..., Any]) -> StepRunner:
    # On the device already: what is timed is the step, and not the way of its images to it.
    batches = [workload.batch(number) for number in range(min(workload.distinct_batches, 64))]
    return BatchLoop([reference_loop.to_tensors(one, workload.class_weight) for one in batches], step)


def _on_batches(workload: Workload) -> StepRunner:
    given = [workload.batch(number) for number in range(workload.distinct_batches)]
    if not api.runs_on_tensorflow():
        # What `tf.data` gives is nothing for another backend.
        given = [nested_arrays.dense(one) for one in given]
    step = _on_batch(workload.model)
    if workload.class_weight is not None:
        step = functools.partial(step, class_weight=workload.class_weight)
    return BatchLoop(given, step)


def _on_batch(model: Any) -> Callable[..., Any]:
    """Return `train_on_batch`, or a function that passes to a custom `train_step` the batch that `fit` passes.

    `fit` gives inputs and targets alone where there are no weights, and `train_on_batch` of Keras 3 three parts: a step
    that was written for the first cannot take them.
    """
    if not (api.is_keras3() and reference_loop.is_overridden(model, "train_step")):
        return model.train_on_batch  # type: ignore[no-any-return]
    own = model.train_step

    def step(*batch: Any, **how: Any) -> Any:
        try:
            return model.train_on_batch(*batch, **how)
        except ValueError:
            if "train_step" in vars(model):
                raise
            model.train_step = lambda *given: own(*given[:-1], without_missing(given[-1]))
            forget_functions(model)
            return model.train_on_batch(*batch, **how)

    return step


def _fit(workload: Workload) -> StepRunner:
    given, how = workload.fit_arguments()
    if workload.source:
        # Its order is its own.
        how["shuffle"] = False
        if "steps" in how:
            how["steps_per_epoch"] = how.pop("steps")
    if workload.class_weight is not None:
        how["class_weight"] = workload.class_weight
    return _by_epochs(workload, lambda epochs: workload.model.fit(*given, epochs=epochs, **how))


def _fit_many(workload: Workload) -> StepRunner:
    model = workload.model
    parameters = inspect.signature(type(model).compile).parameters
    if hasattr(model, "steps_per_execution"):
        # As `compile` sets it; what was compiled for another number is made anew.
        model.steps_per_execution = STEPS_PER_EXECUTION
        forget_functions(model)
    elif "steps_per_execution" not in parameters:
        raise NotApplicable("mode='fit-many' needs steps_per_execution", "this model's `compile` does not take it")
    elif hasattr(model, "compile_from_config"):
        model.compile_from_config({**model.get_compile_config(), "steps_per_execution": STEPS_PER_EXECUTION})
    else:
        # Before 2.12 a model tells what it was compiled with in private alone.
        metrics = getattr(model.compiled_metrics, "_user_metrics", None)
        model.compile(model.optimizer, loss=model.loss, metrics=metrics, steps_per_execution=STEPS_PER_EXECUTION)
    return _fit(workload)


def _pipeline(workload: Workload) -> StepRunner:
    fed = _piped(workload)
    # Endless, and shuffled by itself.
    how = {"steps_per_epoch": workload.batches, "shuffle": False, "verbose": 0}
    return _by_epochs(workload, lambda epochs: workload.model.fit(fed, epochs=epochs, **how))


def _piped(workload: Workload) -> Any:
    api.require_tensorflow("The pipeline")
    shape = tuple(getattr(workload.x, "shape", ()))
    if len(shape) != 3 or not hasattr(workload.y, "shape") or workload.sample_weight is not None:
        remedy = "give (x, y) with x of shape (n, height, width)"
        raise InvalidArgument("mode='pipeline' takes images and their labels", f"inputs of shape {shape}", remedy)
    return pipeline.as_printed(api.tensorflow(), workload.x, workload.y, batch_size=workload.batch_size)


def _from_pipe(workload: Workload, count: int) -> Iterable[Any]:
    return itertools.islice(iter(_piped(workload)), count)


def _evaluate(workload: Workload) -> StepRunner:
    model, (given, how) = workload.model, workload.fit_arguments()
    return _by_epochs(workload, lambda epochs: [model.evaluate(*given, **how) for _ in range(epochs)][-1])


def _predict(workload: Workload) -> StepRunner:
    model, (given, how) = workload.model, workload.fit_arguments(targets=False)
    return _by_epochs(workload, lambda epochs: [model.predict(*given, **how) for _ in range(epochs)][-1])


def _by_epochs(workload: Workload, call: Callable[[int], Any]) -> StepRunner:
    def run(count: int) -> Any:
        epochs, rest = divmod(count, workload.batches)
        assert not rest, "whole epochs are asked for"
        result = call(epochs)
        if workload.source:
            workload.source.check_not_ended()
        return result

    return run


MODES = (
    Mode("eager", True, False, _eager),
    Mode("graph", True, False, _graph),
    Mode("xla", True, False, _xla),
    Mode("train_on_batch", True, False, _on_batches),
    Mode("fit", True, True, _fit),
    Mode("fit-many", True, True, _fit_many, remake=_fit),
    Mode("pipeline", True, True, _pipeline, feed=_from_pipe),
    Mode("evaluate", False, True, _evaluate),
    Mode("predict", False, True, _predict),
)


BY_HAND = ("eager", "graph", "xla")


def find_mode(name: str) -> Mode:
    """Return a mode by its name.

    Raises:
        InvalidArgument: none is called so.
    """
    for candidate in MODES:
        if candidate.name == name:
            return candidate
    names = [one.name for one in MODES]
    similar = difflib.get_close_matches(str(name), names, 1)
    hint = f"; {similar[0]!r} is near to it" if similar else ""
    raise InvalidArgument(f"mode must be one of {', '.join(names)}, got {name!r}{hint}")


def check_model(model: Any, mode: Mode) -> None:
    """Refuse a model that lacks what a mode asks for: `predict` asks for nothing, `evaluate` for a loss or metrics.

    Raises:
        InvalidArgument: it was not compiled, or its step cannot be written by hand.
    """
    if mode.name == "predict":
        return
    if not is_compiled(model):
        needed = "an optimizer and a loss" if mode.trains else "a loss or metrics"
        raise InvalidArgument(f"model must be compiled for mode={mode.name!r}: call its compile with {needed} first")
    reason = reference_loop.why_no_reference(model) if mode.name in BY_HAND else ""
    if reason:
        raise InvalidArgument(f"mode={mode.name!r} writes the step by hand, but {reason}: use mode='fit' instead")


def is_compiled(model: Any) -> bool:
    """Whether a model was compiled, as Keras itself reports: in private before 3.0, and only of a built model."""
    flags = [getattr(model, name, None) for name in ("compiled", "_is_compiled")]
    return any(one is True for one in flags) or getattr(model, "optimizer", None) is not None
