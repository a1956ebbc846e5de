"""A matrix whose interpreters only write results files."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Callable, Mapping

import pytest

from matrix import environments, merging, paths, scheduler, sources
from matrix.columns import Column, Releases
from matrix.environments import Environment, Maker
from matrix.errors import Absent, Unfinished
from matrix.scheduler import RunOptions

# Stands in for the interpreter of a column: it takes pytest's command line and writes a results file of two sections.
STAND_IN = """#!{python}
import json, os, sys, time
if sys.argv[1] == "-c":
    sys.exit(os.environ.get("IMPORT"))
names = [argument.split("/")[-1] for argument in sys.argv if "/chapter/" in argument]
names = names or ["datasets", "dtypes", *os.environ.get("FIGURES", "").split()]
made = [argument.split("=", 1)[1] for argument in sys.argv if argument.startswith("--chapter-results=")][0]
trained = ["trained"] if "--chapter-accuracy" in sys.argv else []
with open(os.environ["RUNS"], "a") as stream:
    stream.write(" ".join([os.environ["NAME"], *trained, *names]) + "\\n")
print("the last words of /a/place and https://a.host/x")
wait = float(os.environ.get("WAIT", "0"))
time.sleep(wait)
status = int(os.environ.get("STATUS", "0"))
environment = dict(plugin="0.1.0", tensorflow=os.environ["TF"], keras="2.15.0", backend="tensorflow", python="3.11.7",
                   numpy="1.26.4", platform="Linux-x86_64", devices=["cpu:0"], trained=bool(trained),
                   datasets=dict() if "NO_MNIST" in os.environ else dict(mnist=dict(source="mirror", sha256="00")))
ids = dict(datasets="datasets.description", dtypes="dtypes.default", printed_numbers="functional.test-figures")
def entry(name):
    kind = "figure" if name == "printed_numbers" else "prose"
    told = kind == "prose" or trained and "OPEN" not in os.environ
    # As a time is told, and as equal bits are, without training.
    verdict = "broken" if status == 1 else "held" if told or "BITS" in os.environ else "inconclusive"
    evidence = ["seen", "curves: 12, trained by this run"] if told and kind == "figure" else ["seen"]
    return dict(id=ids[name], section="Data types", statement="It is so.", kind=kind, verdict=verdict, expected="held",
                evidence=evidence, known_issue=None, workarounds=[], remedy="", checks=1, seconds=0.1)
if status < 2:
    results = dict(schema=2, complete=True, environment=environment, claims=[entry(name) for name in names])
    open(made, "w").write(json.dumps(results))
sys.exit(status)
"""


def column(minor: str, **variables: str) -> Column:
    """Return the column of a minor release, with the variables that tell its stand-in what to do."""
    name = f"tf{minor}"
    shared = {"NAME": name, "TF": f"{minor}.0", **variables}
    return Column(name, f"TensorFlow {minor}", "tensorflow", "3.11", (f"tensorflow=={minor}.0",), shared)


def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Put all that a run makes into a folder, and the stand-in in the place of each column's interpreter.

    Returns:
        What gives the lines that the stand-ins wrote: each the name of a column, and the sections that were run.
    """
    fields = {"ENVIRONMENTS": "envs", "RESULTS": "results", "STATES": "states", "LOGS": "logs", "WORK": "work"}
    for word, folder in {
        **fields,
        "WHEELS": "wheels",
        "DOCS": "docs",
        "PINS": "pins",
        "FIGURES": "figures",
        "TRAININGS": "kept",
    }.items():
        monkeypatch.setattr(paths, word, tmp_path / folder)
    monkeypatch.setattr(paths, "MADE", tmp_path)
    monkeypatch.setenv("RUNS", str(tmp_path / "runs.txt"))
    (tmp_path / "docs").mkdir()
    chapter = tmp_path / "installed" / "lib" / "python3.11" / "site-packages" / "pytest_kerasch2" / "chapter"
    chapter.mkdir(parents=True)
    python = tmp_path / "installed" / "bin" / "python"
    python.parent.mkdir()
    python.write_text(STAND_IN.format(python=sys.executable), encoding="utf-8")
    python.chmod(0o755)

    def make(self: Maker, column: Column, log: Path, environ: Mapping[str, str]) -> Environment:
        if "ABSENT" in column.variables:
            raise Absent("There is no CPython 3.11", "none", "install one")
        if "OFFLINE" in column.variables:
            raise Unfinished("Its environment does not install", "no network", "run it again")
        return Environment(python, environments.variables(column, environ))

    monkeypatch.setattr(Maker, "make", make)
    monkeypatch.setattr(environments, "build_wheel", lambda folder, processes, log: folder / "plugin.whl")
    plugin = sources.Sources("plugin", {"datasets": "1", "dtypes": "1"})
    monkeypatch.setattr(sources, "read", lambda package: plugin)
    claims = {"datasets": frozenset({"datasets.description"}), "dtypes": frozenset({"dtypes.default"})}
    monkeypatch.setattr(merging, "claims_of", lambda sections: claims)

    def lines() -> list[str]:
        path = tmp_path / "runs.txt"
        return sorted(path.read_text(encoding="utf-8").splitlines()) if path.exists() else []

    return lines


def run(*listed: Column, names: tuple[str, ...] = (), **wish: Any) -> int:
    """Run a matrix of these columns, and give its exit status."""
    path = paths.MADE / "releases.toml"
    text = "".join(
        f'[[release]]\nenvironment = "{one.environment}"\nlabel = "{one.label}"\nseries = "{one.series}"\n'
        for one in listed
    )
    path.write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "RELEASES", path)
        return scheduler.run(Releases("2026-01-01", listed), names, RunOptions(**{"jobs": 1, **wish}))


def table() -> Any:
    """Return the table that was written."""
    return json.loads((paths.DOCS / "compatibility.json").read_text(encoding="utf-8"))
