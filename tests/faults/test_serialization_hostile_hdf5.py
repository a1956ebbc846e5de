"""Elements, pieces and names in HDF5 that no Keras writes: refused."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from pytest_kerasch2.errors import DataDamaged, UnsafeFile
from pytest_kerasch2.serialization import Limits, inspect

pytestmark = pytest.mark.usefixtures("in_this_process")


def _file(path, fill):
    with h5py.File(str(path), "w") as file:
        fill(file)
    return path


COMPOUND = {
    "of numbers": np.zeros(3, [("a", "f4"), ("b", "f4")]),
    "with texts": np.array([(1, b"text")], [("a", "f4"), ("b", h5py.special_dtype(vlen=bytes))]),
    "of arrays": np.zeros(3, [("a", "f4", (1000,))]),
}


@pytest.mark.parametrize("name", sorted(COMPOUND))
def test_compound_elements_are_refused(name, tmp_path):
    # Keras writes none, and their fields may be anything.
    path = _file(tmp_path / "m.h5", lambda file: file.create_dataset("w", data=COMPOUND[name]))

    with pytest.raises(UnsafeFile, match="other than numbers"):
        inspect(path)


@pytest.mark.parametrize("kind", ["ref", "regionref"])
def test_references_are_refused(kind, tmp_path):
    dtype = h5py.special_dtype(ref=h5py.Reference if kind == "ref" else h5py.RegionReference)
    path = _file(tmp_path / "m.h5", lambda file: file.create_dataset("w", shape=(2,), dtype=dtype))

    with pytest.raises(UnsafeFile, match="other than numbers"):
        inspect(path)


def test_opaque_elements_pass(tmp_path):
    # So bfloat16 is stored.
    path = _file(tmp_path / "m.h5", lambda file: file.create_dataset("w", data=np.zeros(3, "V2")))

    assert inspect(path).weights[0].declared == 6


def test_pieces_that_are_larger_than_their_array_are_refused(tmp_path):
    def fill(file):
        array = file.create_dataset("w", (1000,), "u1", chunks=(2**26,), maxshape=(None,), compression="gzip")
        array[:] = 1

    path = _file(tmp_path / "m.h5", fill)
    assert path.stat().st_size < 10**6, "the hazard is real: HDF5 makes room for the whole piece"

    with pytest.raises(UnsafeFile, match="pieces larger than itself"):
        inspect(path)


def test_pieces_of_the_usual_size_pass(tmp_path):
    def fill(file):
        file.create_dataset("w", data=np.zeros(1000), chunks=(4096,), maxshape=(None,))

    assert inspect(_file(tmp_path / "m.h5", fill)).weights[0].shape == (1000,)


def test_long_names_are_bounded_together(tmp_path):
    def fill(file):
        group = file
        for index in range(20):
            group = group.create_group(f"{index}" * 1000)

    path = _file(tmp_path / "m.h5", fill)

    inspect(path)
    with pytest.raises(UnsafeFile, match="names are too long"):
        inspect(path, Limits(text_bytes=100000))


def _attribute(file, name):
    h5py.h5a.create(file.id, name, h5py.h5t.NATIVE_INT32, h5py.h5s.create(h5py.h5s.SCALAR))


@pytest.mark.parametrize(
    "fill",
    [lambda file: file.create_group(b"a\xff"), lambda file: _attribute(file, b"a\xff")],
    ids=["group", "attribute"],
)
def test_a_name_that_is_no_text_is_damage(fill, tmp_path):
    # Found by the campaign of damaged files: h5py gives such a name as bytes, which no JSON can hold.
    with pytest.raises(DataDamaged, match="not text"):
        inspect(_file(tmp_path / "m.h5", fill))
