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
from pytest_kerasch2.timing import benchmark_arguments, measured_environment, memory, nested_arrays, step_measurement
from pytest_kerasch2.timing.block import Run
from pytest_kerasch2.timing.deadline import within
from pytest_kerasch2.timing.measurement import Measurement
from pytest_kerasch2.timing.memory import Gauge
from pytest_kerasch2.timing.modes import Mode
from pytest_kerasch2.timing.work_check import Proof

FRAMEWORKS = ("tensorflow", "jax", "torch")
WHY_NOT = "a plain function does not say what its work is"


class Loop:
    """Stands for a `Subject`: a function instead of a model.

    Attributes:
        items: that a step processes.
        name: of the function.
        device: where its steps are done.
    """

    batches = 1
    source = None
    trained: Sequence[Any] = ()

    def __init__(self, function: Callable[..., Any], items: int, wait: Callable[[Any], Any] | None, name: str) -> None:
        """Begin before the first step."""
        self.function, self.items, self.own_wait = function, items, wait
        self.name = name or getattr(function, "__name__", type(function).__name__)
        self.device = Placed(None)
        self.batch_size = items
        self.last: Any = None
        self.model = SimpleNamespace(layers=[], call=lambda: None)

    @property
    def place(self) -> str:
        """Return the name of the device on which what a step has returned lies."""
        found = [devices.where(leaf) for leaf in nested_arrays.values(self.last) if hasattr(leaf, "shape")]
        return next(filter(None, found), str(self.device.name))

    @property
    def environment(self) -> dict[str, Any]:
        """Return the versions of what takes part."""
        loaded = [name for name in (*FRAMEWORKS, "keras", "numpy") if name in sys.modules]
        return {**measured_environment.of_process(), **{name: packages.version_of(name) for name in loaded}}

    def gauge(self) -> Gauge | None:
        """Return what reads the memory of the process; that of other devices no common call tells."""
        return Gauge(Device("cpu", 0)) if self.device.kind == "cpu" else None

    def build(self) -> None:
        """There is nothing to build."""

    def kept_as_it_is(self) -> Any:
        """Return a context in which nothing is put back: what a function changes, it alone knows."""
        return contextlib.nullcontext()

    def check_device(self) -> None:
        """A function is where it is."""

    def updates(self) -> None:
        """A function counts nothing."""

    def weights(self) -> dict[str, str]:
        """Return no weights."""
        return {}

    def tracing(self) -> bool:
        """It is not seen whether a function is traced."""
        return False

    def finish(self) -> None:
        """Return when what the last step returned is there."""
        if self.own_wait is not None:
            self.own_wait(self.last)
        else:
            wait_for(self.last)

    def wait(self) -> None:
        """Return when the devices have nothing left to do."""
        wait_for(self.last)
        drain()


def wait_for(value: Any) -> None:
    """Return when all tensors in a structure are there, of whichever framework."""
    for leaf in nested_arrays.values(value):
        _wait_for(leaf)


def _wait_for(leaf: Any) -> None:
    framework = type(leaf).__module__.partition(".")[0]
    if hasattr(leaf, "block_until_ready"):
        leaf.block_until_ready()
    elif framework == "torch" and getattr(leaf, "is_cuda", False):
        _loaded("torch").cuda.synchronize(leaf.device)
    elif framework == "tensorflow" and hasattr(leaf, "numpy"):
        leaf.numpy()


def drain() -> None:
    """Return when the devices of all frameworks that are loaded have nothing left to do."""
    torch, jax = _loaded("torch"), _loaded("jax")
    if torch is not None and hasattr(torch, "cuda") and torch.cuda.is_initialized():
        torch.cuda.synchronize()
    if jax is not None and hasattr(jax, "live_arrays"):
        for one in jax.live_arrays():
            if not one.is_deleted():
                one.block_until_ready()
    context: Any = sys.modules.get("tensorflow.python.eager.context")
    if hasattr(context, "async_wait") and context.context()._initialized:  # a private flag: waiting would start devices
        context.async_wait()


def _loaded(name: str) -> Any:
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
    given_up: Callable[[], None] = lambda: None,
) -> tuple[Measurement, Loop]:
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
        given_up: is called where it cannot be stopped at its deadline, before the process is ended.

    Raises:
        InvalidArgument: an argument cannot be used.
        InvalidMeasurement: a step went on working when its clock had stopped.
    """
    _check(function, items, seconds, wait)
    loop = Loop(function, items, wait, name)
    given = None if batches is None else list(batches)
    if given is not None and not given:
        raise InvalidArgument("batches must hold at least one batch, got none")
    loop.device = Placed(device)
    with within(deadline, given_up), memory.told(loop.device):  # type: ignore[arg-type]
        (found,) = step_measurement.in_turns([loop], Mode("step", False, False, _run(given)), seconds, proving=False)  # type: ignore[list-item]
    return replace(found, proof=Proof(why_not=WHY_NOT)), loop


def _check(function: Any, items: Any, seconds: Any, wait: Any) -> None:
    if not callable(function):
        raise InvalidArgument(f"function must be a function that does one step, got {type(function).__name__}")
    benchmark_arguments.count(items, "items")
    benchmark_arguments.seconds(seconds)
    if wait is not None and not callable(wait):
        raise InvalidArgument(f"wait must be a function that takes what a step returned, got {type(wait).__name__}")


def _run(given: Sequence[Any] | None) -> Callable[[Any], Run]:
    def make(loop: Any) -> Run:
        function = loop.function
        arguments = [()] if given is None else [one if isinstance(one, tuple) else (one,) for one in given]
        turn = itertools.cycle(arguments)

        def run(count: int) -> None:
            for one in itertools.islice(turn, count):
                loop.last = function(*one)

        return run

    return make


class Placed:
    """A device, by the ways in which each framework that is loaded places new tensors on it."""

    def __init__(self, given: str | Device | None) -> None:
        """Take a device, a word for one, or None to place nothing."""
        benchmark_arguments.check_device(None if isinstance(given, Device) else given)
        kind, _, index = str(given or "cpu").partition(":")
        self.chosen, self.kind, self.index = given is not None, kind.strip().lower(), int(index or 0)
        self.name = f"{self.kind}:{self.index}"

    def __str__(self) -> str:
        """Return the name."""
        return self.name

    @contextlib.contextmanager
    def placed(self) -> Iterator[None]:
        """Return a context in which new tensors go to this device."""
        torch, jax, tensorflow = map(_loaded, ("torch", "jax", "tensorflow"))
        with contextlib.ExitStack() as kept:
            if self.chosen and tensorflow is not None and hasattr(tensorflow, "device"):
                kept.enter_context(tensorflow.device(f"/{self.kind.upper()}:{self.index}"))
            if self.chosen and jax is not None and hasattr(jax, "default_device"):
                kept.enter_context(jax.default_device(jax.devices(self.kind)[self.index]))
            if self.chosen and torch is not None and hasattr(torch.device, "__enter__"):
                kept.enter_context(torch.device("cpu" if self.kind == "cpu" else f"cuda:{self.index}"))
            yield
