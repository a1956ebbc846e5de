"""What a gate may be asked to tell: which terms are refused, and which are beyond so many trainings."""

from __future__ import annotations

import math
from typing import Any

import pytest

from pytest_kerasch2.accuracy import sequential_test
from pytest_kerasch2.accuracy.decision import GateVerdict
from pytest_kerasch2.accuracy.reference_distribution import distribution_of
from pytest_kerasch2.accuracy.settings import GateSettings
from pytest_kerasch2.errors import InvalidArgument
from tests.builders.synthetic_trainings import make_reference

pytest.importorskip("scipy", reason="distributions are SciPy's, of the extra `accuracy`")
SEEDS = make_reference()


def test_a_margin_that_is_too_fine_is_said_with_what_could_be_told() -> None:
    decision = sequential_test.decide_before_training(distribution_of(SEEDS, GateSettings(margin=0.0005)))

    assert decision is not None
    assert decision.evidence == (
        "undecided, before any training: 0.05 points cannot be told by 10 trainings, which tell 0.438 at best",
        "margin 0.05 points: a drop of that size passes in at most 1 % of gates, and one of 0.89 points or more fails",
    )
    assert (decision.verdict, decision.estimate, decision.interval, decision.runs) == (
        GateVerdict.UNDECIDED,
        None,
        None,
        (),
    )


def test_a_margin_that_only_an_early_look_of_few_seeds_can_tell_is_reachable() -> None:
    by = make_reference(5)
    ready = distribution_of(by, GateSettings())
    between = (ready.finest_margin(2) + ready.finest_margin(10)) / 2

    assert ready.finest_margin(2) < between < ready.finest_margin(10)
    assert sequential_test.decide_before_training(distribution_of(by, GateSettings(margin=between))) is None


def test_a_single_training_is_too_few_for_any_margin() -> None:
    decision = sequential_test.decide_before_training(distribution_of(SEEDS, GateSettings(margin=0.5, max_runs=1)))

    assert decision is not None
    assert (
        decision.reason == "undecided, before any training: no gate passes by fewer than 2 trainings, and 1 is allowed"
    )


@pytest.mark.parametrize(
    "terms",
    [
        {"margin": 0.0},
        {"margin": -0.005},
        {"margin": math.nan},
        {"margin": math.inf},
        {"alpha": 0.0},
        {"alpha": 0.5},
        {"alpha": -0.01},
        {"alpha": math.nan},
        {"beta": 0.0},
        {"beta": 1.0},
        {"beta": math.nan},
        {"max_runs": 0},
        {"max_runs": -1},
    ],
    ids=str,
)
def test_terms_by_which_nothing_can_be_decided_are_refused(terms: dict[str, Any]) -> None:
    ((name, value),) = terms.items()

    with pytest.raises(InvalidArgument, match=rf"^{name} must be .*, got {value!r}\. [A-Z]"):
        GateSettings(**terms)
