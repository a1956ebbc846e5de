"""Which devices there are, placing work on one, and waiting until that work is done."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from dataclasses import dataclass
from typing import Any, ContextManager

from pytest_kerasch2.errors import DeviceMissing, InvalidArgument, NotApplicable
from pytest_kerasch2.framework import api, device_files

KINDS = ("cpu", "gpu")
# What backends call a GPU.
GPUS = ("gpu", "cuda", "rocm")


@dataclass(frozen=True)
class Device:
    """One device that can do a model's work.

    Attributes:
        kind: ``cpu`` or ``gpu``.
        index: the number among those of its kind, from 0.
    """

    kind: str
    index: int

    @property
    def name(self) -> str:
        """Return the name used in options and reports, such as ``gpu:0``."""
        return f"{self.kind}:{self.index}"

    def __str__(self) -> str:
        """Return the name."""
        return self.name

    def placed(self) -> ContextManager[Any]:
        """Return a context manager in which new tensors and operations go to this device."""
        if _on_tensorflow():
            return api.tensorflow().device(f"/{self.kind.upper()}:{self.index}")  # type: ignore[no-any-return]
        # A model that is made on torch's "cpu:0" cannot be trained: to Keras 3.15 (`Variable._initialize`) that is not
        # the "cpu" where its weights are, and a copy of a weight has no gradient.
        if not api.runs_eagerly():
            return contextlib.nullcontext()
        by_kind = self.kind == "cpu" and api.release().backend == "torch"
        return api.keras().device(self.kind if by_kind else self.name)  # type: ignore[no-any-return]

    def wait(self, value: Any = None) -> None:
        """Return when everything that was sent to this device is done.

        On a CPU an eager operation returns when it is done, unless synchronous execution was switched off: then, and
        on a GPU, it is only queued. So first the queues are emptied (``async_wait``), then the streams are
        (``tf.test.experimental.sync_devices``, where it exists: in 2.15, not in 2.0), and last one number made on the
        device is fetched, which stands behind all earlier work in the device's stream.

        Args:
            value: a tensor whose value is to be there; the only way to wait on a backend other than TensorFlow.
        """
        if _on_tensorflow():
            _drain(self)
        if value is not None:
            _fetch(value)


def expected(words: str | None = None) -> tuple[Device, ...]:
    """Return the devices that a list names, or those of this machine; asks no framework, and so imports none.

    Whether a framework sees a device, `usable` tells when it is used.

    Raises:
        InvalidArgument: a word is no device.
    """
    gpus = device_files.gpus()
    listed: list[Device] = []
    for word in kinds(words) or (KINDS if gpus else KINDS[:1]):
        kind, colon, index = word.partition(":")
        count = max(1, gpus) if kind == "gpu" else 1
        several = [Device(kind, int(index))] if colon else [Device(kind, number) for number in range(count)]
        listed.extend(device for device in several if device not in listed)
    return tuple(listed)


def usable(device: Device | str | None, words: str | None = None) -> Device:
    """Return a device that the framework sees; imports the framework.

    Args:
        device: one that was expected, or a word for one; None for the one that `one` takes.
        words: the list by which devices were asked for, or None.

    Raises:
        InvalidArgument: a word is no device, or is several; or the list names a device that is not there.
        DeviceMissing: a single one was asked for, and is not there.
        NotApplicable: this machine has it, and the framework does not see it.
    """
    if device is None:
        return one(None if len(kinds(words)) != 1 else words)
    if not isinstance(device, Device):
        return one(str(device))
    there = present()
    if device in there:
        return device
    if kinds(words):
        try:
            return choose(device.name)[0]
        except DeviceMissing as error:
            # Somebody has named it: this is not a test that cannot run here, but a mistake.
            raise InvalidArgument(error.happened, error.found, error.remedy) from error
    names = ", ".join(one.name for one in there) or "none"
    raise NotApplicable(
        f"{_framework()} does not see {device.name}, which this machine has", f"it sees {names}",
        f"install the build of {_framework()} for it, or leave it out by --chapter-devices=cpu",
    )  # fmt: skip


def present() -> tuple[Device, ...]:
    """Return the CPUs and GPUs that this process may use. Looks for them, and starts none."""
    if not _on_tensorflow():
        return _of_keras()
    tf = api.tensorflow()
    # 2.0 has the function under `experimental` only, and lists XLA_CPU and XLA_GPU beside the real ones
    listed = getattr(tf.config, "list_physical_devices", tf.config.experimental.list_physical_devices)
    return tuple(Device(kind, index) for kind in KINDS for index in range(len(listed(kind.upper()))))


def choose(words: str | None = None) -> tuple[Device, ...]:
    """Return the devices that a comma-separated list names: ``cpu``, ``gpu`` (all of a kind) or ``gpu:1`` (one).

    Args:
        words: the list; None or an empty one means every device present.

    Raises:
        InvalidArgument: a word is no device.
        DeviceMissing: a device that was asked for is not there.
    """
    requested = kinds(words)
    there = present()
    chosen: list[Device] = []
    for word in requested:
        matching = [device for device in there if word in (device.kind, device.name)]
        if not matching:
            names = ", ".join(device.name for device in there) or "none"
            raise DeviceMissing(
                f"There is no {word} that {_framework()} can use", f"the devices present are {names}",
                f"leave it out of the list of devices, or install the driver and the {_framework()} build that see it",
            )  # fmt: skip
        chosen.extend(device for device in matching if device not in chosen)
    return tuple(chosen) if requested else there


def where(weight: Any) -> str:
    """Return the name of the device that a weight lies on, such as ``gpu:0``; an empty text where it does not tell.

    Args:
        weight: a variable of Keras or TensorFlow, or what a backend has for a tensor.
    """
    held = getattr(weight, "value", weight)
    # Of TensorFlow's own variables it is a method.
    raw = weight if callable(held) else held
    if hasattr(raw, "devices"):
        place = next(iter(raw.devices()))
        description = f"{place.platform}:{place.id}"
    else:
        description = str(getattr(raw, "device", "")).lower().rpartition("device:")[2]
    kind, _, index = description.partition(":")
    kind = "gpu" if kind in GPUS else kind
    return f"{kind}:{index or 0}" if kind in KINDS else ""


def one(words: str | None = None) -> Device:
    """Return the one device that a word names; where none is named, a GPU if there is one, or else the CPU.

    Raises:
        InvalidArgument: several words, or one that is no device.
        DeviceMissing: it is not there.
    """
    single(words)
    there = choose(words)
    return next((device for device in there if device.kind == "gpu"), there[0])


def single(words: str | None) -> str | None:
    """Return the one word of a list of devices, or None where it is empty; asks no framework.

    Raises:
        InvalidArgument: several words, or one that is no device.
    """
    names = kinds(words)
    if len(names) > 1:
        raise InvalidArgument(f"device must be a single device, got {words!r}", "", "name one, such as gpu:1")
    return names[0] if names else None


def hardware(device: Device) -> str:
    """Return what a GPU calls itself; an empty text for a CPU, and where TensorFlow is too old to tell."""
    if device.kind == "cpu":
        return ""
    if not _on_tensorflow():
        framework: Any = sys.modules[api.release().backend]
        if api.release().backend == "torch":
            return str(framework.cuda.get_device_name(device.index))
        return str(framework.devices("gpu")[device.index].device_kind)
    config = api.tensorflow().config
    details: Any = getattr(config.experimental, "get_device_details", lambda physical: {})
    listed = getattr(config, "list_physical_devices", config.experimental.list_physical_devices)
    return str(details(listed("GPU")[device.index]).get("device_name", ""))


def share_memory() -> None:
    """Let this process, and those that it starts, take of a GPU's memory what they need, not all of it at once.

    TensorFlow and JAX read this when they first look at a GPU; what the user has set stays.
    """
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")


def two_logical_cpus(tf: Any) -> tuple[str, str]:
    """Split the CPU in two logical devices and give their names; only in a process that has computed nothing yet.

    Raises:
        InvalidArgument: TensorFlow has started its devices, after which it refuses to split them.
    """
    room = tf.config if hasattr(tf.config, "set_logical_device_configuration") else tf.config.experimental
    half = getattr(room, "LogicalDeviceConfiguration", None) or tf.config.experimental.VirtualDeviceConfiguration
    split = getattr(room, "set_logical_device_configuration", None) or room.set_virtual_device_configuration
    listed = getattr(tf.config, "list_physical_devices", tf.config.experimental.list_physical_devices)
    try:
        split(listed("CPU")[0], [half(), half()])
    except RuntimeError as error:
        raise InvalidArgument(
            "The CPU cannot be split any more", str(error), "split it before anything else, in a child"
        ) from error
    return "CPU:0", "CPU:1"


def kinds(words: str | None) -> tuple[str, ...]:
    """Return the words of a list of devices, in small letters; asks no framework.

    Raises:
        InvalidArgument: a word is no device.
    """
    names = tuple(word.strip().lower() for word in (words or "").split(",") if word.strip())
    for word in names:
        kind, colon, index = word.partition(":")
        if kind not in KINDS or (colon and not re.fullmatch("[0-9]+", index)):
            allowed = ", ".join(f"{kind} or {kind}:N" for kind in KINDS)
            raise InvalidArgument(f"{word!r} is not a device", "", f"name devices as {allowed}, with commas between")
    return names


def _on_tensorflow() -> bool:
    return api.runs_on_tensorflow()


def _framework() -> str:
    return "TensorFlow" if _on_tensorflow() else api.release().backend


def _of_keras() -> tuple[Device, ...]:
    """Return the devices of Keras's own backend; `keras.distribution` lists none on torch, which is asked itself."""
    if api.release().backend == "torch":
        torch: Any = sys.modules["torch"]
        return (Device("cpu", 0), *(Device("gpu", index) for index in range(torch.cuda.device_count())))
    if not api.runs_eagerly():
        # Theano takes a GPU by a variable that is read while it is imported, and the chapter's claims need none.
        return (Device("cpu", 0),)
    listed = []
    for name in api.keras().distribution.list_devices():
        kind, _, index = str(name).lower().partition(":")
        kind = "gpu" if kind in GPUS else kind
        if kind in KINDS:
            listed.append(Device(kind, int(index or 0)))
    return tuple(listed) or (Device("cpu", 0),)


def _drain(device: Device) -> None:
    tf = api.tensorflow()
    # 2.0 refuses to wait before its devices have started, which the first tensor does
    one = tf.constant(1.0)
    context: Any = sys.modules.get("tensorflow.python.eager.context")
    if hasattr(context, "async_wait"):
        context.async_wait()
    sync = getattr(getattr(tf.test, "experimental", None), "sync_devices", None)
    if sync is not None and device.kind == "gpu":
        sync()
    with device.placed():
        _fetch(tf.add(one, one))


def _fetch(value: Any) -> None:
    api.array(value)
