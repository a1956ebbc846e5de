"""What an honest model of the zoo is: a function that builds it with its data, and the modes in which it is timed."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, field
from typing import Any, Callable, Mapping

from pytest_kerasch2.framework import api

# Gives a model and its data, from Keras and a seeded generator of NumPy.
Make = Callable[[Any, Any], Any]

TRAINING = ("fit", "train_on_batch")
INFERENCE = ("evaluate", "predict")
KERAS = (*TRAINING, *INFERENCE)
# Steps that the benchmark writes itself, from the model's loss.
WRITTEN = ("graph", "eager", "xla")
EVERY = (*KERAS, *WRITTEN, "fit-many")


@dataclass(frozen=True)
class Honest:
    """A model that does the work it claims.

    Attributes:
        name: of the model, unique in the zoo.
        subject: the group that it belongs to.
        make: builds the model and its data.
        modes: in which it is timed.
        needs: names of Keras that it needs, such as `optimizers.Lion`; `tensorflow` is the backend, `keras3` the
            generation.
        options: further arguments of `step_benchmark`.
        named: what a refusal has to name, of a trial that must be refused; an empty string where it must be timed.
    """

    name: str
    subject: str
    make: Make
    modes: tuple[str, ...] = KERAS
    needs: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    named: str = ""

    def missing(self, keras: Any) -> str:
        """Return what this Keras lacks for the model, or an empty string."""
        return next((need for need in self.needs if not _has(keras, need)), "")


ZOO: dict[str, Honest] = {}
# What cannot be timed, and has to be refused in words that name the argument or the setting.
UNUSABLE: dict[str, Honest] = {}


def honest(
    subject: str, *, modes: tuple[str, ...] = KERAS, needs: tuple[str, ...] = (), name: str = "", **options: Any
) -> Callable[[Make], Make]:
    """Return a decorator that adds a model to the zoo, under the name of its function."""

    def add(make: Make) -> Make:
        called = name or make.__name__.replace("_", " ")
        if called in ZOO:
            raise ValueError(f"two models of the zoo are named {called!r}")
        ZOO[called] = Honest(called, subject, make, modes, needs, options)
        return make

    return add


def unusable(
    named: str, *, modes: tuple[str, ...] = ("fit",), needs: tuple[str, ...] = (), **options: Any
) -> Callable[[Make], Make]:
    """Return a decorator that adds what cannot be timed, under the name of its function.

    Args:
        named: what the refusal has to name.
        modes, needs, options: as for `honest`.
    """

    def add(make: Make) -> Make:
        called = make.__name__.replace("_", " ")
        if called in UNUSABLE:
            raise ValueError(f"two unusable trials are named {called!r}")
        UNUSABLE[called] = Honest(called, "refused", make, modes, needs, options, named)
        return make

    return add


def _has(keras: Any, need: str) -> bool:
    if need == "tensorflow":
        return api.runs_on_tensorflow()
    if need == "keras3":
        return api.is_keras3()
    if need in {"jax", "torch", "pandas"}:
        return importlib.util.find_spec(need) is not None
    entries = keras
    for part in need.split("."):
        entries = getattr(entries, part, None)
    return entries is not None
