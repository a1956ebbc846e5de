"""Code whose names are resolved: what an alias, an assignment or an import makes of `k.optimizers.SGD`."""

from __future__ import annotations

import re
from typing import Any, Callable, Sequence, Tuple

import libcst as cst
from libcst.metadata import (
    ImportAssignment,
    MetadataWrapper,
    PositionProvider,
    QualifiedNameSource,
    Scope,
    ScopeProvider,
)

Edit = Callable[[Any], Any]
Edits = Sequence[Tuple[cst.CSTNode, Edit]]
_MODEL_NAME = re.compile(
    r"model|net$|network|encoder|decoder|classifier|vae|cnn|rnn|lstm|gan$|generator|discriminator", re.I
)
_MODELS = re.compile(
    r"keras\.(?:(?:models\.|engine\.\w+\.)?(?:Sequential|Model|load_model|clone_model|model_from_\w+)|applications\..+)$"
)


class SourceView:
    """Code as a syntax tree that keeps every blank, with the nodes that changes are looked for in.

    Attributes:
        code: the text.
        module: the tree.
        calls: each call, in their order; likewise `attributes`, `imports`, `subscripts`, `strings`.
    """

    def __init__(self, code: str) -> None:
        """Parse code.

        Raises:
            libcst.ParserSyntaxError: it is not Python.
        """
        self.code = code
        self._wrapper = MetadataWrapper(cst.parse_module(code), unsafe_skip_copy=True)
        self.module = self._wrapper.module
        # `unsafe_skip_copy` is safe for a tree that was just parsed: no node stands in it twice.
        self._scopes = self._wrapper.resolve(ScopeProvider)
        self._positions = self._wrapper.resolve(PositionProvider)
        collector = _Collector()
        self.module.visit(collector)
        self.calls = collector.calls
        self.attributes = collector.attributes
        self.imports = collector.imports
        self.subscripts = collector.subscripts
        self.strings = collector.strings
        self.classes = collector.classes
        self._assigned = collector.assigned
        self._aliases: dict[str, str] = {}
        self._follow_assignments()
        self._models = self._names_of_models()

    def line(self, node: cst.CSTNode) -> int:
        """Return the line on which a node begins, from 1."""
        return int(self._positions[node].start.line)

    def name(self, node: cst.CSTNode) -> str | None:
        """Return the full name of what an expression refers to, such as `tensorflow.keras.optimizers.SGD`."""
        scope = self._scopes.get(node) or self._scopes.get(self.module)
        if scope is None:
            return None
        # A set: without an order, the same code would be read in another way each time.
        names = sorted(scope.get_qualified_names_for(node), key=lambda one: (one.source.name, one.name))
        imported = [str(one.name) for one in names if one.source is QualifiedNameSource.IMPORT]
        if imported:
            return imported[0] if len(imported) == 1 else self._latest(node, scope) or imported[0]
        for one in names:
            if one.source is QualifiedNameSource.LOCAL:
                first, dot, rest = one.name.partition(".")
                if first in self._aliases:
                    return f"{self._aliases[first]}{dot}{rest}"
        return None

    def _latest(self, node: cst.CSTNode, scope: Scope) -> str | None:
        """Return the full name by the last import above a use, where several imports give the same name."""
        text = dotted(node)
        if text is None:
            return None
        line, hits = self.line(node), []
        for one in scope[text.partition(".")[0]]:
            if isinstance(one, ImportAssignment) and self.line(one.node) <= line:
                hits += [(self.line(one.node), str(name.name)) for name in one.get_qualified_names_for(text)]
        return max(hits)[1] if hits else None

    def keras_name(self, node: cst.CSTNode) -> str | None:
        """Return the full name without the door that leads to Keras: `keras.optimizers.SGD` for `tf.keras` too."""
        full = self.name(node)
        if full is None:
            return None
        for door in ("tensorflow.", "tf_"):
            if full.startswith(f"{door}keras"):
                full = full[len(door) :]
        return full if full == "keras" or full.startswith("keras.") else None

    def method(self, call: cst.Call) -> str | None:
        """Return the name of the method that a call is of, or None where it is a function of a module."""
        if isinstance(call.func, cst.Attribute) and self.name(call.func) is None:
            return call.func.attr.value
        return None

    def is_model(self, node: cst.BaseExpression) -> bool:
        """Whether an expression is a model: it was made by Keras, or has the name that models are given."""
        text = dotted(node)
        return text is not None and (text in self._models or bool(_MODEL_NAME.search(text.rpartition(".")[2])))

    def literal(self, node: cst.BaseExpression) -> cst.SimpleString | None:
        """Return the text that an expression is: written there, given to a name once, or the last part of a path."""
        if isinstance(node, cst.SimpleString):
            return node
        if isinstance(node, cst.Name):
            values = self._assigned.get(node.value, [])
            value = values[0] if len(values) == 1 else None
            return None if value is None or isinstance(value, cst.Name) else self.literal(value)
        if isinstance(node, cst.Call) and self.name(node.func) == "os.path.join" and node.args:
            return self.literal(node.args[-1].value)
        return None

    def values_of(self, name: str) -> list[cst.BaseExpression]:
        """Return each value that a name is given."""
        return self._assigned.get(name, [])

    def with_edits(self, edits: Edits) -> str:
        """Return the code with edits made; several of one node are made one after the other."""
        by_node: dict[cst.CSTNode, list[Edit]] = {}
        for node, edit in edits:
            listed = by_node.setdefault(node, [])
            if edit not in listed:
                listed.append(edit)
        return str(self.module.visit(_Editor(by_node)).code)

    def _follow_assignments(self) -> None:
        for name, values in self._assigned.items():
            if len(values) == 1 and isinstance(values[0], (cst.Attribute, cst.Name)):
                full = self.name(values[0])
                if full is not None:
                    self._aliases[name] = full

    def _names_of_models(self) -> set[str]:
        own = {one.name.value for one in self.classes if any(self._is_model_class(base.value) for base in one.bases)}
        return {
            name
            for name, values in self._assigned.items()
            for value in values
            if isinstance(value, cst.Call) and (self._is_model_class(value.func) or dotted(value.func) in own)
        }

    def _is_model_class(self, node: cst.BaseExpression) -> bool:
        return bool(_MODELS.match(self.keras_name(node) or ""))


def dotted(node: cst.CSTNode) -> str | None:
    """Return a name with its dots, such as `model.optimizer`, or None for any other expression."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        base = dotted(node.value)
        return None if base is None else f"{base}.{node.attr.value}"
    return None


class _Collector(cst.CSTVisitor):
    def __init__(self) -> None:
        super().__init__()
        self.calls: list[cst.Call] = []
        self.attributes: list[cst.Attribute] = []
        self.imports: list[cst.Import | cst.ImportFrom] = []
        self.subscripts: list[cst.Subscript] = []
        self.strings: list[cst.SimpleString] = []
        self.classes: list[cst.ClassDef] = []
        self.assigned: dict[str, list[cst.BaseExpression]] = {}

    def visit_Call(self, node: cst.Call) -> None:
        self.calls.append(node)

    def visit_Attribute(self, node: cst.Attribute) -> None:
        self.attributes.append(node)

    def visit_Import(self, node: cst.Import) -> bool:
        self.imports.append(node)
        return False

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
        self.imports.append(node)
        return False

    def visit_Subscript(self, node: cst.Subscript) -> None:
        self.subscripts.append(node)

    def visit_SimpleString(self, node: cst.SimpleString) -> None:
        self.strings.append(node)

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        self.classes.append(node)

    def visit_Assign(self, node: cst.Assign) -> None:
        for target in node.targets:
            name = dotted(target.target)
            if name is not None:
                self.assigned.setdefault(name, []).append(node.value)


class _Editor(cst.CSTTransformer):
    def __init__(self, edits: dict[cst.CSTNode, list[Edit]]) -> None:
        super().__init__()
        self.edits = edits

    def on_leave(self, original_node: Any, updated_node: Any) -> Any:
        for edit in self.edits.get(original_node, ()):
            updated_node = edit(updated_node)
        return updated_node
