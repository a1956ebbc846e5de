"""Curves from anywhere: which histories are read, and which are refused in plain words."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pytest_kerasch2.accuracy import user_training
from pytest_kerasch2.errors import InvalidArgument, KerasCh2Error, TrainingFailed


class Scalar:
    """A number as torch, JAX and TensorFlow have it: an array without dimensions."""

    shape = ()
    dtype = "float32"

    def __init__(self, value: float) -> None:
        self.value = value

    def __float__(self) -> float:
        return self.value


@pytest.mark.parametrize(
    "name",
    ["acc", "accuracy", "sparse_categorical_accuracy", "categorical_accuracy", "binary_accuracy", "binary_accuracy_2"],
)
def test_an_accuracy_has_many_names(name: str) -> None:
    actual = user_training.run_of({name: [0.8, 0.9], f"val_{name}": [0.7, 0.8]}, 1)

    assert (actual.accuracy, actual.test_accuracy) == ((0.8, 0.9), (0.7, 0.8))


def test_of_several_accuracies_the_others_keep_their_names() -> None:
    names = ["accuracy", "binary_accuracy", "sparse_top_k_categorical_accuracy"]
    given = {f"val_{name}": [0.1 * place] for place, name in enumerate(names)}

    assert user_training.run_of(given, 1).curves == {
        "test_accuracy": (0.0,),
        "val_binary_accuracy": (0.1,),
        "val_sparse_top_k_categorical_accuracy": (0.2,),
    }


@pytest.mark.parametrize(
    "given",
    [
        {"loss": [0.5]},
        {"val_loss": [-3.5]},
        {"loss": [0.5], "val_perplexity": [35.2]},
        {"head_a_loss": [0.5], "head_b_auc": [0.7], "val_head_a_loss": [0.5]},
        {"val/f1": [0.5]},
        {"gizmo": [1e9]},
    ],
    ids=lambda given: " ".join(given),
)
def test_any_curve_is_read(given: Any) -> None:
    assert len(user_training.run_of(given, 1).curves) == len(given)


@pytest.mark.parametrize(
    "values",
    [
        (0.5, 0.25),
        np.array([0.5, 0.25], dtype="float16"),
        [np.float64(0.5), np.float32(0.25)],
        [np.array(0.5), np.array(0.25)],
        [Scalar(0.5), Scalar(0.25)],
        [Decimal("0.5"), 0.25],
        iter([0.5, 0.25]),
    ],
)
def test_numbers_of_every_framework_are_read(values: Any) -> None:
    assert user_training.run_of({"val_mse": values}, 1).curves == {"val_mse": (0.5, 0.25)}


@pytest.mark.parametrize("name", ["lr", "learning_rate", "epoch", "seconds"])
def test_what_is_no_metric_is_left_out(name: str) -> None:
    assert user_training.run_of({"val_mse": [0.5, 0.4], name: [1, 2]}, 1).curves == {"val_mse": (0.5, 0.4)}


def test_what_is_no_metric_may_be_a_single_number() -> None:
    assert user_training.run_of({"seed": 3, "seconds": 1.5, "val_mse": [0.5]}, 1).curves == {"val_mse": (0.5,)}


def test_the_plain_data_of_a_run_are_read_again() -> None:
    run = user_training.run_of({"loss": [0.5], "val_auc": [0.9]}, 7)

    assert user_training.run_of(run.to_dict(), 7) == run


@pytest.mark.parametrize(
    "values",
    [
        [True, False],
        [np.bool_(True)],
        ["0.5"],
        "0.5",
        b"0.5",
        0.5,
        None,
        [None],
        [[0.5]],
        [(0.5, 0.4)],
        [np.array([0.5])],
        np.array(0.5),
        [1 + 2j],
        {"a": 0.5},
        [{}],
    ],
    ids=repr,
)
def test_what_is_not_a_list_of_numbers_is_refused(values: Any) -> None:
    with pytest.raises(InvalidArgument, match=r"The curve val_mse must hold numbers, got "):
        user_training.run_of({"val_mse": values}, 1)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"lr": [0.1]},
        {1: [0.5]},
        {"loss": []},
        {"loss": [0.5], "val_loss": []},
        {"loss": [0.5], "val_loss": [0.5, 0.4]},
        SimpleNamespace(history=None),
        [0.5],
        None,
    ],
    ids=repr,
)
def test_what_is_no_curve_is_refused_in_one_line(given: Any) -> None:
    with pytest.raises(KerasCh2Error) as caught:
        user_training.run_of(given, 1)

    assert (str(caught.value).count("\n"), "Return the history of a fit" in str(caught.value)) == (0, True)


@pytest.mark.parametrize(("value", "word"), [(float("nan"), "nan"), (float("inf"), "inf"), (-float("inf"), "-inf")])
def test_a_number_that_is_not_finite_is_told_with_metric_epoch_and_seed(value: float, word: str) -> None:
    with pytest.raises(TrainingFailed, match=f"with seed 7 diverged: val_auc is {word} after epoch 2"):
        user_training.run_of({"loss": [0.5, 0.4], "val_auc": [0.5, value]}, 7)
