"""The command `kerasch2 gate`, and where the decision of a gate is shown in continuous integration."""

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
from pytest_kerasch2.accuracy import calibration, gate, plot, summary, user_training
from pytest_kerasch2.accuracy.decision import GateDecision
from pytest_kerasch2.accuracy.reference import Reference
from pytest_kerasch2.accuracy.reference_distribution import ReferenceDistribution, distribution_of
from pytest_kerasch2.accuracy.runs import TrainingRun
from pytest_kerasch2.accuracy.settings import GateSettings
from pytest_kerasch2.accuracy.user_training import UserTraining
from pytest_kerasch2.data import preprocessing, sources
from pytest_kerasch2.errors import InvalidArgument, KerasCh2Error
from pytest_kerasch2.framework import api
from pytest_kerasch2.report import pictures

# By this variable the runner of a GitHub workflow names the file.
SUMMARY = "GITHUB_STEP_SUMMARY"


@dataclass(frozen=True)
class GateRequest:
    """The arguments of `kerasch2 gate`.

    Attributes:
        reference: a file of `kerasch2 calibrate`, or the name of a reference that is shipped.
        training: a function of a seed, as `module:function`, or None.
        results: another file of `kerasch2 calibrate`, or None. Without either, the chapter's own network is trained.
        mirror: folder with archives of data sets, or None.
        offline: never use the network.
        metric, margin, alpha, beta, max_runs: see `GateSettings`.
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
    alpha: float = 0.01
    beta: float = 0.01
    max_runs: int = 10
    json: Path | None = None
    plot: list[Path] | None = None


def run_command(
    request: GateRequest, on_decision: Callable[[GateDecision], None] = lambda decision: None
) -> GateDecision:
    """Run the gate, and show the decision wherever it is to be seen.

    Args:
        request: the arguments of the command.
        on_decision: is called with the decision first of all.

    Raises:
        KerasCh2Error: whatever `gate.run_gate` raises, or a file that cannot be written, as far as that can be known
            before any training. One that cannot be written afterwards is reported on standard error.
    """
    _check_outputs(request)
    reference = gate.reference_of(request.reference)
    settings = {one.name: getattr(request, one.name) for one in fields(GateSettings)}
    decision = gate.run_gate(reference, **_trained(request, reference), **settings, on_run=_report_run)
    on_decision(decision)
    try:
        show(decision, reference, GateSettings(**settings), request)
    except KerasCh2Error as error:
        # What took hours to decide is no less decided.
        sys.stderr.write(f"An output of the gate is not written. {error}\n")
    return decision


def _check_outputs(request: GateRequest) -> None:
    plots = request.plot or []
    for path in plots:
        pictures.refuse(path)
    outputs = plots if request.json is None else [request.json, *plots]
    files.check_outputs(outputs, [Path(one) for one in (request.reference, request.results) if one is not None])


def _trained(request: GateRequest, reference: Reference) -> dict[str, Any]:
    """Return what the gate is run on: a training, results, or else the chapter's network as the reference has it."""
    if request.training is not None or request.results is not None:
        train = None if request.training is None else user_training.load_function(UserTraining(request.training))
        return {"train": train, "results": request.results}
    # Before the style is looked up: a user's training has none.
    gate.check_chapter_training(reference)
    style = models.style(reference.description.recipe.to_dict()["style"])

    def load_data(name: str) -> Any:
        return preprocessing.prepared(sources.load(name, mirror=request.mirror, offline=request.offline))

    return {"model": lambda: style.build(api.tensorflow()), "load_data": load_data}


def _report_run(run: TrainingRun, decision: GateDecision) -> None:
    end = calibration.last_value(run, decision.metric.name)
    sys.stderr.write(f"seed {run.seed}: {foreign.terminal(end)}, after {run.seconds:.0f} s; {decision.verdict.value}\n")


def show(
    decision: GateDecision,
    reference: Reference,
    settings: GateSettings,
    request: GateRequest,
    environ: Mapping[str, str] | None = None,
) -> None:
    """Write the decision as data, as pictures, and into the step summary of a GitHub workflow."""
    distribution = distribution_of(reference, settings)
    # First, because it cannot fail.
    append_summary(distribution, decision, request.reference, environ)
    if request.json is not None:
        files.write_text(json.dumps(decision.to_dict(), indent=1) + "\n", request.json)
    for path in request.plot or []:
        plot.write(distribution, decision, path)


def run_gate_with_summary(
    reference: Any, title: str, environ: Mapping[str, str] | None = None, **arguments: Any
) -> GateDecision:
    """Run `gate.run_gate`, and show the decision in the step summary of a GitHub workflow, where this is one.

    Args:
        reference: as there.
        title: heads the section of the summary.
        environ: variables instead of those of this process.
        arguments: the other arguments of `gate.run_gate`.

    Raises:
        KerasCh2Error: whatever `gate.run_gate` raises, or an argument that it does not have.
    """
    _check_arguments(arguments)
    reference = gate.reference_of(reference)
    decision = gate.run_gate(reference, **arguments)
    settings = {one.name: arguments[one.name] for one in fields(GateSettings) if one.name in arguments}
    append_summary(distribution_of(reference, GateSettings(**settings)), decision, title, environ)
    return decision


def _check_arguments(arguments: Mapping[str, Any]) -> None:
    names = [name for name in inspect.signature(gate.run_gate).parameters if name not in ("reference", "load_data")]
    for name in arguments:
        if name not in (*names, "load_data"):
            near = difflib.get_close_matches(name, names, 1)
            remedy = f"write {near[0]}=" if near else f"it takes {', '.join(names)}"
            raise InvalidArgument(f"The accuracy gate has no argument {name!r}", remedy=remedy)


def append_summary(
    distribution: ReferenceDistribution, decision: GateDecision, title: str, environ: Mapping[str, str] | None = None
) -> None:
    """Append the decision to the step summary, where the runner names a file for it.

    Failing to write it only warns; the decision is kept.
    """
    # Not held in a variable of a frame, which pytest would show whole where something fails.
    name = _summary_file() if environ is None else environ.get(SUMMARY, "")
    if not name:
        return
    content = summary.page(distribution, decision, title).encode("utf-8")
    try:
        # As one call, so that what several workers append stays in one piece each.
        with Path(name).open("ab", buffering=0) as stream:
            stream.write(content)
    except OSError as error:
        warnings.warn(f"The step summary cannot be written: {name}: {error.strerror or error}", stacklevel=2)


def _summary_file() -> str:
    return os.environ.get(SUMMARY, "")
