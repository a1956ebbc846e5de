"""What of a model is its user's own, and so has no reference of Keras's."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pytest_kerasch2.timing import output_check, reference_loop
from pytest_kerasch2.timing.reference_loop import NoReference


def _of(module: str, *names: str) -> Any:
    """Return a model whose list of metrics, of these names, is written in a module."""

    def metrics(self: Any) -> list[Any]:
        return [SimpleNamespace(name=name) for name in names]

    metrics.__module__ = module
    return type("Network", (), {"metrics": property(metrics)})()


@pytest.mark.parametrize(("module", "own"), [("keras.src.models.model", False), ("my_project.networks", True)])
def test_a_property_is_ones_own_by_the_module_of_its_function(module: str, own: bool) -> None:
    assert reference_loop.is_overridden(_of(module), "metrics") is own


def test_there_is_no_reference_of_evaluate_where_the_list_of_metrics_is_ones_own() -> None:
    with pytest.raises(NoReference, match="metrics of its own"):
        output_check.check_reference(_of("my_project.networks"), SimpleNamespace(name="evaluate"))  # type: ignore[arg-type]


def test_there_is_no_reference_of_evaluate_where_another_metric_is_called_loss() -> None:
    model = _of("keras.src.models.model", "loss", "mean", "loss")

    with pytest.raises(NoReference, match="is called loss"):
        output_check.check_reference(model, SimpleNamespace(name="evaluate"))  # type: ignore[arg-type]
