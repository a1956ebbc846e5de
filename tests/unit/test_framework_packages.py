"""What is installed, told from metadata alone."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pytest_kerasch2.claims.release import Release
from pytest_kerasch2.framework import packages

HEAVY = ("tensorflow", "keras", "tf_keras", "jax", "torch", "h5py", "numpy", "hypothesis")


def installed_release(versions, **environ):
    return packages.installed(environ, versions.get)


@pytest.mark.parametrize(
    ("versions", "environ", "expected"),
    [
        ({"tensorflow": "2.0.0"}, {}, Release("2.0.0", "2.2.4-tf", "tensorflow")),
        ({"tensorflow": "2.5.3", "keras": "2.9.0"}, {}, Release("2.5.3", "2.5.0", "tensorflow")),
        ({"tensorflow-cpu": "2.15.1", "keras": "2.15.0"}, {}, Release("2.15.1", "2.15.0", "tensorflow")),
        ({"tensorflow": "2.21.0", "keras": "3.15.1"}, {}, Release("2.21.0", "3.15.1", "tensorflow")),
        ({"tf-nightly": "2.22.0.dev1", "keras-nightly": "3.16.0"}, {}, Release("2.22.0.dev1", "3.16.0", "tensorflow")),
        ({"tensorflow": "2.21.0"}, {}, Release("2.21.0", "-", "tensorflow")),
        ({"keras": "3.15.1"}, {"KERAS_BACKEND": "jax"}, Release("-", "3.15.1", "jax")),
        ({"keras": "3.15.1"}, {"KERAS_BACKEND": ""}, Release("-", "3.15.1", "tensorflow")),
        ({"keras": "2.3.1"}, {"KERAS_BACKEND": "theano"}, Release("-", "2.3.1", "theano")),
        ({"keras": "2.2.4"}, {"KERAS_BACKEND": "cntk"}, Release("-", "2.2.4", "cntk")),
        ({"keras": "2.3.1"}, {}, Release("-", "2.3.1", "tensorflow")),
        ({"keras": "2.4.3"}, {"KERAS_BACKEND": "theano"}, Release("-", "2.4.3", "tensorflow")),
        # Keras 2 inside TensorFlow has one backend, whatever the variable says
        (
            {"tensorflow": "2.15.1", "keras": "2.15.0"},
            {"KERAS_BACKEND": "jax"},
            Release("2.15.1", "2.15.0", "tensorflow"),
        ),
        (
            {"tensorflow": "2.21.0", "keras": "3.15.1", "tf_keras": "2.21.0"},
            {"TF_USE_LEGACY_KERAS": "1"},
            Release("2.21.0", "2.21.0", "tensorflow"),
        ),
        (
            {"tensorflow": "2.15.1", "keras": "2.15.0", "tf_keras": "2.15.0"},
            {"TF_USE_LEGACY_KERAS": "1"},
            Release("2.15.1", "2.15.0", "tensorflow"),
        ),
        ({}, {}, None),
    ],
)
def test_release_from_metadata(versions, environ, expected):
    assert installed_release(versions, **environ) == expected


def test_version_of_an_absent_distribution_is_none():
    assert packages.version_of("no-such-distribution-kerasch2") is None


def test_version_of_a_present_distribution():
    assert packages.version_of("pytest") == pytest.__version__


def test_metadata_without_a_version_counts_as_absent(tmp_path, monkeypatch):
    broken = tmp_path / "kerasch2_broken-1.dist-info"
    broken.mkdir()
    (broken / "METADATA").write_text("Metadata-Version: 2.1\nName: kerasch2-broken\n")
    monkeypatch.syspath_prepend(str(tmp_path))

    assert packages.version_of("kerasch2-broken") is None


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("TypeError: Descriptors cannot be created directly.", "protobuf"),
        ("A module that was compiled using NumPy 1.x cannot be run in NumPy 2.0", "numpy"),
        ("AttributeError: module 'numpy' has no attribute 'object'.", "numpy"),
        ("ModuleNotFoundError: No module named 'tf_keras'", "tf_keras"),
        ("ModuleNotFoundError: No module named 'jax'", "KERAS_BACKEND"),
        ("ValueError: Unable to import backend : foo", "KERAS_BACKEND"),
        ("ModuleNotFoundError: No module named 'absl'", "missing module"),
        ("ImportError: libcudart.so.12: cannot open shared object file", "operating system"),
        ("ImportError: DLL load failed while importing _pywrap", "Visual C++"),
        ("RuntimeError: something else", "whole error"),
    ],
)
def test_remedy(text, word):
    assert word in packages.remedy_for(text)


@pytest.mark.parametrize(("version", "expected"), [("2.16.0-rc0", (2, 16)), ("9.9", (9, 9)), ("", None), ("two", None)])
def test_parsed(version, expected):
    assert packages.parsed(version) == expected


LIGHT = (
    *("framework.api", "framework.state", "framework.devices", "framework.packages", "framework.import_environment"),
    *("subprocesses.child", "subprocesses.runner", "subprocesses.job_cache", "backend_choice"),
)


@pytest.mark.parametrize("module", LIGHT)
def test_importing_a_module_of_the_room_imports_nothing_heavy(module):
    code = f"import sys, pytest_kerasch2.{module}; print([m for m in {HEAVY!r} if m in sys.modules])"

    text = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True, timeout=60).stdout

    assert text.decode().strip() == "[]"


def test_asking_what_is_installed_imports_nothing_heavy():
    code = (
        "import sys; from pytest_kerasch2.framework import api, state, devices; api.installed(); state.read();"
        f" devices.kinds('cpu'); api.is_loaded(); print([m for m in {HEAVY!r} if m in sys.modules])"
    )

    text = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True, timeout=60).stdout

    assert text.decode().strip() == "[]"
