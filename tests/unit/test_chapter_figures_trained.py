"""Which trainings the printed figures take: those kept from before, where they are the same, and new ones else."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_kerasch2.accuracy import calibration, reference, training
from pytest_kerasch2.accuracy.runs import TrainingRun
from pytest_kerasch2.chapter.printed_numbers import fixtures as printed_numbers_fixtures
from pytest_kerasch2.chapter.printed_numbers import shared as printed_numbers_shared
from pytest_kerasch2.chapter.printed_numbers import trained
from pytest_kerasch2.chapter.printed_numbers.trained import STYLES, Curves
from pytest_kerasch2.data import synthetic
from pytest_kerasch2.errors import BadReference, Inconclusive, TrainingFailed
from pytest_kerasch2.options import Settings

# TensorFlow's own, of old releases.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
SETTINGS = Settings(accuracy=True)


@pytest.fixture
def curves() -> Curves:
    return trained.stored()


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mirror")
    synthetic.make(folder, ["mnist"])
    return folder


def _subject(order: Any) -> Any:
    return replace(reference.load_bundled(trained.STORED).description, recipe=order.recipe)


@pytest.fixture
def untrained(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What would be trained, in numbers of seeds; and no data are asked for."""
    asked: list[int] = []
    monkeypatch.setattr(calibration, "description_of", _subject)
    monkeypatch.setattr(trained, "_train", lambda settings, kept, progress, **how: asked.append(progress.total))
    return asked


def _place(folder: Path, curves: Curves, count: int, tensorflow: str = "") -> None:
    """Keep curves as if they had been trained here, or on another release of TensorFlow."""

    def subject(order: Any) -> Any:
        actual = _subject(order)
        other = {"tensorflow": tensorflow} if tensorflow else {}
        return replace(actual, environment={**actual.environment, **other})

    kept = trained.place_of(subject(trained.order_of(STYLES[0], SETTINGS, folder)), folder)
    kept.mkdir(parents=True)
    for name in STYLES:
        order = trained.order_of(name, SETTINGS, kept)
        with reference.appending(order.out, subject(order)):
            for place, run in enumerate(curves.by_style[name][:count]):
                reference.append(order.out, replace(run, seed=order.first + place))


def test_trainings_that_are_kept_are_not_done_again(tmp_path: Path, curves: Curves, untrained: list[int]) -> None:
    _place(tmp_path, curves, 3)

    trainings = trained.trained(SETTINGS, tmp_path, lambda line: None)

    kept = {run.seed: run.test_loss for run in trainings.runs}
    assert (untrained, [kept[run.seed] for run in curves.runs]) == ([], [run.test_loss for run in curves.runs])
    assert trainings.whence.startswith("0 trained by this run, 12 kept from before")


def test_seeds_equal_to_those_of_a_shipped_reference_bring_its_others(
    tmp_path: Path, curves: Curves, untrained: list[int]
) -> None:
    _place(tmp_path, curves, 3)

    trainings = trained.trained(SETTINGS, tmp_path, lambda line: None)

    assert len(trainings.by_style["sequential-list"]) == len(reference.load_bundled(trained.STORED).runs)
    assert f"57 of them are of the reference {trained.STORED}" in trainings.whence


def test_one_seed_unlike_that_of_a_shipped_reference_brings_none(
    tmp_path: Path, curves: Curves, untrained: list[int]
) -> None:
    first, *others = curves.by_style["sequential-list"]
    moved = replace(first, test_loss=(*first.test_loss[:-1], first.test_loss[-1] + 1e-7))
    unlike = replace(curves, by_style={**curves.by_style, "sequential-list": (moved, *others)})
    _place(tmp_path, unlike, 3)

    trainings = trained.trained(SETTINGS, tmp_path, lambda line: None)

    assert len(trainings.runs) == 12


def test_without_tensorflow_a_release_is_named_by_its_backend() -> None:
    named = printed_numbers_shared.release({"tensorflow": "-", "keras": "3.15.1", "backend": "jax"})

    assert named == "Keras 3.15.1 on jax"


def _begin(curves: Curves, off: float) -> Any:
    """Return what trains short ones as the curves begin, but for their last number."""

    def train(settings: Settings, kept: Path, progress: Any, **how: int) -> None:
        for name in STYLES if how else ():
            order = trained.order_of(name, settings, kept, **how)
            whole = curves.by_style[name][0]
            loss, accuracy, test_loss, test_accuracy = (
                one[: printed_numbers_shared.EPOCHS]
                for one in (whole.loss, whole.accuracy, whole.test_loss, whole.test_accuracy)
            )
            moved = (*test_accuracy[:-1], test_accuracy[-1] + (off if name == STYLES[-1] else 0))
            with reference.appending(order.out, _subject(order)):
                reference.append(order.out, TrainingRun(order.first, loss, accuracy, test_loss, moved))

    return train


def test_trainings_of_another_release_are_not_done_again_where_they_begin_alike(
    tmp_path: Path, curves: Curves, untrained: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    _place(tmp_path, curves, 3, tensorflow="2.99")
    monkeypatch.setattr(trained, "_train", _begin(curves, 0.0))

    trainings = trained.trained(SETTINGS, tmp_path, lambda line: None)

    kept = {run.seed: run.test_loss for run in trainings.runs}
    assert [kept[run.seed] for run in curves.runs] == [run.test_loss for run in curves.runs]
    assert trainings.whence.startswith("trained by TensorFlow 2.99, Keras 3.15.1 on tensorflow; the first 2 epochs")


def test_trainings_of_another_release_are_done_where_one_begins_otherwise(
    tmp_path: Path, curves: Curves, untrained: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    _place(tmp_path, curves, 3, tensorflow="2.99")
    short = _begin(curves, 1e-4)
    monkeypatch.setattr(
        trained,
        "_train",
        lambda *given, **how: short(*given, **how) if how else untrained.append(given[2].total),
    )

    with contextlib.suppress(BadReference):
        trained.trained(SETTINGS, tmp_path, lambda line: None)

    assert untrained == [12]


def test_what_another_trainer_gave_is_shown_to_be_the_same_first(
    tmp_path: Path, curves: Curves, untrained: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    _place(tmp_path, curves, 3)
    monkeypatch.setattr(training, "TRAINER", training.TRAINER + 1)

    with contextlib.suppress(BadReference):
        trained.trained(SETTINGS, tmp_path, lambda line: None)

    assert untrained == [len(STYLES)]


def test_what_is_left_alone_is_trained(tmp_path: Path, curves: Curves, untrained: list[int]) -> None:
    _place(tmp_path, curves, 2)

    trained.trained(SETTINGS, tmp_path, lambda line: None)

    assert untrained == [4]


def test_a_training_that_was_stopped_breaks_no_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*given: Any) -> Any:
        raise TrainingFailed("The trainings did not end", "exit status -15", "look at what was said")

    monkeypatch.setattr(trained, "trained", stopped)
    config: Any = SimpleNamespace(cache=None)

    actual = printed_numbers_fixtures.FigureFixtures(config, SETTINGS, tmp_path)._trained()

    assert isinstance(actual, Inconclusive)


def test_what_the_training_process_complains_of_is_told(tmp_path: Path, mirror: Path) -> None:
    # The stand-in has the shape of MNIST, and not its images.
    with pytest.raises(TrainingFailed, match="exit status 1: The archive"):
        trained._train(Settings(mirror=mirror), tmp_path, trained.Progress(12, lambda line: None))
