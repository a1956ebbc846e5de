"""What a reader writes to choose the engine, and to see which one it is."""

from __future__ import annotations

import contextlib
import io
from typing import Any, Callable

from pytest_kerasch2.chapter.workarounds import Names, Proof, lines
from pytest_kerasch2.claims.model import Workaround
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.errors import NotApplicable
from pytest_kerasch2.framework import api
from pytest_kerasch2.subprocesses import runner
from pytest_kerasch2.subprocesses.job import Job, value_of


def printed(text: str) -> list[str]:
    """Return the lines that some lines of Python print; for a fresh interpreter, in which Keras is not imported yet."""
    printed_text = io.StringIO()
    with contextlib.redirect_stdout(printed_text):
        exec(text, {})
    return printed_text.getvalue().splitlines()


def _here(engine: str) -> Callable[[Any], Names]:
    """Return what gives no names, and refuses where this engine is not the one in use: others may not be installed."""

    def given(tf: Any) -> Names:
        if api.release().backend != engine:
            raise NotApplicable("These lines choose another engine", engine, "")
        return {}

    return given


def _prints(engine: str, text: str) -> Proof:
    def proof(names: Names, record: Recorder) -> None:
        # Here Keras was imported before the lines ran, so they show their effect in a process of their own.
        record.equal("the variable that they set", expected=engine, actual=names["os"].environ["KERAS_BACKEND"])
        job = Job(f"{__name__}:printed", (text,), environment={"KERAS_BACKEND": None}, deadline=240.0)
        shown = record.runs("the lines, in a fresh interpreter", lambda: value_of(runner.run(job)))
        record.equal("last line printed there", expected=engine, actual=shown[-1])

    return proof


def _chosen(engine: str, others: str) -> Workaround:
    text = lines(f"""
        import os
        os.environ["KERAS_BACKEND"] = "{engine}"  # before keras is imported; or {others}
        import keras
        print(keras.backend.backend())
    """)
    return Workaround(text, _here(engine), _prints(engine, text))


# The file keras.json, or this variable, says the engine before Keras is imported; afterwards nothing changes it.
CHOOSE = _chosen("tensorflow", '"jax", "torch"')
CHOOSE_THEANO = _chosen("theano", '"tensorflow", "cntk"')


def _names_tensorflow(names: Names, record: Recorder) -> None:
    record.equal("the engine", expected="tensorflow", actual=names["engine"])


# Of Keras 2 inside TensorFlow there is but one, which can be asked for.
ASK = Workaround(
    lines("""
        from tensorflow.keras import backend
        engine = backend.backend()
    """),
    _here("tensorflow"),
    _names_tensorflow,
)
