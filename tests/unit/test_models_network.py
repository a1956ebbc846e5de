from __future__ import annotations

import dataclasses

import pytest

from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.models import Network, style
from pytest_kerasch2.models.catalogue import STYLES


def test_the_chapters_own_figures():
    network = Network()

    assert (network.inputs, network.hidden_parameters, network.output_parameters) == (784, 401408 + 512, 5130)
    assert network.total == 407050


def test_formulas_follow_the_widths():
    network = Network(pixels=(2, 3), hidden=5, classes=4)

    assert (network.hidden_parameters, network.output_parameters, network.total) == (35, 24, 59)


@pytest.mark.parametrize(
    ("wrong", "value"),
    [
        ({"hidden": 0}, "(28, 28, 0, 10)"),
        ({"pixels": (0, 28)}, "(0, 28, 512, 10)"),
        ({"classes": -1}, "(28, 28, 512, -1)"),
        ({"dropout": 1.0}, "1.0"),
        ({"dropout": -0.1}, "-0.1"),
        ({"activations": "as meant"}, "'as meant'"),
    ],
)
def test_what_cannot_be_built_is_refused(wrong, value):
    with pytest.raises(InvalidArgument) as error:
        Network(**wrong)

    assert f"got {value}" in str(error.value)
    assert all(name in str(error.value) for name in wrong)


def test_activations_are_the_listings_own_the_strings_or_ones_own():
    printed = object()

    assert Network().hidden_activation_or(printed) is printed
    assert Network().with_strings().output_activation_or(printed) == "softmax"
    assert Network(hidden_activation="tanh").with_strings().hidden_activation_or(printed) == "tanh"


def test_a_network_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Network().hidden = 3


def test_styles_are_the_chapters_four_in_order():
    assert [one.name for one in STYLES] == ["sequential-list", "sequential-add", "functional", "subclass"]


def test_an_unknown_style_is_named_with_the_known_ones():
    with pytest.raises(InvalidArgument, match=r"'fifth'.*subclass"):
        style("fifth")
