"""Sequential model: counted parameters, summaries, and the architecture that the first two ways share."""

from __future__ import annotations

import re
from typing import Any

from pytest_kerasch2.checks import captured, workflow
from pytest_kerasch2.claims.decorators import detects, fixed_by, known_issue
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.early import faults
from pytest_kerasch2.early.configuration import ENGINES, SOURCE
from pytest_kerasch2.early.facts import Facts
from pytest_kerasch2.early.facts import told_otherwise as told
from pytest_kerasch2.early.marks import decides

PARAMETERS, SUMMARIES, KINDS_AND_SHAPES = "counts.parameters", "counts.summaries", "counts.kinds_and_shapes"
KINDS = ["Flatten", "Dense", "Dropout", "Dense"]
SHORT = told("one unit short", PARAMETERS, "functional", "value", "layers", 1, 1, to=401_135)
NO_BIAS = told("no bias", PARAMETERS, "sequential-list", "value", "layers", 3, 1, to=5_120)


def _counts(facts: Facts, record: Recorder, style: str) -> Any:
    return captured.value(record, f"{style}, built", facts.value(PARAMETERS, record)[style])


@decides("sequential-first.hidden-parameters")
@detects(faults.ONE_UNIT_SHORT, SHORT, told("no bias", PARAMETERS, "subclass", "value", "arrays", to=[401_408]))
def hidden_parameters(facts: Facts, record: Recorder) -> None:
    """Count the parameters of the hidden layer in all four styles, all of them and each of its two arrays."""
    record.equal("784 * 512 + 512", expected=401_920, actual=784 * 512 + 512)
    for style in ("sequential-list", "sequential-add", "functional", "subclass"):
        found = _counts(facts, record, style)
        record.equal(f"{style}: the hidden layer", expected=["Dense", 401_920], actual=found["layers"][1])
        record.equal(f"{style}: weights and biases", expected=[401_408, 512], actual=found["arrays"])


@decides("sequential-first.output-parameters")
@detects(faults.ONE_UNIT_SHORT, NO_BIAS)
def output_parameters(facts: Facts, record: Recorder) -> None:
    """Count the parameters of the output layer, and those of the layers without any."""
    found = _counts(facts, record, "sequential-list")
    record.equal("512 * 10 + 10", expected=5_130, actual=512 * 10 + 10)
    record.equal("parameters by layer", expected=[0, 401_920, 0, 5_130], actual=[count for _, count in found["layers"]])
    record.equal("parameters of the model", expected=407_050, actual=found["total"])


@decides("sequential-first.summary-table")
@detects(
    faults.ONE_UNIT_SHORT,
    told("one unit short", SUMMARIES, "text", to=lambda text: text.replace("401920", "401135")),
    told("summary silent", SUMMARIES, "text", to=""),
)
def summary_table(facts: Facts, record: Recorder) -> None:
    """Read the table of a model that has its weights."""
    found = facts.value(SUMMARIES, record)
    rows = workflow.summary_rows(found["text"])
    record.equal("parameters by row", expected=[0, 401_920, 0, 5_130], actual=[count for _, count in rows])
    kinds = [seen.group(1) for row, _ in rows for seen in [re.search(r"\((\w+)\)", row)] if seen]
    record.equal("kinds by row", expected=KINDS, actual=kinds)
    named = [row.startswith(f"{name} (") for name, (row, _) in zip(found["names"], rows)]
    record.equal("rows that begin with the layer's name", expected=4, actual=sum(named))
    record.equal("total", expected=407_050, actual=workflow.summary_total(found["text"]))


@decides("sequential-first.summary-at-once")
@known_issue(
    of="keras",
    backends=ENGINES,
    cause="A Sequential model without an input shape has no weights before its first data, and its summary is refused.",
    source=f"{SOURCE}/engine/network.py",
    symptom="ValueError: This model has not yet been built",
)
@fixed_by(told("summary builds", SUMMARIES, to=lambda found: {**found, "at once": {"value": found["text"]}}))
@detects(told("summary silent", SUMMARIES, "at once", to={"value": ""}))
def summary_at_once(facts: Facts, record: Recorder) -> None:
    """Construct the model and print its summary, as the chapter does."""
    text = captured.value(record, "summary right after construction", facts.value(SUMMARIES, record)["at once"])
    record.equal("total", expected=407_050, actual=workflow.summary_total(text))
    for count in (401_920, 5_130):
        record.contains("parameters by row", expected=count, actual=[rows for _, rows in workflow.summary_rows(text)])


@decides("sequential-second.same-architecture")
@detects(
    told("add forgets dropout", KINDS_AND_SHAPES, "sequential-add", "kinds", to=["Flatten", "Dense", "Dense"]),
    told("half dropped", KINDS_AND_SHAPES, "sequential-add", "rate", to=0.5),
)
def same_architecture(facts: Facts, record: Recorder) -> None:
    """Compare the kinds of layers, their settings, and the shapes of their weights."""
    found = facts.value(KINDS_AND_SHAPES, record)
    first, second = found["sequential-list"], found["sequential-add"]
    record.equal("kinds of layers listed", expected=KINDS, actual=first["kinds"])
    record.equal("kinds of layers added", expected=KINDS, actual=second["kinds"])
    record.equal("shapes of weights", expected=first["shapes"], actual=second["shapes"])
    record.equal("dropout", expected=[0.2, 0.2], actual=[first["rate"], second["rate"]])
