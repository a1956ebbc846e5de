"""How many GPUs this machine shows by its files; no driver and no framework is asked."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

from pytest_kerasch2.framework import packages

DEVICES = Path("/dev")
# By these a user hides GPUs, or all but some.
VISIBLE = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES")


def gpus() -> int:
    """Return how many GPUs a framework can be expected to see: those of NVIDIA, AMD, WSL and Apple."""
    count = _nvidia() or _amd() or int((DEVICES / "dxg").exists()) or _apple()
    return min(count, *map(_allowed, VISIBLE))


def _nvidia() -> int:
    return sum(bool(re.fullmatch(r"nvidia\d+", one)) for one in _names(DEVICES))


def _amd() -> int:
    if not (DEVICES / "kfd").exists():
        return 0
    return sum(one.startswith("renderD") for one in _names(DEVICES / "dri"))


def _apple() -> int:
    return int(platform.system() == "Darwin" and packages.version_of("tensorflow-metal") is not None)


def _names(folder: Path) -> list[str]:
    try:
        return [one.name for one in folder.iterdir()]
    except OSError:
        return []


def _allowed(variable: str) -> int:
    """Return how many devices a variable allows; those after an unknown one, such as -1, are hidden."""
    listed = os.environ.get(variable)
    if listed is None:
        return 2**16
    count = 0
    for one in listed.split(","):
        if not one.strip() or one.strip().startswith("-"):
            break
        count += 1
    return count
