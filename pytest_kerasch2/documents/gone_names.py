"""Names and parameters in code that the release lacks and an earlier one had, as the atlas of names has it."""

from __future__ import annotations

import re
from typing import Any, Iterator, Sequence

import libcst as cst

from pytest_kerasch2.atlas import asking
from pytest_kerasch2.atlas.asking import Gone
from pytest_kerasch2.atlas.atlas_file import AtlasData
from pytest_kerasch2.changes.source_view import SourceView, dotted
from pytest_kerasch2.claims.release import Release
from pytest_kerasch2.documents.block_findings import Cause
from pytest_kerasch2.errors import InvalidArgument

# Of a document; one that names more was not written by hand.
MOST = 5000
# Interfaces of other releases, and of single operations, where names are made as they are asked for.
_CAREFUL = re.compile(r"tf\.(compat|raw_ops|python|core|contrib|_api|__internal__)\b")
_CONDITIONS = re.compile(r"hasattr|version|\btry\b")


def causes(view: SourceView, release: Release, explained: Sequence[tuple[int, str]]) -> list[Cause]:
    """Return what the atlas knows to be gone of what code uses, in the order of the code.

    Args:
        view: the code.
        release: that it is read for.
        explained: lines and details of the known changes that were seen; what they explain is left out.
    """
    if not re.search(r"\b(tensorflow|keras)\b", view.code):
        return []
    data = asking.shipped()
    hits = list(_hits(_Reading(view, data, release)))
    fresh = [(line, one) for line, one in hits if not _is_explained(line, one, explained)]
    return [cause_of(one, line) for line, one in sorted(dict.fromkeys(fresh), key=lambda pair: pair[0])]


def cause_of(gone: Gone, line: int | None = None) -> Cause:
    """Return the cause that a gone name or parameter is."""
    where = f"{gone.series} {gone.boundary.before}"
    what = f"the parameter {gone.parameter} of {gone.name}" if gone.parameter else gone.name
    text = f"{where} is the last release with {what}"
    if gone.boundary.unwalked:
        text = f"{where} has {what}, and {gone.series} {gone.boundary.after} has not; none between was walked"
    since = gone.boundary.after if gone.series == "TensorFlow" else f"{gone.series} {gone.boundary.after}"
    until = gone.until if gone.until is None or gone.series == "TensorFlow" else f"{gone.series} {gone.until}"
    name = "parameter-gone" if gone.parameter else "name-gone"
    detail = f"{gone.name}({gone.parameter}=)" if gone.parameter else gone.name
    return Cause(name, "raises", text, since, until, gone.source, _instead(gone), detail, line)


def _instead(gone: Gone) -> str:
    if gone.parameter:
        return "Leave the parameter out, or read what took its place."
    if not gone.home:
        return "No other public name of it is there."
    if gone.how == "object":
        return f"It lives at {gone.home}, which is the same on {gone.series} {gone.boundary.before}."
    return f"It may live at {gone.home}, which has the same name and parameters."


class _Reading:
    """Code, and what of it is not to be judged: what may not run here, and names with several meanings."""

    def __init__(self, view: SourceView, data: AtlasData, release: Release) -> None:
        self.view = view
        self.data = data
        self.release = release
        visitor = _Guards()
        view.module.visit(visitor)
        self.guarded = visitor.guarded
        self.bound = visitor.bound

    def name(self, node: cst.CSTNode) -> str | None:
        """Return the full name of an expression as the atlas writes it, or None where it is none of a framework."""
        return _normal(self.view.name(node))

    def gone(self, name: str | None, parameter: str = "") -> Gone | None:
        """Return since when a name or a parameter of it is gone, or None."""
        if name is None or _CAREFUL.match(name) or any(part.startswith("_") for part in name.split(".")):
            return None
        return asking.gone(self.data, name, self.release, parameter)

    def class_of(self, node: cst.BaseExpression) -> str | None:
        """Return the class of the object that a name stands for, where each value that it is given shows it."""
        text = dotted(node)
        if text is None or text.split(".")[0] in self.bound:
            return None
        values = self.view.values_of(text)
        names = {self.name(one.func) if isinstance(one, cst.Call) else None for one in values}
        return names.pop() if len(names) == 1 else None


def _normal(full: str | None) -> str | None:
    if full is None or not full.startswith(("tensorflow", "keras")):
        return None
    try:
        return asking.normal(full)
    except InvalidArgument:
        return None


def _hits(reading: _Reading) -> Iterator[tuple[int, Gone]]:
    view = reading.view
    for node in view.imports[:MOST]:
        if node not in reading.guarded:
            for name in _imported(node):
                gone = reading.gone(name)
                if gone is not None:
                    yield view.line(node), gone
    yield from _attributes(reading)
    for call in view.calls[:MOST]:
        if call not in reading.guarded:
            yield from _of_call(reading, call)


def _attributes(reading: _Reading) -> Iterator[tuple[int, Gone]]:
    """Yield the longest names that are gone: of `tf.keras.estimator.x` not also `tf.keras.estimator`."""
    inner: set[Any] = set()
    for node in reading.view.attributes[:MOST]:
        if node in inner:
            inner.add(node.value)
            continue
        text = dotted(node)
        if node in reading.guarded or (text is not None and reading.view.values_of(text)):
            continue
        gone = reading.gone(reading.name(node))
        if gone is not None:
            inner.add(node.value)
            yield reading.view.line(node), gone


def _of_call(reading: _Reading, call: cst.Call) -> Iterator[tuple[int, Gone]]:
    name = reading.name(call.func)
    if name is None and isinstance(call.func, cst.Attribute):
        of_class = reading.class_of(call.func.value)
        name = None if of_class is None else f"{of_class}.{call.func.attr.value}"
        gone = reading.gone(name)
        # What is no method may have become an attribute that a method makes.
        if gone is not None and gone.kind == "f":
            yield reading.view.line(call), gone
    for one in call.args if name else ():
        if one.keyword is not None:
            gone = reading.gone(name, one.keyword.value)
            if gone is not None:
                yield reading.view.line(one), gone


def _imported(node: cst.Import | cst.ImportFrom) -> Iterator[str]:
    if isinstance(node, cst.ImportFrom):
        if node.relative or node.module is None:
            return
        base = _normal(dotted(node.module))
        if base is not None and isinstance(node.names, cst.ImportStar):
            yield base
        elif base is not None and not isinstance(node.names, cst.ImportStar):
            yield from (f"{base}.{one.evaluated_name}" for one in node.names)
        return
    for one in node.names:
        name = _normal(one.evaluated_name)
        if name is not None:
            yield name


def _is_explained(line: int, gone: Gone, explained: Sequence[tuple[int, str]]) -> bool:
    words = {*gone.name.split("."), gone.parameter, "tensorflow"}
    last = gone.parameter or gone.name.rpartition(".")[2]
    for at, detail in explained:
        seen = set(re.findall(r"\w+", detail))
        if at == line and (last in seen or (seen and seen <= words)):
            return True
    return False


class _Guards(cst.CSTVisitor):
    """Collects what stands where the code itself asks what is there, and names that are given in other ways."""

    def __init__(self) -> None:
        super().__init__()
        self.guarded: set[cst.CSTNode] = set()
        self.bound: set[str] = set()
        self._depth = 0

    def on_visit(self, node: cst.CSTNode) -> bool:
        if self._guards(node):
            self._depth += 1
        if self._depth and isinstance(node, (cst.Attribute, cst.Call, cst.Import, cst.ImportFrom)):
            self.guarded.add(node)
        self._bind(node)
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if self._guards(original_node):
            self._depth -= 1

    @staticmethod
    def _guards(node: cst.CSTNode) -> bool:
        if isinstance(node, cst.Try):
            return True
        if isinstance(node, (cst.If, cst.IfExp)):
            return bool(_CONDITIONS.search(cst.Module([]).code_for_node(node.test)))
        return False

    def _bind(self, node: cst.CSTNode) -> None:
        targets: list[Any] = []
        if isinstance(node, (cst.Param, cst.FunctionDef, cst.ClassDef, cst.AsName)):
            targets = [node.name]
        elif isinstance(node, (cst.For, cst.CompFor, cst.NamedExpr, cst.AnnAssign, cst.AugAssign)):
            targets = [node.target]
        elif isinstance(node, cst.Assign):
            targets = [one.target for one in node.targets if isinstance(one.target, (cst.Tuple, cst.List))]
        elif isinstance(node, (cst.Global, cst.Nonlocal)):
            targets = [one.name for one in node.names]
        for target in targets:
            self.bound.update(re.findall(r"\w+", cst.Module([]).code_for_node(target)))
