"""A document with other code in its blocks: only what differs is touched."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

pytest.importorskip("libcst", reason="code is edited by LibCST, of the extra `documents`")
if sys.version_info < (3, 9):
    pytest.skip("documents are checked by CPython 3.9 or newer", allow_module_level=True)
from pytest_kerasch2.documents import patching
from pytest_kerasch2.documents.combined import CombinedCode
from pytest_kerasch2.documents.reading import read_document


def patched(folder: Path, name: str, text: str, old: str, new: str) -> str:
    path = folder / name
    path.write_bytes(text.encode("utf-8"))
    document = read_document(path)
    codes = {one.number: one.code.replace(old, new) for one in document.runnable}
    return patching.patched(document, codes)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("```py\nx = 1\ny = 2\n```\n", "```py\nx = 3\ny = 2\n```\n"),
        ("* a\n\n  ```py\n  x = 1\n  ```\n", "* a\n\n  ```py\n  x = 3\n  ```\n"),
        ("> ```py\n> x = 1\n> ```\n", "> ```py\n> x = 3\n> ```\n"),
        ("```py\n>>> x = 1\n>>> x\n1\n```\n", "```py\n>>> x = 3\n>>> x\n1\n```\n"),
        ("```py\n>>> def f():\n...     x = 1\n```\n", "```py\n>>> def f():\n...     x = 3\n```\n"),
        ("```py\n    x = 1\n```\n", "```py\n    x = 3\n```\n"),
        ("```py\nx\u00a0= 1\n```\n", "```py\nx = 3\n```\n"),
        ("```py\ny = 1\n z = x = 1\n```\n", "```py\ny = 1\nz = x = 3\n```\n"),
        ("x = 1\n", "x = 1\n"),
    ],
)
def test_lines_of_markdown(tmp_path: Path, text: str, expected: str) -> None:
    assert patched(tmp_path, "page.md", text, "x = 1", "x = 3") == expected


@pytest.mark.parametrize("new", ["x = 3\nz = 4", "", "z = 0\nx = 1"])
def test_lines_may_be_more_or_fewer(tmp_path: Path, new: str) -> None:
    text = "```py\na = 0\nx = 1\nb = 2\n```\nWords.\n"
    lines = [*new.split("\n")] if new else [""]

    written = patched(tmp_path, "page.md", text, "x = 1", new)

    assert written == "\n".join(["```py", "a = 0", *lines, "b = 2", "```", "Words.", ""])


def test_a_line_before_the_first_and_behind_the_last(tmp_path: Path) -> None:
    text = "```py\nx = 1\n```\n"

    assert patched(tmp_path, "page.md", text, "x = 1", "a = 0\nx = 1\nb = 2") == "```py\na = 0\nx = 1\nb = 2\n```\n"


@pytest.mark.parametrize("settings", [{"indent": 1}, {"indent": 2, "ensure_ascii": False}, {}])
def test_a_notebook_keeps_its_form(tmp_path: Path, settings: dict[str, object]) -> None:
    source = ["%matplotlib inline\n", "x = 1\n", "y = 'ä'"]
    data = {"cells": [{"cell_type": "code", "outputs": [], "source": source}], "metadata": {}, "nbformat": 4}
    text = json.dumps(data, **settings) + "\n"  # type: ignore[arg-type]

    written = patched(tmp_path, "one.ipynb", text, "x = 1", "x = 3")

    assert written == text.replace("x = 1", "x = 3")


def test_a_notebook_of_colab_keeps_its_escapes(tmp_path: Path) -> None:
    cells = [{"cell_type": "code", "source": ["x = 1\n", "y = 2 < 3"]}]
    text = json.dumps({"cells": cells, "metadata": {"a": "<b> & c"}}, indent=1)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")

    assert patched(tmp_path, "one.ipynb", text, "x = 1", "x = 3") == text.replace("x = 1", "x = 3")


def test_a_diff_of_a_document(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("```py\nx = 1\n```\n", encoding="utf-8")
    document = read_document(path)

    lines = patching.diff(document, document.decoded.text.replace("1", "2"), "page.md")

    assert lines[:2] == ["--- a/page.md\n", "+++ b/page.md\n"]
    assert [line for line in lines if line.startswith(("-x", "+x"))] == ["-x = 1\n", "+x = 2\n"]


def test_combined_code_parts_into_the_same_blocks(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(
        "```py\ndef f():\n    x = 1\n```\n\n```py\n    return x\n```\n\n```py\nf()\n```\n", encoding="utf-8"
    )
    document = read_document(path)
    combined = CombinedCode(document.blocks)

    assert combined.parted(combined.text) == {one.number: one.code for one in document.blocks}
    assert [combined.place(line) for line in (2, 3, 5, 7)] == [(1, 1), (1, 2), (2, 1), (3, 1)]
