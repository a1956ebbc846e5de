"""Files cut short and files with flipped bits: refused, or whole; never another outcome."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from pytest_kerasch2.errors import DataDamaged, InvalidArgument, UnsafeFile
from pytest_kerasch2.serialization import contents, inspect

pytestmark = pytest.mark.usefixtures("in_this_process")
CONFIG = {"class_name": "Sequential", "config": {"name": "m", "layers": []}}
FLIPS = """
import random, sys
from pathlib import Path
from pytest_kerasch2.errors import DataDamaged, UnsafeFile
from pytest_kerasch2.serialization import contents
whole, place = Path(sys.argv[1]).read_bytes(), Path(sys.argv[2])
for seed in range(int(sys.argv[3]), int(sys.argv[4])):
    draw, bits = random.Random(seed), bytearray(whole)
    bits[draw.randrange(len(bits))] ^= 1 << draw.randrange(8)
    place.write_bytes(bytes(bits))
    try:
        contents(place)
        print("read", flush=True)
    except (DataDamaged, UnsafeFile):
        print("refused", flush=True)
"""


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "small.h5"
    with h5py.File(str(path), "w") as file:
        file.attrs["model_config"] = json.dumps(CONFIG)
        file.attrs["keras_version"] = "2.2.4-tf"
        file.create_dataset("model_weights/d1/kernel:0", data=np.arange(64, dtype="float32").reshape(8, 8))
    return path


@pytest.fixture
def packed(tmp_path):
    path, weights = tmp_path / "small.keras", tmp_path / "weights.h5"
    with h5py.File(str(weights), "w") as file:
        file.create_dataset("model_weights/d1/kernel:0", data=np.arange(64, dtype="float32").reshape(8, 8))
    with zipfile.ZipFile(str(path), "w") as archive:
        archive.writestr("metadata.json", '{"keras_version": "3.0.0"}')
        archive.writestr("config.json", json.dumps(CONFIG))
        archive.write(str(weights), "model.weights.h5")
    return path


@pytest.mark.parametrize("kind", ["small", "packed"])
def test_the_whole_file_is_read(kind, request):
    # The control of the damage below.
    contents = inspect(request.getfixturevalue(kind))

    assert [(one.name, one.shape, one.declared) for one in contents.weights] == [
        ("model_weights/d1/kernel:0", (8, 8), 256)
    ]


@pytest.mark.parametrize("kind", ["small", "packed"])
@pytest.mark.parametrize("sixteenths", range(16))
def test_a_file_cut_short_is_refused(kind, sixteenths, request):
    path = request.getfixturevalue(kind)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * sixteenths // 16])

    with pytest.raises(DataDamaged) as error:
        inspect(path)

    assert error.value.found
    assert error.value.remedy


@pytest.mark.parametrize("kind", ["small", "packed"])
def test_a_file_one_byte_short_is_refused(kind, request):
    path = request.getfixturevalue(kind)
    path.write_bytes(path.read_bytes()[:-1])

    with pytest.raises(DataDamaged):
        inspect(path)


@pytest.mark.parametrize(("kind", "count"), [("small", 300), ("packed", 150)])
def test_flipped_bits_are_refused_or_passed_over_without_any_other_error(kind, count, request, tmp_path):
    outcomes = []
    while len(outcomes) < count:
        done = _flip(request.getfixturevalue(kind), tmp_path / "flipped", len(outcomes), count)
        # The library prints lines of its own when it crashes.
        outcomes += [line for line in done.stdout.splitlines() if line in ("read", "refused")]
        if done.returncode != 0:
            assert done.returncode < 0, done.stderr[-2000:]
            outcomes.append("killed")

    assert len(outcomes) == count
    assert outcomes.count("refused") > 0
    # HDF5 1.10.4, which came with h5py 2.10, does crash on some of them: hence the child, here and in earnest.
    if h5py.version.hdf5_version_tuple >= (1, 14):
        assert outcomes.count("killed") == 0


def _flip(whole, place, first, last):
    return subprocess.run(
        [sys.executable, "-c", FLIPS, str(whole), str(place), str(first), str(last)],
        capture_output=True,
        timeout=60,
        text=True,
        check=False,
        cwd=str(Path(__file__).resolve().parents[2]),
    )


def test_a_flipped_weight_in_an_archive_is_refused_by_its_checksum(packed):
    whole = packed.read_bytes()
    place = whole.index(np.float32(63).tobytes())
    packed.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])

    with pytest.raises(DataDamaged, match="CRC"):
        inspect(packed)


@pytest.mark.parametrize("bytes_", [b"", b"half", b"\x89HDF\r\n\x1a\n", b"PK\x03\x04", b"\0" * 5000])
def test_what_is_no_model_file_is_refused(bytes_, tmp_path):
    path = tmp_path / "odd.h5"
    path.write_bytes(bytes_)

    with pytest.raises(DataDamaged):
        inspect(path)


@pytest.mark.parametrize("text", ["{", "[]", "null", '"text"', ""])
def test_a_damaged_configuration_is_refused(text, tmp_path):
    path = tmp_path / "odd.h5"
    with h5py.File(str(path), "w") as file:
        file.attrs["model_config"] = text

    with pytest.raises(DataDamaged, match="JSON"):
        contents(path)


@pytest.mark.parametrize("missing", ["config.json", "metadata.json", "model.weights.h5"])
def test_an_archive_that_lacks_a_part_is_refused(missing, packed, tmp_path):
    path = tmp_path / "lacking.keras"
    with zipfile.ZipFile(str(packed)) as old, zipfile.ZipFile(str(path), "w") as new:
        for name in set(old.namelist()) - {missing}:
            new.writestr(name, old.read(name))

    with pytest.raises(DataDamaged, match=missing):
        inspect(path)


def test_no_file_is_a_setting_to_correct(tmp_path):
    with pytest.raises(InvalidArgument, match=r"absent\.h5"):
        inspect(tmp_path / "absent.h5")


def test_a_file_that_names_what_it_does_not_hold_is_unsafe_and_not_damaged(tmp_path):
    path = tmp_path / "giant.h5"
    with h5py.File(str(path), "w") as file:
        file.create_dataset("model_weights/kernel", shape=(10**9,), dtype="f4")

    with pytest.raises(UnsafeFile):
        inspect(path)
