"""A digest beside a saved file: what writes it, what compares it, and what it finds."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import h5py
import numpy as np
import pytest

from pytest_kerasch2.errors import DataDamaged, InvalidArgument
from pytest_kerasch2.serialization import check_digest, contents, form, write_digest


class _Model:
    """Saves the array that it is, as Keras saves weights."""

    def __init__(self, array):
        self.array = array

    def save(self, path):
        with h5py.File(path, "w") as file:
            file.create_dataset("w", data=self.array)

    save_weights = save

    def load_weights(self, path):
        with h5py.File(path, "r") as file:
            self.array = file["w"][()]


VALUES = np.arange(64, dtype="float32")


@pytest.fixture
def saved(tmp_path):
    return form("weights-h5").save(_Model(VALUES), tmp_path / "m.h5", digest=True)


def _flipped(path):
    """Flip a bit in the last number of a file."""
    whole = path.read_bytes()
    place = whole.index(VALUES[-1].tobytes())
    path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    return path


def test_what_was_saved_is_loaded(saved):
    back = form("weights-h5").load(None, saved, into=_Model(None), digest=True)

    assert (back.array == VALUES).all()


def test_without_a_digest_a_flipped_bit_is_loaded(saved):
    # The control: nothing in HDF5 itself finds it.
    (saved.parent / "m.h5.sha256").unlink()

    back = form("weights-h5").load(None, _flipped(saved), into=_Model(None))

    assert (back.array != VALUES).sum() == 1


@pytest.mark.parametrize("trusted", [False, True])
@pytest.mark.parametrize("digest", [False, True])
def test_a_flipped_bit_is_found(saved, trusted, digest):
    with pytest.raises(DataDamaged, match=r"not as it was saved.*m\.h5") as error:
        form("weights-h5").load(None, _flipped(saved), into=_Model(None), trusted=trusted, digest=digest)

    assert error.value.remedy
    assert len(contents(saved).weights) == 1, "the file looks whole otherwise"


def test_a_digest_that_is_demanded_has_to_be_there(saved):
    (saved.parent / "m.h5.sha256").unlink()

    with pytest.raises(InvalidArgument, match="no digest"):
        form("weights-h5").load(None, saved, into=_Model(None), digest=True)


def test_saving_again_renews_the_digest(saved):
    form("weights-h5").save(_Model(VALUES + 1), saved)

    check_digest(saved)
    assert sorted(one.name for one in saved.parent.iterdir()) == ["m.h5", "m.h5.sha256"]


def test_saving_without_a_digest_writes_none(tmp_path):
    form("weights-h5").save(_Model(VALUES), tmp_path / "m.h5")

    assert [one.name for one in tmp_path.iterdir()] == ["m.h5"]
    check_digest(tmp_path / "m.h5", demanded=False)


def test_a_folder_has_no_digest(tmp_path):
    with pytest.raises(InvalidArgument, match="writes a folder, which has no digest"):
        form("export").save(_Model(VALUES), tmp_path / "m", digest=True)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["m.h5", "with space.h5", "back\\slash.h5", "new\nline.h5", "\u00e9.h5"])
@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="sha256sum")
def test_sha256sum_reads_and_writes_the_same(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(b"content")
    ours = write_digest(path)

    subprocess.run(["sha256sum", "--check", "--strict", ours.name], cwd=str(tmp_path), check=True)
    theirs = subprocess.run(["sha256sum", name], cwd=str(tmp_path), check=True, stdout=subprocess.PIPE).stdout
    ours.write_bytes(theirs)
    check_digest(path)


@pytest.mark.parametrize(
    "text", ["", "nothing\n", "0" * 64, "0" * 64 + "  other.h5\n", "0" * 64 + "  ../m.h5\n", "\n", "\0", "0" * 2**20]
)
def test_a_digest_that_is_none_is_damaged(saved, text):
    (saved.parent / "m.h5.sha256").write_text(text, encoding="utf-8")

    with pytest.raises(DataDamaged):
        check_digest(saved)


def test_no_file_has_no_digest(tmp_path):
    with pytest.raises(InvalidArgument, match="no file"):
        write_digest(tmp_path / "absent.h5")


@pytest.fixture
def index(tmp_path):
    for number in range(2):
        with h5py.File(str(tmp_path / f"m_0000{number}.weights.h5"), "w") as file:
            file.create_dataset("w", data=VALUES)
    path = tmp_path / "m.weights.json"
    named = {"/a": "m_00000.weights.h5", "/b": "m_00001.weights.h5"}
    path.write_text(json.dumps({"weight_map": named}), encoding="utf-8")
    return path


def test_the_digest_of_shards_covers_all_of_them(index):
    write_digest(index)
    check_digest(index)

    _flipped(index.with_name("m_00001.weights.h5"))

    with pytest.raises(DataDamaged, match=r"m_00001\.weights\.h5"):
        check_digest(index)


def test_a_digest_that_leaves_out_a_shard_is_refused(index):
    beside = write_digest(index)
    beside.write_text("".join(beside.read_text(encoding="utf-8").splitlines(True)[:2]), encoding="utf-8")

    with pytest.raises(DataDamaged, match=r"m_00001\.weights\.h5 is not in"):
        check_digest(index)


def test_a_missing_shard_is_named(index):
    write_digest(index)
    Path(index.with_name("m_00001.weights.h5")).unlink()

    with pytest.raises(DataDamaged, match="missing"):
        check_digest(index)
