"""Data pipelines: what the printed flip flips, of which images, and what the data set for testing is made of."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pytest_kerasch2.chapter.pipelines import faults, workarounds
from pytest_kerasch2.chapter.pipelines.probes import (
    AS_IT_WAS,
    LEFT_TO_RIGHT,
    SEED,
    Numbered,
    elements,
    has_no_end,
    in_random_order,
    kept_company,
    labels,
    numbered,
)
from pytest_kerasch2.checks import common_faults
from pytest_kerasch2.checks.properties import examples
from pytest_kerasch2.claims.decorators import claim, detects, extends, fixed_by, known_issue, tolerates
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.framework import api
from pytest_kerasch2.models import pipeline

_FLIP_CODE = "https://github.com/tensorflow/tensorflow/blob/v2.0.0/tensorflow/python/ops/image_ops_impl.py#L366-L408"
_REPEAT_PAGE = "https://www.tensorflow.org/api_docs/python/tf/data/Dataset#repeat"
_ONE_IMAGE = "a batch without a channel axis is for random_flip_left_right one single image of 28 channels"
_TOSSES = 60
_MANY_TOSSES = 400
_CASES = 5


def _flipped(tf: Any, data: Numbered, at_most: int = _TOSSES) -> Any:
    """Return batches of the printed training pipeline, from as many passes as they take."""
    api.set_seed(SEED)
    return elements(pipeline.as_printed(tf, data.x, data.y), at_most)


def _turned(data: Numbered, batches: Any) -> list[int]:
    """Return for each batch how many of its images are not as they were."""
    return [sum(way != AS_IT_WAS for way in data.ways(batch)) for batch in batches]


@claim("pipeline.flips-two", "Of the input images of a batch, the flip turns two, drawn at random.", "prose")
@known_issue(
    cause=f"{_ONE_IMAGE}: one coin turns all 32 images or none, and never two",
    source=_FLIP_CODE,
    symptom=r"\[0, 32\], not \[2\]",
    workaround=workarounds.PIPELINE,
)
@fixed_by(faults.flip_two_of_a_batch)
@detects(faults.flip_never, faults.flip_always)
def flips_two(tf: Any, record: Recorder) -> None:
    """Count the turned images of each batch, and see that they are others in most of them."""
    data = numbered(96)
    batches = _flipped(tf, data)

    turned = _turned(data, batches)

    record.equal(f"turned images of a batch of 32, over {_TOSSES} batches", expected=[2], actual=sorted(set(turned)))
    places = {tuple(place for place, way in enumerate(data.ways(batch)) if way != AS_IT_WAS) for batch in batches}
    record.true("they stand in many different places", holds=len(places) > _TOSSES / 2, found=f"{_TOSSES} batches")


@claim(
    "pipeline.flips-by-image",
    "Chance decides image by image whether it is flipped, so that a batch holds flipped and unflipped ones.",
    "prose",
)
@known_issue(
    cause=f"{_ONE_IMAGE}: its images are all turned or none is, on one toss of a coin",
    source=_FLIP_CODE,
    symptom=rf"flipped and unflipped images: 0, not {_TOSSES}",
    workaround=workarounds.PIPELINE,
)
@fixed_by(faults.flip_each_by_itself)
@detects(faults.flip_never, faults.flip_always)
def flips_by_image(tf: Any, record: Recorder) -> None:
    """Count the batches that are mixed. That the 32 coins of one fall alike happens once in thirty million runs.

    Over all batches, each place is flipped in about half of them, and is like the place beside it in about half.
    """
    data = numbered(96)
    batches = _flipped(tf, data)

    mixed = sum(0 < turned < 32 for turned in _turned(data, batches))

    record.equal(f"of {_TOSSES} batches, those with flipped and unflipped images", expected=_TOSSES, actual=mixed)
    coins = np.array([[way != AS_IT_WAS for way in data.ways(batch)] for batch in batches])
    # One of these 63 shares is as far off as that in fewer than one of ten thousand runs.
    each, alike = coins.mean(axis=0), (coins[:, 1:] == coins[:, :-1]).mean(axis=0)
    record.all_true("each of 32 places is flipped by chance", mask=abs(each - 0.5) < 0.35)
    record.all_true("and not together with the one beside it", mask=abs(alike - 0.5) < 0.35)


@claim("pipeline.flip-axis", "The flip mirrors an image about its vertical axis: left becomes right.", "prose")
@known_issue(
    cause=f"{_ONE_IMAGE}, and the axis that is its width holds the rows of each picture: all are put upside down",
    source=_FLIP_CODE,
    symptom="'upside down'",
    workaround=workarounds.PIPELINE,
)
@fixed_by(faults.flip_each_by_itself)
@detects(faults.flip_always, faults.flip_darkens)
def flip_axis(tf: Any, record: Recorder) -> None:
    """See how the images lie that are not as they were."""
    data = numbered(64)

    ways = {way for batch in _flipped(tf, data) for way in data.ways(batch)}

    record.equal("images that were turned lie", expected=[LEFT_TO_RIGHT], actual=sorted(ways - {AS_IT_WAS}))


@claim(
    "pipeline.flips-by-chance", "Whether the flip turns what it is given is left to chance, one time in two.", "prose"
)
@detects(faults.flip_never, faults.flip_always)
@tolerates(common_faults.other_seed, faults.flip_each_by_itself)
def flips_by_chance(tf: Any, record: Recorder) -> None:
    """Count turned images; with one toss for 32 of them, 60 tosses leave half by more than 15 once in ten thousand.

    Of eight small images in batches of four each has a share of its own, and no rule says which batch is turned.
    """
    data = numbered(64)

    turned = sum(_turned(data, _flipped(tf, data)))

    what = f"turned images of {32 * _TOSSES}, in batches of 32"
    record.close(what, expected=32 * _TOSSES / 2, actual=turned, within=32 * 15)
    data = numbered(8, 4, 4)
    batches = elements(pipeline.as_printed(tf, data.x, data.y, batch_size=4), _MANY_TOSSES)
    coins = np.array([[way != AS_IT_WAS for way in data.ways(batch)] for batch in batches])
    # Fair coins leave half by more than a quarter of it, in one of these numbers, once in a hundred thousand runs.
    half, within = _MANY_TOSSES / 2, _MANY_TOSSES / 8
    for place in range(4):
        what = f"of {_MANY_TOSSES} batches, those in which image {place} is turned"
        record.close(what, expected=half, actual=int(coins[:, place].sum()), within=within)
        changes = int((coins[1:, place] != coins[:-1, place]).sum())
        record.close("those that differ in it from the one before", expected=half, actual=changes, within=within)
    numbers = np.array([labels([batch]) for batch in batches])
    for number in range(8):
        share = float(coins[numbers == number].mean())
        record.close(
            f"the share of its turns in which image {number} is turned", expected=0.5, actual=share, within=0.18
        )


@claim(
    "pipeline.more-images",
    "Flipping increases the image set in effect: over several passes more different images come out than went in.",
    "prose",
)
@detects(faults.flip_never, faults.flip_always)
@tolerates(common_faults.other_seed, faults.flip_each_by_itself)
def more_images(tf: Any, record: Recorder) -> None:
    """Count the different images of thirty passes, and those of the first one."""
    data = numbered(64)
    passes = _flipped(tf, data)
    first = {image.tobytes() for batch in passes[:2] for image in batch[0]}
    all_ = {image.tobytes() for batch in passes for image in batch[0]}

    record.equal("different images in one pass over 64", expected=64, actual=len(first))
    record.equal("different images in thirty passes", expected=128, actual=len(all_))


@claim(
    "pipeline.labels-unchanged", "The labels are left as they are: flipped or not, each image keeps its own.", "prose"
)
@detects(faults.map_mixes_labels, faults.flip_darkens)
@tolerates(common_faults.other_seed, faults.map_prefetched)
def labels_unchanged(tf: Any, record: Recorder) -> None:
    """Find each image again under its label."""
    data = numbered(96)

    seen = _flipped(tf, data, at_most=30)
    ways = [way for batch in seen for way in data.ways(batch)]

    recognised = sum(way != "otherwise" for way in ways)
    record.equal("of 960 images, those that are the one of their label", expected=960, actual=recognised)
    record.equal("type of the labels", expected="int64", actual=str(seen[0][1].dtype))


@extends(labels_unchanged)
@detects(faults.map_mixes_labels, faults.flip_darkens)
@tolerates(faults.map_prefetched)
def labels_unchanged_at_any_size(tf: Any, record: Recorder) -> None:
    """Any number of images of any size in batches of any size: each comes with its own label."""

    @examples(_CASES)
    @given(st.integers(2, 40), st.integers(2, 6), st.integers(2, 6), st.integers(2, 50))
    def property(count: int, height: int, width: int, size: int) -> None:
        data, inner = numbered(count, height, width), Recorder()
        batches = elements(pipeline.stages_as_printed(tf, data.x, data.y, batch_size=size).flipped)
        strange = sum(way == "otherwise" for batch in batches for way in data.ways(batch))
        inner.equal(f"strangers among {count} images of {height} by {width}", expected=0, actual=strange)
        inner.equal("labels", expected=list(range(count)), actual=sorted(labels(batches)))

    record.always("each image with its own label", _CASES, property)


def _for_test(tf: Any) -> tuple[Numbered, Any]:
    """Return twelve batches, four passes, of what is printed as data for testing, and which images they are of."""
    train, test = numbered(80), numbered(80, first=80)
    api.set_seed(SEED)
    printed = pipeline.as_printed_for_test(tf, pipeline.as_printed(tf, train.x, train.y), test.x, test.y)
    batches = elements(printed, at_most=12)
    return (test if min(labels(batches)) >= 80 else train), batches


@claim("pipeline.test-images", "The data set for testing holds the test images.", "code")
@known_issue(
    cause="the last printed line overwrites the data set for testing by the training data, repeated once more",
    source=_REPEAT_PAGE,
    symptom=r"from the test images: 0, not 320",
    workaround=workarounds.TEST_PIPELINE,
)
@fixed_by(faults.test_data_repeated)
@detects(faults.test_data_from_training)
def test_images(tf: Any, record: Recorder) -> None:
    """Look where the images of twelve batches come from: training images are numbered below 80."""
    data, seen = _for_test(tf)

    record.equal("images in twelve batches", expected=320, actual=len(labels(seen)))
    from_test = sum(label >= 80 for label in labels(seen))
    record.equal("of the images for testing, those from the test images", expected=320, actual=from_test)
    each = sorted(labels(seen)) == sorted(4 * list(range(80, 160)))
    record.equal("each of the 80 test images comes four times", expected=True, actual=each)
    as_it_was = sum(way == AS_IT_WAS for batch in seen for way in data.ways(batch))
    record.equal("those that are the one of their label", expected=320, actual=as_it_was)


@claim(
    "pipeline.test-unflipped",
    "The pipeline of the test set is like that of the training set, but flips nothing.",
    "prose",
)
@known_issue(
    cause="the last printed line overwrites the data set for testing by the training data, which are flipped",
    source=_REPEAT_PAGE,
    symptom=r"'upside down'",
    workaround=workarounds.TEST_PIPELINE,
)
@fixed_by(faults.test_data_repeated)
@detects(faults.test_data_from_training, faults.test_data_flipped)
def test_unflipped(tf: Any, record: Recorder) -> None:
    """See how the images for testing lie, and that they come in batches of 32 which are shuffled."""
    data, seen = _for_test(tf)

    record.equal("images per batch", expected=[16, 32], actual=sorted({len(label) for _, label in seen}))
    ways = sorted({way for batch in seen for way in data.ways(batch)})
    record.equal("images for testing lie", expected=[AS_IT_WAS], actual=ways)
    orders = {tuple(labels(seen[start : start + 3])) for start in (0, 3, 6, 9)}
    record.true("the order is not the same in four passes", holds=len(orders) > 1, found="three batches")


@claim(
    "pipeline.as-meant",
    "With the images shuffled before they are put into batches, and each with a channel axis for the flip, "
    "the chain does what the text says.",
    "prose",
)
@detects(faults.flip_without_channels, faults.shuffle_does_nothing, faults.repeat_once, faults.batch_drops_remainder)
@tolerates(common_faults.other_seed, faults.map_prefetched)
def as_meant(tf: Any, record: Recorder) -> None:
    """Look at all that the printed chain gets wrong, and at what it gets right, in the repaired one."""
    data = numbered(100)
    api.set_seed(SEED)
    repaired = pipeline.as_meant(tf, data.x, data.y)
    seen = elements(repaired, at_most=12)
    full = [batch for batch in seen if len(batch[1]) == 32]

    sizes = [len(label) for _, label in seen[:4]]
    record.equal("images per batch", expected=[32, 32, 32, 4], actual=sizes)
    once = sorted(labels(seen[:4])) == list(range(100)) == sorted(labels(seen[4:8]))
    record.equal("each image once in each of two passes", expected=True, actual=once)
    record.equal("batches with only the neighbours of old", expected=0, actual=kept_company(full))
    lying = sorted({way for batch in seen for way in data.ways(batch)})
    record.equal("images lie", expected=[AS_IT_WAS, LEFT_TO_RIGHT], actual=lying)
    mixed = sum(0 < turned < 32 for turned in _turned(data, full))
    record.equal("full batches with flipped and unflipped images", expected=len(full), actual=mixed)
    # Within each pass: TensorFlow 2.1 was seen to begin a pass with the random numbers of the one before.
    passes = [full[start : start + 3] for start in range(0, len(full), 3)]
    flipped = [{tuple(way != AS_IT_WAS for way in data.ways(batch)) for batch in batches} for batches in passes]
    record.equal("no two of them have the same places flipped", expected=len(full), actual=sum(map(len, flipped)))
    record.equal("it has no end", expected=True, actual=has_no_end(tf, repaired))
    small = numbered(40, 2, 3)
    batches = elements(pipeline.as_meant(tf, small.x, small.y), at_most=60)
    orders = [labels(batches[start : start + 2]) for start in range(0, 60, 2)]
    in_random_order(record, "in thirty passes", orders)
    record.equal("different orders in thirty passes", expected=30, actual=len({tuple(order) for order in orders}))
    test = labels(elements(pipeline.as_meant_for_test(tf, data.x, data.y)))
    record.equal("images for testing: each once, in order", expected=True, actual=test == list(range(100)))
