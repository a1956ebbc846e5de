"""The only door to TensorFlow, Keras and their backends, and facts by release.

Importing this module imports none of them: that happens at the first call, once, quietly, with a private home.
"""
# TensorFlow has no types that hold on every release, hence Any; what this module gives back is annotated.

from __future__ import annotations

import contextlib
import functools
import importlib.util
import logging
import os
import random
import sys
import threading
from pathlib import Path
from typing import Any, Iterator

from pytest_kerasch2 import backend_choice
from pytest_kerasch2.claims.release import Release
from pytest_kerasch2.errors import FrameworkMissing, InvalidArgument, KerasCh2Error
from pytest_kerasch2.framework import advice, checked, import_environment, no_tensorflow, packages, symbolic
from pytest_kerasch2.framework.packages import installed
from pytest_kerasch2.subprocesses.job import CHILD_HOME
from pytest_kerasch2.variables import VARIABLES

__all__ = [
    "array",
    "backend_functions",
    "call",
    "clear_session",
    "dtype_name",
    "eagerly",
    "feedable",
    "fresh_session",
    "installed",
    "is_keras3",
    "is_loaded",
    "keras",
    "keras_home",
    "loaded_keras",
    "policy_name",
    "release",
    "require_eager",
    "require_tensorflow",
    "runs_eagerly",
    "runs_on_tensorflow",
    "sequential",
    "set_policy",
    "set_seed",
    "shape",
    "tensor",
    "tensorflow",
    "use_defaults",
    "wait_for",
]

_log = logging.getLogger(__name__)
# Set for good by a run of the chapter, whose statements are about the settings of a fresh installation.
_DEFAULTS = threading.Event()


def tensorflow() -> Any:
    """Return the module ``tensorflow``, imported at the first call with ``tf.keras`` loaded.

    Where Keras 3 runs on another backend without TensorFlow, it is an object that has ``keras`` alone, and raises
    ``NotApplicable`` for every other name.

    Raises:
        FrameworkMissing: TensorFlow is not installed.
        FrameworkBroken: it is installed and cannot be imported, or is not TensorFlow 2.
    """
    if _alone():
        return _stand_in()
    module, error = _tensorflow_or_error()
    if error is not None:
        raise error.with_traceback(None)
    return module


def keras() -> Any:
    """Return ``tf.keras``, or, where Keras 3 runs on another backend without TensorFlow, the module ``keras``.

    Raises:
        FrameworkMissing: neither TensorFlow nor a Keras with another backend is installed.
        FrameworkBroken: what is installed cannot be imported.
    """
    if _alone():
        module, error = _keras_or_error()
        if error is not None:
            raise error.with_traceback(None)
        return module
    return tensorflow().keras


def backend_functions() -> Any:
    """Return the module the chapter imports as ``K``: ``tensorflow.keras.backend``."""
    return keras().backend


def release() -> Release:
    """Return what is installed, as the imported modules say it.

    Raises:
        FrameworkMissing: as ``keras``.
        FrameworkBroken: as ``keras``.
    """
    module = keras()
    version = "-" if _alone() else str(tensorflow().__version__)
    return Release(tensorflow=version, keras=_keras_version(module), backend=_backend_name(module))


def is_keras3() -> bool:
    """Return whether the Keras in use is of the third generation, which has backends."""
    return (packages.parsed(_keras_version(keras())) or (0, 0)) >= (3, 0)


def runs_on_tensorflow() -> bool:
    """Return, without importing anything, whether ``keras`` runs on TensorFlow, not on another backend."""
    return not _alone()


def runs_eagerly() -> bool:
    """Whether a layer or a model can be called on values; imports nothing.

    Not so on Theano and CNTK, where a tensor is a formula.
    """
    return runs_on_tensorflow() or backend_choice.choice().name not in backend_choice.EARLY


def is_loaded() -> bool:
    """Return, without importing anything, whether TensorFlow or Keras is in this process already."""
    return "tensorflow" in sys.modules or "keras" in sys.modules


def loaded_keras() -> Any:
    """Return the Keras that is in this process already, or None; imports nothing."""
    first, second = ("tf_keras", "keras") if _legacy() else ("keras", "tf_keras")
    beside = getattr(sys.modules.get("tensorflow"), "keras", None) if "keras" not in sys.modules else None
    modules = (sys.modules.get(first), sys.modules.get(second), beside)
    # One that failed half-way through its import has neither.
    return next((one for one in modules if hasattr(one, "layers") and hasattr(one, "utils")), None)


def use_defaults() -> None:
    """Import Keras from now on with the settings of a fresh installation, whatever the user's ``keras.json`` says.

    The backend alone is the user's all the same.
    """
    _DEFAULTS.set()


def keras_home() -> Path:
    """Return the private folder that holds ``keras.json`` in this process; in a child that is ``~/.keras``."""
    if not _home_is_private():
        return import_environment.own_keras_home()
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")


def set_seed(seed: int) -> None:
    """Seed Python, NumPy, TensorFlow and Keras, on every release.

    Raises:
        InvalidArgument: the seed is not a whole number from 0 to 2**32 - 1, the range that NumPy takes.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise InvalidArgument(f"seed must be an integer from 0 to 4294967295, got {seed!r}")
    import numpy as np

    random.seed(seed)
    np.random.seed(seed)
    everything = getattr(keras().utils, "set_random_seed", None)
    if everything is not None:
        everything(seed)
    elif (
        runs_on_tensorflow()
    ):  # before Keras 2.7 there was no such function; Keras then drew its seeds from TensorFlow's
        tensorflow().random.set_seed(seed)
    # Theano and CNTK are seeded by numbers that Keras draws from NumPy.


def require_tensorflow(what: str) -> None:
    """Require TensorFlow for something that speaks of it by more than a name that can be looked up.

    Raises:
        NotApplicable: Keras runs on another backend without TensorFlow.
    """
    if _alone():
        raise no_tensorflow.not_here(what, keras())


def require_eager(what: str) -> None:
    """Require a Keras of TensorFlow 2 or later for something that the ones before it do not have.

    Raises:
        NotApplicable: this is Keras up to 2.3, on Theano or CNTK.
    """
    if not runs_eagerly():
        raise no_tensorflow.not_here(what, keras())


def tensor(value: Any) -> Any:
    """Return an array as a tensor of the backend in use, of the same type where the backend has it."""
    if runs_on_tensorflow():
        return tensorflow().constant(value)
    return keras().ops.convert_to_tensor(value) if is_keras3() else symbolic.tensor(value)


def feedable(array: Any) -> Any:
    """Return what `fit` is given: a tensor as in the chapter, or the array itself where a tensor is a formula."""
    return tensor(array) if runs_eagerly() else array


def call(layer: Any, inputs: Any, **options: Any) -> Any:
    """Return what a layer, a model or a function of the backend gives for values, on every backend.

    Args:
        layer: what is called.
        inputs: an array or a tensor that has a value, or a list of these.
        **options: other arguments of the call, such as ``training``.
    """
    return layer(inputs, **options) if runs_eagerly() else symbolic.call(layer, inputs, **options)


def sequential(shape: tuple[int, ...], layers: list[Any]) -> Any:
    """Return a Sequential model of layers whose input is declared, so that its weights are there at once."""
    if runs_eagerly():
        return keras().Sequential([keras().Input(shape=shape), *layers])
    # Keras up to 2.3 takes nothing but layers into the list, and what `Input` gives is a tensor.
    model = keras().Sequential(layers)
    model.build((None, *shape))
    return model


def eagerly() -> dict[str, bool]:
    """Return the argument of ``compile`` with which a model is trained without a graph, where that can be had."""
    return {"run_eagerly": True} if runs_eagerly() else {}


def shape(tensor: Any) -> tuple[int | None, ...]:
    """Return the shape of a tensor, with None for a size that is not given."""
    return tuple(tensor.shape) if runs_eagerly() else tuple(backend_functions().int_shape(tensor))


def array(value: Any) -> Any:
    """Return the values of a tensor, of whichever backend, as a NumPy array."""
    import numpy as np

    if isinstance(value, np.ndarray):
        return value
    # Tensors of torch that carry gradients refuse NumPy, and those of JAX have no `numpy()`
    if not runs_eagerly():
        return symbolic.evaluate(value)
    if not runs_on_tensorflow():
        return keras().ops.convert_to_numpy(value)
    # Of a variable of 2.0 NumPy makes an array that holds the variable itself.
    return np.asarray(value.numpy() if hasattr(value, "numpy") else value)


def wait_for(value: Any) -> None:
    """Return when all arrays of JAX in a structure are there, and let none of them leave the device for it."""
    importlib.import_module("jax").block_until_ready(value)


def dtype_name(dtype: Any) -> str:
    """Return the name of a type, of whichever backend, such as ``float16``."""
    # CNTK names a type by the class of NumPy.
    name = dtype.__name__ if isinstance(dtype, type) else getattr(dtype, "name", dtype)
    return str(name).rpartition(".")[2]


def clear_session() -> None:
    """Drop Keras's graph and name counters; on Keras 3 also the policy and the seed, so see ``fresh_session``."""
    functions = backend_functions()
    # Keras up to 2.3 has no session on Theano and CNTK, and the counters alone.
    if runs_eagerly():
        functions.clear_session()
    else:
        symbolic.forget_names()


def fresh_session(seed: int) -> None:
    """Clear the session, keep the dtype policy, then seed.

    The order matters: on Keras 3 ``clear_session`` throws away the policy and the seed just set, on Keras 2 it keeps
    both (``keras/src/backend/common/global_state.py``).
    """
    policy = policy_name()
    clear_session()
    if policy_name() != policy:
        set_policy(policy)
    set_seed(seed)


def policy_room() -> Any:
    """Return the module with ``global_policy``: experimental until 2.3."""
    room = keras().mixed_precision
    return room if hasattr(room, "global_policy") else room.experimental


def policy_name() -> str:
    """Return the name of the global dtype policy, such as ``float32`` or ``mixed_float16``."""
    if not runs_eagerly():
        # Keras up to 2.3 has no policies, and each layer takes this.
        return str(backend_functions().floatx())
    return str(policy_room().global_policy().name)


def set_policy(name: str) -> None:
    """Set the global dtype policy by name."""
    room = policy_room()
    setter = getattr(room, "set_global_policy", None) or room.set_policy
    setter(name)


def _alone() -> bool:
    """Return whether Keras runs on another backend, be TensorFlow installed beside it or not."""
    # Asked in the midst of measured steps: once something is imported, nothing is looked up in a file.
    running, legacy = backend_choice.imported(), _legacy()
    if running is not None and (running.name == backend_choice.DEFAULT or not legacy):
        return running.name != backend_choice.DEFAULT
    third = _takes_other_backends(legacy)
    if not third and "tensorflow" in sys.modules:
        return False
    return backend_choice.choice().name != backend_choice.DEFAULT and (third or not _can_find("tensorflow"))


@functools.lru_cache(maxsize=None)
def _takes_other_backends(legacy: bool) -> bool:
    """Return whether the Keras installed is of the third generation; by its metadata, since an import takes seconds."""
    release = packages.installed({"TF_USE_LEGACY_KERAS": "1" if legacy else ""})
    return release is not None and (packages.parsed(release.keras) or (0, 0)) >= (3, 0)


def _legacy() -> bool:
    return packages.uses_legacy_keras(VARIABLES)


@functools.lru_cache(maxsize=None)
def _stand_in() -> Any:
    if _DEFAULTS.is_set() and _can_find("tensorflow"):
        # Keras on another backend imports it by and by, which changes the environment in the midst of a check.
        _tensorflow_or_error()
    return no_tensorflow.WithoutTensorFlow(keras())


def _can_find(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):  # ValueError: a module put into sys.modules by hand, without a spec
        return name in sys.modules


# An import that failed is not tried again: it takes seconds, fails alike, and can leave half a package behind.
@functools.lru_cache(maxsize=None)
def _tensorflow_or_error() -> tuple[Any, KerasCh2Error | None]:
    if "tensorflow" not in sys.modules and not _can_find("tensorflow"):
        keras = packages.keras_version() if _can_find("keras") else None
        return None, advice.without_tensorflow(backend_choice.choice(), keras, _present())
    return _imported("tensorflow", checked.tensorflow_2)


@functools.lru_cache(maxsize=None)
def _keras_or_error() -> tuple[Any, KerasCh2Error | None]:
    if not _can_find("keras"):
        return None, FrameworkMissing("Keras is not installed", "neither tensorflow nor keras", f"run {advice.INSTALL}")
    unusable = (
        None if _home_is_private() else advice.unusable(backend_choice.choice(), _present(), packages.keras_version())
    )
    return (None, unusable) if unusable is not None else _imported("keras", lambda module: module)


def _present() -> tuple[str, ...]:
    return tuple(name for name in (*backend_choice.TRAINING, *backend_choice.EARLY) if _can_find(name))


def _imported(name: str, check: Any) -> tuple[Any, KerasCh2Error | None]:
    """Return the module, or the error that says why there is none."""
    lines: Any = []
    try:
        level = {"TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "2")}
        with _home(), import_environment.environment(level), import_environment.silence() as lines:
            module = check(importlib.import_module(name))
    except KerasCh2Error as error:
        return None, error
    except (Exception, SystemExit) as error:  # a broken package may raise anything, even an exit
        return None, checked.broken(name, error, lines)
    for line in lines:
        _log.debug("%s", line)
    for line in import_environment.real_errors(lines):
        _log.warning("while importing %s: %s", name, line)
    return module, None


def _home_is_private() -> bool:
    """Return whether this is a child interpreter in the home that was made for it."""
    return CHILD_HOME in os.environ and os.environ.get("HOME") == os.environ[CHILD_HOME]


@contextlib.contextmanager
def _home() -> Iterator[None]:
    """Let Keras be imported so that nothing is written into the user's home, and the user's settings hold."""
    # A child imports in the home it has, so that claims on where keras.json lies can be checked there
    if _home_is_private():
        yield
        return
    file, chosen = backend_choice.settings_file(), backend_choice.choice()
    if file is not None and file.is_file() and not _DEFAULTS.is_set():
        # Keras writes settings only where there are none. Others that are imported with it write caches elsewhere.
        with import_environment.private_home(keras_home(), settings=file.parent):
            yield
        return
    with import_environment.private_home(keras_home()), import_environment.environment(
        {backend_choice.VARIABLE: chosen.name if chosen.stated else None}
    ):
        yield
    if file is not None and not _DEFAULTS.is_set():
        import_environment.settle(file.parent)


def _keras_version(module: Any) -> str:
    # tf.keras 2.13 to 2.15 has no __version__ (seen on 2.15.1), nor has tf_keras in its place; the package behind does
    own = getattr(module, "__version__", None)
    package = "tf_keras" if packages.uses_legacy_keras(VARIABLES) and "tf_keras" in sys.modules else "keras"
    behind = None if own else sys.modules.get(package)
    return str(own or getattr(behind, "__version__", None) or "-")


def _backend_name(module: Any) -> str:
    if (packages.parsed(_keras_version(module)) or (0, 0)) < (3, 0) and not _alone():
        return "tensorflow"
    return str(module.backend.backend())
