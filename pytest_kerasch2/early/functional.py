"""Functional API and subclassed models."""

from __future__ import annotations

from typing import Any

from pytest_kerasch2.checks import workflow
from pytest_kerasch2.claims.decorators import detects
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.early import faults
from pytest_kerasch2.early.counts import KINDS, KINDS_AND_SHAPES
from pytest_kerasch2.early.facts import Facts
from pytest_kerasch2.early.facts import told_otherwise as told
from pytest_kerasch2.early.marks import decides

SEEN, OUTPUTS, SUBCLASSED = "counts.functional", "training.same_outputs", "training.subclassed"


@decides("functional.same-architecture")
@detects(told("d1 without bias", KINDS_AND_SHAPES, "functional", "shapes", to=[[784, 512], [512, 10], [10]]))
def same_architecture(facts: Facts, record: Recorder) -> None:
    """Compare kinds of layers and shapes of weights with those of both Sequential models."""
    found = facts.value(KINDS_AND_SHAPES, record)
    for name in ("sequential-list", "sequential-add"):
        for what in ("kinds", "shapes"):
            record.equal(f"{what}, against {name}", expected=found[name][what], actual=found["functional"][what])


@decides("functional.summary")
@detects(
    faults.ONE_UNIT_SHORT,
    told("one unit short", SEEN, "text", to=lambda text: text.replace("401920", "401135")),
    told("names lost", SEEN, "text", to=lambda text: text.replace("d1 (", "dense_1 (")),
)
def summary(facts: Facts, record: Recorder) -> None:
    """Read the table of a model that has not been called."""
    text = facts.value(SEEN, record)["text"]
    rows = {row.split(" (")[0]: count for row, count in workflow.summary_rows(text)}
    record.equal("parameters of d1 and d2", expected=[401_920, 5_130], actual=[rows.get("d1"), rows.get("d2")])
    record.equal("total", expected=407_050, actual=workflow.summary_total(text))


@decides("functional.batch-not-given")
@detects(
    faults.ONE_UNIT_SHORT,
    told("batch of one", SEEN, "output", to=[1, 10]),
    told("batch shown", SEEN, "text", to=lambda text: text.replace("(None, 784)", "(1, 784)")),
    told("five not taken", SEEN, "batches", 1, to=[1, 10]),
)
def batch_not_given(facts: Facts, record: Recorder) -> None:
    """Read the shapes in the summary and on the model, then hand over batches of several sizes."""
    found = facts.value(SEEN, record)
    for shape in ("(None, 28, 28)", "(None, 784)", "(None, 512)", "(None, 10)"):
        there = shape in found["text"]
        record.true(f"{shape} in the summary", holds=there, found=there)
    record.equal("shape of the output", expected=[None, 10], actual=found["output"])
    record.equal("outputs for 1 and for 5 images", expected=[[1, 10], [5, 10]], actual=found["batches"])


@decides("functional.names")
@detects(told("names lost", SEEN, "names", to=["dense_1", "dense_2"]), told("not found", SEEN, "found", to=False))
def names(facts: Facts, record: Recorder) -> None:
    """Look for the names."""
    found = facts.value(SEEN, record)
    record.equal("names of the Dense layers", expected=["d1", "d2"], actual=found["names"])
    record.equal("found by name", expected=True, actual=found["found"])


@decides("functional.input-is-placeholder")
@detects(
    told("input with values", "counts.placeholder", "value", to={"value": "zeros"}),
    told("batch of one", "counts.placeholder", "shape", to=[1, 28, 28]),
)
def input_is_placeholder(facts: Facts, record: Recorder) -> None:
    """Ask it for shape, type and values."""
    found = facts.value("counts.placeholder", record)
    record.equal("shape", expected=[None, 28, 28], actual=found["shape"])
    record.equal("type", expected="float32", actual=found["dtype"])
    record.true("it has no values", holds="error" in found["value"], found=found["value"].get("error", "values"))


def _near(record: Recorder, what: str, apart: float, within: float = 1e-5) -> None:
    record.true(what, holds=apart < within, found="so" if apart < within else apart)


@decides("functional.layers-on-tensors")
@detects(
    told("no relu", "shapes.on_tensors", "apart", to=0.5),
    told("one unit short", "shapes.on_tensors", "shapes", 1, to=[None, 511]),
)
def layers_on_tensors(facts: Facts, record: Recorder) -> None:
    """Follow the shapes through the layers; then compare the model with arithmetic on its weights."""
    found = facts.value("shapes.on_tensors", record)
    record.equal("shapes", expected=[[None, 784], [None, 512], [None, 10]], actual=found["shapes"])
    _near(record, "outputs are those of the layers, in this order", found["apart"], within=1e-4)


@decides("functional.same-outputs")
@detects(told("elu for d1", OUTPUTS, "subclass", "same", to=False))
def same_outputs(facts: Facts, record: Recorder) -> None:
    """Return all four the weights of one, and compare the outputs bit for bit."""
    for style, found in facts.value(OUTPUTS, record).items():
        record.equal(f"outputs of {style} are the first's, bit for bit", expected=True, actual=found["same"])


@decides("functional.unprepared-data")
@detects(told("nothing learned", "training.unprepared", "after", to=9.0))
def unprepared_data(facts: Facts, record: Recorder) -> None:
    """Fit drawn images of such types."""
    found = facts.value("training.unprepared", record)
    record.equal("types handed over", expected=["float64", "uint8"], actual=found["types"])
    record.equal("epochs fitted", expected=2, actual=found["epochs"])
    less = found["after"] < 0.9 * found["before"]
    record.true("the loss is smaller than before", holds=less, found=less)


def _built(facts: Facts, record: Recorder, fact: str, parameters: int) -> Any:
    found = facts.value(fact, record)
    record.equal("parameters", expected=parameters, actual=found["parameters"])
    _near(record, "outputs are those of arithmetic on the weights", found["apart"])
    return found


@decides("functional.several-inputs")
@detects(
    told("halves swapped", "shapes.several_inputs", "apart", to=0.5),
    told("one", "shapes.several_inputs", "inputs", to=1),
)
def several_inputs(facts: Facts, record: Recorder) -> None:
    """Join two inputs."""
    found = _built(facts, record, "shapes.several_inputs", (3 + 2) * 4 + 4)
    record.equal("inputs", expected=2, actual=found["inputs"])


@decides("functional.several-outputs")
@detects(told("dense negated", "shapes.several_outputs", "apart", to=0.5))
def several_outputs(facts: Facts, record: Recorder) -> None:
    """Read two layers off one input."""
    found = _built(facts, record, "shapes.several_outputs", (3 * 4 + 4) + (3 * 2 + 2))
    record.equal("shapes", expected=[[5, 4], [5, 2]], actual=found["shapes"])


@decides("functional.shared-layers")
@detects(
    told("weights twice", "shapes.shared_layers", "parameters", to=32),
    told("halves differ", "shapes.shared_layers", "halves alike", to=False),
)
def shared_layers(facts: Facts, record: Recorder) -> None:
    """Call one layer on two inputs; equal inputs then give equal halves, and the weights count once."""
    found = _built(facts, record, "shapes.shared_layers", 3 * 4 + 4)
    record.equal("equal halves for equal inputs", expected=True, actual=found["halves alike"])


@decides("functional.residual-connections")
@detects(told("residual lost", "shapes.residual", "apart", to=0.5))
def residual_connections(facts: Facts, record: Recorder) -> None:
    """Add the input to what a layer makes of it."""
    _built(facts, record, "shapes.residual", 4 * 4 + 4)


# -- subclassing


@decides("subclassing.layers-declared-and-named")
@detects(
    told("layers untracked", SUBCLASSED, "layers", "kinds", to=KINDS[:-1]),
    told("names lost", SUBCLASSED, "layers", "names", to=[]),
    told("not found", SUBCLASSED, "found by name", to=False),
)
def layers_declared(facts: Facts, record: Recorder) -> None:
    """Construct the class as printed and ask for its layers."""
    found = facts.value(SUBCLASSED, record)
    record.equal("kinds of layers", expected=KINDS, actual=found["layers"]["kinds"])
    record.equal("names given", expected=["d1", "d2"], actual=found["layers"]["names"])
    record.equal("found by name", expected=True, actual=found["found by name"])


@decides("subclassing.call-is-forward-pass")
@detects(
    told("outputs negated", SUBCLASSED, "apart from chained", to=2.0), told("never called", SUBCLASSED, "calls", to=0)
)
def call_is_forward_pass(facts: Facts, record: Recorder) -> None:
    """Count the calls of the method; compare the outputs with the layers' arithmetic one after the other."""
    found = facts.value(SUBCLASSED, record)
    record.at_least("calls of the method", limit=1, actual=found["calls"])
    _near(record, "outputs against the layers one after the other", found["apart from chained"])


@decides("subclassing.input-unused")
@detects(
    told("layers untracked", OUTPUTS, "subclass", "layers", to=3),
    told("elu for d1", OUTPUTS, "subclass", "same", to=False),
)
def input_unused(facts: Facts, record: Recorder) -> None:
    """Compare the printed class with the first way: same layers, same outputs from equal weights."""
    shape = facts.value(SUBCLASSED, record)["placeholder"]
    record.equal("shape of the placeholder", expected=[None, 28, 28], actual=shape)
    found = facts.value(OUTPUTS, record)["subclass"]
    record.equal("layers", expected=4, actual=found["layers"])
    record.equal("outputs are the first's, bit for bit", expected=True, actual=found["same"])


@decides("subclassing.takes-the-place")
@detects(
    faults.NOTHING_LEARNED,
    told("nothing learned", SUBCLASSED, "last loss", to=9.0),
    told("metrics forgotten", SUBCLASSED, "values", to=1),
)
def takes_the_place(facts: Facts, record: Recorder) -> None:
    """Compile, fit and evaluate it as the chapter does the others."""
    found = facts.value(SUBCLASSED, record)
    record.equal("epochs fitted", expected=3, actual=found["epochs"])
    record.equal("values from evaluate", expected=2, actual=found["values"])
    less = found["last loss"] < 0.9 * found["first loss"]
    record.true("the loss gets smaller", holds=less, found=less)


@decides("subclassing.dropout-at-work")
@detects(
    told("nothing dropped", SUBCLASSED, "still", to={"judged": [2.3, 2.3], "fitted": 2.3}),
    told("always dropped", SUBCLASSED, "still", to={"judged": [2.3, 2.4], "fitted": 2.5}),
)
def dropout_at_work(facts: Facts, record: Recorder) -> None:
    """Fit with a learning rate of zero, where nothing but what is dropped makes the loss another than evaluate's."""
    found = facts.value(SUBCLASSED, record)["still"]
    once, again = found["judged"]
    # What is dropped differs from run to run; what is kept as evidence must not.
    same = abs(once - again) <= 1e-6
    record.true("evaluate gives the same loss twice", holds=same, found="so" if same else [once, again])
    other = abs(found["fitted"] - once) > 1e-4
    record.true(
        "the loss in fit is another than that of evaluate", holds=other, found="so" if other else found["fitted"]
    )


@decides("subclassing.steps-per-epoch")
@detects(told("one image lost", "datasets.mnist", "x_train", "shape", 0, to=59_999))
def steps_per_epoch(facts: Facts, record: Recorder) -> None:
    """Compute it as printed, from the training images themselves."""
    count = facts.value("datasets.mnist", record)["x_train"]["shape"][0]
    record.equal("steps", expected=1875, actual=count // 32)
    record.equal("images left over", expected=0, actual=count % 32)
