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
from pytest_kerasch2.changes.source_view import SourceView
from pytest_kerasch2.claims.release import within
from pytest_kerasch2.framework import packages

# Each fault is a run of lines on TensorFlow: some two hundred.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(2400)]
_MARK = "# the lines that are rewritten\n"
PROVEN = [one for one in catalogue_of_changes.ALL if catalogue_of_changes.is_proven(one)]
BY_NAME = {one.name: one for one in catalogue_of_changes.ALL}
# What a wrong rewrite would write, in the place of what the right one does.
FAULTS = {
    "optimizer-lr": [("0.5", "0.25"), ("learning_rate=0.5", ""), ("learning_rate=", "momentum=")],
    "optimizer-decay": [("1, 0.5", "1, 0.25"), ("1, 0.5", "2, 0.5"), ("InverseTimeDecay", "ExponentialDecay")],
    "optimizer-attribute-lr": [("assign(0.5)", "assign(1.0)"), ("model.optimizer.learning_rate.assign(0.5)", "")],
    "optimizer-lr-is-set": [("0.5", "1.0"), ("learning_rate", "momentum")],
    "set-learning-rate": [("assign(0.5)", "assign(1.0)"), ("model.optimizer.learning_rate.assign(0.5)", "")],
    "weights-file-name": [
        ("load_weights(path)", "save_weights(path)"), ("load_weights(path)", 'load_weights("cps/first.ckpt")'),
        ('load_weights("cp-%d.weights.h5"', 'load_weights("cp-%d.h5"'), ("tf.io.gfile.makedirs('cps')", ""),
    ],
    "checkpoint-file-name": [("epochs=1", "epochs=2"), ('load_model("best.keras")', 'load_model("best.ckpt")')],
    "checkpoint-h5": [("epochs=1", "epochs=2"), ('load_model("best.keras"', 'load_model("best.h5"')],
    "save-to-folder": [
        ("model.save(", 'build(1, "tanh").save('), ('load_model("my_model.keras")', 'load_model("my_model")'),
    ],
    "save-format": [
        ("model.save(", 'build(1, "tanh").save('), ('load_model("my_model.keras")', 'load_model("my_model")'),
    ],
    "status-of-loading": [('model.load_weights("first.weights.h5")', "")],
    "predict-classes": [("> 0.5", "< 0.5"), ("argmax(axis=-1)", "argmin(axis=-1)"), ('.astype("int32")', "")],
    "fit-generator": [
        ("epochs=2", "epochs=1"), ("fit(batches(), steps_per_epoch=2", "fit(batches(), steps_per_epoch=1"),
        # Not without `steps_per_epoch`: the generator has no end.
        ("evaluate(batches(), steps=2)", "evaluate(batches(), steps=1)"),
    ],
    "fit-workers": [("epochs=2", "epochs=1"), ("batch_size=4", "batch_size=2")],
    "history-lr": [('"learning_rate"', '"loss"')],
    "moved-layers": [("keras.layers", "keras.models"), ("import Dense", "import Flatten as Dense")],
    "moved-layers-before-2-9": [("import concatenate", "import add as concatenate"), ("keras.layers", "keras.models")],
    "moved-normalization": [("import BatchNormalization", "import LayerNormalization")],
    "np-utils": [("utils as np_utils", "models as np_utils"), ("from keras.utils import Sequence; ", "")],
    "experimental-preprocessing": [("Rescaling(0.5)", "Rescaling(0.5, 1.0)")],
    "loss-functions": [("losses.MSE", "losses.MAE"), ("import MAE", "import MSE")],
    "add-weight-name": [('name="kernel", ', ""), ("(2, 3)", "(3, 2)"), ('name="bias"', 'name="kernel"')],
    "add-variable": [("(2, 3)", "(3, 2)"), ("shape=(2, 3)", "")],
    "reset-states-of-metric": [("reset_state", "result")],
    "seed-of-initial-weights": [
        ("tf.keras.utils.set_random_seed", "tf.random.set_seed"), ("set_random_seed(42)", "set_random_seed(7)"),
    ],
    "backend-of-keras": [("K.sqrt", "K.square"), ("K.mean", "K.sum")],
    "shape-as-list": [("list(inner.shape)", "list(inner.shape)[1:]"), ("list(input_shape)", "[]")],
    "layer-output-shape": [("layer.output.shape", "layer.input.shape"), (".input.shape", ".output.shape")],
    "reset-states-of-model": [("[layer.reset_states()", "[layer.name"), ('hasattr(layer, "reset_states")', "False")],
    "input-shape-number": [("(3,)", "(4,)"), ("(4,)", "(4, 1)")],
    "training-by-position": [("norm(x, training=True)", "norm(x)"), ("model(x, training=True)", "model(x)")],
    "leaky-relu-alpha": [("negative_slope=0.25", ""), ("0.25", "0.5")],
    "loss-reduction-auto": [("SUM_OVER_BATCH_SIZE", "SUM"), ("'sum_over_batch_size'", "'sum'")],
    "tensorboard-arguments": [(", histogram_freq=2", ""), ('"logs"', '"other"')],
    "to-categorical-type": [('.astype("float32")', ""), ('"float32"', '"float16"')],
    "to-categorical-arguments": [('.astype("int32")', ""), ('.astype("int8")', ""), ('.astype("float32")', "")],
    "compile-by-output": [
        ('["mse"] * 2', '["mse", "mae"]'), ('[["mae", "mse"]] * 2', '["mae", "mse"]'), ("[0.75, 0.25]", "[0.25, 0.75]"),
    ],
    "numpy-builtin-alias": [
        ("dtype=float", "dtype=int"), ("], complex)", "])"), ("2, int)", "2, float)"), ("], str)", "])"),
    ],
    "numpy-bool-alias": [(", bool", ""), ("bool", "int")],
    "numpy-2-name": [("np.prod(", "np.sum("), ("np.all(", "np.any("), ("-np.inf", "np.inf"), ("str_", "bytes_")],
    "keras-preprocessing": [
        ("preprocessing import sequence", "preprocessing import text as sequence"), ("rescale=0.5", "rescale=0.25"),
    ],
    "private-keras": [("import Dense", "import Flatten as Dense"), ("keras.layers", "python.keras.layers")],
    "keras-engine": [("import Layer", "import Dropout as Layer"), ("import Model", "import Sequential as Model")],
    "moved-utils": [
        ("import plot_model", "import model_to_dot as plot_model"), ("get_file", "to_categorical as get_file"),
    ],
    "mixed-precision-experimental": [
        ("set_global_policy('mixed_float16')", "Policy('mixed_float16')"),
        ("Policy('mixed_float16')", "Policy('float32')"),
    ],
    "variable-of-tensorflow": [
        ("initializer=tf.ones", "initializer=tf.zeros"), ("trainable=False", "trainable=True"),
        ("self.b = tf.keras.Variable(tf.zeros((2,)))", "self.b = tf.Variable(tf.zeros((2,)))"),
    ],
    "compiled-loss": [("y_pred=y_pred", "y_pred=2 * y_pred"), ("loss = self", "loss = 2 * self")],
    "compiled-metrics": [
        ("update_state(loss)", "update_state(y_pred)"), ("update_state(y, y_pred)", "update_state(y, y)"),
        ('metric.name == "loss"', "False"),
    ],
    "checkpoint-period": [("2 * -(-len(x)", "-(-len(x)"), ("// 3)", "// 1)"), ("save_freq=", "verbose=")],
    "export-saved-model": [
        ('"folder.keras"', '"folder"'), ("save_model(model", 'save_model(build(1, "tanh")'),
    ],
    "batch-input-shape": [
        ("batch_shape=[2, None, 3]", "batch_shape=[2, 4, 3]"),
        ("second.add(tf.keras.Input(batch_shape=(2, 4, 3)))", ""),
    ],
    "own-reset-states": [("def reset_state(", "def reset_states("), ("assign(5.0)", "assign(0.0)")],
    "base-logger": [("callbacks.Callback()", "callbacks.TerminateOnNaN"), ("epochs=2", "epochs=1")],
    "whole-learning-rate": [("SGD(1.0)", "SGD(0.1)"), ("learning_rate=2.0", "")],
    "sequential-of-one-layer": [("'ones'", "'zeros'"), ("Dense(2", "Dense(3")],
    "yaml-of-models": [("to_json", "to_yaml"), ("model_from_json", "model_from_yaml")],
    "strategy-run": [("strategy.run", "strategy.reduce"), ("a - b", "b - a")],
}  # fmt: skip


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Any]:
    """What each rewrite makes leaves here, and what each with a fault leaves."""
    snippets = {}
    for change in PROVEN:
        after = proving.rewritten(change)
        snippets[change.name] = _snippet(change, after)
        for number, code in enumerate(_with_one_place_left(change)):
            snippets[f"{change.name}/place {number}"] = _snippet(change, code)
        for number, (right, wrong) in enumerate(FAULTS.get(change.name, [])):
            assert right in after, (change.name, right)
            snippets[f"{change.name}/{number}"] = _snippet(change, after.replace(right, wrong))
    return execute_with(sys.executable, snippets, deadline=2000.0)


# What Keras 3.15 takes too: left as they were, these places change nothing here.
HARMLESS = (
    "K.get_value(model.optimizer.learning_rate)",
    'model.save("my_model.keras", save_format="tf")',
    "from keras.preprocessing import sequence",
)


def _with_one_place_left(change: KnownChange) -> list[str]:
    """Return what the rewrite makes where it leaves one of its places as it was, for each of several places."""
    assert change.proof is not None
    assert change.find is not None
    view = SourceView(f"{change.proof.given}{_MARK}{change.proof.before}\n")
    others = [one.find for one in catalogue_of_changes.ALL if one.name in change.proof.also and one.find is not None]
    own = [edit for one in change.find(view) for edit in one.edits]
    edits = [*own, *(edit for find in others for one in find(view) for edit in one.edits)]
    nodes = list({id(node): node for node, _ in own}.values())
    whole = view.with_edits(edits)
    codes = [view.with_edits([one for one in edits if one[0] is not node]) for node in nodes] if len(nodes) > 1 else []
    codes = [one for one in codes if one != whole and not any(place in one for place in HARMLESS)]
    return sorted({code.partition(_MARK)[2].rstrip("\n") for code in codes})


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


@pytest.mark.parametrize("change", PROVEN, ids=lambda change: change.name)
def test_a_rewrite_of_one_of_several_places_is_detected(change: KnownChange, outcomes: Any) -> None:
    left = {name: one for name, one in outcomes.items() if name.startswith(f"{change.name}/place")}
    release = packages.installed()
    effect = None if release is None else change.effect_on(release)
    if not left or not _applies(change) or effect is None or effect.kind == "warns":
        pytest.skip("it has one place, or what stood there before runs here")

    assert [name for name, one in left.items() if _holds(change, one)] == []


def test_every_proven_rewrite_has_a_fault() -> None:
    assert {one.name for one in catalogue_of_changes.ALL if one.proof} - {one for one in FAULTS if FAULTS[one]} == set()


def test_every_rewrite_has_a_proof_that_holds() -> None:
    """One that is written and not proven would never be made, and nobody would notice."""
    assert [one.name for one in catalogue_of_changes.ALL if one.proof and not catalogue_of_changes.is_proven(one)] == []


@pytest.mark.parametrize("spoil", [lambda code: code.replace("0.5", "0.4"), lambda code: f"{code}\n# more"])
def test_a_proof_of_another_text_does_not_load(spoil: Callable[[str], str]) -> None:
    change = BY_NAME["optimizer-lr"]
    assert change.proof is not None

    assert not catalogue_of_changes.is_proven(
        replace(change, proof=replace(change.proof, before=spoil(change.proof.before)))
    )
