"""The release that a document is checked for: the one that is installed, or one that is named."""

from __future__ import annotations

import re

from pytest_kerasch2.claims.release import ABSENT, Release, ReleaseWithNumPy, numbers
from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.framework import packages

# The newest Keras that each TensorFlow since 2.16 takes, and what has none of its own is named with.
KERAS_3 = "3.15.1"
# The NumPy with which a TensorFlow since this one is installed, as the pins of the matrix have it.
_NUMPY = (((2, 18), "2.0"), ((2, 7), "1.24"))
_REMEDY = "write --release 2.16, --release tensorflow==2.16 or --release keras==3.5"


def named(text: str | None) -> Release:
    """Return the release that is named, or the one that is installed.

    Raises:
        InvalidArgument: it cannot be read, or none is installed.
    """
    if text is None:
        release = packages.installed()
        if release is None:
            raise InvalidArgument("No TensorFlow and no Keras is installed here", "", _REMEDY)
        return _with_numpy(release, packages.version_of("numpy"))
    match = re.fullmatch(r"\s*(?:(tensorflow|tf|keras)\s*(?:==|=|-| )\s*)?(\d+(?:\.\d+){1,2})\s*", text, re.IGNORECASE)
    if match is None:
        raise InvalidArgument("A release cannot be read", repr(text[:40]), _REMEDY)
    version = match.group(2)
    if (match.group(1) or "").lower() == "keras":
        return Release(ABSENT, version, "tensorflow")
    if not (2, 0) <= numbers(version)[:2] <= (2, 99):
        raise InvalidArgument("A release is not one of TensorFlow 2", version, _REMEDY)
    release = Release(version, _keras_of(version), "tensorflow")
    return _with_numpy(release, next((one for since, one in _NUMPY if numbers(version) >= since), ABSENT))


def _with_numpy(release: Release, version: str | None) -> Release:
    return ReleaseWithNumPy(release.tensorflow, release.keras, release.backend, version or ABSENT)


def _keras_of(version: str) -> str:
    minor = ".".join(version.split(".")[:2])
    inside = dict(packages.KERAS_INSIDE_TENSORFLOW).get(minor)
    if inside is not None:
        return inside
    return KERAS_3 if numbers(minor) >= (2, 16) else f"{minor}.0"


def text_of_release(release: Release) -> str:
    """Return a release for a reader, such as `TensorFlow 2.21.0, Keras 3.15.1`."""
    tensorflow = "" if release.tensorflow == ABSENT else f"TensorFlow {release.tensorflow}, "
    return f"{tensorflow}Keras {release.keras}"


def spelled(bound: str) -> str:
    """Return the first or the last release of a cause with the name of what it is a release of."""
    return bound if bound.startswith(("Keras", "NumPy")) else f"TensorFlow {bound}"
