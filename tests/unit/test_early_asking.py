"""Asking another interpreter: what it may be, how it may end, and that nothing is left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_kerasch2.early import errands
from pytest_kerasch2.early.asking import PROGRAM, Interpreter, ask
from pytest_kerasch2.errors import FrameworkBroken, FrameworkMissing, InvalidArgument, KerasCh2Error
from tests.unit.early_recorded import interpreter, recorded, script

pytestmark = pytest.mark.skipif(os.name != "posix", reason="stand-ins for interpreters are scripts")
HERE = {"python": "3.7.16", "platform": "Linux-x86_64", "installed": ["keras", "numpy", "h5py", "cntk"]}
# Tells what is written for it, then does something.
TELLING = """#!{python}
import os, pathlib, signal, sys, time
told = pathlib.Path(sys.argv[-1], "told.jsonl")
if not told.with_name("home").joinpath("..", "..", "second").exists():
    told.write_text({first!r})
    told.parent.parent.joinpath("second").write_text("")
    {act}
told.write_text('{{"fact": "b", "value": 2}}\\n')
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "asked").mkdir()
    return tmp_path


def _interpreter(python: Path, place: Path, deadline: float = 30.0) -> Interpreter:
    return Interpreter(python, place / "asked", deadline=deadline)


def _ending(place: Path, act: str, first: str = '{"fact": "x", "value": 1}\n{"begun": "a"}\n', **more: Any) -> Any:
    """Ask for three facts an interpreter that does something while it is at the second, and only the first time."""
    python = script(place, TELLING.format(python=sys.executable, first=first, act=act))
    return ask(_interpreter(python, place, **more), ["x", "a", "b"])


# -- the real probe, in this interpreter


def test_the_probe_runs_and_tells_what_the_interpreter_is(place: Path) -> None:
    told = ask(_interpreter(Path(sys.executable), place), ["about.interpreter"])

    assert told["about.interpreter"]["value"]["python"].startswith("3.")


def test_an_error_over_there_is_told_in_one_line(place: Path) -> None:
    (told,) = ask(_interpreter(Path(sys.executable), place), ["about.nothing"]).values()

    assert told == {"error": "AttributeError: module 'probe.about' has no attribute 'nothing'"}


def test_the_home_is_private_and_nothing_is_left(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(place / "home"))
    act = "import json; told.write_text(json.dumps({'fact': 'x', 'value': dict(os.environ)})); sys.exit()"

    told = _ending(place, act)

    variables = told["x"]["value"]
    assert variables["HOME"] != str(place / "home")
    assert sorted(each.name for each in (place / "asked").iterdir()) == ["second"]


# -- how it may end


@pytest.mark.parametrize(
    ("act", "death"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "signal SIGSEGV"),
        (
            "sys.stderr.write('cannot go on'); sys.stderr.flush(); os._exit(3)",
            "exit status 3; it last wrote: cannot go on",
        ),
        ("os._exit(0)", "exit status 0"),
    ],
)
def test_a_death_is_the_evidence_of_the_fact_in_work_and_of_no_other(place: Path, act: str, death: str) -> None:
    told = _ending(place, act)

    assert told == {"x": {"value": 1}, "a": {"death": death}, "b": {"value": 2}}


def test_a_hang_is_ended_at_the_deadline(place: Path) -> None:
    # Time enough for the stand-in to start on a busy machine.
    told = _ending(place, "time.sleep(600)", deadline=5.0)

    assert told["a"] == {"death": "deadline of 5 s"}
    assert told["b"] == {"value": 2}


def test_what_is_no_json_counts_as_not_told(place: Path) -> None:
    told = _ending(place, "os._exit(0)", first='{"fact": "x", "value": 1}\nnonsense\n{"fact": "a", "value": 1}\n')

    assert told == {"x": {"value": 1}, "a": {"death": "exit status 0"}, "b": {"value": 2}}


# -- refusals


def _refusal(python: Path, place: Path, kind: type[KerasCh2Error], engine: str = "") -> str:
    with pytest.raises(kind) as caught:
        errands.introduced(_interpreter(python, place), engine)
    return str(caught.value)


def test_a_path_to_nothing_is_refused(place: Path) -> None:
    text = _refusal(place / "python9", place, InvalidArgument)

    assert "names nothing that can be run" in text
    assert "python9: No such file or directory" in text
    assert "To do: name the python of an environment with Keras on CNTK." in text


def test_a_program_that_is_no_interpreter_is_refused(place: Path) -> None:
    text = _refusal(script(place, "#!/bin/sh\necho what >&2\nexit 4\n"), place, InvalidArgument)

    assert "no Python interpreter that this works with" in text
    assert "exit status 4; it last wrote: what" in text


def _told_of(place: Path, installed: list[str], imported: dict[str, Any]) -> Path:
    about = {"value": {**HERE, "installed": installed}}
    return interpreter(place, {"about.interpreter": about, "about.keras": imported})


def test_an_interpreter_without_keras_is_refused(place: Path) -> None:
    text = _refusal(_told_of(place, ["numpy"], {}), place, FrameworkMissing)

    assert "The interpreter has no Keras" in text


def test_an_interpreter_without_an_engine_is_refused(place: Path) -> None:
    text = _refusal(_told_of(place, ["keras", "numpy"], {}), place, FrameworkMissing)

    assert "no package cntk" in text


@pytest.mark.parametrize("engine", ["", "theano"])
def test_theano_is_verified_in_its_own_interpreter(place: Path, engine: str) -> None:
    text = _refusal(_told_of(place, ["keras", "theano"], {}), place, InvalidArgument, engine=engine)

    assert "run plain --chapter there" in text


def test_another_engine_is_refused(place: Path) -> None:
    text = _refusal(_told_of(place, ["keras", "cntk"], {}), place, InvalidArgument, engine="tensorflow")

    assert "KERAS_BACKEND=tensorflow" in text


def test_a_keras_that_cannot_be_imported_is_refused_with_its_error(place: Path) -> None:
    broken = {"error": "ImportError: libmpi_cxx.so.1: cannot open shared object file"}

    text = _refusal(_told_of(place, ["keras", "cntk"], broken), place, FrameworkBroken)

    assert "Keras cannot be imported on cntk" in text
    assert "libmpi_cxx.so.1" in text
    assert "LD_LIBRARY_PATH" in text


def test_the_engine_is_the_one_that_is_installed(place: Path) -> None:
    python = interpreter(place, recorded("cntk"))

    who, ready = errands.introduced(_interpreter(python, place))

    assert who.release.name == "-/2.2.4/cntk"
    assert ready.variables["KERAS_BACKEND"] == "cntk"


def test_a_keras_that_takes_no_other_engine_is_refused(place: Path) -> None:
    # Keras 2.4 and later say so, whatever KERAS_BACKEND asks for
    imported = {"value": {"keras": "2.15.0", "backend": "tensorflow", "numpy": "1.26.4"}}

    text = _refusal(_told_of(place, ["keras", "cntk"], imported), place, InvalidArgument)

    assert "runs on tensorflow, and cntk was asked for" in text


def test_a_python_for_which_the_probe_is_not_written_is_refused(place: Path) -> None:
    python = interpreter(place, {"about.interpreter": {"value": {**HERE, "python": "3.5.10"}}})

    text = _refusal(python, place, InvalidArgument)

    assert "CPython 3.5.10" in text


def test_a_fault_that_cannot_be_planted_is_told_of_every_fact(place: Path) -> None:
    told = ask(_interpreter(Path(sys.executable), place), ["about.interpreter"], injected=["no_such_fault"])

    assert list(told["about.interpreter"]) == ["not_injected"]


def test_the_program_ends_with_the_one_who_asked(place: Path) -> None:
    """The other end of its input closes when a process dies, however it dies."""
    wait = "import probe.__main__ as m, time; m.threading.Thread(target=m.end_with_parent).start(); time.sleep(60)"

    child = subprocess.Popen(
        [sys.executable, "-c", wait], stdin=subprocess.PIPE, cwd=str(PROGRAM.parent), start_new_session=True
    )
    assert child.stdin is not None
    child.stdin.close()

    assert child.wait(timeout=20) != 0
