"""Results files of several releases merged into one compatibility table."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterable, Mapping, Sequence

from pytest_kerasch2.claims import results
from pytest_kerasch2.claims.release import ABSENT, Release, numbers
from pytest_kerasch2.errors import BadTable
from pytest_kerasch2.report.chapter_summary import by_section, counts
from pytest_kerasch2.report.compatibility_table import SCHEMA, Table
from pytest_kerasch2.report.releases_file import Listed

NOT_GIVEN = "no results file was given"
# What an outcome says beside its releases; results files that agree in all of it share one outcome.
SEEN = ("verdict", "expected", "evidence", "known_issue", "workarounds", "remedy")
STATED = ("section", "statement", "kind")
# The evidence of figures that another release trained for: `chapter.printed_numbers` writes it so.
_TRAINED_BY = re.compile(r"curves: \d+, trained by ((?:TensorFlow|Keras) [^;]+); .* equal to theirs bit for bit")


@dataclass(frozen=True)
class ColumnResults:
    """One results, and the file that it was read from."""

    path: Path
    results: Mapping[str, Any]

    @property
    def environment(self) -> str:
        """Return the tox environment that made it."""
        return self.path.stem

    @property
    def release(self) -> Release:
        """Return what it was run on."""
        facts = self.results["environment"]
        return Release(facts["tensorflow"], facts["keras"], facts["backend"])


def merge(paths: Sequence[Path], listed: Sequence[Listed] = (), allow_incomplete: bool = False) -> Table:
    """Return the compatibility table of these results files.

    Args:
        paths: the results files.
        listed: the columns that the table is to have, in order; without any, the results files are ordered by version.
        allow_incomplete: take the results files of interrupted runs too, marked so.

    Raises:
        BadResults: a file is missing, is no JSON, or is of another schema.
        BadTable: the results files cannot stand in one table; the message names the files.
    """
    if not paths:
        raise BadTable("There are no results files to merge", "", "name files that pytest --chapter-results=FILE wrote")
    runs = runs_of(paths)
    _check_alike(runs)
    _check_single(runs)
    for run in runs:
        _check_whole(run, allow_incomplete)
    columns = _columns(runs, listed)
    ordered = [run for _, run in columns if run is not None]
    return {
        "schema": SCHEMA,
        "plugin": runs[0].results["environment"]["plugin"],
        "releases": _headings(columns, [path.parent for path in paths]),
        "claims": _rows(ordered),
    }


def runs_of(paths: Sequence[Path]) -> list[ColumnResults]:
    """Return the results files of these files, none of which decides a claim twice.

    Raises:
        BadResults: a file is missing, is no JSON, or is of another schema.
        BadTable: a results file decides a claim twice.
    """
    runs = [ColumnResults(path, results.read(path)) for path in paths]
    for run in runs:
        ids = [entry["id"] for entry in run.results["claims"]]
        if len(set(ids)) < len(ids):
            twice = Counter(ids).most_common(1)[0][0]
            raise BadTable("A results file decides a claim twice", f"{run.path}: {twice}", "write it anew")
    return runs


def _check_alike(runs: Sequence[ColumnResults]) -> None:
    first: dict[str, Path] = {}
    for run in runs:
        first.setdefault(run.results["environment"]["plugin"], run.path)
    if len(first) > 1:
        detail = "; ".join(f"{version} in {path}" for version, path in first.items())
        raise BadTable(
            "The results files are of different plugin versions", detail, "run all releases with one version"
        )


def _check_single(runs: Sequence[ColumnResults]) -> None:
    releases: dict[str, Path] = {}
    environments: dict[str, Path] = {}
    for run in runs:
        for seen, key in ((releases, run.release.name), (environments, run.environment)):
            if key in seen:
                detail = f"{seen[key]} and {run.path} are both of {key}"
                raise BadTable("Two results files are of the same release", detail, "name one of them")
            seen[key] = run.path


def _check_whole(run: ColumnResults, allow_incomplete: bool) -> None:
    if not run.results["complete"] and not allow_incomplete:
        raise BadTable(
            "A results file is of some claims only, or of an interrupted run",
            str(run.path),
            "run that release again, or add --allow-incomplete",
        )


def _columns(runs: Sequence[ColumnResults], listed: Sequence[Listed]) -> list[tuple[Listed, ColumnResults | None]]:
    if not listed:
        return _unlisted(sorted(runs, key=_age))
    names = {one.environment for one in listed}
    for run in runs:
        if run.environment not in names:
            remedy = f'add a [[release]] with environment = "{run.environment}", or rename the results file'
            raise BadTable("A results file is of no release that the releases file lists", str(run.path), remedy)
    by_name = {run.environment: run for run in runs}
    return [(one, by_name.get(one.environment)) for one in listed]


def _unlisted(runs: Sequence[ColumnResults]) -> list[tuple[Listed, ColumnResults | None]]:
    labels = [_label(run.release) for run in runs]
    counted = Counter(labels)
    named = (label if counted[label] == 1 else run.release.name for run, label in zip(runs, labels))
    return [(Listed(run.environment, label, ""), run) for run, label in zip(runs, named)]


def _age(run: ColumnResults) -> tuple[Any, ...]:
    release = run.release
    versions = [() if version == ABSENT else numbers(version) for version in (release.tensorflow, release.keras)]
    return (release.backend != "tensorflow", release.backend, *versions, run.environment)


def _label(release: Release) -> str:
    if release.backend != "tensorflow":
        return f"Keras {release.keras} on {release.backend}"
    return f"TensorFlow {release.name.split('/')[0]}"


def _headings(columns: Iterable[tuple[Listed, ColumnResults | None]], folders: Sequence[Path]) -> list[dict[str, Any]]:
    headings = []
    latest: dict[tuple[str, str], str] = {}
    for one, run in columns:
        if run is None:
            headings.append(_absent(one, folders))
            continue
        # A release is compared with one of its own backend: on another one, nothing is its predecessor.
        line = (one.series, run.release.backend)
        headings.append(_present(one, run, latest.get(line)))
        latest[line] = run.release.name
    return headings


def _present(one: Listed, run: ColumnResults, before: str | None) -> dict[str, Any]:
    facts = run.results["environment"]
    return {
        "name": run.release.name,
        "environment": one.environment,
        "series": one.series,
        "before": before,
        "label": one.label,
        "complete": run.results["complete"],
        "trained": facts.get("trained", False),
        **figures_of(run.results["claims"]),
        **{fact: facts[fact] for fact in ("tensorflow", "keras", "backend", "python", "numpy", "platform")},
        "counts": counts(run.results["claims"]),
    }


def figures_of(entries: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return, as the heading of a column says it, which other release trained for the figures of some claims."""
    evidence = (line for entry in entries if entry["kind"] == "figure" for line in entry["evidence"])
    others = [match[1] for match in map(_TRAINED_BY.match, evidence) if match]
    return {"figures_of": others[0]} if others else {}


def _absent(one: Listed, folders: Sequence[Path]) -> dict[str, Any]:
    return {
        "name": "",
        "environment": one.environment,
        "series": one.series,
        "before": None,
        "label": one.label,
        "absent": _reason(one.environment, folders),
    }


def _reason(environment: str, folders: Sequence[Path]) -> str:
    for folder in folders:
        note = folder / f"{environment}.absent.txt"
        if note.is_file():
            return note.read_text(encoding="utf-8", errors="replace").strip() or NOT_GIVEN
    return NOT_GIVEN


def _rows(runs: Sequence[ColumnResults]) -> list[Mapping[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    origin: dict[str, Path] = {}
    for run in runs:
        for entry in run.results["claims"]:
            name = entry["id"]
            statement = {"id": name, **{word: entry[word] for word in STATED}}
            row = rows.setdefault(name, {**statement, "outcomes": []})
            _check_stated_alike(statement, row, [origin.setdefault(name, run.path), run.path])
            add_outcome(row["outcomes"], entry, run.release.name)
    return [row for _, members in by_section(list(rows.values())) for row in members]


def _check_stated_alike(statement: Mapping[str, Any], row: Mapping[str, Any], paths: Sequence[Path]) -> None:
    if any(statement[word] != row[word] for word in STATED):
        detail = f"{statement['id']} in {paths[0]} and {paths[1]}"
        raise BadTable("Two results files state a claim differently", detail, "run both releases with the same claims")


def add_outcome(outcomes: list[dict[str, Any]], entry: Mapping[str, Any], release: str) -> None:
    """Add what an entry of a results file says of a release to the outcomes of its row; equal ones are one."""
    seen = {word: entry[word] for word in SEEN}
    for outcome in outcomes:
        if all(outcome[word] == seen[word] for word in SEEN):
            outcome["releases"].append(release)
            return
    outcomes.append({**seen, "releases": [release]})
