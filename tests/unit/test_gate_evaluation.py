"""The simulated trainings by which the error rates of the gate are measured."""

from __future__ import annotations

import statistics

import numpy as np
import pytest

from evaluation import scenarios
from evaluation.kinds import KINDS, PATIENCE, Kind

pytest.importorskip("scipy", reason="distributions are SciPy's, of the extra `accuracy`")
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


def _random() -> np.random.Generator:
    return np.random.default_rng(0)


@every_kind
def test_the_same_generator_draws_the_same_histories(kind: Kind) -> None:
    assert kind.draw(_random(), 3) == kind.draw(_random(), 3)


@every_kind
def test_no_two_seeds_are_copies(kind: Kind) -> None:
    drawn = kind.draw(_random(), 60)

    assert len({str(one) for one in drawn}) == 60


@every_kind
def test_curves_are_finite_and_as_long_as_each_other(kind: Kind) -> None:
    for history in (*kind.draw(_random(), 20), *kind.stuck(_random(), 5)):
        assert len({len(values) for values in history.values()}) == 1
        assert all(np.isfinite(values).all() for values in history.values())


@every_kind
def test_a_stuck_seed_has_the_same_curves_and_is_far_worse(kind: Kind) -> None:
    honest, stuck = kind.draw(_random(), 60), kind.stuck(_random(), 5)
    ends = [kind.sign * one[kind.asked][-1] for one in honest]

    assert set(honest[0]) == set(stuck[0])
    assert max(kind.sign * one[kind.asked][-1] for one in stuck) < min(ends) - 3 * statistics.stdev(ends)


@every_kind
def test_worse_is_worse_by_the_change_after_the_last_epoch(kind: Kind) -> None:
    history = kind.draw(_random(), 1)[0]

    changed = scenarios.worse(kind, history, kind.margin)

    moved = kind.sign * (history[kind.asked][-1] - changed[kind.asked][-1])
    assert moved == pytest.approx(kind.margin)
    assert {name for name in history if history[name] != changed[name]} == {kind.asked}


def test_early_stopping_ends_where_patience_does() -> None:
    kind = next(kind for kind in KINDS if kind.name == "EarlyStopping")
    drawn = kind.draw(_random(), 40)

    lengths = {len(one["val_loss"]) for one in drawn}
    waited = {len(one["val_loss"]) - 1 - int(np.argmin(one["val_loss"])) for one in drawn}
    assert len(lengths) > 3
    assert waited == {PATIENCE}


def test_half_of_the_new_trainings_are_stuck() -> None:
    kind = KINDS[0]

    new = scenarios.half_stuck(kind, _random(), [], 0.0)

    assert [one[kind.asked][-1] < 0.5 for one in new] == [False, True] * 5


def test_a_reference_of_five_trainings_has_five_curves() -> None:
    assert len({str(one) for one in scenarios.repeated(5)(KINDS[0], _random())}) == 5


def test_rounded_copies_differ_by_rounding_and_never_in_a_share_of_examples() -> None:
    one = KINDS[0].draw(_random(), 1)[0]

    other = scenarios.jittered(one, _random())

    assert other["val_accuracy"] == one["val_accuracy"]
    assert other["val_loss"] != one["val_loss"]
    assert other["val_loss"] == pytest.approx(one["val_loss"], rel=1e-6)
