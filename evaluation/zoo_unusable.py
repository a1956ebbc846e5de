"""What cannot be timed: data and settings that have to be refused in plain words, which name what to change."""
# ruff: noqa: D103 - the name of a trial says what it is

from __future__ import annotations

from typing import Any

import numpy as np

from evaluation.zoo_data import classes, table
from evaluation.zoo_entry import KERAS, TRAINING, unusable
from evaluation.zoo_tables import network


def _regression(k: Any, rate: float = 0.01) -> Any:
    model = network(k)
    model.compile(k.optimizers.SGD(rate), "mse")
    return model


@unusable("data", modes=TRAINING)
def inputs_with_a_nan(k: Any, drawn: Any) -> Any:
    x, y = table(drawn)
    x[3, 2] = np.nan
    return _regression(k), (x, y)


@unusable("data", modes=TRAINING)
def targets_with_a_nan(k: Any, drawn: Any) -> Any:
    x, y = table(drawn)
    y[5] = np.nan
    return _regression(k), (x, y)


@unusable("data")
def infinite_weights(k: Any, drawn: Any) -> Any:
    x, y = table(drawn)
    return _regression(k), (x, y, np.full(len(x), np.inf, "float32"))


@unusable("learning rate", modes=TRAINING)
def diverging(k: Any, drawn: Any) -> Any:
    return _regression(k, 1e6), table(drawn)


@unusable("learning rate", modes=TRAINING)
def diverging_at_once(k: Any, drawn: Any) -> Any:
    return _regression(k, 1e38), table(drawn)


@unusable("compile", modes=TRAINING)
def trained_without_compile(k: Any, drawn: Any) -> Any:
    return network(k), table(drawn)


@unusable("compile", modes=("evaluate",))
def evaluated_without_compile(k: Any, drawn: Any) -> Any:
    return network(k), table(drawn)


@unusable("256", modes=KERAS)
def inputs_and_targets_of_unequal_length(k: Any, drawn: Any) -> Any:
    x, y = table(drawn)
    return _regression(k), (x, y[:-1])


@unusable("data", modes=KERAS)
def weights_of_unequal_length(k: Any, drawn: Any) -> Any:
    x, y = table(drawn)
    return _regression(k), (x, y, np.ones(7, "float32"))


@unusable("data")
def empty_mapping(k: Any, drawn: Any) -> Any:
    return _regression(k), ({}, table(drawn)[1])


@unusable("data")
def no_data(k: Any, drawn: Any) -> Any:
    return _regression(k), None


@unusable("data")
def empty_arrays(k: Any, drawn: Any) -> Any:
    return _regression(k), (np.zeros((0, 8), "float32"), np.zeros((0, 1), "float32"))


@unusable("data")
def a_number_as_data(k: Any, drawn: Any) -> Any:
    return _regression(k), 7


@unusable("data")
def four_parts_of_data(k: Any, drawn: Any) -> Any:
    x, y = table(drawn)
    return _regression(k), (x, y, y, y)


@unusable("data")
def generator_without_a_batch(k: Any, drawn: Any) -> Any:
    return _regression(k), iter(())


@unusable("data")
def generator_with_an_end(k: Any, drawn: Any) -> Any:
    x, y = table(drawn)
    return _regression(k), ((x[first : first + 32], y[first : first + 32]) for first in range(0, len(x), 32))


@unusable("batch_size", batch_size=1000)
def batch_larger_than_the_data(k: Any, drawn: Any) -> Any:
    return _regression(k), table(drawn)


@unusable("batch_size", batch_size=0)
def batch_size_of_zero(k: Any, drawn: Any) -> Any:
    return _regression(k), table(drawn)


@unusable("seconds", seconds=-1)
def seconds_below_zero(k: Any, drawn: Any) -> Any:
    return _regression(k), table(drawn)


@unusable("seconds", seconds=float("nan"))
def seconds_that_are_no_number(k: Any, drawn: Any) -> Any:
    return _regression(k), table(drawn)


@unusable("device", device="tpu9")
def unknown_device(k: Any, drawn: Any) -> Any:
    return _regression(k), table(drawn)


@unusable("mode", modes=("fitt",))
def unknown_mode(k: Any, drawn: Any) -> Any:
    return _regression(k), table(drawn)


@unusable("model")
def a_function_as_model(k: Any, drawn: Any) -> Any:
    return (lambda x: x), table(drawn)


@unusable("apart", modes=("predict",), apart=True)
def prediction_taken_apart(k: Any, drawn: Any) -> Any:
    return _regression(k), table(drawn)


@unusable("class_weight", class_weight=[1.0, 2.0])
def class_weights_as_a_list(k: Any, drawn: Any) -> Any:
    model = network(k, 4, "softmax")
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model, classes(drawn)
