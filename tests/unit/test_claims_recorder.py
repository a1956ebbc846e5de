from __future__ import annotations

from typing import Any, Callable

import numpy as np
import pytest

from pytest_kerasch2.claims.recorder import LONGEST, Recorder, steady
from pytest_kerasch2.errors import ClaimBroken, DataMissing

HOLDING: list[tuple[str, Callable[[Recorder], Any]]] = [
    ("equal", lambda w: w.equal("x", expected=5, actual=5)),
    ("close", lambda w: w.close("x", expected=1.0, actual=1.05, within=0.1)),
    ("at_most", lambda w: w.at_most("x", limit=2, actual=2)),
    ("at_least", lambda w: w.at_least("x", limit=2, actual=2)),
    ("contains", lambda w: w.contains("x", expected="a", actual=["a"])),
    ("absent", lambda w: w.absent("x", unwanted="b", actual=["a"])),
    ("matches", lambda w: w.matches("x", pattern="^a", actual="abc")),
    ("same_bits", lambda w: w.same_bits("x", expected=np.array([np.nan]), actual=np.array([np.nan]))),
    ("differ", lambda w: w.differ("x", one=np.zeros(2), other=np.ones(2))),
    ("all_true", lambda w: w.all_true("x", mask=[True, True])),
    ("true", lambda w: w.true("x", holds=True, found=1)),
    ("runs", lambda w: w.runs("x", lambda: 1)),
    ("raises", lambda w: w.raises("x", (ZeroDivisionError,), lambda: 1 / 0)),
    ("always", lambda w: w.always("x", 3, lambda: None)),
]
FAILING: list[tuple[str, Callable[[Recorder], Any]]] = [
    ("equal", lambda w: w.equal("x", expected=5, actual=6)),
    ("equal, a truth value for a number", lambda w: w.equal("x", expected=1, actual=True)),
    ("close", lambda w: w.close("x", expected=1.0, actual=1.2, within=0.1)),
    ("close, not a number", lambda w: w.close("x", expected=1.0, actual=float("nan"), within=9e9)),
    ("at_most", lambda w: w.at_most("x", limit=2, actual=2.1)),
    ("at_most, not a number", lambda w: w.at_most("x", limit=2, actual=float("nan"))),
    ("at_least", lambda w: w.at_least("x", limit=2, actual=1.9)),
    ("contains", lambda w: w.contains("x", expected="b", actual=["a"])),
    ("absent", lambda w: w.absent("x", unwanted="a", actual=["a"])),
    ("matches", lambda w: w.matches("x", pattern="^b", actual="abc")),
    ("same_bits, signed zero", lambda w: w.same_bits("x", expected=np.array([0.0]), actual=np.array([-0.0]))),
    ("same_bits, type", lambda w: w.same_bits("x", expected=np.zeros(1, "i4"), actual=np.zeros(1, "f4"))),
    ("same_bits, shape", lambda w: w.same_bits("x", expected=np.zeros((1, 2)), actual=np.zeros((2, 1)))),
    ("differ", lambda w: w.differ("x", one=np.zeros(2), other=np.zeros(2))),
    ("all_true", lambda w: w.all_true("x", mask=[True, False])),
    ("all_true of nothing", lambda w: w.all_true("x", mask=[])),
    ("true", lambda w: w.true("x", holds=False, found=1)),
    ("runs", lambda w: w.runs("x", lambda: 1 / 0)),
    ("raises nothing", lambda w: w.raises("x", (ZeroDivisionError,), lambda: 1)),
]


@pytest.mark.parametrize("look", [look for _, look in HOLDING], ids=[name for name, _ in HOLDING])
def test_a_comparison_that_holds_leaves_evidence(look: Callable[[Recorder], Any]) -> None:
    record = Recorder()

    look(record)

    assert record.evidence


@pytest.mark.parametrize("look", [look for _, look in FAILING], ids=[name for name, _ in FAILING])
def test_a_comparison_that_does_not_hold_raises_and_leaves_evidence(look: Callable[[Recorder], Any]) -> None:
    record = Recorder()

    with pytest.raises(ClaimBroken):
        look(record)

    assert record.evidence


def test_a_property_that_breaks_keeps_the_case() -> None:
    def property_() -> None:
        Recorder().equal("sum of 0 and 1", expected=1, actual=2)

    record = Recorder()

    with pytest.raises(ClaimBroken):
        record.always("sums", 10, property_)

    assert "sum of 0 and 1" in record.evidence[0]


def test_an_error_of_our_family_is_no_verdict_on_running() -> None:
    def missing() -> None:
        raise DataMissing("MNIST is not there")

    with pytest.raises(DataMissing):
        Recorder().runs("loading", missing)


def test_an_unexpected_kind_of_error_goes_through() -> None:
    with pytest.raises(ZeroDivisionError):
        Recorder().raises("x", (KeyError,), lambda: 1 / 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<Dense object at 0x7f1234567890>", "<Dense object at 0x...>"),
        ("tf.Tensor: id=17, shape=(2,)", "tf.Tensor: id=..., shape=(2,)"),
        ("/tmp/pytest-of-me/pytest-3/test_x0/model.h5", "<scratch>/model.h5"),
        ("/tmp/pytest-of-me/pytest-3/popen-gw1/test_x0/model.h5", "<scratch>/model.h5"),
        ("in '/tmp/pytest-of-me/pytest-3/test_x0'", "in '<scratch>'"),
        ("/tmp/kerasch2-a1b2c3d4/home/.keras/keras.json", "<scratch>/home/.keras/keras.json"),
        (
            'File "/home/me/.venv/lib/python3.12/site-packages/keras/a.py", line 3',
            'File "site-packages/keras/a.py", line 3',
        ),
        (r"C:\Users\My Name\venv\Lib\site-packages\keras\a.py", r"site-packages\keras\a.py"),
        ("/tmp/kerasch2-early-a1b2c3d4/asked-x_y1z2/home/a.h5", "<scratch>/home/a.h5"),
        ("/tmp/kerasch2-child-a1b2c3d4/a.h5", "<scratch>/a.h5"),
        ("/tmp/kerasch2-child-123-4567-04115b94-a1b2_3d4/a.h5", "<scratch>/a.h5"),
        ("module 'keras._tf_keras.keras' has no", "module 'tensorflow.keras' has no"),
        ("died after 12.3 s", "died after ... s"),
        ("two\n  lines", "two lines"),
    ],
)
def test_evidence_is_the_same_in_every_run(text: str, expected: str) -> None:
    assert steady(text) == expected


def test_long_evidence_is_cut() -> None:
    assert len(steady("x" * 10_000)) == LONGEST
