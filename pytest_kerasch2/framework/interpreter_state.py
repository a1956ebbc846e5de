"""Process-wide state of the interpreter and of NumPy; nothing here needs TensorFlow."""

from __future__ import annotations

import collections
import gc
import logging
import os
import random
import re
import socket
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

from pytest_kerasch2.framework.state_item import UNKNOWN, Item, digest, nothing_new
from pytest_kerasch2.variables import Hidden

# Set by the test runner itself around each phase of a test
_RUNNER_VARIABLES = ("PYTEST_CURRENT_TEST", "PYTEST_VERSION")
# Set by scikit-learn for good when it is imported, which Keras does late on some releases
_OPENMP_VARIABLES = ("KMP_DUPLICATE_LIB_OK", "KMP_INIT_AT_FORK")
_LOGGERS = ("", "absl", "keras", "tensorflow")
# Held by our own desk, in a thread of its own, for as long as a child interpreter runs: no check has opened these
_OF_THE_DESK = re.compile(r"/kerasch2-[^/]+(/|$)")


def _environment() -> dict[str, str]:
    passed_over = (*_RUNNER_VARIABLES, *_OPENMP_VARIABLES)
    return Hidden({name: value for name, value in os.environ.items() if name not in passed_over})


def _set_environment(before: dict[str, str]) -> None:
    for name in _environment():
        if name not in before:
            del os.environ[name]
    for name, value in before.items():
        if os.environ.get(name) != value:
            os.environ[name] = value


def _folder() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - Path.cwd() is the same, slower, and this runs around every check
    except FileNotFoundError:
        return "a folder that was removed"


def _go_back(folder: str) -> None:
    if Path(folder).is_dir():
        os.chdir(folder)


def _filters() -> tuple[Any, ...]:
    return tuple(warnings.filters)


def _set_filters(before: tuple[Any, ...]) -> None:
    warnings.filters[:] = list(before)  # type: ignore[index]
    # Without this the interpreter keeps answering from its cache of decisions
    getattr(warnings, "_filters_mutated", lambda: None)()


def _path() -> tuple[str, ...]:
    return tuple(sys.path)


def _set_path(before: tuple[str, ...]) -> None:
    sys.path[:] = before


def _loggers() -> dict[str, Any]:
    """Return level, state and handlers of the loggers that exist, less the handlers that pytest adds for each phase."""
    registered = logging.root.manager.loggerDict
    settings: dict[str, Any] = {}
    for name in _LOGGERS:
        logger = registered.get(name) if name else logging.root
        if isinstance(logger, logging.Logger):
            handlers = [h for h in logger.handlers if not type(h).__module__.startswith("_pytest")]
            settings[name or "root"] = [logger.level, logger.disabled, logger.propagate, handlers]
    return settings


def _set_loggers(before: dict[str, Any]) -> None:
    for name, (level, disabled, propagate, handlers) in before.items():
        logger = logging.getLogger(None if name == "root" else name)
        logger.setLevel(level)
        logger.disabled, logger.propagate = disabled, propagate
        pytests = [h for h in logger.handlers if type(h).__module__.startswith("_pytest")]
        logger.handlers[:] = handlers + pytests


def _same_loggers(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """A logger that came into being with an import is no change; one that changed is."""
    return all(name not in after or after[name] == value for name, value in before.items())


def _threads() -> dict[str, int]:
    return dict(collections.Counter(t.name for t in threading.enumerate() if not _is_expected(t)))


def _is_expected(thread: threading.Thread) -> bool:
    # The desk's own; and those of a pool, such as the one that TensorFlow 2.0 starts at the first fit and keeps for
    # good (`get_copy_pool` in `training_utils.py`): daemons of the library, not of whoever trained first. Those of an
    # executor, which Keras 3 has for its callbacks, end some time after it: on a busy machine after the check.
    target = getattr(thread, "_target", None)
    homes = (type(thread).__module__, getattr(target, "__module__", None) or "")
    pools = ("multiprocessing.", "concurrent.futures.")
    return thread.name.startswith("kerasch2-") or any(home.startswith(pools) for home in homes)


def _files() -> Any:
    """Return the regular files that are open, with how often; unknown where the system does not tell."""
    try:
        descriptors = os.listdir("/proc/self/fd")  # noqa: PTH208 - runs around every check
    except OSError:
        return UNKNOWN
    opened: list[str] = []
    for descriptor in descriptors:
        try:
            name = os.readlink("/proc/self/fd/" + descriptor)
        except OSError:  # the folder's own descriptor is closed by now
            continue
        # psutil lists /proc itself, in the thread that watches a child.
        is_file = name.startswith("/") and not f"{name}/".startswith(("/dev/", "/proc/", "/memfd:"))
        if is_file and not _OF_THE_DESK.search(name):
            opened.append(name)
    return dict(collections.Counter(opened))


def _numpy() -> Any:
    return sys.modules.get("numpy")


def _numpy_random() -> Any:
    np = _numpy()
    if np is None or not hasattr(np, "random"):
        return UNKNOWN
    kind, keys, position, has_gauss, gauss = np.random.get_state()
    return kind, keys.tobytes(), position, has_gauss, gauss


def _set_numpy_random(before: Any) -> None:
    np = _numpy()
    kind, keys, position, has_gauss, gauss = before
    np.random.set_state((kind, np.frombuffer(keys, dtype=np.uint32), position, has_gauss, gauss))


def _numpy_errors() -> Any:
    np = _numpy()
    return np.geterr() if np is not None and hasattr(np, "geterr") else UNKNOWN


def _set_numpy_errors(before: Any) -> None:
    _numpy().seterr(**before)


def _numpy_print() -> Any:
    np = _numpy()
    return np.get_printoptions() if np is not None and hasattr(np, "get_printoptions") else UNKNOWN


def _set_numpy_print(before: Any) -> None:
    # 'override_repr' arrived with NumPy 2; each release takes back exactly what it gave
    _numpy().set_printoptions(**before)


def _set_gc(enabled: bool) -> None:
    (gc.enable if enabled else gc.disable)()


ITEMS = (
    # By their names: what they hold may be secret.
    Item("environment variables", _environment, _set_environment, tell=lambda variables: f"{sorted(variables)}"),
    Item("current folder", _folder, _go_back),
    Item("warning filters", _filters, _set_filters),
    Item("loggers", _loggers, _set_loggers, same=_same_loggers),
    Item("sys.path", _path, _set_path),
    Item("recursion limit", sys.getrecursionlimit, sys.setrecursionlimit),
    Item("garbage collection", gc.isenabled, _set_gc),
    Item("socket timeout", socket.getdefaulttimeout, socket.setdefaulttimeout),
    Item("random state of Python", random.getstate, random.setstate, tell=digest, spent=True),
    Item("random state of NumPy", _numpy_random, _set_numpy_random, tell=digest, spent=True),
    Item("NumPy error handling", _numpy_errors, _set_numpy_errors),
    Item("NumPy print options", _numpy_print, _set_numpy_print),
    Item("open threads", _threads, same=nothing_new),
    Item("open files", _files, same=nothing_new),
)  # fmt: skip
"""What can be read in any interpreter, cheapest to explain first."""
