"""Which curve a margin refers to, which values of it are better, and what of a history is a metric at all."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_kerasch2.accuracy import metrics
from pytest_kerasch2.accuracy.metrics import Metric
from pytest_kerasch2.errors import InvalidArgument

CURVES = ("loss", "auc", "gizmo", "test_loss", "val_auc", "val_gizmo")


@pytest.mark.parametrize(
    "name",
    [
        "accuracy",
        "acc",
        "val_sparse_categorical_accuracy",
        "val/MulticlassAccuracy",
        "auc",
        "roc_auc_ovr",
        "AUPRC",
        "f1",
        "F1Score",
        "precision",
        "recall",
        "r2_score",
        "mean_io_u",
        "dice_coef",
        "cosine_similarity",
        "log_likelihood",
        "neg_mean_squared_error",
        "head_a_accuracy",
        "BLEU",
        "reward",
    ],
)
def test_more_of_it_is_better(name: str) -> None:
    assert metrics.direction(name) == "higher"


@pytest.mark.parametrize(
    "name",
    [
        "loss",
        "val_loss",
        "head_a_loss",
        "auc_loss",
        "mse",
        "mae",
        "val_rmse",
        "mean_absolute_error",
        "perplexity",
        "val_ppl",
        "kl_divergence",
        "WER",
        "neg_log_likelihood",
        "negative_log_likelihood",
        "false_positives",
        "binary_crossentropy",
        "test_bce",
        "val_ce",
        "cross_entropy",
        "hinge",
    ],
)
def test_less_of_it_is_better(name: str) -> None:
    assert metrics.direction(name) == "lower"


@pytest.mark.parametrize("name", ["gizmo", "val_score", "x", "val_42", "norm"])
def test_a_name_that_says_nothing_has_no_direction(name: str) -> None:
    assert metrics.direction(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "lr",
        "learning_rate",
        "val_lr",
        "lr-Adam",
        "learning_rate_1",
        "LearningRate",
        "epoch",
        "epoch_time",
        "seconds",
        "global_step",
        "seed",
    ],
)
def test_what_tells_how_a_training_goes_on_is_no_metric(name: str) -> None:
    assert not metrics.is_metric(name)


@pytest.mark.parametrize(
    "name", ["loss", "val_auc", "gizmo", "precision_at_5", "timely_recall", "stepwise_error", "42"]
)
def test_everything_else_is_a_metric(name: str) -> None:
    assert metrics.is_metric(name)


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (("loss", "accuracy", "test_loss", "test_accuracy", "val_auc"), Metric("test_accuracy", "higher")),
        (("loss", "mae", "test_loss", "val_mae"), Metric("val_mae", "lower")),
        (("loss", "test_loss", "val_f1", "val_auc"), Metric("val_auc", "higher")),
        (("loss", "test_loss", "val_gizmo"), Metric("test_loss", "lower")),
        (("loss", "head_a_loss", "test_loss", "val_head_a_loss", "val_head_b_loss"), Metric("test_loss", "lower")),
        (("loss", "test_loss"), Metric("test_loss", "lower")),
        (("loss", "perplexity"), Metric("perplexity", "lower")),
        (("loss",), Metric("loss", "lower")),
        (("gizmo", "d_loss", "g_loss"), Metric("g_loss", "lower")),
    ],
)
def test_the_default_is_the_last_validation_metric_whose_direction_is_known(names: Any, chosen: Metric) -> None:
    assert metrics.choose_metric(None, names) == chosen


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("val_auc", Metric("val_auc", "higher")),
        ("val_auc:lower", Metric("val_auc", "lower")),
        ("val_gizmo:higher", Metric("val_gizmo", "higher")),
        (" val_gizmo : LOWER ", Metric("val_gizmo", "lower")),
        ("val_loss", Metric("test_loss", "lower")),
        ("auc_3", Metric("auc", "higher")),
    ],
)
def test_a_metric_is_chosen_by_its_name(text: str, chosen: Metric) -> None:
    assert metrics.choose_metric(text, CURVES) == chosen


@pytest.mark.parametrize("alias", ["val_accuracy", "val_acc", "test_accuracy", "val_sparse_categorical_accuracy"])
def test_the_accuracy_is_chosen_by_any_of_its_names(alias: str) -> None:
    assert metrics.choose_metric(alias, ("test_loss", "test_accuracy")) == Metric("test_accuracy", "higher")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("val_gizmo", ('metric="val_gizmo:higher"', 'metric="val_gizmo:lower"')),
        ("val_aux", ("loss, auc, gizmo, val_loss, val_auc, val_gizmo", 'Write metric="val_auc"')),
        ("val_auc:up", ('metric="val_auc:higher"',)),
        ("val_auc:", ('metric="val_auc:higher"',)),
        ("lr", ("There is no curve of the metric 'lr'",)),
        ("", ("must be the name of a curve",)),
        (3, ("must be the name of a curve",)),
    ],
)
def test_a_metric_that_cannot_be_chosen_is_refused_with_what_to_write(text: Any, words: tuple[str, ...]) -> None:
    with pytest.raises(InvalidArgument) as caught:
        metrics.choose_metric(text, CURVES)

    assert [word for word in words if word not in str(caught.value)] == []


def test_where_no_direction_is_known_it_is_said_what_to_write() -> None:
    with pytest.raises(InvalidArgument, match='Write metric="val_gizmo:higher"'):
        metrics.choose_metric(None, ("gizmo", "val_gizmo"))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("loss", "auc_1", "val_auc_1"), ("loss", "auc", "val_auc")),
        (("auc_2", "auc_3"), ("auc", "auc_1")),
        (("dense_4_loss", "dense_5_loss"), ("dense_1_loss", "dense_2_loss")),
        (("auc_9", "auc_10"), ("auc_1", "auc_2")),
    ],
)
def test_names_that_keras_counted_mean_the_same(names: Any, expected: Any) -> None:
    assert metrics.align_names(names, expected) == dict(zip(names, expected))


@pytest.mark.parametrize(
    ("names", "expected"),
    [(("precision_at_1", "precision_at_5"), ("precision_at_1", "precision_at_5")), (("auc", "auc_1"), ("auc",))],
)
def test_names_that_say_something_else_are_kept(names: Any, expected: Any) -> None:
    assert metrics.align_names(names, expected) == dict(zip(names, names))
