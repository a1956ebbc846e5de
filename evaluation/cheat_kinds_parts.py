"""Cheats that leave out a part of what training is: dropout, regularization, weights, masks, heads, clipping."""

from __future__ import annotations

from typing import Any

from evaluation.cheat_kinds import kind, written
from pytest_kerasch2.framework import api


@kind("dropout is switched off", groups=("dropout",))
def _without_dropout(model: Any, honest: Any) -> Any:
    return written(model, training=False)


@kind("regularization is left out", groups=("regularized",))
def _without_regularization(model: Any, honest: Any) -> Any:
    mse = api.keras().losses.MeanSquaredError()
    return written(model, loss=lambda y, prediction: mse(y, prediction))


@kind("sample weights are ignored", groups=("weighted samples",))
def _without_weights(model: Any, honest: Any) -> Any:
    return lambda x, y, *given, **how: honest(x, y)


@kind("class weights are ignored", groups=("weighted classes",))
def _without_class_weights(model: Any, honest: Any) -> Any:
    return lambda x, y, *given, **how: honest(x, y)


@kind("mask of the loss is ignored", groups=("masked",))
def _without_mask(model: Any, honest: Any) -> Any:
    return written(model, masked=False)


@kind("one head is detached", groups=("two heads",))
def _detached(model: Any, honest: Any) -> Any:
    tf = api.tensorflow()
    mse, cross = api.keras().losses.MeanSquaredError(), api.keras().losses.SparseCategoricalCrossentropy()
    return written(
        model, loss=lambda y, prediction: mse(y[0], prediction[0]) + cross(y[1], tf.stop_gradient(prediction[1]))
    )


@kind("clipping is left out", groups=("clipped",))
def _without_clipping(model: Any, honest: Any) -> Any:
    def cheat(*given: Any, **how: Any) -> Any:
        kept, model.optimizer.clipnorm = model.optimizer.clipnorm, None
        try:
            return step(*given, **how)
        finally:
            model.optimizer.clipnorm = kept

    step = written(model)
    return cheat


@kind("batches are normalized by old statistics", groups=("batch normalization",))
def _old_statistics(model: Any, honest: Any) -> Any:
    return written(model, training=False)
