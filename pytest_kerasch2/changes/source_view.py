"""Code whose names are resolved: what an alias, an assignment or an import makes of `k.optimizers.SGD`."""

from __future__ import annotations

import re
from typing import Any, Callable, Sequence, Tuple

import libcst as cst
from libcst.metadata import (
    Assignment,
    BuiltinAssignment,
    GlobalScope,
    ImportAssignment,
    MetadataWrapper,
    PositionProvider,
    Scope,
    ScopeProvider,
)

Edit = Callable[[Any], Any]
Edits = Sequence[Tuple[cst.CSTNode, Edit]]
_MODEL_NAME = re.compile(
    r"model|net$|network|encoder|decoder|classifier|vae|cnn|rnn|lstm|gan$|generator|discriminator", re.I
)
# Doors of TensorFlow that lead to the same functions and classes as those of `tf.keras`.
_SAME_AS_KERAS = ("optimizers", "losses", "metrics", "initializers")
# What `from tensorflow.keras import *` makes, and every release has.
_STARRED = (
    "Input", "Model", "Sequential", "activations", "applications", "backend", "callbacks", "constraints", "datasets",
    "initializers", "layers", "losses", "metrics", "models", "optimizers", "preprocessing", "regularizers", "utils",
)  # fmt: skip
_OURS = re.compile(r"(tensorflow|keras|tf_keras)\b")
_MODELS = re.compile(
    r"keras\.(?:(?:models\.|engine\.\w+\.)?(?:Sequential|Model|load_model|clone_model|model_from_\w+)|applications\..+)$"
)


class SourceView:
    """Code as a syntax tree that keeps every blank, with the nodes that changes are looked for in.

    Attributes:
        code: the text.
        module: the tree.
        calls: each call, in their order; likewise `attributes`, `imports`, `subscripts`, `strings`, `classes`,
            `functions`.
        written: what values are given to.
        lines: the statement in which a call or an import stands.
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
        self.functions = collector.functions
        self.lines = collector.lines
        self.written = collector.written
        self._class_of = collector.class_of
        self._call_of = collector.call_of
        self._loops: dict[Any, cst.BaseExpression] = collector.loops
        self._assigned = collector.assigned
        self._values = collector.values
        self._aliases: dict[str, str] = {}
        self._starred = self._door_of_star()
        self._follow_assignments()
        self._models = self._names_of_models()

    def _door_of_star(self) -> str:
        """Return the door to Keras of which code imports all names, or an empty text."""
        modules = [one.module for one in self.imports if isinstance(one, cst.ImportFrom) and one.module is not None
                   and isinstance(one.names, cst.ImportStar)]  # fmt: skip
        doors = [str(dotted(one)) for one in modules if dotted(one) in ("tensorflow.keras", "keras")]
        return doors[-1] if doors else ""

    def line(self, node: cst.CSTNode) -> int:
        """Return the line on which a node begins, from 1."""
        return int(self._positions[node].start.line)

    def spans(self, node: cst.CSTNode, line: int) -> bool:
        """Whether a node stands on a line, if only with a part of it."""
        place = self._positions[node]
        return bool(place.start.line <= line <= place.end.line)

    def name(self, node: cst.CSTNode) -> str | None:
        """Return the full name of what an expression refers to, such as `tensorflow.keras.optimizers.SGD`."""
        text = dotted(node)
        scope = self._scope(node)
        if scope is None or text is None:
            return None
        first, dot, rest = text.partition(".")
        try:
            bindings = list(scope[first])
        except KeyError:
            bindings = []
        if not bindings and first not in self._aliases:
            return f"{self._starred}.{text}" if self._starred and first in _STARRED else None
        if any(isinstance(one, ImportAssignment) for one in bindings):
            bound = self._binding(node, bindings)
            if isinstance(bound, ImportAssignment):
                names = sorted(str(one.name) for one in bound.get_qualified_names_for(text))
                return names[0] if names else None
            value = self._values.get(bound.node) if isinstance(bound, Assignment) else None
            full = None if value is None or dotted(value) is None or dotted(value) == first else self.name(value)
            return None if full is None else f"{full}{dot}{rest}"
        alias = self._aliases.get(first)
        # A name that is also a function, a class or an argument here is no alias.
        if alias is None or any(getattr(one, "node", None) not in self._values for one in bindings):
            return None
        return f"{alias}{dot}{rest}"

    def is_builtin(self, node: cst.CSTNode, name: str) -> bool:
        """Whether a name of Python itself means that where an expression stands."""
        scope = self._scope(node)
        try:
            return scope is not None and all(isinstance(one, BuiltinAssignment) for one in scope[name])
        except KeyError:
            return True

    def _scope(self, node: cst.CSTNode) -> Scope | None:
        return self._scopes.get(node) or self._scopes.get(self.module)

    def _binding(self, node: cst.CSTNode, bindings: Sequence[Any]) -> Any:
        """Return what last gave a name its meaning above a use; below it, where nothing did so above."""
        line = self.line(node)
        placed = sorted(((self.line(one.node), at) for at, one in enumerate(bindings) if hasattr(one, "node")))
        above = [at for where, at in placed if where <= line]
        at = above[-1] if above else placed[0][1] if placed else 0
        return bindings[at]

    def keras_name(self, node: cst.CSTNode) -> str | None:
        """Return the full name without the door that leads to Keras: `keras.optimizers.SGD` for `tf.keras` too."""
        full = self.name(node)
        if full is None:
            return None
        for door in ("tensorflow.", "tf_"):
            if full.startswith(f"{door}keras"):
                full = full[len(door) :]
        if full.startswith("tensorflow.") and full.split(".")[1] in _SAME_AS_KERAS:
            full = f"keras.{full[len('tensorflow.') :]}"
        return full if full == "keras" or full.startswith("keras.") else None

    def method(self, call: cst.Call) -> str | None:
        """Return the name of the method that a call is of, or None where it is a function of a module."""
        if isinstance(call.func, cst.Attribute) and self.name(call.func) is None:
            return call.func.attr.value
        return None

    def is_model(self, node: cst.BaseExpression) -> bool:
        """Whether an expression is a model: it was made by Keras, or has the name that models are given."""
        text = dotted(node)
        if text is None or self.is_foreign(node):
            return False
        return text in self._models or bool(_MODEL_NAME.search(text.rpartition(".")[2]))

    def is_foreign(self, node: cst.BaseExpression) -> bool:
        """Whether what an expression stands for is known to be no object of Keras.

        It is of another package, or of a class of the document's own that has nothing of Keras.
        """
        text = dotted(node)
        if text is None:
            return False
        if text == "self":
            own = self._class_of.get(node)
            return own is not None and self._is_own_class(own)
        full = self.name(node)
        if full is not None:
            return not _OURS.match(full)
        values = [one for one in self._assigned.get(text, []) if isinstance(one, cst.Call)]
        return bool(values) and all(self._makes_foreign(one) for one in values)

    def _makes_foreign(self, call: cst.Call) -> bool:
        full = self.name(call.func)
        if full is not None:
            return not _OURS.match(full)
        named = dotted(call.func)
        return any(one.name.value == named and self._is_own_class(one) for one in self.classes)

    def _is_own_class(self, node: cst.ClassDef, depth: int = 0) -> bool:
        """Whether a class is known to have nothing of Keras: each of its bases is known, and none is of Keras."""
        by_name = {one.name.value: one for one in self.classes}
        for base in node.bases:
            full = self.name(base.value)
            if full is not None and not _OURS.match(full):
                continue
            other = by_name.get(dotted(base.value) or "")
            if dotted(base.value) == "object" or (other is not None and depth < 9 and other is not node
                                                  and self._is_own_class(other, depth + 1)):  # fmt: skip
                continue
            return False
        return True

    def class_of(self, node: cst.CSTNode) -> cst.ClassDef | None:
        """Return the class in which a name, a call or a function stands, or None."""
        return self._class_of.get(node)

    def call_of(self, node: cst.CSTNode) -> cst.Call | None:
        """Return the innermost call in whose arguments a name stands, or whose method is of it; None where none is."""
        return self._call_of.get(node)

    def value_of(self, node: cst.BaseExpression) -> cst.BaseExpression | None:
        """Return the value that a name has where it is used, or None where it may have several."""
        if isinstance(node, cst.Name):
            bindings = self._bindings(node)
            binding = bindings[0] if len(bindings) == 1 else self._binding_in_turn(node, bindings)
            return None if binding is None else self._values.get(binding.node)
        if isinstance(node, cst.Attribute):
            values = self._assigned.get(dotted(node) or "", [])
            return values[0] if len(values) == 1 else None
        return None

    def looped_over(self, node: cst.Name) -> cst.BaseExpression | None:
        """Return what a `for` takes the values of a name from, where nothing else gives it one."""
        scope = self._scope(node)
        try:
            bindings = list(scope[node.value]) if scope is not None else []
        except KeyError:
            return None
        iterables = [self._loops.get(getattr(one, "node", None)) for one in bindings]
        texts = {dotted(one) for one in iterables if one is not None}
        return iterables[0] if iterables and len(texts) == 1 and None not in iterables else None

    def uses_of(self, node: cst.BaseExpression) -> list[cst.CSTNode]:
        """Return each place where a name is read and may have the value that it has at this one."""
        if not isinstance(node, cst.Name) or self._scope(node) is None:
            return [one for one in self.attributes if dotted(one) == dotted(node)]
        bindings = self._bindings(node)
        uses = [one.node for each in bindings for one in each.references]
        binding = self._binding_in_turn(node, bindings)
        return [one for one in uses if binding is None or self._may_mean(one, binding, bindings)]

    def _bindings(self, node: cst.Name) -> list[Any]:
        scope = self._scope(node)
        try:
            bindings = list(scope[node.value]) if scope is not None else []
        except KeyError:
            return []
        return [one for one in bindings if hasattr(one, "node")]

    def _binding_in_turn(self, node: cst.CSTNode, bindings: Sequence[Any]) -> Any:
        """Return what a name means at a use where each of several values takes the place of the one above it.

        That is so where all are given to it by statements of the module that are in no loop and no branch, and where
        the use is no part of a function, which may run later.
        """
        in_turn = all(one.node in self._values and self._positions[one.node].start.column == 0 for one in bindings)
        if len(bindings) < 2 or not in_turn or not self.is_of_module(node):
            return None
        above = [one for one in bindings if self.line(one.node) < self.line(node)]
        return max(above, key=lambda one: self.line(one.node)) if above else None

    def is_of_module(self, node: cst.CSTNode) -> bool:
        """Whether an expression stands in no function and no class: it runs in the order in which it is written."""
        return isinstance(self._scope(node), GlobalScope)

    def is_beside(self, node: cst.CSTNode, other: cst.CSTNode) -> bool:
        """Whether two expressions stand in the same function, or both in none."""
        return self._scope(node) is self._scope(other)

    def _may_mean(self, use: cst.CSTNode, binding: Any, bindings: Sequence[Any]) -> bool:
        meant = self._binding_in_turn(use, bindings)
        return meant is None or meant is binding

    def literal(self, node: cst.BaseExpression) -> cst.SimpleString | None:
        """Return the text that an expression is: written there, or given to a name once."""
        if isinstance(node, cst.SimpleString):
            return node
        value = self.value_of(node)
        return None if value is None or isinstance(value, (cst.Name, cst.Attribute)) else self.literal(value)

    def imported_as(self, full: str, line: int) -> str | None:
        """Return the name by which a module is known at the top of the code, by an import above a line, or None."""
        for node in self.imports:
            if isinstance(node.names, cst.ImportStar) or self.line(node) > line or not self._at_top(node):
                continue
            base = (
                f"{cst.Module([]).code_for_node(node.module)}."
                if isinstance(node, cst.ImportFrom) and node.module
                else ""
            )
            for one in node.names:
                if f"{base}{one.evaluated_name}" == full:
                    name = str(one.evaluated_alias or (one.evaluated_name if base else full.partition(".")[0]))
                    if one.evaluated_alias or base or "." not in full:
                        return name
        return None

    def _at_top(self, node: cst.CSTNode) -> bool:
        return self._scope(node) is self._scopes.get(self.module) and self._class_of.get(node) is None

    def calls_by_name(self, prefix: str) -> list[tuple[str, cst.Call]]:
        """Return the names that have one value, which is a call of something of Keras, and these calls."""
        single = [(name, values[0]) for name, values in self._assigned.items() if len(values) == 1]
        calls = [(name, one) for name, one in single if isinstance(one, cst.Call)]
        return [(name, one) for name, one in calls if (self.keras_name(one.func) or "").startswith(prefix)]

    def given_to(self, target: cst.CSTNode) -> cst.BaseExpression | None:
        """Return the value that a statement gives to a target, one of `written`; None where it gives none by `=`."""
        return self._values.get(target)

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
        self.functions: list[cst.FunctionDef] = []
        self.assigned: dict[str, list[cst.BaseExpression]] = {}
        self.written: list[cst.BaseExpression] = []
        self.values: dict[cst.CSTNode, cst.BaseExpression] = {}
        self.lines: dict[cst.CSTNode, cst.SimpleStatementLine] = {}
        self.class_of: dict[cst.CSTNode, cst.ClassDef] = {}
        self.call_of: dict[cst.CSTNode, cst.Call] = {}
        self.loops: dict[Any, cst.BaseExpression] = {}
        self._call: list[cst.Call] = []
        self._line: list[cst.SimpleStatementLine] = []
        self._class: list[cst.ClassDef] = []

    def visit_Call(self, node: cst.Call) -> None:
        self.calls.append(node)
        self._place(node)
        self._call.append(node)

    def leave_Call(self, original_node: cst.Call) -> None:
        self._call.pop()

    def visit_Name(self, node: cst.Name) -> None:
        if self._call:
            self.call_of[node] = self._call[-1]
        if node.value == "self":
            self._place(node)

    def visit_Attribute(self, node: cst.Attribute) -> None:
        self.attributes.append(node)
        if self._call:
            self.call_of[node] = self._call[-1]

    def visit_Import(self, node: cst.Import) -> bool:
        self.imports.append(node)
        self._place(node)
        return False

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
        self.imports.append(node)
        self._place(node)
        return False

    def visit_Subscript(self, node: cst.Subscript) -> None:
        self.subscripts.append(node)

    def visit_SimpleString(self, node: cst.SimpleString) -> None:
        self.strings.append(node)

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        self.classes.append(node)
        self._class.append(node)

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self.functions.append(node)
        if self._class:
            self.class_of[node] = self._class[-1]

    def leave_ClassDef(self, original_node: cst.ClassDef) -> None:
        self._class.pop()

    def visit_SimpleStatementLine(self, node: cst.SimpleStatementLine) -> None:
        self._line.append(node)

    def leave_SimpleStatementLine(self, original_node: cst.SimpleStatementLine) -> None:
        self._line.pop()

    def visit_For(self, node: cst.For) -> None:
        self.loops[node.target] = node.iter

    def visit_CompFor(self, node: cst.CompFor) -> None:
        self.loops[node.target] = node.iter

    def visit_Assign(self, node: cst.Assign) -> None:
        for target in node.targets:
            self._assigned(target.target, node.value)

    def visit_AnnAssign(self, node: cst.AnnAssign) -> None:
        if node.value is not None:
            self._assigned(node.target, node.value)

    def visit_AugAssign(self, node: cst.AugAssign) -> None:
        name = dotted(node.target)
        self.written.append(node.target)
        if name is not None:
            # Neither this nor what it had before is its value.
            self.assigned.setdefault(name, []).append(node.value)

    def _assigned(self, target: cst.BaseExpression, value: cst.BaseExpression) -> None:
        self.written.append(target)
        name = dotted(target)
        if name is not None:
            self.assigned.setdefault(name, []).append(value)
            self.values[target] = value

    def _place(self, node: cst.CSTNode) -> None:
        if self._line:
            self.lines[node] = self._line[-1]
        if self._class:
            self.class_of[node] = self._class[-1]


class _Editor(cst.CSTTransformer):
    def __init__(self, edits: dict[cst.CSTNode, list[Edit]]) -> None:
        super().__init__()
        self.edits = edits

    def on_leave(self, original_node: Any, updated_node: Any) -> Any:
        for edit in self.edits.get(original_node, ()):
            updated_node = edit(updated_node)
        return updated_node
