"""A chapter of one section on a stand-in for TensorFlow, so that an inner run takes a second and not ten."""

from __future__ import annotations

import json
import os
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

# As little of TensorFlow 2.15 as the suite itself asks of it; what a check asks of it, the check's own test adds.
STAND_IN = """
from types import SimpleNamespace
__version__ = "2.15.1"
settings = {"floatx": "float32", "epsilon": 1e-07, "format": "channels_last"}
custom = {}
def get_custom_objects():
    return custom
def get_uid(prefix=""):
    return 1
backend = SimpleNamespace(
    backend=lambda: "tensorflow", clear_session=lambda: None, get_uid=get_uid,
    floatx=lambda: settings["floatx"], set_floatx=lambda value: settings.update(floatx=value),
    epsilon=lambda: settings["epsilon"], set_epsilon=lambda value: settings.update(epsilon=value),
    image_data_format=lambda: settings["format"], set_image_data_format=lambda value: settings.update(format=value),
)
keras = SimpleNamespace(
    __version__="2.15.0", backend=backend, layers=None,
    utils=SimpleNamespace(get_custom_objects=get_custom_objects),
    mixed_precision=SimpleNamespace(
        global_policy=lambda: SimpleNamespace(name="float32"), set_global_policy=lambda name: None
    ),
)
executing_eagerly = lambda: True
debugging = SimpleNamespace(set_log_device_placement=lambda on: None)
random = SimpleNamespace(set_seed=lambda seed: None)
class _Config:
    experimental = SimpleNamespace()
    list_physical_devices = staticmethod(lambda kind: ["cpu"] if kind == "CPU" else [])
    functions_run_eagerly = staticmethod(lambda: False)
    run_functions_eagerly = staticmethod(lambda on: None)
    set_soft_device_placement = staticmethod(lambda on: None)
config = _Config()
config.experimental.list_physical_devices = config.list_physical_devices
distribute = SimpleNamespace(has_strategy=lambda: False)
"""
# Loaded into an inner run with `-p small`: the suite then finds the section below instead of the packaged ones.
SMALL = """
from pathlib import Path
from pytest_kerasch2.chapter import check_list
from pytest_kerasch2.suite import collection
collection.FOLDER = Path(__file__).parent / "small_chapter"
collection.PACKAGE = check_list.PACKAGE = "small_chapter"
check_list.SECTIONS = ("section",)
"""
HEAD = """
import os
import time
from contextlib import contextmanager
from unittest import mock

import pytest

from pytest_kerasch2.claims.decorators import *
from pytest_kerasch2.errors import *
from pytest_kerasch2.subprocesses.job import Job

def about(name, statement="It is so."):
    return claim(f"small.{name}", statement, "prose", section="Features")

def known(**more):
    return known_issue(**{"cause": "it moved", "source": "https://example.org/why", "symptom": "5, not 6", **more})
"""

TWO = """
@about('held')
def held(record):
    record.equal('value', expected=5, actual=5)

@about('broken')
@known()
def broken(record):
    record.equal('value', expected=6, actual=5)
"""


class Small:
    """An inner run of a small chapter."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.path = pytester.path
        package = self.path / "small_chapter"
        package.mkdir()
        (package / "__init__.py").touch()
        self._stand_in(self.path / "fakes")
        (self.path / "fakes" / "small.py").write_text(
            SMALL.replace("Path(__file__).parent", f"Path({str(self.path)!r})")
        )

    def _stand_in(self, folder: Path) -> None:
        (folder / "tensorflow").mkdir(parents=True)
        (folder / "tensorflow" / "__init__.py").write_text(STAND_IN)
        for name, version in (("tensorflow", "2.15.1"), ("keras", "2.15.0")):
            about = folder / f"{name}-{version}.dist-info"
            about.mkdir()
            (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")

    def section(self, body: str) -> None:
        """Write the checks of the section."""
        (self.path / "small_chapter" / "section.py").write_text(HEAD + dedent(body))

    def run(self, *arguments: str, **environment: str) -> pytest.RunResult:
        """Verify the small chapter in a process of its own."""
        return self.pytest("--chapter", *arguments, **environment)

    def pytest(self, *arguments: str, **environment: str) -> pytest.RunResult:
        """Run pytest in a process of its own, with the stand-in for TensorFlow and its own home."""
        home = self.path / "home"
        home.mkdir(exist_ok=True)
        path = os.pathsep.join([str(self.path / "fakes"), str(self.path), os.environ.get("PYTHONPATH", "")])
        quiet = {
            "GITHUB_ACTIONS": "",
            "GITHUB_STEP_SUMMARY": "",
            "KERASCH2_MIRROR": "",
            "KERAS_HOME": "",
            "COLUMNS": "120",
        }
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {"PYTHONPATH": path, "HOME": str(home), **quiet, **environment}.items():
                patch.setenv(name, value) if value else patch.delenv(name, raising=False)
            # Not shuffled, because some of these tests are about order; a third of the start is Hypothesis's plugin.
            shared = ("-p", "small", "-p", "no:randomly", "-p", "no:hypothesispytest")
            return self.pytester.runpytest_subprocess(*shared, *arguments, timeout=120)

    def results(self, *arguments: str) -> tuple[pytest.RunResult, Any]:
        """Verify the small chapter and read the results file that it wrote."""
        place = self.path / "results.json"
        result = self.run(f"--chapter-results={place}", *arguments)
        return result, json.loads(place.read_text(encoding="utf-8"))


@pytest.fixture
def small(pytester: pytest.Pytester) -> Small:
    return Small(pytester)


@pytest.fixture
def two(small: Small) -> Small:
    """A chapter of one claim that holds, and one whose known issue is known."""
    small.section(TWO)
    return small
