"""The one architecture that all four styles build, and the arithmetic of its parameters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ..errors import InvalidArgument, NotApplicable

AS_PRINTED = "as printed"
STRINGS = "strings"


def printed_activation(tf: Any, name: str) -> Any:
    """Return the function ``tf.nn.<name>`` that a listing names; its name where Keras runs without TensorFlow."""
    try:
        return getattr(tf.nn, name)
    except NotApplicable:
        return name


@dataclass(frozen=True)
class Network:
    """A flattened image, one hidden layer with dropout, one output unit per class.

    Attributes:
        pixels: height and width of one image.
        hidden: units of the hidden layer.
        classes: units of the output layer.
        dropout: share of the hidden units that training drops, from 0 up to but not including 1.
        activations: ``"as printed"`` gives each style the functions or strings that its own listing names,
            ``"strings"`` gives every style ``"relu"`` and ``"softmax"``.
        hidden_activation: what to hand to the hidden layer instead, a name or a callable.
        output_activation: what to hand to the output layer instead.

    Raises:
        InvalidArgument: a width is below one, the dropout outside its range, or the choice of activations unknown.

    >>> Network().total
    407050
    """

    pixels: tuple[int, int] = (28, 28)
    hidden: int = 512
    classes: int = 10
    dropout: float = 0.2
    activations: str = AS_PRINTED
    hidden_activation: Any = None
    output_activation: Any = None

    def __post_init__(self) -> None:
        """Refuse what no Keras layer could be built from."""
        widths = (*self.pixels, self.hidden, self.classes)
        if min(widths) < 1:
            raise InvalidArgument(f"pixels, hidden and classes must be positive integers, got {widths}")
        if not 0 <= self.dropout < 1:
            raise InvalidArgument(f"dropout must be at least 0 and below 1, got {self.dropout!r}")
        if self.activations not in (AS_PRINTED, STRINGS):
            raise InvalidArgument(f"activations must be {AS_PRINTED!r} or {STRINGS!r}, got {self.activations!r}")

    @property
    def inputs(self) -> int:
        """Numbers per flattened image, 784 in the chapter."""
        return self.pixels[0] * self.pixels[1]

    @property
    def hidden_parameters(self) -> int:
        """Weights and biases of the hidden layer, 401,920 in the chapter."""
        return self.inputs * self.hidden + self.hidden

    @property
    def output_parameters(self) -> int:
        """Weights and biases of the output layer, 5,130 in the chapter."""
        return self.hidden * self.classes + self.classes

    @property
    def total(self) -> int:
        """All weights and biases; flattening and dropout have none."""
        return self.hidden_parameters + self.output_parameters

    def with_strings(self) -> Network:
        """Return the same network with its activations named by strings."""
        return replace(self, activations=STRINGS)

    def hidden_activation_or(self, printed: Any) -> Any:
        """Return the hidden layer's activation, where ``printed`` is what the style's listing says."""
        return self._choose(self.hidden_activation, "relu", printed)

    def output_activation_or(self, printed: Any) -> Any:
        """Return the output layer's activation, where ``printed`` is what the style's listing says."""
        return self._choose(self.output_activation, "softmax", printed)

    def _choose(self, own: Any, named: str, printed: Any) -> Any:
        if own is not None:
            return own
        return named if self.activations == STRINGS else printed
