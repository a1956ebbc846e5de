"""Running what a reader writes instead, in an empty folder and with the state of Keras put back."""

from __future__ import annotations

import contextlib
import functools
import io
import linecache
from dataclasses import replace
from typing import Any, ContextManager

from pytest_kerasch2 import folders
from pytest_kerasch2.chapter.blocks_running import inside
from pytest_kerasch2.claims.model import Record, Replacement, Tried, Verdict
from pytest_kerasch2.claims.witness import Witness, described
from pytest_kerasch2.errors import ClaimBroken, NotApplicable
from pytest_kerasch2.framework import api, quiet, state

NAME = "<what to write instead>"


def with_replacement(record: Record) -> Record:
    """Give the record of a check together with what came of its replacement, where it has one and needs it."""
    known = record.deviation
    if record.verdict is not Verdict.BROKEN or known is None or known.instead is None:
        return record
    return replace(record, tried=tried(known.instead))


@functools.lru_cache(maxsize=None)
def tried(instead: Replacement) -> Tried | None:
    """Run a replacement and look at what it did; None where it speaks of what is not here.

    Each is run once in a process, however many checks name it.
    """
    witness = Witness()
    with contextlib.ExitStack() as around:
        folder = around.enter_context(folders.temporary("instead"))
        for layer in (inside(folder), state.isolated(), quiet.silence(), _unprinted()):
            around.enter_context(layer)
        try:
            _run(instead, witness)
        except NotApplicable:
            return None
        # Whatever a reader's lines raise is what a reader would see, and is told.
        except Exception as error:
            if not isinstance(error, ClaimBroken) or not witness.evidence:
                witness.saw(described(error))
            return Tried(instead.write, worked=False, evidence=witness.evidence)
    return Tried(instead.write, worked=True, evidence=witness.evidence)


def _unprinted() -> ContextManager[Any]:
    return contextlib.redirect_stdout(io.StringIO())


def _run(instead: Replacement, witness: Witness) -> None:
    names = instead.given(api.tensorflow())
    # Under a name by which AutoGraph, which reads the source of a function again, can find it.
    linecache.cache[NAME] = (len(instead.write), None, instead.write.splitlines(keepends=True), NAME)
    exec(compile(instead.write, NAME, "exec"), names)
    instead.proof(names, witness)
    if not witness.evidence:
        raise ClaimBroken("The proof of a replacement looked at nothing")
