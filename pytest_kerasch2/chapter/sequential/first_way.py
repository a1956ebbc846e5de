"""Sequential model, first way: the printed summary and the counts in it."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import Any, Iterator

from hypothesis import given
from hypothesis import strategies as st

from pytest_kerasch2 import models
from pytest_kerasch2.chapter import workarounds as chapter_workarounds
from pytest_kerasch2.chapter.early_keras import on_early_keras
from pytest_kerasch2.checks import common_faults, workflow
from pytest_kerasch2.checks.properties import examples
from pytest_kerasch2.claims.decorators import claim, detects, extends, fixed_by, known_issue, tolerates
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.framework import api, state

KINDS = ("Flatten", "Dense", "Dropout", "Dense")


@contextmanager
def summary_builds() -> Iterator[None]:
    """`summary` makes the weights of a model of images first."""

    def build_first(original: Any, model: Any, *arguments: Any, **named: Any) -> Any:
        if not model.built:
            model.build((None, 28, 28))
        return original(model, *arguments, **named)

    with common_faults.wrapped_method(api.keras().models.Sequential, "summary", build_first):
        yield


@contextmanager
def counted_without_bias() -> Iterator[None]:
    """Layers forget one of their variables when they count their parameters."""

    def kernel_only(original: Any, layer: Any) -> int:
        return sum(int(one.size) for one in layer.get_weights()[:1])

    with common_faults.wrapped_method(api.keras().layers.Dense, "count_params", kernel_only):
        yield


summary_silent = common_faults.fault(
    "`summary` prints nothing.",
    lambda: common_faults.wrapped_method(api.keras().Model, "summary", lambda original, model, *_, **__: None),
)


@claim(
    "sequential-first.hidden-parameters",
    "The hidden layer has 784 * 512 weights and 512 biases, 401,920 parameters.",
    "output",
)
@detects(common_faults.one_unit_short, common_faults.no_bias)
@tolerates(common_faults.zero_weights)
def hidden_parameters(tf: Any, model_style: Any, record: Recorder) -> None:
    """Count the parameters of the hidden layer, all of them and each of its two arrays."""
    model = models.built(model_style.build(tf))
    hidden = models.layer(model, "hidden")

    record.equal("784 * 512 + 512", expected=401_920, actual=784 * 512 + 512)
    record.equal("parameters of the hidden layer", expected=401_920, actual=int(hidden.count_params()))
    sizes = [int(array.size) for array in hidden.get_weights()]
    record.equal("weights and biases", expected=[401_408, 512], actual=sizes)


@claim("sequential-first.output-parameters", "The output layer has 512 * 10 + 10 = 5,130 parameters.", "output")
@detects(common_faults.one_unit_short, common_faults.no_bias)
@tolerates(common_faults.zero_weights)
def output_parameters(tf: Any, record: Recorder) -> None:
    """Count the parameters of the output layer, and those of the layers without any."""
    model = models.built(models.style("sequential-list").build(tf))

    record.equal("512 * 10 + 10", expected=5_130, actual=512 * 10 + 10)
    record.equal("parameters of the output layer", expected=5_130, actual=_count(model, "output"))
    record.equal("parameters of Flatten", expected=0, actual=_count(model, "flatten"))
    record.equal("parameters of Dropout", expected=0, actual=_count(model, "dropout"))
    record.equal("parameters of the model", expected=407_050, actual=int(model.count_params()))


def _count(model: Any, role: str) -> int:
    return int(models.layer(model, role).count_params())


WIDTHS = st.lists(st.integers(min_value=1, max_value=70), min_size=1, max_size=4)
SIDES = st.tuples(st.integers(min_value=1, max_value=9), st.integers(min_value=1, max_value=9))


@extends(hidden_parameters)
@detects(common_faults.no_bias, counted_without_bias)
@tolerates(common_faults.zero_weights)
def parameters_of_any_widths(tf: Any, record: Recorder) -> None:
    """Count dense stacks of any widths: a layer of n inputs and m units has n * m + m parameters."""

    @examples(8)
    @given(SIDES, WIDTHS)
    def property_(sides: tuple[int, int], widths: list[int]) -> None:
        model = _stack(tf, sides, widths)
        expected = _formula(sides, widths)
        case = Recorder()
        actual = [int(layer.count_params()) for layer in model.layers[1:]]
        case.equal(f"parameters of {widths} units on {sides} pixels", expected=expected, actual=actual)
        case.equal("parameters of the model", expected=sum(expected), actual=int(model.count_params()))

    record.always("each dense layer has n * m + m parameters", 8, property_)


def _stack(tf: Any, sides: tuple[int, int], widths: list[int]) -> Any:
    layers = tf.keras.layers
    model = tf.keras.models.Sequential([layers.Flatten(), *[layers.Dense(width) for width in widths]])
    model.build((None, *sides))
    return model


def _formula(sides: tuple[int, int], widths: list[int]) -> list[int]:
    inputs = [sides[0] * sides[1], *widths]
    return [before * units + units for before, units in zip(inputs, widths)]


@claim(
    "sequential-first.summary-table",
    "Before training, `summary` prints a table of the four layers with their names and kinds, and of 401,920, 5,130 "
    "and in all 407,050 parameters.",
    "output",
)
@detects(common_faults.one_unit_short, common_faults.no_bias, summary_silent)
@tolerates(common_faults.zero_weights)
def summary_table(tf: Any, record: Recorder) -> None:
    """Read the table of a model that has its weights, and was neither compiled nor trained."""
    model = models.built(models.style("sequential-list").build(tf))
    text = workflow.summary_of(model)
    rows = workflow.summary_rows(text)

    counts = [count for _, count in rows]
    record.equal("parameters by row", expected=[0, 401_920, 0, 5_130], actual=counts)
    kinds = [match.group(1) for row, _ in rows for match in [re.search(r"\((\w+)\)", row)] if match]
    record.equal("kinds by row", expected=list(KINDS), actual=kinds)
    named = [row.startswith(f"{layer.name} (") for layer, (row, _) in zip(model.layers, rows)]
    record.equal("rows that begin with the layer's name", expected=4, actual=sum(named))
    record.equal("total", expected=407_050, actual=workflow.summary_total(text))


@extends(summary_table)
@detects(common_faults.no_bias, summary_silent)
@tolerates(common_faults.zero_weights)
def summary_of_any_widths(tf: Any, record: Recorder) -> None:
    """Read the tables of dense stacks of any widths."""

    @examples(6)
    @given(SIDES, WIDTHS)
    def property_(sides: tuple[int, int], widths: list[int]) -> None:
        expected = _formula(sides, widths)
        text = workflow.summary_of(_stack(tf, sides, widths))
        case = Recorder()
        rows = [count for _, count in workflow.summary_rows(text)]
        case.equal(f"rows of {widths} units on {sides} pixels", expected=[0, *expected], actual=rows)
        case.equal("total", expected=sum(expected), actual=workflow.summary_total(text))

    record.always("the summary shows n * m + m for each dense layer, and their sum", 6, property_)


def _without_optimizer(original: Any, model: Any, *arguments: Any, **named: Any) -> Any:
    optimizer, model.optimizer = model.optimizer, None
    try:
        return original(model, *arguments, **named)
    finally:
        model.optimizer = optimizer


optimizer_not_counted = common_faults.fault(
    "`summary` does not look at the optimizer.",
    lambda: common_faults.wrapped_method(api.keras().Model, "summary", _without_optimizer),
)


@claim(
    "sequential-first.summary-total-after-training",
    "The total that `summary` prints is 407,050 parameters after training, too.",
    "output",
)
@known_issue(
    since="3.0",
    of="keras",
    cause="Keras 3 adds the variables of the optimizer to the total once there are any: 1,221,152 with Adam.",
    source="https://github.com/keras-team/keras/blob/v3.15.1/keras/src/utils/summary_utils.py",
    symptom=r"total after training: 1221152, not 407050",
    workaround=chapter_workarounds.SUMMARY,
)
@fixed_by(optimizer_not_counted)
@detects(common_faults.one_unit_short, common_faults.no_bias, summary_silent)
@tolerates(common_faults.zero_weights)
def summary_after_training(tf: Any, record: Recorder) -> None:
    """Train with Adam for an epoch, and read the total."""
    images, labels = workflow.drawn(64)
    model = models.style("sequential-list").compiled(tf)
    model.fit(images, labels, batch_size=32, epochs=1, verbose=0)

    total = workflow.summary_total(workflow.summary_of(model))

    record.equal("total after training", expected=407_050, actual=total)


@contextmanager
def one_dense_before() -> Iterator[None]:
    """A Dense layer is made at the beginning of every session."""

    def with_layer(original: Any) -> None:
        original()
        api.keras().layers.Dense(1)

    with common_faults.wrapped(api, "clear_session", with_layer):
        yield


def _called_otherwise(original: Any, model: Any, *arguments: Any, **named: Any) -> None:
    text = workflow.printed(lambda: original(model, *arguments, **named))[1]
    print(text.replace("dense_", "layer_"))  # noqa: T201  # what `summary` does


layers_called_otherwise = common_faults.fault(
    "`summary` calls its numbered Dense layers layer_1 and so on.",
    lambda: common_faults.wrapped_method(api.keras().Model, "summary", _called_otherwise),
)


@claim(
    "sequential-first.layers-numbered",
    "In the summary of the first model of a session, the two Dense layers are called dense_1 and dense_2.",
    "prose",
)
@known_issue(
    cause="tf.keras gives the first layer of a kind no number: in a new session they are dense and dense_1.",
    source="https://github.com/tensorflow/tensorflow/blob/v2.0.0/tensorflow/python/keras/engine/base_layer.py",
    symptom=r"Dense layers: \['dense', 'dense_1'\], not",
)
@known_issue(
    since="3.0",
    of="keras",
    cause="Keras 3 gives the first layer of a kind no number: in a new session they are dense and dense_1.",
    source="https://github.com/keras-team/keras/blob/v3.15.1/keras/src/utils/naming.py",
    symptom=r"Dense layers: \['dense', 'dense_1'\], not",
)
@fixed_by(one_dense_before)
@detects(layers_called_otherwise)
@tolerates(common_faults.zero_weights)
def layers_numbered(tf: Any, record: Recorder) -> None:
    """Begin a session, build the model, and read the names of the rows."""
    with state.isolated():
        api.fresh_session(35)
        text = workflow.summary_of(models.built(models.style("sequential-list").build(tf)))

    rows = [row.split() for row, _ in workflow.summary_rows(text)]
    names = [words[0] for words in rows if "(Dense)" in words]
    record.equal("names of the Dense layers", expected=["dense_1", "dense_2"], actual=names)


@claim(
    "sequential-first.summary-at-once",
    "The summary with its counts can be printed as soon as the model is constructed, before it has seen any data.",
    "output",
)
@on_early_keras(
    "engine/network.py",
    "A Sequential model without an input shape has no weights before its first data, and its summary is refused.",
    "ValueError: This model has not yet been built",
)
@known_issue(
    of="keras",
    until="2",
    cause="A Sequential model without an input shape has no weights before its first data, and its summary is refused.",
    source="https://github.com/tensorflow/tensorflow/blob/v2.0.0/tensorflow/python/keras/engine/network.py",
    symptom=r"ValueError: This model has not yet been built",
    workaround=chapter_workarounds.SUMMARY,
)
@known_issue(
    since="3.0",
    of="keras",
    cause="Keras 3 prints the summary of a model without weights, with 0 parameters for each layer.",
    source="https://github.com/keras-team/keras/blob/v3.0.0/keras/utils/summary_utils.py",
    symptom=r"total: 0",
    workaround=chapter_workarounds.SUMMARY,
)
@fixed_by(summary_builds)
@detects(common_faults.one_unit_short, common_faults.no_bias)
@tolerates(common_faults.zero_weights)
def summary_at_once(tf: Any, record: Recorder) -> None:
    """Construct the model and print its summary, as the chapter does."""
    model = models.style("sequential-list").build(tf)

    text = record.runs("summary right after construction", lambda: workflow.summary_of(model))

    record.equal("total", expected=407_050, actual=workflow.summary_total(text))
    for count in (401_920, 5_130):
        record.contains("parameters by row", expected=count, actual=[rows for _, rows in workflow.summary_rows(text)])
