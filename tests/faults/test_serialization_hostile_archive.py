"""Archives made to do harm: refused before Keras is called, and without writing outside a folder of our own."""

from __future__ import annotations

import json
import stat
import time
import zipfile

import h5py
import numpy as np
import pytest

from pytest_kerasch2.errors import UnsafeFile
from pytest_kerasch2.serialization import inspect

pytestmark = pytest.mark.usefixtures("in_this_process")
DOWNLOADER = {"module": "keras.utils", "class_name": "get_file", "config": {"origin": "http://127.0.0.1/"}}


def _file(path, fill):
    with h5py.File(str(path), "w") as file:
        fill(file)
    return path


def _model(*layers):
    return {"class_name": "Sequential", "config": {"name": "m", "layers": list(layers)}}


@pytest.fixture
def elsewhere(tmp_path):
    return _file(tmp_path / "elsewhere.h5", lambda file: file.create_dataset("secret", data=np.arange(4.0)))


def _archive(path, parts, weights):
    base = {"metadata.json": b'{"keras_version": "3.0.0"}', "config.json": json.dumps(_model()).encode()}
    base["model.weights.h5"] = weights.read_bytes()
    with zipfile.ZipFile(str(path), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**base, **parts}.items():
            archive.writestr(name, content)
    return path


@pytest.fixture
def weights(tmp_path):
    return _file(tmp_path / "w.h5", lambda file: file.create_dataset("w", data=np.arange(4.0)))


def test_an_honest_archive_passes(weights, tmp_path):
    contents = inspect(_archive(tmp_path / "m.keras", {"assets/layer/vocabulary.txt": b"a\nb\n"}, weights))

    assert (contents.kind, contents.keras_version) == ("zip", "3.0.0")


@pytest.mark.parametrize(
    "name",
    ["../outside", "/absolute", "assets/../../outside", "C:\\outside", "..\\outside", "model.weights.npz", "x.py"],
)
def test_an_archive_with_a_part_that_climbs_out_or_has_no_business_is_refused(name, weights, tmp_path):
    with pytest.raises(UnsafeFile):
        inspect(_archive(tmp_path / "m.keras", {name: b"x"}, weights))

    assert not (tmp_path.parent / "outside").exists()


def test_a_link_in_an_archive_is_refused(weights, tmp_path):
    info = zipfile.ZipInfo("assets/link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = _archive(tmp_path / "m.keras", {}, weights)
    with zipfile.ZipFile(str(path), "a") as archive:
        archive.writestr(info, "/etc/passwd")

    with pytest.raises(UnsafeFile, match="leads out of it"):
        inspect(path)


def test_a_bomb_is_refused_at_once(weights, tmp_path):
    path = _archive(tmp_path / "m.keras", {"assets/zeros": b"\0" * (64 * 2**20)}, weights)
    began = time.monotonic()

    with pytest.raises(UnsafeFile, match="grows too much"):
        inspect(path)

    assert time.monotonic() - began < 2
    assert path.stat().st_size < 2**18, "the hazard is real"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_part_that_stands_there_twice_is_refused(weights, tmp_path):
    path = _archive(tmp_path / "m.keras", {}, weights)
    with zipfile.ZipFile(str(path), "a") as archive:
        archive.writestr("config.json", json.dumps(_model(DOWNLOADER)))

    with pytest.raises(UnsafeFile, match="twice"):
        inspect(path)


def test_hostile_weights_inside_an_archive_are_refused(elsewhere, tmp_path):
    bad = _file(tmp_path / "w.h5", lambda file: file.__setitem__("w", h5py.ExternalLink(str(elsewhere), "secret")))

    with pytest.raises(UnsafeFile, match="ExternalLink"):
        inspect(_archive(tmp_path / "m.keras", {}, bad))


def test_a_hostile_configuration_inside_an_archive_is_refused(weights, tmp_path):
    config = json.dumps(_model(DOWNLOADER)).encode()

    with pytest.raises(UnsafeFile, match="get_file"):
        inspect(_archive(tmp_path / "m.keras", {"config.json": config}, weights))
