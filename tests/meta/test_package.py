"""What is said of the package, where an installer or the package index reads it."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_kerasch2.command_line import explained

PROJECT = Path(__file__).parents[2]
if sys.version_info >= (3, 11):
    import tomllib
else:
    tomllib = pytest.importorskip("tomli", reason="pyproject.toml is read by tomli, of the extra `report`")


@pytest.fixture(scope="module")
def about() -> Any:
    return tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))


def _names(requirements: list[str]) -> set[str]:
    return {re.split(r"[^\w.-]", one)[0].lower() for one in requirements}


def test_nothing_that_tensorflow_bounds_from_above_is_a_dependency(about: Any) -> None:
    # uv takes the newest of those first, and then an older TensorFlow that has no bound yet.
    bounded = {"h5py", "protobuf", "ml-dtypes", "ml_dtypes", "grpcio", "requests", "keras", "gast", "wrapt"}

    assert _names(about["project"]["dependencies"]) & bounded == set()


def test_the_license_is_an_expression(about: Any) -> None:
    assert (about["project"]["license"], about["project"]["license-files"]) == ("MIT", ["LICENSE"])
    assert [one for one in about["project"]["classifiers"] if one.startswith("License")] == []


def test_what_builds_it_runs_on_the_oldest_python(about: Any) -> None:
    # setuptools takes a license expression from 77 on, which needs CPython 3.9.
    assert (about["project"]["requires-python"], _names(about["build-system"]["requires"])) == (">=3.7", {"flit-core"})


@pytest.mark.parametrize("name", ["Homepage", "Documentation", "Source", "Issues", "Changelog"])
def test_each_address_is_there(about: Any, name: str) -> None:
    assert about["project"]["urls"][name].startswith("https://")


def test_an_extra_that_an_error_names_exists(about: Any) -> None:
    assert set(explained.EXTRAS.values()) - set(about["project"]["optional-dependencies"]) == set()


def test_the_sdist_has_what_the_tests_read(about: Any) -> None:
    included = {one.rstrip("/") for one in about["tool"]["flit"]["sdist"]["include"]}

    assert {"tests", "docs", "benchmarks", "matrix", "CHANGELOG.md", "tox.ini"} <= included
