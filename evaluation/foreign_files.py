"""Files that the package reads, as a sound one of each kind, and everything that is shown of such a file.

Both campaigns of hostile input begin here: `hostile_texts` changes texts, and `damaged_files` bytes and values.
"""

from __future__ import annotations

import contextlib
import copy
import io
import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Iterator, Mapping

from pytest_kerasch2 import cli

ROOT = Path(__file__).parent.parent
# What is shown: the language, and the text.
Shown = Iterator["tuple[str, str]"]


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        make: gives the values of a sound file: one, or for `lines` one for each line.
        read: reads a file; raises an error of the family.
        show: gives everything that is shown of a file, given a folder to write to.
        name: what such a file is called.
        lines: whether each line is a JSON text.
    """

    make: Callable[[], Any]
    read: Callable[[Path], Any]
    show: Callable[[Path, Path], Shown]
    name: str
    lines: bool = False

    def text(self, values: Any) -> str:
        """Return the text of a file with these values."""
        if self.lines:
            return "".join(f"{json.dumps(one)}\n" for one in values)
        return json.dumps(values, indent=1)


def run(*words: str | Path) -> tuple[int, str]:
    """Run a command in this process; return its status, and what it printed on both streams.

    Raises:
        AssertionError: it ended by an error that is not of the family, which the command tells by 70.
    """
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            status = cli.main([str(word) for word in words])
        except SystemExit as ended:
            # As argparse refuses a word.
            status = int(str(ended.code))
    assert status != cli.CRASHED, printed.getvalue()
    return status, printed.getvalue()


# -- results of a run


def results() -> dict[str, Any]:
    """Return the results of a run with a claim of each verdict."""
    environment = {
        "plugin": "0.1.0",
        "tensorflow": "2.15.1",
        "keras": "2.15.0",
        "backend": "tensorflow",
        "python": "3.11.7",
        "numpy": "1.26.4",
        "platform": "Linux-x86_64",
        "devices": ["cpu:0"],
        "datasets": {"mnist": {"source": "mirror", "sha256": "0" * 64}},
    }
    fields = {"cause": "the optimizer moved", "since": "2.0", "until": None, "source": "https://example.org/source"}
    instead = [{"write": "tf.keras.optimizers.Adam()", "worked": True, "evidence": ["it ran"]}]
    broken_too = [{"write": "tf.keras.Adam()", "worked": False, "evidence": ["no such name"]}]
    claims = [
        _claim("blocks.first", "held", "The first block runs.", "four layers"),
        _claim("blocks.second", "broken", "The second block runs.", "no Adam", known_issue=fields, workarounds=instead),
        _claim("saving.third", "broken", "The third block runs.", "no flip", expected="held", section="Saving"),
        _claim("saving.fourth", "broken", "The fourth runs.", "fails too", known_issue=fields, workarounds=broken_too),
        _claim("backend.fifth", "not_applicable", "The fifth holds.", "without TensorFlow"),
        _claim("backend.sixth", "inconclusive", "The sixth holds.", "no data", remedy="name a mirror"),
    ]
    return {"schema": 1, "complete": True, "environment": environment, "claims": claims}


def _claim(name: str, verdict: str, statement: str, seen: str, **more: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "id": name,
        "section": "Features",
        "statement": statement,
        "kind": "code",
        "verdict": verdict,
        "expected": verdict,
        "evidence": [seen],
        "known_issue": None,
        "workarounds": [],
        "remedy": "",
        "checks": 1,
        "seconds": 0.5,
    }
    return {**usual, **more}


def _read_results(path: Path) -> Any:
    from pytest_kerasch2.claims import results

    return results.read(path)


def _show_results(path: Path, folder: Path) -> Shown:
    from pytest_kerasch2.claims import results
    from pytest_kerasch2.report import github, markdown, rendering

    record = results.read(path)
    yield "terminal", rendering.table(record, width=80, colour=False)
    yield "markdown", markdown.page(record)
    yield "commands", "\n".join(github.commands(record))
    words = ("--allow-incomplete", "--json", folder / "merged.json")
    status, printed = run("table", path, *words)
    yield "terminal", printed
    if status == 0:
        yield from _show_table(folder / "merged.json", folder)


# -- a compatibility table


def table() -> dict[str, Any]:
    """Return a compatibility table of two releases, the later of which has a verdict that is not as recorded."""
    older, newer = (results()["environment"] for _ in range(2))
    newer.update(tensorflow="2.16.2", keras="3.5.0")
    columns = [
        _column(older, "2.15/2.15.0/tensorflow", "tf2.15", "TensorFlow 2.15", None),
        _column(newer, "2.16/3.5.0/tensorflow", "tf2.16", "TensorFlow 2.16", "2.15/2.15.0/tensorflow"),
        {
            "name": "",
            "environment": "cntk",
            "series": "tensorflow",
            "before": None,
            "label": "Keras 2.2 on CNTK",
            "absent": "no interpreter",
        },
    ]
    rows = []
    for claim in results()["claims"]:
        seen = {one: claim[one] for one in ("verdict", "expected", "evidence", "known_issue", "workarounds", "remedy")}
        held = {**seen, "verdict": "held", "expected": "held", "evidence": ["held before"], "known_issue": None}
        outcomes = [
            {**held, "workarounds": [], "remedy": "", "releases": ["2.15/2.15.0/tensorflow"]},
            {**seen, "releases": ["2.16/3.5.0/tensorflow"]},
        ]
        rows.append({one: claim[one] for one in ("id", "section", "statement", "kind")} | {"outcomes": outcomes})
    return {"schema": 1, "plugin": "0.1.0", "releases": columns, "claims": rows}


def _column(facts: Mapping[str, Any], name: str, environment: str, label: str, before: str | None) -> dict[str, Any]:
    by_name = {one: facts[one] for one in ("tensorflow", "keras", "backend", "python", "numpy", "platform")}
    counts = {"held": 6, "broken": 0, "not_applicable": 0, "inconclusive": 0}
    if before:
        counts = {"held": 1, "broken": 3, "not_applicable": 1, "inconclusive": 1}
    about = {"name": name, "environment": environment, "series": "tensorflow", "before": before, "label": label}
    return {**about, "complete": before is None, "trained": False, **by_name, "counts": counts}


def _read_table(path: Path) -> Any:
    from pytest_kerasch2.report import compatibility_table

    return compatibility_table.read(path)


def _show_table(path: Path, folder: Path) -> Shown:
    written = {name: folder / f"table-{name}" for name in ("markdown", "html", "changes")}
    given = [word for name, place in written.items() for word in (f"--{name}", place)]
    status, printed = run("table", "--table", path, *given, "--check", path)
    yield "terminal", printed
    if status != 2:
        for name, place in written.items():
            yield "html" if name == "html" else "markdown", place.read_text(encoding="utf-8")


# -- a comparison


def comparison() -> dict[str, Any]:
    """Return a comparison of two benchmarks, decided after eleven starts."""
    from pytest_kerasch2.timing.compare_result import RULE

    drawn = random.Random(0)
    sides = [
        {"name": name, "revision": revision, "slowdown": 0.0, "environment": {"keras": "3.15.1"}}
        for name, revision in (("v1.2", "abcdef"), ("HEAD", "fedcba"))
    ]
    starts = [
        {"start": start, "benchmark": name, "load": 0.5, "order": [[0, 1, 2]], "blocks": [_turn(drawn) for _ in "123"]}
        for start in range(12)
        for name in ("fit", "predict")
    ]
    return {
        "schema": 4,
        "complete": True,
        "settings": {"alpha": 0.01, "margin": 0.04, "max_starts": 30},
        "rule": dict(RULE),
        "options": {"suite": "steps:benchmarks", "device": "cpu", "seed": 0},
        "sides": sides,
        "benchmarks": ["fit", "predict"],
        "starts": starts,
        "work_checks": {"fit": [{"why_not": "the model has a step of its own"}, None]},
    }


def _turn(drawn: random.Random) -> dict[str, Any]:
    seconds = [0.01 * (1 + 0.001 * drawn.gauss(0, 1)) for _ in range(4)]
    return {"steps": 3, "seconds": seconds, "unsynchronised": [0.0] * 4}


def _read_comparison(path: Path) -> Any:
    from pytest_kerasch2.timing import compare_result as comparisons

    return comparisons.read_comparison(path)


def _show_comparison(path: Path, folder: Path) -> Shown:
    summary = folder / "summary.md"
    status, printed = run("compare", "--from-json", path, "--summary", summary)
    yield "terminal", printed
    if status != 2:
        yield "markdown", summary.read_text(encoding="utf-8")


# -- times of steps


def steps() -> dict[str, Any]:
    """Return the times of steps of a processor and of a GPU, three batch sizes each, and some of styles in turns."""
    plain = json.loads((ROOT / "evaluation" / "data" / "steps-1-tensorflow.json").read_text(encoding="utf-8"))
    named = [one for one in plain["benchmarks"] if "test_batch" in one["fullname"]]
    turns = [one for one in plain["benchmarks"] if "test_style" in one["fullname"]][:2]
    apart = [one for one in plain["benchmarks"] if "test_parts" in one["fullname"]]
    gpus = copy.deepcopy(named)
    for one in gpus:
        one["fullname"] = one["fullname"].replace("cpu", "gpu")
        one["extra_info"]["kerasch2"].update(device="gpu:0", hardware="Some GPU")
        for block in one["extra_info"]["kerasch2"]["blocks"]:
            block["seconds"] *= 0.3
    return {**plain, "benchmarks": [*named, *gpus, *turns, *apart]}


def _read_steps(path: Path) -> Any:
    from pytest_kerasch2.timing import results_file

    return results_file.read_run(path)


def _show_steps(path: Path, folder: Path) -> Shown:
    from pytest_kerasch2.timing import benchmark_summary, results_file

    plot = folder / "steps.svg"
    status, printed = run("scaling", path, "--plot", plot)
    yield "terminal", printed
    if status == 0:
        yield "svg", plot.read_text(encoding="utf-8")
        rows = results_file.read_run(path).rows
        yield "terminal", benchmark_summary.table_text(rows, benchmark_summary.WIDE_TERMINAL, colour=False)
        yield "terminal", "\n".join(map(_at_a_terminal, benchmark_summary.interleaved_lines(rows)))


def _at_a_terminal(line: str) -> str:
    from pytest_kerasch2 import foreign

    # As `benchmark_run` writes it.
    return foreign.terminal(line)


# -- a reference, of which another one is asked


def reference() -> list[dict[str, Any]]:
    """Return the lines of a reference of somebody's own training: a loss and an accuracy over four epochs."""
    drawn = random.Random(0)
    environment = {
        "plugin": "0.1.0",
        "tensorflow": "2.21.0",
        "keras": "3.15.1",
        "backend": "tensorflow",
        "python": "3.11.7",
        "numpy": "2.4.6",
        "platform": "Linux-x86_64",
        "device": "cpu:0",
        "threads": 1,
    }
    first = {
        "schema": 1,
        "recipe": {"training": "training:train", "epochs": None},
        "data": {"name": "training.py", "sha256": "0" * 64},
        "environment": environment,
    }
    return [first, *({"seed": seed, "curves": _curves(drawn), "seconds": 1.5} for seed in range(24))]


def _curves(drawn: random.Random) -> dict[str, list[float]]:
    off = drawn.gauss(0, 0.02)
    losses = [round(1.0 / epoch + off + drawn.gauss(0, 0.01), 5) for epoch in range(2, 6)]
    return {"val_gain": [round(0.9 - one / 4, 5) for one in losses], "val_loss": losses}


def _read_reference(path: Path) -> Any:
    from pytest_kerasch2.accuracy import reference as references

    return references.read(path)


def _show_reference(path: Path, folder: Path) -> Shown:
    from pytest_kerasch2.accuracy import command, gate, summary
    from pytest_kerasch2.accuracy.reference_distribution import distribution_of
    from pytest_kerasch2.accuracy.settings import GateSettings

    metric = _metric(path)
    results = folder / "results.jsonl"
    first, *lines = path.read_text(encoding="utf-8").splitlines()
    with contextlib.suppress(ValueError):
        # Twelve trainings with seeds of their own, so that they are not those of the reference.
        fresh = [{**one, "seed": one["seed"] + 1000} for one in map(json.loads, lines[:12])]
        for one in fresh:
            one["curves"] = {name: [value * 1.003 for value in values] for name, values in one["curves"].items()}
        results.write_text("".join(f"{line}\n" for line in [first, *map(json.dumps, fresh)]), encoding="utf-8")
    if not results.exists():
        results = path
    plot = folder / "gate.svg"
    status, printed = run("gate", path, "--results", results, f"--metric={metric}", "--plot", plot)
    yield "terminal", printed
    if status != 2:
        yield "svg", plot.read_text(encoding="utf-8")
        question = command.GateRequest(str(path), results=results, metric=metric)
        decision = command.run_command(question)
        distribution = distribution_of(gate.reference_of(str(path)), GateSettings(metric=metric))
        yield "markdown", summary.page(distribution, decision, path.name)


def _metric(path: Path) -> str:
    with contextlib.suppress(ValueError, KeyError, IndexError, TypeError, AttributeError):
        plain = json.loads(path.read_text(encoding="utf-8").splitlines()[1])
        return f"{next(iter(plain['curves']))}:higher"
    return "val_gain:higher"


KINDS: Mapping[str, Kind] = {
    "results": Kind(results, _read_results, _show_results, "tf2.15.json"),
    "table": Kind(table, _read_table, _show_table, "table.json"),
    "comparison": Kind(comparison, _read_comparison, _show_comparison, "times.json"),
    "steps": Kind(steps, _read_steps, _show_steps, "steps.json"),
    "reference": Kind(reference, _read_reference, _show_reference, "reference.jsonl", lines=True),
}
