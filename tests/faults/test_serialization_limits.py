"""What looking into a file may take: it is done in a child, which may crash, hang or run out of memory."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from evaluation import damaged_models, hostile_files, hostile_models, model_files
from pytest_kerasch2.errors import DataDamaged, UnsafeFile
from pytest_kerasch2.serialization import Limits, contents, inspect
from pytest_kerasch2.serialization.inspection import judged, look
from pytest_kerasch2.subprocesses.job import JobOutcome, value_of
from pytest_kerasch2.subprocesses.runner import run

linux = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="address space is read from /proc")
CONFIG = json.dumps({"class_name": "Sequential", "config": {"name": "m", "layers": []}})


@pytest.fixture
def written(tmp_path):
    """Return a function that writes one of the files that Keras has saved."""

    def write(name, content=None):
        path = tmp_path / name
        path.write_bytes(model_files.files()[name] if content is None else content)
        return path

    return write


def _archive(path, **parts):
    with zipfile.ZipFile(str(path), "w") as archive:
        archive.writestr("config.json", parts.get("config", CONFIG))
        archive.writestr("metadata.json", parts.get("metadata", "{}"))
        archive.writestr("model.weights.h5", model_files.files()["model.weights.h5"])
    return path


@pytest.mark.parametrize("name", model_files.NAMES)
def test_what_the_child_tells_is_what_the_file_holds(written, name):
    path = written(name)

    assert inspect(path) == contents(path)


def test_what_the_child_refuses_is_refused_in_the_same_words(written):
    path = written("model.h5", b"nothing")
    errors = []
    for read in (inspect, contents):
        with pytest.raises(DataDamaged) as error:
            read(path)
        errors.append(str(error.value))

    assert errors[0] == errors[1]


def test_a_path_that_is_relative_to_the_current_folder_is_found(written, monkeypatch):
    monkeypatch.chdir(written("model.h5").parent)

    assert inspect("model.h5").kind == "hdf5"


def test_a_file_in_which_hdf5_turns_in_a_circle_is_refused(written):
    # HDF5 1.14.6 holds the interpreter's lock for ever, so that not even Ctrl-C would end it.
    path = written("model.h5", damaged_models.damaged("model.h5", model_files.files()["model.h5"], 0, 86))
    began = time.monotonic()

    with pytest.raises(DataDamaged):
        inspect(path, replace(Limits(), seconds=1))

    assert time.monotonic() - began < 60


@linux
@pytest.mark.parametrize("mib", [5, 15, 31])
def test_json_that_grows_is_refused_before_it_is_read(mib, tmp_path):
    text = '{"a":[' + "[]," * (mib * 2**20 // 3) + "1]}"
    path = _archive(tmp_path / "m.keras", config=text, metadata=text)

    actual = value_of(run(hostile_models.look(hostile_files.Case("grows", path, tmp_path / "mark"))))

    assert actual["ended"] == "UnsafeFile"
    assert actual["mib"] < 4 * mib + 20, "read, it takes more than 20 times its size"


@linux
def test_a_look_that_takes_too_much_memory_is_ended(tmp_path):
    text = json.dumps({"a": "x" * (12 * 2**20)})
    path = _archive(tmp_path / "m.keras", config=text)

    assert inspect(path).kind == "zip"
    with pytest.raises(UnsafeFile, match="too much memory"):
        inspect(path, replace(Limits(), memory_mib=20))


@pytest.mark.parametrize(
    ("killed_by", "error"),
    [
        ("signal SIGSEGV", DataDamaged),
        ("signal SIGXCPU", DataDamaged),
        ("deadline of 29 s", DataDamaged),
        ("exit status 0 without a result", DataDamaged),
        ("memory limit of 280 MiB", UnsafeFile),
    ],
)
def test_what_ends_the_child_is_told(killed_by, error):
    with pytest.raises(error, match=killed_by):
        judged(JobOutcome(killed_by=killed_by, seconds=1.0))


def test_the_child_imports_no_framework():
    code = (
        "import sys, pytest_kerasch2.serialization.inspection;"
        "sys.exit(bool({'tensorflow', 'keras', 'jax', 'torch', 'pytest'} & set(sys.modules)))"
    )

    subprocess.run([sys.executable, "-c", code], check=True, cwd=str(Path(__file__).resolve().parents[2]))


def test_a_large_file_has_the_time_that_reading_it_takes(tmp_path):
    path = tmp_path / "m.h5"
    with h5py.File(str(path), "w") as file:
        file.create_dataset("w", data=np.zeros(64 * 2**20, "u1"))

    assert look(path, Limits()).processor_seconds == Limits().seconds + 2
