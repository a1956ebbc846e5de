"""Times the steps of somebody's model, and gives them to pytest-benchmark: its table and its JSON then hold them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable, Mapping

from pytest_kerasch2.errors import BadSetting, FrameworkMissing
from pytest_kerasch2.framework import api, devices
from pytest_kerasch2.framework.devices import Device
from pytest_kerasch2.timing import environment, limit, measuring, memory, modes, parts
from pytest_kerasch2.timing.deadline import within
from pytest_kerasch2.timing.measuring import Measurement
from pytest_kerasch2.timing.modes import Mode
from pytest_kerasch2.timing.subject import Subject, size_of, subject
from pytest_kerasch2.timing.table import Row

SCHEMA = 1
# Under this name it stands in the `extra_info` of a benchmark.
NAME = "kerasch2"


def has_keeper(config: Any) -> bool:
    """Tell whether pytest-benchmark is there, found by its name or loaded by that of its module."""
    return any(map(config.pluginmanager.hasplugin, ("benchmark", "pytest_benchmark.plugin")))


def keeper(request: Any) -> Any:
    """Give the fixture of pytest-benchmark, which keeps the times.

    Raises:
        BadSetting: this is one of several processes, whose times are those of all of them.
        FrameworkMissing: pytest-benchmark is not installed, or switched off.
    """
    if hasattr(request.config, "workerinput"):
        raise BadSetting("Several workers take each other's time", "this is a worker of -n", "run it without -n")
    if not has_keeper(request.config):
        remedy = "run pip install pytest-benchmark, or load it by -p pytest_benchmark.plugin"
        raise FrameworkMissing("Times are kept by pytest-benchmark", "it is not there", remedy)
    return request.getfixturevalue("benchmark")


def keep(config: Any) -> None:
    """Write what was measured so far where pytest-benchmark is to, for a process that will not come to its end."""
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        # What is said last is to be seen.
        capture.suspend_global_capture(in_=True)
    config._benchmarksession.handle_saving()


def in_turns(
    models: Mapping[str, Any],
    data: Any,
    *,
    name: str,
    batch_size: int = 32,
    device: str | None = None,
    mode: str = "fit",
    seconds: float = 1.0,
    rounds: int = 9,
    deadline: float = 300.0,
    given_up: Callable[[], None] = lambda: None,
) -> dict[str, Measurement]:
    """Measure several models, whose blocks take turns; each is then recorded by itself, as `found`.

    Args:
        models: by their names.
        name: that their measurements share.
        rounds: at least.
        data, batch_size, device, mode, seconds, deadline, given_up: as for `recorded`.

    Raises:
        BadSetting, DeviceMissing, NotApplicable, TimingVoid, CouldNotTell: as `recorded` does.
    """
    chosen, place = modes.mode(mode), devices.one(device)
    subjects = [subject(model, data, batch_size, place) for model in models.values()]
    with within(deadline, given_up), memory.told(place):
        found = measuring.in_turns(subjects, chosen, seconds, fewest=rounds)
    return {of: replace(one, turns=name) for of, one in zip(models, found)}


def recorded(
    benchmark: Any,
    model: Any,
    data: Any,
    *,
    batch_size: int = 32,
    device: str | None = None,
    mode: str = "fit",
    seconds: float = 1.0,
    deadline: float = 300.0,
    proof: bool = True,
    apart: bool = False,
    given_up: Callable[[], None] = lambda: None,
    found: Measurement | None = None,
) -> Row:
    """Time the steps of a model, and give their times to pytest-benchmark.

    Args:
        benchmark: the fixture of pytest-benchmark; its times are those of single steps.
        model, data, batch_size: see `subject`.
        device: a word for one device, or None for a GPU if there is one.
        mode, seconds: name of a way to do the steps, and of blocks that count, about.
        deadline: seconds after which it is given up.
        proof: whether steps must be shown to do what steps by hand do; False where they are meant to do something else.
        apart: whether a step of `fit` is to be taken apart too.
        given_up: is called where it cannot be stopped at its deadline, before the process is ended.
        found: what was measured of it already, in turns with others.

    Raises:
        BadSetting, DeviceMissing: something that was given cannot be used.
        NotApplicable: this release or backend has no such mode.
        TimingVoid: the time cannot be believed.
        CouldNotTell: the device has not enough memory.
        FrameworkMissing: this pytest-benchmark takes no times that were measured elsewhere.
    """
    # Said at once: what is refused or not available below has made use of the fixture all the same.
    benchmark._mode = NAME
    chosen, place = modes.mode(mode), devices.one(device)
    ready = subject(model, data, batch_size, place)
    if apart and mode != "fit":
        raise BadSetting("A step is taken apart in one mode alone", repr(mode), 'say mode="fit", or leave out apart')
    with within(deadline, given_up), memory.told(place):
        found = found or measuring.measure(ready, chosen, seconds, proof)
        taken = parts.measure(ready, seconds, proving=False) if apart else None
        # What this machine can do at best is measured with the same care: it may have too little memory for that too.
        least, network = _limit(ready, chosen), _network(model)
    _give(benchmark, found)
    row = Row(benchmark.name, place.name, mode, batch_size, found, least, network, parts=taken)
    benchmark.extra_info[NAME] = _record(row, place, found)
    return row


def _record(row: Row, place: Device, found: Measurement) -> dict[str, Any]:
    """Give what the file of pytest-benchmark has of a row."""
    about = {"mode": row.mode, "batch_size": row.batch_size, "device": row.device, "network": row.network}
    about.update(hardware=devices.hardware(place), environment=environment.told(), limit_seconds=row.limit)
    return {"schema": SCHEMA, **about, "parts": row.parts and row.parts.plain, **found.plain}


def _network(model: Any) -> str:
    return f"{_dtype(model)}, {sum(map(size_of, model.trainable_weights))} parameters"


def _limit(subject: Subject, mode: Mode) -> float | None:
    """Give the seconds that a step takes at least here, or None where the network is of other layers than are known."""
    dtype = _dtype(subject.model)
    work = limit.work_of(subject.model, subject.batch_size, mode.trains)
    return None if work is None else limit.least(work, subject.device, dtype)


def _dtype(model: Any) -> str:
    last = model.layers[-1]
    return api.dtype_name(getattr(last, "compute_dtype", last.dtype))


def _give(benchmark: Any, found: Measurement) -> None:
    steps = found.blocks[0].steps
    try:
        # Its own loops would do steps that nobody counts, and know nothing of devices. No public call takes times.
        if benchmark.disabled:
            return
        stats = benchmark._make_stats(steps)
        for one in found.blocks:
            stats.update(one.seconds)
    except (AttributeError, TypeError) as error:
        happened = "This pytest-benchmark takes no times that were measured elsewhere"
        raise FrameworkMissing(happened, str(error), "install pytest-benchmark 4 or 5") from error
