"""What is tried where only a run knows: which key a history has, whether a value is symbolic."""

from __future__ import annotations

import re
from typing import Iterator

import libcst as cst

from pytest_kerasch2.changes import edits
from pytest_kerasch2.changes.known_change import Failure, Occurrence
from pytest_kerasch2.changes.source_view import SourceView, dotted

_OPTIMIZERS = ("SGD", "Adam", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Nadam")
# Functions of two tensors; of others the first argument is the tensor, or the list of them.
_OF_TWO = (
    "add", "divide", "equal", "greater", "less", "matmul", "maximum", "minimum", "multiply", "pow",
    "squared_difference", "subtract",
)  # fmt: skip
# Names of one metric.
_ALIASES = (
    ("mae", "MAE", "mean_absolute_error"), ("mse", "MSE", "mean_squared_error"),
    ("acc", "accuracy", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy"),
)  # fmt: skip
_code = cst.Module([]).code_for_node


def history_keys(view: SourceView, failure: Failure) -> Iterator[Occurrence]:
    """Yield each key "acc" of the dictionary that has none, with the key that the training left."""
    names = [one for one in failure.keys if not one.startswith("val_") and re.search(r"acc", one)]
    if len(names) != 1:
        return
    new = {"acc": names[0], "val_acc": f"val_{names[0]}"}
    texts = {dotted(node.value) for node, _ in _keys_on(view, failure.line)}
    for node, key in _keys(view):
        value = str(key.evaluated_value)
        if dotted(node.value) in texts and new[value] in failure.keys:
            yield Occurrence(node, ((key, edits.ReplaceText(new[value])),), f"[{key.value}]")


def _keys(view: SourceView) -> Iterator[tuple[cst.Subscript, cst.SimpleString]]:
    for node in view.subscripts:
        index = node.slice[0].slice
        key = index.value if isinstance(index, cst.Index) else None
        if isinstance(key, cst.SimpleString) and key.evaluated_value in ("acc", "val_acc") and dotted(node.value):
            yield node, key


def _keys_on(view: SourceView, line: int) -> list[tuple[cst.Subscript, cst.SimpleString]]:
    return [(node, key) for node, key in _keys(view) if view.spans(node, line)]


def history_aliases(view: SourceView, failure: Failure) -> Iterator[Occurrence]:
    """Yield keys on the line that no training left, each with the one of the same metric that it did leave."""
    for node in view.subscripts:
        index = node.slice[0].slice
        key = index.value if isinstance(index, cst.Index) else None
        if isinstance(key, cst.SimpleString) and view.spans(node, failure.line):
            name = str(key.evaluated_value)
            prefix = "val_" if name.startswith("val_") else ""
            alike = next((one for one in _ALIASES if name[len(prefix) :] in one), ())
            left = [f"{prefix}{one}" for one in alike if f"{prefix}{one}" in failure.keys]
            if len(left) == 1 and left[0] != name:
                yield Occurrence(node, ((key, edits.ReplaceText(left[0])),), f"[{key.value}]")


def columns_of_targets(view: SourceView, failure: Failure) -> Iterator[Occurrence]:
    """Yield losses of the code's own, each with targets that are made a column before anything is done with them."""
    tensorflow = view.imported_as("tensorflow", failure.line)
    for node in view.functions:
        names = [one.name.value for one in node.params.params if one.name.value != "self"]
        if tensorflow is not None and len(names) >= 2 and names[0] == "y_true" and names[1] == "y_pred":
            edit = edits.InsertFirst(f"y_true = {tensorflow}.reshape(y_true, (-1, 1))")
            yield Occurrence(node, ((node, edit),), f"{node.name.value}(y_true, y_pred)")


def flat_targets(view: SourceView, failure: Failure) -> Iterator[Occurrence]:
    """Yield trainings on the line, with targets that are made a column, as Keras 2 made them."""
    for call in view.calls:
        if view.method(call) not in ("fit", "evaluate") or not view.spans(call, failure.line):
            continue
        given = edits.argument(call, "y", 1)
        beside = edits.argument(call, "validation_data")
        pair = None if beside is None else beside.value
        targets = [] if given is None else [given.value]
        if isinstance(pair, cst.Tuple) and len(pair.elements) == 2:
            targets.append(pair.elements[1].value)
        named = [one for one in targets if isinstance(one, (cst.Name, cst.Attribute))]
        if named and len(named) == len(targets):
            done = tuple((one, edits.ReplaceWith(f"{_code(one)}[:, None]")) for one in named)
            yield Occurrence(call, done, ", ".join(_code(one) for one in named))


def functions_of_tensors(view: SourceView, failure: Failure) -> Iterator[Occurrence]:
    """Yield functions of TensorFlow on the line, each put into a Lambda layer, which takes symbolic tensors."""
    tensorflow = view.imported_as("tensorflow", failure.line)
    for call in view.calls:
        full = view.name(call.func) or ""
        if not view.spans(call, failure.line) or not re.match(r"tensorflow\.(?!keras\.)", full):
            continue
        first = call.args[0] if call.args else None
        # A name that the call itself uses would be another one within it.
        if tensorflow is None or first is None or first.keyword or first.star or re.search(r"\bvalue\b", _code(call)):
            continue
        both = full.rpartition(".")[2] in _OF_TWO and len(call.args) > 1 and call.args[1].keyword is None
        yield Occurrence(call, ((call, edits.IntoLambda(f"{tensorflow}.keras.layers.Lambda", 2 if both else 1)),), full)


def misplaced_names(view: SourceView, failure: Failure) -> Iterator[Occurrence]:
    """Yield `tf.keras.Adam`, and the classes of `tf.layers` on the line, with the module that each is in."""
    for node in view.attributes:
        full = view.name(node) or ""
        if full in {f"tensorflow.keras.{one}" for one in _OPTIMIZERS} and dotted(node.value) is not None:
            edit = edits.ReplaceWith(f"{_code(node.value)}.optimizers.{node.attr.value}")
            yield Occurrence(node, ((node, edit),), full)
        # The functions of that module have other arguments; its classes are those of Keras.
        elif re.fullmatch(r"tensorflow\.layers\.[A-Z]\w+", full) and view.spans(node, failure.line):
            assert isinstance(node.value, cst.Attribute)
            edit = edits.ReplaceWith(f"{_code(node.value.value)}.keras.layers.{node.attr.value}")
            yield Occurrence(node, ((node, edit),), full)


def rates(view: SourceView, failure: Failure) -> Iterator[Occurrence]:
    """Yield each `.lr` on the line."""
    for node in view.attributes:
        if node.attr.value == "lr" and view.spans(node, failure.line):
            yield Occurrence(node, ((node, edits.RenameAttribute("learning_rate")),), ".lr")


def flags(view: SourceView, failure: Failure) -> Iterator[Occurrence]:
    """Yield calls on the line whose second argument, by position, says whether it is a training."""
    for call in view.calls:
        second = call.args[1] if len(call.args) == 2 else None
        if (
            second is None
            or second.keyword
            or second.star
            or call.args[0].keyword
            or not view.spans(call, failure.line)
        ):
            continue
        if _code(second.value) in ("True", "False", "training", "is_training"):
            yield Occurrence(call, ((call, edits.NameArguments(("", "training"))),), "training by position")
