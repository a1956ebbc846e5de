from __future__ import annotations

import os
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_kerasch2.accuracy import calibration
from pytest_kerasch2.accuracy.calibration import CalibrationRequest
from pytest_kerasch2.errors import DeviceMissing, InvalidArgument
from pytest_kerasch2.framework import device_files, devices
from pytest_kerasch2.framework.devices import Device

CPU = Device("cpu", 0)
GPUS = (Device("gpu", 0), Device("gpu", 1))


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that says which devices this machine has."""
    return lambda *actual: monkeypatch.setattr(devices, "present", lambda: actual)


@pytest.mark.parametrize(
    ("word", "name"), [(None, "gpu:0"), ("gpu", "gpu:0"), ("gpu:1", "gpu:1"), ("cpu", "cpu:0"), ("CPU:0", "cpu:0")]
)
def test_one_device_is_the_first_gpu_unless_another_is_named(there: Any, word: str | None, name: str) -> None:
    there(CPU, *GPUS)

    assert devices.one(word).name == name


def test_without_a_gpu_it_is_the_cpu(there: Any) -> None:
    there(CPU)

    assert devices.one() == CPU


def test_a_gpu_that_is_asked_for_and_not_there_is_missed(there: Any) -> None:
    there(CPU)

    with pytest.raises(DeviceMissing, match="There is no gpu"):
        devices.one("gpu")


def test_two_words_are_not_one_device(there: Any) -> None:
    there(CPU, *GPUS)

    with pytest.raises(InvalidArgument, match="must be a single device"):
        devices.one("cpu,gpu")


@pytest.mark.parametrize(("asked", "name"), [(None, "cpu:0"), ("gpu", "gpu:0"), ("gpu:1", "gpu:1")])
def test_the_devices_of_a_cluster_are_not_looked_for_here(there: Any, tmp_path: Any, asked: Any, name: str) -> None:
    there(CPU)

    assert (
        calibration._placed(CalibrationRequest(tmp_path / "a.jsonl", device=asked, cluster="tcp://there:8786")) == name
    )


def test_two_words_are_not_one_device_of_a_cluster_either(tmp_path: Any) -> None:
    with pytest.raises(InvalidArgument, match="must be a single device"):
        calibration._placed(CalibrationRequest(tmp_path / "a.jsonl", device="gpu,cpu", cluster="tcp://there:8786"))


def test_memory_is_shared_unless_the_user_said_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {"XLA_PYTHON_CLIENT_PREALLOCATE": "true"}
    monkeypatch.setattr(os, "environ", variables)

    devices.share_memory()

    assert variables == {"XLA_PYTHON_CLIENT_PREALLOCATE": "true", "TF_FORCE_GPU_ALLOW_GROWTH": "true"}


def _framework(monkeypatch: pytest.MonkeyPatch, backend: str, **parts: Any) -> None:
    monkeypatch.setattr(devices.api, "runs_on_tensorflow", lambda: backend == "tensorflow")
    monkeypatch.setattr(devices.api, "release", lambda: SimpleNamespace(backend=backend))
    monkeypatch.setattr(devices.api, "tensorflow", lambda: SimpleNamespace(**parts))
    monkeypatch.setitem(sys.modules, backend, SimpleNamespace(**parts))


@pytest.mark.parametrize(
    ("backend", "parts"),
    [
        ("jax", {"devices": lambda kind: [SimpleNamespace(device_kind=f"{kind} {index}") for index in range(2)]}),
        ("torch", {"cuda": SimpleNamespace(get_device_name=lambda index: f"gpu {index}")}),
    ],
)
def test_a_gpu_is_named_by_its_framework(monkeypatch: pytest.MonkeyPatch, backend: str, parts: Any) -> None:
    _framework(monkeypatch, backend, **parts)

    assert [devices.hardware(one) for one in (CPU, *GPUS)] == ["", "gpu 0", "gpu 1"]


@pytest.mark.parametrize(
    ("experimental", "name"), [({"get_device_details": lambda one: {"device_name": f"{one}!"}}, "second!"), ({}, "")]
)
def test_a_gpu_is_named_by_tensorflow_where_that_tells(
    monkeypatch: pytest.MonkeyPatch, experimental: Any, name: str
) -> None:
    room = SimpleNamespace(list_physical_devices=lambda kind: ["first", "second"], **experimental)
    _framework(monkeypatch, "tensorflow", config=SimpleNamespace(experimental=room))

    assert devices.hardware(GPUS[1]) == name


@pytest.mark.parametrize(
    ("backend", "device", "name"),
    [("jax", CPU, "cpu:0"), ("torch", CPU, "cpu"), ("torch", GPUS[1], "gpu:1")],
)
def test_work_is_placed_by_the_name_with_which_keras_can_train(
    monkeypatch: pytest.MonkeyPatch, backend: str, device: Device, name: str
) -> None:
    _framework(monkeypatch, backend)
    monkeypatch.setattr(devices.api, "keras", lambda: SimpleNamespace(device=lambda named: f"on {named}"))

    assert device.placed() == f"on {name}"


class _OfJax:
    def devices(self) -> list[Any]:
        return [SimpleNamespace(platform="cuda", id=1)]


@pytest.mark.parametrize(
    ("weight", "place"),
    [
        (SimpleNamespace(device="/job:localhost/replica:0/task:0/device:GPU:1", value=lambda: 0), "gpu:1"),
        (SimpleNamespace(value=SimpleNamespace(device="/job:localhost/replica:0/task:0/device:CPU:0")), "cpu:0"),
        (SimpleNamespace(value=SimpleNamespace(device="cuda:2")), "gpu:2"),
        (SimpleNamespace(value=SimpleNamespace(device="cpu")), "cpu:0"),
        (SimpleNamespace(value=_OfJax()), "gpu:1"),
        (SimpleNamespace(), ""),
    ],
    ids=["variable of TensorFlow", "of Keras 3 on it", "on torch", "on torch's CPU", "on JAX", "of something else"],
)
def test_a_weight_tells_where_it_lies(weight: Any, place: str) -> None:
    assert devices.where(weight) == place


@pytest.mark.parametrize(
    ("files", "variables", "expected"),
    [
        ([], {}, ["cpu:0"]),
        (["nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm"], {}, ["cpu:0", "gpu:0", "gpu:1"]),
        (["nvidia0", "nvidia1"], {"CUDA_VISIBLE_DEVICES": "1"}, ["cpu:0", "gpu:0"]),
        (["nvidia0"], {"CUDA_VISIBLE_DEVICES": "-1"}, ["cpu:0"]),
        (["nvidia0"], {"CUDA_VISIBLE_DEVICES": ""}, ["cpu:0"]),
        (["dxg"], {}, ["cpu:0", "gpu:0"]),
    ],
)
def test_devices_are_expected_by_their_files(tmp_path, monkeypatch, files, variables, expected):
    for name in device_files.VISIBLE:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    for name in files:
        (tmp_path / name).touch()
    monkeypatch.setattr(device_files, "DEVICES", tmp_path)

    assert [device.name for device in devices.expected()] == expected


def test_named_devices_are_expected_whatever_there_is(tmp_path, monkeypatch):
    monkeypatch.setattr(device_files, "DEVICES", tmp_path)

    assert [device.name for device in devices.expected("gpu,cpu,gpu:2")] == ["gpu:0", "cpu:0", "gpu:2"]
