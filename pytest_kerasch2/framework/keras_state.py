"""Process-wide state of Keras, of the second generation (TensorFlow 2.0 to 2.15) and of the third.

Names with an underscore are read where no public function tells the same without changing something; each is looked up
once, and an item whose place is not there on a release is left out.
"""

from __future__ import annotations

import collections
import functools
import inspect
import sys
from typing import Any

from pytest_kerasch2.framework import api
from pytest_kerasch2.framework.state_item import UNKNOWN, Item, digest, same_objects

# Attributes of Keras 3's thread-local state that have an item of their own
_SPENT_ATTRIBUTES = ("object_name_uids", "global_seed_generator", "global_random_seed")
_ON_BY_DEFAULT = ("interactive_logging", "traceback_filtering", "tracking_on")
_OWN_ITEM = ("dtype_policy", *_SPENT_ATTRIBUTES)


def items() -> tuple[Item, ...]:
    """Return the items that the Keras of this process has."""
    functions, keras = api.backend_functions(), api.keras()
    result = [
        Item("floatx", functions.floatx, functions.set_floatx),
        Item("epsilon", functions.epsilon, functions.set_epsilon),
        Item("image data format", functions.image_data_format, functions.set_image_data_format),
        _custom_objects_item(keras),
        Item("keras.json", _config_file, _set_config_file),
    ]
    if not api.runs_eagerly():
        return (*result, *_custom_names_items(keras))
    result.append(_policy_item())
    result += _custom_names_items(keras)
    result += _third_generation() if api.is_keras3() else _second_generation(keras)
    return tuple(result)


def _policy_item() -> Item:
    """The policy's name; None in Keras 2 as long as it is left to floatx, which is not the same as one set to that."""
    home: Any = sys.modules[inspect.unwrap(api.policy_room().global_policy).__module__]

    def read() -> str | None:
        return None if getattr(home, "_global_policy", home) is None else api.policy_name()

    def restore(before: str | None) -> None:
        if before is None:
            home._global_policy = None
        else:
            api.set_policy(before)

    return Item("dtype policy", read, restore)


def _config_file() -> Any:
    try:
        return (api.keras_home() / "keras.json").read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        return repr(error)


def _set_config_file(before: Any) -> None:
    file = api.keras_home() / "keras.json"
    if isinstance(before, bytes):
        file.write_bytes(before)
    elif before is None and file.exists():
        file.unlink()


def _custom_objects_item(keras: Any) -> Item:
    return _mapping_item("custom objects", keras.utils.get_custom_objects())


def _custom_names_items(keras: Any) -> list[Item]:
    """The reverse table, class to registered name: public nowhere, and not there in 2.0."""
    home = sys.modules[inspect.unwrap(keras.utils.get_custom_objects).__module__]
    names = getattr(home, "GLOBAL_CUSTOM_NAMES", getattr(home, "_GLOBAL_CUSTOM_NAMES", None))
    return [] if names is None else [_mapping_item("registered names", names)]


def _mapping_item(name: str, living: Any) -> Item:
    def restore(before: dict[Any, Any]) -> None:
        living.clear()
        living.update(before)

    return Item(name, lambda: dict(living), restore, same=same_objects)


def _third_generation() -> list[Item]:
    # The tracker is asked of its module each time: `clear_session` puts a new one in its place
    home = sys.modules["keras.src.backend.common.global_state"]
    return [
        Item(
            "name counters",
            lambda: dict(getattr(home.GLOBAL_STATE_TRACKER, "object_name_uids", None) or {}),
            functools.partial(_set_name_counters, home),
            spent=True,
        ),
        Item(
            "random state of Keras",
            functools.partial(_seed_generator, home),
            functools.partial(_set_seed_generator, home),
            tell=digest,
            spent=True,
        ),
        Item("Keras flags", functools.partial(_flags, home), functools.partial(_set_flags, home), same=same_objects),
    ]


def _set_name_counters(home: Any, before: dict[str, int]) -> None:
    # Keras itself makes it a counting dictionary
    home.GLOBAL_STATE_TRACKER.object_name_uids = collections.defaultdict(int, before)


def _seed_generator(home: Any) -> Any:
    tracker = home.GLOBAL_STATE_TRACKER
    generator = getattr(tracker, "global_seed_generator", None)
    state = None if generator is None else api.keras().ops.convert_to_numpy(generator.state).tobytes()
    return getattr(tracker, "global_random_seed", None), state, _Held(generator)


def _set_seed_generator(home: Any, before: Any) -> None:
    seed, state, held = before
    tracker = home.GLOBAL_STATE_TRACKER
    _set_attribute(tracker, "global_random_seed", seed)
    _set_attribute(tracker, "global_seed_generator", held.held)
    if held.held is not None:
        import numpy as np

        held.held.state.assign(np.frombuffer(state, dtype=np.uint32))


class _Held:
    """An object carried along in a reading, compared by identity and told by nothing that changes between runs."""

    def __init__(self, held: Any) -> None:
        self.held = held

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and self.held is other.held

    def __hash__(self) -> int:
        return id(self.held)


def _flags(home: Any) -> dict[str, Any]:
    """Return every other attribute: logging and traceback flags, safe mode, open scopes, distribution.

    None, empty containers and a flag's default are what using Keras leaves behind, and count as absent.
    """
    flags = {}
    for name, value in vars(home.GLOBAL_STATE_TRACKER).items():
        empty = value is None or (isinstance(value, (list, dict, tuple)) and not value)
        if name in _OWN_ITEM or empty or (value is True and name in _ON_BY_DEFAULT):
            continue
        if name.startswith("saving_attr_skip"):  # a cache per class, filled at the first save
            continue
        flags[name] = value.copy() if isinstance(value, (list, dict)) else value
    return flags


def _set_flags(home: Any, before: dict[str, Any]) -> None:
    tracker = home.GLOBAL_STATE_TRACKER
    for name in _flags(home):
        if name not in before:
            delattr(tracker, name)
    for name, value in before.items():
        # A copy, for what is put back here is changed in place by Keras and is still ours to compare with
        setattr(tracker, name, value.copy() if isinstance(value, (list, dict)) else value)


def _set_attribute(tracker: Any, name: str, value: Any) -> None:
    if value is not None:
        setattr(tracker, name, value)
    elif hasattr(tracker, name):
        delattr(tracker, name)


def _second_generation(keras: Any) -> list[Item]:
    home = sys.modules[inspect.unwrap(api.backend_functions().get_uid).__module__]
    result = []
    if hasattr(home, "PER_GRAPH_OBJECT_NAME_UIDS"):
        uids = home.PER_GRAPH_OBJECT_NAME_UIDS
        restore = functools.partial(_set_uids, uids)
        result.append(Item("name counters", lambda: _uids(uids), restore, tell=_tell_uids, spent=True))
    if hasattr(home, "_SEED_GENERATOR"):
        local = home._SEED_GENERATOR
        result.append(
            Item(
                "random state of Keras",
                lambda: _python_generator(local),
                functools.partial(_set_python_generator, local),
                tell=digest,
                spent=True,
            )
        )
    if hasattr(home, "_GRAPH_LEARNING_PHASES") and hasattr(home, "_DUMMY_EAGER_GRAPH"):
        # From 2.2 to 2.10 the default, 0, is noted at the first use, which changes nothing
        restore = functools.partial(_set_phase, home)
        result.append(Item("learning phase", lambda: _phase(home), restore, same=_same_phase))
    if hasattr(keras.utils, "is_interactive_logging_enabled"):
        switch = {True: keras.utils.enable_interactive_logging, False: keras.utils.disable_interactive_logging}
        result.append(Item("Keras logging", keras.utils.is_interactive_logging_enabled, lambda on: switch[bool(on)]()))
    return result


def _uids(living: Any) -> dict[Any, dict[str, int]]:
    return {graph: dict(counts) for graph, counts in living.items() if counts}


def _set_uids(living: Any, before: dict[Any, dict[str, int]]) -> None:
    for graph, counts in list(living.items()):
        counts.clear()
        counts.update(before.get(graph, {}))


def _tell_uids(counts: dict[Any, dict[str, int]]) -> str:
    return repr(list(counts.values()))


def _python_generator(local: Any) -> Any:
    generator = getattr(local, "generator", None)
    return None if generator is None else generator.getstate()


def _set_python_generator(local: Any, before: Any) -> None:
    import random

    if before is None:
        del local.generator
    else:
        local.generator = random.Random()
        local.generator.setstate(before)


def _phase(home: Any) -> Any:
    """Return what ``set_learning_phase`` left for eager execution; before 2.1 the key was the dummy graph itself."""
    dummy = home._DUMMY_EAGER_GRAPH
    value = home._GRAPH_LEARNING_PHASES.get(getattr(dummy, "key", dummy))
    return value if value is None or isinstance(value, (int, bool)) else UNKNOWN


def _same_phase(before: Any, after: Any) -> bool:
    return bool(before) == bool(after)


def _set_phase(home: Any, before: Any) -> None:
    dummy = home._DUMMY_EAGER_GRAPH
    key = getattr(dummy, "key", dummy)
    if before is None:
        home._GRAPH_LEARNING_PHASES.pop(key, None)
    else:
        home._GRAPH_LEARNING_PHASES[key] = before
    if hasattr(dummy, "learning_phase_is_set"):
        dummy.learning_phase_is_set = before is not None
