"""Steps are held to steps written by hand: honest ones pass, and those that do something else are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from evaluation.timing_cheats import CHEATS
from pytest_kerasch2 import models
from pytest_kerasch2.errors import InvalidMeasurement
from pytest_kerasch2.framework import api, devices
from pytest_kerasch2.timing import benchmark_suite, modes, work_check
from pytest_kerasch2.timing.modes import Mode
from pytest_kerasch2.timing.reference_loop import ReferenceSteps
from pytest_kerasch2.timing.work_check import RunResult, WorkCheck
from pytest_kerasch2.timing.workload import Workload, make_workload, training_variables

# TensorFlow's own, of old releases.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


def _runs(count: int, *, along: float = 1.0, scatter: float = 0.1, seed: int = 0) -> list[RunResult]:
    drawn = np.random.RandomState(seed)
    way = np.random.RandomState(99).normal(size=1000)
    return [RunResult(along * way + scatter * drawn.normal(size=1000), 0.5) for _ in range(count)]


def test_runs_that_go_the_same_way_are_not_off() -> None:
    references = _runs(6)

    deviations = work_check.deviations_of(references, _runs(2, seed=1))

    assert all(deviations[name] < share for name, share in work_check.limits_of(references).items())


def test_runs_that_go_half_the_way_are_half_off() -> None:
    deviations = work_check.deviations_of(_runs(6), _runs(2, along=0.5, seed=1))

    assert deviations["along"] == pytest.approx(0.5, abs=0.02)


def test_what_scatters_more_is_allowed_more() -> None:
    assert work_check.limits_of(_runs(6, scatter=5.0))["along"] > 4 * work_check.MIN_ALLOWED["along"]


def test_nothing_is_shown_where_chance_explains_everything() -> None:
    shown = work_check._judge(25, {"along": 0.0}, {"along": 0.9})

    assert "scatter too much" in shown.why_not


def test_what_is_off_is_refused_with_what_chance_explains() -> None:
    with pytest.raises(InvalidMeasurement, match="the length of their path is 21 % off, where chance explains 8"):
        work_check._judge(25, {"along": 0.0, "far": 0.21}, {"along": 0.1, "far": 0.08})


@pytest.fixture
def chapters() -> Workload:
    api.fresh_session(0)
    x, y = benchmark_suite.synthetic_images()
    model = models.style("sequential-list").compiled(api.tensorflow())
    return make_workload(model, (x[:1600], y[:1600]), 32, devices.one("cpu"))


def _checked(chapters: Workload, mode: Mode) -> WorkCheck:
    run = mode.make(chapters)
    run(chapters.batches if mode.whole_epochs else 1)
    return work_check.check_work(chapters, mode, run)


@pytest.mark.parametrize("name", ["fit", "train_on_batch", "evaluate", "predict"])
def test_what_keras_does_is_what_is_done_by_hand(chapters: Workload, name: str) -> None:
    shown = _checked(chapters, modes.find_mode(name))

    assert shown.off is not None


def _regression(activation: str = "linear", loss: str = "mse") -> Workload:
    api.fresh_session(0)
    keras = api.tensorflow().keras
    model = keras.Sequential([keras.layers.Dense(1, activation=activation, kernel_regularizer="l2")])
    model.compile("sgd", loss)
    x = np.random.RandomState(0).uniform(size=(256, 4)).astype("float32")
    regression = make_workload(model, (x, (x.sum(axis=1) > 2).astype("float32")), 32, devices.one("cpu"))
    model.fit(x, regression.y, verbose=0)
    return regression


def test_epochs_are_in_another_order_in_each_run_where_a_seed_is_set() -> None:
    regression, fit = _regression(), modes.find_mode("fit")

    *_, one, other = work_check._runs(
        regression, fit, fit.make(regression), ReferenceSteps(regression), 8, np.random.RandomState(0)
    )

    assert np.linalg.norm(one.path - other.path) > 1e-4 * np.linalg.norm(one.path)


def _with_loss(loss: float) -> list[RunResult]:
    return [RunResult(one.path, loss) for one in _runs(3)]


@pytest.mark.parametrize(("loss", "off"), [(0.5, 0.0), (1.0, np.log(2)), (0.0, 0.0)])
def test_the_loss_is_off_by_its_ratio_where_it_has_one(loss: float, off: float) -> None:
    assert work_check.deviations_of(_with_loss(0.5), _with_loss(loss))["loss"] == pytest.approx(off)


@pytest.mark.parametrize("activation", ["sigmoid", "linear"])
def test_a_target_for_each_output_of_one_unit_may_have_no_side_of_its_own(activation: str) -> None:
    regression = _regression(activation, "binary_crossentropy" if activation == "sigmoid" else "mse")

    shown = [_checked(regression, modes.find_mode(name)).off for name in ("fit", "evaluate", "predict")]

    assert None not in shown


# Half of each batch is refused among the cheats of tests/unit/test_zoo_cheats.py too.
@pytest.mark.parametrize(
    "name",
    [pytest.param("half batch", marks=pytest.mark.slow), "skipped update", "cached output", "half evaluated"],
)
def test_what_does_less_is_refused(chapters: Workload, name: str) -> None:
    api.require_tensorflow("A cheat")

    with pytest.raises(InvalidMeasurement):
        _checked(chapters, CHEATS[name])


def _state(model: Any) -> list[Any]:
    return [np.array(api.array(one)) for one in [*model.weights, *training_variables(model)]]


def test_the_model_is_put_back(chapters: Workload) -> None:
    mode = modes.find_mode("train_on_batch")
    run = mode.make(chapters)
    run(1)
    before = _state(chapters.model)

    work_check.check_work(chapters, mode, run)

    assert all(map(np.array_equal, before, _state(chapters.model)))


@pytest.mark.parametrize("rate", [0.0, 1e38])
def test_of_steps_that_move_nothing_or_diverge_nothing_is_shown(chapters: Workload, rate: float) -> None:
    chapters.model.optimizer.learning_rate = rate

    assert _checked(chapters, modes.find_mode("train_on_batch")).why_not == work_check.NO_MOVEMENT


def test_of_a_model_without_an_optimizer_nothing_is_shown(chapters: Workload) -> None:
    chapters.model.optimizer = None

    shown = work_check.check_work(chapters, modes.find_mode("fit"), None)

    assert shown.outcome == "not checked: the model was compiled without an optimizer"


def test_what_is_off_once_is_looked_at_again(monkeypatch: pytest.MonkeyPatch, chapters: Workload) -> None:
    runs = iter([[*_runs(6), *_runs(2, along=0.5)], [*_runs(6), *_runs(2, seed=1)]])
    monkeypatch.setattr(work_check, "_runs", lambda *given: next(runs))

    shown = work_check._compare_runs(chapters, modes.find_mode("fit"), None, None, 25, rng=None)  # type: ignore[arg-type]

    assert shown.outcome == "checked"


def test_what_is_off_twice_is_refused(monkeypatch: pytest.MonkeyPatch, chapters: Workload) -> None:
    monkeypatch.setattr(work_check, "_runs", lambda *given: [*_runs(6), *_runs(2, along=0.5)])

    with pytest.raises(InvalidMeasurement, match="steps do other work"):
        work_check._compare_runs(chapters, modes.find_mode("fit"), None, None, 25, rng=None)  # type: ignore[arg-type]
