"""Names of files in code: written in one piece, through a variable, a path that is joined, an f-string."""

from __future__ import annotations

import re
from dataclasses import dataclass

import libcst as cst

from pytest_kerasch2.changes.source_view import SourceView, dotted

_FIELD = re.compile(r"\{[^{}]*\}|%[-+0 #]*\d*(?:\.\d+)?[a-zA-Z]")
# Steps from a name to its value, and to the value of that.
_DEEPEST = 8
_PATHS = ("pathlib.Path", "pathlib.PurePath", "str", "os.fspath")


@dataclass(frozen=True, eq=False)
class FileName:
    """A name of a file whose end is written in the code.

    Attributes:
        text: the name, with `{}` for each part that only a run knows.
        end: the text of the code with which it ends.
        names: variables through which it comes.
    """

    text: str
    end: cst.SimpleString | cst.FormattedString
    names: tuple[cst.BaseExpression, ...] = ()


def file_name(view: SourceView, node: cst.BaseExpression) -> FileName | None:
    """Return the name of a file that an expression is, or None where its end is not written in the code."""
    names: list[cst.BaseExpression] = []
    end = _end(view, node, names, 0)
    if end is None:
        return None
    text = _text(view, node, 0)
    return None if not text.strip("/") else FileName(text, end, tuple(names))


def _end(
    view: SourceView, node: cst.BaseExpression, names: list[cst.BaseExpression], depth: int
) -> cst.SimpleString | cst.FormattedString | None:
    if depth > _DEEPEST:
        return None
    if isinstance(node, cst.SimpleString):
        return node if isinstance(node.evaluated_value, str) and node.evaluated_value else None
    if isinstance(node, cst.FormattedString):
        last = node.parts[-1] if node.parts else None
        return node if isinstance(last, cst.FormattedStringText) and last.value.strip("/") else None
    if isinstance(node, (cst.Name, cst.Attribute)):
        value = view.value_of(node)
        if value is None:
            return None
        names.append(node)
        return _end(view, value, names, depth + 1)
    inner = _last(view, node)
    return None if inner is None else _end(view, inner, names, depth + 1)


def _last(view: SourceView, node: cst.BaseExpression) -> cst.BaseExpression | None:
    """Return the part of an expression with which the name ends."""
    if isinstance(node, cst.BinaryOperation):
        if isinstance(node.operator, (cst.Add, cst.Divide)):
            return node.right
        return node.left if isinstance(node.operator, cst.Modulo) else None
    if isinstance(node, cst.Call) and node.args and not any(one.star for one in node.args):
        if view.name(node.func) == "os.path.join":
            return node.args[-1].value
        if (view.name(node.func) or dotted(node.func)) in _PATHS:
            return node.args[-1].value
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value == "format":
        return node.func.value
    return None


def _text(view: SourceView, node: cst.BaseExpression, depth: int) -> str:
    """Return the text of a name, with `{}` for what is not known."""
    if depth > _DEEPEST:
        return "{}"
    if isinstance(node, cst.SimpleString):
        written = node.evaluated_value
        return _FIELD.sub("{}", written) if isinstance(written, str) else "{}"
    if isinstance(node, cst.FormattedString):
        return "".join(one.value if isinstance(one, cst.FormattedStringText) else "{}" for one in node.parts)
    if isinstance(node, (cst.Name, cst.Attribute)):
        value = view.value_of(node)
        # The name stands for its value where nobody knows that; so two of one name are one file.
        return f"{{{dotted(node)}}}" if value is None else _text(view, value, depth + 1)
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, (cst.Add, cst.Divide)):
        between = "/" if isinstance(node.operator, cst.Divide) else ""
        return f"{_text(view, node.left, depth + 1)}{between}{_text(view, node.right, depth + 1)}"
    if isinstance(node, cst.Call) and view.name(node.func) == "os.path.join":
        return "/".join(_text(view, one.value, depth + 1).rstrip("/") for one in node.args)
    inner = _last(view, node)
    return "{}" if inner is None else _text(view, inner, depth + 1)
