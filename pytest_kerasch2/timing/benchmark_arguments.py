"""The arguments of a benchmark: each that cannot be used is refused in one sentence that names it."""

from __future__ import annotations

import math
from typing import Any

from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.framework import devices
from pytest_kerasch2.framework.devices import Device


def to_device(device: Any) -> Device:
    """Return the device that was asked for, by a word or as such; a GPU where none was and there is one.

    Raises:
        InvalidArgument: it is no device.
        DeviceMissing: it is not there.
    """
    if isinstance(device, Device):
        return device
    check_device(device)
    return devices.one(device)


def check_device(device: Any) -> None:
    """Refuse a word that is no device, or names several.

    Raises:
        InvalidArgument: it is one.
    """
    try:
        valid = device is None or (isinstance(device, str) and devices.single(device) is not None)
    except InvalidArgument:
        valid = False
    if not valid:
        raise InvalidArgument(f"device must be 'cpu', 'gpu' or one of several such as 'gpu:1', got {device!r}")


def check_seconds(value: Any, name: str = "seconds") -> None:
    """Refuse what is no time.

    Raises:
        InvalidArgument: it is not a finite number above zero.
    """
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not 0 < value < math.inf:
        raise InvalidArgument(f"{name} must be a positive number of seconds, got {value!r}")


def check_count(value: Any, name: str) -> None:
    """Refuse what is no count.

    Raises:
        InvalidArgument: it is not a whole number above zero.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidArgument(f"{name} must be a positive integer, got {value!r}")


def check_breakdown(breakdown: Any, mode: str) -> None:
    """Refuse the breakdown of a step of another mode than `fit`.

    Raises:
        InvalidArgument: it is asked for.
    """
    if breakdown and mode != "fit":
        raise InvalidArgument(f"breakdown=True needs mode='fit', got mode={mode!r}")
