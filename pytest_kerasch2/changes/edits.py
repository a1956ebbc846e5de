"""Small edits of a syntax tree, of which rewrites are made."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import libcst as cst


@dataclass(frozen=True)
class RenameKeyword:
    """Rename an argument of a call."""

    old: str
    new: str

    def __call__(self, call: cst.Call) -> cst.Call:
        """Return the call with the argument renamed."""
        return call.with_changes(
            args=[
                one.with_changes(keyword=cst.Name(self.new)) if _keyword(one) == self.old else one for one in call.args
            ]
        )


@dataclass(frozen=True)
class DropKeywords:
    """Leave arguments out of a call."""

    names: tuple[str, ...]

    def __call__(self, call: cst.Call) -> cst.Call:
        """Return the call without them."""
        kept = [one for one in call.args if _keyword(one) not in self.names]
        if kept and len(kept) < len(call.args) and kept[-1] is not call.args[-1]:
            last = call.args[-1]
            kept[-1] = kept[-1].with_changes(comma=last.comma, whitespace_after_arg=last.whitespace_after_arg)
        return call.with_changes(args=kept)


@dataclass(frozen=True)
class SetArgument:
    """Put an expression, given as code, in the place of the value of an argument."""

    name: str
    position: int
    code: str
    add: bool = False

    def __call__(self, call: cst.Call) -> cst.Call:
        """Return the call with the value, and with its name if it was not there."""
        value = cst.parse_expression(self.code)
        args = list(call.args)
        for at, one in enumerate(args):
            if _keyword(one) == self.name or (one.keyword is None and at == self.position):
                args[at] = one.with_changes(value=value)
                return call.with_changes(args=args)
        if self.add:
            equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
            args.append(cst.Arg(value, keyword=cst.Name(self.name), equal=equal))
        return call.with_changes(args=args)


@dataclass(frozen=True)
class NameArguments:
    """Name the arguments that have none, by their place, and rename others.

    Attributes:
        names: by place; an empty one stays without a name.
        renamed: old names and new ones.
    """

    names: tuple[str, ...]
    renamed: Any = field(default_factory=dict, hash=False)

    def __call__(self, call: cst.Call) -> cst.Call:
        """Return the call with the arguments named."""
        equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
        args = []
        for at, one in enumerate(call.args):
            old = _keyword(one)
            new = self.names[at] if old is None and at < len(self.names) else self.renamed.get(old, "")
            args.append(
                one.with_changes(keyword=cst.Name(new), equal=equal if old is None else one.equal) if new else one
            )
        return call.with_changes(args=args)


@dataclass(frozen=True)
class RenameAttribute:
    """Rename what stands behind the last dot."""

    new: str

    def __call__(self, node: cst.Attribute) -> cst.Attribute:
        """Return the attribute renamed."""
        return node.with_changes(attr=cst.Name(self.new))


@dataclass(frozen=True)
class IntoLambda:
    """Put a call into a Lambda layer, which is called with its first arguments.

    Attributes:
        layer: how the class is written.
        count: of the arguments: one, or two that are given as a list.
    """

    layer: str
    count: int = 1

    def __call__(self, call: cst.Call) -> cst.BaseExpression:
        """Return the call of the layer."""
        code = cst.Module([]).code_for_node
        given = [one.value for one in call.args[: self.count]]
        names = ["value"] if self.count == 1 else [f"value[{at}]" for at in range(self.count)]
        inner = [one.with_changes(value=cst.parse_expression(name)) for one, name in zip(call.args, names)]
        within = code(call.with_changes(args=[*inner, *call.args[self.count :]]))
        outer = code(given[0]) if self.count == 1 else f"[{', '.join(map(code, given))}]"
        return cst.parse_expression(f"{self.layer}(lambda value: {within})({outer})")


@dataclass(frozen=True)
class TakeReceiver:
    """Leave the call of a method out, and keep what it is called on."""

    def __call__(self, call: cst.Call) -> cst.BaseExpression:
        """Return what the method is of."""
        assert isinstance(call.func, cst.Attribute)
        return call.func.value


@dataclass(frozen=True)
class ReplaceWith:
    """Put an expression, given as code, in the place of another one."""

    code: str

    def __call__(self, node: Any) -> cst.BaseExpression:
        """Return the expression."""
        return cst.parse_expression(self.code)


@dataclass(frozen=True)
class ReplaceText:
    """Put another text between the quotes of a text."""

    new: str

    def __call__(self, node: cst.SimpleString) -> cst.SimpleString:
        """Return the text, with the quotes that it had."""
        return node.with_changes(value=f"{node.prefix}{node.quote}{self.new}{node.quote}")


@dataclass(frozen=True)
class ReplaceEnding:
    """Put an ending on a text, in the place of one that a regular expression finds."""

    old: str
    new: str

    def __call__(self, node: cst.SimpleString | cst.FormattedString) -> cst.SimpleString | cst.FormattedString:
        """Return the text, with the quotes that it had."""
        if isinstance(node, cst.SimpleString):
            inner = node.raw_value
            return node.with_changes(value=f"{node.prefix}{node.quote}{self._ended(inner)}{node.quote}")
        last = node.parts[-1]
        assert isinstance(last, cst.FormattedStringText)
        return node.with_changes(parts=[*node.parts[:-1], last.with_changes(value=self._ended(last.value))])

    def _ended(self, text: str) -> str:
        bare = re.sub(self.old, "", text.rstrip("/"))
        return f"{bare}{self.new}"


@dataclass(frozen=True)
class InsertBefore:
    """Put a statement, given as code, on a line of its own before another one."""

    code: str

    def __call__(self, node: cst.SimpleStatementLine) -> cst.FlattenSentinel[cst.BaseStatement]:
        """Return both."""
        first = cst.parse_statement(self.code)
        assert isinstance(first, cst.SimpleStatementLine)
        # Below the comments that stand above the other: these may tell where a block begins.
        first = first.with_changes(leading_lines=node.leading_lines)
        return cst.FlattenSentinel([first, node.with_changes(leading_lines=[])])


@dataclass(frozen=True)
class InsertFirst:
    """Put a statement, given as code, at the beginning of a function, below its docstring."""

    code: str

    def __call__(self, node: cst.FunctionDef) -> cst.FunctionDef:
        """Return the function."""
        if not isinstance(node.body, cst.IndentedBlock):
            return node
        at = 0 if node.get_docstring() is None else 1
        body = [*node.body.body[:at], cst.parse_statement(self.code), *node.body.body[at:]]
        return node.with_changes(body=node.body.with_changes(body=body))


@dataclass(frozen=True)
class InsertElement:
    """Put an expression, given as code, at the beginning of a list."""

    code: str

    def __call__(self, node: cst.List) -> cst.List:
        """Return the list."""
        return node.with_changes(elements=[cst.Element(cst.parse_expression(self.code)), *node.elements])


@dataclass(frozen=True)
class WrapCall:
    """Put a call into an expression, which has `{}` where the call is to stand."""

    form: str
    method: str

    def __call__(self, call: cst.Call) -> cst.BaseExpression:
        """Return the expression."""
        assert isinstance(call.func, cst.Attribute)
        renamed = call.with_changes(func=call.func.with_changes(attr=cst.Name(self.method)))
        return cst.parse_expression(self.form.format(cst.Module([]).code_for_node(renamed)))


@dataclass(frozen=True)
class AlsoImport:
    """Let `from X import Y` import one name more."""

    name: str

    def __call__(self, node: cst.ImportFrom) -> cst.ImportFrom:
        """Return the import."""
        if isinstance(node.names, cst.ImportStar) or any(one.evaluated_name == self.name for one in node.names):
            return node
        comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
        last = node.names[-1]
        kept = last if isinstance(last.comma, cst.Comma) else last.with_changes(comma=comma)
        return node.with_changes(names=[*node.names[:-1], kept, cst.ImportAlias(cst.Name(self.name))])


@dataclass(frozen=True)
class ImportFromModule:
    """Let `from X import Y` take Y from another module, under the name that it had."""

    module: str
    name: str | None = None

    def __call__(self, node: cst.ImportFrom) -> cst.ImportFrom:
        """Return the import."""
        changed: dict[str, Any] = {"module": cst.parse_expression(self.module)}
        if self.name is not None and not isinstance(node.names, cst.ImportStar):
            one = node.names[0]
            kept = str(one.evaluated_alias or one.evaluated_name)
            blank = cst.SimpleWhitespace(" ")
            alias = None if kept == self.name else cst.AsName(cst.Name(kept), blank, blank)
            changed["names"] = [cst.ImportAlias(cst.Name(self.name), asname=alias)]
        return node.with_changes(**changed)


@dataclass(frozen=True)
class SplitImport:
    """Take one name out of `from X import Y, Z`, and import it by another statement behind it."""

    name: str
    edit: ImportFromModule

    def __call__(self, node: cst.ImportFrom) -> cst.FlattenSentinel[cst.BaseSmallStatement]:
        """Return both imports."""
        assert not isinstance(node.names, cst.ImportStar)
        kept = [one for one in node.names if one.evaluated_name != self.name]
        taken = [one.with_changes(comma=cst.MaybeSentinel.DEFAULT) for one in node.names if one not in kept]
        kept[-1] = kept[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
        alone = node.with_changes(names=taken, lpar=None, rpar=None)
        rest = node.with_changes(names=kept, semicolon=cst.Semicolon(whitespace_after=cst.SimpleWhitespace(" ")))
        return cst.FlattenSentinel([rest, self.edit(alone)])


@dataclass(frozen=True)
class RenameImported:
    """Import another name, under the name that it had."""

    old: str
    new: str

    def __call__(self, node: cst.ImportFrom) -> cst.ImportFrom:
        """Return the import."""
        assert not isinstance(node.names, cst.ImportStar)
        blank = cst.SimpleWhitespace(" ")
        names = []
        for one in node.names:
            if one.evaluated_name == self.old:
                alias = one.asname or cst.AsName(cst.Name(self.old), blank, blank)
                one = one.with_changes(name=cst.Name(self.new), asname=alias)
            names.append(one)
        return node.with_changes(names=names)


@dataclass(frozen=True)
class ImportModule:
    """Let `import X as Y` import another module."""

    module: str

    def __call__(self, node: cst.Import) -> cst.Import:
        """Return the import."""
        return node.with_changes(names=[node.names[0].with_changes(name=cst.parse_expression(self.module))])


def _keyword(one: cst.Arg) -> str | None:
    return None if one.keyword is None else one.keyword.value


def argument(call: cst.Call, name: str, position: int | None = None) -> cst.Arg | None:
    """Return an argument of a call by its name, or by its place where it stands without a name."""
    for at, one in enumerate(call.args):
        if one.star:
            return None
        if _keyword(one) == name or (one.keyword is None and at == position):
            return one
    return None
