"""Faults injected in the interpreter itself, so that the probe is shown to see, and not the comparison alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Mapping

from pytest_kerasch2.early.facts import Facts, Told


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a Keras.

    Attributes:
        function: name of the function in the probe's module `injected` that does it.
        facts: those that it makes untrue, and that are asked for anew.
    """

    function: str
    facts: tuple[str, ...]

    @property
    def name(self) -> str:
        """Return the words under which it is listed."""
        return self.function.replace("_", " ") + ", in the interpreter"

    @property
    def __name__(self) -> str:
        """Return the name, as a function has it."""
        return self.name

    def __call__(self, facts: Facts, ask: Callable[[Fault], Mapping[str, Told]]) -> Facts:
        """Return the facts with those that the faulty Keras tells in place of the true ones."""
        return Facts({**facts.told, **ask(self)})


ONE_UNIT_SHORT = Fault("one_unit_short", ("counts.parameters", "counts.summaries", "counts.functional", "layers.dense"))
NO_RELU = Fault("no_relu", ("layers.relu",))
SIGMOID_FOR_SOFTMAX = Fault("sigmoid_for_softmax", ("layers.softmax",))
NOTHING_DROPPED = Fault("nothing_dropped", ("layers.dropout",))
DEAF_SETTERS = Fault("deaf_setters", ("settings.formats", "settings.precisions", "settings.epsilons"))
CONSTANT_TRANSPOSED = Fault("constant_transposed", ("functions.imported", "functions.constants"))
WEIGHTS_LEFT_OUT = Fault("weights_left_out", ("saving.names", "saving.loaded"))
EVALUATED_IN_REVERSE = Fault("evaluated_in_reverse", ("training.workflow", "training.alike"))
NOTHING_LEARNED = Fault("nothing_learned", ("training.workflow", "training.subclassed", "printed.training"))
ONE_DATA_SET_GONE = Fault("one_data_set_gone", ("datasets.offered",))
