"""The arguments of a benchmark: each that cannot be used is refused in one sentence that names it."""

from __future__ import annotations

import math
from typing import Any

from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.framework import devices
from pytest_kerasch2.framework.devices import Device


def device(given: Any) -> Device:
    """Return the device that was asked for, by a word or as such; a GPU where none was and there is one.

    Raises:
        InvalidArgument: it is no device.
        DeviceMissing: it is not there.
    """
    if isinstance(given, Device):
        return given
    check_device(given)
    return devices.one(given)


def check_device(given: Any) -> None:
    """Refuse a word that is no device, or names several.

    Raises:
        InvalidArgument: it is one.
    """
    try:
        good = given is None or (isinstance(given, str) and devices.single(given) is not None)
    except InvalidArgument:
        good = False
    if not good:
        raise InvalidArgument(f"device must be 'cpu', 'gpu' or one of several such as 'gpu:1', got {given!r}")


def seconds(given: Any, name: str = "seconds") -> None:
    """Refuse what is no time.

    Raises:
        InvalidArgument: it is not a finite number above zero.
    """
    number = isinstance(given, (int, float)) and not isinstance(given, bool)
    if not number or not 0 < given < math.inf:
        raise InvalidArgument(f"{name} must be a positive number of seconds, got {given!r}")


def count(given: Any, name: str) -> None:
    """Refuse what is no count.

    Raises:
        InvalidArgument: it is not a whole number above zero.
    """
    if isinstance(given, bool) or not isinstance(given, int) or given < 1:
        raise InvalidArgument(f"{name} must be a positive integer, got {given!r}")


def apart(given: Any, mode: str) -> None:
    """Refuse to take another step than one of `fit` apart.

    Raises:
        InvalidArgument: it is to be done.
    """
    if given and mode != "fit":
        raise InvalidArgument(f"apart=True takes a step of mode='fit' apart, got mode={mode!r}")
