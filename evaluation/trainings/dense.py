"""A network of one hidden layer in NumPy, trained by Adam: enough for a real training anywhere."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

Array = Any
# From outputs and targets to the gradient with respect to the outputs.
Slope = Callable[[Array, Array], Array]
BETAS, TINY = (0.9, 0.999), 1e-7


class Dense:
    """A hidden layer with ReLU and a linear one."""

    def __init__(self, random: np.random.RandomState, inputs: int, hidden: int, outputs: int, rate: float) -> None:
        """Draw the weights."""
        self.weights = [
            random.randn(inputs, hidden) * np.sqrt(2 / inputs),
            np.zeros(hidden),
            random.randn(hidden, outputs) * np.sqrt(1 / hidden),
            np.zeros(outputs),
        ]
        self.rate, self.steps = rate, 0
        self.first, self.second = ([np.zeros_like(one) for one in self.weights] for _ in range(2))

    def __call__(self, inputs: Array) -> Array:
        """Return the outputs."""
        return self._hidden(inputs) @ self.weights[2] + self.weights[3]

    def _hidden(self, inputs: Array) -> Array:
        return np.maximum(inputs @ self.weights[0] + self.weights[1], 0)

    def step(self, inputs: Array, targets: Array, slope: Slope) -> None:
        """Take one step of Adam."""
        hidden = self._hidden(inputs)
        above = slope(hidden @ self.weights[2] + self.weights[3], targets) / len(inputs)
        below = (above @ self.weights[2].T) * (hidden > 0)
        self.steps += 1
        gradients = [inputs.T @ below, below.sum(axis=0), hidden.T @ above, above.sum(axis=0)]
        for place, gradient in enumerate(gradients):
            self._move(place, gradient)

    def _move(self, place: int, gradient: Array) -> None:
        one, two = BETAS
        self.first[place] = one * self.first[place] + (1 - one) * gradient
        self.second[place] = two * self.second[place] + (1 - two) * gradient**2
        mean = self.first[place] / (1 - one**self.steps)
        spread = np.sqrt(self.second[place] / (1 - two**self.steps))
        self.weights[place] = self.weights[place] - self.rate * mean / (spread + TINY)
