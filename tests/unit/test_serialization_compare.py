from __future__ import annotations

import struct

import numpy as np
import pytest

from pytest_kerasch2.errors import ClaimBroken
from pytest_kerasch2.serialization import optimizer_state, same_optimizer_state, same_predictions, same_weights


def _single(bits):
    return np.frombuffer(struct.pack("<I", bits), dtype="<f4")


def test_the_same_bits_pass():
    odd = [np.array([np.nan, np.inf, -0.0, 1e-45], "float32"), np.zeros((0, 3)), np.array(4, "int64")]

    same_weights(expected=odd, actual=[one.copy() for one in odd])


@pytest.mark.parametrize(
    ("expected", "actual", "message"),
    [
        ([np.zeros(2)], [], "0 instead of 1"),
        ([np.zeros(2)], [np.zeros(2, "float32")], "float32 instead of float64"),
        ([np.zeros((2, 3))], [np.zeros((3, 2))], r"\(3, 2\) instead of \(2, 3\)"),
        ([np.zeros((0, 3))], [np.zeros((3, 0))], r"\(3, 0\) instead of \(0, 3\)"),
        ([np.zeros((2, 2))], [np.array([[0.0, 0.0], [1.0, 0.0]])], r"1 of 4 numbers.*\(1, 0\)"),
        ([np.array([0.0])], [np.array([-0.0])], "-0.0"),
        ([np.array(1, "int64")], [np.array(2, "int64")], r"first at \(\)"),
        ([_single(0x7FC00000)], [_single(0x7FC00001)], "0100c07f.*0000c07f"),
        ([np.array([None])], [np.array([None])], "dtype object"),
    ],
)
def test_any_difference_is_raised_and_quoted(expected, actual, message):
    with pytest.raises(ClaimBroken, match=message):
        same_weights(expected=expected, actual=actual)


def test_values_that_compare_equal_but_are_stored_the_other_way_round_differ_in_dtype():
    with pytest.raises(ClaimBroken, match="dtype"):
        same_weights(expected=[np.array([1], "<i4")], actual=[np.array([1], ">i4")])


def test_predictions_and_optimizer_state_are_compared_alike():
    same_predictions(expected=np.ones(3), actual=np.ones(3))
    same_optimizer_state(expected=[np.ones(3)], actual=[np.ones(3)])

    with pytest.raises(ClaimBroken, match="predictions"):
        same_predictions(expected=np.ones(3), actual=np.zeros(3))
    with pytest.raises(ClaimBroken, match="optimizer variables"):
        same_optimizer_state(expected=[np.ones(3)], actual=[])


class _Optimizer:
    def __init__(self, variables):
        self.variables = variables


class _Model:
    def __init__(self, optimizer):
        self.optimizer = optimizer


def test_the_optimizers_variables_are_a_method_or_a_property():
    as_property = optimizer_state(_Model(_Optimizer([1.5])))
    as_method = optimizer_state(_Model(_Optimizer(lambda: [1.5])))

    same_optimizer_state(expected=as_property, actual=as_method)


def test_a_model_without_an_optimizer_has_no_state():
    assert optimizer_state(_Model(None)) == []
