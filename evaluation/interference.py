"""Runs the suites of well-known packages with and without this plugin, and says whether it made a difference.

    python -m evaluation.interference --work FOLDER

Two environments have the same packages; in one of them this plugin is installed too, with what it depends on in both.
Each package's tests are those of its source distribution. Their ids, their outcomes, the frameworks that they have
imported, and the processor time that they take are compared; runs of both environments take turns. The results stand
in `evaluation/interference.json` and, as a page, in `docs/interference.md`. What has been run is not run again.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any, Mapping, Sequence

from evaluation import interference_page
from evaluation.interference_suites import DEPENDENCIES, SUITES, Suite

PROJECT = Path(__file__).parents[1]
RESULTS = Path(__file__).with_name("interference.json")
PAGE = PROJECT / "docs" / "interference.md"
RECORDER = Path(__file__).with_name("interference_recorder.py")
# The plugin is in the second.
ENVIRONMENTS = ("without", "with")
ROUNDS = 3
DEADLINE = 900.0
# Without it pytest-asyncio, which is in both environments, warns, and suites whose warnings are errors do not start.
SETTINGS = ("-o", "asyncio_default_fixture_loop_scope=function")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what has not been run, write both files, and return 1 where a suite is affected."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--work", type=Path, required=True, help="folder for environments and sources")
    parser.add_argument("--only", nargs="*", default=[suite.name for suite in SUITES], help="names of packages")
    given = parser.parse_args(arguments)
    result = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    for suite in SUITES:
        if suite.name in given.only and result.get(suite.name, {}).get("version") != suite.version:
            result[suite.name] = compared(suite, given.work)
            RESULTS.write_text(json.dumps(result, indent=1, sort_keys=True) + "\n", encoding="utf-8")
            PAGE.write_text(interference_page.page(result), encoding="utf-8")
            print(interference_page.line(suite.name, result[suite.name]), flush=True)
    PAGE.write_text(interference_page.page(result), encoding="utf-8")
    return int(any(interference_page.is_affected(one) for one in result.values()))


def compared(suite: Suite, work: Path) -> dict[str, Any]:
    """Run one suite in both environments, in turns, and return what differs."""
    folder = source(suite, work)
    pythons = {name: environment(name, work) for name in ENVIRONMENTS}
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in ENVIRONMENTS}
    for number in range(ROUNDS):
        for name in ENVIRONMENTS if number % 2 == 0 else reversed(ENVIRONMENTS):
            runs[name].append(run(pythons[name], suite, folder, work / f"{suite.name}-{name}.json"))
    steady = {
        test: outcome
        for test, outcome in runs["without"][0]["outcomes"].items()
        if all(one["outcomes"].get(test) == outcome for one in runs["without"])
    }
    return {
        "version": suite.version,
        "tests": len(runs["without"][0]["outcomes"]),
        "unsteady": sorted(set(runs["without"][0]["outcomes"]) - set(steady)),
        "ids": _differences([list(one["outcomes"]) for one in runs["without"]], runs["with"][0]["outcomes"]),
        "outcomes": _changed(steady, [one["outcomes"] for one in runs["with"]]),
        "imported": sorted(set(runs["with"][0]["imported"]) - set(runs["without"][0]["imported"])),
        "exits": {name: sorted({one["exit"] for one in runs[name]}) for name in ENVIRONMENTS},
        "seconds": {name: [one["seconds"] for one in runs[name]] for name in ENVIRONMENTS},
        "counts": _counts(runs["with"][0]["outcomes"]),
    }


def _differences(without: Sequence[Sequence[str]], actual: Mapping[str, str]) -> list[str]:
    """Return the ids that are on one side alone; also the order counts."""
    if list(actual) == without[0]:
        return []
    return sorted(set(actual).symmetric_difference(without[0])) or ["their order"]


def _changed(steady: Mapping[str, str], with_plugin: Sequence[Mapping[str, str]]) -> dict[str, list[str]]:
    return {
        test: [outcome, *(one.get(test, "absent") for one in with_plugin)]
        for test, outcome in steady.items()
        # What came out as before at least once is a matter of chance, and not of the plugin.
        if all(one.get(test) != outcome for one in with_plugin)
    }


def _counts(outcomes: Mapping[str, str]) -> dict[str, int]:
    return {one: list(outcomes.values()).count(one) for one in sorted(set(outcomes.values()))}


def source(suite: Suite, work: Path) -> Path:
    """Return the folder of a package's source distribution, downloaded and unpacked once."""
    place = work / "sources" / f"{suite.name}-{suite.version}"
    if not list(place.glob("*.tar.gz")):
        python = environment(ENVIRONMENTS[0], work)
        download = [str(python), "-m", "pip", "-q", "download", "--no-deps", "--no-binary", ":all:", "-d", str(place)]
        subprocess.run([*download, f"{suite.name}=={suite.version}"], check=True)
    (archive,) = place.glob("*.tar.gz")
    inside = place / archive.name[: -len(".tar.gz")]
    if not inside.exists():
        with tarfile.open(archive) as opened:
            opened.extractall(place)
    return inside


def environment(name: str, work: Path) -> Path:
    """Return the interpreter of an environment that has all packages, and perhaps this plugin; made once."""
    place = work / name
    if not (place / "done").exists():
        python = str(_made(place))
        install = [python, "-m", "pip", "-q", "install"]
        packages = [f"{suite.name}=={suite.version}" for suite in SUITES]
        needs = {need for suite in SUITES for need in suite.needs}
        subprocess.run([*install, *DEPENDENCIES, *sorted(needs), *packages], check=True)
        if name == ENVIRONMENTS[1]:
            subprocess.run([*install, "--no-deps", str(PROJECT)], check=True)
        (place / "done").touch()
    return _python(place)


def _made(place: Path) -> Path:
    if not _python(place).exists():
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    return _python(place)


def _python(place: Path) -> Path:
    return place.absolute() / "bin" / "python"


def run(python: Path, suite: Suite, folder: Path, answer_file: Path) -> dict[str, Any]:
    """Run a suite once, and return the outcome of each test, what was imported, and the processor time."""
    answer_file.unlink(missing_ok=True)
    variables = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "KERAS"))},
        "PYTHONPATH": str(RECORDER.parent),
        "RECORDED": str(answer_file.absolute()),
    }
    command = [str(python), "-m", "pytest", "-p", RECORDER.stem, "-p", "no:cacheprovider", *SETTINGS, *suite.arguments]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    ended = subprocess.run(
        command, cwd=folder, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=DEADLINE
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    content: dict[str, Any] = json.loads(answer_file.read_text(encoding="utf-8"))
    if not content["outcomes"]:
        raise RuntimeError(f"{suite.name}: no test was collected, so nothing would be compared")
    return {**content, "exit": ended.returncode, "seconds": spent, "wall": time.monotonic() - began}


if __name__ == "__main__":
    sys.exit(main())
