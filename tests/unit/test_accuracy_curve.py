from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from pytest_kerasch2.accuracy import curve
from pytest_kerasch2.accuracy.curve import Point, Scale
from pytest_kerasch2.accuracy.reference import Reference
from pytest_kerasch2.accuracy.runs import TrainingRun
from tests.builders import synthetic_trainings
from tests.builders.synthetic_trainings import DATA, IMAGES

RUN = TrainingRun(3, (0.5, 0.25), (0.8, 0.9), (0.4, 0.3), (0.85, 0.91))
ACCURACY = Scale(IMAGES)
LOSS = Scale(0)
LAST = Point("test_accuracy", 2)


def _on(seeds: Reference, point: Point) -> Scale:
    return curve.scale_by_counts(point, curve.image_counts(seeds))


def test_a_curve_has_a_point_for_each_series_and_epoch() -> None:
    assert [(one.series, one.epoch) for one in curve.points_of_epochs(2)] == [
        ("loss", 1),
        ("loss", 2),
        ("accuracy", 1),
        ("accuracy", 2),
        ("test_loss", 1),
        ("test_loss", 2),
        ("test_accuracy", 1),
        ("test_accuracy", 2),
    ]


def test_accuracies_are_known_by_their_names() -> None:
    assert [Point(series, 1).is_accuracy for series in ("loss", "accuracy", "test_loss", "test_accuracy")] == [
        False,
        True,
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("series", "images"), [("loss", 0), ("test_loss", 0), ("accuracy", 1500), ("test_accuracy", 297)]
)
def test_an_accuracy_is_a_share_of_its_own_images(series: str, images: int) -> None:
    assert curve.scale_by_counts(Point(series, 1), {**DATA, "train": 1500, "test": 297}) == Scale(images)


def test_without_the_number_of_images_ten_thousand_are_supposed() -> None:
    assert curve.scale_by_counts(Point("test_accuracy", 1), {"name": "own:train", "sha256": "0" * 64}) == Scale(10_000)


def test_losses_are_compared_by_their_logarithms() -> None:
    assert LOSS.transform(0.5) == math.log(0.5)


def test_accuracies_are_compared_by_the_images_that_were_not_recognised_and_two_more() -> None:
    assert ACCURACY.transform(0.98) == pytest.approx(math.log(200 + 2))


def test_a_loss_of_zero_has_a_place() -> None:
    assert LOSS.inverse(LOSS.transform(0.0)) == pytest.approx(1e-9)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9999, 1.0])
def test_any_share_has_a_place(share: float) -> None:
    assert ACCURACY.inverse(ACCURACY.transform(share)) == pytest.approx(share)


@pytest.mark.parametrize(("place", "share"), [(-50.0, 1.0), (50.0, 0.0), (1e6, 0.0), (math.inf, 0.0), (-math.inf, 1.0)])
def test_no_band_reaches_beyond_all_images_or_none(place: float, share: float) -> None:
    assert ACCURACY.inverse(place) == share


@pytest.mark.parametrize("place", [1e6, math.inf])
def test_no_band_of_a_loss_is_more_than_a_number_can_be(place: float) -> None:
    assert math.isfinite(LOSS.inverse(place))


def test_half_an_image_is_the_least_scatter_of_an_accuracy() -> None:
    none_wrong = ACCURACY.transform(1.0)

    assert ACCURACY.inverse(none_wrong + ACCURACY.least_scatter(none_wrong)) == pytest.approx(1 - 0.5 / IMAGES)


def test_seeds_that_agree_scatter_by_the_least() -> None:
    alike = synthetic_trainings.make_reference(
        9, trained=lambda seed, epochs: TrainingRun(seed, (0.0,), (1.0,), (0.1,), (1.0,)), epochs=1
    )

    actual = {
        point.series: curve.reference_sample(alike, point, _on(alike, point)).deviation
        for point in curve.points_of_epochs(1)
    }

    half_an_image = pytest.approx(math.log(2.5 / 2))
    assert actual == {"loss": 1e-4, "accuracy": half_an_image, "test_loss": 1e-4, "test_accuracy": half_an_image}


def test_what_is_usual_is_that_of_all_seeds() -> None:
    seeds = synthetic_trainings.make_reference(200)

    sample = curve.reference_sample(seeds, LAST, _on(seeds, LAST))

    assert (sample.count, sample.deviation) == (200, pytest.approx(synthetic_trainings.SCATTER, rel=0.2))
    assert ACCURACY.inverse(sample.mean) == pytest.approx(0.9, abs=0.001)


def _without_counts(right: list[int], of: int) -> Any:
    """A reference of somebody's own training, whose accuracies are shares of so many images."""
    runs = tuple(
        TrainingRun(seed, (0.5,), (round(one / of, 7),), (0.4,), (round(one / of, 7),))
        for seed, one in enumerate(right)
    )
    reference = synthetic_trainings.make_reference(9)
    data = {"name": "own:train", "sha256": "0" * 64}
    return replace(reference, runs=runs, description=replace(reference.description, data=data))


@pytest.mark.parametrize("images", [171, 10_000, 60_000])
def test_the_grain_of_accuracies_says_of_how_many_images_they_are_shares(images: int) -> None:
    right = [images - 9, images - 4, images - 3, images]

    # Seven digits of a share of 60,000 images tell their number to a hundredth.
    assert curve.image_counts(_without_counts(right, images)) == pytest.approx(
        {"train": images, "test": images}, rel=0.01
    )


def test_where_all_seeds_agree_the_number_of_images_is_nominal() -> None:
    assert curve.image_counts(_without_counts([160, 160], 171)) == {"train": 10_000, "test": 10_000}


def test_where_the_first_line_says_how_many_there_were_it_is_believed() -> None:
    assert curve.image_counts(synthetic_trainings.make_reference(9)) == {"train": DATA["train"], "test": DATA["test"]}
