"""Losses, metrics, optimizers and callbacks: arguments that went, and what is written by output."""

from __future__ import annotations

import re
from typing import Any, Iterator

import libcst as cst

from pytest_kerasch2.changes import edits
from pytest_kerasch2.changes.finding import GIVEN, Find, keyword_of
from pytest_kerasch2.changes.known_change import Effect, KnownChange, Occurrence, RewriteProof
from pytest_kerasch2.changes.source_view import SourceView
from pytest_kerasch2.claims.model import KnownIssue

_TAG = "https://github.com/keras-team/keras/blob/v3.15.1/keras/src"
_OPTIMIZER_2_11 = (
    "https://github.com/keras-team/keras/blob/v2.11.0/keras/optimizers/optimizer_experimental/optimizer.py"
)
_code = cst.Module([]).code_for_node


def _reductions(view: SourceView) -> Iterator[Occurrence]:
    for node in view.attributes:
        if view.keras_name(node) == "keras.losses.Reduction.AUTO" and node.attr.value == "AUTO":
            yield Occurrence(node, ((node, edits.RenameAttribute("SUM_OVER_BATCH_SIZE")),), "Reduction.AUTO")
    for call in view.calls:
        given = edits.argument(call, "reduction")
        is_loss = (view.keras_name(call.func) or "").startswith("keras.losses.")
        text = given.value if given is not None else None
        if is_loss and isinstance(text, cst.SimpleString) and text.evaluated_value == "auto":
            yield Occurrence(call, ((text, edits.ReplaceText("sum_over_batch_size")),), 'reduction="auto"')


def _boards(view: SourceView) -> Iterator[Occurrence]:
    names = ("write_grads", "batch_size")
    for call in view.calls:
        if view.keras_name(call.func) == "keras.callbacks.TensorBoard":
            given = [one for one in names if edits.argument(call, one)]
            if given:
                yield Occurrence(call, ((call, edits.DropKeywords(names)),), ", ".join(f"{one}=" for one in given))


# Neither of these two is rewritten: Adam itself gives other numbers since 2.11, in the fifth place after three steps,
# so no run can show that what is written instead means the same.
def _epsilons(view: SourceView) -> Iterator[Occurrence]:
    for one in keyword_of(r"keras\.optimizers\.[A-Z]\w*", "epsilon", None)(view):
        given = edits.argument(one.node, "epsilon")
        if given is not None and _code(given.value) == "None":
            yield one


def _legacy(view: SourceView) -> Iterator[Occurrence]:
    for call in view.calls:
        full = view.keras_name(call.func) or ""
        if full.startswith("keras.optimizers.legacy."):
            yield Occurrence(call, (), full)


def _categories(view: SourceView) -> Iterator[Occurrence]:
    """Yield one-hot labels, which are of another type."""
    for call in view.calls:
        if view.keras_name(call.func) != "keras.utils.to_categorical" or any(one.star for one in call.args):
            continue
        given = edits.argument(call, "dtype", 2)
        code = '"float32"' if given is None else _code(given.value)
        yield Occurrence(call, ((call, _AsType(code)),), "to_categorical")


class _AsType:
    """Turn what a call returns into a type, which is no argument of it."""

    def __init__(self, code: str) -> None:
        self.code = code

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _AsType) and other.code == self.code

    def __hash__(self) -> int:
        return hash(self.code)

    def __call__(self, call: cst.Call) -> cst.BaseExpression:
        args = [one for at, one in enumerate(call.args) if at != 2 or one.keyword is not None]
        simple = edits.DropKeywords(("dtype",))(call.with_changes(args=args))
        if len(args) < len(call.args):
            args[-1] = args[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
            simple = simple.with_changes(args=args)
        named = edits.RenameKeyword("y", "x")(simple)
        return cst.parse_expression(f"{_code(named)}.astype({self.code})")


# What a reader does with one-hot labels where their type shows, beside giving them to fit.
_SHOWS_TYPE = re.compile(
    r"\.(dtype|nbytes|itemsize|tobytes)\b|GradientTape|np\.save|\.(cast|matmul|multiply|math|nn)\b"
)


def _typed(has_dtype: bool) -> Find:
    """Return what finds one-hot labels with, or without, a type or another argument that Keras 3 refuses.

    Without one they are left alone where the code only trains on them: there the type makes no difference.
    """

    def find(view: SourceView) -> Iterator[Occurrence]:
        for one in _categories(view):
            refused = edits.argument(one.node, "dtype", 2) is not None or edits.argument(one.node, "y") is not None
            if refused == has_dtype and (refused or _SHOWS_TYPE.search(view.code)):
                yield one

    return find


def _by_output(view: SourceView) -> Iterator[Occurrence]:
    """Yield `compile` with one loss or metrics for several outputs, whose number the weights of the losses say."""
    for call in view.calls:
        weights, loss = edits.argument(call, "loss_weights"), edits.argument(call, "loss", 1)
        metrics = edits.argument(call, "metrics", 2)
        if (
            view.method(call) != "compile"
            or not isinstance(call.func, cst.Attribute)
            or not view.is_model(call.func.value)
        ):
            continue
        number = _length(weights) or _length(loss)
        if number is None or number < 2:
            continue
        done: list[tuple[Any, Any]] = []
        if loss is not None and isinstance(loss.value, cst.SimpleString) and _length(weights):
            done.append((loss.value, edits.ReplaceWith(f"[{_code(loss.value)}] * {number}")))
        if metrics is not None and _is_flat(metrics.value):
            done.append((metrics.value, edits.ReplaceWith(f"[{_code(metrics.value)}] * {number}")))
        if done:
            yield Occurrence(call, tuple(done), f"{number} outputs")


def _length(argument: cst.Arg | None) -> int | None:
    value = None if argument is None else argument.value
    if not isinstance(value, (cst.List, cst.Tuple)) or any(
        isinstance(one, cst.StarredElement) for one in value.elements
    ):
        return None
    return len(value.elements)


def _is_flat(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.List) and bool(node.elements) and all(
        isinstance(one.value, cst.SimpleString) for one in node.elements
    )  # fmt: skip


def _yaml(view: SourceView) -> Iterator[Occurrence]:
    for call in view.calls:
        if view.method(call) == "to_yaml" and isinstance(call.func, cst.Attribute) and view.is_model(call.func.value):
            yield Occurrence(call, ((call.func, edits.RenameAttribute("to_json")),), "to_yaml()")
        elif (view.keras_name(call.func) or "") == "keras.models.model_from_yaml":
            renamed = ((call.func, edits.RenameAttribute("model_from_json")),)
            yield Occurrence(call, renamed if isinstance(call.func, cst.Attribute) else (), "model_from_yaml()")


def _effect(
    since: str, symptom: str, cause: str, source: str, kind: str = "raises", until: str | None = None
) -> Effect:
    of, _, number = since.rpartition(" ")
    issue = KnownIssue(
        of=of or "tensorflow", since=number, until=until, symptom=symptom, cause=cause, source=source
    )  # fmt: skip
    return Effect(issue, kind)


def _yaml_effect(since: str, until: str | None) -> Effect:
    return _effect(
        since,
        r"`?(model\.to_yaml|model_from_yaml)\(\)` has been removed"
        "|has no attribute '(to_yaml|model_from_yaml)'|cannot import name 'model_from_yaml'",
        "a model in YAML could run code when it is read, so TensorFlow and Keras removed it",
        "https://github.com/tensorflow/tensorflow/security/advisories/GHSA-r6jx-9g48-2r5r",
        until=until,
    )


_TWO = (
    f"{GIVEN}start = tf.keras.Input((3,))\n"
    "ends = [tf.keras.layers.Dense(1, name=one, kernel_initializer='ones')(start) for one in ('a', 'b')]\n"
    "model = tf.keras.Model(start, ends)\n"
)

CHANGES = (
    KnownChange(
        name="loss-reduction-auto",
        words=("AUTO", "auto"),
        find=_reductions,
        effects=(
            _effect(
                "keras 3.0", r"Invalid value for argument `reduction`.*Received: reduction=auto",
                "the reductions of Keras 3 have no `auto`", f"{_TAG}/losses/loss.py",
            ),
        ),
        instead="Write sum_over_batch_size, which it was outside of strategies.",
        proof=RewriteProof(
            given=GIVEN, last="2.15",
            before="losses = [tf.keras.losses.MeanSquaredError(reduction=tf.keras.losses.Reduction.AUTO), "
            "tf.keras.losses.MeanAbsoluteError(reduction='auto')]",
            observe="result = [float(one(y, x[:, :1])) for one in losses]",
        ),
    ),
    KnownChange(
        name="tensorboard-arguments",
        words=("TensorBoard",),
        find=_boards,
        effects=(
            _effect(
                "keras 3.0", r"TensorBoard\.__init__\(\) got an unexpected keyword argument '(write_grads|batch_size)'",
                "TensorFlow 2 ignored write_grads= and batch_size=, and Keras 3 refuses them",
                f"{_TAG}/callbacks/tensorboard.py",
            ),
        ),
        instead="Leave them out.",
        proof=RewriteProof(
            given="import tensorflow as tf\n", last="2.15",
            before='board = tf.keras.callbacks.TensorBoard("logs", write_grads=True, histogram_freq=2, batch_size=32)',
            observe="result = [board.log_dir, board.histogram_freq, board.update_freq, board.write_graph]",
        ),
    ),
    KnownChange(
        name="optimizer-epsilon-none",
        words=("epsilon",),
        find=_epsilons,
        effects=(
            _effect(
                "2.11", "(?!)", "epsilon=None of an optimizer is no longer the default",
                _OPTIMIZER_2_11,
            ),
        ),
        instead="Leave epsilon=None out.",
    ),
    KnownChange(
        name="legacy-optimizer",
        words=("legacy",),
        find=_legacy,
        effects=(
            _effect(
                "keras 3.0", "optimizers.legacy` is not supported in Keras 3", "Keras 3 has no optimizers of Keras 2",
                "https://keras.io/guides/migrating_to_keras_3/",
            ),
        ),
        instead="Write tf.keras.optimizers.",
    ),
    KnownChange(
        name="to-categorical-type",
        words=("to_categorical",),
        find=_typed(False),
        effects=(
            _effect(
                "keras 3.0", "(?!)", "to_categorical gives float64 and not float32", f"{_TAG}/utils/numerical_utils.py",
                "silent",
            ),
        ),
        instead='Write to_categorical(...).astype("float32").',
        proof=RewriteProof(
            given=GIVEN, last="2.15",
            before="labels = tf.keras.utils.to_categorical([0, 2, 1], 3)\nkind = labels.dtype",
            observe="result = [str(kind), labels.tolist()]",
        ),
    ),
    KnownChange(
        name="to-categorical-arguments",
        words=("to_categorical",),
        find=_typed(True),
        effects=(
            _effect(
                "keras 3.0", r"to_categorical\(\) (got an unexpected keyword argument|takes from)",
                "to_categorical of Keras 3 has no dtype=, and its first argument is x",
                f"{_TAG}/utils/numerical_utils.py",
            ),
        ),
        instead="Write to_categorical(x, classes).astype(type).",
        proof=RewriteProof(
            given=GIVEN, last="2.15", first="2.16",
            before='labels = [tf.keras.utils.to_categorical(y=[0, 2], num_classes=3, dtype="int32"), '
            'tf.keras.utils.to_categorical([0, 1], 2, "int8"), tf.keras.utils.to_categorical(y=[1], num_classes=2)]',
            observe="result = [[str(one.dtype), one.tolist()] for one in labels]",
        ),
    ),
    KnownChange(
        name="compile-by-output",
        words=("loss_weights", "metrics"),
        find=_by_output,
        effects=(
            _effect(
                "keras 3.0", "should have as many entries as the model has outputs|tuple arity mismatch"
                "|`loss_weights` must match the number of losses|Invalid `metrics`",
                "losses and metrics of a model with several outputs are given for each output",
                f"{_TAG}/trainers/compile_utils.py",
            ),
        ),
        instead="Write a list with an entry for each output.",
        proof=RewriteProof(
            given=_TWO, last="2.15",
            before='model.compile("sgd", loss="mse", loss_weights=[0.75, 0.25], metrics=["mae", "mse"])',
            observe="history = model.fit(x, [y, 2 * y], batch_size=4, epochs=2, verbose=0).history\n"
            "shown = {name: [float(one) for one in history[name]] for name in history if name[1:] != '_loss'}\n"
            "result = [one.tolist() for one in model.get_weights()] + [[name, shown[name]] for name in sorted(shown)]",
        ),
    ),
    KnownChange(
        name="yaml-of-models",
        words=("to_yaml", "model_from_yaml"),
        find=_yaml,
        effects=(
            # Run on 2.3.4, 2.4.4 and 2.5.3 to 2.15.1, where calling it raises, and on 2.16.2, where it is gone; on 2.2
            # it runs. Which patches began it is as the advisory has it.
            *(_yaml_effect(*bounds) for bounds in (("2.3.4", "2.3"), ("2.4.3", "2.4"), ("2.5.1", None))),
        ),
        instead="Use to_json and model_from_json.",
        proof=RewriteProof(
            given=GIVEN, last="2.2",
            before="text = model.to_yaml()\nsecond = tf.keras.models.model_from_yaml(text)\n"
            "second.set_weights(model.get_weights())",
            observe="result = second.predict(x).tolist()",
        ),
    ),
    KnownChange(
        name="insides-of-optimizers",
        words=(),
        find=None,
        effects=(
            _effect(
                "2.11",
                r"has no attribute '(_set_hyper|_get_hyper|_create_slots|get_updates|add_slot|get_slot|_decayed_lr)'"
                r"|'(SGD|Adam|AdamW|RMSprop|Adagrad|Adadelta|Adamax|Nadam|Ftrl)' object has no attribute "
                "'(weights|get_weights|minimize)'|schedule_decay",
                "this was an inside of the optimizers of Keras 2, which are new since 2.11", _OPTIMIZER_2_11,
            ),
        ),
        instead="Use optimizer.variables and apply_gradients; an own optimizer has update_step.",
    ),
    KnownChange(
        name="shapes-of-loss",
        words=(),
        find=None,
        effects=(
            _effect(
                "keras 3.0", "(?!)",
                "a loss of (n,) against (n, 1) compares element by element since Keras 3; before, "
                "it compared each with each",
                f"{_TAG}/losses/loss.py", "silent",
            ),
        ),
        instead="Give both arrays the same shape.",
    ),
)  # fmt: skip
