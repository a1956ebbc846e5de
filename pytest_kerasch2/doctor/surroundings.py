"""What surrounds a run: interpreter, packages, folders, data sets and git; no framework is imported."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path
from typing import Any

from pytest_kerasch2 import __version__, backend_choice
from pytest_kerasch2.data import places
from pytest_kerasch2.data.registry import RECORDS, DataRecord
from pytest_kerasch2.errors import KerasCh2Error
from pytest_kerasch2.framework import packages
from pytest_kerasch2.timing import revisions

# What a run takes part with, and what a figure may depend on.
NAMES = (
    "pytest", "pytest-benchmark", "pytest-xdist", "hypothesis", "numpy", "h5py", "keras", "tf_keras", "jax", "jaxlib",
    "torch", "protobuf", "ml_dtypes", "scipy", "joblib", "distributed", "matplotlib", "jinja2", "scikit-learn", "rich",
    "filelock", "fastjsonschema", "psutil", "argcomplete",
)  # fmt: skip


def interpreter() -> dict[str, Any]:
    """Return which interpreter this is."""
    return {
        "plugin": __version__,
        "version": platform.python_version(),
        "implementation": platform.python_implementation(),
        "executable": sys.executable,
        "environment": sys.prefix if sys.prefix != sys.base_prefix else None,
        "platform": f"{platform.system()}-{platform.machine()}",
        "cores": os.cpu_count(),
    }


def versions() -> dict[str, str | None]:
    """Return the version of each package that matters; of TensorFlow's distributions, those that are there."""
    listed = {name: packages.version_of(name) for name in packages.TENSORFLOW_DISTRIBUTIONS}
    tensorflow: dict[str, str | None] = {name: one for name, one in listed.items() if one} or {"tensorflow": None}
    return {**tensorflow, **{name: packages.version_of(name) for name in NAMES}}


def caches() -> list[dict[str, Any]]:
    """Return the folders that are looked into or written to, and whether they are there."""
    mirror = os.environ.get(places.MIRROR_VARIABLE)
    listed = [("the mirror of data sets", Path(mirror))] if mirror else []
    listed += [("data sets of Keras", place) for place in places.keras_caches()]
    listed.append(("downloads of this package", places.store_path()))
    configuration = backend_choice.settings_file()
    if configuration is not None:
        listed.append(("the configuration of Keras", configuration))
    return [{"what": what, "path": str(place), "there": _exists(place)} for what, place in dict.fromkeys(listed)]


def data() -> dict[str, str | None]:
    """Return the folder in which the files of each data set are, or None; they are not read, and so not verified."""
    return {record.name: _place(record) for record in RECORDS}


def _place(record: DataRecord) -> str | None:
    mirror = os.environ.get(places.MIRROR_VARIABLE)
    folders = ([Path(mirror)] if mirror else []) + [*places.keras_caches(), places.store_path()]
    for folder in folders:
        if all(any(_exists(folder / name) for name in (one.file, *one.cached_as)) for one in record.archives):
            return str(folder)
    return None


def _exists(place: Path) -> bool:
    try:
        return place.exists()
    except (OSError, ValueError):
        return False


def of_git() -> dict[str, Any]:
    """Return git's version, and the repository that this folder is in, or why there is none."""
    try:
        here = Path.cwd()
        version = revisions.run_git(here, "--version").rpartition("version ")[2].split()[0]
    except OSError as error:
        return {"version": None, "repository": None, "reason": f"the current folder: {error.strerror}"}
    except (KerasCh2Error, revisions.GitFailed) as error:
        return {"version": None, "repository": None, "reason": str(error)}
    try:
        project = revisions.project_of(here)
    except KerasCh2Error as error:
        return {"version": version, "repository": None, "reason": error.happened}
    return {"version": version, "repository": str(project), "shallow": revisions.is_shallow(project), "reason": None}
