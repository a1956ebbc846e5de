"""Injected faults and benign changes around Keras's configuration: its file, its values, its engines.

Those that patch `json` or `os` act alike in a child interpreter, before Keras is imported there.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, ContextManager, Iterator
from unittest import mock

from pytest_kerasch2.checks import common_faults
from pytest_kerasch2.claims.release import numbers
from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.framework import api
from pytest_kerasch2.subprocesses.job import CHILD_HOME

SETTERS = ("set_floatx", "set_epsilon", "set_image_data_format")
OTHER_FILE = {
    "floatx": "float16", "epsilon": 1e-8, "backend": "theano", "image_data_format": "channels_first", "phase": 0,
}  # fmt: skip


def is_configuration(value: Any) -> bool:
    """Return whether this is what Keras keeps in `keras.json`."""
    return isinstance(value, dict) and "image_data_format" in value and "floatx" in value


def is_third_generation() -> bool:
    """Return whether the Keras installed is of the third generation, without importing it."""
    release = api.installed()
    try:
        return release is not None and numbers(release.keras) >= (3,)
    except InvalidArgument:  # where Keras comes inside TensorFlow it has no version of its own
        return False


def only_in_child(plant: Callable[[], Iterator[None]]) -> Callable[[], ContextManager[None]]:
    """Return a context manager that plants in a child interpreter, which has a home of its own, and nowhere else."""

    @functools.wraps(plant)
    def injected() -> ContextManager[None]:
        there = os.environ.get(CHILD_HOME) is not None
        return contextmanager(plant)() if there else contextlib.nullcontext()

    return injected


# -- the file


@contextmanager
def writes_otherwise() -> Iterator[None]:
    """Keras writes other values, and a key more, into its file."""

    def other(original: Any, value: Any, *arguments: Any, **named: Any) -> Any:
        return original(OTHER_FILE if is_configuration(value) else value, *arguments, **named)

    # Keras 3 begins its import twice inside TensorFlow's, and would stop at the engine that the file names now
    with common_faults.wrapped(json, "dumps", other), common_faults.wrapped(json, "load", _forget):
        yield


@contextmanager
def writes_compactly() -> Iterator[None]:
    """Keras writes its file in one line, keys in another order."""

    def compact(original: Any, value: Any, *arguments: Any, **named: Any) -> Any:
        if is_configuration(value):
            return original(dict(sorted(value.items())))
        return original(value, *arguments, **named)

    with common_faults.wrapped(json, "dumps", compact):
        yield


@contextmanager
def writes_as_printed() -> Iterator[None]:
    """Keras writes its file in one line, keys in the order in which the chapter lists them."""
    first = ("image_data_format", "epsilon", "floatx", "backend")

    def ordered(original: Any, value: Any, *arguments: Any, **named: Any) -> Any:
        if not is_configuration(value):
            return original(value, *arguments, **named)
        return original({**{key: value[key] for key in first if key in value}, **value})

    with common_faults.wrapped(json, "dumps", ordered):
        yield


@only_in_child
def never_writes() -> Iterator[None]:
    """The folder of Keras is never made, so that no file can be written there."""

    def refuse(original: Any, path: Any, *arguments: Any, **named: Any) -> Any:
        return None if str(path).endswith(".keras") else original(path, *arguments, **named)

    with common_faults.wrapped(os, "makedirs", refuse):
        yield


@only_in_child
def lives_elsewhere() -> Iterator[None]:
    """Keras keeps its file in another folder of the home."""
    with mock.patch.dict(os.environ, KERAS_HOME=str(Path.home() / "settings")):
        yield


@only_in_child
def home_with_blanks() -> Iterator[None]:
    """The home has a name with blanks."""
    home = Path.home() / "a home with blanks"
    home.mkdir()
    with mock.patch.dict(os.environ, HOME=str(home), USERPROFILE=str(home)):
        yield


@only_in_child
def folder_there_already() -> Iterator[None]:
    """The folder of Keras is there already, and empty."""
    (Path.home() / ".keras").mkdir(exist_ok=True)
    yield


forgetful_reader = common_faults.fault(
    "Keras reads its file and forgets what it read.", lambda: common_faults.wrapped(json, "load", _forget)
)


def _forget(load: Any, *arguments: Any, **named: Any) -> Any:
    read = load(*arguments, **named)
    return {} if is_configuration(read) else read


@contextmanager
def unknown_key() -> Iterator[None]:
    """The file holds a key more, that Keras does not know."""

    def add(original: Any, *arguments: Any, **named: Any) -> Any:
        read = original(*arguments, **named)
        return {**read, "colour": "blue"} if is_configuration(read) else read

    with common_faults.wrapped(json, "load", add):
        yield


@contextmanager
def writes_back() -> Iterator[None]:
    """Keras puts the defaults back into the file that it has read."""

    def overwrite(original: Any, stream: Any, *arguments: Any, **named: Any) -> Any:
        read = original(stream, *arguments, **named)
        if is_configuration(read):
            Path(stream.name).write_text(json.dumps({**read, "floatx": "float32", "epsilon": 1e-07}), encoding="utf-8")
        return read

    with common_faults.wrapped(json, "load", overwrite):
        yield


@contextmanager
def lenient_reader() -> Iterator[None]:
    """Keras takes its own default for every wrong value of the file, and says nothing."""
    allowed = {"floatx": ("float16", "float32", "float64"), "image_data_format": ("channels_last", "channels_first")}

    def mend(original: Any, *arguments: Any, **named: Any) -> Any:
        read = original(*arguments, **named)
        if not is_configuration(read):
            return read
        good = {name: value for name, value in read.items() if value in allowed.get(name, (value,))}
        return {name: value for name, value in good.items() if name != "epsilon" or isinstance(value, float)}

    with common_faults.wrapped(json, "load", mend):
        yield


# -- the values in the process


@contextmanager
def moved_defaults() -> Iterator[None]:
    """Keras begins with other values than it used to."""
    functions = api.backend_functions()
    before = (functions.floatx(), functions.epsilon(), functions.image_data_format())
    for setter, value in zip(SETTERS, ("float16", 1e-5, "channels_first")):
        getattr(functions, setter)(value)
    try:
        yield
    finally:
        for setter, value in zip(SETTERS, before):
            getattr(functions, setter)(value)


@contextmanager
def defaults_set_again() -> Iterator[None]:
    """Somebody sets the values that are in force anyway."""
    functions = api.backend_functions()
    functions.set_floatx(functions.floatx())
    functions.set_epsilon(functions.epsilon())
    functions.set_image_data_format(functions.image_data_format())
    yield


@contextmanager
def deaf_setters() -> Iterator[None]:
    """The setters take a value and do nothing with it."""
    with contextlib.ExitStack() as patches:
        for name in SETTERS:
            patches.enter_context(common_faults.replaced(api.backend_functions(), name, _nothing))
        yield


@contextmanager
def accepts_anything() -> Iterator[None]:
    """The setters swallow their own refusals."""

    def swallow(original: Any, value: Any) -> None:
        try:
            original(value)
        except ValueError:
            return

    with _both_setters(swallow):
        yield


@contextmanager
def coarse_epsilon() -> Iterator[None]:
    """The setter of epsilon keeps a number in single precision."""
    import numpy

    def narrow(original: Any, value: Any) -> None:
        original(float(numpy.float32(value)))

    with common_faults.wrapped(api.backend_functions(), "set_epsilon", narrow):
        yield


@contextmanager
def narrow_setters() -> Iterator[None]:
    """One precision and one image format are taken for another."""

    def narrow(original: Any, value: Any) -> None:
        original({"float64": "float32", "channels_first": "channels_last"}.get(value, value))

    with _both_setters(narrow):
        yield


@contextmanager
def no_fuzz() -> Iterator[None]:
    """Whatever epsilon is set to, Keras works with zero."""
    functions = api.backend_functions()
    before = functions.epsilon()
    functions.set_epsilon(0.0)
    with common_faults.replaced(functions, "set_epsilon", _nothing):
        yield
    functions.set_epsilon(before)


@contextmanager
def engine_called_otherwise() -> Iterator[None]:
    """Keras says that it runs on Theano, and where it does on CNTK."""
    other = "cntk" if api.release().backend == "theano" else "theano"
    with common_faults.replaced(api.backend_functions(), "backend", lambda: other):
        yield


@contextmanager
def floatx_sets_policy() -> Iterator[None]:
    """Setting the precision also sets the policy that layers go by, as it did before Keras 3."""

    def both(original: Any, value: Any) -> None:
        original(value)
        api.set_policy(value)

    with common_faults.wrapped(api.backend_functions(), "set_floatx", both):
        yield


@contextmanager
def bfloat16_refused() -> Iterator[None]:
    """The setter of the precision refuses bfloat16, as it did before Keras 3."""

    def refuse(original: Any, value: Any) -> None:
        if value == "bfloat16":
            raise ValueError("Unknown floatx type: bfloat16")
        original(value)

    with common_faults.wrapped(api.backend_functions(), "set_floatx", refuse):
        yield


@contextmanager
def engine_can_be_set() -> Iterator[None]:
    """The backend's functions include a setter of the engine, which the getter follows."""
    chosen = ["tensorflow"]
    functions = api.backend_functions()
    setter = mock.patch.object(functions, "set_backend", lambda name: chosen.__setitem__(0, name), create=True)
    with common_faults.replaced(functions, "backend", lambda: chosen[0]), setter:
        yield


engine_set_in_vain = common_faults.fault(
    "There is a setter of the engine that does nothing.",
    lambda: mock.patch.object(api.backend_functions(), "set_backend", _nothing, create=True),
)


@contextmanager
def _both_setters(wrap: Callable[..., None]) -> Iterator[None]:
    functions = api.backend_functions()
    with common_faults.wrapped(functions, "set_floatx", wrap), common_faults.wrapped(
        functions, "set_image_data_format", wrap
    ):
        yield


def _nothing(value: Any) -> None:
    """Take a value, do nothing."""
