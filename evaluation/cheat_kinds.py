"""Ways to be quick that do less, or other, work than they claim: each replaces a method of a model."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Callable

import numpy as np

from evaluation.cheat_hosts import group
from pytest_kerasch2.framework import api

# Makes the method that cheats, from the model and its honest method.
Cheat = Callable[[Any, Callable[..., Any]], Callable[..., Any]]
GENERAL = ("tables", "structures")


@dataclass(frozen=True)
class Kind:
    """A kind of cheat.

    Attributes:
        name: of the kind.
        method: that it replaces, which is the mode too.
        cheat: makes the method that cheats.
        hosts: names of the models that it is injected into.
    """

    name: str
    method: str
    cheat: Cheat
    hosts: tuple[str, ...]

    def inject(self, model: Any) -> Any:
        """Return the model with its method replaced."""
        setattr(model, self.method, self.cheat(model, getattr(model, self.method)))
        return model


KINDS: dict[str, Kind] = {}


def kind(name: str, method: str = "train_on_batch", groups: tuple[str, ...] = GENERAL) -> Callable[[Cheat], Cheat]:
    """Return a decorator that adds a kind of cheat."""

    def add(cheat: Cheat) -> Cheat:
        KINDS[name] = Kind(name, method, cheat, group(*groups))
        return cheat

    return add


def each(change: Callable[[Any], Any], data: Any) -> Any:
    """Return nested data with each array changed."""
    if isinstance(data, (list, tuple)):
        return type(data)(each(change, one) for one in data)
    if isinstance(data, dict):
        return {name: each(change, one) for name, one in data.items()}
    return None if data is None else change(data)


def first_half(data: Any) -> Any:
    """Return the first half of each array."""
    return each(lambda one: one[: max(1, len(one) // 2)], data)


def counted(model: Any) -> None:
    """Count an update that was not done."""
    model.optimizer.iterations.assign_add(1)


def written(model: Any, change: Any = None, training: bool = True, loss: Any = None, masked: bool = True) -> Any:
    """Return a step that is written here, and does what Keras does but for a change of its gradients or its loss."""
    tf = api.tensorflow()

    def value_of(x: Any, y: Any, weights: Any) -> Any:
        prediction = model(x, training=training)
        if not masked:
            # A loss asks its prediction for a mask.
            prediction = tf.identity(prediction)
        if loss is not None:
            return loss(y, prediction)
        return model.compute_loss(x=x, y=y, y_pred=prediction, sample_weight=weights)

    @tf.function  # type: ignore[untyped-decorator]
    def step(x: Any, y: Any, weights: Any) -> Any:
        with tf.GradientTape() as tape:
            value = value_of(x, y, weights)
        gradients = tape.gradient(value, model.trainable_variables)
        model.optimizer.apply_gradients(zip(change(gradients) if change else gradients, model.trainable_variables))
        return value

    def one(x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None, **_: Any) -> Any:
        given = each(tf.convert_to_tensor, (x, y, sample_weight))
        return float(step(*given))

    return one


@kind("every second step is left out")
def _skips(model: Any, honest: Any) -> Any:
    calls: list[int] = []

    def cheat(*given: Any, **how: Any) -> Any:
        calls.append(1)
        return honest(*given, **how) if len(calls) % 2 else counted(model)

    return cheat


@kind("no update")
def _never_updates(model: Any, honest: Any) -> Any:
    def cheat(*given: Any, **how: Any) -> Any:
        return counted(model)

    return cheat


@kind("forward pass alone")
def _forward_alone(model: Any, honest: Any) -> Any:
    tf = api.tensorflow()
    forward = tf.function(lambda x: model(x, training=True))

    def cheat(x: Any, *given: Any, **how: Any) -> Any:
        forward(each(tf.convert_to_tensor, x))
        return counted(model)

    return cheat


@kind("half of each batch")
def _halves(model: Any, honest: Any) -> Any:
    def cheat(*given: Any, **how: Any) -> Any:
        return honest(*first_half(given), **{name: first_half(one) for name, one in how.items()})

    return cheat


@kind("one batch again and again")
def _repeats(model: Any, honest: Any) -> Any:
    kept: list[Any] = []

    def cheat(*given: Any, **how: Any) -> Any:
        kept.append((given, how))
        return honest(*kept[0][0], **kept[0][1])

    return cheat


@kind("each batch twice, every second left out")
def _every_second_batch(model: Any, honest: Any) -> Any:
    kept: list[Any] = []

    def cheat(*given: Any, **how: Any) -> Any:
        if len(kept) % 2 == 0:
            kept.append((given, how))
        else:
            kept.append(kept[-1])
        return honest(*kept[-1][0], **kept[-1][1])

    return cheat


@kind("targets of the batch before")
def _stale_targets(model: Any, honest: Any) -> Any:
    last: list[Any] = []

    def cheat(x: Any, y: Any, *given: Any, **how: Any) -> Any:
        last.append(y)
        return honest(x, last[max(0, len(last) - 2)], *given, **how)

    return cheat


@kind("half of the inputs' numbers")
def _fewer_features(model: Any, honest: Any) -> Any:
    def cut(one: Any) -> Any:
        one = np.array(api.array(one))
        one[..., : (one.shape[-1] + 1) // 2] = 0
        return one

    return lambda x, *given, **how: honest(each(cut, x), *given, **how)


@kind("first layer is not trained")
def _freezes_first(model: Any, honest: Any) -> Any:
    kernel = model.trainable_variables[0]

    def cheat(*given: Any, **how: Any) -> Any:
        before = np.array(kernel.numpy())
        result = honest(*given, **how)
        kernel.assign(before)
        return result

    return cheat


@kind("last layer alone is trained")
def _last_alone(model: Any, honest: Any) -> Any:
    tf, count = api.tensorflow(), len(model.layers[-1].trainable_variables)
    return written(model, lambda gradients: [*map(tf.zeros_like, gradients[:-count]), *gradients[-count:]])


@kind("last layer alone in every second step")
def _half_the_way_back(model: Any, honest: Any) -> Any:
    short, calls = _last_alone(model, honest), []

    def cheat(*given: Any, **how: Any) -> Any:
        calls.append(1)
        return (honest if len(calls) % 2 else short)(*given, **how)

    return cheat


@kind("gradients of an earlier step")
def _stale_gradients(model: Any, honest: Any) -> Any:
    """Gradients are computed in one step of four, and used in all of them."""
    tf = api.tensorflow()
    kept: list[Any] = []
    calls: list[int] = []

    def cheat(x: Any, y: Any, sample_weight: Any = None, **how: Any) -> Any:
        if len(calls) % 4 == 0:
            with tf.GradientTape() as tape:
                prediction = model(each(tf.convert_to_tensor, x), training=True)
                value = model.compute_loss(x=x, y=y, y_pred=prediction, sample_weight=sample_weight)
            kept[:] = tape.gradient(value, model.trainable_variables)
        calls.append(1)
        model.optimizer.apply_gradients(zip(kept, model.trainable_variables))

    return cheat


@kind("first update again and again")
def _replayed(model: Any, honest: Any) -> Any:
    kept: list[Any] = []

    def cheat(*given: Any, **how: Any) -> Any:
        if not kept:
            before = [np.array(one.numpy()) for one in model.trainable_variables]
            honest(*given, **how)
            kept[:] = [one.numpy() - old for one, old in zip(model.trainable_variables, before)]
            return
        for one, by in zip(model.trainable_variables, kept):
            one.assign_add(by)
        counted(model)

    return cheat


@kind("noise in place of an update")
def _noise(model: Any, honest: Any) -> Any:
    drawn = np.random.RandomState(0)

    def cheat(*given: Any, **how: Any) -> Any:
        for one in model.trainable_variables:
            one.assign_add(drawn.normal(0, 1e-3, one.shape).astype("float32"))
        counted(model)

    return cheat


@kind("four fifths of each update")
def _shorter(model: Any, honest: Any) -> Any:
    def cheat(*given: Any, **how: Any) -> Any:
        before = [np.array(one.numpy()) for one in model.trainable_variables]
        result = honest(*given, **how)
        for one, old in zip(model.trainable_variables, before):
            one.assign(old + 0.8 * (one.numpy() - old))
        return result

    return cheat


@kind("signs of gradients in place of the optimizer")
def _by_sign(model: Any, honest: Any) -> Any:
    tf = api.tensorflow()

    def change(gradients: Any) -> Any:
        for one, by in zip(model.trainable_variables, gradients):
            one.assign_sub(0.01 * tf.sign(by))
        return list(map(tf.zeros_like, gradients))

    return written(model, change)


@kind("two updates are counted for one")
def _counts_twice(model: Any, honest: Any) -> Any:
    def cheat(*given: Any, **how: Any) -> Any:
        result = honest(*given, **how)
        counted(model)
        return result

    return cheat


@kind("work is sent away and not waited for")
def _sends_away(model: Any, honest: Any) -> Any:
    """A queue that drops what it has no time for, as a feeder that must not block does."""
    pool = ThreadPoolExecutor(1)
    waiting: list[Any] = []

    def cheat(*given: Any, **how: Any) -> None:
        if waiting and not waiting[-1].done():
            counted(model)
            return
        waiting.append(pool.submit(honest, *given, **how))

    return cheat
