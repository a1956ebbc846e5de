"""Ways to do steps that are quick because they do less, or something else, than they say: each must be refused."""

from __future__ import annotations

from typing import Any, Callable, Mapping

from pytest_kerasch2.framework import api
from pytest_kerasch2.timing import modes, reference_loop
from pytest_kerasch2.timing.block import StepRunner
from pytest_kerasch2.timing.modes import BatchLoop, Mode
from pytest_kerasch2.timing.workload import Workload

Step = Callable[[Any, Any], Any]


def _one_by_one(name: str, cheat: Callable[[Any, Step], Step]) -> Mode:
    """Return a mode whose steps are what a cheat makes of a model and of its honest step."""

    def make(subject: Workload) -> StepRunner:
        given = [tuple(map(api.tensor, subject.batch(number))) for number in range(min(subject.batches, 64))]
        return BatchLoop(given, cheat(subject.model, reference_loop.compiled_step(subject.model)))

    return Mode(name, True, False, make)


def _skips_updates(model: Any, step: Step) -> Step:
    calls = []

    def cheat(x: Any, y: Any) -> None:
        calls.append(1)
        if len(calls) % 2:
            step(x, y)
        else:
            model.optimizer.iterations.assign_add(1)

    return cheat


def _freezes_a_layer(model: Any, step: Step) -> Step:
    """Return steps after which the first weights are put back: a layer that is not trained."""
    kernel = model.trainable_variables[0]

    def cheat(x: Any, y: Any) -> None:
        before = kernel.numpy()
        step(x, y)
        kernel.assign(before)

    return cheat


def _halves_the_batch(model: Any, step: Step) -> Step:
    return lambda x, y: step(x[: len(x) // 2], y[: len(y) // 2])


def _repeats_a_batch(model: Any, step: Step) -> Step:
    first: list[Any] = []

    def cheat(x: Any, y: Any) -> None:
        first.append((x, y))
        step(*first[0])

    return cheat


def _keeps_old_labels(model: Any, step: Step) -> Step:
    last: list[Any] = []

    def cheat(x: Any, y: Any) -> None:
        last.append(y)
        step(x, last[max(0, len(last) - 2)])

    return cheat


def _slows_learning(model: Any, step: Step) -> Step:
    """Return steps that go four fifths of the way."""
    variables = model.trainable_variables

    def cheat(x: Any, y: Any) -> None:
        before = [one.numpy() for one in variables]
        step(x, y)
        for one, old in zip(variables, before):
            one.assign(old + 0.8 * (one.numpy() - old))

    return cheat


def _halves_the_way_back(model: Any, step: Step) -> Step:
    """Return steps of which each second one trains the last layer alone."""
    tf, loss, last = api.tensorflow(), api.tensorflow().keras.losses.get(model.loss), model.layers[-1]
    gradients_of_none = [tf.zeros_like(one) for one in model.trainable_variables]

    @tf.function  # type: ignore[untyped-decorator]
    def short(x: Any, y: Any) -> None:
        with tf.GradientTape() as tape:
            value = tf.reduce_mean(loss(y, model(x, training=True)))
        count = len(last.trainable_variables)
        outcome = [*gradients_of_none[:-count], *tape.gradient(value, last.trainable_variables)]
        model.optimizer.apply_gradients(zip(outcome, model.trainable_variables))

    calls: list[int] = []

    def cheat(x: Any, y: Any) -> None:
        calls.append(1)
        (step if len(calls) % 2 else short)(x, y)

    return cheat


def _does_fewer(subject: Workload) -> StepRunner:
    honest = modes.find_mode("graph").make(subject)
    return lambda count: honest(max(1, count - 1))


def _keeps_its_first_answer(subject: Workload) -> StepRunner:
    kept: list[Any] = []

    def predict(count: int) -> Any:
        if not kept:
            kept.append(subject.model.predict(subject.x, batch_size=subject.batch_size, verbose=0))
        return kept[0]

    return predict


def _evaluates_half(subject: Workload) -> StepRunner:
    half = max(1, len(subject.x) // 2)
    return lambda count: subject.model.evaluate(subject.x[:half], subject.y[:half], verbose=0)


CHEATS: Mapping[str, Mode] = {
    "skipped update": _one_by_one("skipped update", _skips_updates),
    "frozen layer": _one_by_one("frozen layer", _freezes_a_layer),
    "half batch": _one_by_one("half batch", _halves_the_batch),
    "repeated batch": _one_by_one("repeated batch", _repeats_a_batch),
    "stale labels": _one_by_one("stale labels", _keeps_old_labels),
    "shorter way": _one_by_one("shorter way", _slows_learning),
    "half the way back": _one_by_one("half the way back", _halves_the_way_back),
    "fewer steps": Mode("fewer steps", True, False, _does_fewer),
    "cached output": Mode("predict", False, True, _keeps_its_first_answer),
    "half evaluated": Mode("evaluate", False, True, _evaluates_half),
}
