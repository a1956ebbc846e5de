"""What the verdicts of a run depend on, as one text: if it is the same, the same run would give the same verdicts."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any, Iterator

from pytest_kerasch2 import backend_choice
from pytest_kerasch2.data import registry, sources
from pytest_kerasch2.framework import packages
from pytest_kerasch2.options import Settings

PACKAGE = Path(__file__).parents[1]
# Variables that frameworks and their libraries read.
_VARIABLES = (
    "TF_", "KERAS_", "KERASCH2_", "XLA_", "CUDA_", "JAX_", "TORCH_", "PYTORCH_", "OMP_", "MKL_", "OPENBLAS_", "HDF5_",
    "PYTHONPATH", "PYTHONHASHSEED",
)  # fmt: skip


def digest(settings: Settings) -> str | None:
    """Return it, or None where it cannot be told: a package that is edited in place has no version of its own."""
    installed = list(_distributions())
    if any(files is None for _, files in installed):
        return None
    parts: list[Any] = [
        sorted(installed),
        [sys.version, platform.platform(), platform.machine(), os.cpu_count()],
        sorted((name, value) for name, value in os.environ.items() if name.startswith(_VARIABLES)),
        sorted(str(path) for path in Path("/dev").glob("nvidia[0-9]*")),
        [settings.devices, str(settings.mirror), settings.offline, settings.accuracy, str(settings.trainings)],
        [_state(path) for path in _files(settings)],
        _own_code(),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _distributions() -> Iterator[tuple[str, str | None]]:
    """Yield each installed package but this one with a digest of the list of its files, None where it has no list."""
    for one in packages.distributions():
        name = str(one.metadata["Name"])
        if name.replace("_", "-").lower() == "pytest-kerasch2":
            continue
        record = one.read_text("RECORD")
        is_edited = '"editable": true' in (one.read_text("direct_url.json") or "")
        listed = None if record is None or is_edited else hashlib.sha256(record.encode()).hexdigest()
        yield f"{name} {one.version}", listed


def _files(settings: Settings) -> Iterator[Path]:
    """Yield the files of the user's that a verdict may depend on, whether they are there or not."""
    own = backend_choice.settings_file()
    if own is not None:
        yield own
    folders = [*([settings.mirror] if settings.mirror is not None else []), *sources.keras_caches()]
    for record in registry.RECORDS:
        for archive in record.archives:
            yield from (folder / name for folder in folders for name in (archive.file, *archive.cached_as))


def _state(path: Path) -> list[Any]:
    try:
        status = path.stat()
    except OSError:
        return [str(path)]
    return [str(path), status.st_size, status.st_mtime_ns]


def _own_code() -> str:
    """Return a digest of the files of this package."""
    whole = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            whole.update(f"{path.relative_to(PACKAGE)} {path.stat().st_size}\n".encode())
            whole.update(path.read_bytes())
    return whole.hexdigest()
