"""Calls on values where a tensor is a formula, over a stand-in for Keras 2: its formulas depend on the phase."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Callable

import numpy as np
import pytest

from pytest_kerasch2.claims.release import Release
from pytest_kerasch2.framework import symbolic


class Variable:
    """Holds a value, as a shared variable of Theano does."""

    def __init__(self, value: Any) -> None:
        self.value = np.asarray(value)
        self.shape = self.value.shape

    def get_value(self) -> Any:
        return self.value


class Formula:
    """Has a value once the phase is known: 0 in the test, 1 in the training."""

    def __init__(self, of_phase: Callable[[int], Any]) -> None:
        self.of_phase = of_phase
        self.shape = ("symbolic",)


class MissingInputError(Exception):
    """As Theano raises for a formula that depends on a placeholder."""


def _function(phases: list[Any], outputs: list[Formula]) -> Callable[[list[int]], list[Any]]:
    if outputs[0].of_phase is None:
        raise MissingInputError("Undeclared input")

    def evaluated(given: list[int]) -> list[Any]:
        assert len(given) == len(phases)
        return [outputs[0].of_phase(given[0] if given else 0)]

    return evaluated


class Layer:
    """Adds the phase to its input, and notes each call as Keras 2 notes a place in a graph."""

    def __init__(self) -> None:
        self._inbound_nodes = ["a place in a model"]

    def __call__(self, inputs: Variable, **options: Any) -> Formula:
        self._inbound_nodes.append("this call")
        assert not options
        return self.call(inputs)

    def call(self, inputs: Variable) -> Formula:
        return Formula(lambda phase: inputs.value + phase)


class Written(SimpleNamespace):
    """A model that a user wrote, which Keras 2 builds in a prediction alone."""

    built = False
    _is_graph_network = False
    predicted: Any = None

    def predict_on_batch(self, images: Any) -> Any:
        self.built, self.predicted = True, images
        return images

    def __call__(self, inputs: Variable) -> Formula:
        self.shapes = self.compute_output_shape(inputs.shape)
        return self.call(inputs)

    def compute_output_shape(self, shape: Any) -> Any:
        raise NotImplementedError

    def call(self, inputs: Variable) -> Formula:
        return Formula(lambda phase: 2 * inputs.value)


@pytest.fixture(autouse=True)
def keras(monkeypatch: pytest.MonkeyPatch) -> Any:
    backend = SimpleNamespace(
        backend=lambda: "theano",
        variable=lambda value, dtype: Variable(np.asarray(value, dtype=dtype)),
        get_value=lambda variable: variable.value,
        is_tensor=lambda value: isinstance(value, (Variable, Formula)),
        learning_phase=lambda: "placeholder",
        function=_function,
    )
    module = SimpleNamespace(backend=backend, Model=Written, Sequential=tuple)
    monkeypatch.setitem(sys.modules, "keras", module)
    return module


def test_a_tensor_has_the_type_and_the_value_of_its_array() -> None:
    value = symbolic.evaluate(symbolic.tensor(np.array([1, 2], "int64")))

    assert (value.tolist(), str(value.dtype)) == ([1, 2], "int64")


@pytest.mark.parametrize(
    ("options", "expected"), [({}, [1.0]), ({"training": False}, [1.0]), ({"training": True}, [2.0])]
)
def test_a_call_is_evaluated_in_the_phase_that_was_asked_for(options: dict[str, bool], expected: list[float]) -> None:
    called = symbolic.call(Layer(), np.array([1.0], "float32"), **options)

    assert symbolic.evaluate(called).tolist() == expected


def test_a_phase_that_was_set_for_all_is_not_handed_in(keras: Any) -> None:
    keras.backend.learning_phase = lambda: 1

    assert symbolic.evaluate(Formula(lambda phase: phase)).tolist() == 0


def test_a_call_leaves_no_place_in_a_graph() -> None:
    layer = Layer()

    symbolic.call(layer, np.ones(2))

    assert layer._inbound_nodes == ["a place in a model"]


def test_a_model_that_a_user_wrote_is_built_by_a_prediction() -> None:
    model = Written()

    called = symbolic.call(model, np.array([3.0]))

    assert (model.predicted.tolist(), symbolic.evaluate(called).tolist()) == ([3.0], [6.0])


def test_a_model_that_a_user_wrote_is_told_its_shape_for_the_call_alone() -> None:
    model = Written()

    symbolic.call(model, np.ones((3, 2)))

    assert model.shapes == (3, 2)
    assert "compute_output_shape" not in vars(model)


def test_several_inputs_stay_a_list() -> None:
    given: list[Any] = []

    symbolic.call(lambda inputs: given.append(inputs) or Formula(lambda phase: 0), [np.ones(2), np.ones(3)])

    assert [one.shape for one in given[0]] == [(2,), (3,)]


class Batches:
    """A placeholder of CNTK, or what a layer makes of it: a tensor with an axis of examples."""

    def __init__(self, shape: Any, dtype: str) -> None:
        self.shape, self.dtype = shape, dtype
        self.of_values = lambda values, phase: values


class Doubling(Layer):
    """A layer of CNTK: refuses what has no axis of examples, and remembers what it gave for which tensor."""

    def __init__(self, *layers: Any) -> None:
        super().__init__()
        self.layers = layers
        self._output_tensor_cache: dict[int, Any] = {}

    def call(self, inputs: Any) -> Any:
        self._output_tensor_cache[0] = inputs
        assert isinstance(inputs, Batches)
        result = Batches(inputs.shape, inputs.dtype)
        result.of_values = lambda values, phase: 2 * inputs.of_values(values, phase) + phase
        return result


@pytest.fixture
def cntk(keras: Any) -> Any:
    def function(places: list[Any], outputs: list[Batches]) -> Any:
        return lambda given: [one.of_values(*given) for one in outputs]

    vars(keras.backend).update(backend=lambda: "cntk", placeholder=Batches, function=function)
    return keras


@pytest.mark.usefixtures("cntk")
@pytest.mark.parametrize(("training", "expected"), [(False, [[2.0], [4.0]]), (True, [[3.0], [5.0]])])
def test_on_cntk_values_are_fed_to_a_placeholder_of_their_shape(training: bool, expected: list[Any]) -> None:
    layer = Doubling()

    called = symbolic.call(layer, np.array([[1.0], [2.0]], "float32"), training=training)

    assert called.get_value().tolist() == expected
    assert layer._inbound_nodes == ["a place in a model"]


@pytest.mark.usefixtures("cntk")
def test_on_cntk_a_model_forgets_what_it_gave_for_a_placeholder_that_is_gone() -> None:
    within = Doubling()
    model = Doubling(within)
    within._output_tensor_cache[0] = "stale"

    symbolic.call(model, np.ones((2, 1), "float32"))

    assert (model._output_tensor_cache, within._output_tensor_cache) == ({}, {})


def test_names_are_counted_from_one_again(keras: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    engine: Any = ModuleType("engine")
    engine._UID_PREFIXES = {"dense": 3}
    monkeypatch.setitem(sys.modules, "engine", engine)
    keras.backend.get_uid = type("get_uid", (), {"__module__": "engine"})

    symbolic.forget_names()

    assert engine._UID_PREFIXES == {}


def test_what_depends_on_a_placeholder_has_no_value() -> None:
    with pytest.raises(ValueError, match="placeholder"):
        symbolic.evaluate(Formula(None))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("backend", "expected"), [("theano", True), ("cntk", True), ("tensorflow", False), ("jax", False)]
)
def test_the_engines_of_its_time_are_known(backend: str, expected: bool) -> None:
    assert symbolic.is_in_use(Release("-", "2.3.1", backend)) is expected


def test_nothing_installed_is_no_such_engine() -> None:
    assert symbolic.is_in_use(None) is False


def test_theano_compiles_into_the_folder_of_the_run() -> None:
    flags = symbolic.flags(Path("/run"), "device=cpu").split(",")

    assert {"device=cpu", "base_compiledir=/run/theano"} <= set(flags)


def test_a_folder_that_the_user_chose_stays() -> None:
    assert symbolic.flags(Path("/run"), "base_compiledir=/mine") == "base_compiledir=/mine"
