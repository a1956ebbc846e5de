"""Process-wide state of JAX and of torch, where Keras runs on one of them."""

from __future__ import annotations

import contextlib
import sys
from typing import Any

from pytest_kerasch2.framework import api
from pytest_kerasch2.framework.state_item import Item, digest


def items() -> tuple[Item, ...]:
    """Return the items of the backend in use; none beside TensorFlow, where nothing of ours touches the others."""
    if api.runs_on_tensorflow() or not api.runs_eagerly():
        return ()
    readers = (_of_jax, _of_torch)
    return tuple(item for of, name in zip(readers, ("jax", "torch")) if name in sys.modules for item in of())


def _of_jax() -> tuple[Item, ...]:
    config: Any = sys.modules["jax"].config

    def restore(before: dict[str, Any]) -> None:
        for name, value in config.values.items():
            if before.get(name, value) != value:
                # One that refuses must not keep the others as they are.
                with contextlib.suppress(Exception):
                    config.update(name, before[name])

    return (Item("settings of JAX", lambda: dict(config.values), restore),)


def _of_torch() -> tuple[Item, ...]:
    torch: Any = sys.modules["torch"]
    return (
        Item(
            "random state of torch",
            lambda: torch.get_rng_state().numpy().tobytes(),
            lambda before: torch.set_rng_state(torch.frombuffer(bytearray(before), dtype=torch.uint8)),
            tell=digest,
            spent=True,
        ),
        Item("gradients of torch", torch.is_grad_enabled, torch.set_grad_enabled),
        Item("default type of torch", torch.get_default_dtype, torch.set_default_dtype),
        Item("threads of torch", torch.get_num_threads, torch.set_num_threads),
    )
