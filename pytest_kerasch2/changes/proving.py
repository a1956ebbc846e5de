"""Prove rewrites: what is written before and after is executed on releases, and both leave the same result.

`execute` runs in the interpreter of a release and needs its standard library alone.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import sys
import tempfile
import traceback
from typing import TYPE_CHECKING, Any, Mapping

if TYPE_CHECKING:
    from pytest_kerasch2.changes.known_change import KnownChange

_MARK = "# the lines that are rewritten\n"
# Where a module lies on this machine, as an error of an import says it.
_PLACE = re.compile(r' \((?:/|[A-Za-z]:[\\/])[^()]*\)|(?<=File )"[^"]*"')
# Releases add numbers up in different orders.
TOLERANCE = 2e-6


def execute(snippets: Mapping[str, str]) -> dict[str, Any]:
    """Execute snippets, each by itself in an empty folder; return what each left as `result`, or why it failed."""
    outcomes: dict[str, Any] = {}
    here = os.getcwd()  # noqa: PTH109 - as it is given back
    for name, code in snippets.items():
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            os.chdir(folder)
            try:
                namespace: dict[str, Any] = {"__name__": "__main__"}
                exec(compile(code, name, "exec"), namespace)
                outcomes[name] = {"result": json.loads(json.dumps(namespace["result"]))}
            except Exception as error:
                last = traceback.format_exception_only(type(error), error)[-1].strip()
                outcomes[name] = {"error": _PLACE.sub("", last)[:300]}
            finally:
                os.chdir(here)
                _put_policy_back()
    return outcomes


def _put_policy_back() -> None:
    """Let the next snippet have numbers of 32 bits, whatever one that failed has left."""
    tensorflow: Any = sys.modules.get("tensorflow")
    with contextlib.suppress(Exception):
        place = tensorflow.keras.mixed_precision
        (getattr(place, "set_global_policy", None) or place.experimental.set_policy)("float32")


def rewritten(change: KnownChange) -> str:
    """Return what the rewrite of a change makes of the code of its proof.

    Raises:
        ValueError: it has no proof, or its rewrite does nothing.
    """
    from pytest_kerasch2.changes import catalogue_of_changes
    from pytest_kerasch2.changes.source_view import SourceView

    if change.proof is None or change.find is None:
        raise ValueError(f"{change.name} has no proof")
    view = SourceView(f"{change.proof.given}{_MARK}{change.proof.before}\n")
    others = [one for one in catalogue_of_changes.ALL if one.name in change.proof.also]
    finders = [one.find for one in (*others, change) if one.find is not None]
    edits = [edit for find in finders for one in find(view) for edit in one.edits]
    given, _, after = view.with_edits(edits).partition(_MARK)
    if given != change.proof.given or after == f"{change.proof.before}\n":
        raise ValueError(f"the rewrite of {change.name} changes nothing, or not what it should")
    return after.rstrip("\n")


def snippets_of(change: KnownChange) -> dict[str, str]:
    """Return the code of a proof as it was, and as it is rewritten."""
    proof = change.proof
    assert proof is not None
    codes = {"before": proof.before, "after": rewritten(change)}
    return {f"{change.name}/{name}": f"{proof.given}{code}\n{proof.observe}\n" for name, code in codes.items()}


def equal(first: Any, second: Any) -> bool:
    """Whether two results are the same, numbers within rounding."""
    if isinstance(first, (list, tuple)) and isinstance(second, (list, tuple)):
        return len(first) == len(second) and all(map(equal, first, second))
    if isinstance(first, float) or isinstance(second, float):
        try:
            return bool(abs(first - second) <= TOLERANCE * max(1.0, abs(first), abs(second)))
        except TypeError:
            return False
    return bool(first == second)
