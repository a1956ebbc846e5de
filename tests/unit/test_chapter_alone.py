"""The suite where Keras runs without TensorFlow: what it demands, says, keeps and puts back."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any, Callable

import pytest

from pytest_kerasch2.chapter import block_texts as listings_texts
from pytest_kerasch2.chapter.listings import running as listings_running
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.claims.release import Release
from pytest_kerasch2.errors import ClaimBroken, DeviceMissing, FrameworkMissing, NotApplicable
from pytest_kerasch2.framework import api, backend_state, devices
from pytest_kerasch2.options import Settings
from pytest_kerasch2.report.chapter_summary import release_line
from pytest_kerasch2.suite import environment as suite_environment


def _without_tensorflow(monkeypatch: pytest.MonkeyPatch, backend: str) -> None:
    keras = SimpleNamespace(__version__="3.15.1", backend=SimpleNamespace(backend=lambda: backend))
    monkeypatch.setattr(api, "_alone", lambda: True)
    monkeypatch.setattr(api, "keras", lambda: keras)
    monkeypatch.setattr(api, "installed", lambda: Release("-", "3.15.1", backend))


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    _without_tensorflow(monkeypatch, "jax")


@pytest.fixture
def on_torch(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Return a function that lets Keras run on a torch that sees so many GPUs."""

    def run(gpus: int) -> None:
        _without_tensorflow(monkeypatch, "torch")
        cuda = SimpleNamespace(device_count=lambda: gpus)
        monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))

    return run


def test_a_keras_on_another_backend_is_enough(alone: None) -> None:
    suite_environment.check_framework_installed()


@pytest.mark.parametrize("expected", [None, Release("-", "3.15.1", "tensorflow")])
def test_nothing_to_verify_on_is_said_with_both_ways_out(
    monkeypatch: pytest.MonkeyPatch, expected: Release | None
) -> None:
    monkeypatch.setattr(api, "installed", lambda: expected)

    with pytest.raises(FrameworkMissing, match=r"without TensorFlow.*pip install .*KERAS_BACKEND"):
        suite_environment.check_framework_installed()


def test_the_header_names_no_tensorflow_where_there_is_none(alone: None) -> None:
    assert suite_environment.header(Settings(), distributed=True)[0] == "chapter on: Keras 3.15.1, backend jax"


def test_the_report_says_that_there_is_no_tensorflow() -> None:
    facts = {"keras": "3.15.1", "backend": "jax", "python": "3.12.1", "numpy": "2.5.5", "platform": "Linux-x86_64"}

    line = release_line({"tensorflow": "-", **facts})

    assert line.startswith("Without TensorFlow, Keras 3.15.1, backend jax")


def _run(monkeypatch: pytest.MonkeyPatch, text: str) -> Any:
    monkeypatch.setattr(listings_texts, "text", lambda block: text)
    return listings_running.executed(Recorder(), "any", {})


def test_a_block_that_names_tensorflow_is_not_applicable(alone: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotApplicable, match="The block speaks of TensorFlow"):
        _run(monkeypatch, "print(tf.keras.__version__)")


def test_a_block_that_no_python_takes_is_broken_all_the_same(alone: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ClaimBroken, match="IndentationError"):
        _run(monkeypatch, "import tensorflow as tf\n  tf.keras")


def test_a_block_without_tensorflow_is_run(alone: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _run(monkeypatch, "rounds = 10")["rounds"] == 10


class _Settings:
    """What `jax.config` offers of itself."""

    def __init__(self) -> None:
        self.values = {"jax_enable_x64": False, "jax_log_compiles": False}

    def update(self, name: str, value: bool) -> None:
        self.values[name] = value


def test_a_setting_of_jax_is_seen_and_put_back(alone: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jax", SimpleNamespace(config=_Settings()))
    (item,) = [one for one in backend_state.items() if one.name == "settings of JAX"]
    before = item.read()
    sys.modules["jax"].config.update("jax_enable_x64", True)  # type: ignore[attr-defined]
    changed = item.read()

    assert item.restore is not None
    item.restore(before)

    assert (item.same(before, changed), item.read()) == (False, before)


def test_beside_tensorflow_no_other_backend_is_watched() -> None:
    assert backend_state.items() == ()


def test_torch_says_itself_which_devices_there_are(on_torch: Callable[[int], None]) -> None:
    on_torch(2)

    assert [device.name for device in devices.present()] == ["cpu:0", "gpu:0", "gpu:1"]


def test_a_device_that_is_not_there_is_missed_by_the_backend(on_torch: Callable[[int], None]) -> None:
    on_torch(0)

    with pytest.raises(DeviceMissing, match="no gpu that torch can use"):
        devices.choose("gpu")
