"""Blind faults of the section on the configuration file: Keras reads, writes or uses its settings in a wrong way."""

from __future__ import annotations

import builtins
import json
import ntpath
import os
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Callable, Iterator
from unittest import mock

from evaluation.blind_faults import UNDETECTABLE, blind
from pytest_kerasch2.checks.common_faults import fault, replaced, wrapped, wrapped_method
from pytest_kerasch2.framework import api

_ON_WINDOWS = "This is decided on Windows alone: elsewhere the claim is not applicable."
_LIBRARY = {"keras", "tf_keras", "tensorflow", "tensorflow_core"}


def _by_keras() -> bool:
    # Whether the caller of what is wrapped is code of Keras: what others do with files is their own.
    for level in (3, 4):
        name = sys._getframe(level).f_globals.get("__name__", "")
        if name.partition(".")[0] in _LIBRARY and "keras" in name:
            return True
    return False


def _is_settings(path: Any) -> bool:
    return isinstance(path, (str, os.PathLike)) and Path(path).name == "keras.json"


def _reading(change: Callable[[Any], Any]) -> Any:
    """Let Keras read from its file what `change` makes of it."""

    def read(original: Any, *arguments: Any, **named: Any) -> Any:
        found = original(*arguments, **named)
        ours = isinstance(found, dict) and _is_settings(getattr(arguments[0], "name", None)) and _by_keras()
        return change(dict(found)) if ours else found

    return wrapped(json, "load", read)


@contextmanager
def _writing(change: Callable[[Any], Any]) -> Iterator[None]:
    """Let Keras write into its file what `change` makes of the settings."""

    def write(original: Any, value: Any, *arguments: Any, **named: Any) -> Any:
        ours = isinstance(value, dict) and "image_data_format" in value and "floatx" in value
        return original(change(dict(value)) if ours else value, *arguments, **named)

    # Keras 3 reads its file twice inside TensorFlow's import, and would stop at what it wrote the first time.
    with wrapped(json, "dumps", write), _reading(lambda settings: {}):
        yield


def _written(change: Callable[[str], str]) -> Any:
    """Let the text of the file be what `change` makes of it."""

    def write(original: Any, value: Any, *arguments: Any, **named: Any) -> Any:
        text = original(value, *arguments, **named)
        return change(text) if isinstance(value, dict) and "image_data_format" in value else text

    return wrapped(json, "dumps", write)


def _setting(name: str, value: Any) -> Callable[[Any], Any]:
    return lambda settings: {**settings, name: value}


def _without(name: str) -> Callable[[Any], Any]:
    return lambda settings: {key: value for key, value in settings.items() if key != name}


def _only_whole(settings: Any) -> Any:
    return settings if len(settings) >= 4 else {}


def _home() -> Any:
    """Return the module that holds the settings of the Keras in use."""
    functions = api.backend_functions()
    return sys.modules[functions.epsilon.__module__]


def _default(name: str, value: Any) -> Any:
    return replaced(_home(), name, value)


@contextmanager
def _inside(name: str, value: Any) -> Iterator[None]:
    """Replace a function of the settings in the modules of Keras that use it, not where the reader gets it."""
    functions = api.backend_functions()
    original = getattr(_home(), name, None) or getattr(functions, name)
    with ExitStack() as stack:
        for key, module in list(sys.modules.items()):
            inner = key.partition(".")[0] in _LIBRARY and (".src." in key or ".python.keras." in key)
            if inner and module is not functions and vars(module).get(name) is original:
                stack.enter_context(mock.patch.object(module, name, value))
        yield


@contextmanager
def _function(name: str, wrap: Callable[..., Any]) -> Iterator[None]:
    """Wrap a function of the backend where the reader gets it, by whichever name."""
    rooms = [api.backend_functions(), getattr(api.keras(), "config", None)]
    with ExitStack() as stack:
        for room in rooms:
            if room is not None and hasattr(room, name):
                stack.enter_context(wrapped(room, name, wrap))
        yield


def _ignored(original: Any, *arguments: Any, **named: Any) -> None:
    return None


def _once() -> Callable[..., Any]:
    done: list[bool] = []

    def wrap(original: Any, *arguments: Any, **named: Any) -> Any:
        if not done:
            done.append(True)
            return original(*arguments, **named)
        return None

    return wrap


# --- the defaults


channels_first_by_default = blind("config.format-default")(
    fault("The image format is channels_first by default.", lambda: _default("_IMAGE_DATA_FORMAT", "channels_first"))
)


@blind("config.format-default")
@contextmanager
def layers_take_channels_first() -> Iterator[None]:
    """Layers that are given no format take channels_first, though the setting is channels_last."""
    with ExitStack() as stack:
        for key, module in list(sys.modules.items()):
            for name in ("standardize_data_format", "normalize_data_format"):
                if key.partition(".")[0] in _LIBRARY and callable(vars(module).get(name)):
                    stack.enter_context(
                        wrapped(module, name, lambda original, value: original(value or "channels_first"))
                    )
        yield


epsilon_ten_times_less = blind("config.epsilon-default")(
    fault("Epsilon is 1e-08 by default.", lambda: _default("_EPSILON", 1e-8))
)
epsilon_of_the_machine = blind("config.epsilon-default")(
    fault("Epsilon is the distance of 1 to the next float32.", lambda: _default("_EPSILON", 1.1920928955078125e-07))
)
double_precision = blind("config.floatx-default")(
    fault("The default precision is float64.", lambda: _default("_FLOATX", "float64"))
)


@blind("config.floatx-default")
@contextmanager
def weights_in_double_precision() -> Iterator[None]:
    """The default precision is said to be float32, while layers make weights of float64."""

    def double(original: Any, self: Any, *arguments: Any, **named: Any) -> Any:
        return original(self, *arguments, **{**named, "dtype": "float64"})

    with wrapped_method(api.keras().layers.Layer, "add_weight", double):
        yield


# --- what the settings may be


@blind("config.format-values")
@contextmanager
def any_format() -> Iterator[None]:
    """The setter takes any text for a format."""

    def take(original: Any, value: Any) -> None:
        _home()._IMAGE_DATA_FORMAT = str(value)

    before = _home()._IMAGE_DATA_FORMAT
    with _function("set_image_data_format", take):
        yield
    _home()._IMAGE_DATA_FORMAT = before


@blind("config.format-values")
@contextmanager
def no_channels_first() -> Iterator[None]:
    """The setter refuses channels_first."""

    def take(original: Any, value: Any) -> Any:
        return original("unknown" if value == "channels_first" else value)

    with _function("set_image_data_format", take):
        yield


@blind("config.format-values")
@contextmanager
def format_as_bytes() -> Iterator[None]:
    """The getter gives the format as bytes, not as a text."""
    with _function("image_data_format", lambda original: original().encode()):
        yield


@blind("config.floatx-values")
@contextmanager
def any_precision() -> Iterator[None]:
    """The setter takes whole numbers of 32 bits for a precision, too."""

    def take(original: Any, value: Any) -> Any:
        if value != "int32":
            return original(value)
        _home()._FLOATX = value
        return None

    before = _home()._FLOATX
    with _function("set_floatx", take):
        yield
    _home()._FLOATX = before


@blind("config.floatx-values")
@contextmanager
def no_half_precision() -> Iterator[None]:
    """The setter refuses float16."""
    with _function("set_floatx", lambda original, value: original("half" if value == "float16" else value)):
        yield


@blind("config.floatx-values")
@contextmanager
def other_names_of_precisions() -> Iterator[None]:
    """The setter takes the names double and half for float64 and float16."""
    names = {"double": "float64", "half": "float16"}
    with _function("set_floatx", lambda original, value: original(names.get(value, value))):
        yield


# --- getters and setters

format_is_not_set = blind("config.format-accessors")(
    fault("The setter of the image format does nothing.", _function, "set_image_data_format", _ignored)
)
format_is_set_once = blind("config.format-accessors")(
    fault("The image format can be set once.", lambda: _function("set_image_data_format", _once()))
)


@blind("config.epsilon-accessors")
@contextmanager
def epsilon_is_rounded() -> Iterator[None]:
    """The setter of epsilon rounds it to single precision."""
    import numpy as np

    with _function("set_epsilon", lambda original, value: original(float(np.float32(value)))):
        yield


epsilon_only_lower = blind("config.epsilon-accessors")(
    fault(
        "The setter of epsilon makes it no larger than 1e-07.",
        _function,
        "set_epsilon",
        lambda original, value: original(min(value, 1e-7)),
    )
)
epsilon_is_set_once = blind("config.epsilon-accessors")(
    fault("Epsilon can be set once.", lambda: _function("set_epsilon", _once()))
)
half_is_single = blind("config.floatx-accessors")(
    fault(
        "The setter of the precision takes float16 for float32.",
        _function,
        "set_floatx",
        lambda original, value: original("float32" if value == "float16" else value),
    )
)


@blind("config.floatx-accessors")
@contextmanager
def precision_of_before() -> Iterator[None]:
    """The getter of the precision gives what was first set, for good."""
    first: list[str] = []

    def get(original: Any) -> Any:
        now = original()
        if now != "float32" and not first:
            first.append(now)
        return first[0] if first else now

    with _function("floatx", get):
        yield


backend_is_a_module = blind("config.backend-getter")(
    fault(
        "The getter of the engine gives a module, not its name.",
        _function,
        "backend",
        lambda original: sys.modules[__name__],
    )
)
backend_of_old = blind("config.backend-getter")(
    fault("The getter of the engine says theano, whatever runs.", _function, "backend", lambda original: "theano")
)
backend_in_capitals = blind("config.backend-getter")(
    fault(
        "The getter writes the engine as its maker does: TensorFlow.",
        _function,
        "backend",
        lambda original: {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}.get(original(), original()),
    )
)


@contextmanager
def _with_setter(setter: Callable[[str], Any]) -> Iterator[None]:
    rooms = [api.backend_functions(), getattr(api.keras(), "config", None)]
    with ExitStack() as stack:
        for room in rooms:
            if room is not None:
                stack.enter_context(mock.patch.object(room, "set_backend", setter, create=True))
        yield


backend_is_not_set = blind("config.backend-setter")(
    fault("There is a setter of the engine, and it does nothing.", _with_setter, lambda name: None)
)


@blind("config.backend-setter")
@contextmanager
def backend_set_to_another() -> Iterator[None]:
    """The setter of the engine sets theano, whatever it is given."""
    said = ["tensorflow"]
    with _with_setter(lambda name: said.__setitem__(0, "theano")), _function("backend", lambda original: said[0]):
        yield


no_epsilon_inside = blind("config.epsilon-fuzz")(
    fault("Operations add no epsilon: for them it is zero.", lambda: _inside("epsilon", lambda: 0.0))
)
another_constant_inside = blind("config.epsilon-fuzz")(
    fault("Operations add a constant of their own, not epsilon.", lambda: _inside("epsilon", lambda: 1e-7))
)
epsilon_is_whole = blind("config.epsilon-fuzz")(
    fault("Epsilon is the whole number 0.", lambda: _default("_EPSILON", 0))
)
epsilon_is_not_small = blind("config.epsilon-fuzz")(
    fault("Epsilon is a half, which is not small.", lambda: _default("_EPSILON", 0.5))
)


# --- the precision of weights


def _weights(choose: Callable[[Any, Any, Any], bool], dtype: str = "float32") -> Any:
    """Give weights of layers another type where `choose(layer, name, named)` says so."""

    def make(original: Any, self: Any, *arguments: Any, **named: Any) -> Any:
        name = named.get("name") or next((one for one in arguments if isinstance(one, str)), "")
        if choose(self, name, named):
            named["dtype"] = dtype
        return original(self, *arguments, **named)

    return wrapped_method(api.keras().layers.Layer, "add_weight", make)


bias_stays_single = blind("config.set-floatx", "config.set-floatx-again")(
    fault(
        "The bias of a layer is float32 whatever precision is set.",
        lambda: _weights(lambda layer, name, named: name == "bias"),
    )
)
only_dense_layers_heed = blind("config.set-floatx")(
    fault(
        "Dense layers heed the precision; weights of all others are float32.",
        lambda: _weights(lambda layer, name, named: not isinstance(layer, api.keras().layers.Dense)),
    )
)


@blind("config.set-floatx")
@contextmanager
def half_set_layers_single() -> Iterator[None]:
    """Where float16 is set, layers make weights of float32."""

    def is_half(layer: Any, name: Any, named: Any) -> bool:
        return bool(api.backend_functions().floatx() == "float16")

    with _weights(is_half):
        yield


@blind("config.set-floatx-again")
@contextmanager
def precision_is_never_lowered() -> Iterator[None]:
    """A precision set again is used where it is higher than the one before, and ignored where it is lower."""

    def take(original: Any, value: Any) -> Any:
        now = api.backend_functions().floatx()
        return original(value) if str(value) >= now or (now, value) == ("float32", "float16") else None

    with _function("set_floatx", take):
        yield


@blind("config.set-floatx-again")
@contextmanager
def precision_of_the_kind() -> Iterator[None]:
    """A second layer of a kind makes weights of the precision that the first of its kind had."""
    kinds: dict[str, str] = {}

    def make(original: Any, self: Any, *arguments: Any, **named: Any) -> Any:
        named["dtype"] = kinds.setdefault(type(self).__name__, api.backend_functions().floatx())
        return original(self, *arguments, **named)

    with wrapped_method(api.keras().layers.Layer, "add_weight", make):
        yield


# --- the place of the file


@contextmanager
def _moved(change: Callable[[str], str]) -> Iterator[None]:
    """Let Keras put its file elsewhere."""

    def move(original: Any, path: Any, *arguments: Any, **named: Any) -> Any:
        ours = _is_settings(path) and _by_keras()
        return original(change(os.fspath(path)) if ours else path, *arguments, **named)

    with wrapped(builtins, "open", move), wrapped(os.path, "exists", move):
        yield


file_of_another_name = blind("config.file-place")(
    fault("The file is called config.json.", _moved, lambda path: str(Path(path).with_name("config.json")))
)


@contextmanager
def _expanded(change: Callable[[str, str], str]) -> Iterator[None]:
    """Let Keras find another folder for `~`."""

    def expand(original: Any, path: Any) -> Any:
        found = original(path)
        return change(path, found) if str(path).startswith("~") and _by_keras() else found

    with wrapped(os.path, "expanduser", expand), wrapped(ntpath, "expanduser", expand):
        yield


def _below(home: str) -> str:
    # Keras takes a folder that is not there for one that it must not write into.
    folder = Path(home) / ".config"
    folder.mkdir(exist_ok=True)
    return str(folder)


file_in_a_folder_below = blind("config.file-place")(
    fault(
        "The folder .keras lies in .config of HOME.",
        _expanded,
        lambda path, found: found if "\\" in found else _below(found),
    )
)
windows_application_data = blind("config.file-place-windows")(
    fault(
        "On Windows the folder is %APPDATA%.",
        _expanded,
        lambda path, found: os.environ.get("APPDATA", r"C:\AppData") if "\\" in found else found,
    )
)


@blind("config.file-place-windows")
@contextmanager
def windows_home() -> Iterator[None]:
    r"""On Windows the folder is HOMEDRIVE and HOMEPATH, not USERPROFILE."""

    def expand(original: Any, path: Any) -> Any:
        if not str(path).startswith("~"):
            return original(path)
        return os.environ.get("HOMEDRIVE", "H:") + os.environ.get("HOMEPATH", "\\share") + str(path)[1:]

    with wrapped(ntpath, "expanduser", expand):
        yield


# --- that the file is made, and what stands in it


@blind("config.file-created")
@contextmanager
def file_is_empty() -> Iterator[None]:
    """The file is made, and nothing is written into it."""
    with _written(lambda text: ""):
        yield


@blind("config.file-created")
@contextmanager
def folder_is_not_made() -> Iterator[None]:
    """The file is made where its folder is there already, which it is not at first."""

    def refuse(original: Any, path: Any, *arguments: Any, **named: Any) -> Any:
        if _by_keras() and Path(path).name == ".keras":
            return None
        return original(path, *arguments, **named)

    with wrapped(os, "makedirs", refuse):
        yield


@blind("config.file-created")
@contextmanager
def file_is_made_late() -> Iterator[None]:
    """The file is made when Keras is used for the second time."""

    def refuse(original: Any, path: Any, *arguments: Any, **named: Any) -> Any:
        if _is_settings(path) and _by_keras() and "w" in str(arguments[:1]):
            mark = Path(path).with_name(".used")
            # TensorFlow has two copies of this code, which are one use.
            if not mark.exists():
                mark.write_text(str(os.getpid()), encoding="utf-8")
            if mark.read_text(encoding="utf-8") == str(os.getpid()):
                raise OSError("not the first time")
        return original(path, *arguments, **named)

    with wrapped(builtins, "open", refuse):
        yield


a_fifth_key = blind("config.file-keys")(
    fault("The file holds a fifth key, nnx_enabled.", _writing, _setting("nnx_enabled", False))
)
no_backend_key = blind("config.file-keys")(fault("The file lacks the key backend.", _writing, _without("backend")))
file_says_channels_first = blind("config.file-format")(
    fault("The file says channels_first.", _writing, _setting("image_data_format", "channels_first"))
)
file_says_dim_ordering = blind("config.file-format")(
    fault(
        "The file says tf for image_dim_ordering, as in Keras 1.",
        _writing,
        lambda settings: {**_without("image_data_format")(settings), "image_dim_ordering": "tf"},
    )
)
file_names_another_epsilon = blind("config.file-epsilon")(
    fault("The file says 1e-08 for epsilon.", _writing, _setting("epsilon", 1e-8))
)
file_has_epsilon_as_text = blind("config.file-epsilon")(
    fault("The file says 1e-07 as a text.", _writing, _setting("epsilon", "1e-07"))
)
file_has_epsilon_of_float32 = blind("config.file-epsilon")(
    fault(
        "The file says epsilon as single precision has it.",
        _writing,
        _setting("epsilon", 1.0000000116860974e-07),
    )
)
file_says_float64 = blind("config.file-floatx")(
    fault("The file says float64.", _writing, _setting("floatx", "float64"))
)
file_says_single = blind("config.file-floatx")(
    fault("The file says <dtype: 'float32'>.", _writing, _setting("floatx", "<dtype: 'float32'>"))
)
file_says_jax = blind("config.file-backend")(fault("The file says jax.", _writing, _setting("backend", "jax")))
file_says_tf = blind("config.file-backend")(fault("The file says tf.", _writing, _setting("backend", "tf")))
file_says_no_backend = blind("config.file-backend")(
    fault("The file says null for backend.", _writing, _setting("backend", None))
)
keys_are_sorted = blind("config.file-text")(
    fault(
        "The keys stand in the order of the alphabet.",
        _written,
        lambda text: json.JSONEncoder(sort_keys=True).encode(json.loads(text)),
    )
)
a_line_for_each_key = blind("config.file-text")(
    fault("Each key stands on a line of its own.", _written, lambda text: text.replace(", ", ",\n "))
)


# --- that the user edits the file


def _held_to(name: str, change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda settings: {**settings, name: change(settings[name])} if name in settings else settings


format_is_not_read = blind("config.edit-format")(
    fault("image_data_format in the file is ignored.", _reading, _without("image_data_format"))
)
only_whole_files = blind("config.edit-format", "config.edit-epsilon", "config.edit-floatx", "config.edit-backend")(
    fault("A file that lacks one of the four keys is ignored.", _reading, _only_whole)
)
epsilon_is_not_read = blind("config.edit-epsilon")(
    fault("epsilon in the file is ignored.", _reading, _without("epsilon"))
)
epsilon_is_cut = blind("config.edit-epsilon")(
    fault(
        "An epsilon above 1e-07 in the file is cut to it.",
        _reading,
        _held_to("epsilon", lambda value: min(value, 1e-7)),
    )
)
precision_is_not_read = blind("config.edit-floatx")(
    fault("floatx in the file is ignored.", _reading, _without("floatx"))
)
half_is_read_as_single = blind("config.edit-floatx")(
    fault(
        "float16 in the file is taken for float32.",
        _reading,
        _held_to("floatx", lambda value: "float32" if value == "float16" else value),
    )
)


@blind("config.edit-kept")
@contextmanager
def file_is_written_anew() -> Iterator[None]:
    """The file is taken for missing, and written anew with the defaults."""

    def missing(original: Any, path: Any) -> Any:
        return False if _is_settings(path) and _by_keras() else original(path)

    with wrapped(os.path, "exists", missing):
        yield


def _rewriting(change: Callable[[Any], Any]) -> Any:
    def read(original: Any, stream: Any, *arguments: Any, **named: Any) -> Any:
        found = original(stream, *arguments, **named)
        if isinstance(found, dict) and _is_settings(getattr(stream, "name", None)) and _by_keras():
            Path(stream.name).write_text(json.dumps(change(dict(found)), indent=4), encoding="utf-8")
        return found

    return wrapped(json, "load", read)


strange_keys_are_dropped = blind("config.edit-kept")(
    fault(
        "Keras drops from the file the keys that it does not know.",
        _rewriting,
        lambda found: {
            key: found[key] for key in ("image_data_format", "epsilon", "floatx", "backend") if key in found
        },
    )
)
missing_keys_are_added = blind("config.edit-kept")(
    fault(
        "Keras adds to the file the keys that are missing.",
        _rewriting,
        lambda found: {"floatx": "float32", "epsilon": 1e-7, "image_data_format": "channels_last", **found},
    )
)
backend_is_not_read = blind("config.edit-backend")(
    fault("backend in the file is ignored.", _reading, _without("backend"))
)
only_jax_is_read = blind("config.edit-backend")(
    fault(
        "Of the engines in the file only jax is heeded.",
        _reading,
        _held_to("backend", lambda value: value if value == "jax" else "tensorflow"),
    )
)
engine_is_another = blind("config.backend-values")(
    fault("The engine is mxnet.", _function, "backend", lambda original: "mxnet")
)
cntk_is_tensorflow = blind("config.backend-values")(
    fault(
        "An engine cntk in the file is taken for tensorflow.",
        _reading,
        _held_to("backend", lambda value: "tensorflow" if value == "cntk" else value),
    )
)
file_names_another_engine = blind("config.backend-values")(
    fault("The file names plaidml as the engine.", _writing, _setting("backend", "plaidml"))
)


# --- what is refused

_FORMATS, _PRECISIONS = ("channels_last", "channels_first"), ("float16", "float32", "float64")
strange_format_is_taken = blind("config.file-refused")(
    fault(
        "A strange format in the file is silently taken for the default.",
        _reading,
        _held_to("image_data_format", lambda value: value if value in _FORMATS else _FORMATS[0]),
    )
)
strange_precision_is_taken = blind("config.file-refused")(
    fault(
        "A strange precision in the file is silently taken for the default.",
        _reading,
        _held_to("floatx", lambda value: value if value in _PRECISIONS else "float32"),
    )
)


def _number(value: Any) -> Any:
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


epsilon_as_text_is_taken = blind("config.file-refused")(
    fault(
        "An epsilon that is a text or a whole number is made a float, not refused.",
        _reading,
        _held_to("epsilon", _number),
    )
)
whole_epsilon_is_taken = blind("config.file-refused")(
    fault(
        "An epsilon that is a whole number is made a float, not refused.",
        _reading,
        _held_to("epsilon", lambda value: float(value) if isinstance(value, int) else value),
    )
)

# A fault has its name only once it is assigned.
UNDETECTABLE.update(dict.fromkeys(("windows_application_data", "windows_home"), _ON_WINDOWS))
UNDETECTABLE["engine_is_another"] = (
    "The claim holds on Theano and CNTK alone; elsewhere the fix beneath the fault answers in its place."
)
