"""Sequential model, first way: the data, the layers, the counts, and what compile, fit and evaluate do."""

from __future__ import annotations

from typing import Any

from pytest_kerasch2 import models
from pytest_kerasch2.chapter import saboteurs
from pytest_kerasch2.claims.marks import caught, claim, unmoved
from pytest_kerasch2.claims.witness import Witness

SECTION = "Sequential model, first way"


@claim(
    "sequential-first.hidden-parameters",
    "The hidden layer has 784 * 512 weights and 512 biases, 401,920 parameters.",
    section=SECTION,
    kind="output",
)
@caught(saboteurs.one_unit_short, saboteurs.no_bias)
@unmoved(saboteurs.zero_weights)
def hidden_parameters(tf: Any, model_style: Any, witness: Witness) -> None:
    """Count the parameters of the hidden layer."""
    model = models.built(model_style.build(tf))

    count = models.layer(model, "hidden").count_params()

    witness.equal("784 * 512 + 512", expected=401_920, actual=784 * 512 + 512)
    witness.equal("parameters of the hidden layer", expected=401_920, actual=int(count))
