"""Times the steps of somebody's model, and gives them to pytest-benchmark: its table and its JSON then hold them."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Mapping

from pytest_kerasch2.errors import FrameworkMissing, InvalidArgument
from pytest_kerasch2.framework import api, devices
from pytest_kerasch2.framework.devices import Device
from pytest_kerasch2.timing import (
    benchmark_arguments,
    function_steps,
    measured_environment,
    measurement,
    memory,
    modes,
    roofline,
)
from pytest_kerasch2.timing.benchmark_summary import BenchmarkRow
from pytest_kerasch2.timing.breakdown import measure_breakdown
from pytest_kerasch2.timing.deadline import within
from pytest_kerasch2.timing.measurement import Measurement, measure
from pytest_kerasch2.timing.modes import Mode
from pytest_kerasch2.timing.workload import Workload, make_workload, weight_size

SCHEMA = 2
BATCH_SIZE = 32
# Under this name it stands in the `extra_info` of a benchmark.
NAME = "kerasch2"


def is_available(config: Any) -> bool:
    """Return whether pytest-benchmark is there, found by its name or loaded by that of its module."""
    return any(map(config.pluginmanager.hasplugin, ("benchmark", "pytest_benchmark.plugin")))


def benchmark_fixture(request: Any) -> Any:
    """Return the fixture of pytest-benchmark, which keeps the times.

    Raises:
        InvalidArgument: this is one of several processes, whose times are those of all of them.
        FrameworkMissing: pytest-benchmark is not installed, or switched off.
    """
    if hasattr(request.config, "workerinput"):
        raise InvalidArgument("Benchmarks cannot run in several workers", "this is a worker of -n", "run it without -n")
    if not is_available(request.config):
        remedy = "run pip install pytest-benchmark, or load it by -p pytest_benchmark.plugin"
        raise FrameworkMissing("Benchmarks need pytest-benchmark", "it is not there", remedy)
    return request.getfixturevalue("benchmark")


def save_partial_results(config: Any) -> None:
    """Write what was measured so far where pytest-benchmark is to, for a process that will not come to its end."""
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        # The last lines must be seen.
        capture.suspend_global_capture(in_=True)
    config._benchmarksession.handle_saving()


def measure_interleaved(
    models: Mapping[str, Any],
    data: Any,
    *,
    group: str,
    batch_size: int | None = None,
    device: str | Device | None = None,
    mode: str = "fit",
    seconds: float = 1.0,
    rounds: int = 9,
    deadline: float = 300.0,
    on_timeout: Callable[[], None] = lambda: None,
) -> dict[str, Measurement]:
    """Measure several models, whose blocks are interleaved; each is then recorded by itself, as `measurement`.

    Args:
        models: by their names.
        group: a name that their measurements share.
        rounds: at least.
        data, batch_size, device, mode, seconds, deadline, on_timeout: as for `record_model`.

    Raises:
        InvalidArgument, DeviceMissing, NotApplicable, InvalidMeasurement, Inconclusive: as `record_model` does.
    """
    benchmark_arguments.check_seconds(seconds)
    chosen, place = modes.find_mode(mode), benchmark_arguments.to_device(device)
    workloads = [_workload(model, data, batch_size, place, chosen) for model in models.values()]
    with within(deadline, on_timeout), memory.exhaustion_reported(place):
        measurements = measurement.measure_interleaved(workloads, chosen, seconds, min_rounds=rounds)
    return {of: replace(one, interleaved_group=group) for of, one in zip(models, measurements)}


def record_model(
    benchmark: Any,
    model: Any,
    data: Any,
    *,
    batch_size: int | None = None,
    device: str | Device | None = None,
    mode: str = "fit",
    seconds: float = 1.0,
    deadline: float = 300.0,
    verify: bool = True,
    breakdown: bool = False,
    class_weight: Mapping[int, float] | None = None,
    on_timeout: Callable[[], None] = lambda: None,
    measurement: Measurement | None = None,
) -> BenchmarkRow:
    """Time the steps of a model, and give their times to pytest-benchmark.

    Args:
        benchmark: the fixture of pytest-benchmark; its times are those of single steps.
        model, data, class_weight: see `make_workload`.
        batch_size: items a step (32); data that come in batches have their own.
        device: a device or a word for one; None for a GPU if there is one.
        mode, seconds, deadline: the name of a mode; seconds of blocks, about; and after which it is stopped.
        verify: whether the work check runs: steps must do the work of reference steps.
        breakdown: whether a step of `fit` is broken down into its parts too.
        on_timeout: is called if the deadline cannot stop it, before the process is ended.
        measurement: the result, if it was measured already, interleaved with others.

    Raises:
        InvalidArgument, DeviceMissing, NotApplicable: something that was given cannot be used here.
        InvalidMeasurement, Inconclusive: the time is not valid, or the device has too little memory.
        FrameworkMissing: this pytest-benchmark takes no times that were measured elsewhere.
    """
    # At once: what is refused below has made use of the fixture all the same.
    benchmark._mode = NAME
    benchmark_arguments.check_seconds(seconds)
    benchmark_arguments.check_breakdown(breakdown, mode)
    chosen, place = modes.find_mode(mode), benchmark_arguments.to_device(device)
    workload = _workload(model, data, batch_size, place, chosen, class_weight)
    with within(deadline, on_timeout), memory.exhaustion_reported(place):
        measurement = measurement or measure(workload, chosen, seconds, verify)
        parts = measure_breakdown(workload, seconds, verify=False) if breakdown else None
        # With the same care: the machine may have too little memory for that too.
        roofline_seconds, network = _roofline_seconds(workload, chosen), _network(workload)
    about = (benchmark.name, place.name, mode, workload.batch_size, measurement, roofline_seconds, network)
    row = BenchmarkRow(*about, breakdown=parts, note=_note(workload, batch_size))
    _give_times(benchmark, measurement)
    benchmark.extra_info[NAME] = _record(row, place, measurement)
    return row


def _note(workload: Workload, batch_size: int | None) -> str:
    """Return a remark if the data come in batches of another size than `batch_size`."""
    if batch_size is None or batch_size == workload.batch_size:
        return ""
    return f"batch_size is {workload.batch_size}, that of data, and not {batch_size}"


def record_function(benchmark: Any, function: Callable[..., Any], **options: Any) -> BenchmarkRow:
    """Time the step of a loop outside Keras, and give its times to pytest-benchmark.

    Args:
        benchmark: the fixture of pytest-benchmark.
        function: does one step.
        options: see `function_steps.measure`.

    Raises:
        InvalidArgument, InvalidMeasurement, Inconclusive: as `record_model` does.
    """
    benchmark._mode = NAME
    measurement, workload = function_steps.measure(function, **options)
    _give_times(benchmark, measurement)
    row = BenchmarkRow(benchmark.name, workload.device_name, "step", workload.items, measurement)
    facts = {
        "mode": row.mode,
        "batch_size": row.batch_size,
        "device": row.device,
        "network": "",
        "roofline_seconds": None,
    }
    facts.update(hardware="", environment=workload.environment, breakdown=None, step=workload.name)
    benchmark.extra_info[NAME] = {"schema": SCHEMA, **facts, **measurement.to_dict()}
    return row


def _workload(
    model: Any, data: Any, batch_size: int | None, place: Device, mode: Mode, class_weight: Any = None
) -> Workload:
    """Return a model and its data, of which a mode can be timed."""
    workload = make_workload(model, data, BATCH_SIZE if batch_size is None else batch_size, place, class_weight)
    modes.check_model(model, mode)
    return workload


def _record(row: BenchmarkRow, place: Device, measurement: Measurement) -> dict[str, Any]:
    """Return what the file of pytest-benchmark has of a row."""
    facts = {"mode": row.mode, "batch_size": row.batch_size, "device": row.device, "network": row.network}
    facts.update(
        hardware=devices.hardware(place),
        environment=measured_environment.environment(),
        roofline_seconds=row.roofline_seconds,
    )
    note = {"note": row.note} if row.note else {}
    return {
        "schema": SCHEMA,
        **facts,
        **note,
        "breakdown": row.breakdown and row.breakdown.to_dict(),
        **measurement.to_dict(),
    }


def _network(workload: Workload) -> str:
    return f"{_dtype(workload.model)}, {sum(map(weight_size, workload.trained_weights))} parameters"


def _roofline_seconds(workload: Workload, mode: Mode) -> float | None:
    """Return the least seconds that a step takes here, or None for a network of layers that are not known."""
    dtype = _dtype(workload.model)
    cost = roofline.step_cost(workload.model, workload.batch_size, mode.trains)
    return None if cost is None else roofline.least_seconds(cost, workload.device, dtype)


def _dtype(model: Any) -> str:
    # A model may have no layers, and hold its weights itself.
    last = next(reversed(getattr(model, "layers", None) or [model]))
    return api.dtype_name(getattr(last, "compute_dtype", getattr(last, "dtype", "")))


def _give_times(benchmark: Any, measurement: Measurement) -> None:
    steps = measurement.blocks[0].steps
    try:
        # Its own loops would do steps that nobody counts, and know nothing of devices. No public call takes times.
        if benchmark.disabled:
            return
        stats = benchmark._make_stats(steps)
        for one in measurement.blocks:
            stats.update(one.seconds)
    except (AttributeError, TypeError) as error:
        happened = "This pytest-benchmark takes no times that were measured elsewhere"
        raise FrameworkMissing(happened, str(error), "install pytest-benchmark 4 or 5") from error


def remove_empty_storage(storage: str | None) -> None:
    """Remove the folder that pytest-benchmark makes at its start for what a run may save, where that is nothing."""
    place = (storage or "").replace("file://", "", 1)
    if place and "://" not in place:
        # One that holds something is not removed so.
        with contextlib.suppress(OSError):
            Path(place).rmdir()
