"""Blind faults of the numbers that the chapter prints: ten epochs of training go another way, or take longer."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import Any, Callable, Iterator

from evaluation.blind_faults import blind
from pytest_kerasch2.checks.common_faults import before_build, fault, wrapped_method
from pytest_kerasch2.framework import api

_TRAINING = ("sequential-first.first-epoch-figures", "sequential-first.last-epoch-figures")
_FIRST = ("sequential-first.test-figures", "sequential-first.recognises-98-of-100")
_TEST = (*_FIRST, "sequential-second.test-figures", "functional.test-figures", "subclassing.test-figures")
_SAME = ("sequential-second.nearly-the-same", "subclassing.nearly-the-same")


@contextmanager
def _compiled(change: Callable[[Any], None]) -> Iterator[None]:
    """Change an optimizer as a model is compiled with it."""

    def build(original: Any, self: Any, *arguments: Any, **named: Any) -> Any:
        result = original(self, *arguments, **named)
        change(self.optimizer)
        return result

    with wrapped_method(api.keras().Model, "compile", build):
        yield


def _slow(optimizer: Any) -> None:
    optimizer.learning_rate = 1e-4


def _fast(optimizer: Any) -> None:
    optimizer.learning_rate = 1e-2


learns_ten_times_slower = blind(*_TRAINING, *_TEST)(fault("Adam's step is a tenth of what it was.", _compiled, _slow))
learns_ten_times_faster = blind(*_TEST)(fault("Adam's step is ten times what it was.", _compiled, _fast))


def _linear(layer: Any) -> None:
    layer.activation = None if layer.units == 512 else layer.activation


no_relu = blind(*_TEST)(fault("The hidden layer has no activation.", before_build, "Dense", _linear))


@contextmanager
def _epochs(change: Callable[[int], int]) -> Iterator[None]:
    def fit(original: Any, self: Any, *arguments: Any, **named: Any) -> Any:
        return original(self, *arguments, **{**named, "epochs": change(named.get("epochs", 1))})

    with wrapped_method(api.keras().Model, "fit", fit):
        yield


one_epoch_alone = blind("sequential-first.last-epoch-figures", *_TEST)(
    fault("fit trains for one epoch, however many it is told.", _epochs, lambda epochs: 1)
)


@contextmanager
def _dropping(rate: float) -> Iterator[None]:
    def call(original: Any, self: Any, *arguments: Any, **named: Any) -> Any:
        self.rate = rate
        return original(self, *arguments, **named)

    with wrapped_method(api.keras().layers.Dropout, "call", call):
        yield


drops_most_units = blind(*_TRAINING)(fault("Dropout drops 0.8 of the units.", _dropping, 0.8))


# --- one way of writing the model differs from another


def _is_subclass(model: Any) -> bool:
    return type(model).__name__ not in ("Sequential", "Functional", "Model")


@contextmanager
def _evaluated(when: Callable[[Any], bool], change: Callable[[Any], Any]) -> Iterator[None]:
    """Change the weights of a model for the time that it is evaluated."""

    def evaluate(original: Any, self: Any, *arguments: Any, **named: Any) -> Any:
        if not when(self):
            return original(self, *arguments, **named)
        before = self.get_weights()
        self.set_weights([change(one) for one in before])
        try:
            return original(self, *arguments, **named)
        finally:
            self.set_weights(before)

    with wrapped_method(api.keras().Model, "evaluate", evaluate):
        yield


def _noisy(array: Any) -> Any:
    import numpy as np

    return array + np.random.RandomState(0).normal(0, 0.1, array.shape).astype(array.dtype)


subclass_evaluated_with_noise = blind("subclassing.test-figures", "subclassing.nearly-the-same")(
    fault("A subclassed model is evaluated with weights that are disturbed.", _evaluated, _is_subclass, _noisy)
)
functional_evaluated_with_noise = blind("functional.test-figures", "subclassing.nearly-the-same")(
    fault(
        "A functional model is evaluated with weights that are disturbed.",
        _evaluated,
        lambda model: type(model).__name__ in ("Functional", "Model"),
        _noisy,
    )
)


@blind(*_SAME, "sequential-second.test-figures")
@contextmanager
def added_layers_do_not_train() -> Iterator[None]:
    """Layers that are added to a Sequential model one by one do not train, but for the last."""

    def add(original: Any, self: Any, layer: Any, *arguments: Any, **named: Any) -> Any:
        import sys

        by_reader = not sys._getframe(2).f_globals.get("__name__", "").startswith(("keras", "tensorflow"))
        if by_reader and getattr(layer, "units", 0) == 512:
            layer.trainable = False
        return original(self, layer, *arguments, **named)

    with wrapped_method(api.keras().Sequential, "add", add):
        yield


@blind("sequential-second.nearly-the-same", "sequential-second.test-figures")
@contextmanager
def relu_by_name_is_linear() -> Iterator[None]:
    """The activation that is named relu, as in the second way, is linear; tf.nn.relu of the first way is not."""

    def plain(original: Any, self: Any, *arguments: Any, **named: Any) -> Any:
        activation = getattr(self, "activation", None)
        if getattr(activation, "__module__", "").split(".")[-1] == "activations" and self.units == 512:
            self.activation = None
        return original(self, *arguments, **named)

    with wrapped_method(api.keras().layers.Dense, "build", plain):
        yield


# --- the time it takes


@contextmanager
def _takes(method: str, seconds: float) -> Iterator[None]:
    def wait(original: Any, self: Any, *arguments: Any, **named: Any) -> Any:
        time.sleep(seconds)
        return original(self, *arguments, **named)

    with wrapped_method(api.keras().Model, method, wait):
        yield


fit_takes_a_minute_more = blind("sequential-first.fit-time")(
    fault("fit waits for a minute before it begins.", _takes, "fit", 60.0)
)
evaluate_takes_ten_seconds_more = blind("sequential-first.evaluate-time")(
    fault("evaluate waits for ten seconds before it begins.", _takes, "evaluate", 10.0)
)


@contextmanager
def _steps(method: str, seconds: float) -> Iterator[None]:
    """Let each batch take some time more."""

    def slowed(original: Any, self: Any, *arguments: Any, **named: Any) -> Any:
        keras = api.keras()

        class Wait(keras.callbacks.Callback):  # type: ignore[misc, name-defined]
            """Waits after each batch."""

            def on_train_batch_end(self, batch: Any, logs: Any = None) -> None:
                """Wait."""
                time.sleep(seconds)

            on_test_batch_end = on_train_batch_end

        named["callbacks"] = [*(named.get("callbacks") or []), Wait()]
        return original(self, *arguments, **named)

    with wrapped_method(api.keras().Model, method, slowed):
        yield


each_step_waits = blind("sequential-first.fit-time")(
    fault("Each batch of training waits for ten milliseconds.", _steps, "fit", 0.01)
)
each_evaluated_batch_waits = blind("sequential-first.evaluate-time")(
    fault("Each batch of evaluation waits for ten milliseconds.", _steps, "evaluate", 0.01)
)
