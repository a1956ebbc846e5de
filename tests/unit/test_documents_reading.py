"""Documents are read block by block: roles, places, what is mended, and every kind of bad input."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("markdown_it", reason="Markdown is read by markdown-it-py, of the extra `documents`")
if sys.version_info < (3, 9):
    pytest.skip("documents are checked by CPython 3.9 or newer", allow_module_level=True)
from pytest_kerasch2.documents import decoding
from pytest_kerasch2.documents.document import Document, Role
from pytest_kerasch2.documents.reading import read_document
from pytest_kerasch2.errors import InvalidArgument


def read(folder: Path, text: str | bytes, name: str = "page.md") -> Document:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return read_document(path)


def notebook(*sources: str, **more: object) -> str:
    cells = [{"cell_type": "code", "source": one.splitlines(keepends=True)} for one in sources]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **more})


@pytest.mark.parametrize(
    ("language", "text", "role"),
    [
        ("py", "x = 1", Role.CODE),
        ("", "import numpy as np", Role.CODE),
        ("py", "2.2.4-tf", Role.OUTPUT),
        ("py", "(60000, 28, 28)\n(10000, 28, 28)", Role.OUTPUT),
        ("py", '{"image_data_format": "channels_last"}', Role.OUTPUT),
        ("py", "(60000, 28) (10000, 28)", Role.OUTPUT),
        ("py", "TensorShape([None, 3])", Role.OUTPUT),
        ("py", "[3.5e-11 7.0e-08\n 2.3e-07 6.3e-07]", Role.OUTPUT),
        ("py", "  {'name': 'layer', 'config': {'units'...", Role.OUTPUT),
        ("py", "Final value: 42", Role.OUTPUT),
        ("py", 'Sum of all: Tensor("add:0", shape=(), dtype=int32)', Role.OUTPUT),
        ("py", "99: [generator loss: 0.4, acc: 0.7] [critic loss:\n0.8, acc: 0.5]", Role.OUTPUT),
        ("", "checkpoint  a.ckpt.data-00000-of-00001  a.ckpt.index", Role.OUTPUT),
        ("py", "Epoch 1/10\n60000/60000 [====] - 5s", Role.OUTPUT),
        ("python", "<tf.Tensor: id=1, shape=(2, 2), dtype=float16, numpy=\narray([[42.]])>", Role.OUTPUT),
        ("text", "x = 1", Role.OUTPUT),
        ("py", ">>> x = 1\n>>> x\n1", Role.CONSOLE),
        ("pycon", ">>> x = 1", Role.CONSOLE),
        ("py", "In [1]: x = 1\nOut[1]: 1", Role.CONSOLE),
        ("sh", "pip install tensorflow", Role.SHELL),
        ("py", "$ pip install tensorflow", Role.SHELL),
        ("", "pip install tensorflow==2.0.0\ncd folder", Role.SHELL),
        ("py", "tensorboard  --logdir=./tmp/tb", Role.SHELL),
        ("py", "!pip install tensorflow", Role.SHELL),
        ("py", "K.constant(value, dtype=None, shape=None, name=None)", Role.SIGNATURE),
        ("py", "plt.subplot(nrows, ncols, index, **kwargs)", Role.SIGNATURE),
        ("py", "tf.nn.moments(x,axes,shift,name=None)", Role.SIGNATURE),
        ("py", "Dense(units, activation=None, ...)", Role.SIGNATURE),
        ("py", "tf.keras.Model.fit(x=None, y=None, verbose=1)", Role.SIGNATURE),
        ("py", "x = Dense(3)(x)\n... more layers\ny = 1", Role.FRAGMENT),
        ("py", "model.add(first)\n.\n.\nmodel.add(last)", Role.FRAGMENT),
        ("json", '{"a": 1}', Role.NOT_PYTHON),
        ("py", "$HOME/.keras/keras.json", Role.NOT_PYTHON),
        ("", "What follows is prose, of no language.", Role.NOT_PYTHON),
        ("", "+---+\n| a |\n+---+", Role.NOT_PYTHON),
        ("py", "梯度", Role.NOT_PYTHON),
        ("py", "model.fit(x, y, epochs=5)", Role.CODE),
        ("{code-cell} ipython3", "x = 1", Role.CODE),
        ("{.python .numberLines}", "x = 1", Role.CODE),
    ],
)
def test_role_of_a_fence(tmp_path: Path, language: str, text: str, role: Role) -> None:
    document = read(tmp_path, f"Words.\n\n```{language}\n{text}\n```\n")

    assert [block.role for block in document.blocks] == [role]


def test_place_of_each_kind_of_block(tmp_path: Path) -> None:
    text = "One\n\n```py\nx = 1\n```\n\n~~~python\ny = 2\n~~~\n\n* item\n\n  ```py\n  z = 3\n  ```\n"
    more = "\n      w = 4\n\n> ```py\n> v = 5\n> ```\n"
    document = read(tmp_path, f"{text}{more}\nTwo\n\n    import os\n")

    assert [(block.line, block.code) for block in document.blocks] == [
        (4, "x = 1\n"), (8, "y = 2\n"), (14, "z = 3\n"), (17, "w = 4\n"), (20, "v = 5\n"), (25, "import os\n"),
    ]  # fmt: skip


def test_cells_of_a_notebook(tmp_path: Path) -> None:
    cells = [{"cell_type": "markdown", "source": ["# Title"]}, *json.loads(notebook("x = 1", "%%bash\nls"))["cells"]]

    document = read(tmp_path, json.dumps({"cells": cells}), "one.ipynb")

    assert [(block.cell, block.role) for block in document.blocks] == [(2, Role.CODE), (3, Role.SHELL)]


def test_cells_of_format_3(tmp_path: Path) -> None:
    cells = [{"cell_type": "code", "input": ["x = 1\n", "y = 2"]}]

    document = read(tmp_path, json.dumps({"worksheets": [{"cells": cells}], "nbformat": 3}), "old.ipynb")

    assert [block.code for block in document.blocks] == ["x = 1\ny = 2\n"]


def test_magics_are_not_run_and_the_rest_of_the_cell_is(tmp_path: Path) -> None:
    text = notebook("%matplotlib inline\n!pip install x\nimport os\nfiles = !ls\nos.path?", "%%time\nx = 1")

    first, second = read(tmp_path, text, "one.ipynb").blocks

    assert first.code == "pass\npass\nimport os\nfiles = []\npass\n"
    assert [note.startswith("not run: ") for note in (*first.notes, *second.notes)] == [True] * 5
    assert (second.code, second.runnable) == ("pass\nx = 1\n", True)


def test_a_text_that_begins_like_a_magic_is_none(tmp_path: Path) -> None:
    (block,) = read(tmp_path, notebook('text = """\n%d\n!\n"""'), "one.ipynb").blocks

    assert (block.code, block.notes) == ('text = """\n%d\n!\n"""\n', ())


@pytest.mark.parametrize("mark", ["# %%", "#%% second", "# In[2]:"])
def test_cells_of_a_script(tmp_path: Path, mark: str) -> None:
    document = read(tmp_path, f"import os\n\nx = 1\n{mark}\ny = 2\n", "one.py")

    assert [(block.line, block.code) for block in document.blocks] == [(1, "import os\n\nx = 1\n"), (5, "y = 2\n")]


def test_paragraphs_of_a_script(tmp_path: Path) -> None:
    text = "import os\nx = 1\n\n\ndef f():\n\n    return 1\n\n# about y\ny = f(\n\n    )\n"

    document = read(tmp_path, text, "one.py")

    assert [block.line for block in document.blocks] == [1, 5, 9]
    assert document.blocks[2].code.startswith("# about y\n")


@pytest.mark.parametrize(
    ("parts", "joined"),
    [
        (["def f(x):", "    return x"], [None, 1]),
        (["class A:\n    def f(self):\n        return 1", "    def g(self):\n        return 2"], [None, 1]),
        (["x = [", "  f(1),", "  f(2)]"], [None, 1, 1]),
        (["def f():\n    x = 1", "y = 2"], [None, None]),
        # What a converter to Markdown leaves of the indentation of the first line.
        (["def f():\n    x = 1", " y = 2\n    return y"], [None, 1]),
        (["def f():\n    x = 1", " return x"], [None, 1]),
        (["def f(x):\n    x = 1", " print(x,\n          1)", " return x"], [None, 1, 1]),
        (["def f():\n    x = 1", " for y in range(x):\n        print(y)\n    return x"], [None, 1]),
        (["def f():\n    return 1", 'def g():\n    """Text', ' more.\n    """\n    return 2'], [None, None, 2]),
        (["x = 1", "    y = 2"], [None, None]),
    ],
)
def test_what_is_split_over_blocks_is_put_together(tmp_path: Path, parts: list[str], joined: list[int | None]) -> None:
    document = read(tmp_path, "\n\nand\n\n".join(f"```py\n{part}\n```" for part in parts))

    assert [block.joined for block in document.blocks] == joined
    assert all(block.runnable for block in document.blocks)


@pytest.mark.parametrize(
    ("code", "text", "role"),
    [
        ('print("x.shape =", x.shape)', "x.shape = (3, 2)", Role.OUTPUT),
        ('print("Learned \\t true")', "Learned  true\n=====\na  b", Role.OUTPUT),
        ('print(f"Found {n} files of all")', "files of all kinds are there", Role.OUTPUT),
        ('print("%d: all is well" % 3)', "all is well with it", Role.NOT_PYTHON),
        ('print("another text")', "x.shape = (3, 2)", Role.CODE),
        ('print("model = ")', "model = f(3)", Role.CODE),
        ('print("shape")', "shape of it", Role.NOT_PYTHON),
        ('log("all is well")', "all is well with it", Role.NOT_PYTHON),
    ],
)
def test_what_an_earlier_block_prints_is_output(tmp_path: Path, code: str, text: str, role: Role) -> None:
    document = read(tmp_path, f"```py\n{code}\n```\n\nIt prints:\n\n```py\n{text}\n```\n")

    assert [block.role for block in document.blocks] == [Role.CODE, role]


@pytest.mark.parametrize(
    ("line", "code", "note"),
    [
        ("x\u00a0=\u00a01", "x = 1", "no-break spaces"),
        ("x = \u201cword\u201d", 'x = "word"', "typographic quotes"),
        ("x = \u2018it\u2019", "x = 'it'", "typographic quotes"),
        ("x = y / 255\\. # all", "x = y / 255. # all", "backslashes"),
        ("if x:\n\ty = 1\n        z = 2", "if x:\n        y = 1\n        z = 2", "tabs are read as 8"),
        ("if x:\n        y = 1\n\tz = 2", "if x:\n        y = 1\n        z = 2", "tabs are read as 8"),
        ("x = 1\n y = 2", "x = 1\ny = 2", "indentation"),
        ("if x:\n    y = 1\n   z = 2", "if x:\n    y = 1\n    z = 2", "indentation"),
        (
            "class A:\n def f(self):\n  x = 1\n # why\n   y = 2",
            "class A:\n def f(self):\n  x = 1\n # why\n  y = 2",
            "indentation",
        ),
        ("x = 1" + 5 * "\n y = 2", "x = 1" + 5 * "\ny = 2", "indentation"),
        ("    x = 1\n    y = 2", "x = 1\ny = 2", ""),
    ],
)
def test_what_is_mended_to_read_a_block(tmp_path: Path, line: str, code: str, note: str) -> None:
    (block,) = read(tmp_path, f"```py\n{line}\n```\n").blocks

    assert (block.code, block.problem) == (f"{code}\n", "")
    assert [note in one for one in block.notes] == ([True] if note else [])


def test_a_no_break_space_within_a_text_stays(tmp_path: Path) -> None:
    (block,) = read(tmp_path, '```py\nx = "a\u00a0b"\n```\n').blocks

    assert (block.code, block.notes) == ('x = "a\u00a0b"\n', ())


@pytest.mark.parametrize("text", ["x = 1\n  return x", "class A:\n  x = 1\nself.y = 2\n    self.z = 3"])
def test_an_indentation_is_not_dropped_where_the_code_would_be_another(tmp_path: Path, text: str) -> None:
    (block,) = read(tmp_path, f"```py\n{text}\n```\n").blocks

    assert not block.runnable


def test_lost_indentation_is_said(tmp_path: Path) -> None:
    (block,) = read(tmp_path, "```py\nclass A:\ndef f(self):\nreturn 1\n```\n").blocks

    assert (block.role, block.runnable) == (Role.CODE, False)
    assert block.problem.startswith("its indentation is lost")


def test_a_fence_that_is_not_closed(tmp_path: Path) -> None:
    (block,) = read(tmp_path, "```py\nx = 1\n").blocks

    assert (block.code, block.notes) == ("x = 1\n", ("the fence of line 1 is not closed",))


def test_a_fence_that_is_not_closed_before_the_next(tmp_path: Path) -> None:
    first, second = read(tmp_path, "```py\nx = 1\n\n```py\ny = 2\n```\n").blocks

    assert (first.code, second.code, second.line) == ("x = 1\n\n", "y = 2\n", 5)
    assert first.notes == ("the fence of line 1 is not closed before that of line 4",)


def test_a_fence_within_a_fence_of_markdown(tmp_path: Path) -> None:
    (block,) = read(tmp_path, "````markdown\nText\n\n```py\nx = 1\n```\n````\n").blocks

    assert (block.line, block.code) == (5, "x = 1\n")


@pytest.mark.parametrize(
    ("content", "encoding", "text"),
    [
        (b"\xef\xbb\xbf```py\nx = 1\n```\n", "utf-8-sig", "```py\nx = 1\n```\n"),
        ("```py\nx = 1\n```\n".encode("utf-16"), "utf-16", "```py\nx = 1\n```\n"),
        (b"caf\xe9\n", "cp1252", "café\n"),
        (b"a\x81\n", "latin-1", "a\x81\n"),
        (b"a\r\nb\r\n", "utf-8", "a\nb\n"),
        (b"a\rb\r", "utf-8", "a\nb\n"),
    ],
)
def test_encoding_of_a_file(content: bytes, encoding: str, text: str) -> None:
    decoded = decoding.decode(content)

    assert (decoded.encoding, decoded.text) == (encoding, text)
    assert bool(decoded.notes) == (encoding in ("cp1252", "latin-1"))


def test_a_file_is_written_as_it_was() -> None:
    for content in (b"\xef\xbb\xbfa\r\nb\r\n", "ä\n".encode("utf-16"), b"caf\xe9\n", b"x\n"):
        decoded = decoding.decode(content)

        assert decoded.encoded(decoded.text) == content


def test_encoding_that_a_script_names(tmp_path: Path) -> None:
    document = read(tmp_path, b"# -*- coding: latin-1 -*-\nx = '\xe9'\n", "one.py")

    assert (document.blocks[0].code, document.notes) == ("# -*- coding: latin-1 -*-\nx = 'é'\n", ())


@pytest.mark.parametrize(
    ("name", "content", "hits"),
    [
        ("one.ipynb", b"{", "not valid JSON"),
        ("one.ipynb", b"[]", "no cells"),
        ("one.ipynb", b'{"cells": 3}', "no cells"),
        ("one.ipynb", b'{"a":' * 5000, "not valid JSON"),
        ("one.docx", b"PK", "kind of a document"),
    ],
)
def test_what_is_refused(tmp_path: Path, name: str, content: bytes, hits: str) -> None:
    with pytest.raises(InvalidArgument, match=hits):
        read(tmp_path, content, name)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="cannot be read"):
        read_document(tmp_path / "absent.md")


@pytest.mark.parametrize("name", ["one.md", "one.ipynb", "one.py"])
def test_an_empty_file_has_no_blocks_and_a_note(tmp_path: Path, name: str) -> None:
    document = read(tmp_path, b"", name)

    assert (document.blocks, document.notes) == ((), ("it is empty",))


@pytest.mark.parametrize(
    "cell",
    [
        {"cell_type": "code"},
        {"cell_type": "code", "source": None},
        {"cell_type": "code", "source": [1, "x = 1"]},
        3,
        None,
    ],
)
def test_a_cell_that_is_none(tmp_path: Path, cell: object) -> None:
    document = read(tmp_path, json.dumps({"cells": [cell]}), "one.ipynb")

    assert len(document.blocks) == (1 if isinstance(cell, dict) else 0)


def test_null_characters_are_blanks(tmp_path: Path) -> None:
    (block,) = read(tmp_path, "```py\nx = 1\0\n```\n").blocks

    assert (block.code, block.runnable) == ("x = 1 \n", True)


def test_a_notebook_of_ten_megabytes_is_read_within_seconds(tmp_path: Path) -> None:
    picture = {"output_type": "display_data", "data": {"image/png": "A" * 10_000_000}, "metadata": {}}
    data = json.loads(notebook("x = 1"))
    data["cells"][0]["outputs"] = [picture]
    began = time.monotonic()

    document = read(tmp_path, json.dumps(data), "large.ipynb")

    assert (len(document.blocks), time.monotonic() - began < 5) == (1, True)


def test_a_file_beyond_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "LARGEST", 10)

    with pytest.raises(InvalidArgument, match="too large"):
        read(tmp_path, "```py\nx = 1\n```\n")


def test_code_that_python_cannot_take_is_a_problem_and_no_crash(tmp_path: Path) -> None:
    (block,) = read(tmp_path, f"```py\nx = {'(' * 3000}{')' * 3000}\n```\n").blocks

    assert block.problem
