"""The fixture `step_benchmark`, as a user's own benchmarks use it."""

from __future__ import annotations

import importlib.util
import json
from typing import Any, Callable

import pytest

# Imported here too: pytester forgets what an inner run imports, and these cannot be imported twice.
from pytest_kerasch2.timing import pytest_benchmark_adapter  # noqa: F401

# A network of a few weights, which the least of Keras trains.
HEAD = """
import numpy as np
import pytest
from pytest_kerasch2.framework import api

X = np.random.RandomState(0).uniform(size=(70, 4)).astype("float32")
Y = (X.sum(axis=1) > 2).astype("int64")


def network(**how):
    keras = api.tensorflow().keras
    model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(2, activation="softmax")])
    if how.pop("compiled", True):
        model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model

"""
# Not imported here: the inner runs could not import it again.
ON_TENSORFLOW = pytest.mark.skipif(importlib.util.find_spec("tensorflow") is None, reason="asks TensorFlow itself")
Inner = Callable[..., pytest.RunResult]
pytestmark = pytest.mark.usefixtures("preloaded")


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The inner run is no worker, even where this one is: pytest-benchmark asks the environment, and then stops."""
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)


@pytest.fixture
def inner(pytester: pytest.Pytester) -> Inner:
    """Run benchmarks of somebody's own."""

    def run(body: str, *arguments: str) -> pytest.RunResult:
        pytester.makepyfile(HEAD + body)
        return pytester.runpytest_subprocess("-rs", "-p", "no:randomly", "-p", "no:cacheprovider", *arguments)

    return run


def _stored(pytester: pytest.Pytester) -> Any:
    (stored,) = json.loads((pytester.path / "times.json").read_text(encoding="utf-8"))["benchmarks"]
    return stored


def test_its_times_are_those_of_single_steps_in_pytest_benchmarks_json(inner: Inner, pytester: pytest.Pytester) -> None:
    body = """
def test_fit(step_benchmark):
    step_benchmark(network(), (X, Y), batch_size=32, device="cpu", seconds=0.2)
"""

    inner(body, "--benchmark-json=times.json").assert_outcomes(passed=1)

    stored = _stored(pytester)
    ours = stored["extra_info"]["kerasch2"]
    steps = ours["blocks"][0]["steps"]
    assert (stored["stats"]["iterations"], stored["stats"]["rounds"]) == (steps, len(ours["blocks"]))
    assert stored["stats"]["min"] == pytest.approx(min(one["seconds"] for one in ours["blocks"]) / steps)
    assert (ours["mode"], ours["batch_size"], ours["device"], steps % 2) == ("fit", 32, "cpu:0", 0)


def test_each_measurement_of_a_test_has_its_own_row_and_record(inner: Inner, pytester: pytest.Pytester) -> None:
    body = """
def test_modes(step_benchmark):
    for mode in ("train_on_batch", "fit"):
        step_benchmark(network(), (X, Y), mode=mode, device="cpu", seconds=0.1)
"""

    inner(body, "--benchmark-json=times.json").assert_outcomes(passed=1)

    kept = json.loads((pytester.path / "times.json").read_text(encoding="utf-8"))["benchmarks"]
    stored = {one["name"]: one["extra_info"]["kerasch2"]["mode"] for one in kept}
    assert stored == {"test_modes": "train_on_batch", "test_modes #2": "fit"}


def test_under_w_error_the_frameworks_own_warnings_are_no_errors(inner: Inner) -> None:
    body = """
import warnings


def test_fit(step_benchmark):
    step_benchmark(network(), (X, Y), device="cpu", seconds=0.1)


def test_own(step_benchmark):
    model = network()
    train = model.train_on_batch

    def mine(*given, **how):
        warnings.warn("my own", DeprecationWarning)
        return train(*given, **how)

    model.train_on_batch = mine
    step_benchmark(model, (X, Y), mode="train_on_batch", device="cpu", seconds=0.1)
"""

    result = inner(body, "-W", "error")

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*DeprecationWarning: my own*"])


def test_what_cannot_be_timed_is_refused_without_a_traceback(inner: Inner) -> None:
    body = """
@pytest.mark.parametrize("how", [
    {"batch_size": 100}, {"batch_size": 0}, {"mode": "fast"}, {"device": "tpu"}, {"data": (X, Y[:3])}, {"data": 7},
    {"deadline": 0}, {"seconds": -1}, {"mode": "pedict"},
])
def test_refused(step_benchmark, how):
    step_benchmark(network(), **{"data": (X, Y), **how})


def test_not_compiled(step_benchmark):
    step_benchmark(network(compiled=False), (X, Y))
"""

    result = inner(body)

    result.assert_outcomes(failed=10)
    result.stdout.fnmatch_lines_random(
        [
            "batch_size must be at most the 70 items of data, got 100.",
            "batch_size must be a positive integer, got 0.",
            "mode must be one of * got 'fast'.",
            "mode must be one of * got 'pedict'; 'predict' is near to it.",
            "device must be * got 'tpu'.",
            "data must hold arrays of equal length, but x has 70, y has 3.",
            "data must be * got int.",
            "model must be compiled for mode='fit'*",
            "deadline must be a positive number of seconds, got 0.",
            "seconds must be a positive number of seconds, got -1.",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_model_whose_learning_rate_is_zero_is_timed_and_its_work_not_checked(
    inner: Inner, pytester: pytest.Pytester
) -> None:
    body = """
def test_still(step_benchmark):
    model = network()
    model.optimizer.learning_rate = 0.0
    step_benchmark(model, (X, Y), device="cpu", seconds=0.1)
"""

    inner(body, "--benchmark-json=times.json").assert_outcomes(passed=1)

    outcome = _stored(pytester)["extra_info"]["kerasch2"]["work_check_outcome"]
    assert outcome.startswith("not checked: reference steps move no weight")


def test_data_that_are_no_numbers_are_said_to_be_so(inner: Inner) -> None:
    body = """
@pytest.mark.parametrize("mode", ["fit", "predict"])
def test_not_a_number(step_benchmark, mode):
    step_benchmark(network(), (np.where(X == X[5, 1], np.nan, X), Y), device="cpu", mode=mode, seconds=0.1)
"""

    result = inner(body)

    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["data must hold numbers, but x holds 1 of 256 that are NaN or infinite."] * 2)


@pytest.mark.parametrize(("arguments", "ours"), [((), False), (("--full-trace",), True)])
def test_of_what_a_step_raises_the_users_own_lines_are_shown(inner: Inner, arguments: Any, ours: bool) -> None:
    body = """
def _broken(*given, **how):
    raise ValueError("my own mistake")


def test_raises(step_benchmark):
    model = network()
    model.train_on_batch = _broken
    step_benchmark(model, (X, Y), device="cpu", mode="train_on_batch")
"""

    result = inner(body, *arguments)

    result.assert_outcomes(failed=1)
    output = result.stdout.str()
    shown = [
        "measurement.py" in output,
        "model, (X, Y), device" in output,
        'raise ValueError("my own mistake")' in output,
    ]
    assert shown == [ours, True, True]


def test_of_what_a_layer_raises_the_models_own_line_is_shown_too(inner: Inner) -> None:
    body = """
keras = api.tensorflow().keras


class Broken(keras.layers.Dense):
    def call(self, x, *given, **how):
        raise ValueError("my own mistake")


class Own(keras.Model):
    def __init__(self):
        super().__init__()
        self.last = Broken(2)

    def call(self, x):
        return self.last(x)  # the model's own line


def test_raises(step_benchmark):
    model = Own()
    model.compile(optimizer="adam", loss="mse", run_eagerly=True)
    step_benchmark(model, (X, Y), device="cpu", mode="predict", verify=False)
"""

    result = inner(body)

    assert "# the model's own line" in result.stdout.str()


def test_a_model_that_takes_batches_of_one_size_is_asked_for_its_loss_in_these(inner: Inner) -> None:
    body = """
def test_of_ten(step_benchmark):
    keras = api.tensorflow().keras

    class OfTen(keras.layers.Layer):
        def call(self, x):
            assert x.shape[0] in (10, None)
            return x

    first = keras.Input(batch_shape=(10, 4))
    model = keras.Model(first, network().layers[1](network().layers[0](OfTen()(first))))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    step_benchmark(model, (X, Y), batch_size=10, device="cpu", seconds=0.1)
"""

    result = inner(body)

    result.assert_outcomes(passed=1)


@ON_TENSORFLOW
def test_a_model_on_another_device_is_refused(inner: Inner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    body = """
def test_elsewhere(step_benchmark):
    from pytest_kerasch2.framework import devices

    tf = api.tensorflow()
    _, other = devices.two_logical_cpus(tf)
    with tf.device(other):
        model = network()
        model(X)
    step_benchmark(model, (X, Y), device="cpu")
"""

    result = inner(body)

    result.stdout.fnmatch_lines("*model must be on the device of its steps* on cpu:1, and steps on cpu:0.*")


@pytest.mark.parametrize(("option", "ours", "other"), [("only", "PASSED", "SKIPPED"), ("skip", "SKIPPED", "PASSED")])
def test_pytest_benchmark_knows_it_for_a_benchmark(inner: Inner, option: str, ours: str, other: str) -> None:
    result = inner("def test_ours(step_benchmark): pass\n\ndef test_other(): pass", f"--benchmark-{option}", "-v")

    result.stdout.fnmatch_lines([f"*::test_ours {ours}*", f"*::test_other {other}*"])


def test_what_cannot_be_stopped_ends_the_run_and_keeps_what_was_measured(
    inner: Inner, pytester: pytest.Pytester
) -> None:
    body = """
def test_before(benchmark):
    benchmark(len, X)


def test_hangs(step_benchmark, monkeypatch):
    import hashlib
    from pytest_kerasch2.timing import deadline, pytest_benchmark_adapter

    # Minutes in which Python comes to no line.
    hang = lambda *given: hashlib.pbkdf2_hmac("sha256", b"", b"", 2**30)
    monkeypatch.setattr(pytest_benchmark_adapter, "measure", hang)
    monkeypatch.setattr(deadline, "GRACE", 0.5)
    step_benchmark(network(), (X, Y), device="cpu", deadline=0.1)
"""

    result = inner(body, "--benchmark-json=times.json")

    output = "The measurement exceeded its deadline and cannot be stopped" in result.stderr.str()
    assert (result.ret, output, _stored(pytester)["name"]) == (70, True, "test_before")


def test_without_pytest_benchmark_it_says_what_to_install(inner: Inner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    result = inner("def test_fit(step_benchmark):\n    step_benchmark(None, (X, Y))\n", "-p", "pytest_kerasch2.plugin")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["Benchmarks need pytest-benchmark*pip install pytest-benchmark*"])
