"""Process-wide state of Keras up to 2.3 on Theano or CNTK, and of Theano itself."""

from __future__ import annotations

import functools
import sys
from typing import Any

from pytest_kerasch2.framework import api, symbolic
from pytest_kerasch2.framework.state_item import Item


def items() -> tuple[Item, ...]:
    """Return the items of such a Keras; none where another one runs."""
    if api.runs_eagerly():
        return ()
    home = symbolic.engine()
    names = Item("name counters", lambda: dict(symbolic.counters()), _set_names, spent=True)
    # The placeholder of the engine, or the number that `set_learning_phase` left.
    phase = Item(
        "learning phase",
        lambda: home._LEARNING_PHASE,
        functools.partial(setattr, home, "_LEARNING_PHASE"),
        same=lambda before, after: before is after,
    )
    return (names, phase, *_of_theano())


def _set_names(before: dict[str, int]) -> None:
    symbolic.forget_names()
    symbolic.counters().update(before)


def _of_theano() -> tuple[Item, ...]:
    theano: Any = sys.modules.get("theano")
    if theano is None:
        return ()
    config = theano.config
    return (Item("type of Theano", lambda: str(config.floatX), functools.partial(setattr, config, "floatX")),)
