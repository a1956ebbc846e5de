"""Which backend Keras runs on, found in the order in which Keras itself looks, without importing anything.

A Keras that is imported already has made its choice. Otherwise the variable ``KERAS_BACKEND`` decides, then the file
``keras.json`` in ``KERAS_HOME`` or ``~/.keras``, and where neither says anything it is TensorFlow.
"""

from __future__ import annotations

import functools
import json
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping

VARIABLE = "KERAS_BACKEND"
FILE = "keras.json"
DEFAULT = "tensorflow"
TRAINING = ("tensorflow", "jax", "torch")
"""The backends on which Keras trains."""
EARLY = ("theano", "cntk")
"""The backends, besides TensorFlow, of Keras up to 2.3."""
INFERENCE = ("numpy", "openvino")
"""The backends on which Keras only computes."""


@dataclass(frozen=True)
class Choice:
    """A backend, and where the choice comes from, in the words of a message.

    Attributes:
        name: such as ``jax``.
        source: such as ``KERAS_BACKEND=jax``.
        stated: whether anything says so; not where Keras falls back on its default.
    """

    name: str
    source: str
    stated: bool = True


def choice(environ: Mapping[str, str] | None = None) -> Choice:
    """Return the backend on which Keras runs, or would run if it were imported now.

    Args:
        environ: the environment variables, by default those of this process; an imported Keras counts only then.
    """
    in_use = imported() if environ is None else None
    if in_use is not None:
        return in_use
    named = (os.environ if environ is None else environ).get(VARIABLE)
    if named:
        return Choice(named, f"{VARIABLE}={named}")
    path = settings_file(environ)
    kept = None if path is None else _backend_in(path)
    if kept:
        return Choice(kept, f'"backend": "{kept}" in {path}')
    return Choice(DEFAULT, f"{VARIABLE} is not set, and no {FILE} names a backend", stated=False)


def settings_file(environ: Mapping[str, str] | None = None) -> Path | None:
    """Return the path at which Keras looks for its settings, whether there is a file or not; None without a home."""
    own = (os.environ if environ is None else environ).get("KERAS_HOME")
    if own is not None:
        return Path(own).expanduser() / FILE
    if environ is not None:
        home = environ.get("HOME") or environ.get("USERPROFILE")
        return Path(home) / ".keras" / FILE if home else None
    home = os.path.expanduser("~")  # noqa: PTH111 - as Keras does it: where there is no home, the text stays
    # Keras leaves a home that cannot be written, and settles in the folder of temporary files.
    return Path(home if os.access(home, os.W_OK) else "/tmp") / ".keras" / FILE


def imported() -> Choice | None:
    """Return the backend of the Keras that is imported already, or None where there is none or nothing to choose."""
    keras: Any = sys.modules.get("keras")
    version = str(getattr(keras, "__version__", ""))
    if has_engines(version):
        # By the module that it has loaded, for its functions may be others by now.
        engine = next((name for name in EARLY if f"keras.backend.{name}_backend" in sys.modules), DEFAULT)
        return Choice(engine, f"Keras has been imported with the backend {engine}")
    if version.startswith(("3.", "4.")):
        backend = getattr(getattr(keras, "config", None), "backend", None)
    else:
        # The others of Keras 2 have a function of that name too, and nothing to choose.
        return None
    if backend is None:
        return None
    name = str(backend())
    return Choice(name, f"Keras has been imported with the backend {name}")


def has_engines(version: str) -> bool:
    """Whether a version of Keras is one of those up to 2.3, which run on Theano and CNTK too."""
    # A version with a suffix, such as 2.2.4-tf, is that of the Keras inside TensorFlow.
    return re.fullmatch(r"2\.[0-3](\.\d+)*", version) is not None


def _backend_in(path: Path) -> str | None:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return _read_backend(str(path), status.st_mtime_ns, status.st_size)


@functools.lru_cache(maxsize=8)
def _read_backend(path: str, changed: int, size: int) -> str | None:
    del changed, size
    try:
        kept = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        # Keras takes a damaged file for an empty one.
        return None
    named = kept.get("backend") if isinstance(kept, dict) else None
    return named if isinstance(named, str) else None
