"""Which TensorFlow and Keras are installed, told from distribution metadata alone: nothing is imported."""

from __future__ import annotations

import re
import sys
from typing import Any, Callable, Iterable, Mapping, Optional

from pytest_kerasch2 import backend_choice
from pytest_kerasch2.claims.release import Release
from pytest_kerasch2.variables import VARIABLES

TENSORFLOW_DISTRIBUTIONS = (
    "tensorflow",
    "tensorflow-cpu",
    "tensorflow-gpu",
    "tensorflow-intel",
    "tensorflow-macos",
    "tensorflow-rocm",
    "tensorflow-aarch64",
    "tensorflow-cpu-aws",
    "tf-nightly",
    "tf-nightly-cpu",
    "tf-nightly-gpu",
)
"""Distributions that put a package called ``tensorflow`` on the path, the commonest first."""

KERAS_INSIDE_TENSORFLOW = (("2.0", "2.2.4-tf"), ("2.1", "2.3.0-tf"), ("2.2", "2.3.0-tf"), ("2.3", "2.4.0"),
                           ("2.4", "2.4.0"), ("2.5", "2.5.0"))  # fmt: skip
"""``tf.keras.__version__`` of the releases that carry Keras inside, as the newest patch of each says it in a run."""

BACKENDS = ("tensorflow", "jax", "torch")

VersionOf = Callable[[str], Optional[str]]


def _metadata() -> Any:
    if sys.version_info >= (3, 8):
        from importlib import metadata
    else:
        import importlib_metadata as metadata
    return metadata


def distributions() -> Iterable[Any]:
    """Return all installed distributions, as `importlib.metadata` has them."""
    return _metadata().distributions()  # type: ignore[no-any-return]


def version_of(distribution: str) -> str | None:
    """Return the version of an installed distribution, or None where it is absent or its metadata is damaged."""
    metadata = _metadata()
    try:
        about = metadata.distribution(distribution).metadata
    except (metadata.PackageNotFoundError, KeyError, OSError, UnicodeError):
        return None
    # Not `metadata.version`: on CPython 3.12 and later that warns where the metadata holds no version
    version = about.get("Version") if about is not None else None
    return str(version) if version else None


def parsed(version: str) -> tuple[int, int] | None:
    """Return major and minor of a version such as ``2.16.0-rc0``, or None where it does not start with two numbers."""
    match = re.match(r"(\d+)\.(\d+)", version)
    return (int(match.group(1)), int(match.group(2))) if match else None


def uses_legacy_keras(environ: Mapping[str, str]) -> bool:
    """Return whether ``TF_USE_LEGACY_KERAS`` asks for Keras 2, read as TensorFlow 2.16 and later read it."""
    return environ.get("TF_USE_LEGACY_KERAS", "") in ("1", "true", "True")


def installed(environ: Mapping[str, str] | None = None, version: VersionOf = version_of) -> Release | None:
    """Return the release that an import would bring, or None where neither TensorFlow nor Keras is installed.

    The backend is found as Keras finds it; see ``choice``.

    Args:
        environ: the environment variables, by default those of this process.
        version: gives the version of a distribution, or None.
    """
    chosen = backend_choice.choice(environ).name
    environ = VARIABLES if environ is None else environ
    tensorflow = next(filter(None, map(version, TENSORFLOW_DISTRIBUTIONS)), None)
    keras = _keras_version(tensorflow, environ, version)
    if tensorflow is None and keras is None:
        return None
    early = tensorflow is None and backend_choice.has_engines(keras or "")
    backend = chosen if early and chosen in backend_choice.EARLY else _backend(keras, chosen)
    return Release(tensorflow=tensorflow or "-", keras=keras or "-", backend=backend)


def keras_version(version: VersionOf = version_of) -> str | None:
    """Return the version of the package ``keras``, or None where it is not installed."""
    return version("keras") or version("keras-nightly")


def _keras_version(tensorflow: str | None, environ: Mapping[str, str], version: VersionOf) -> str | None:
    minor = parsed(tensorflow) if tensorflow else None
    if minor and minor < (2, 6):
        return dict(KERAS_INSIDE_TENSORFLOW).get("{}.{}".format(*minor))
    if minor and minor >= (2, 16) and uses_legacy_keras(environ):
        return version("tf_keras")
    return keras_version(version) or version("tf_keras")


def _backend(keras: str | None, chosen: str) -> str:
    minor = parsed(keras) if keras else None
    return backend_choice.DEFAULT if minor is None or minor < (3, 0) else chosen


def remedy_for(error_text: str) -> str:
    """Return the likely cure for the text of a failed import."""
    return next((fix for pattern, fix in _CURES if re.search(pattern, error_text, re.IGNORECASE)), _LAST_RESORT)


_LAST_RESORT = "run `python -c 'import tensorflow'` to see the whole error, then reinstall TensorFlow"
_CURES: tuple[tuple[str, str], ...] = (
    (r"descriptors cannot|protobuf|_pb2|runtime_version", "install the protobuf that this TensorFlow was built for"
     ' (for TensorFlow up to 2.11: `pip install "protobuf<3.21"`; otherwise reinstall TensorFlow)'),
    (r"compiled using numpy 1|numpy\.core\.(_?multiarray|umath)|_ARRAY_API|numpy\.dtype size changed|dtype size"
     r"|module 'numpy' has no attribute|np\.(bool|object|int|complex_|float_)",
     'install a NumPy of the time of this TensorFlow (before 2.18: `pip install "numpy<2"`)'),
    (r"keras cannot be imported|no module named '?(tf_)?keras", "install the Keras that this TensorFlow expects"
     " (`pip install keras`, or `pip install tf_keras` with TF_USE_LEGACY_KERAS=1)"),
    (r"no module named '?(jax|torch)", "install the backend that KERAS_BACKEND names, or unset KERAS_BACKEND"),
    (r"backend", "set KERAS_BACKEND to tensorflow, jax or torch, or unset it"),
    (r"no module named", "install the missing module, or reinstall TensorFlow with its dependencies"),
    (r"dll load failed", "install the Microsoft Visual C++ redistributable, then reinstall TensorFlow"),
    (r"cannot open shared object|undefined symbol|glibc|cannot allocate memory in static tls",
     "reinstall TensorFlow for this operating system and CPython"),
)  # fmt: skip
