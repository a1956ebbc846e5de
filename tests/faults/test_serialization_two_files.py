"""One file that two readers take for two: refused, whatever comes first and whatever it is called."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile

import h5py
import numpy as np
import pytest

from pytest_kerasch2.errors import DataDamaged, UnsafeFile
from pytest_kerasch2.serialization import inspect, kinds

pytestmark = pytest.mark.usefixtures("in_this_process")
CONFIG = json.dumps({"class_name": "Sequential", "config": {"name": "m", "layers": []}})
PADDED = "assets/padding"


def _hdf5(path, user_block=0, config=CONFIG):
    with h5py.File(str(path), "w", userblock_size=user_block) as file:
        if config:
            file.attrs["model_config"] = config
        file.create_dataset("w", data=np.arange(8.0))
    return path


def _zip(path, parts):
    with zipfile.ZipFile(str(path), "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def _in_memory(write):
    stream = io.BytesIO()
    write(stream)
    return stream.getvalue()


def _tar(stream):
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("nothing"))


@pytest.fixture
def model(tmp_path):
    """The bytes of an HDF5 model and of an archive, both honest."""
    weights = _hdf5(tmp_path / "weights.h5", config=None).read_bytes()
    parts = {"metadata.json": '{"keras_version": "3.0.0"}', "config.json": CONFIG, "model.weights.h5": weights}
    return {
        "hdf5": _hdf5(tmp_path / "plain.h5").read_bytes(),
        "zip": _zip(tmp_path / "plain.keras", parts).read_bytes(),
        "npz": _in_memory(lambda stream: np.savez(stream, w=np.arange(8.0))),
        "npy": _in_memory(lambda stream: np.save(stream, np.arange(8.0))),
        "gzip": gzip.compress(b"something"),
        "tar": _in_memory(_tar),
        "json": json.dumps({"weight_map": {}}).encode(),
        "saved model": b"\x08\x01\x12\x00",
    }


@pytest.mark.parametrize(("name", "kind"), [("m.h5", "hdf5"), ("m.weights.h5", "hdf5"), ("m.keras", "zip")])
def test_each_alone_is_looked_into(model, name, kind, tmp_path):
    # The control of all that follows.
    (tmp_path / name).write_bytes(model[kind])

    assert inspect(tmp_path / name).kind == kind


KINDS = ("hdf5", "zip", "npz", "npy", "gzip", "tar", "json", "saved model")
NAMES = ("m.h5", "m.weights.h5", "m.keras", "m.hdf5", "m", "m.weights.json")
PAIRS = [(front, behind) for front in KINDS for behind in KINDS if front != behind]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("front", "behind"), PAIRS)
def test_two_files_in_one_are_refused(model, name, front, behind, tmp_path):
    (tmp_path / name).write_bytes(model[front] + model[behind])

    with pytest.raises((UnsafeFile, DataDamaged)):
        inspect(tmp_path / name)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("user_block", [512, 1024, 2048, 65536])
@pytest.mark.parametrize("front", [*KINDS[1:], "nothing"])
def test_hdf5_behind_a_user_block_is_refused(model, name, user_block, front, tmp_path):
    path = _hdf5(tmp_path / name, user_block)
    in_front = model.get(front, b"")[:user_block]
    path.write_bytes(in_front + path.read_bytes()[len(in_front) :])
    assert h5py.is_hdf5(str(path)), "the hazard is real"

    with pytest.raises((UnsafeFile, DataDamaged)):
        inspect(path)


def _padded(tmp_path, user_block, named, content):
    """Return an archive with a part that begins at a place where HDF5 looks for its signature."""
    weights = _hdf5(tmp_path / "weights.h5", config=None).read_bytes()
    parts = {"metadata.json": "{}", "config.json": CONFIG}
    if named != "model.weights.h5":
        parts["model.weights.h5"] = weights
    begin = len(_zip(tmp_path / "m.keras", parts).read_bytes()) - len(_directory(tmp_path / "m.keras"))
    room = user_block - begin - 30 - len(named) - 30 - len(PADDED)
    return _zip(tmp_path / "m.keras", {**parts, PADDED: b" " * room, named: content})


def _directory(path):
    whole = path.read_bytes()
    return whole[whole.index(b"PK\x01\x02") :]


@pytest.mark.parametrize("user_block", [16384, 65536])
def test_hdf5_in_a_part_of_an_archive_is_refused(user_block, tmp_path):
    path = _padded(tmp_path, user_block, "assets/more", _hdf5(tmp_path / "inner.h5").read_bytes())
    assert h5py.is_hdf5(str(path)), "the hazard is real: TensorFlow up to 2.12 takes it for HDF5"

    with pytest.raises(UnsafeFile, match="can be read as HDF5 too"):
        inspect(path)


def test_weights_that_happen_to_begin_where_hdf5_looks_are_no_second_file(tmp_path):
    path = _padded(tmp_path, 16384, "model.weights.h5", _hdf5(tmp_path / "inner.h5", config=None).read_bytes())
    assert h5py.is_hdf5(str(path)), "the case is the one meant"

    assert inspect(path).kind == "zip"


def test_weights_in_an_archive_that_hold_an_architecture_are_refused(tmp_path):
    path = _padded(tmp_path, 16384, "model.weights.h5", _hdf5(tmp_path / "inner.h5").read_bytes())

    with pytest.raises(UnsafeFile, match="an architecture of their own"):
        inspect(path)


def test_weights_in_an_archive_are_one_file_themselves(model, tmp_path):
    parts = {"metadata.json": "{}", "config.json": CONFIG, "model.weights.h5": model["hdf5"] + model["zip"]}

    with pytest.raises(UnsafeFile, match="does not fit"):
        inspect(_zip(tmp_path / "m.keras", parts))


def test_bytes_behind_hdf5_are_refused(model, tmp_path):
    (tmp_path / "m.h5").write_bytes(model["hdf5"] + b"{}")

    with pytest.raises(UnsafeFile, match="2 bytes behind its end"):
        inspect(tmp_path / "m.h5")


@pytest.mark.parametrize("libver", ["earliest", "latest"])
@pytest.mark.parametrize("count", [0, 1, 100])
def test_no_honest_hdf5_has_bytes_behind_its_end(libver, count, tmp_path):
    with h5py.File(str(tmp_path / "m.h5"), "w", libver=libver) as file:
        for index in range(count):
            file.create_dataset(f"g{index}/w", data=np.arange(100.0))

    assert len(inspect(tmp_path / "m.h5").weights) == count


@pytest.mark.parametrize(
    "change",
    [
        lambda whole: b" " + whole,
        lambda whole: whole + b" ",
        lambda whole: whole.replace(b"PK\x01\x02", b"  PK\x01\x02", 1),
        lambda whole: whole.replace(b"PK\x05\x06", b"  PK\x05\x06", 1),
    ],
    ids=["in front", "behind", "behind the parts", "behind the directory"],
)
def test_bytes_beside_the_parts_of_an_archive_are_refused(model, change, tmp_path):
    (tmp_path / "m.keras").write_bytes(change(model["zip"]))

    with pytest.raises((UnsafeFile, DataDamaged)):
        inspect(tmp_path / "m.keras")


def test_a_remark_of_an_archive_is_refused(model, tmp_path):
    path = tmp_path / "m.keras"
    path.write_bytes(model["zip"])
    with zipfile.ZipFile(str(path), "a") as archive:
        archive.comment = b"PK\x03\x04"

    with pytest.raises(UnsafeFile, match="more than its parts"):
        inspect(path)


def test_a_part_that_no_directory_lists_is_refused(model, tmp_path):
    path = tmp_path / "m.keras"
    path.write_bytes(model["zip"])
    with zipfile.ZipFile(str(path), "a") as archive:
        archive.writestr("assets/hidden", "x")
        archive.filelist.pop()

    with pytest.raises(UnsafeFile, match="more than its parts"):
        inspect(path)


@pytest.mark.parametrize("at", [8, 14, 18, 22], ids=["method", "checksum", "packed", "plain"])
def test_a_part_that_is_described_in_two_ways_is_refused(model, at, tmp_path):
    whole = bytearray(model["zip"])
    whole[at] ^= 1
    (tmp_path / "m.keras").write_bytes(bytes(whole))

    with pytest.raises(UnsafeFile, match="described in two ways"):
        inspect(tmp_path / "m.keras")


def test_a_name_with_nul_in_an_archive_is_refused(model, tmp_path):
    # Python ends the name there, another reader does not.
    parts = {"metadata.json": "{}", "config.json_evil": CONFIG, "model.weights.h5": model["hdf5"]}
    path = _zip(tmp_path / "m.keras", parts)
    path.write_bytes(path.read_bytes().replace(b"config.json_evil", b"config.json\0evil"))

    with pytest.raises(UnsafeFile, match=r"config\.json\\x00evil"):
        inspect(path)


class _OnlyForward(io.BytesIO):
    """A place to write to where nothing can be gone back to."""

    def seek(self, *_):
        raise OSError

    def tell(self):
        raise AttributeError


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("stream", [io.BytesIO, _OnlyForward])
@pytest.mark.parametrize("force_zip64", [False, True])
def test_every_archive_that_python_writes_is_taken(model, method, stream, force_zip64, tmp_path):
    weights = _hdf5(tmp_path / "inner.h5", config=None).read_bytes()
    parts = {"metadata.json": b"{}", "config.json": CONFIG.encode(), "model.weights.h5": weights, "assets/a": b"1"}
    place = stream()
    with zipfile.ZipFile(place, "w", method) as archive:
        for name, content in parts.items():
            with archive.open(name, "w", force_zip64=force_zip64) as part:
                part.write(content)
    (tmp_path / "m.keras").write_bytes(place.getvalue())

    assert inspect(tmp_path / "m.keras").kind == "zip"


@pytest.mark.parametrize(("start", "name"), [(b"PK\x03\x04", "m.keras"), (kinds.HDF5_START, "m.h5")])
def test_a_tar_archive_whose_first_name_begins_as_another_file_is_refused(start, name, tmp_path):
    path = tmp_path / name
    with tarfile.open(str(path), "w", format=tarfile.USTAR_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo(start.decode("latin-1")), None)
    block = bytearray(path.read_bytes())
    block[: len(start)] = start
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block[:512])
    path.write_bytes(bytes(block))
    assert tarfile.is_tarfile(str(path)), "the hazard is real"

    with pytest.raises(UnsafeFile, match="tar archive"):
        inspect(path)


def test_a_checkpoint_of_the_same_name_is_refused(model, tmp_path):
    # Keras 2 loads the weights of `m` from `m.index` and its data, not from `m`.
    (tmp_path / "m").write_bytes(model["hdf5"])
    (tmp_path / "m.index").write_bytes(b"checkpoint")

    with pytest.raises(UnsafeFile, match="checkpoint"):
        inspect(tmp_path / "m")
