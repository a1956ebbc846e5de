"""The work check of steps that do not train: what `evaluate` and `predict` give is what the model gives."""

from __future__ import annotations

import math
from typing import Any, Sequence

import numpy as np

from pytest_kerasch2.errors import InvalidMeasurement
from pytest_kerasch2.framework import api
from pytest_kerasch2.timing import nested_arrays, reference_loop
from pytest_kerasch2.timing.benchmark_data import Batch
from pytest_kerasch2.timing.modes import Mode
from pytest_kerasch2.timing.reference_loop import NoReference, attempt
from pytest_kerasch2.timing.workload import Workload, assign_values, copy_of, variables_restored

# Values may be off by so much, with numbers of 32 bits and of 16; metrics that count, by an item that is on the border.
MAX_DEVIATION, MAX_HALF_DEVIATION, MAX_METRIC_DEVIATION = 1e-3, 2e-2, 5e-2


def is_half(model: Any) -> bool:
    """Whether a part of a model computes in numbers of 16 bits or fewer."""
    parts = [model, *getattr(model, "layers", ())]
    names = [api.dtype_name(getattr(one, "compute_dtype", getattr(one, "dtype", ""))) for one in parts]
    quantized = any("int8" in api.dtype_name(getattr(one, "quantization_mode", "")) for one in parts)
    return quantized or any("16" in one or "float8" in one for one in names)


def check_reference(model: Any, mode: Mode) -> None:
    """Refuse a model of which there is no reference.

    Raises:
        NoReference: it overrides how it evaluates or predicts, or its loss cannot be computed by a reference loop.
    """
    own = "test_step" if mode.name == "evaluate" else "predict_step"
    if reference_loop.is_overridden(model, own):
        raise NoReference(f"the model has a {own} of its own")
    if mode.name == "evaluate" and reference_loop.is_overridden(model, "metrics"):
        # What `evaluate` gives is then in an order of its own, and may be without the loss.
        raise NoReference("the model has a list of metrics of its own")
    if mode.name == "evaluate" and [one.name for one in model.metrics].count("loss") > 1:
        # `evaluate` gives one value for each name, and so the last: the loss itself is hidden.
        raise NoReference("a metric of the model is called loss")
    reason = reference_loop.why_no_loss(model) if mode.name == "evaluate" else ""
    if reason:
        raise NoReference(reason)


def check_outputs(few: Workload, mode: Mode) -> Any:
    """Check that a mode that does not train returns the values of the model, also with other weights.

    Returns:
        The fields of a `WorkCheck`.

    Raises:
        NoReference: the model returns something else each time.
        InvalidMeasurement: it is not.
    """
    limit = MAX_HALF_DEVIATION if is_half(few.model) else MAX_DEVIATION
    run = attempt(lambda: (mode.remake or mode.make)(few))
    deviations = []
    with variables_restored(few.model):
        for _ in range(2):
            deviations.append(_deviation(few, mode, run))
            if not deviations[-1] <= limit:
                problem = f"for {few.items} inputs they differ by {deviations[-1]:.3g}, as a share of the largest"
                remedy = "remove what caches old results, or set verify=False"
                raise InvalidMeasurement(f"{mode.name} returns other values than the model", problem, remedy)
            # Whoever kept what it gave before gives it again.
            weights = [one for one in few.model.weights if "float" in api.dtype_name(one.dtype)]
            assign_values(weights, [0.5 * copy_of(one) + 0.01 for one in weights])
    return few.batches, {"values": max(deviations)}, {"values": limit}, ""


def _deviation(few: Workload, mode: Mode, run: Any) -> float:
    """Return how far the values of a mode are from those of a reference loop, as a share of the largest.

    Raises:
        NoReference: the reference loop returns something else each time.
    """
    reference = [reference_outputs(few, mode) for _ in range(2)]
    if _distance(mode, *reference) > MAX_DEVIATION / 10 and not is_half(few.model):
        raise NoReference("the model gives something else for the same inputs each time")
    return _distance(mode, _outputs(few, mode, run), reference[0])


def _outputs(few: Workload, mode: Mode, run: Any) -> list[Any]:
    with variables_restored(few.model):
        result = attempt(lambda: run(few.batches))
    if mode.name == "evaluate":
        return [float(np.mean(api.array(one))) for one in nested_arrays.values([result])]
    return [api.array(one) for one in nested_arrays.values(result)]


def reference_outputs(few: Workload, mode: Mode) -> list[Any]:
    """Return the values of a reference loop; the model is restored."""
    with variables_restored(few.model):
        batches = reference_loop.batches_of(few)
        return list(attempt(lambda: _evaluated(few, batches) if mode.name == "evaluate" else _predicted(few, batches)))


def _predicted(few: Workload, batches: Sequence[Batch]) -> list[Any]:
    options = dict.fromkeys(reference_loop.training_option(few.model), False)
    parts = []
    for batch in batches:
        outputs = few.model(*reference_loop.to_tensors((batch[0],))[:1], **options)
        parts.append([api.array(one) for one in nested_arrays.values(outputs)])
    return [np.concatenate(one) for one in zip(*parts)]


def _evaluated(few: Workload, batches: Sequence[Batch]) -> list[Any]:
    """Return the loss, and metrics behind it where Keras can be asked for them: from 3.0 on."""
    model = few.model
    if not hasattr(model, "get_metrics_result"):
        return [reference_loop.mean_loss(model, batches)]
    model.reset_metrics()
    loss = reference_loop.mean_loss(model, batches)
    options = dict.fromkeys(reference_loop.training_option(model), False)
    for batch in batches:
        x, y, weight = (*reference_loop.to_tensors(batch), None)[:3]
        model.compute_metrics(x, y, model(x, **options), sample_weight=weight)
    results = {name: one for name, one in model.get_metrics_result().items() if name != "loss"}
    return [loss, *(float(np.mean(api.array(one))) for one in nested_arrays.values(results))]


def _distance(mode: Mode, actual: Sequence[Any], expected: Sequence[Any]) -> float:
    """Return the largest distance of values, as a share of the largest of them."""
    if mode.name == "evaluate" and len(actual) >= len(expected):
        # What counts items may differ by one that is on the border; the order of metrics is Keras's own.
        metrics = [sorted(one[1:]) for one in (actual, expected)] if len(actual) == len(expected) else [[], []]
        metric_distance = max((_array_distance(*map(np.asarray, pair)) for pair in zip(*metrics)), default=0.0)
        return max(
            _array_distance(np.asarray(actual[0]), np.asarray(expected[0])),
            metric_distance if metric_distance > MAX_METRIC_DEVIATION else 0.0,
        )
    pairs = list(zip(actual, expected))
    if len(actual) != len(expected) or any(np.shape(one) != np.shape(other) for one, other in pairs):
        return math.inf
    return max((_array_distance(np.asarray(one), np.asarray(other)) for one, other in pairs), default=0.0)


def _array_distance(actual: Any, expected: Any) -> float:
    if not np.issubdtype(expected.dtype, np.number):
        return 0.0 if np.array_equal(actual, expected) else math.inf
    actual, expected = actual.astype("float64"), expected.astype("float64")
    # What is no number here and there is the same.
    both = np.isfinite(actual) & np.isfinite(expected)
    actual_rest, expected_rest = actual[~both], expected[~both]
    if not ((actual_rest == expected_rest) | (np.isnan(actual_rest) & np.isnan(expected_rest))).all():
        return math.inf
    if not both.any():
        return 0.0
    return float(np.max(np.abs(actual - expected)[both]) / max(1.0, float(np.max(np.abs(expected[both])))))
