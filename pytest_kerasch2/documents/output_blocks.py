"""Printed output that reads like code is told by the words that an earlier block prints."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from typing import Iterator, Sequence

from pytest_kerasch2.documents import parsing
from pytest_kerasch2.documents.document import DocumentBlock, Role

LEAST_LETTERS = 4
_BETWEEN = re.compile(r"%[-+.\d]*[a-z]|\{[^{}]*\}|\n")


def with_outputs(blocks: Sequence[DocumentBlock]) -> tuple[DocumentBlock, ...]:
    """Return the blocks of a document with each that begins with words that an earlier one prints as output."""
    words: set[str] = set()
    result = []
    for block in blocks:
        if _may_be_output(block) and _begins_with(block, words):
            block = replace(block, role=Role.OUTPUT, notes=(), problem="")
        elif block.runnable:
            words.update(_words_printed(block.code))
        result.append(block)
    return tuple(result)


def _may_be_output(block: DocumentBlock) -> bool:
    """Whether a block is no Python, or nothing but values and assignments to attributes, such as `x.shape = (3,)`."""
    if block.role is Role.NOT_PYTHON or (block.role is Role.CODE and block.problem and block.joined is None):
        return True
    if block.role is not Role.CODE:
        return False
    try:
        body = parsing.tree(block.code).body
    except SyntaxError:
        return False
    return bool(body) and all(
        isinstance(node, ast.Assign) and all(isinstance(target, ast.Attribute) for target in node.targets)
        for node in body
    )


def _begins_with(block: DocumentBlock, words: set[str]) -> bool:
    first = _single_spaced(next((line.raw for line in block.lines if line.text.strip()), ""))
    return any(first.startswith(one) for one in words)


def _words_printed(code: str) -> Iterator[str]:
    """Yield the texts that code prints and that no name or statement is written like."""
    try:
        module = parsing.tree(code)
    except SyntaxError:
        return
    for node in ast.walk(module):
        if not (isinstance(node, ast.Call) and _is_print(node.func)):
            continue
        for one in node.args:
            for constant in ast.walk(one):
                if isinstance(constant, ast.Constant) and isinstance(constant.value, str):
                    yield from filter(_tells, map(_single_spaced, _BETWEEN.split(constant.value)))


def _is_print(function: ast.expr) -> bool:
    return (isinstance(function, ast.Name) and function.id == "print") or (
        isinstance(function, ast.Attribute) and function.attr == "print"
    )


def _tells(text: str) -> bool:
    letters = sum(sign.isalpha() for sign in text)
    return letters >= LEAST_LETTERS and not text.isidentifier()


def _single_spaced(text: str) -> str:
    return " ".join(text.split())
