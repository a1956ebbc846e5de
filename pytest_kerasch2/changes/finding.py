"""What several changes look for: a call with an argument, an attribute, an import, a method."""

from __future__ import annotations

import re
from typing import Callable, Iterator, Sequence

import libcst as cst

from pytest_kerasch2.changes import edits
from pytest_kerasch2.changes.known_change import Occurrence
from pytest_kerasch2.changes.source_view import Edit, SourceView

Find = Callable[[SourceView], Iterator[Occurrence]]

GIVEN = """import numpy as np
import tensorflow as tf


def build(units=1, activation=None):
    model = tf.keras.Sequential([tf.keras.layers.Dense(units, activation=activation, input_shape=(3,))])
    model.set_weights([np.arange(3.0 * units).reshape(3, units) / 10 - 0.1, np.zeros(units)])
    return model


x = np.linspace(-1.0, 1.0, 12).reshape(4, 3).astype("float32")
y = np.array([[0.0], [1.0], [1.0], [0.0]], "float32")
model = build()
"""
WEIGHTS = "result = [one.tolist() for one in model.get_weights()]"


def keyword_of(pattern: str, name: str, edit: Edit | None, method: str | None = None) -> Find:
    """Return what finds an argument of calls of Keras.

    Args:
        pattern: a regular expression for the full name of what is called, without the door that leads to Keras.
        name: of the argument.
        edit: what is done with the call, or None.
        method: also calls of methods of this name.
    """

    def find(view: SourceView) -> Iterator[Occurrence]:
        for call in view.calls:
            if edits.argument(call, name) is None:
                continue
            if re.fullmatch(pattern, view.keras_name(call.func) or "") or (method and view.method(call) == method):
                yield Occurrence(call, ((call, edit),) if edit else (), f"{name}=")

    return find


def attribute_of(names: dict[str, str | None]) -> Find:
    """Return what finds names of Keras, by their full name; what each is now called behind its last dot, or None."""

    def find(view: SourceView) -> Iterator[Occurrence]:
        for node in view.attributes:
            full = view.keras_name(node)
            if full in names:
                new = names[full]
                yield Occurrence(node, ((node, edits.RenameAttribute(new)),) if new else (), full)

    return find


def method_call(names: dict[str, str | None], receiver: Callable[[SourceView, cst.Call], bool] | None = None) -> Find:
    """Return what finds calls of methods, and what each is now called, or None.

    Args:
        names: of the methods.
        receiver: whether a call is of an object that is meant; by default any.
    """

    def find(view: SourceView) -> Iterator[Occurrence]:
        for call in view.calls:
            method = view.method(call)
            if method in names and (receiver is None or receiver(view, call)):
                new = names[method]
                edit = ((call.func, edits.RenameAttribute(new)),) if new else ()
                yield Occurrence(call, edit, f"{method}()")

    return find


def under(prefixes: Sequence[str], names: Sequence[str] = ()) -> Find:
    """Return what finds modules, and what is in them, by their full names; nothing is rewritten."""

    def find(view: SourceView) -> Iterator[Occurrence]:
        for node in view.imports:
            for full in imported(node):
                if _begins(full, prefixes) or full in names:
                    yield Occurrence(node, (), full)
        for attribute in view.attributes:
            name = view.name(attribute) or ""
            short = view.keras_name(attribute) or name
            if short in prefixes or name in prefixes or short in names:
                yield Occurrence(attribute, (), name)

    return find


def imported(node: cst.Import | cst.ImportFrom) -> Iterator[str]:
    """Yield the full names that an import names, without the door that leads to Keras."""
    base = module_of(node) if isinstance(node, cst.ImportFrom) else ""
    if isinstance(node.names, cst.ImportStar):
        yield base
        return
    for one in node.names:
        full = f"{base}.{one.evaluated_name}" if base else one.evaluated_name
        yield full[len("tensorflow.") :] if full.startswith("tensorflow.keras") else full


def module_of(node: cst.ImportFrom) -> str:
    """Return the module of an import, without the door that leads to Keras."""
    text = "" if node.module is None else cst.Module([]).code_for_node(node.module)
    return text[len("tensorflow.") :] if text.startswith("tensorflow.keras") else text


def _begins(full: str, prefixes: Sequence[str]) -> bool:
    return any(full == one or full.startswith(f"{one}.") for one in prefixes)
