"""Saving and loading over generated networks: stacks of dense layers of any widths, with any bits for weights."""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pytest_kerasch2 import folders, serialization
from pytest_kerasch2.chapter.saving import faults
from pytest_kerasch2.chapter.saving.formats import weights_h5_file
from pytest_kerasch2.chapter.saving.state import equal_predictions, holds_weights
from pytest_kerasch2.checks.properties import examples
from pytest_kerasch2.claims.decorators import detects, extends, tolerates
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.framework import api

CASES = 8
# Quiet and signalling NaN, both infinities, both zeros, the smallest denormal and the largest number, as bits.
REMARKABLE = (0x7FC00001, 0x7F800001, 0xFF800000, 0x7F800000, 0x80000000, 0x00000000, 0x00000001, 0x7F7FFFFF)
BITS = st.lists(st.sampled_from(REMARKABLE) | st.integers(0, 2**32 - 1), min_size=1, max_size=9)


@extends(holds_weights)
@detects(faults.wrong_width_in_file)
@tolerates(faults.remark_in_file)
def holds_as_many_weights(tf: Any, record: Recorder) -> None:
    """Count the numbers in the file: for each layer, inputs times units and one bias per unit; and read their bits."""

    @examples(CASES)
    @given(_widths(), BITS)
    def property(widths: Any, bits: Any) -> None:
        inputs, units = widths
        model = _filled(_stack(tf, inputs, units), bits)
        with folders.temporary("saved") as folder:
            path = folder / "model.h5"
            model.save(str(path))
            held = serialization.contents(path).weights
            with h5py.File(str(path), "r") as file:
                stored = [file[one.name][...] for one in held]
        expected = sum(before * after + after for before, after in zip([inputs, *units], units))
        what = f"for {inputs} inputs and layers of {units}"
        Recorder().equal(f"numbers {what}", expected=expected, actual=sum(one.size for one in stored))
        alike = sorted(one.tobytes() for one in stored) == sorted(one.tobytes() for one in model.get_weights())
        Recorder().equal(f"their bits {what}", expected=True, actual=alike)

    record.always("the file holds as many numbers as the formula says", CASES, property)


@extends(equal_predictions)
@detects(faults.loads_without_nan)
@tolerates(faults.remark_in_file)
def weights_come_back(tf: Any, record: Recorder) -> None:
    """Save and load whole models with weights of any bits."""

    @examples(CASES)
    @given(_widths(), BITS)
    def property(widths: Any, bits: Any) -> None:
        model = _filled(_stack(tf, *widths), bits)
        with folders.temporary("saved") as folder:
            path = str(folder / "model.h5")
            model.save(path)
            _same_bits(model, tf.keras.models.load_model(path))

    record.always("weights come back from the file of a model, bit for bit", CASES, property)


@extends(weights_h5_file)
@detects(faults.weights_left_behind)
@tolerates(faults.saves_twice)
def weights_alone_come_back(tf: Any, record: Recorder) -> None:
    """Save weights of any bits, and load them into a model built alike."""

    @examples(CASES)
    @given(_widths(), BITS)
    def property(widths: Any, bits: Any) -> None:
        model, other = _filled(_stack(tf, *widths), bits), _stack(tf, *widths)
        with folders.temporary("saved") as folder:
            path = str(folder / "model.weights.h5")
            model.save_weights(path)
            other.load_weights(path)
        _same_bits(model, other)

    record.always("weights come back from their file, bit for bit", CASES, property)


def _widths() -> Any:
    """Return a strategy for the width of the input, which may be nothing at all, and of one to three layers."""
    # Theano draws no array without elements.
    least = 0 if api.runs_eagerly() else 1
    return st.tuples(st.integers(least, 5), st.lists(st.integers(1, 5), min_size=1, max_size=3))


def _stack(tf: Any, inputs: int, units: list[int]) -> Any:
    """Return a functional model of dense layers."""
    flow = first = tf.keras.Input(shape=(inputs,))
    for width in units:
        flow = tf.keras.layers.Dense(width)(flow)
    return tf.keras.Model(first, flow)


def _filled(model: Any, bits: list[int]) -> Any:
    """Return the model with the bits, over and over, for weights."""
    pattern = np.array(bits, dtype=np.uint32).view(np.float32)
    model.set_weights([np.resize(pattern, one.shape) for one in model.get_weights()])
    return model


def _same_bits(model: Any, other: Any) -> None:
    for index, (one, two) in enumerate(zip(model.get_weights(), other.get_weights())):
        Recorder().same_bits(f"array {index}", expected=one, actual=two)
