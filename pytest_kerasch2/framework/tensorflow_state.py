"""Process-wide state of TensorFlow itself: random state, devices, strategy, execution flags."""

from __future__ import annotations

import functools
import sys
from typing import Any, Callable

from pytest_kerasch2.framework.state_item import UNKNOWN, Item, digest

_CONTEXT = "tensorflow.python.eager.context"
_GENERATORS = "tensorflow.python.ops.stateful_random_ops"
_FUNCTIONS = "tensorflow.python.eager.def_function"
_CONFIG = "tensorflow.python.framework.config"
_DEBUG = "tensorflow.python.data.ops.debug_mode"


def items() -> tuple[Item, ...]:
    """Return the items that the TensorFlow of this process has; none where Keras runs without TensorFlow."""
    tf = sys.modules.get("tensorflow")
    if tf is None:
        return ()
    return (*_flag_items(tf), *_context_items(tf), *_strategy_items(tf))


def _flag_items(tf: Any) -> list[Item]:
    result = [Item("eager execution", tf.executing_eagerly)]
    config: Any = sys.modules.get(_CONFIG)
    if hasattr(tf.config, "functions_run_eagerly"):
        result.append(Item("functions run eagerly", tf.config.functions_run_eagerly, tf.config.run_functions_eagerly))
    elif _FUNCTIONS in sys.modules:  # 2.0 has the setter, no getter
        functions = sys.modules[_FUNCTIONS]
        result.append(
            Item(
                "functions run eagerly",
                lambda: functions.RUN_FUNCTIONS_EAGERLY,
                tf.config.experimental_run_functions_eagerly,
            )
        )
    if hasattr(tf.debugging, "is_traceback_filtering_enabled"):
        filtering = _switch(tf.debugging.enable_traceback_filtering, tf.debugging.disable_traceback_filtering)
        result.append(Item("traceback filtering", tf.debugging.is_traceback_filtering_enabled, filtering))
    if hasattr(tf.config.experimental, "tensor_float_32_execution_enabled"):
        room = tf.config.experimental
        result.append(
            Item("TensorFloat-32", room.tensor_float_32_execution_enabled, room.enable_tensor_float_32_execution)
        )
    if hasattr(config, "is_op_determinism_enabled") and hasattr(config, "disable_op_determinism"):
        determinism = _switch(config.enable_op_determinism, config.disable_op_determinism)
        result.append(Item("op determinism", config.is_op_determinism_enabled, determinism))
    debug: Any = sys.modules.get(_DEBUG)
    if hasattr(debug, "DEBUG_MODE"):
        switch = functools.partial(_set, debug, "DEBUG_MODE")
        result.append(Item("tf.data debug mode", lambda: debug.DEBUG_MODE, switch))
    return result


def _context_items(tf: Any) -> list[Item]:
    """Items of the eager context. Asking for the context makes the Python object, and starts no device."""
    if _CONTEXT not in sys.modules:
        return []
    context = sys.modules[_CONTEXT].context()
    generators = sys.modules.get(_GENERATORS)
    return [
        Item(
            "random state of TensorFlow",
            lambda: _random(context, generators),
            lambda before: _set_random(context, generators, before),
            tell=digest,
            spent=True,
        ),
        Item("visible devices", lambda: _visible(context)),
        Item("logical devices", lambda: _logical(context)),
        Item("memory growth", lambda: _growth(context)),
        Item("device scope", lambda: context.device_name or ""),
        Item(
            "soft device placement",
            lambda: getattr(context, "_soft_device_placement", UNKNOWN),
            tf.config.set_soft_device_placement,
        ),
        Item(
            "device placement log",
            lambda: getattr(context, "_log_device_placement", UNKNOWN),
            tf.debugging.set_log_device_placement,
        ),
        Item(
            "compiler for functions",
            lambda: getattr(context, "_optimizer_jit", UNKNOWN),
            functools.partial(_set, context, "_optimizer_jit"),
        ),
        Item(
            "graph optimizer options",
            lambda: dict(getattr(context, "_optimizer_experimental_options", {})),
            functools.partial(_set, context, "_optimizer_experimental_options"),
        ),
    ]


def _strategy_items(tf: Any) -> list[Item]:
    """The strategy set for the whole process; the default one counts as none."""

    def read() -> str:
        return type(tf.distribute.get_strategy()).__name__ if tf.distribute.has_strategy() else "none"

    def restore(_: str) -> None:
        tf.distribute.experimental_set_strategy(None)

    return [Item("distribution strategy", read, restore)]


def _random(context: Any, generators: Any) -> Any:
    drawn = getattr(context, "_rng", None)
    generator = getattr(generators, "global_generator", None)
    state = None if generator is None else generator.state.numpy().tobytes()
    return context._seed, None if drawn is None else drawn.getstate(), state


def _set_random(context: Any, generators: Any, before: Any) -> None:
    seed, drawn, state = before
    context._seed = seed
    if drawn is not None:
        context._rng.setstate(drawn)
    elif hasattr(context, "_rng"):
        # As before the first seed: the attribute is made by the first call that sets one
        context._rng = None
    if getattr(generators, "global_generator", None) is not None:
        if state is None:
            generators.global_generator = None
        else:
            import numpy as np

            generators.global_generator.state.assign(np.frombuffer(state, dtype=np.int64))


def _visible(context: Any) -> Any:
    """Return the names of the visible devices, or ``all``, which is also so before devices were looked for."""
    every = getattr(context, "_physical_devices", None)
    if every is None:
        return "all"
    # 2.0 lists an XLA_CPU beside the CPU, and never shows it
    physical = [device for device in every if not device.device_type.startswith("XLA_")]
    visible = list(context._visible_device_list or ())
    return "all" if visible == physical else tuple(device.name for device in visible)


def _logical(context: Any) -> dict[str, int]:
    # The map is None until devices have been looked for
    split = getattr(context, "_virtual_device_map", None) or {}
    return {device.name: len(parts) for device, parts in split.items() if parts and len(parts) > 1}


def _growth(context: Any) -> dict[str, bool]:
    growth = getattr(context, "_memory_growth_map", None) or {}
    return {device.name: on for device, on in growth.items() if on}


def _switch(on: Callable[[], Any], off: Callable[[], Any]) -> Callable[[bool], None]:
    return lambda value: (on if value else off)()


def _set(owner: Any, name: str, value: Any) -> None:
    setattr(owner, name, value)
