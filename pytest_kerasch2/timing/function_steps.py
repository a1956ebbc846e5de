"""Steps of a loop outside Keras: any function, on TensorFlow, JAX or torch, timed with the same care."""

from __future__ import annotations

import contextlib
import itertools
import sys
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, Callable, Iterable, Iterator, Sequence

from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.framework import devices, packages
from pytest_kerasch2.framework.devices import Device
from pytest_kerasch2.timing import benchmark_arguments, measured_environment, memory, nested_arrays
from pytest_kerasch2.timing.block import StepRunner
from pytest_kerasch2.timing.deadline import within
from pytest_kerasch2.timing.measurement import Measurement, measure_interleaved
from pytest_kerasch2.timing.memory import Gauge
from pytest_kerasch2.timing.modes import Mode
from pytest_kerasch2.timing.work_check import WorkCheck

FRAMEWORKS = ("tensorflow", "jax", "torch")
NOT_CHECKED = "a plain function does not say what its work is"


class FunctionWorkload:
    """Stands for a `Workload`: a function instead of a model.

    Attributes:
        items: that a step processes.
        name: of the function.
        device: where its steps are done.
    """

    batches = 1
    source = None
    trained_weights: Sequence[Any] = ()

    def __init__(self, function: Callable[..., Any], items: int, wait: Callable[[Any], Any] | None, name: str) -> None:
        """Begin before the first step."""
        self.function, self.items, self.user_wait = function, items, wait
        self.name = name or getattr(function, "__name__", type(function).__name__)
        self.device = AnyFrameworkDevice(None)
        self.batch_size = items
        self.last_result: Any = None
        self.model = SimpleNamespace(layers=[], call=lambda: None)

    @property
    def device_name(self) -> str:
        """Return the name of the device on which what a step has returned lies."""
        places = [devices.where(leaf) for leaf in nested_arrays.values(self.last_result) if hasattr(leaf, "shape")]
        return next(filter(None, places), str(self.device.name))

    @property
    def environment(self) -> dict[str, Any]:
        """Return the versions of what takes part."""
        loaded = [name for name in (*FRAMEWORKS, "keras", "numpy") if name in sys.modules]
        return {**measured_environment.process_environment(), **{name: packages.version_of(name) for name in loaded}}

    def gauge(self) -> Gauge | None:
        """Return what reads the memory of the process; that of other devices no common call tells."""
        return Gauge(Device("cpu", 0)) if self.device.kind == "cpu" else None

    def build(self) -> None:
        """There is nothing to build."""

    def restored(self) -> Any:
        """Return a context that restores nothing: only the function knows what it changes."""
        return contextlib.nullcontext()

    def check_device(self) -> None:
        """A function is where it is."""

    def update_count(self) -> None:
        """A function counts nothing."""

    def weight_hashes(self) -> dict[str, str]:
        """Return no weights."""
        return {}

    def is_tracing(self) -> bool:
        """It is not seen whether a function is traced."""
        return False

    def finish(self) -> None:
        """Return when what the last step returned is there."""
        if self.user_wait is not None:
            self.user_wait(self.last_result)
        else:
            wait_for(self.last_result)

    def wait(self) -> None:
        """Return when the devices have nothing left to do."""
        wait_for(self.last_result)
        drain_devices()


def wait_for(value: Any) -> None:
    """Return when all tensors in a structure are there, of whichever framework."""
    for leaf in nested_arrays.values(value):
        _wait_for(leaf)


def _wait_for(leaf: Any) -> None:
    framework = type(leaf).__module__.partition(".")[0]
    if hasattr(leaf, "block_until_ready"):
        leaf.block_until_ready()
    elif framework == "torch" and getattr(leaf, "is_cuda", False):
        _loaded_module("torch").cuda.synchronize(leaf.device)
    elif framework == "tensorflow" and hasattr(leaf, "numpy"):
        leaf.numpy()


def drain_devices() -> None:
    """Return when the devices of all frameworks that are loaded have nothing left to do."""
    torch, jax = _loaded_module("torch"), _loaded_module("jax")
    if torch is not None and hasattr(torch, "cuda") and torch.cuda.is_initialized():
        torch.cuda.synchronize()
    if jax is not None and hasattr(jax, "live_arrays"):
        for one in jax.live_arrays():
            if not one.is_deleted():
                one.block_until_ready()
    context: Any = sys.modules.get("tensorflow.python.eager.context")
    if hasattr(context, "async_wait") and context.context()._initialized:  # a private flag: waiting would start devices
        context.async_wait()


def _loaded_module(name: str) -> Any:
    return sys.modules.get(name)


def measure(
    function: Callable[..., Any],
    *,
    items: int,
    batches: Iterable[Any] | None = None,
    device: str | Device | None = None,
    seconds: float = 1.0,
    deadline: float = 300.0,
    wait: Callable[[Any], Any] | None = None,
    name: str = "",
    on_timeout: Callable[[], None] = lambda: None,
) -> tuple[Measurement, FunctionWorkload]:
    """Measure the steps of a loop.

    Args:
        function: does one step, and returns what it made: tensors, or a structure of them, that are waited for.
        items: how many inputs a step processes.
        batches: whose members it takes in turn; a tuple is several arguments. None where it takes nothing.
        device: on which new tensors are made; None where the framework places them.
        seconds: of blocks that count, about.
        deadline: seconds after which it is given up.
        wait: is called with what the last step returned, and returns when its work is done; None waits for the tensors
            in it.
        name: of the step, in the JSON.
        on_timeout: is called where it cannot be stopped at its deadline, before the process is ended.

    Raises:
        InvalidArgument: an argument cannot be used.
        InvalidMeasurement: a step went on working when its clock had stopped.
    """
    _check(function, items, seconds, wait)
    workload = FunctionWorkload(function, items, wait, name)
    batch_list = None if batches is None else list(batches)
    if batch_list is not None and not batch_list:
        raise InvalidArgument("batches must hold at least one batch, got none")
    workload.device = AnyFrameworkDevice(device)
    with within(deadline, on_timeout), memory.exhaustion_reported(workload.device):  # type: ignore[arg-type]
        mode = Mode("step", False, False, _run(batch_list))
        (measurement,) = measure_interleaved([workload], mode, seconds, verify=False)  # type: ignore[list-item]
    return replace(measurement, work_check=WorkCheck(why_not=NOT_CHECKED)), workload


def _check(function: Any, items: Any, seconds: Any, wait: Any) -> None:
    if not callable(function):
        raise InvalidArgument(f"function must be a function that does one step, got {type(function).__name__}")
    benchmark_arguments.check_count(items, "items")
    benchmark_arguments.check_seconds(seconds)
    if wait is not None and not callable(wait):
        raise InvalidArgument(f"wait must be a function that takes what a step returned, got {type(wait).__name__}")


def _run(batches: Sequence[Any] | None) -> Callable[[Any], StepRunner]:
    def make(workload: Any) -> StepRunner:
        function = workload.function
        arguments = [()] if batches is None else [one if isinstance(one, tuple) else (one,) for one in batches]
        cycle = itertools.cycle(arguments)

        def run(count: int) -> None:
            for one in itertools.islice(cycle, count):
                workload.last_result = function(*one)

        return run

    return make


class AnyFrameworkDevice:
    """A device, by the ways in which each framework that is loaded places new tensors on it."""

    def __init__(self, device: str | Device | None) -> None:
        """Take a device, a word for one, or None to place nothing."""
        benchmark_arguments.check_device(None if isinstance(device, Device) else device)
        kind, _, index = str(device or "cpu").partition(":")
        self.is_explicit, self.kind, self.index = device is not None, kind.strip().lower(), int(index or 0)
        self.name = f"{self.kind}:{self.index}"

    def __str__(self) -> str:
        """Return the name."""
        return self.name

    @contextlib.contextmanager
    def placed(self) -> Iterator[None]:
        """Return a context in which new tensors go to this device."""
        torch, jax, tensorflow = map(_loaded_module, ("torch", "jax", "tensorflow"))
        with contextlib.ExitStack() as stack:
            if self.is_explicit and tensorflow is not None and hasattr(tensorflow, "device"):
                stack.enter_context(tensorflow.device(f"/{self.kind.upper()}:{self.index}"))
            if self.is_explicit and jax is not None and hasattr(jax, "default_device"):
                stack.enter_context(jax.default_device(jax.devices(self.kind)[self.index]))
            if self.is_explicit and torch is not None and hasattr(torch.device, "__enter__"):
                stack.enter_context(torch.device("cpu" if self.kind == "cpu" else f"cuda:{self.index}"))
            yield
