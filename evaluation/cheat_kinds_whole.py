"""Cheats in whole epochs and in inference: fewer batches, results that are kept, numbers of less precision."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from evaluation.cheat_kinds import counted, each, first_half, kind
from pytest_kerasch2.framework import api

FIT, EVALUATE, PREDICT = "fit", "evaluate", "predict"


@kind("fit on half of the data", FIT)
def _fits_half(model: Any, honest: Any) -> Any:
    """The updates that are missing are counted all the same."""

    def cheat(x: Any = None, y: Any = None, *given: Any, **how: Any) -> Any:
        before = int(model.optimizer.iterations)
        result = honest(first_half(x), first_half(y), *given, **how)
        for _ in range(int(model.optimizer.iterations) - before):
            counted(model)
        return result

    return cheat


@kind("fit on larger batches", FIT)
def _larger_batches(model: Any, honest: Any) -> Any:
    """Half of the updates are done, each on twice as much; the others are counted."""

    def cheat(*given: Any, **how: Any) -> Any:
        before = int(model.optimizer.iterations)
        result = honest(*given, **{**how, "batch_size": 2 * (how.get("batch_size") or 32)})
        for _ in range(int(model.optimizer.iterations) - before):
            counted(model)
        return result

    return cheat


@kind("fit of one epoch in place of several", FIT)
def _one_epoch(model: Any, honest: Any) -> Any:
    """The first epoch is done; those after it are counted."""

    def cheat(*given: Any, **how: Any) -> Any:
        epochs, before = how.pop("epochs", 1), int(model.optimizer.iterations)
        result = honest(*given, epochs=1, **how)
        for _ in range((epochs - 1) * (int(model.optimizer.iterations) - before)):
            counted(model)
        return result

    return cheat


@kind("fit that gives an old history", FIT)
def _old_history(model: Any, honest: Any) -> Any:
    kept: list[Any] = []

    def cheat(x: Any = None, *given: Any, **how: Any) -> Any:
        if not kept:
            kept.append(honest(x, *given, **how))
            return kept[0]
        leaves: list[Any] = []
        each(leaves.append, x)
        steps = len(leaves[0]) // (how.get("batch_size") or 32) if leaves and hasattr(leaves[0], "__len__") else 1
        for _ in range(how.get("epochs", 1) * steps):
            counted(model)
        return SimpleNamespace(history=kept[0].history)

    return cheat


@kind("evaluation of half of the data", EVALUATE)
def _evaluates_half(model: Any, honest: Any) -> Any:
    return lambda x=None, y=None, *given, **how: honest(first_half(x), first_half(y), *given, **how)


@kind("evaluation that is kept", EVALUATE)
def _kept_evaluation(model: Any, honest: Any) -> Any:
    kept: list[Any] = []

    def cheat(*given: Any, **how: Any) -> Any:
        if not kept:
            kept.append(honest(*given, **how))
        return kept[0]

    return cheat


@kind("evaluation of one batch", EVALUATE)
def _one_batch(model: Any, honest: Any) -> Any:
    def cheat(x: Any = None, y: Any = None, *given: Any, **how: Any) -> Any:
        few = slice(how.get("batch_size") or 32)
        return honest(each(lambda one: one[few], x), each(lambda one: one[few], y), *given, **how)

    return cheat


@kind("prediction that is kept", PREDICT)
def _kept_prediction(model: Any, honest: Any) -> Any:
    kept: dict[int, Any] = {}

    def cheat(x: Any, *given: Any, **how: Any) -> Any:
        leaves: list[Any] = []
        each(leaves.append, x)
        size = len(leaves[0]) if hasattr(leaves[0], "__len__") else 0
        if size not in kept:
            kept[size] = honest(x, *given, **how)
        return kept[size]

    return cheat


@kind("prediction of half, filled up", PREDICT)
def _half_predicted(model: Any, honest: Any) -> Any:
    def cheat(x: Any, *given: Any, **how: Any) -> Any:
        result = honest(first_half(x), *given, **how)
        return each(lambda one: np.concatenate([one, one]), result)

    return cheat


@kind("prediction in seven bits", PREDICT)
def _rounded(model: Any, honest: Any) -> Any:
    """Weights are rounded to as many bits as brain floats have, and put back afterwards."""
    tf = api.tensorflow()

    def cheat(x: Any, *given: Any, **how: Any) -> Any:
        before = [np.array(one.numpy()) for one in model.weights]
        for one, exact in zip(model.weights, before):
            one.assign(tf.cast(tf.cast(exact, "bfloat16"), one.dtype))
        result = honest(x, *given, **how)
        for one, exact in zip(model.weights, before):
            one.assign(exact)
        return result

    return cheat


@kind("prediction without half of the first weights", PREDICT)
def _pruned(model: Any, honest: Any) -> Any:
    def cheat(x: Any, *given: Any, **how: Any) -> Any:
        kernel = model.trainable_variables[0]
        before = np.array(kernel.numpy())
        cut = before.copy()
        cut[..., ::2] = 0
        kernel.assign(cut)
        result = honest(x, *given, **how)
        kernel.assign(before)
        return result

    return cheat
