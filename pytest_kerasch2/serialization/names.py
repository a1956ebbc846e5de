"""What the names in a model file stand for: parts of Keras, the caller's own, or something that no model needs.

Where a Keras is at hand, a name is looked up in it, without importing anything, and the type of what is found decides.
Without a Keras the name alone decides.
"""

from __future__ import annotations

import builtins
import inspect
import sys
import types
from typing import Any, Iterable, Iterator, Mapping

MODEL_PARTS = frozenset(
    (
        "_legacy",
        "activations",
        "constraints",
        "dtype_policies",
        "engine",
        "initializers",
        "layers",
        "legacy",
        "losses",
        "metrics",
        "mixed_precision",
        "models",
        "ops",
        "optimizers",
        "optimizer_v2",
        "quantizers",
        "random",
        "regularizers",
    )
)
"""The parts of Keras that the configuration of a model has business with; downloaders and switches live elsewhere."""

FUNCTION_PARTS = frozenset(
    ("activations", "constraints", "initializers", "losses", "metrics", "ops", "optimizers", "regularizers")
)
"""The parts of Keras whose functions a configuration may name: they compute, and neither load, save nor switch."""

LOOKUPS = ("get", "serialize", "deserialize")
"""Functions that stand in each of those parts and make an object of any description."""

REACHING = frozenset(["FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper"])
"""Layers whose configuration names files or pickles."""

BARE_CALLS = frozenset(
    ["ClassMethod", "InstanceMethod", "InstanceProperty", "SlicingOpLambda", "TFOpLambda", "TensorFlowOpLayer"]
)
"""Layers that Keras 2 makes from bare calls of TensorFlow; their configuration names the function, class or node."""

VOCABULARY_READERS = frozenset(["IndexLookup", "IntegerLookup", "StringLookup", "TextVectorization"])
"""Layers that take a vocabulary given as text for the path of a file (CVE-2025-12058)."""

WRAPPERS = frozenset(
    (
        "function",
        "slice",
        "__bytes__",
        "__ellipsis__",
        "__keras_tensor__",
        "__numpy__",
        "__slice__",
        "__tensor__",
        "__tuple__",
        "__typespec__",
    )
)
"""Names in lower case that stand for kinds of values, where a class is expected otherwise."""

MODELS = ("Functional", "Model", "Sequential")
PACKAGES = ("keras", "tf_keras")
BASES = (
    "Operation",
    "layers.Layer",
    "losses.Loss",
    "metrics.Metric",
    "optimizers.Optimizer",
    "optimizers.legacy.Optimizer",
    "optimizers.schedules.LearningRateSchedule",
    "initializers.Initializer",
    "regularizers.Regularizer",
    "constraints.Constraint",
    "DTypePolicy",
    "mixed_precision.Policy",
    "quantizers.Quantizer",
    "quantizers.QuantizationConfig",
    "random.SeedGenerator",
)
"""What every class of a model's configuration derives from; which of them exist depends on the release."""


def is_model_part(module: Any) -> bool:
    """Whether a module, by its name, is a part of Keras that models are made of."""
    part = _part(module)
    return part is not None and (not part or part in MODEL_PARTS)


def is_function_part(module: Any) -> bool:
    """Whether a module, by its name, is a part of Keras whose functions compute."""
    return _part(module) in FUNCTION_PARTS


def is_computing_part(module: Any) -> bool:
    """Whether a function that was found computes, by the module that it is from."""
    return _part(module) in FUNCTION_PARTS | {"backend"}


def is_builtin(name: Any) -> bool:
    """Whether Python itself has something of that name that is called: a function or a class."""
    return isinstance(name, str) and name in dir(builtins)


def _part(module: Any) -> str | None:
    """Return the part of Keras that a module belongs to, empty for Keras as a whole, None for any other package."""
    if not isinstance(module, str):
        return None
    parts = module.split(".")
    if parts[:2] in (["tensorflow", "keras"], ["tensorflow", "python"], ["tf_keras", "src"], ["keras", "src"]):
        parts = parts[1:]
    if parts[0] not in ("keras", "tf_keras", "src", "python"):
        return None
    rest = [part for part in parts[1:] if part != "keras"]
    return rest[0] if rest else ""


class Names:
    """The names that a file may use: the caller's own, and those of the Keras that will load it."""

    def __init__(self, keras: Any = None, custom: Iterable[str] = ()) -> None:
        """Know the parts of a Keras, what is registered with it, and what the caller names.

        Args:
            keras: the module; None where there is none, so that names alone decide.
            custom: names of the caller's classes and functions, or a mapping from them, as Keras takes it.
        """
        self.keras = keras
        self.custom: Mapping[str, Any] = custom if isinstance(custom, Mapping) else dict.fromkeys(custom)
        self._bases = tuple(self._existing_bases())

    def is_own(self, name: Any) -> bool:
        """Whether the caller has named something so for this file, or has registered it with Keras."""
        return isinstance(name, str) and (name in self.custom or self.registered(name) is not None)

    def own(self, name: Any) -> Any:
        """Return what the caller means by a name; None where it is unknown, or known by its name alone."""
        return self.custom.get(name) or self.registered(name)

    def registered(self, name: Any) -> Any:
        """Return what is registered under a name in this process, also by a scope of custom objects, or None."""
        if self.keras is None or not isinstance(name, str):
            return None
        for room in (getattr(self.keras, "saving", None), self.keras.utils):
            look_up = getattr(room, "get_registered_object", None)
            if look_up is not None:
                return look_up(name)
        return self.keras.utils.get_custom_objects().get(name)

    def registered_as(self, name: str) -> str | None:
        """Return the full name under which something is known that a file calls by its last part alone, or None."""
        if self.keras is None or ">" in name:
            return None
        rooms = (getattr(self.keras, "saving", None), self.keras.utils)
        room: Any = next(one for one in rooms if hasattr(one, "get_custom_objects"))
        registered = [*self.custom, *room.get_custom_objects()]
        return next((one for one in registered if one.endswith(f">{name}")), None)

    def look_up(self, module: Any, name: str) -> Any:
        """Return what Keras has under a name in one of its modules, or None. Imports nothing."""
        if self.keras is None or not isinstance(module, str) or module.split(".")[0] not in PACKAGES:
            return None
        for room in (self._walked(module), sys.modules.get(module)):
            result = room
            for part in name.split("."):
                result = getattr(result, part, None)
            if result is not None:
                return result
        return None

    def function(self, module: Any, name: str) -> Any:
        """Return the function of Keras under a name; where only Python is named as its home, all parts are searched."""
        if module not in (None, "builtins"):
            return self.look_up(module, name)
        parts = (getattr(self.keras, part, None) for part in sorted(FUNCTION_PARTS))
        return next((one for one in (getattr(part, name, None) for part in parts) if one is not None), None)

    def anywhere(self, name: str) -> Any:
        """Return what Keras has under a name that a file gives without a module, as Keras 2 does, or None."""
        tail = name.rpartition(">")[2]
        if tail in MODELS or tail in BARE_CALLS:
            return self.keras.Model
        parts = [getattr(self.keras, part, None) for part in sorted(MODEL_PARTS)]
        rooms = [*parts, *(getattr(part, "experimental", None) for part in parts), self.keras.optimizers.schedules]
        return next((one for one in (getattr(room, tail, None) for room in rooms) if one is not None), None)

    def is_internal(self, name: str) -> bool:
        """Whether Keras 3 has a class of that name which no file of Keras 2 can name, such as that of ``x + y``."""
        root = getattr(self.keras, "Operation", None)
        rooms = [module for path, module in list(sys.modules.items()) if path.startswith("keras.src.")]
        things = [vars(room).get(name) for room in rooms]
        return any(inspect.isclass(value) and root is not None and issubclass(value, root) for value in things)

    def is_part(self, value: Any) -> bool:
        """Whether a thing is a class that models are made of."""
        return inspect.isclass(value) and issubclass(value, self._bases)

    def _walked(self, module: str) -> Any:
        room = self.keras
        for part in module.split(".")[1:]:
            room = getattr(room, part, None) if isinstance(room, types.ModuleType) else None
        return room

    def _existing_bases(self) -> Iterator[Any]:
        for path in BASES:
            base = self.keras
            for part in path.split("."):
                base = getattr(base, part, None)
            if inspect.isclass(base):
                # Keras 3.2 and later have one root of everything that can be saved, which has no public name.
                yield next((one for one in base.__mro__ if one.__name__ == "KerasSaveable"), base)


def lineage(value: Any) -> frozenset[str]:
    """Return the names of Keras's own classes that a class derives from, its own included.

    What a backend adds to every layer is left out: on JAX it has the name of a layer that a user builds on JAX.
    """
    if not inspect.isclass(value):
        return frozenset()
    return frozenset(one.__name__ for one in value.__mro__ if _part(one.__module__) not in (None, "backend"))
