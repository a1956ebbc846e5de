"""Each injected cheat does less or other work than it claims, and those of a sample are refused."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from evaluation import cheat_kinds_parts, cheat_kinds_whole, cheats, zoo  # noqa: F401 - they add their kinds
from evaluation.cheat_hosts import HOSTS
from evaluation.cheat_kinds import KINDS, Kind, each
from pytest_kerasch2.framework import api

SAMPLE = [
    "half of each batch",
    "no update",
    "sample weights are ignored",
    "fit that gives an old history",
    "evaluation of one batch",
    "prediction that is kept",
]


@pytest.fixture(autouse=True)
def _on_keras_3() -> None:
    api.require_tensorflow("A cheat")
    if not api.is_keras3():
        pytest.skip("cheats are written for Keras 3")


def test_there_are_many_kinds_with_many_models_each() -> None:
    assert (len(KINDS) >= 20, min(len(one.hosts) for one in KINDS.values()) >= 10) == (True, True)


def test_ten_of_each_kind_are_more_than_two_hundred() -> None:
    assert len(list(cheats.trials([], 10, 0))) >= 200


def _made(kind: Kind, cheated: bool) -> tuple[Any, Any, Any]:
    host = HOSTS[kind.hosts[0]]
    api.fresh_session(0)
    model, data = host.make(api.keras(), np.random.RandomState(0))
    if model.optimizer is not None and not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    return (kind.inject(model) if cheated else model), data, host.options


def _way_of_training(kind: Kind, cheated: bool) -> Any:
    model, data, options = _made(kind, cheated)
    before = [np.array(one.numpy()) for one in model.trainable_variables]
    done = int(model.optimizer.iterations)
    if kind.method == "fit":
        model.fit(*data, batch_size=32, epochs=2, shuffle=False, verbose=0)
        model.fit(*data, batch_size=32, epochs=2, shuffle=False, verbose=0)
    else:
        for first in (0, 32, 64, 96):
            batch = each(lambda one, first=first: one[first : first + 32], list(data))
            model.train_on_batch(*batch, **options)
    moved = [one.numpy() - old for one, old in zip(model.trainable_variables, before)]
    return np.concatenate([np.ravel(one) for one in moved]), int(model.optimizer.iterations) - done


def _given(kind: Kind, cheated: bool) -> Any:
    """Return what inference gives for other data, and with other weights, than at first."""
    model, data, _ = _made(kind, cheated)
    x, y = data
    given = (x, y) if kind.method == "evaluate" else (x,)
    actual = [np.ravel(getattr(model, kind.method)(*given, batch_size=32, verbose=0))]
    for one in model.trainable_variables:
        one.assign(0.5 * one + 0.01)
    actual.append(np.ravel(getattr(model, kind.method)(*given, batch_size=32, verbose=0)))
    return np.concatenate(actual)


TRAINED = [name for name, one in KINDS.items() if one.method in {"train_on_batch", "fit"}]


# Keras says so of a head that is detached, which is the cheat.
@pytest.mark.filterwarnings("ignore:Gradients do not exist for variables:UserWarning")
@pytest.mark.parametrize(
    "name", [one if one in SAMPLE else pytest.param(one, marks=pytest.mark.slow) for one in TRAINED]
)
def test_a_cheat_in_training_trains_otherwise(name: str) -> None:
    (honest, counted), (cheat, claimed) = (_way_of_training(KINDS[name], cheated) for cheated in (False, True))

    assert counted != claimed or np.linalg.norm(cheat - honest) > 0.05 * np.linalg.norm(honest)


@pytest.mark.parametrize("name", [name for name in KINDS if name not in TRAINED])
def test_a_cheat_in_inference_gives_something_else(name: str) -> None:
    honest, cheat = (_given(KINDS[name], cheated) for cheated in (False, True))

    assert np.max(np.abs(honest - cheat)) > 1e-3 * np.max(np.abs(honest))


@pytest.mark.parametrize("name", [SAMPLE[0], *(pytest.param(one, marks=pytest.mark.slow) for one in SAMPLE[1:])])
def test_a_sample_is_refused(name: str) -> None:
    kind = KINDS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        measurement = cheats.measured(name, kind.method, kind.hosts[0], seed=0)

    assert measurement["outcome"] == zoo.REFUSED
