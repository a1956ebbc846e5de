"""One processor as several devices, and what lies on which of them."""

from __future__ import annotations

import sys
from typing import Any, Callable

from pytest_kerasch2.framework import api, devices


def divide_processor() -> None:
    """Make two devices of the processor; only possible before any work was placed on it.

    Raises:
        InvalidArgument, RuntimeError: work was placed on it already.
    """
    if api.keras().backend.backend() == "jax":
        # Keras has imported it.
        jax: Any = sys.modules["jax"]
        jax.config.update("jax_num_cpu_devices", 2)
    elif api.runs_on_tensorflow():
        devices.two_logical_cpus(api.tensorflow())


def copies(variable: Any) -> int:
    """Return on how many devices a variable of Keras 3 lies as a whole."""
    value = variable.value
    shards = getattr(value, "addressable_shards", None)
    return 1 if shards is None else sum(shard.data.shape == value.shape for shard in shards)


def note_rows(values: Any, note: Callable[[int], None]) -> None:
    """Call `note` with the number of rows of a tensor that one device has, where the engine divides tensors (JAX)."""
    if api.keras().backend.backend() != "jax":
        return
    jax: Any = sys.modules["jax"]
    shape = values.shape
    jax.debug.inspect_array_sharding(values, callback=lambda how: note(int(how.shard_shape(shape)[0])))
