"""How an error reads: one or two sentences from what happened, what was found and what to do."""

from __future__ import annotations

import pytest

from pytest_kerasch2.errors import InvalidArgument, KerasCh2Error


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (("batch_size must be a positive integer, got 0",), "batch_size must be a positive integer, got 0."),
        (("It broke", "this"), "It broke: this."),
        (("It broke", "", "do that, or this"), "It broke. Do that, or this."),
        (("It broke", "this", "do, then wait"), "It broke: this. Do, then wait."),
        (("It broke", "it ends.", "did you mean --plot?"), "It broke: it ends. Did you mean --plot?"),
        (("It broke", "", "write x=1."), "It broke. Write x=1."),
        (("It broke", "", "--plot=a.png draws"), "It broke. --plot=a.png draws."),
        (("It broke", "", "x.y or z"), "It broke. x.y or z."),
        (("It broke", "", "pip install keras"), "It broke. pip install keras."),
    ],
)
def test_the_parts_of_an_error_read_as_sentences(parts: tuple[str, ...], text: str) -> None:
    error = InvalidArgument(*parts)

    assert str(error) == text
    assert isinstance(error, (KerasCh2Error, ValueError))
