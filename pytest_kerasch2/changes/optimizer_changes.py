"""Optimizers: `lr=`, `decay=`, and what the learning rate is called."""

from __future__ import annotations

from typing import Iterator

import libcst as cst

from pytest_kerasch2.changes import edits
from pytest_kerasch2.changes.finding import GIVEN, WEIGHTS, keyword_of
from pytest_kerasch2.changes.known_change import Effect, KnownChange, Occurrence, RewriteProof
from pytest_kerasch2.changes.source_view import SourceView
from pytest_kerasch2.claims.model import KnownIssue

OPTIMIZERS = r"keras\.optimizers\.(?!legacy|schedules)\w+"
_BASE = "https://github.com/keras-team/keras/blob/v3.15.1/keras/src/optimizers/base_optimizer.py"
_OLD_BASE = "https://github.com/keras-team/keras/blob/v2.11.0/keras/optimizers/optimizer_experimental/optimizer.py"
_RATES = {"SGD": "0.01", "Adagrad": "0.001"}


def _decays(view: SourceView) -> Iterator[Occurrence]:
    for one in keyword_of(OPTIMIZERS, "decay", None)(view):
        edit = _scheduled(view, one.node)
        yield Occurrence(one.node, ((one.node, edit),) if edit else (), one.detail)


def _scheduled(view: SourceView, call: cst.Call) -> _Schedule | None:
    """Return the edit that puts a schedule in the place of a rate with a decay, where the door to Keras is written."""
    decay = edits.argument(call, "decay")
    code = cst.Module([]).code_for_node
    door = code(call.func).rpartition(".")[0]
    if decay is None or not door or not door.endswith("optimizers"):
        return None
    name = code(call.func).rpartition(".")[2]
    rate = edits.argument(call, "learning_rate", 0) or edits.argument(call, "lr")
    value = _RATES.get(name, "0.001") if rate is None else code(rate.value)
    return _Schedule(f"{door}.schedules.InverseTimeDecay({value}, 1, {code(decay.value)})")


class _Schedule:
    """Let the rate of an optimizer be a schedule."""

    def __init__(self, code: str) -> None:
        self.code = code

    def __call__(self, call: cst.Call) -> cst.Call:
        renamed = edits.RenameKeyword("lr", "learning_rate")(edits.DropKeywords(("decay",))(call))
        return edits.SetArgument("learning_rate", 0, self.code, add=True)(renamed)


def _rates(view: SourceView) -> Iterator[Occurrence]:
    for node in view.attributes:
        base = node.value
        ends = base.attr.value if isinstance(base, cst.Attribute) else getattr(base, "value", "")
        if node.attr.value == "lr" and ends in ("optimizer", "opt", "optimiser"):
            yield Occurrence(node, ((node, edits.RenameAttribute("learning_rate")),), "optimizer.lr")


CHANGES = (
    KnownChange(
        name="optimizer-lr",
        words=("lr",),
        find=keyword_of(OPTIMIZERS, "lr", edits.RenameKeyword("lr", "learning_rate")),
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
        instead="Write optimizer.learning_rate.",
        proof=RewriteProof(
            given=f'{GIVEN}model.compile(tf.keras.optimizers.SGD(0.25), loss="mse")\n',
            before="rate = model.optimizer.lr", observe="result = float(rate.numpy())", last="2.15",
        ),
    ),
)  # fmt: skip
