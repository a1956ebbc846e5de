"""Training and prediction: methods and arguments that went."""

from __future__ import annotations

import re
from typing import Iterator

import libcst as cst

from pytest_kerasch2.changes import attempts, edits
from pytest_kerasch2.changes.finding import GIVEN, WEIGHTS, Find
from pytest_kerasch2.changes.known_change import Effect, KnownChange, Occurrence, RewriteProof
from pytest_kerasch2.changes.source_view import SourceView, dotted
from pytest_kerasch2.claims.model import KnownIssue

_NOTES_2_6 = "https://github.com/tensorflow/tensorflow/releases/tag/v2.6.0"
_NOTES_2_11 = "https://github.com/tensorflow/tensorflow/releases/tag/v2.11.0"
_TRAINER = "https://github.com/keras-team/keras/blob/v3.15.1/keras/src/backend/tensorflow/trainer.py"
_WORKERS = ("workers", "use_multiprocessing", "max_queue_size")
_TRAINING = ("fit", "evaluate", "predict")
_AT_THE_END = ("max_queue_size", "workers", "use_multiprocessing")
_GENERATOR_ARGUMENTS = {
    "fit_generator": (
        "generator", "steps_per_epoch", "epochs", "verbose", "callbacks", "validation_data", "validation_steps",
        "validation_freq", "class_weight", *_AT_THE_END, "shuffle", "initial_epoch",
    ),
    "evaluate_generator": ("generator", "steps", "callbacks", *_AT_THE_END, "verbose"),
    "predict_generator": ("generator", "steps", "callbacks", *_AT_THE_END, "verbose"),
}  # fmt: skip
_code = cst.Module([]).code_for_node
# A model whose step of training is one's own, for proofs.
_OWN_STEP = f"{GIVEN}start = tf.keras.Input((3,))\n"
_STEP = """class Own(tf.keras.Model):
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
"""
_LOSS = "            loss = self.compiled_loss(y, y_pred, regularization_losses=self.losses)\n"
_GRADIENTS = """        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
"""
_OWN_TRAINING = """model = Own(start, model(start))
model.compile("sgd", loss="mse", metrics=METRICS)
history = model.fit(x, y, batch_size=4, epochs=2, verbose=0).history"""
_CLASSES = '(lambda p: p.argmax(axis=-1) if p.shape[-1] > 1 else (p > 0.5).astype("int32"))({})'


def _classes(view: SourceView) -> Iterator[Occurrence]:
    for call in view.calls:
        if not isinstance(call.func, cst.Attribute) or view.is_foreign(call.func.value):
            continue
        if view.method(call) == "predict_classes":
            yield Occurrence(call, ((call, edits.WrapCall(_CLASSES, "predict")),), "predict_classes()")
        elif view.method(call) == "predict_proba" and view.is_model(call.func.value):
            yield Occurrence(call, ((call.func, edits.RenameAttribute("predict")),), "predict_proba()")


def _workers(view: SourceView) -> Iterator[Occurrence]:
    for call in view.calls:
        given = [name for name in _WORKERS if edits.argument(call, name)]
        if not given or not isinstance(call.func, cst.Attribute):
            continue
        method = view.method(call)
        if method in _GENERATOR_ARGUMENTS or (method in _TRAINING and view.is_model(call.func.value)):
            simple = not any(one.star for one in call.args) and not view.is_foreign(call.func.value)
            edit = ((call, edits.DropKeywords(_WORKERS)),) if simple else ()
            yield Occurrence(call, edit, ", ".join(f"{one}=" for one in given))


def _generators(view: SourceView) -> Iterator[Occurrence]:
    """Yield methods for generators; their arguments have another order than those of `fit` and its kin."""
    for call in view.calls:
        method = view.method(call)
        if method not in _GENERATOR_ARGUMENTS or not isinstance(call.func, cst.Attribute):
            continue
        if view.is_foreign(call.func.value):
            continue
        names = _GENERATOR_ARGUMENTS[method]
        unnamed = [one for one in call.args if one.keyword is None]
        all_known = all(one.keyword is None or one.keyword.value in names for one in call.args)
        simple = all_known and len(unnamed) <= len(names) and not any(one.star for one in call.args)
        by_name = edits.NameArguments(("", *names[1:]), {"generator": "x"})
        done = ((call, by_name), (call.func, edits.RenameAttribute(method.partition("_")[0])),
                (call, edits.DropKeywords(_WORKERS)))  # fmt: skip
        yield Occurrence(call, done if simple else (), f"{method}()")


def _history_key(*keys: str) -> Find:
    """Return what finds a key of a history, as in `history.history["acc"]`."""

    def find(view: SourceView) -> Iterator[Occurrence]:
        for node in view.subscripts:
            index = node.slice[0].slice
            key = index.value if isinstance(index, cst.Index) else None
            base = node.value
            if not isinstance(base, cst.Attribute) or base.attr.value != "history" or dotted(base) == "self.history":
                continue
            if view.name(base) is not None or view.is_foreign(base.value) or not isinstance(key, cst.SimpleString):
                continue
            if key.evaluated_value in keys:
                renames = key.evaluated_value == "lr" and not _is_made_here(view, "lr")
                yield Occurrence(node, ((key, edits.ReplaceText("learning_rate")),) if renames else (), str(key.value))

    return find


def _is_made_here(view: SourceView, key: str) -> bool:
    """Whether the code gives something this key itself, as a callback of its own does to the logs."""
    for target in view.written:
        index = target.slice[0].slice if isinstance(target, cst.Subscript) else None
        if isinstance(index, cst.Index) and view.literal(index.value) is not None:
            text = view.literal(index.value)
            if text is not None and text.evaluated_value == key:
                return True
    return bool(re.search(rf"""(['"]){key}\1\s*:|\.(setdefault|update|append)\([^)]*\b{key}\b""", view.code))


def _monitors(pattern: str) -> Find:
    """Return what finds callbacks, by a regular expression for the name of their class, that watch "acc"."""

    def find(view: SourceView) -> Iterator[Occurrence]:
        for call in view.calls:
            watched = edits.argument(
                call, "monitor", 1 if "ModelCheckpoint" in (view.keras_name(call.func) or "") else 0
            )
            text = None if watched is None else watched.value
            is_meant = re.match(rf"keras\.callbacks\.{pattern}", view.keras_name(call.func) or "")
            if is_meant and isinstance(text, cst.SimpleString) and text.evaluated_value in ("acc", "val_acc"):
                yield Occurrence(call, (), f"monitor={text.value}")

    return find


def _compiled_losses(view: SourceView) -> Iterator[Occurrence]:
    """Yield `self.compiled_loss(y, y_pred)` of a training step of one's own."""
    for call in _of_self(view, "compiled_loss"):
        names = ("y", "y_pred", "sample_weight", "regularization_losses")
        simple = len(call.args) <= len(names) and not any(one.star for one in call.args)
        done = ((call, edits.NameArguments(names)), (call, edits.DropKeywords(names[3:])),
                (call.func, edits.RenameAttribute("compute_loss")))  # fmt: skip
        yield Occurrence(call, done if simple else (), "compiled_loss()")


def _compiled_metrics(view: SourceView) -> Iterator[Occurrence]:
    """Yield `self.compiled_metrics.update_state(y, y_pred)`, with the loss of the same step where it has a name."""
    for call in _of_self(view, "compiled_metrics.update_state"):
        losses = [
            target
            for target in view.written
            if isinstance(target, cst.Name) and view.is_beside(target, call) and _is_loss(view, target)
        ]
        simple = len(losses) == 1 and len(call.args) == 2 and not any(one.star for one in call.args)
        done = ((call, edits.ReplaceWith(_each_metric(losses[0].value, call))),) if simple else ()
        yield Occurrence(call, done, "compiled_metrics.update_state()")


def _each_metric(loss: str, call: cst.Call) -> str:
    """Return the code that updates each metric as one call is to: the mean of the loss by the loss."""
    arguments = ", ".join(_code(one.value) for one in call.args)
    by_loss, by_output = f"metric.update_state({loss})", f"metric.update_state({arguments})"
    return f'[{by_loss} if metric.name == "loss" else {by_output} for metric in self.metrics]'


def _of_self(view: SourceView, name: str) -> Iterator[cst.Call]:
    return (one for one in view.calls if dotted(one.func) == f"self.{name}" and view.class_of(one) is not None)


def _is_loss(view: SourceView, target: cst.Name) -> bool:
    value = view.given_to(target)
    return isinstance(value, cst.Call) and dotted(value.func) in ("self.compiled_loss", "self.compute_loss")


def _metrics_names(view: SourceView) -> Iterator[Occurrence]:
    for node in view.attributes:
        if node.attr.value == "metrics_names" and view.is_model(node.value):
            yield Occurrence(node, (), "metrics_names")


def _loggers(view: SourceView) -> Iterator[Occurrence]:
    for call in view.calls:
        if view.keras_name(call.func) == "keras.callbacks.BaseLogger":
            door = _code(call.func).rpartition(".")[0]
            nothing = ((call, edits.ReplaceWith(f"{door}.Callback()")),) if door else ()
            yield Occurrence(call, nothing, "BaseLogger")


_MONITOR = "https://github.com/keras-team/keras/issues/6954"


def _only_warns(of: str, since: str, until: str) -> Effect:
    cause = 'a callback that watches "val_acc" only warns: the metric is "val_accuracy"'
    symptom = r"(val_)?acc`? which is not available"
    return Effect(KnownIssue(of=of, since=since, until=until, symptom=symptom, cause=cause, source=_MONITOR), "silent")


def _monitor_change(
    name: str, pattern: str, received: str, refused_since: str, silent_until: str | None = None
) -> KnownChange:
    """Return the change of a monitor called "acc", for callbacks that Keras 3 refuses since one of its versions.

    Args:
        name: of the change.
        pattern: for the name of the callback in code.
        received: for the same in the error.
        refused_since: the first Keras that is known to refuse it.
        silent_until: the last Keras 3 that is known to warn only; None where there is none.
    """
    refused = KnownIssue(
        of="keras", since=refused_since, symptom=rf"{received} callback received monitor=(val_)?acc\b",
        cause='the metric is "val_accuracy"; the callback refuses a name that it does not know', source=_MONITOR,
    )  # fmt: skip
    silent = [_only_warns("tensorflow", "2.0", "2.15")]
    silent += [] if silent_until is None else [_only_warns("keras", "3.0", silent_until)]
    return KnownChange(
        name=name,
        words=("acc'", 'acc"'),
        find=_monitors(pattern),
        effects=(*silent, Effect(refused)),
        instead='Write "accuracy" and "val_accuracy", or the name that compile was given.',
    )


CHANGES = (
    KnownChange(
        name="predict-classes",
        words=("predict_classes", "predict_proba"),
        find=_classes,
        effects=(
            Effect(
                KnownIssue(
                    since="2.6", symptom="has no attribute 'predict_(classes|proba)'",
                    cause="Sequential has predict_classes and predict_proba no longer", source=_NOTES_2_6,
                )
            ),
        ),
        instead="Use predict, and argmax(axis=-1) for several outputs or > 0.5 for one.",
        proof=RewriteProof(
            given=f'{GIVEN}several = build(3, "softmax")\n', last="2.5",
            before="classes = [several.predict_classes(x), model.predict_classes(x)]",
            observe="result = [[one.dtype.kind, one.tolist()] for one in classes]",
        ),
    ),
    KnownChange(
        name="fit-generator",
        words=("_generator",),
        find=_generators,
        effects=(
            Effect(
                KnownIssue(
                    of="keras", since="3.0", symptom="has no attribute '(fit|evaluate|predict)_generator'",
                    cause="fit, evaluate and predict take generators themselves, since TensorFlow 2.1",
                    source="https://github.com/keras-team/keras/issues/19225",
                )
            ),
        ),
        instead="Write fit, evaluate or predict.",
        proof=RewriteProof(
            given=f'{GIVEN}model.compile("sgd", loss="mse")\n'
            "def batches():\n    while True:\n        yield x[:2], y[:2]\n        yield x[2:], y[2:]\n",
            before="model.fit_generator(batches(), 2, epochs=2, verbose=0)\n"
            "seen = [float(model.evaluate_generator(batches(), 2)), "
            "model.predict_generator(generator=batches(), steps=2).tolist()]",
            observe=f"{WEIGHTS} + seen", last="2.15",
        ),
    ),
    KnownChange(
        name="fit-workers",
        words=_WORKERS,
        find=_workers,
        effects=(
            Effect(
                KnownIssue(
                    of="keras", since="3.0",
                    symptom="unexpected keyword argument '(workers|use_multiprocessing|max_queue_size)'",
                    cause="in Keras 3 these belong to the PyDataset that is given to fit", source=_TRAINER,
                )
            ),
        ),
        instead="Leave them out, or give them to keras.utils.PyDataset.",
        proof=RewriteProof(
            given=f'{GIVEN}model.compile("sgd", loss="mse")\n',
            before="model.fit(x, y, batch_size=4, epochs=2, verbose=0, workers=1, use_multiprocessing=False)",
            observe=WEIGHTS, last="2.15",
        ),
    ),
    KnownChange(
        name="metric-called-acc",
        words=("acc'", 'acc"'),
        find=_history_key("acc", "val_acc"),
        effects=(
            Effect(
                KnownIssue(
                    since="2.0", symptom=r"^KeyError: '(val_)?acc'",
                    cause='a metric has the name that compile was given: "accuracy"',
                    source="https://github.com/keras-team/keras/issues/6954",
                )
            ),
        ),
        attempt=attempts.history_keys,
        instead='Write "accuracy" and "val_accuracy", or the name that compile was given.',
    ),
    _monitor_change("early-stopping-on-acc", r"EarlyStopping$", "EarlyStopping", "3.0"),
    KnownChange(
        name="metric-called-otherwise",
        words=(),
        find=None,
        effects=(
            Effect(
                KnownIssue(
                    since="2.0",
                    symptom=r"^KeyError: '(val_)?(mean_(absolute|squared)_error|mae|mse|(sparse_)?categorical_accuracy"
                    "|binary_accuracy|accuracy)'",
                    cause='a metric has the name that compile was given: "mae" is not mean_absolute_error',
                    source="https://github.com/keras-team/keras/issues/6954",
                )
            ),
        ),
        attempt=attempts.history_aliases,
        instead="Write the name that compile was given.",
    ),
    # Run on Keras 3.0.5, where they only warn, and 3.15.1; the boundary was read at the tags of Keras.
    _monitor_change("monitor-called-acc", r"(?!EarlyStopping$)", "(?<!EarlyStopping)", "3.11", silent_until="3.10"),
    KnownChange(
        name="history-lr",
        words=("lr'", 'lr"'),
        find=_history_key("lr"),
        effects=(
            Effect(
                KnownIssue(
                    of="keras", since="3.0", symptom="^KeyError: 'lr'",
                    cause='the history of Keras 3 has the learning rate as "learning_rate"',
                    source="https://github.com/keras-team/keras/blob/v3.15.1/keras/src/callbacks/learning_rate_scheduler.py",
                )
            ),
        ),
        instead='Write "learning_rate".',
        proof=RewriteProof(
            given=f'{GIVEN}model.compile("sgd", loss="mse")\n'
            "slower = tf.keras.callbacks.LearningRateScheduler(lambda epoch: 0.25 / (epoch + 1))\n"
            "history = model.fit(x, y, epochs=2, callbacks=[slower], verbose=0)\n",
            before='rates = history.history["lr"]', observe="result = [float(one) for one in rates]",
            last="2.15", first="2.16",
        ),
    ),
    KnownChange(
        name="optimizer-of-two-models",
        words=(),
        find=None,
        effects=(
            Effect(
                KnownIssue(
                    since="2.11", symptom="optimizer (cannot recognize|can only be called for the) variable",
                    cause="an optimizer belongs to the model that it trained first", source=_NOTES_2_11,
                )
            ),
        ),
        instead="Make an optimizer for each model.",
    ),
    KnownChange(
        name="training-arguments",
        words=(),
        find=None,
        effects=(
            Effect(
                KnownIssue(
                    of="keras", since="3.0",
                    symptom="unexpected keyword argument '(reset_metrics|sample_weight_mode|"
                    "experimental_steps_per_execution)'",
                    cause="compile, fit and train_on_batch of Keras 3 have other arguments", source=_TRAINER,
                )
            ),
        ),
        instead="Leave it out, or write steps_per_execution.",
    ),
    KnownChange(
        name="lists-as-data",
        words=(),
        find=None,
        effects=(
            Effect(
                KnownIssue(
                    of="keras", since="3.0", symptom="Unrecognized data type: x=",
                    cause="fit, evaluate and predict of Keras 3 take no Python lists of numbers", source=_TRAINER,
                )
            ),
        ),
        instead="Give arrays: np.array(...).",
    ),
    KnownChange(
        name="base-logger",
        words=("BaseLogger",),
        find=_loggers,
        effects=(
            # Run on 2.1.4, which trains with it, and on 2.2.3, 2.5.3, 2.6.5, 2.9.3 and 2.15.1.
            Effect(
                KnownIssue(
                    since="2.2", until="2.15", symptom="^KeyError: 'metrics'",
                    cause="BaseLogger looks for names of metrics that fit no longer hands to callbacks",
                    source="https://github.com/keras-team/keras/blob/v2.15.0/keras/callbacks.py",
                )
            ),
            Effect(
                KnownIssue(
                    of="keras", since="3.0", symptom="'BaseLogger'", cause="Keras 3 has no BaseLogger",
                    source="https://github.com/keras-team/keras/blob/v3.15.1/keras/src/callbacks/__init__.py",
                )
            ),
        ),
        instead="Leave it out: fit takes the mean of each metric itself.",
        proof=RewriteProof(
            given=f'{GIVEN}model.compile("sgd", loss="mse", metrics=["mae"])\n', last="2.1",
            before='averages = tf.keras.callbacks.BaseLogger(stateful_metrics=["mae"])\n'
            "history = model.fit(x, y, batch_size=4, epochs=2, verbose=0, callbacks=[averages]).history",
            observe=f"{WEIGHTS} + [[float(one) for one in history[name]] for name in ('loss', 'mae')]",
        ),
    ),
    KnownChange(
        name="compiled-loss",
        words=("compiled_loss",),
        find=_compiled_losses,
        effects=(
            Effect(
                KnownIssue(
                    of="keras", since="3.0", symptom=r"`model.compiled_loss\(\)` is deprecated",
                    cause="the loss of a training step of one's own is asked for by compute_loss", source=_TRAINER,
                ),
                kind="warns",
            ),
        ),
        instead="Write self.compute_loss(y=y, y_pred=y_pred).",
        proof=RewriteProof(
            given=_OWN_STEP, last="2.15", first="2.16",
            before=f"{_STEP}{_LOSS}{_GRADIENTS}        return {{'loss': loss}}\n"
            f"{_OWN_TRAINING.replace('METRICS', 'None')}",
            observe=WEIGHTS,
        ),
    ),
    KnownChange(
        name="compiled-metrics",
        words=("compiled_metrics",),
        find=_compiled_metrics,
        effects=(
            # Run on Keras 3.0.5 and 3.15.1.
            Effect(
                KnownIssue(
                    of="keras", since="3.0", symptom="(?!)",
                    cause="compiled_metrics of Keras 3 updates the mean of the loss too, by the predictions: the loss "
                    "that is shown is the mean of the predictions",
                    source=_TRAINER,
                ),
                kind="silent",
            ),
        ),
        instead='Update each of self.metrics: the one that is called "loss" by the loss, the others by y and y_pred.',
        proof=RewriteProof(
            given=_OWN_STEP, last="2.15", first="2.16", also=("compiled-loss",),
            before=f"{_STEP}{_LOSS}{_GRADIENTS}        self.compiled_metrics.update_state(y, y_pred)\n"
            "        return {one.name: one.result() for one in self.metrics}\n"
            + _OWN_TRAINING.replace("METRICS", '["mae"]'),
            observe=f"{WEIGHTS} + [[float(one) for one in history[name]] for name in ('loss', 'mae')]",
        ),
    ),
    KnownChange(
        name="targets-not-expanded",
        words=(),
        find=None,
        effects=(
            Effect(
                KnownIssue(
                    of="keras", since="3.0",
                    symptom=r"node compile_loss/\w+/.*input shapes: \[(\d+|\?)\], \[(\d+|\?),\d+\]"
                    r"|(?s:Incompatible shapes: \[\d+\] vs\. \[\d+,\d+\].*compile_loss/)",
                    cause="a loss is given targets of shape (n,) as they are, where Keras 2 made them (n, 1)",
                    source="https://github.com/keras-team/keras/blob/v3.15.1/keras/src/trainers/compile_utils.py",
                )
            ),
        ),
        attempt=attempts.columns_of_targets,
        instead="Give targets of shape (n, 1), or make them so in the loss.",
    ),
    KnownChange(
        name="metric-of-flat-targets",
        words=(),
        find=None,
        effects=(
            Effect(
                KnownIssue(
                    of="keras", since="3.0", symptom="Arguments `target` and `output` must have the same rank",
                    cause="a metric such as binary_crossentropy takes no targets of shape (n,) beside outputs (n, 1)",
                    source="https://github.com/keras-team/keras/blob/v3.15.1/keras/src/metrics/reduction_metrics.py",
                )
            ),
        ),
        attempt=attempts.flat_targets,
        instead="Give targets of shape (n, 1), or the loss itself as metric: tf.keras.losses.BinaryCrossentropy().",
    ),
    KnownChange(
        name="metrics-names",
        words=("metrics_names",),
        find=_metrics_names,
        effects=(
            Effect(
                KnownIssue(
                    of="keras", since="3.0", symptom="compile_metrics",
                    cause='metrics_names is ["loss", "compile_metrics"], without the names of the metrics',
                    source="https://github.com/keras-team/keras/blob/v3.15.1/keras/src/trainers/trainer.py",
                ),
                kind="silent",
            ),
        ),
        instead="Use model.evaluate(..., return_dict=True), whose keys are the names.",
    ),
)  # fmt: skip
