"""What a model file holds, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping

ARRAYS = ("weights", "optimizer_weights", "metrics")


@dataclass(frozen=True)
class StoredArray:
    """One array of a file: its path inside, its shape, the name of its dtype, and the bytes that it declares."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    declared: int


@dataclass(frozen=True)
class Contents:
    """What a model file holds, without the numbers themselves.

    Attributes:
        kind: ``"hdf5"``, ``"zip"`` or ``"shards"``.
        architecture: the model's configuration, None in a file of weights alone.
        training_config: loss, metrics and optimizer as they were compiled, None where the model was not.
        weights: the model's arrays.
        optimizer_weights: the optimizer's arrays, its step count among them; ``.weights.h5`` has them too.
        metrics: sums and counts of the metrics, which Keras 2.13 to 2.15 put into ``.keras`` and ``.weights.h5``.
        keras_version: as the file says.
        backend: as the file says.
        attributes: every attribute as (path of its object, name).
    """

    kind: str
    architecture: Any
    training_config: Any
    weights: tuple[StoredArray, ...]
    optimizer_weights: tuple[StoredArray, ...]
    metrics: tuple[StoredArray, ...]
    keras_version: str | None
    backend: str | None
    attributes: tuple[tuple[str, str], ...]

    @property
    def configurations(self) -> tuple[tuple[str, Any], ...]:
        """Return the configurations that the file has, each with what an error calls it."""
        both = (("architecture", self.architecture), ("training configuration", self.training_config))
        return tuple((what, config) for what, config in both if config is not None)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON values."""
        return {**vars(self), **{name: [vars(one) for one in getattr(self, name)] for name in ARRAYS}}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Contents:
        """Return what `to_dict` gave, also after it has been JSON."""
        arrays = {name: tuple(_stored(one) for one in fields[name]) for name in ARRAYS}
        attributes = tuple((path, name) for path, name in fields["attributes"])
        return cls(**{**fields, **arrays, "attributes": attributes})


def _stored(fields: Mapping[str, Any]) -> StoredArray:
    return StoredArray(**{**fields, "shape": tuple(fields["shape"])})
