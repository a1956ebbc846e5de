"""Archives that are cut, flipped, of another shape or type, hostile or explosive: each refused with a clear error."""

from __future__ import annotations

import dataclasses
import pathlib
import random
import struct
import zipfile
from typing import Any, Callable

import numpy as np
import pytest

from pytest_kerasch2.data import registry, sources, synthetic
from pytest_kerasch2.errors import DataDamaged, InvalidArgument
from tests.builders.trusted_archives import vouched

ROWS = {"x_train": (50, 28, 28), "y_train": (50,), "x_test": (20, 28, 28), "y_test": (20,)}


class Marker:
    """An object whose unpickling makes a file: what a hostile archive would do."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (open, (str(self.path), "w"))


def _small(record: registry.DataRecord) -> registry.DataRecord:
    """Return the record of MNIST for arrays of a few rows, so that a thousand damages take seconds."""
    facts = tuple(dataclasses.replace(fact, shape=ROWS[fact.name]) for fact in record.stored)
    return dataclasses.replace(record, stored=facts, arrays=facts)


def _arrays(**changed: np.ndarray) -> dict[str, np.ndarray]:
    generator = np.random.RandomState(5)
    actual = {name: generator.randint(0, 256, shape).astype(np.uint8) for name, shape in ROWS.items()}
    return {**actual, **changed}


@pytest.fixture
def mirror(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A mirror with a small MNIST that counts as the genuine one."""
    folder = tmp_path / "mirror"
    synthetic.pack_npz(folder / "mnist.npz", _arrays().items())
    record = vouched(_small(registry.record_of("mnist")), folder)
    monkeypatch.setattr(sources, "record_of", lambda name: record)
    return folder


def _load(mirror: pathlib.Path) -> sources.DataSet:
    # Everything beside the mirror would do as well, so a mirror passed by would be seen.
    return sources.load("mnist", mirror=mirror, cache=mirror, store=mirror, offline=True)


def test_control_the_undamaged_mirror_is_taken(mirror: pathlib.Path) -> None:
    assert _load(mirror).source == "mirror"


def test_control_an_archive_packed_anew_is_still_the_same_data(mirror: pathlib.Path) -> None:
    before = (mirror / "mnist.npz").read_bytes()
    np.savez(str(mirror / "mnist.npz"), **_arrays())

    data = _load(mirror)

    assert ((mirror / "mnist.npz").read_bytes() != before, data.source) == (True, "mirror")


def test_a_mirror_cut_at_any_place_is_refused_by_name(mirror: pathlib.Path) -> None:
    path = mirror / "mnist.npz"
    whole = path.read_bytes()
    refused = 0

    for place in [*range(0, len(whole), len(whole) // 64), len(whole) - 1]:
        path.write_bytes(whole[:place])
        with pytest.raises(DataDamaged, match=r"mnist\.npz"):
            _load(mirror)
        refused += 1

    assert refused > 64


def test_a_flipped_bit_is_refused_or_changes_nothing(mirror: pathlib.Path) -> None:
    path = mirror / "mnist.npz"
    whole, digest = path.read_bytes(), _load(mirror).digest
    dice = random.Random(11)
    outcomes = []

    for _ in range(300):
        place = dice.randrange(len(whole))
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << dice.randrange(8)]) + whole[place + 1 :])
        try:
            outcomes.append(_load(mirror).digest == digest)
        except DataDamaged:
            outcomes.append(True)

    assert all(outcomes)


def test_one_flipped_pixel_in_a_well_packed_archive_is_found_by_the_hash_of_the_array(mirror: pathlib.Path) -> None:
    images = _arrays()["x_test"]
    images[7, 14, 14] ^= 1
    synthetic.pack_npz(mirror / "mnist.npz", _arrays(x_test=images).items())

    with pytest.raises(DataDamaged, match=r"mnist\.npz.* x_test whose bytes have sha256 .* was expected"):
        _load(mirror)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"x_train": np.zeros((50, 28, 27), np.uint8)}, r"x_train of shape \(50, 28, 27\), where \(50, 28, 28\)"),
        ({"x_train": np.zeros((50, 784), np.uint8)}, r"x_train of shape \(50, 784\)"),
        ({"y_test": np.zeros(20, np.int64)}, "y_test of type int64, where uint8 was expected"),
        ({"x_test": np.zeros((20, 28, 28), np.float32)}, "x_test of type float32"),
        (
            {"y_train": np.zeros(50, dtype=object)},
            "y_train of type object, which is pickled Python, where uint8 was expected",
        ),
    ],
)
def test_a_wrong_shape_or_type_is_named(mirror: pathlib.Path, changed: dict[str, np.ndarray], message: str) -> None:
    synthetic.pack_npz(mirror / "mnist.npz", _arrays(**changed).items())

    with pytest.raises(DataDamaged, match=message):
        _load(mirror)


def test_pickled_code_in_the_mirror_is_refused_and_not_run(mirror: pathlib.Path, tmp_path: pathlib.Path) -> None:
    marker = tmp_path / "marker"
    hostile = np.empty(50, dtype=object)
    hostile[0] = Marker(marker)
    np.savez(str(mirror / "mnist.npz"), **_arrays(x_train=hostile))

    with pytest.raises(DataDamaged, match="which is pickled Python"):
        _load(mirror)

    assert not marker.exists()


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda path: path.unlink(), None),
        (lambda path: path.write_text("<html>not found</html>"), "BadZipFile"),
        (lambda path: (path.unlink(), path.mkdir()), "IsADirectoryError"),
        (lambda path: (path.unlink(), path.symlink_to("nowhere")), "FileNotFoundError"),
        (lambda path: zipfile.ZipFile(str(path), "w").close(), "0 members called x_train.npy"),
    ],
    ids=["absent", "a web page", "a folder", "a dangling link", "an empty zip"],
)
def test_what_is_no_archive_is_said(mirror: pathlib.Path, spoil: Callable[[pathlib.Path], Any], expected: str) -> None:
    (mirror / "README").write_text("so that the mirror is not empty")
    spoil(mirror / "mnist.npz")

    with pytest.raises((DataDamaged, sources.DataMissing)) as caught:
        _load(mirror)

    assert (expected or "is not on this machine") in str(caught.value)


def test_a_doubled_member_is_refused(mirror: pathlib.Path) -> None:
    with zipfile.ZipFile(str(mirror / "mnist.npz"), "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("x_test.npy", b"")

    with pytest.raises(DataDamaged, match=r"2 members called x_test\.npy"):
        _load(mirror)


def test_a_bomb_is_refused_by_its_declared_size(mirror: pathlib.Path) -> None:
    with zipfile.ZipFile(str(mirror / "mnist.npz"), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x_train.npy", bytes(80_000_000))

    with pytest.raises(DataDamaged, match="80000000 bytes unpacked, where at most"):
        _load(mirror)


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000000,), }",
        "{" * 90,
        "(" * 5000,
        "{'descr': 'nonsense', 'fortran_order': False, 'shape': (50, 28, 28), }",
        "1 +",
        "\xff",
    ],
    ids=["giant", "braces", "deep", "type", "syntax", "bytes"],
)
def test_a_giant_or_crooked_header_is_refused(mirror: pathlib.Path, header: str) -> None:
    with zipfile.ZipFile(str(mirror / "mnist.npz"), "w") as archive:
        archive.writestr(
            "x_train.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode("latin-1")
        )

    with pytest.raises(DataDamaged, match="x_train"):
        _load(mirror)


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda folder: None, "it does not exist"),
        (lambda folder: folder.mkdir(), "it is empty"),
        (lambda folder: folder.write_text("x"), "it is a file"),
    ],
    ids=["missing", "empty", "a file"],
)
def test_a_mirror_that_is_no_filled_folder_is_a_bad_setting(
    tmp_path: pathlib.Path, spoil: Callable[[pathlib.Path], Any], expected: str
) -> None:
    folder = tmp_path / "a mirror"
    spoil(folder)

    with pytest.raises(InvalidArgument) as caught:
        sources.load("mnist", mirror=folder)

    assert str(caught.value) == (
        f"The mirror '{folder}' cannot be used: {expected}. Name a folder with archives of Keras, such as"
        " mnist.npz, by --chapter-mirror=DIR or KERASCH2_MIRROR."
    )


def test_an_incomplete_set_of_files_is_an_error(tmp_path: pathlib.Path) -> None:
    synthetic.make(tmp_path, ["fashion_mnist"])
    (tmp_path / "fashion-mnist" / "t10k-labels-idx1-ubyte.gz").unlink()

    with pytest.raises(DataDamaged, match=r"3 of the 4 files of fashion_mnist; .*t10k-labels-idx1-ubyte.gz"):
        sources.load("fashion_mnist", mirror=tmp_path)


def test_a_stand_in_is_never_taken_for_the_genuine_data(tmp_path: pathlib.Path) -> None:
    synthetic.make(tmp_path, ["boston_housing"])

    with pytest.raises(DataDamaged, match=r"1105 bytes of sha256 .*, where f553886a.* was expected"):
        sources.load("boston_housing", mirror=tmp_path)
