"""Files made to do harm: refused before Keras is called, and the harm is real where that is cheap to show."""

from __future__ import annotations

import base64
import json
import marshal
import time

import h5py
import numpy as np
import pytest

from pytest_kerasch2.errors import UnsafeFile
from pytest_kerasch2.serialization import Limits, inspect

pytestmark = pytest.mark.usefixtures("in_this_process")
CANARY = b"the canary's own words"


def _file(path, fill, config=None):
    with h5py.File(str(path), "w") as file:
        if config is not None:
            file.attrs["model_config"] = json.dumps(config)
        fill(file)
    return path


def _model(*layers):
    return {"class_name": "Sequential", "config": {"name": "m", "layers": list(layers)}}


def _nothing(_):
    pass


@pytest.fixture
def canary(tmp_path):
    path = tmp_path / "canary.txt"
    path.write_bytes(CANARY)
    return path


@pytest.fixture
def elsewhere(tmp_path):
    return _file(tmp_path / "elsewhere.h5", lambda file: file.create_dataset("secret", data=np.arange(4.0)))


def test_external_storage_is_refused(canary, tmp_path):
    outside = [(str(canary), 0, len(CANARY))]
    path = _file(
        tmp_path / "m.h5",
        lambda file: file.create_dataset("w", shape=(len(CANARY),), dtype="u1", external=outside),
    )
    with h5py.File(str(path), "r") as file:
        assert file["w"][()].tobytes() == CANARY, "the hazard is real: HDF5 reads the other file"

    with pytest.raises(UnsafeFile, match="lies in another file") as error:
        inspect(path)

    assert CANARY.decode() not in str(error.value)


def test_an_external_link_is_refused(elsewhere, tmp_path):
    path = _file(tmp_path / "m.h5", lambda file: file.__setitem__("w", h5py.ExternalLink(str(elsewhere), "secret")))
    with h5py.File(str(path), "r") as file:
        assert file["w"][3] == 3, "the hazard is real"

    with pytest.raises(UnsafeFile, match="ExternalLink '/w'"):
        inspect(path)


def test_a_soft_link_is_refused(tmp_path):
    def fill(file):
        file.create_dataset("a", data=np.arange(4.0))
        file["b"] = h5py.SoftLink("/a")

    with pytest.raises(UnsafeFile, match="SoftLink"):
        inspect(_file(tmp_path / "m.h5", fill))


def test_a_virtual_array_is_refused(elsewhere, tmp_path):
    layout = h5py.VirtualLayout(shape=(4,), dtype="f8")
    layout[:] = h5py.VirtualSource(str(elsewhere), "secret", shape=(4,))
    with h5py.File(str(tmp_path / "m.h5"), "w", libver="latest") as file:
        file.create_virtual_dataset("w", layout)
    with h5py.File(str(tmp_path / "m.h5"), "r") as file:
        assert file["w"][3] == 3, "the hazard is real"

    with pytest.raises(UnsafeFile, match="put together from other files"):
        inspect(tmp_path / "m.h5")


@pytest.mark.parametrize("shape", [(10**12,), (2**30, 2**30), (10**5, 10**5)])
@pytest.mark.parametrize("packed", [{}, {"compression": "gzip", "chunks": True}])
def test_a_giant_shape_is_refused_at_once(shape, packed, tmp_path):
    if packed:
        packed = {"compression": "gzip", "chunks": (1024,) * len(shape)}
    path = _file(tmp_path / "m.h5", lambda file: file.create_dataset("w", shape=shape, dtype="f4", **packed))
    began = time.monotonic()

    with pytest.raises(UnsafeFile, match="declares more than the file can hold"):
        inspect(path)

    assert time.monotonic() - began < 2
    assert path.stat().st_size < 10**6, "the hazard is real: a small file declares a giant"


def test_an_array_that_was_never_written_is_refused(tmp_path):
    path = _file(tmp_path / "m.h5", lambda file: file.create_dataset("w", shape=(10**6,), dtype="f4"))

    with pytest.raises(UnsafeFile, match="4000000 bytes"):
        inspect(path)


def test_compressed_arrays_of_an_honest_size_pass(tmp_path):
    data = np.random.RandomState(1).rand(5000)
    path = _file(tmp_path / "m.h5", lambda file: file.create_dataset("w", data=data, compression="gzip"))

    assert inspect(path).weights[0].shape == (5000,)


def test_an_array_of_objects_is_refused(tmp_path):
    text = h5py.special_dtype(vlen=bytes)
    path = _file(tmp_path / "m.h5", lambda file: file.create_dataset("w", shape=(2,), dtype=text))

    with pytest.raises(UnsafeFile, match="other than numbers"):
        inspect(path)


def test_deep_groups_are_refused(tmp_path):
    path = _file(tmp_path / "m.h5", lambda file: file.create_group("/".join(["g"] * 200)))

    with pytest.raises(UnsafeFile, match="nested too deeply"):
        inspect(path)


def test_a_group_inside_itself_is_walked_once(tmp_path):
    def fill(file):
        file["a/b/again"] = file.create_group("a")

    assert inspect(_file(tmp_path / "m.h5", fill)).weights == ()


def test_many_attributes_are_refused(tmp_path):
    def fill(file):
        for index in range(1200):
            file.attrs[f"a{index}"] = index

    with pytest.raises(UnsafeFile, match="too many attributes"):
        inspect(_file(tmp_path / "m.h5", fill))


def test_many_objects_are_refused(tmp_path):
    def fill(file):
        for index in range(30):
            file.create_group(f"g{index}")

    with pytest.raises(UnsafeFile, match="too many objects"):
        inspect(_file(tmp_path / "m.h5", fill), Limits(objects=20))


def test_a_list_of_texts_that_all_point_to_one_is_bounded(tmp_path):
    def fill(file):
        file.attrs.create("names", ["x" * 1000] * 50, dtype=h5py.special_dtype(vlen=str))

    path = _file(tmp_path / "m.h5", fill)

    inspect(path)
    with pytest.raises(UnsafeFile, match="50 entries"):
        inspect(path, Limits(array_bytes=10000))


def _bytecode(marker):
    code = compile(f"lambda x: (open({str(marker)!r}, 'w').close(), x)[1]", "made-up", "eval").co_consts[0]
    return base64.b64encode(marshal.dumps(code)).decode()


def _lambda(function, **more):
    return {"class_name": "Lambda", "config": {"name": "l", "function": function, **more}}


HOSTILE = {
    "bytecode of Keras 2": lambda code: _lambda([code, None, None], function_type="lambda"),
    "bytecode of Keras 3": lambda code: _lambda({"class_name": "__lambda__", "config": {"code": code}}),
    "bytecode as an activation": lambda code: {
        "class_name": "Dense",
        "config": {"units": 1, "activation": {"class_name": "__lambda__", "config": {"code": code}}},
    },
    "bytecode under another class": lambda code: {
        "class_name": "Dense",
        "config": {"units": 1, "function": [code, None, None], "function_type": "lambda"},
    },
    "bytecode for the shape": lambda code: {
        "class_name": "Reshape",
        "config": {"output_shape": [code, None, None], "output_shape_type": "lambda"},
    },
    "a function of the system": lambda _: {
        "module": "os",
        "class_name": "function",
        "config": "system",
        "registered_name": "system",
    },
    "a class of the system": lambda _: {"module": "subprocess", "class_name": "Popen", "config": {"args": ["true"]}},
    "a function of Python": lambda _: {"module": "builtins", "class_name": "function", "config": "eval"},
    "a name of Python": lambda _: {"module": "builtins", "class_name": "exec", "config": {}},
    "Keras's downloader": lambda _: {
        "module": "keras.utils",
        "class_name": "get_file",
        "config": {"origin": "http://127.0.0.1/"},
    },
    "Keras's downloader as a function": lambda _: {
        "module": "keras.utils",
        "class_name": "function",
        "config": "get_file",
    },
    "Keras's safety switch": lambda _: {
        "module": "keras.config",
        "class_name": "enable_unsafe_deserialization",
        "config": {},
    },
    "Keras's loader": lambda _: {"module": "keras.models", "class_name": "load_model", "config": {"filepath": "x"}},
    "a look-alike of Keras": lambda _: {"module": "keras_evil.layers", "class_name": "Dense", "config": {}},
    "a SavedModel elsewhere": lambda _: {"class_name": "TFSMLayer", "config": {"filepath": "/elsewhere"}},
    "a pickle of Torch": lambda _: {"class_name": "TorchModuleWrapper", "config": {"module": "AAAA"}},
    "a raw operation": lambda _: {"class_name": "TensorFlowOpLayer", "config": {"node_def": "ReadFile"}},
    "reading by operation": lambda _: {"class_name": "TFOpLambda", "config": {"function": "io.read_file"}},
    "a vocabulary file": lambda _: {"class_name": "StringLookup", "config": {"vocabulary": "/etc/hostname"}},
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_hostile_layer_is_refused(name, tmp_path):
    marker = tmp_path / "marker"
    layer = HOSTILE[name](_bytecode(marker))

    with pytest.raises(UnsafeFile) as error:
        inspect(_file(tmp_path / "m.h5", _nothing, _model(layer)))

    assert error.value.found
    assert not marker.exists()


def test_the_bytecode_is_real(tmp_path):
    # The control of the gallery: what the file carries does create the marker when it runs.
    marker = tmp_path / "marker"
    code = marshal.loads(base64.b64decode(_bytecode(marker)))

    type(_nothing)(code, globals())(1)

    assert marker.exists()


def test_hostile_training_configurations_are_refused_too(tmp_path):
    def fill(file):
        loss = {"module": "os", "class_name": "function", "config": "system"}
        file.attrs["training_config"] = json.dumps({"loss": loss})

    with pytest.raises(UnsafeFile, match="training configuration"):
        inspect(_file(tmp_path / "m.h5", fill, _model()))


@pytest.mark.parametrize(
    "layer",
    [
        {"class_name": "Dense", "config": {"units": 3, "activation": "relu"}},
        {"module": "keras.layers", "class_name": "Dense", "config": {}, "registered_name": None},
        {"module": "keras.src.models.functional", "class_name": "Functional", "config": {}},
        {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}},
        {"module": "builtins", "class_name": "function", "config": "softmax_v2", "registered_name": "function"},
        {"class_name": "__tuple__", "items": [1, 2]},
        {"class_name": "TFOpLambda", "config": {"function": "math.add"}},
        {"class_name": "StringLookup", "config": {"vocabulary": ["a", "b"]}},
    ],
)
def test_an_honest_layer_passes(layer, tmp_path):
    inspect(_file(tmp_path / "m.h5", _nothing, _model(layer)))


def test_the_callers_own_class_passes_by_name_alone(tmp_path):
    layer = {"module": "mine.layers", "class_name": "Mine", "config": {}, "registered_name": "Mine"}
    path = _file(tmp_path / "m.h5", _nothing, _model(layer))

    inspect(path, allowed=("Mine",))
    with pytest.raises(UnsafeFile, match=r"'mine\.layers': 'Mine'"):
        inspect(path, allowed=("Other",))


@pytest.mark.parametrize("depth", [200, 100000])
def test_a_deep_configuration_is_refused(depth, tmp_path):
    def fill(group):
        # As a text that is put together, because json.dumps would itself run out of stack.
        group.attrs.create("model_config", '{"a":' * depth + "1" + "}" * depth, dtype=h5py.special_dtype(vlen=str))

    with pytest.raises(UnsafeFile, match="nested too deeply"):
        inspect(_file(tmp_path / "m.h5", fill))
