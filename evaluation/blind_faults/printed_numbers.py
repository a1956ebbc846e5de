"""Blind faults of the numbers that the chapter prints: ten epochs of training go another way, or take longer.

Nothing trains for ten epochs where a fault is injected: stored curves stand for the trainings. A fault of training
changes these by what the same fault did to real trainings, which `evaluation.accuracy_power` measured.
"""

from __future__ import annotations

import functools
import json
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Iterator
from unittest import mock

from evaluation.blind_faults import UNDETECTABLE, blind
from pytest_kerasch2.checks.common_faults import fault, wrapped_method
from pytest_kerasch2.framework import api

_DATA = Path(__file__).parents[1] / "data"
_SERIES = ("loss", "accuracy", "test_loss", "test_accuracy")
_TRAINING = ("sequential-first.first-epoch-figures", "sequential-first.last-epoch-figures")
_FIRST = "sequential-first.test-figures"
_SECOND, _FUNCTIONAL, _SUBCLASS = (
    "sequential-second.test-figures",
    "functional.test-figures",
    "subclassing.test-figures",
)
_TEST = (_FIRST, _SECOND, _FUNCTIONAL, _SUBCLASS)
_RECOGNISES = "sequential-first.recognises-98-of-100"
_SECOND_SAME, _ALL_SAME = "sequential-second.nearly-the-same", "subclassing.nearly-the-same"
_NO_VERDICT = "A printed time is that of the machine it was printed on: the check gives no verdict."


def _curves(lines: list[dict[str, Any]]) -> dict[str, list[float]]:
    count = len(lines)
    return {name: [sum(values) / count for values in zip(*(run[name] for run in lines))] for name in _SERIES}


@functools.lru_cache(maxsize=None)
def _measured(kind: str) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Return the mean curves of trainings with a fault, and of trainings without."""
    lines = (_DATA / "power-mnist.jsonl").read_text(encoding="utf-8").splitlines()
    faulty = [run for line in map(json.loads, lines) if line.get("fault") == kind for run in line["runs"]]
    lines = (_DATA / "mnist-heldout.jsonl").read_text(encoding="utf-8").splitlines()
    return _curves(faulty), _curves([line for line in map(json.loads, lines) if "seed" in line])


def _as_measured(kind: str, run: Any) -> Any:
    """Multiply losses, and the shares of images not recognised, by what the fault multiplied them by."""
    faulty, honest = _measured(kind)
    series = {}
    for name in _SERIES:
        values = zip(getattr(run, name), faulty[name], honest[name])
        if name.endswith("loss"):
            series[name] = tuple(own * bad / good for own, bad, good in values)
        else:
            series[name] = tuple(1 - (1 - own) * (1 - bad) / (1 - good) for own, bad, good in values)
    return replace(run, **series)


def _one_epoch(run: Any) -> Any:
    return replace(run, **{name: (getattr(run, name)[0],) * len(getattr(run, name)) for name in _SERIES})


@contextmanager
def _trained(change: Callable[[Any], Any], *styles: str) -> Iterator[None]:
    """Change the trainings of some ways to write the model, or of all."""
    from pytest_kerasch2.chapter.printed_numbers import trained

    original = trained.stored

    def changed() -> Any:
        curves = original()
        chosen = styles or tuple(curves.by_style)
        by_style = {
            name: tuple(change(run) for run in runs) if name in chosen else runs
            for name, runs in curves.by_style.items()
        }
        return replace(curves, by_style=by_style)

    with mock.patch.object(trained, "stored", changed):
        yield


def _as(kind: str) -> Callable[[Any], Any]:
    return functools.partial(_as_measured, kind)


learns_slower = blind("sequential-first.first-epoch-figures", _FIRST)(
    fault("Adam's step is a third of what it was.", _trained, _as("rate-down"))
)
learns_faster = blind(_SECOND, _FUNCTIONAL, _SUBCLASS)(
    fault("Adam's step is three times what it was.", _trained, _as("rate-up"))
)
first_way_learns_faster = blind(_FIRST)(
    fault("Adam's step is three times what it was, for the figures of the first way.", _trained, _as("rate-up"))
)
pixels_not_divided = blind(*_TEST, _RECOGNISES)(
    fault("Pixels from 0 to 255 are not divided before training.", _trained, _as("unscaled"))
)
labels_mixed_up = blind(*_TRAINING)(
    fault("One label of a hundred is another while fit trains.", _trained, _as("wrong-labels-1"))
)
drops_half_of_units = blind(*_TRAINING)(fault("Dropout drops a half of the units.", _trained, _as("dropout-half")))
one_epoch_alone = blind("sequential-first.last-epoch-figures", *_TEST, _RECOGNISES)(
    fault("fit trains for one epoch, however many it is told.", _trained, _one_epoch)
)
trains_on_test_images = blind(*_TEST, _RECOGNISES)(
    fault("fit trains on the validation data too.", _trained, _as("leak"))
)

# --- one way of writing the model differs from another

second_way_learns_faster = blind(_SECOND_SAME, _ALL_SAME)(
    fault(
        "Where layers are added one by one, Adam's step is three times what it was.",
        _trained,
        _as("rate-up"),
        "sequential-add",
    )
)
second_way_not_divided = blind(_SECOND_SAME)(
    fault("Where layers are added one by one, pixels are not divided.", _trained, _as("unscaled"), "sequential-add")
)
second_way_knows_test = blind(_SECOND_SAME)(
    fault(
        "Where layers are added one by one, fit trains on the validation data too.",
        _trained,
        _as("leak"),
        "sequential-add",
    )
)
subclass_labels_mixed_up = blind(_ALL_SAME)(
    fault("In a subclassed model, five labels of a hundred are others.", _trained, _as("wrong-labels-5"), "subclass")
)
functional_images_turned = blind(_ALL_SAME)(
    fault("In a functional model, images are upside down while fit trains.", _trained, _as("flipped"), "functional")
)


# --- the time it takes


@contextmanager
def _takes(method: str, seconds: float) -> Iterator[None]:
    def wait(original: Any, self: Any, *arguments: Any, **named: Any) -> Any:
        time.sleep(seconds)
        return original(self, *arguments, **named)

    with wrapped_method(api.keras().Model, method, wait):
        yield


fit_takes_a_second_more = blind("sequential-first.fit-time")(
    fault("fit waits for a second before it begins.", _takes, "fit", 1.0)
)
evaluate_takes_a_second_more = blind("sequential-first.evaluate-time")(
    fault("evaluate waits for a second before it begins.", _takes, "evaluate", 1.0)
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

# A fault has its name only once it is assigned.
UNDETECTABLE["first_way_learns_faster"] = (
    "Of twelve such trainings the printed loss of 0.0915 and accuracy of 0.9801 are rare, not too rare for one more."
)
UNDETECTABLE.update(
    dict.fromkeys(
        ("fit_takes_a_second_more", "evaluate_takes_a_second_more", "each_step_waits", "each_evaluated_batch_waits"),
        _NO_VERDICT,
    )
)
