from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_kerasch2.checks import captured
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.errors import ClaimBroken, NotApplicable


def _raising(error: Exception) -> Any:
    def call() -> None:
        raise error

    # As it crosses to the parent
    return json.loads(json.dumps(captured.attempt(call)))


def test_a_value_is_given_as_it_was() -> None:
    assert captured.value(Recorder(), "adding", captured.attempt(lambda: 1 + 1)) == 2


def test_what_raised_in_the_child_breaks_the_claim() -> None:
    with pytest.raises(ClaimBroken, match="adding does not run"):
        captured.value(Recorder(), "adding", _raising(ValueError("no")))


def test_what_the_environment_cannot_have_is_no_failure_of_the_claim() -> None:
    missing = NotApplicable("tf.data speaks of TensorFlow", "this is Keras on jax", "install it")

    with pytest.raises(NotApplicable) as caught:
        captured.value(Recorder(), "adding", _raising(missing))

    assert str(caught.value) == str(missing)
