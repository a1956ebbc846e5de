"""Optimizers: `lr=`, `decay=`, and what the learning rate is called."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Iterator

import libcst as cst

from pytest_kerasch2.changes import attempts, edits
from pytest_kerasch2.changes.finding import GIVEN, WEIGHTS, keyword_of, module_of
from pytest_kerasch2.changes.known_change import Effect, KnownChange, Occurrence, RewriteProof
from pytest_kerasch2.changes.source_view import Edit, SourceView, dotted
from pytest_kerasch2.claims.model import KnownIssue

OPTIMIZERS = r"keras\.optimizers\.[A-Z]\w*"
_BASE = "https://github.com/keras-team/keras/blob/v3.15.1/keras/src/optimizers/base_optimizer.py"
_OLD_BASE = "https://github.com/keras-team/keras/blob/v2.11.0/keras/optimizers/optimizer_experimental/optimizer.py"
# Those whose rate is the same in every Keras 2; a rate that others leave out is not known.
_RATES = {"SGD": "0.01", "Adam": "0.001", "RMSprop": "0.001"}
# Nadam makes something else of a decay.
_DECAYING = (*_RATES, "Adagrad", "Adadelta", "Adamax")
_RATE_NAMES = ("lr", "learning_rate")
_code = cst.Module([]).code_for_node


def _lr(view: SourceView) -> Iterator[Occurrence]:
    """Yield optimizers with `lr=`; where the rate is given twice, nobody knows which is meant."""
    for one in keyword_of(OPTIMIZERS, "lr", edits.RenameKeyword("lr", "learning_rate"))(view):
        twice = any(
            (each.keyword is None and not each.star)
            or (each.keyword is not None and each.keyword.value == _RATE_NAMES[1])
            for each in one.node.args
        )
        yield replace(one, edits=()) if twice else one


def _whole_rates(view: SourceView) -> Iterator[Occurrence]:
    """Yield optimizers whose rate is written as a whole number."""
    for call in view.calls:
        if re.fullmatch(OPTIMIZERS, view.keras_name(call.func) or ""):
            rates = [edits.argument(call, "learning_rate", 0), edits.argument(call, "lr")]
            given = rates[0] or rates[1]
            if given is not None and isinstance(given.value, cst.Integer) and None in rates:
                number = given.value.value
                done = ((given.value, edits.ReplaceWith(f"{number}.0")),) if number.isdecimal() else ()
                yield Occurrence(call, done, f"learning_rate={number}")


def _decays(view: SourceView) -> Iterator[Occurrence]:
    for one in keyword_of(OPTIMIZERS, "decay", None)(view):
        yield Occurrence(one.node, tuple(_scheduled(view, one.node)), one.detail)


def _scheduled(view: SourceView, call: cst.Call) -> list[tuple[cst.CSTNode, Edit]]:
    """Return the edits that put a schedule in the place of a rate with a decay, where it is known how."""
    decay = edits.argument(call, "decay")
    name = (view.keras_name(call.func) or "").rpartition(".")[2]
    if decay is None or any(one.star for one in call.args):
        return []
    if _code(decay.value) in ("0", "0.0", "0.", "None"):
        return [(call, _Schedule(None))]
    given = [one for one in (edits.argument(call, "learning_rate", 0), edits.argument(call, "lr")) if one is not None]
    value = _code(given[0].value) if given else _RATES.get(name)
    if name not in _DECAYING or value is None or len(given) > 1:
        return []
    door, imports = _schedules(view, call)
    if door is None:
        return []
    return [(call, _Schedule(f"{door}.InverseTimeDecay({value}, 1, {_code(decay.value)})")), *imports]


def _schedules(view: SourceView, call: cst.Call) -> tuple[str | None, list[tuple[cst.CSTNode, Edit]]]:
    """Return what leads to the schedules of optimizers here, and the edits that import it."""
    door = _code(call.func).rpartition(".")[0]
    if door.endswith("optimizers"):
        return f"{door}.schedules", []
    tensorflow = view.imported_as("tensorflow", view.line(call))
    if tensorflow is not None:
        return f"{tensorflow}.keras.optimizers.schedules", []
    for node in view.imports:
        is_door = isinstance(node, cst.ImportFrom) and module_of(node) == "keras.optimizers"
        if is_door and not isinstance(node.names, cst.ImportStar) and not view.values_of("schedules"):
            return "schedules", [(node, edits.AlsoImport("schedules"))]
    return None, []


@dataclass(frozen=True)
class _Schedule:
    """Let the rate of an optimizer be a schedule; only leave the decay out where that is nothing."""

    code: str | None

    def __call__(self, call: cst.Call) -> cst.Call:
        renamed = edits.RenameKeyword("lr", "learning_rate")(edits.DropKeywords(("decay",))(call))
        return renamed if self.code is None else edits.SetArgument("learning_rate", 0, self.code, add=True)(renamed)


def _rates(view: SourceView) -> Iterator[Occurrence]:
    """Yield `optimizer.lr` of what is known to be an optimizer of Keras, where it is read."""
    for node in _lr_attributes(view, read=True):
        call = view.call_of(node)
        if call is not None and (view.keras_name(call.func) or "").startswith("keras.backend."):
            yield Occurrence(node, tuple(_by_backend(view, call, node)), "optimizer.lr")
        else:
            yield Occurrence(node, ((node, edits.RenameAttribute("learning_rate")),), "optimizer.lr")


def _written_rates(view: SourceView) -> Iterator[Occurrence]:
    for node in _lr_attributes(view, read=False):
        yield Occurrence(node, ((node, edits.RenameAttribute("learning_rate")),), "optimizer.lr =")


def _lr_attributes(view: SourceView, read: bool) -> Iterator[cst.Attribute]:
    written = {id(one) for one in view.written}
    for node in view.attributes:
        if node.attr.value == "lr" and _is_optimizer(view, node.value) and (id(node) in written) != read:
            yield node


def _by_backend(view: SourceView, call: cst.Call, node: cst.Attribute) -> list[tuple[cst.CSTNode, Edit]]:
    """Return the edits of `K.set_value(optimizer.lr, x)` and `K.get_value(optimizer.lr)`, which Keras 3 refuses."""
    function = (view.keras_name(call.func) or "").rpartition(".")[2]
    rate = f"{_code(node.value)}.learning_rate"
    simple = not any(one.star or one.keyword for one in call.args)
    if simple and function == "get_value" and len(call.args) == 1 and call.args[0].value is node:
        return [(call, edits.ReplaceWith(f"{rate}.numpy()"))]
    if simple and function == "set_value" and len(call.args) == 2 and call.args[0].value is node:
        # The new rate may be told by the old one.
        value = re.sub(rf"{re.escape(_code(node.value))}\.lr\b", rate, _code(call.args[1].value))
        return [(call, edits.ReplaceWith(f"{rate}.assign({value})"))]
    return []


def _is_optimizer(view: SourceView, node: cst.BaseExpression) -> bool:
    """Whether an expression is an optimizer of Keras: of a model, or made here."""
    if isinstance(node, cst.Attribute) and node.attr.value == "optimizer":
        return view.is_model(node.value) or dotted(node.value) == "self.model"
    values = view.values_of(dotted(node) or "")
    makers = [view.keras_name(one.func) or "" for one in values if isinstance(one, cst.Call)]
    return bool(values) and len(makers) == len(values) and all(re.match(OPTIMIZERS, one) for one in makers)


def _set_rates(view: SourceView) -> Iterator[Occurrence]:
    """Yield `K.set_value(optimizer.learning_rate, x)` and its kin, which take no variable of Keras 3."""
    for node in view.attributes:
        call = view.call_of(node)
        if node.attr.value == "learning_rate" and call is not None and _is_optimizer(view, node.value):
            done = _by_backend(view, call, node)
            if done:
                yield Occurrence(call, tuple(done), "learning_rate")


CHANGES = (
    KnownChange(
        name="whole-learning-rate",
        words=("lr", "learning_rate", *_DECAYING),
        find=_whole_rates,
        effects=(
            Effect(
                KnownIssue(
                    of="keras", since="3.0", symptom="`learning_rate` should be float, or an instance of",
                    cause="an optimizer of Keras 3 takes no whole number as its rate", source=_BASE,
                )
            ),
        ),
        instead="Write 1.0.",
        proof=RewriteProof(
            given="import tensorflow as tf\n", last="2.15",
            before="optimizers = [tf.keras.optimizers.SGD(1), tf.keras.optimizers.Adam(learning_rate=2)]",
            observe="result = [float(one.learning_rate.numpy()) for one in optimizers]",
        ),
    ),
    KnownChange(
        name="optimizer-lr",
        words=("lr",),
        find=_lr,
        effects=(
            Effect(
                KnownIssue(
                    since="2.11", until="2.15", symptom="`lr` is deprecated",
                    cause="`lr=` is ignored with a warning, and the default learning rate is used",
                    source=_OLD_BASE,
                ),
                kind="silent",
            ),
            Effect(
                KnownIssue(
                    of="keras", since="3.0", symptom=r"not recognized: .*'?lr'?|unexpected keyword argument 'lr'",
                    cause="the optimizers of Keras 3 take `learning_rate=` alone", source=_BASE,
                )
            ),
        ),
        instead="Write learning_rate= instead of lr=.",
        proof=RewriteProof(
            given=GIVEN, before='model.compile(tf.keras.optimizers.SGD(lr=0.5), loss="mse")',
            observe=f"model.train_on_batch(x, y)\n{WEIGHTS}", last="2.10",
        ),
    ),
    KnownChange(
        name="optimizer-decay",
        words=("decay",),
        find=_decays,
        effects=(
            Effect(
                KnownIssue(
                    since="2.11", until="2.15", symptom="decay is deprecated",
                    cause="the optimizers since 2.11 have no `decay=`", source=_OLD_BASE,
                )
            ),
            Effect(
                KnownIssue(
                    of="keras", since="3.0", symptom="`decay` is no longer supported",
                    cause="`decay=` is ignored with a warning: the learning rate stays what it is", source=_BASE,
                ),
                kind="silent",
            ),
        ),
        instead="Use the schedule InverseTimeDecay(rate, 1, decay), which is the same formula.",
        proof=RewriteProof(
            given=GIVEN, before='model.compile(tf.keras.optimizers.SGD(0.5, decay=0.5), loss="mse")',
            observe=f"for _ in range(3):\n    model.train_on_batch(x, y)\n{WEIGHTS}", last="2.10",
        ),
    ),
    KnownChange(
        name="optimizer-attribute-lr",
        words=("lr",),
        find=_rates,
        effects=(
            Effect(
                KnownIssue(
                    of="keras", since="3.0", symptom="has no attribute 'lr'",
                    cause="the learning rate of an optimizer of Keras 3 is `learning_rate` alone", source=_BASE,
                )
            ),
        ),
        attempt=attempts.rates,
        instead="Write optimizer.learning_rate.",
        proof=RewriteProof(
            given=f'{GIVEN}model.compile(tf.keras.optimizers.SGD(0.25), loss="mse")\n',
            before="rates = [model.optimizer.lr.numpy(), tf.keras.backend.get_value(model.optimizer.lr)]\n"
            "tf.keras.backend.set_value(model.optimizer.lr, 0.5)\nrates.append(model.optimizer.learning_rate.numpy())",
            observe="result = [float(one) for one in rates]", last="2.15",
        ),
    ),
    KnownChange(
        name="optimizer-lr-is-set",
        words=("lr",),
        find=_written_rates,
        effects=(
            Effect(
                KnownIssue(
                    of="keras", since="3.0", symptom="(?!)",
                    cause="an optimizer of Keras 3 takes a value for `lr` without a word, and trains as before",
                    source=_BASE,
                ),
                kind="silent",
            ),
        ),
        instead="Write optimizer.learning_rate = x.",
        proof=RewriteProof(
            given=f'{GIVEN}model.compile(tf.keras.optimizers.SGD(0.25), loss="mse")\n', last="2.15",
            before="model.optimizer.lr = 0.5", observe=f"model.train_on_batch(x, y)\n{WEIGHTS}",
        ),
    ),
    KnownChange(
        name="set-learning-rate",
        words=("set_value", "get_value"),
        find=_set_rates,
        effects=(
            Effect(
                KnownIssue(
                    of="keras", since="3.0", symptom="(?!)",
                    cause="the learning rate is a variable of Keras 3, which the functions of the backend do not take",
                    source=_BASE,
                )
            ),
        ),
        instead="Write optimizer.learning_rate.assign(x), or optimizer.learning_rate.numpy().",
        proof=RewriteProof(
            given=f'{GIVEN}model.compile(tf.keras.optimizers.SGD(0.25), loss="mse")\nK = tf.keras.backend\n',
            before="rates = [K.get_value(model.optimizer.learning_rate)]\n"
            "K.set_value(model.optimizer.learning_rate, 0.5)\nrates.append(model.optimizer.learning_rate.numpy())",
            observe="result = [float(one) for one in rates]", last="2.15",
        ),
    ),
)  # fmt: skip
