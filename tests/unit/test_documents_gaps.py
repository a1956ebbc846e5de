"""Names that are missing, and the imports that make them."""

from __future__ import annotations

import importlib.util
import sys

import pytest

if sys.version_info < (3, 9):
    pytest.skip("documents are checked by CPython 3.9 or newer", allow_module_level=True)
from pytest_kerasch2.documents import gaps
from pytest_kerasch2.documents.document import BlockLine, DocumentBlock
from pytest_kerasch2.framework import api


def blocks(*codes: str, **more: object) -> list[DocumentBlock]:
    return [
        DocumentBlock(number, tuple(BlockLine(line, line, at) for at, line in enumerate(code.split("\n"), 1)))
        for number, code in enumerate(codes, 1)
    ]


def missing(*codes: str) -> list[str]:
    return [one.name for one in gaps.gaps(blocks(*codes))]


@pytest.mark.parametrize(
    ("codes", "names"),
    [
        (["x = 1", "y = x"], []),
        (["y = x", "x = 1"], ["x"]),
        (["print(np.zeros(3))"], ["np"]),
        (["def f():\n    return g()", "def g():\n    return 1"], []),
        (["def f():\n    return g()"], ["g"]),
        (["[i for i in range(3)]"], []),
        (["x = [y for i in range(3)]"], ["y"]),
        (["class A(Model):\n    pass"], ["Model"]),
        (["class A:\n    def f(self):\n        return B()"], ["B"]),
        (["from math import *", "sin(1)"], []),
        (["import os.path", "os.getcwd()"], []),
        (["for i in range(3): pass", "i"], []),
        (["try:\n    pass\nexcept OSError as error:\n    print(error)"], []),
        (["def f():\n    global x\n    x = 1", "f()\nx"], []),
        (["print(__name__, __file__, _)"], []),
        (["f = lambda a: a + b"], ["b"]),
        (["x += 1"], []),
    ],
)
def test_names_that_nothing_makes(codes: list[str], names: list[str]) -> None:
    assert missing(*codes) == names


@pytest.mark.parametrize(
    ("code", "statement"),
    [
        ("datetime.datetime.now()", "import datetime"),
        ("datetime.now()", "from datetime import datetime"),
        ("datetime(2020, 1, 1)", "from datetime import datetime"),
        ("time.time()", "import time"),
        ("time()", "from time import time"),
        ("random.random()", "import random"),
        ("glob('*')", "from glob import glob"),
    ],
)
def test_import_of_a_module_with_a_namesake_in_it(code: str, statement: str) -> None:
    assert [gap.statement for gap in gaps.gaps(blocks(code))] == [statement]


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("x = 1\nprint(x)", {"print"}),
        ("print(x)\nx = 1", {"print", "x"}),
        ("x = x + 1", {"x"}),
        ("x += 1", {"x"}),
        ("if y:\n    x = 1\nx", {"x", "y"}),
        ("def f(a):\n    return a + b\nf(1)", {"b"}),
        ("for i in n:\n    t = i", {"n"}),
    ],
)
def test_names_that_come_from_an_earlier_block(code: str, names: set[str]) -> None:
    assert gaps.names_from_before(code) == names


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("np", "import numpy as np"),
        ("Dense", "from tensorflow.keras.layers import Dense"),
        ("os", "import os"),
        ("model", ""),
    ],
)
def test_import_of_a_name(name: str, statement: str) -> None:
    assert gaps.import_of(name) == statement


def test_the_imports_name_each_thing_once() -> None:
    statements = list(gaps.imports())

    assert len(set(statements)) == len(statements)


@pytest.mark.skipif(importlib.util.find_spec("tensorflow") is None, reason="it imports from tensorflow.keras")
def test_each_import_of_keras_is_of_a_public_name() -> None:
    # By our own door, so that Keras has a private home.
    api.tensorflow()
    lines = [one for one in gaps.imports() if one.startswith(("from tensorflow", "import tensorflow as"))]

    exec("\n".join(lines), {})


def test_who_makes_a_name_later_or_would_if_it_were_python() -> None:
    broken = DocumentBlock(1, (BlockLine("class MyModel(", "class MyModel(", 1),), problem="it does not parse")
    use = [
        DocumentBlock(2, (BlockLine("MyModel(), x", "MyModel(), x", 1),)),
        DocumentBlock(3, (BlockLine("x = 1", "x = 1", 1),)),
    ]

    hits = {one.name: one for one in gaps.gaps([broken, *use])}

    assert (hits["MyModel"].broken, hits["x"].later) == (1, 3)
