"""All real trainings by name."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any, Callable


@dataclass(frozen=True)
class Training:
    """One real training.

    Attributes:
        name: short, for a table.
        module: its module in this package.
        function: in there; it takes a seed and the name of a fault.
        about: what it is.
        needs: the package that it imports, beside NumPy and scikit-learn.
        pool: how many seeds are trained from which gates are drawn.
    """

    name: str
    module: str
    function: str
    about: str
    needs: str | None = None
    pool: int = 300

    @property
    def path(self) -> str:
        """Return what `--training` takes."""
        return f"evaluation.trainings.{self.module}:{self.function}"

    @property
    def metric(self) -> str:
        """Return what `--metric` takes."""
        return str(self._loaded().METRIC)

    @property
    def epochs(self) -> int:
        """Return how many epochs it has at most."""
        loaded = self._loaded()
        return int(loaded.LONGEST if self.function == "train_stopped" else loaded.EPOCHS)

    def train(self, seed: int, fault: str) -> dict[str, list[float]]:
        """Train once."""
        function: Callable[..., dict[str, list[float]]] = getattr(self._loaded(), self.function)
        return function(seed, fault)

    def _loaded(self) -> Any:
        return importlib.import_module(f"evaluation.trainings.{self.module}")


TRAININGS = (
    Training("regression", "regression", "train", "NumPy, diabetes, mean absolute error"),
    Training("EarlyStopping", "regression", "train_stopped", "the same, stopped where the validation loss rests"),
    Training("AUC", "auc", "train", "NumPy, benign or malign tumours"),
    Training("language model", "language", "train", "NumPy, the next letter, perplexity"),
    Training("PyTorch loop", "torch_loop", "train", "digits, macro F1", "torch"),
    Training("JAX loop", "jax_loop", "train", "digits, two outputs, absolute error of one", "jax"),
    Training("Keras fit", "keras_fit", "train", "digits, sparse categorical accuracy", "keras", pool=120),
)
BY_NAME = {training.name: training for training in TRAININGS}
