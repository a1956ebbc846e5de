"""What was told about an old interpreter, by name, and how a check asks for it."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any, Callable, Dict, Mapping

from pytest_kerasch2 import errors
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.errors import ChildDied, ClaimBroken

# `{"value": ...}`, `{"error": "Type: first line"}` or `{"death": what ended the interpreter}`; for a missing data set
# `{"absent": [name and parts of the error]}`, for a fault that cannot be injected `{"not_injected": its error}`.
Told = Dict[str, Any]


class Facts:
    """The facts of one interpreter by `module.function` of the probe."""

    def __init__(self, told: Mapping[str, Told]) -> None:
        """Keep them."""
        self.told = dict(told)

    def value(self, name: str, record: Recorder) -> Any:
        """Return a fact.

        Raises:
            ClaimBroken: finding it raised an error over there.
            ChildDied: the interpreter crashed or hung over it.
            DataMissing, DataDamaged: it needs a data set that is not here, or not whole.
            LookupError: it was to be asked of a faulty Keras, and the fault could not be injected.
        """
        told = self.told[name]
        if "not_injected" in told:
            raise LookupError(f"the fault could not be injected: {told['not_injected']}")
        if "absent" in told:
            kind, *parts = told["absent"]
            raise getattr(errors, kind)(*parts)
        if "death" in told:
            raise ChildDied("The interpreter died", f"{told['death']}, over {name}", "run it there by hand to see more")
        if "error" in told:
            record.saw(f"{name}: {told['error']}")
            raise ClaimBroken(f"{name} does not run", str(told["error"]))
        return told["value"]


@dataclass(frozen=True)
class Change:
    """One fact told otherwise: an injected fault, or a benign change, that needs no interpreter.

    Attributes:
        name: what is wrong with the Keras of which that would be true.
        fact: `module.function`.
        path: keys and positions down to the value that is changed.
        to: the other value, or a function that makes it of the true one.
    """

    name: str
    fact: str
    path: tuple[Any, ...]
    to: Any

    @property
    def __name__(self) -> str:
        """Return the name, as a function has it."""
        return self.name

    def __call__(self, facts: Facts, ask: Any = None) -> Facts:
        """Return the facts with the change made; nobody need be asked for that.

        Raises:
            LookupError: the fact has no such place, so nothing would be changed.
        """
        if "value" not in facts.told[self.fact]:
            # What was not told cannot be told otherwise: its check says why.
            return facts
        told = {**facts.told, self.fact: copy.deepcopy(facts.told[self.fact])}
        place = told[self.fact]
        steps = ("value", *self.path)
        for step in steps[:-1]:
            place = place[step]
        before = place[steps[-1]]
        place[steps[-1]] = self.to(before) if callable(self.to) else self.to
        return Facts(told)


def told_otherwise(name: str, fact: str, *path: Any, to: Any) -> Callable[[Facts], Facts]:
    """Return a change of one fact; see `Change`."""
    return Change(name, fact, path, to)
