"""Adoption and advantages, and the version: Keras by itself, one interface, blocks combined, configured and written."""

from __future__ import annotations

from pytest_kerasch2.claims.decorators import detects
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.early import faults
from pytest_kerasch2.early.facts import Facts
from pytest_kerasch2.early.facts import told_otherwise as told
from pytest_kerasch2.early.marks import decides

ALIKE = "training.alike"
COMPOSED, CONFIGURED = "blocks.composed", "blocks.configured"
OWN_LAYER, OWN_FUNCTIONS = "blocks.own_layer", "blocks.own_functions"


@decides("features.version-attribute")
@detects(
    told("version wrong", "functions.versions", "stated", to="9.9.9"),
    told("none", "functions.versions", "stated", to=None),
)
def version_attribute(facts: Facts, record: Recorder) -> None:
    """Compare `keras.__version__` with the version that was installed."""
    found = facts.value("functions.versions", record)
    record.true("keras.__version__ is a text", holds=isinstance(found["stated"], str), found=found["stated"])
    record.contains("versions installed", expected=found["stated"], actual=found["installed"])


@decides("adoption.standalone-module")
@detects(
    told("hollow keras", "functions.standalone", "parameters", to=0),
    told("tensorflow beneath", "functions.standalone", "tensorflow", to=True),
)
def standalone_module(facts: Facts, record: Recorder) -> None:
    """Import keras first of all, and build with it."""
    found = facts.value("functions.standalone", record)
    record.saw(f"keras imported by itself: version {found['version']}")
    record.equal("parameters of its model, 6 * 4 + 4", expected=28, actual=found["parameters"])
    record.equal("TensorFlow imported", expected=False, actual=found["tensorflow"])


@decides("adoption.one-interface")
@detects(
    faults.EVALUATED_IN_REVERSE,
    told("swapped evaluation", ALIKE, "subclass", "evaluated", to=lambda pair: pair[::-1]),
    told("sequential does not learn", ALIKE, "sequential-add", "predictions apart", to=0.1),
)
def one_interface(facts: Facts, record: Recorder) -> None:
    """Take the four styles through the same calls; compare the results with each other and with the formulas."""
    for style, found in facts.value(ALIKE, record).items():
        loss, accuracy = found["evaluated"]
        own_loss, right = found["by hand"]
        record.equal(f"{style}: shape of predict's answer", expected=[32, 10], actual=found["shape"])
        record.close(f"{style}: evaluate's loss, by hand", expected=round(own_loss, 4), actual=loss, within=2e-4)
        record.close(f"{style}: evaluate's accuracy, by hand", expected=right, actual=accuracy, within=1e-6)
        away = f"{style}: trained predictions, away from the first style's"
        record.at_most(away, limit=1e-6, actual=found["predictions apart"])


@decides("adoption.composable")
@detects(told("weights do not arrive", COMPOSED, "moved", to=0.0), told("miscounted", COMPOSED, "whole", to=120))
def composable(facts: Facts, record: Recorder) -> None:
    """Use one small model twice inside another, beside a plain layer."""
    found = facts.value(COMPOSED, record)
    record.equal("parameters of the block, 6 * 5 + 5 + 5 * 3 + 3", expected=53, actual=found["block"])
    record.equal("parameters of the whole, the block's once and 6 * 2 + 2", expected=67, actual=found["whole"])
    record.at_most("the whole, away from its blocks called one after another", limit=1e-5, actual=found["apart"])
    moved = found["moved"] > 0.1
    record.true("the whole follows the block's weights", holds=moved, found=moved)


@decides("adoption.configurable-blocks")
@detects(
    told("forgetful dense", CONFIGURED, "blocks", 0, 3, to=["units"]),
    told("stated otherwise", CONFIGURED, "blocks", 1, 2, to={"rate": 0.5}),
    told("narrow copy", CONFIGURED, "shapes", 1, to=[[4, 1], [1]]),
)
def configurable_blocks(facts: Facts, record: Recorder) -> None:
    """Take layers, and a model of them, through their settings and back."""
    found = facts.value(CONFIGURED, record)
    for kind, asked, stated, lost in found["blocks"]:
        record.equal(f"{kind}: what was asked for", expected=asked, actual=stated)
        record.equal(f"{kind}: settings lost on the way", expected=[], actual=lost)
    record.equal("shapes of the weights of a model", expected=found["shapes"][0], actual=found["shapes"][1])


@decides("adoption.custom-layer")
@detects(told("frozen additions", OWN_LAYER, "trained", to=[0, 0]), told("uncounted additions", OWN_LAYER, "own", to=0))
def custom_layer(facts: Facts, record: Recorder) -> None:
    """Put a layer that scales and shifts each feature before a Dense layer, and train both."""
    found = facts.value(OWN_LAYER, record)
    record.at_most("what it computes, away from 2 x + 0", limit=1e-6, actual=found["apart"])
    record.equal("its parameters, 6 + 6", expected=12, actual=found["own"])
    record.equal("the model's, 12 and 6 * 4 + 4", expected=40, actual=found["whole"])
    record.equal("of six values each of its scale and shift, trained", expected=[6, 6], actual=found["trained"])
    record.equal("another made from its settings starts at", expected=2.0, actual=found["again"])


@decides("adoption.custom-functions")
@detects(
    told("callbacks ignored", OWN_FUNCTIONS, "ends", to=[]),
    told("own loss ignored", OWN_FUNCTIONS, "loss", 1, to=0.0),
    told("own metric ignored", OWN_FUNCTIONS, "metric", 1, to=0.0),
)
def custom_functions(facts: Facts, record: Recorder) -> None:
    """Train a model whose every replaceable part is the user's, and compare with the same sums done by hand."""
    found = facts.value(OWN_FUNCTIONS, record)
    away = "own activation and initialiser, away from the sums by hand"
    record.at_most(away, limit=1e-6, actual=found["apart"])
    for what in ("loss", "metric"):
        by_hand, given = found[what]
        record.close(f"own {what}", expected=round(by_hand, 5), actual=round(given, 5), within=2e-5)
    record.equal("batches at whose end the own callback was called", expected=[0, 1, 2], actual=found["ends"])
