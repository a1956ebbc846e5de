"""What the gate's statistics promise: the closed forms, and how often they err with normal values."""

from __future__ import annotations

import math
import sys
from itertools import accumulate
from typing import Callable, Iterator

import numpy as np
import pytest

from pytest_kerasch2.errors import FrameworkMissing
from pytest_kerasch2.stats import sequential
from pytest_kerasch2.stats.sequential import ReferenceSample

pytest.importorskip("scipy", reason="distributions are SciPy's, of the extra `accuracy`")

# So small that a few thousand gates tell it from the rate of a test that forgets its looks.
RATE = 0.05
GATES = 4000
LOOKS = 5
OLD = 30
# Three old values leave two degrees of freedom, of which Student's distribution has a closed form.
THREE = ReferenceSample(mean=10.0, deviation=2.0, count=3)
MANY = ReferenceSample(mean=0.0, deviation=1.0, count=60)


def _tail(distance: float) -> float:
    """Return how probable it is that Student's variable of two degrees of freedom is larger."""
    return 0.5 - distance / (2 * math.sqrt(2 + distance**2))


def test_the_shares_of_all_looks_add_up_to_one() -> None:
    sums = list(accumulate(sequential.share(look) for look in range(1, 100_001)))

    assert sums == sorted(sums)
    assert sums[-1] == pytest.approx(1, abs=1.1e-5)
    assert max(sums) < 1


def test_the_first_look_has_a_small_share_and_the_second_the_largest() -> None:
    shares = [sequential.share(look) for look in range(1, 20)]

    assert (shares[0], shares.index(max(shares))) == (sequential.FIRST, 1)


def test_what_is_usual_is_mean_and_deviation_of_a_sample() -> None:
    sample = sequential.reference_sample([1.0, 2.0, 6.0], least=1e-9)

    assert (sample.mean, sample.deviation, sample.count) == (3.0, pytest.approx(math.sqrt(7)), 3)


def test_values_that_agree_scatter_by_the_least() -> None:
    assert sequential.reference_sample([0.5] * 9, least=0.01) == ReferenceSample(0.5, 0.01, 9)


def test_the_error_is_that_of_both_means() -> None:
    assert THREE.error(4) == pytest.approx(2 * math.sqrt(1 / 4 + 1 / 3))


@pytest.mark.parametrize("values", [[10.0], [11.0], [4.0], [15.0, 17.0], [1.0, 2.0, 3.0, 4.0]])
def test_the_surprise_is_both_tails_of_students_distribution(values: list[float]) -> None:
    mean = sum(values) / len(values)
    distance = abs(mean - 10) / (2 * math.sqrt(1 / len(values) + 1 / 3))

    assert sequential.p_value(THREE, values) == pytest.approx(2 * _tail(distance))


def test_a_single_new_value_is_judged_as_a_prediction_is() -> None:
    """Of two old values there is one degree of freedom: Cauchy's distribution."""
    sample = ReferenceSample(0.0, 1.0, 2)

    assert sequential.p_value(sample, [3.0]) == pytest.approx(1 - 2 * math.atan(3.0 / math.sqrt(1.5)) / math.pi)


def test_both_directions_surprise_alike() -> None:
    assert sequential.p_value(THREE, [3.0, 5.0]) == pytest.approx(sequential.p_value(THREE, [15.0, 17.0]))


@pytest.mark.parametrize("looks", [1, 2, 3, 10])
def test_the_reach_is_where_one_tail_has_its_share_of_the_error(looks: int) -> None:
    reach = sequential.half_width(THREE, looks, 0.04)

    assert _tail(reach / THREE.error(looks)) == pytest.approx(0.04 * sequential.share(looks))


@pytest.mark.parametrize("looks", [1, 2, 7])
def test_an_alarm_begins_where_half_of_its_rate_reaches(looks: int) -> None:
    reach = sequential.half_width(MANY, looks, 0.01 / 2)

    surprise = sequential.p_value(MANY, [MANY.mean + reach] * looks)

    assert surprise == pytest.approx(0.01 * sequential.share(looks))


@pytest.mark.parametrize(
    ("values", "bears_out"),
    [
        ([9.0], True),
        ([9.0, 9.0], True),
        ([-9.0, -9.0], True),
        ([0.0, 9.0], False),
        ([9.0, 0.0], False),
        ([-9.0, 0.0], False),
        # The other lies off on the other side.
        ([-3.0, 9.0], False),
        ([9.0, 2.0, 2.0], True),
        ([9.0, 2.0, -2.0], False),
    ],
)
def test_one_odd_value_is_not_supported_by_the_others(values: list[float], bears_out: bool) -> None:
    assert sequential.supported(MANY, values, 0.02) is bears_out


def test_of_two_values_the_nearer_is_as_improbable_as_the_root_of_one_side() -> None:
    """The edge is where Student's distribution has a tenth on one side, about 1.3 standard errors."""
    edge = 1.2961 * MANY.error(1)

    assert not sequential.supported(MANY, [edge - 0.001, 9.0], 0.02)
    assert sequential.supported(MANY, [edge + 0.001, 9.0], 0.02)


def test_the_more_is_asked_of_the_whole_the_more_of_the_others() -> None:
    assert sequential.supported(MANY, [2.0, 9.0], 0.01)
    assert not sequential.supported(MANY, [2.0, 9.0], 0.0001)


def test_with_many_old_values_more_looks_reach_less() -> None:
    reaches = [sequential.half_width(MANY, looks, 0.01) for looks in range(1, 11)]

    assert reaches == sorted(reaches, reverse=True)


def test_with_few_old_values_more_looks_may_reach_further() -> None:
    """Hence a gate that asks what can be told looks at every look, and not at the last alone."""
    few = ReferenceSample(0.0, 1.0, 5)

    assert sequential.half_width(few, 2, 0.01) < sequential.half_width(few, 10, 0.01)


def test_without_scipy_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy", None)

    with pytest.raises(FrameworkMissing) as caught:
        sequential.p_value(MANY, [1.0])

    assert str(caught.value).startswith("A gate decides by SciPy, which is not installed")
    assert str(caught.value).endswith('Run pip install "pytest-kerasch2[accuracy]".')


def _reaches(rate: float) -> list[float]:
    """Return how many deviations each look reaches; asked once, because Student's distribution takes its time."""
    return [sequential.half_width(ReferenceSample(0.0, 1.0, OLD), look, rate) for look in range(1, LOOKS + 1)]


def _experiments(seed: int, changed: float = 0.0) -> Iterator[tuple[ReferenceSample, list[float], list[float]]]:
    """Yield what is usual, new values, and how far their mean lies off at each look."""
    drawn = np.random.RandomState(seed)
    for _ in range(GATES):
        sample = sequential.reference_sample(drawn.normal(size=OLD).tolist(), 1e-9)
        new = (drawn.normal(size=LOOKS) + changed).tolist()
        yield sample, new, [abs(total / count - sample.mean) for count, total in enumerate(accumulate(new), 1)]


def _false_alarms() -> float:
    reaches = _reaches(RATE / 2)
    return (
        sum(
            any(
                off >= reach * sample.deviation
                and sequential.supported(sample, new[:count], RATE * sequential.share(count))
                for count, (off, reach) in enumerate(zip(offs, reaches), 1)
            )
            for sample, new, offs in _experiments(1)
        )
        / GATES
    )


def _misses() -> float:
    # Changed by just what matters: a change that is larger is missed more rarely.
    reaches, matters = _reaches(RATE), 2.0
    return (
        sum(
            any(off + reach * sample.deviation < matters for off, reach in zip(offs, reaches))
            for sample, _, offs in _experiments(2, changed=matters)
        )
        / GATES
    )


def test_false_alarms_at_any_look_together_keep_to_the_rate() -> None:
    assert 0 < _false_alarms() <= RATE


def test_misses_at_any_look_together_keep_to_the_rate() -> None:
    assert 0 < _misses() <= RATE


@pytest.mark.parametrize("rate", [_false_alarms, _misses])
def test_errors_that_were_allowed_whole_at_every_look_would_be_seen(
    rate: Callable[[], float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sequential, "share", lambda look: 1.0)

    assert rate() > 1.2 * RATE


@pytest.mark.parametrize(("old", "looks"), [(5, 1), (5, 2), (60, 1), (60, 2), (60, 5)])
def test_the_smallest_change_is_missed_no_more_often_than_it_says(old: int, looks: int) -> None:
    """With few old values too, whose deviation is hardly known; and by those that must support each other."""
    drawn = np.random.RandomState(3)
    # Of deviations.
    reach = sequential.half_width(ReferenceSample(0.0, 1.0, old), looks, RATE / 2)
    change = sequential.smallest_detectable(ReferenceSample(0.0, 1.0, old), looks, RATE, 0.1)
    missed = 0
    for _ in range(GATES):
        sample = sequential.reference_sample(drawn.normal(size=old).tolist(), 1e-9)
        new = (drawn.normal(size=looks) + change * sample.deviation).tolist()
        seen = abs(sum(new) / looks - sample.mean) >= reach * sample.deviation
        missed += not (seen and sequential.supported(sample, new, RATE * sequential.share(looks)))

    assert 0.02 < missed / GATES <= 0.11
