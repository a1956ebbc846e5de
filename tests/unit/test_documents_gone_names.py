"""What `kerasch2 check` finds in the atlas of names: gone names and parameters, and no false alarm."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("libcst", reason="documents are read with the extra `documents`")
from pytest_kerasch2.atlas import asking
from pytest_kerasch2.changes.source_view import SourceView
from pytest_kerasch2.claims.release import Release
from pytest_kerasch2.documents import gone_names
from tests.builders.atlases import atlas_of

NOW = Release("2.16.2", "3.15.1", "tensorflow")
SHARED = {"tf": "m", "tf.keras": "m", "tf.keras.losses": "m", "tf.compat": "m", "tf.compat.v1": "m"}
OLD = {
    **SHARED,
    "tf.keras.losses.MSE": ["y_true", "y_pred"],
    "tf.keras.losses.long": "=tf.keras.losses.MSE",
    "tf.keras.part": "m",
    "tf.keras.part.Inner": {},
    "tf.keras.load": ["path", "mode=1"],
    "tf.keras.Net": {"members": {"old": ["x"], "fit": ["x", "workers=1"]}},
    "tf.compat.v1.placeholder": ["dtype"],
}
NEW = {
    **SHARED,
    "tf.keras.losses.MSE": ["y_true", "y_pred"],
    "tf.keras.load": ["path"],
    "tf.keras.Net": {"members": {"fit": ["x"]}},
}


@pytest.fixture(autouse=True)
def _shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    data = atlas_of(("2.15.1", "2.15.0", OLD), ("2.16.2", "3.15.1", NEW))
    monkeypatch.setattr(asking, "shipped", lambda: data)


def _details(code: str, explained: Any = ()) -> list[str]:
    return [one.detail for one in gone_names.causes(SourceView(f"import tensorflow as tf\n{code}\n"), NOW, explained)]


@pytest.mark.parametrize(
    ("code", "detail"),
    [
        ("tf.keras.losses.long(1, 2)", "tf.keras.losses.long"),
        ("from tensorflow.keras.losses import long", "tf.keras.losses.long"),
        ("from tensorflow.keras import losses as L\nL.long", "tf.keras.losses.long"),
        ("import tensorflow.keras.part", "tf.keras.part"),
        ("from tensorflow.keras.part import Inner", "tf.keras.part.Inner"),
        ("from tensorflow.keras.part import *", "tf.keras.part"),
        ("class Mine(tf.keras.part.Inner): pass", "tf.keras.part.Inner"),
        ("tf.keras.load('x', mode=2)", "tf.keras.load(mode=)"),
        ("net = tf.keras.Net()\nnet.old(1)", "tf.keras.Net.old"),
        ("net = tf.keras.Net()\nnet.fit(1, workers=2)", "tf.keras.Net.fit(workers=)"),
    ],
)
def test_what_is_gone_is_found_once(code: str, detail: str) -> None:
    assert _details(code) == [detail]


@pytest.mark.parametrize(
    "code",
    [
        "tf.keras.losses.MSE",
        "tf.keras.losses.invented",
        "tf.compat.v1.placeholder",
        "tf.keras.load('x')",
        "net = tf.keras.Net()\nnet.fit(1)",
        "net = other()\nnet.old(1)",
        "net = tf.keras.Net()\nnet = other()\nnet.old(1)",
        "net = tf.keras.Net()\nfor net in others: net.old(1)",
        "net = tf.keras.Net()\ndef f(net): net.old(1)",
        "try:\n    tf.keras.losses.long\nexcept AttributeError:\n    pass",
        "try:\n    from tensorflow.keras.losses import long\nexcept ImportError:\n    pass",
        "if hasattr(tf.keras.losses, 'long'):\n    tf.keras.losses.long",
        "if tf.__version__ < '2.16':\n    tf.keras.losses.long",
        "tf.keras.losses.long = 1\ntf.keras.losses.long",
        "long = 1\nlong",
        "from .keras.losses import long",
        "from keras_tuner.losses import long",
    ],
)
def test_what_may_be_there_is_not_reported(code: str) -> None:
    assert _details(code) == []


@pytest.mark.parametrize("detail", ["tensorflow.keras.losses.long", "keras.losses", "long()"])
def test_what_a_known_change_explains_is_left_to_it(detail: str) -> None:
    code = "tf.keras.losses.long"

    assert _details(code, [(2, detail)]) == []
    assert _details(code, [(1, detail)]) == [code]
    assert _details(code, [(2, "workers=")]) == [code]


def test_a_cause_says_since_when_where_it_lives_and_where_to_read() -> None:
    (cause,) = gone_names.causes(SourceView("import tensorflow as tf\ntf.keras.losses.long"), NOW, ())

    assert (cause.name, cause.kind, cause.since, cause.until, cause.line) == ("name-gone", "raises", "2.16", None, 2)
    assert cause.text == "TensorFlow 2.15 is the last release with tf.keras.losses.long"
    assert cause.instead == "It lives at tf.keras.losses.MSE, which is the same on TensorFlow 2.15."
    assert cause.source.endswith("/v2.15.0/keras/api/golden/v2/tensorflow.keras.losses.pbtxt")


def test_code_without_a_framework_reads_no_atlas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "shipped", lambda: pytest.fail("it was read"))

    assert gone_names.causes(SourceView("import numpy as np\nnp.int"), NOW, ()) == []
