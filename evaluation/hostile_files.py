"""Model files and archives that try to run code, to read elsewhere or to exhaust what loads them.

Each that runs code leaves a mark: an empty file of the case's name in a folder of marks.
"""

from __future__ import annotations

import gzip
import io
import json
import stat
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Iterator

import h5py
import numpy as np

from evaluation.hostile_layers import (
    LAYERS,
    SHAPE,
    Pickled,
    bytecode,
    first_layer,
    newer_lambda,
    older_lambda,
    plain_layer,
)

KINDS = ("hdf5", "zip", "npz", "gzip", "tar", "json", "saved model")
USER_BLOCKS = (512, 1024, 2048, 65536)
"""Where HDF5 looks for its signature."""


@dataclass(frozen=True)
class Case:
    """A hostile file.

    Attributes:
        name: what it tries.
        path: the file, or folder.
        mark: the file that its code would make.
        costly: whether it is not to be loaded without a look, for it would exhaust the machine.
    """

    name: str
    path: Path
    mark: Path
    costly: bool = False


class Maker:
    """Writes the files into a folder."""

    def __init__(self, folder: Path) -> None:
        """Take an empty folder."""
        self.folder = folder
        self.cases: list[Case] = []
        (folder / "marks").mkdir()

    def place(self, name: str, called: str, costly: bool = False) -> Case:
        """Return a new case, whose file is yet to be written."""
        number = len(self.cases)
        path = self.folder / str(number) / called
        path.parent.mkdir()
        self.cases.append(Case(name, path, self.folder / "marks" / str(number), costly))
        return self.cases[-1]


def older_model(layer: dict[str, Any]) -> dict[str, Any]:
    """Return a model with one layer as it stands in HDF5."""
    first = {"class_name": "InputLayer", "config": {"batch_input_shape": SHAPE, "dtype": "float32", "name": "i"}}
    return {"class_name": "Sequential", "config": {"name": "m", "layers": [first, layer]}}


def newer_model(layer: dict[str, Any]) -> dict[str, Any]:
    """Return a model with one layer as it stands in an archive."""
    inner = {"name": "m", "trainable": True, "layers": [first_layer(), layer], "build_input_shape": SHAPE}
    return {"module": "keras", "class_name": "Sequential", "config": inner, "registered_name": None}


def hdf5(config: Any, user_block: int = 0, **attributes: Any) -> bytes:
    """Return an HDF5 file of a model."""
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        if config is not None:
            file.attrs["model_config"] = json.dumps(config)
        for name, value in attributes.items():
            file.attrs[name] = json.dumps(value)
        file.create_group("model_weights").attrs["layer_names"] = np.array([], "S1")
    return bytes(user_block) + stream.getvalue()


def archive(config: Any, parts: dict[str, bytes] | None = None, method: int = zipfile.ZIP_STORED) -> bytes:
    """Return an archive of a model."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive_file:
        archive_file.writestr("metadata.json", '{"keras_version": "3.8.0", "date_saved": "2026-01-01@00:00:00"}')
        archive_file.writestr("config.json", json.dumps(config))
        if "model.weights.h5" not in (parts or {}):
            archive_file.writestr("model.weights.h5", hdf5(None))
        for name, content in (parts or {}).items():
            archive_file.writestr(name, content)
    return stream.getvalue()


def parts_of(mark: Path) -> dict[str, bytes]:
    """Return a file of each kind; those that hold models leave the mark."""
    packed, packer = io.BytesIO(), io.BytesIO()
    np.savez(packed, w=np.array([Pickled(mark)], object))
    with tarfile.open(fileobj=packer, mode="w") as archive_file:
        archive_file.addfile(tarfile.TarInfo("config.json"))
    return {
        "hdf5": hdf5(older_model(older_lambda(mark))), "zip": archive(newer_model(newer_lambda(mark))),
        "npz": packed.getvalue(), "gzip": gzip.compress(b"x"), "tar": packer.getvalue(),
        "json": json.dumps(newer_model(newer_lambda(mark))).encode(), "saved model": b"\x08\x01\x12\x00",
    }  # fmt: skip


def hostile_cases(maker: Maker, costly: bool = True) -> list[Case]:
    """Write every hostile file, those that take long to write only where they are wanted, and return the cases."""
    for write in (_layers, _pairs, _user_blocks, _archives, *([_bombs] if costly else []), _reaching, _folders):
        for _ in write(maker):
            pass
    return maker.cases


def _layers(maker: Maker) -> Iterator[Case]:
    for name, layer in LAYERS.items():
        for called, wrap, write in (("model.h5", older_model, hdf5), ("model.keras", newer_model, archive)):
            case = maker.place(f"{name} in {called}", called)
            case.path.write_bytes(write(wrap(layer(case.mark))))
            yield case
    for name, called in (("loss", "model.h5"), ("loss", "model.keras")):
        case = maker.place(f"bytecode as a {name} in {called}", called)
        compiled = {name: bytecode(case.mark), "optimizer": "sgd", "optimizer_config": older_lambda(case.mark)}
        plain = plain_layer("Dense", units=1)
        whole = hdf5(older_model(plain), training_config=compiled)
        packed = archive({**newer_model(plain), "compile_config": compiled})
        case.path.write_bytes(whole if called == "model.h5" else packed)
        yield case


def _pairs(maker: Maker) -> Iterator[Case]:
    for called in ("model.h5", "model.keras"):
        for front in KINDS:
            for behind in KINDS:
                if front != behind:
                    case = maker.place(f"{front} and {behind} behind it as {called}", called)
                    parts = parts_of(case.mark)
                    case.path.write_bytes(parts[front] + parts[behind])
                    yield case


def _user_blocks(maker: Maker) -> Iterator[Case]:
    for called in ("model.h5", "model.keras"):
        for place in USER_BLOCKS:
            for front in KINDS[1:]:
                case = maker.place(f"{front} in front of HDF5 at {place} as {called}", called)
                block = parts_of(case.mark)[front][:place]
                model = hdf5(older_model(older_lambda(case.mark)), place)
                case.path.write_bytes(block + model[len(block) :])
                yield case
        case = maker.place(f"HDF5 in a part of an archive at 65536 as {called}", called)
        case.path.write_bytes(_stored_at(65536, hdf5(older_model(older_lambda(case.mark)))))
        yield case


def _stored_at(place: int, content: bytes) -> bytes:
    """Return an honest archive with a part whose content begins at a place."""
    honest = newer_model(plain_layer("Dense", units=1))
    before = archive(honest).index(b"PK\x01\x02")
    room = place - before - 2 * 30 - len("assets/pad") - len("assets/model")
    return archive(honest, {"assets/pad": bytes(room), "assets/model": content})


def _archives(maker: Maker) -> Iterator[Case]:
    for name in ("../out", "/tmp/out", "assets/../../out", "..\\out", "model.weights.npz", "run.py", "assets/\0out"):
        case = maker.place(f"a part {name!r}", "model.keras")
        content = archive(
            newer_model(plain_layer("Dense", units=1)), {name.replace("\0", "_"): parts_of(case.mark)["npz"]}
        )
        case.path.write_bytes(content.replace(b"assets/_out", b"assets/\0out") if "\0" in name else content)
        yield case
    case = maker.place("a link in an archive", "model.keras")
    case.path.write_bytes(archive(newer_model(plain_layer("Dense", units=1))))
    link = zipfile.ZipInfo("assets/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(case.path, "a") as whole:
        whole.writestr(link, "/etc/passwd")
    yield case
    case = maker.place("weights that hold a model", "model.keras")
    weights = {"model.weights.h5": parts_of(case.mark)["hdf5"]}
    case.path.write_bytes(archive(newer_model(plain_layer("Dense", units=1)), weights))
    yield case


def _bombs(maker: Maker) -> Iterator[Case]:
    grown = b'{"a":[' + b"[]," * (31 * 2**20 // 3) + b"1]}"
    for name, parts in (
        ("two texts of 31 MiB of lists", {"config.json": grown, "metadata.json": grown}),
        ("a text of 15 MiB of lists", {"config.json": grown[: 15 * 2**20] + b"1]}"}),
        ("a text of 15 MiB of wide characters", {"config.json": b'{"a":"\xf0\x9f\x98\x80' + b"x" * 15 * 2**20 + b'"}'}),
        ("a text nested 100,000 times", {"config.json": b'{"a":' * 100000 + b"1" + b"}" * 100000}),
        ("zeros of 256 MiB", {"assets/zeros": bytes(2**28)}),
    ):
        case = maker.place(name, "model.keras", costly=True)
        # A text that is packed would be refused for what it grows to, before it is looked at as JSON.
        method = zipfile.ZIP_DEFLATED if "zeros" in name else zipfile.ZIP_STORED
        with zipfile.ZipFile(case.path, "w", method) as whole:
            honest = {"config.json": b"{}", "metadata.json": b"{}", "model.weights.h5": hdf5(None)}
            for part, content in {**honest, **parts}.items():
                whole.writestr(part, content)
        yield case
    giant: dict[str, dict[str, Any]] = {
        "a declared giant": {"shape": (10**12,), "dtype": "f4"},
        "a packed giant": {"shape": (2**33,), "dtype": "f4", "compression": "gzip", "chunks": (2**20,)},
        "a giant piece": {"shape": (1000,), "dtype": "u1", "chunks": (5 * 2**29,), "maxshape": (None,)},
        "an element of 256 MiB": {"shape": (1,), "dtype": f"V{2**28}"},
    }
    for name, how in giant.items():
        case = maker.place(name, "model.h5", costly=True)
        with h5py.File(case.path, "w") as file:
            file.attrs["model_config"] = json.dumps(older_model(plain_layer("Dense", units=1)))
            file.create_dataset("model_weights/w", **how)
        yield case


def _reaching(maker: Maker) -> Iterator[Case]:
    fills: dict[str, Callable[[Any], Any]] = {
        "a link to another file": lambda file: file.__setitem__("w", h5py.ExternalLink(__file__, "x")),
        "a link": lambda file: file.__setitem__("w", h5py.SoftLink("/model_weights")),
        "an array in another file": lambda file: file.create_dataset(
            "w", shape=(9,), dtype="u1", external=[(__file__, 0, 9)]
        ),
        "compound elements": lambda file: file.create_dataset("w", data=np.zeros(2, [("a", "f4"), ("b", "i4")])),
        "elements that are texts": lambda file: file.create_dataset(
            "w", shape=(2,), dtype=h5py.special_dtype(vlen=bytes)
        ),
        "elements that are references": lambda file: file.create_dataset(
            "w", shape=(2,), dtype=h5py.special_dtype(ref=h5py.Reference)
        ),
    }
    for name, fill in fills.items():
        case = maker.place(name, "model.h5")
        case.path.write_bytes(hdf5(older_model(plain_layer("Dense", units=1))))
        with h5py.File(case.path, "a") as file:
            fill(file)
        yield case


def _folders(maker: Maker) -> Iterator[Case]:
    for called in ("model", "model.h5", "model.keras"):
        case = maker.place(f"a folder called {called}", called)
        case.path.mkdir()
        (case.path / "saved_model.pb").write_bytes(b"\x08\x01\x12\x00")
        (case.path / "config.json").write_text(json.dumps(newer_model(newer_lambda(case.mark))), encoding="utf-8")
        yield case
