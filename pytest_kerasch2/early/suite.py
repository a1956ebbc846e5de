"""The early checks as one list, and why every other claim of the suite is not decided here."""

from __future__ import annotations

import importlib
from typing import Any, Callable

from pytest_kerasch2.claims.decorators import check_of
from pytest_kerasch2.claims.model import Check
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.early.facts import Facts
from pytest_kerasch2.early.marks import packaged
from pytest_kerasch2.errors import Inconclusive, NotApplicable

MODULES = (
    "adoption",
    "mistakes",
    "configuration",
    "backend",
    "counts",
    "layers",
    "sequential",
    "functional",
    "saving",
    "datasets",
    "printed",
)
# Claims that are about TensorFlow or about names under `tf`, whole groups and single ones.
OF_TENSORFLOW = (
    "features.",
    "dtypes.",
    "pipeline.",
    "blocks.",
    "session.",
    "adoption.no-import-of-keras",
    "config.format-default",
    "backend.import-tensorflow",
    "backend.printed-eager",
    "backend.printed-number",
    "backend.eager-shows-values",
    "backend.printed-graph",
    "network-data.scaled",
    "network-data.labels-cast",
    "sequential-second.same-outputs",
    "sequential-second.adam-as-printed",
    "functional.hidden-as-printed",
    "subclassing.num-classes",
    "subclassing.tensor-to-numpy",
)
Decide = Callable[[Facts, Recorder], None]


def decided() -> dict[str, tuple[Check, Decide]]:
    """Return each early check with its function, by the id of its claim."""
    found: dict[str, tuple[Check, Decide]] = {}
    for name in MODULES:
        module = importlib.import_module(f"pytest_kerasch2.early.{name}")
        for value in vars(module).values():
            check = check_of(value) if callable(value) else None
            if check is not None and value.__module__ == module.__name__:
                found[check.claim.id] = (check, value)
    return found


def checks(engine: str) -> list[tuple[Check, Decide]]:
    """Return a check for every claim of the packaged suite, in its order; those not decided here say why.

    Args:
        engine: Keras and its engine in words, such as `Keras 2.3.1 on theano`.
    """
    early = decided()
    return [early.get(name) or _undecided(check, engine) for name, check in packaged().items()]


def _undecided(check: Check, engine: str) -> tuple[Check, Decide]:
    def say(facts: Facts, record: Recorder) -> None:
        raise reason(check, engine)

    return Check(check.claim), say


def reason(check: Check, engine: str) -> Any:
    """Return the error that says why a claim is not decided by an early check."""
    if check.pending:
        return Inconclusive(check.pending, f"no time was taken on {engine}", "nothing to do")
    if check.trains:
        found = f"the probe for early interpreters does not train for so long on {engine}"
        return Inconclusive("Ten epochs of training decide this", found, "nothing to do")
    if check.claim.id.startswith(OF_TENSORFLOW):
        return NotApplicable("The claim speaks of TensorFlow or tf.keras", f"this is {engine}")
    return Inconclusive(
        "The probe for early interpreters does not look at this", engine, "add a check to `pytest_kerasch2.early`"
    )
