"""What holds of the scale of a curve whatever is on it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_kerasch2.accuracy.curve import Scale

images = st.integers(1, 10**6)
losses = st.floats(1e-8, 1e8)
# What shares of ten million images differ by is beyond what a curve tells.
shares = st.integers(0, 10**6).map(lambda share: share / 10**6)
places = st.floats(-1e6, 1e6)


@given(loss=losses)
def test_a_loss_comes_back_from_its_place(loss: float) -> None:
    assert Scale(0).inverse(Scale(0).transform(loss)) == pytest.approx(loss)


@given(number=images, share=shares)
def test_an_accuracy_comes_back_from_its_place(number: int, share: float) -> None:
    on = Scale(number)

    assert on.inverse(on.transform(share)) == pytest.approx(share, abs=1e-8)


@given(number=images, one=shares, other=shares)
def test_of_two_accuracies_the_better_lies_lower(number: int, one: float, other: float) -> None:
    on = Scale(number)

    assert (on.transform(one) < on.transform(other)) == (one > other)


@given(number=st.one_of(st.just(0), images), one=places, other=places)
def test_places_keep_their_order(number: int, one: float, other: float) -> None:
    on = Scale(number)
    low, high = sorted((one, other))

    assert (on.inverse(low) <= on.inverse(high)) if number == 0 else (on.inverse(low) >= on.inverse(high))


@settings(deadline=None)
@given(number=images, place=places)
def test_every_place_is_a_share(number: int, place: float) -> None:
    assert 0 <= Scale(number).inverse(place) <= 1
