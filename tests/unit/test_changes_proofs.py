"""The proofs of rewrites, executed on this release: they hold, and a fault in a rewrite makes each fail."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from typing import Any, Callable

import pytest

pytest.importorskip("libcst", reason="code is edited by LibCST, of the extra `documents`")
if importlib.util.find_spec("tensorflow") is None:
    # Not imported here, which would be without a private home.
    pytest.skip("proofs are executed on TensorFlow", allow_module_level=True)
if sys.version_info < (3, 9):
    pytest.skip("documents are checked by CPython 3.9 or newer", allow_module_level=True)
from matrix.prove_changes import execute_with
from pytest_kerasch2.changes import catalogue_of_changes, proving
from pytest_kerasch2.changes.known_change import KnownChange
from pytest_kerasch2.claims.release import within
from pytest_kerasch2.framework import packages

PROVEN = [one for one in catalogue_of_changes.ALL if catalogue_of_changes.is_proven(one)]
BY_NAME = {one.name: one for one in catalogue_of_changes.ALL}
# What a wrong rewrite would write, in the place of what the right one does.
FAULTS = {
    "optimizer-lr": [("0.5", "0.25"), ("learning_rate=0.5", ""), ("learning_rate=", "momentum=")],
    "optimizer-decay": [("1, 0.5", "1, 0.25"), ("1, 0.5", "2, 0.5"), ("InverseTimeDecay", "ExponentialDecay")],
    "weights-file-name": [('load_weights("first', 'save_weights("first')],
    "checkpoint-file-name": [("epochs=1", "epochs=2")],
    "save-to-folder": [("model.save(", 'build(1, "tanh").save(')],
    "predict-classes": [("> 0.5", "< 0.5"), ("argmax(axis=-1)", "argmin(axis=-1)"), ('.astype("int32")', "")],
    "fit-generator": [("epochs=2", "epochs=1"), ("steps_per_epoch=2", "steps_per_epoch=1")],
    "loss-functions": [("MSE", "MAE")],
    "experimental-preprocessing": [("Rescaling(0.5)", "Rescaling(0.5, 1.0)")],
    "add-weight-name": [('name="kernel", ', ""), ("(2, 3)", "(3, 2)")],
    "reset-states-of-metric": [("reset_state", "result")],
    "seed-of-initial-weights": [("tf.keras.utils.set_random_seed", "tf.random.set_seed")],
}  # fmt: skip


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Any]:
    """What each rewrite makes leaves here, and what each with a fault leaves."""
    snippets = {}
    for change in PROVEN:
        after = proving.rewritten(change)
        snippets[change.name] = _snippet(change, after)
        for number, (right, wrong) in enumerate(FAULTS.get(change.name, [])):
            assert right in after, (change.name, right)
            snippets[f"{change.name}/{number}"] = _snippet(change, after.replace(right, wrong))
    return execute_with(sys.executable, snippets)


def _snippet(change: KnownChange, code: str) -> str:
    assert change.proof is not None
    return f"{change.proof.given}{code}\n{change.proof.observe}\n"


def _holds(change: KnownChange, outcome: dict[str, Any]) -> bool:
    left = catalogue_of_changes.proven()[change.name]["before_left"]["result"]
    return "result" in outcome and proving.equal(left, outcome["result"])


def _applies(change: KnownChange) -> bool:
    release = packages.installed()
    assert change.proof is not None
    assert release is not None
    return within(release.tensorflow, change.proof.first, None)


@pytest.mark.parametrize("change", PROVEN, ids=lambda change: change.name)
def test_what_is_written_instead_leaves_here_what_was_left_before(change: KnownChange, outcomes: Any) -> None:
    if not _applies(change):
        pytest.skip("what is written instead is newer than this release")

    assert _holds(change, outcomes[change.name]), outcomes[change.name]


@pytest.mark.parametrize("fault", [f"{name}/{at}" for name, listed in FAULTS.items() for at in range(len(listed))])
def test_a_fault_in_a_rewrite_is_detected(fault: str, outcomes: Any) -> None:
    change = BY_NAME[fault.partition("/")[0]]
    if fault not in outcomes or not _applies(change):
        pytest.skip("it is not proven, or newer than this release")

    assert not _holds(change, outcomes[fault])


@pytest.mark.parametrize("spoil", [lambda code: code.replace("0.5", "0.4"), lambda code: f"{code}\n# more"])
def test_a_proof_of_another_text_does_not_load(spoil: Callable[[str], str]) -> None:
    change = BY_NAME["optimizer-lr"]
    assert change.proof is not None

    assert not catalogue_of_changes.is_proven(
        replace(change, proof=replace(change.proof, before=spoil(change.proof.before)))
    )
