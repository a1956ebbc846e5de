"""The compatibility table of the results files that are there, by the plugin's own command."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Sequence

from matrix import fingerprints, paths, sources
from matrix.columns import Column, Releases
from pytest_kerasch2.claims import results
from pytest_kerasch2.report.merging import ColumnResults
from pytest_kerasch2.report.publishing import TableRequest, publish


def write(releases: Releases, *, whole: bool, say: Callable[[str], None]) -> None:
    """Merge the results files of all columns into the files under docs.

    Args:
        whole: write them also where a column has neither a results file nor a reason; it then stands there empty.
        say: shows a line.

    Raises:
        BadTable: there is no results file, or they cannot be merged.
    """
    plugin = sources.read(paths.PLUGIN)
    missing = [column.environment for column in releases.columns if not _is_told(column)]
    old = [column.environment for column in releases.columns if _is_old(column, plugin)]
    if missing and not whole:
        say(f"no table is written: {len(missing)} columns have not been run, such as {missing[0]}")
        return
    if old and not whole:
        say(f"no table is written: {len(old)} columns are of other files than today's, such as {old[0]}")
        return
    for name in old:
        say(f"of other files than today's: {name}")
    docs = paths.DOCS
    order = TableRequest(
        results_files=_results_files(releases.columns),
        figures=_figures(releases.columns, say),
        releases=paths.RELEASES,
        json=docs / "compatibility.json",
        markdown=docs / "compatibility.md",
        html=docs / "compatibility.html",
        changes=docs / "what-changed.md",
    )
    publish(order)
    say(f"written: {docs.name}/compatibility.json, .md, .html and {docs.name}/what-changed.md")


def differs(columns: Sequence[Column], table: Path, say: Callable[[str], None] = print) -> bool:
    """Return whether a verdict of these columns is another than in a table, or one of them has no results file.

    Raises:
        BadTable: the table cannot be read, or the results files cannot be merged.
    """
    absent = [column.environment for column in columns if not paths.results(column.environment).exists()]
    for name in absent:
        say(f"differs: {name} has no results file")
    files = _results_files(columns)
    if not files:
        return True
    _, different = publish(TableRequest(results_files=files, releases=paths.RELEASES, check=table))
    for line in different:
        say(f"differs: {line}")
    return bool(absent or different)


def _results_files(columns: Sequence[Column]) -> list[Path]:
    files = [paths.results(column.environment) for column in columns]
    return [file for file in files if file.exists()]


def _figures(columns: Sequence[Column], say: Callable[[str], None]) -> list[Path]:
    """Return the trained figures of the columns that stand in the table, but for those of other releases than these."""
    files = []
    for column in columns:
        verified, trained = paths.results(column.environment), paths.figures(column.environment)
        if not verified.exists() or not trained.exists():
            continue
        if _of(verified) == _of(trained):
            files.append(trained)
        else:
            say(f"figures of {column.environment} are left out: they are of {' '.join(_of(trained))}")
    return files


def _of(path: Path) -> tuple[str, str]:
    """Return of what plugin and of what release a results file is."""
    run = ColumnResults(path, results.read(path))
    return str(run.results["environment"]["plugin"]), run.release.name


def _is_old(column: Column, plugin: sources.Sources) -> bool:
    state = fingerprints.read(paths.state(column.environment))
    # Without a state the results file is of another machine, where nothing is known of files.
    return state is not None and fingerprints.work(state, fingerprints.fingerprint(column, plugin), ()).needed


def _is_told(column: Column) -> bool:
    return paths.results(column.environment).exists() or paths.absence(column.environment).exists()
