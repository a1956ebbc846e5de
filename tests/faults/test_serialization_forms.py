"""What the name of a file or folder promises: one reader, files beside it, and nothing for folders."""

from __future__ import annotations

import json
import zipfile
from types import SimpleNamespace

import h5py
import numpy as np
import pytest

from pytest_kerasch2.errors import DataDamaged, UnsafeFile
from pytest_kerasch2.serialization import form, inspect

pytestmark = pytest.mark.usefixtures("in_this_process")


def _file(path, layer):
    config = {"class_name": "Sequential", "config": {"name": "m", "layers": [layer]}}
    with h5py.File(str(path), "w") as file:
        file.attrs["model_config"] = json.dumps(config)
    return path


def _archive(path):
    with zipfile.ZipFile(str(path), "w") as archive:
        archive.writestr("config.json", "{}")
    return path


@pytest.mark.parametrize("name", ["m.h5", "m.weights.h5", "m.hdf5", "m"])
def test_an_archive_that_is_not_named_so_is_refused(name, tmp_path):
    with pytest.raises(UnsafeFile, match="does not fit what is in it"):
        inspect(_archive(tmp_path / name))


def test_a_file_that_is_hdf5_in_front_and_an_archive_behind_is_refused(tmp_path):
    path = _file(tmp_path / "m.keras", {"class_name": "Dense", "config": {}})
    path.write_bytes(path.read_bytes() + _archive(tmp_path / "behind").read_bytes())

    with pytest.raises(UnsafeFile, match="can be read as a zip archive"):
        inspect(path)


@pytest.fixture
def index(tmp_path):
    """Return a function that writes an index beside two files of weights, and the index."""
    for number in range(2):
        with h5py.File(str(tmp_path / f"m_0000{number}.weights.h5"), "w") as file:
            file.create_dataset("layers/dense/vars/0", data=np.zeros(3 + number))

    def write(*names):
        path = tmp_path / "m.weights.json"
        named = {f"/layers/{one}/vars": name for one, name in enumerate(names)}
        path.write_text(json.dumps({"metadata": {"total_size": 1}, "weight_map": named}), encoding="utf-8")
        return path

    return write


def test_the_weights_of_all_shards_are_told(index):
    contents = inspect(index("m_00000.weights.h5", ["m_00000.weights.h5", "m_00001.weights.h5"]))

    assert (contents.kind, sorted(one.shape for one in contents.weights)) == ("shards", [(3,), (4,)])


@pytest.mark.parametrize(
    "name", ["../m_00001.weights.h5", "/etc/passwd", "sub/m.weights.h5", "m.py", 3, "a\\b.weights.h5"]
)
def test_a_shard_elsewhere_is_refused(index, name):
    with pytest.raises(UnsafeFile, match="not a file beside it"):
        inspect(index(name))


def test_a_shard_that_is_a_link_out_of_the_folder_is_refused(index, tmp_path_factory, tmp_path):
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.weights.h5"
    (tmp_path / "m_00001.weights.h5").replace(secret)
    (tmp_path / "m_00001.weights.h5").symlink_to(secret)

    with pytest.raises(UnsafeFile, match="leads elsewhere"):
        inspect(index("m_00001.weights.h5"))


def test_a_hostile_shard_is_refused_even_where_the_index_does_not_name_it(index, tmp_path):
    # Keras opens the first one in any case.
    (tmp_path / "m_00000.weights.h5").unlink()
    with h5py.File(str(tmp_path / "m_00000.weights.h5"), "w") as file:
        file["vars"] = h5py.ExternalLink("/elsewhere", "secret")

    with pytest.raises(UnsafeFile, match="ExternalLink"):
        inspect(index("m_00001.weights.h5"))


def test_a_missing_shard_is_named(index):
    with pytest.raises(DataDamaged, match=r"m_00007\.weights\.h5"):
        inspect(index("m_00007.weights.h5"))


@pytest.mark.parametrize("text", ["{}", "[]", "nothing", '{"weight_map": 1}'])
def test_an_index_that_is_none_is_damaged(text, tmp_path):
    (tmp_path / "m.weights.json").write_text(text, encoding="utf-8")

    with pytest.raises(DataDamaged):
        inspect(tmp_path / "m.weights.json")


def test_a_folder_is_named_as_a_form_that_is_not_looked_into(tmp_path):
    with pytest.raises(UnsafeFile, match="trusted=True"):
        inspect(tmp_path)


@pytest.mark.parametrize("name", ["saved-model", "export"])
@pytest.mark.parametrize("called", ["m", "m.h5", "m.keras"])
def test_a_folder_is_loaded_only_when_it_is_trusted(name, called, tmp_path):
    # TensorFlow up to 2.15 ran a Lambda of a SavedModel while it was being loaded.
    (tmp_path / called).mkdir()
    loaded = []
    tensorflow = SimpleNamespace(
        keras=SimpleNamespace(models=SimpleNamespace(load_model=lambda path, **_: loaded.append(path))),
        saved_model=SimpleNamespace(load=loaded.append),
    )

    with pytest.raises(UnsafeFile, match="trusted=True"):
        form(name).load(tensorflow, tmp_path / called)
    assert loaded == []

    form(name).load(tensorflow, tmp_path / called, trusted=True)
    assert loaded == [str(tmp_path / called)]
