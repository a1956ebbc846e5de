"""Running the lines of a workaround, in an empty folder and with the state of Keras put back."""

from __future__ import annotations

import contextlib
import functools
import importlib
import io
import linecache
from dataclasses import replace
from typing import Any, ContextManager, Sequence

from pytest_kerasch2 import folders
from pytest_kerasch2.checks.folder import inside
from pytest_kerasch2.claims.model import Record, Verdict, Workaround, WorkaroundRun
from pytest_kerasch2.claims.recorder import Recorder, described
from pytest_kerasch2.errors import ChildDied, ClaimBroken, NotApplicable
from pytest_kerasch2.framework import api, import_environment, state
from pytest_kerasch2.subprocesses import runner
from pytest_kerasch2.subprocesses.job import Job, value_of

NAME = "<workaround>"
# An import of the framework and a short training, on a machine that may be busy.
_DEADLINE = 240.0


def with_workaround(record: Record) -> Record:
    """Return the record of a check together with what came of its workaround, where it has one and needs it."""
    issue = record.known_issue
    if record.verdict is not Verdict.BROKEN or issue is None or issue.workaround is None:
        return record
    return replace(record, tried=tried(issue.workaround))


@functools.lru_cache(maxsize=None)
def tried(workaround: Workaround) -> WorkaroundRun | None:
    """Run a workaround and look at what it did; None where it speaks of what is not here.

    Each is run once in a process, however many checks name it.
    """
    return _run_here(workaround) if workaround.address is None else _run_in_child(workaround)


def _run_in_child(workaround: Workaround) -> WorkaroundRun | None:
    job = Job(f"{__name__}:tried_at", (workaround.address,), deadline=_DEADLINE)
    try:
        worked = value_of(runner.run(job))
    except ChildDied as error:
        return WorkaroundRun(workaround.write, worked=False, evidence=(described(error),))
    return None if worked is None else WorkaroundRun(workaround.write, worked[0], tuple(worked[1]))


def tried_at(address: str) -> tuple[bool, Sequence[str]] | None:
    """Run the workaround of a module, in whatever process this is; return whether it worked, and its evidence."""
    module, _, name = address.partition(":")
    run = _run_here(getattr(importlib.import_module(module), name))
    return None if run is None else (run.worked, run.evidence)


def _run_here(workaround: Workaround) -> WorkaroundRun | None:
    recorder = Recorder()
    with contextlib.ExitStack() as around:
        folder = around.enter_context(folders.temporary("workarounds"))
        for layer in (inside(folder), state.isolated(), import_environment.silence(), _unprinted()):
            around.enter_context(layer)
        try:
            _run(workaround, recorder)
        except NotApplicable:
            return None
        # Whatever a reader's lines raise is what a reader would see, and is told.
        except Exception as error:
            if not isinstance(error, ClaimBroken) or not recorder.evidence:
                recorder.saw(described(error))
            return WorkaroundRun(workaround.write, worked=False, evidence=recorder.evidence)
    return WorkaroundRun(workaround.write, worked=True, evidence=recorder.evidence)


def _unprinted() -> ContextManager[Any]:
    return contextlib.redirect_stdout(io.StringIO())


def _run(workaround: Workaround, recorder: Recorder) -> None:
    names = workaround.given(api.tensorflow())
    # Under a name by which AutoGraph, which reads the source of a function again, can find it.
    linecache.cache[NAME] = (len(workaround.write), None, workaround.write.splitlines(keepends=True), NAME)
    exec(compile(workaround.write, NAME, "exec"), names)
    workaround.proof(names, recorder)
    if not recorder.evidence:
        raise ClaimBroken("The proof of a workaround looked at nothing")
