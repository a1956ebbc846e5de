"""A gate at a terminal or in continuous integration: what is asked, and where its decision is shown."""

from __future__ import annotations

import difflib
import inspect
import json
import os
import sys
import warnings
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Callable, Mapping

from pytest_kerasch2 import files, foreign, models
from pytest_kerasch2.accuracy import ask_gate, gate, picture, progress, sequential_test, summary, user_training
from pytest_kerasch2.accuracy.decision import Decision
from pytest_kerasch2.accuracy.reference import Reference
from pytest_kerasch2.accuracy.runs import Run
from pytest_kerasch2.accuracy.sequential_test import Yardstick
from pytest_kerasch2.accuracy.settings import Terms
from pytest_kerasch2.accuracy.user_training import Own
from pytest_kerasch2.data import preprocessing, sources
from pytest_kerasch2.errors import InvalidArgument, KerasCh2Error
from pytest_kerasch2.framework import api
from pytest_kerasch2.report import pictures

# By this variable the runner of a GitHub workflow names the file.
SUMMARY = "GITHUB_STEP_SUMMARY"


@dataclass(frozen=True)
class Question:
    """What is asked of a gate on the command line.

    Attributes:
        reference: a file of `kerasch2 calibrate`, or the name of a reference that is shipped.
        training: a function of a seed, as `module:function`, or None.
        results: another file of `kerasch2 calibrate`, or None. Without either the chapter's own network is asked about.
        mirror: folder with archives of data sets, or None.
        offline: never use the network.
        metric, margin, resolution, alarm, miss, most: see `Terms`.
        json: where the decision is written as data, or None.
        plot: where it is drawn, as PNG or SVG.
    """

    reference: str
    training: str | None = None
    results: Path | None = None
    mirror: Path | None = None
    offline: bool = False
    metric: str | None = None
    margin: float | None = None
    resolution: float | None = None
    alarm: float = 0.01
    miss: float = 0.01
    most: int = 10
    json: Path | None = None
    plot: list[Path] | None = None


def asked(question: Question, said: Callable[[Decision], None] = lambda decision: None) -> Decision:
    """Ask, and show the decision wherever it is to be seen.

    Args:
        question: what is asked.
        said: is called with the decision first of all.

    Raises:
        KerasCh2Error: whatever `asking.ask` raises, or a file that cannot be written, as far as that can be known
            before any training. One that cannot be written afterwards is said on standard error.
    """
    _check_outputs(question)
    known = gate.reference_of(question.reference)
    agreed = {one.name: getattr(question, one.name) for one in fields(Terms)}
    decision = ask_gate.ask(known, **_subject(question, known), **agreed, told=_told)
    said(decision)
    try:
        show(decision, known, Terms(**agreed), question)
    except KerasCh2Error as error:
        # What took hours to decide is no less decided.
        sys.stderr.write(f"An output of the gate is not written. {error}\n")
    return decision


def _check_outputs(question: Question) -> None:
    plots = question.plot or []
    for path in plots:
        pictures.refuse(path)
    places = plots if question.json is None else [question.json, *plots]
    if len({place.absolute() for place in places}) < len(places):
        found = ", ".join(map(str, places))
        raise InvalidArgument("Two outputs are to be written into one file", found, "name a file for each")
    given = {Path(one).absolute() for one in (question.reference, question.results) if one is not None}
    for place in places:
        if place.absolute() in given:
            raise InvalidArgument("An output would overwrite what is compared", str(place), "name another file")
        why = files.why_not(place)
        if why is not None:
            raise InvalidArgument("An output cannot be written", why, "name a file in a folder that exists")


def _subject(question: Question, known: Reference) -> dict[str, Any]:
    """Return what is asked about: a training, results, or else the chapter's network as the reference has it."""
    if question.training is not None or question.results is not None:
        train = None if question.training is None else user_training.function_of(Own(question.training))
        return {"train": train, "results": question.results}
    # Before the style is looked up: somebody's own training has none.
    gate.check_chapter_training(known)
    chapters = models.style(known.subject.recipe.plain["style"])

    def data_named(name: str) -> Any:
        return preprocessing.prepared(sources.load(name, mirror=question.mirror, offline=question.offline))

    return {"model": lambda: chapters.build(api.tensorflow()), "data_named": data_named}


def _told(run: Run, decision: Decision) -> None:
    at_end = progress.last_value(run, decision.metric.name)
    sys.stderr.write(
        f"seed {run.seed}: {foreign.terminal(at_end)}, after {run.seconds:.0f} s; {decision.verdict.value}\n"
    )


def show(
    decision: Decision,
    known: Reference,
    terms: Terms,
    question: Question,
    environ: Mapping[str, str] | None = None,
) -> None:
    """Write the decision as data, as pictures, and into the step summary of a GitHub workflow."""
    made = sequential_test.yardstick(known, terms)
    # First, because it cannot fail.
    append_summary(made, decision, question.reference, environ)
    if question.json is not None:
        files.write_text(json.dumps(decision.plain, indent=1) + "\n", question.json)
    for path in question.plot or []:
        picture.write(made, decision, path)


def summarised(reference: Any, named: str, environ: Mapping[str, str] | None = None, **how: Any) -> Decision:
    """Ask as `asking.ask` does, and show the decision in the step summary of a GitHub workflow, where this is one.

    Args:
        reference: as there.
        named: what asks.
        environ: variables instead of those of this process.
        how: the other arguments of `asking.ask`.

    Raises:
        KerasCh2Error: whatever `asking.ask` raises, or an argument that it does not have.
    """
    _check_arguments(how)
    known = gate.reference_of(reference)
    decision = ask_gate.ask(known, **how)
    terms = Terms(**{one.name: how[one.name] for one in fields(Terms) if one.name in how})
    append_summary(sequential_test.yardstick(known, terms), decision, named, environ)
    return decision


def _check_arguments(how: Mapping[str, Any]) -> None:
    known = [name for name in inspect.signature(ask_gate.ask).parameters if name not in ("reference", "data_named")]
    for name in how:
        if name not in (*known, "data_named"):
            near = difflib.get_close_matches(name, known, 1)
            remedy = f"write {near[0]}=" if near else f"it takes {', '.join(known)}"
            raise InvalidArgument("The accuracy gate has no such argument", repr(name), remedy)


def append_summary(made: Yardstick, decision: Decision, named: str, environ: Mapping[str, str] | None = None) -> None:
    """Append the decision to the step summary, where the runner names a file for it.

    A decision that took an hour is not lost because its summary cannot be written: that is warned of.
    """
    # Not held in a variable of a frame, which pytest would show whole where something fails.
    name = _summary_file() if environ is None else environ.get(SUMMARY, "")
    if not name:
        return
    written = summary.page(made, decision, named).encode("utf-8")
    try:
        # As one call, so that what several workers append stays in one piece each.
        with Path(name).open("ab", buffering=0) as stream:
            stream.write(written)
    except OSError as error:
        warnings.warn(f"The step summary cannot be written: {name}: {error.strerror or error}", stacklevel=2)


def _summary_file() -> str:
    return os.environ.get(SUMMARY, "")
