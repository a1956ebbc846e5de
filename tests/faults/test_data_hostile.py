"""Pickles, IDX files and tars that are spoilt or hostile: refused, nothing run, nothing extracted, no memory taken."""

from __future__ import annotations

import gzip
import io
import os
import pathlib
import pickle
import struct
import tarfile
import zipfile
from typing import Any

import numpy as np
import pytest

from pytest_kerasch2.data import archives, pickles, registry, synthetic
from pytest_kerasch2.errors import DataDamaged


class Marker:
    """An object whose unpickling makes a file: what a hostile archive would do."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (open, (str(self.path), "w"))


# --- lists of integers ---------------------------------------------------------------------------------------------


def _pickled_lists(*lists: Any) -> bytes:
    array = np.empty(len(lists), dtype=object)
    for index, item in enumerate(lists):
        array[index] = item
    return synthetic.pickled(array)


def test_control_lists_of_integers_are_read() -> None:
    stream = io.BytesIO(_pickled_lists([1, 2], [3]))

    assert pickles.lists_of(stream).tolist() == [[1, 2], [3]]


def test_control_the_marker_does_go_off_in_general_unpickling(tmp_path: pathlib.Path) -> None:
    pickle.loads(pickle.dumps(Marker(tmp_path / "marker"))).close()

    assert (tmp_path / "marker").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (_pickled_lists([1], os.system), "the name posix.system"),
        (pickle.dumps(eval), "the name builtins.eval"),
        (_pickled_lists([1.5]), "no list of integers"),
        (_pickled_lists((1, 2)), "no list of integers"),
        (_pickled_lists([[1]]), "no list of integers"),
        (pickle.dumps([1, 2]), "a list in place of an object array"),
        (pickle.dumps(np.float64(1.0)), "the name numpy"),
        (_pickled_lists([1])[:-3], "cannot be read"),
        (b"", "cannot be read"),
    ],
    ids=["system", "eval", "floats", "tuples", "nested", "no array", "a scalar", "cut", "empty"],
)
def test_anything_but_lists_of_integers_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(pickles.RefusedPickle, match=message):
        pickles.lists_of(io.BytesIO(content))


def test_code_among_the_lists_is_not_run(tmp_path: pathlib.Path) -> None:
    content = _pickled_lists([1], Marker(tmp_path / "marker"))

    with pytest.raises(pickles.RefusedPickle):
        pickles.lists_of(io.BytesIO(content))

    assert not (tmp_path / "marker").exists()


def test_an_array_that_declares_more_than_it_holds_is_refused_before_memory_is_taken() -> None:
    content = _pickled_lists([1], [2]).replace(b"K\x02\x85", b"J\xff\xff\xff\x7f\x85")

    with pytest.raises(pickles.RefusedPickle, match=r"declares the shape \(2147483647,\) and holds 2"):
        pickles.lists_of(io.BytesIO(content))


def test_the_file_and_the_member_are_named(tmp_path: pathlib.Path) -> None:
    facts = registry.ArrayFacts("x", (1,), "lists", "")
    np.savez(str(tmp_path / "reuters.npz"), x=np.array([eval], dtype=object))

    with pytest.raises(DataDamaged, match=r"reuters\.npz.* in x\.npy: the name builtins\.eval"):
        archives.read_npz(tmp_path / "reuters.npz", [facts])


def test_bytes_behind_the_lists_are_refused(tmp_path: pathlib.Path) -> None:
    synthetic.pack_npz(tmp_path / "sound.npz", [("x", np.array([[1], [2, 3]], dtype=object))])
    with zipfile.ZipFile(str(tmp_path / "sound.npz")) as sound, zipfile.ZipFile(str(tmp_path / "x.npz"), "w") as spoilt:
        spoilt.writestr("x.npy", sound.read("x.npy") + b"more")

    with pytest.raises(DataDamaged, match="bytes left over"):
        archives.read_npz(tmp_path / "x.npz", [registry.ArrayFacts("x", (2,), "lists", "")])


# --- IDX -----------------------------------------------------------------------------------------------------------

IDX = registry.ArrayFacts("x", (2, 3), "uint8", "")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (gzip.compress(struct.pack(">HBB2I", 0, 8, 2, 2, 3) + bytes(5)), "ends after 5 of 6 bytes"),
        (gzip.compress(struct.pack(">HBB2I", 0, 8, 2, 2, 3) + bytes(7)), "bytes left over"),
        (gzip.compress(struct.pack(">HBB2I", 0, 8, 2, 3, 2) + bytes(6)), r"shape \(3, 2\), where \(2, 3\)"),
        (gzip.compress(struct.pack(">HBB2I", 0, 13, 2, 2, 3) + bytes(24)), "no IDX file of unsigned bytes"),
        (gzip.compress(b""), "no IDX file"),
        (gzip.compress(struct.pack(">HBB2I", 0, 8, 2, 2, 3) + bytes(6))[:-4], "EOFError"),
        (b"plain", "in|gzip"),
    ],
    ids=["short", "long", "shape", "type", "empty", "cut", "no gzip"],
)
def test_a_spoilt_idx_file_is_refused(tmp_path: pathlib.Path, content: bytes, message: str) -> None:
    path = tmp_path / "images.gz"
    path.write_bytes(content)

    with pytest.raises(DataDamaged, match=f"images.gz.*{message}"):
        archives.read_idx(path, IDX)


def test_control_a_sound_idx_file_is_read(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(struct.pack(">HBB2I", 0, 8, 2, 2, 3) + bytes(range(6))))

    assert archives.read_idx(path, IDX).tolist() == [[0, 1, 2], [3, 4, 5]]


# --- tarred batches ------------------------------------------------------------------------------------------------

BATCH = registry.ArrayFacts("cifar-10-batches-py/data_batch_1", (2, 3072), "uint8", "")
SOUND = {b"data": np.zeros((2, 3072), np.uint8), b"labels": [1, 2]}


def _tar(path: pathlib.Path, *members: tuple[tarfile.TarInfo, bytes]) -> pathlib.Path:
    with tarfile.open(str(path), "w:gz") as archive:
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def _member(kind: bytes = tarfile.REGTYPE, name: str = BATCH.name, target: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


def test_control_a_sound_batch_is_read(tmp_path: pathlib.Path) -> None:
    path = _tar(tmp_path / "c.tar.gz", (_member(), synthetic.pickled(SOUND)))

    rows, labels = archives.read_batches(path, [BATCH])[BATCH.name]

    assert (rows.shape, labels) == ((2, 3072), {"labels": [1, 2]})


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ({**SOUND, b"labels": [1]}, "not of its length"),
        ({b"data": SOUND[b"data"]}, "with 0 lists of labels"),
        ({b"labels": [1, 2]}, "without an array of bytes"),
        ({**SOUND, b"data": np.zeros((2, 3071), np.uint8)}, r"shape \(2, 3071\)"),
        ({**SOUND, b"labels": eval}, "the name builtins.eval"),
        ([1], "a list in place of a batch"),
    ],
    ids=["short labels", "no labels", "no data", "shape", "code", "no dict"],
)
def test_a_spoilt_batch_is_refused(tmp_path: pathlib.Path, batch: Any, message: str) -> None:
    path = _tar(tmp_path / "c.tar.gz", (_member(), synthetic.pickled(batch)))

    with pytest.raises(DataDamaged, match=message):
        archives.read_batches(path, [BATCH])


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE])
def test_a_batch_that_is_no_plain_file_is_refused(tmp_path: pathlib.Path, kind: bytes) -> None:
    canary = tmp_path / "canary"
    canary.write_bytes(synthetic.pickled(SOUND))
    path = _tar(tmp_path / "c.tar.gz", (_member(kind, target=str(canary)), b""))

    with pytest.raises(DataDamaged, match="as a link, folder or device"):
        archives.read_batches(path, [BATCH])


@pytest.mark.parametrize("name", ["../escaped", "/tmp/kerasch2-escaped", "a/../../escaped", "n" * 300])
@pytest.mark.parametrize("where", [".", "..", "/"])
def test_nothing_is_ever_extracted(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, name: str, where: str
) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    path = _tar(inner / "c.tar.gz", (_member(name=name), b"canary"), (_member(), synthetic.pickled(SOUND)))
    monkeypatch.chdir(str(inner / where))

    archives.read_batches(path, [BATCH])

    assert sorted(str(one.relative_to(tmp_path)) for one in tmp_path.rglob("*")) == ["inner", "inner/c.tar.gz"]


def test_a_bomb_in_a_tar_is_refused(tmp_path: pathlib.Path) -> None:
    path = _tar(tmp_path / "c.tar.gz", (_member(name="filler"), bytes(20_000_000)))

    with pytest.raises(DataDamaged, match="more content than such an archive can hold"):
        archives.read_batches(path, [BATCH])


def test_a_missing_batch_is_named(tmp_path: pathlib.Path) -> None:
    path = _tar(tmp_path / "c.tar.gz", (_member(name="other"), b""))

    with pytest.raises(DataDamaged, match="no member called cifar-10-batches-py/data_batch_1"):
        archives.read_batches(path, [BATCH])


def test_a_tar_cut_at_any_place_is_refused(tmp_path: pathlib.Path) -> None:
    path = _tar(tmp_path / "c.tar.gz", (_member(), synthetic.pickled(SOUND)))
    whole = path.read_bytes()
    refused = 0

    for place in range(0, len(whole), max(1, len(whole) // 40)):
        path.write_bytes(whole[:place])
        with pytest.raises(DataDamaged, match=r"c\.tar\.gz"):
            archives.read_batches(path, [BATCH])
        refused += 1

    assert refused >= 40
