"""What stands in for TensorFlow where there is none: it has Keras, and refuses every other name."""

from __future__ import annotations

import copy
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_kerasch2.errors import NotApplicable
from pytest_kerasch2.framework import api
from pytest_kerasch2.framework.no_tensorflow import WithoutTensorFlow
from pytest_kerasch2.models import Network
from pytest_kerasch2.models.network import printed_activation


@pytest.fixture
def tf() -> Any:
    backend = SimpleNamespace(backend=lambda: "jax")
    return WithoutTensorFlow(SimpleNamespace(__version__="3.15.1", backend=backend))


def test_it_has_the_keras_that_runs_without_tensorflow(tf: Any) -> None:
    assert tf.keras.__version__ == "3.15.1"


def test_a_name_of_tensorflow_is_not_applicable_in_three_parts(tf: Any) -> None:
    with pytest.raises(NotApplicable) as caught:
        tf.data  # noqa: B018

    assert str(caught.value) == (
        "tf.data speaks of TensorFlow: this is Keras 3.15.1 on jax, not on TensorFlow."
        " Let Keras run on TensorFlow to have it decided."
    )


@pytest.mark.parametrize("asked", [lambda tf: hasattr(tf, "layers"), lambda tf: getattr(tf, "layers", None)])
def test_asking_whether_a_name_is_there_is_refused_too(tf: Any, asked: Any) -> None:
    with pytest.raises(NotApplicable, match=r"tf\.layers"):
        asked(tf)


def test_python_itself_may_look_for_its_own_names(tf: Any) -> None:
    assert copy.copy(tf).keras is tf.keras


def test_an_activation_printed_as_a_function_goes_by_its_name(tf: Any) -> None:
    assert Network().output_activation_or(printed_activation(tf, "softmax")) == "softmax"


def test_an_activation_printed_as_a_function_is_that_function_beside_tensorflow() -> None:
    function = object()
    beside = SimpleNamespace(nn=SimpleNamespace(softmax=function))

    assert printed_activation(beside, "softmax") is function


@pytest.mark.parametrize(
    ("backend", "third_generation", "beside", "alone"),
    [
        ("jax", True, False, True),
        ("jax", True, True, True),  # TensorFlow is installed, and Keras runs on JAX all the same
        ("jax", False, True, False),  # Keras 2 never reads the variable
        ("tensorflow", True, True, False),
        ("", True, True, False),
    ],
)
def test_keras_runs_where_it_is_told_to_if_it_listens(
    monkeypatch: pytest.MonkeyPatch, backend: str, third_generation: bool, beside: bool, alone: bool
) -> None:
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.setenv("KERAS_BACKEND", backend)
    monkeypatch.setattr(api, "_takes_other_backends", lambda legacy: third_generation)
    monkeypatch.setattr(api, "_can_find", lambda name: beside)

    assert api.runs_on_tensorflow() is not alone
