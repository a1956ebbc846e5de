"""A run on an early Keras: in an inner pytest without TensorFlow, asking a stand-in that answers as recorded."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from pytest_kerasch2.claims import results
from tests.unit.early_recorded import interpreter, recorded, script

pytestmark = pytest.mark.skipif(os.name != "posix", reason="stand-ins for interpreters are scripts")


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("HOME", str(pytester.path))
    for name in ("KERAS_BACKEND", "KERASCH2_MIRROR", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    # An import of it would be an error: none of the runs here needs TensorFlow.
    (pytester.path / "tensorflow.py").write_text("raise SystemExit('TensorFlow was imported')")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(pytester.path), os.environ.get("PYTHONPATH", "")]))

    def start(python: Path, *arguments: str) -> pytest.RunResult:
        fixed = ("--chapter", "--chapter-offline", f"--chapter-python={python}", "-p", "no:randomly")
        return pytester.runpytest_subprocess(*fixed, *arguments, timeout=300)

    return start


@pytest.fixture
def cntk(tmp_path: Path) -> Path:
    return interpreter(tmp_path, recorded("cntk"))


def test_every_claim_of_the_suite_is_in_the_results_file(run: Any, cntk: Path, pytester: pytest.Pytester) -> None:
    place = pytester.path / "results.json"

    result = run(cntk, f"--chapter-results={place}", "-W", "error", "--strict-markers")

    assert result.ret == 0
    result.stdout.fnmatch_lines(["chapter on: Keras 2.2.4 on cntk, Python 3.6.15 of *"])
    told = results.read(place)
    environment = told["environment"]
    assert (environment["tensorflow"], environment["keras"], environment["backend"]) == ("-", "2.2.4", "cntk")
    assert told["complete"] is True
    verdicts = {claim["id"]: claim["verdict"] for claim in told["claims"]}
    from pytest_kerasch2.early.marks import packaged

    assert set(verdicts) == set(packaged())
    assert verdicts["sequential-first.hidden-parameters"] == "held"
    assert verdicts["config.backend-setter"] == "broken"
    assert verdicts["pipeline.batches"] == "not_applicable"
    # There is no mirror in this run.
    assert verdicts["network-data.sizes"] == "inconclusive"


@pytest.mark.slow
def test_a_claim_is_selected_by_its_id(run: Any, cntk: Path) -> None:
    result = run(cntk, "-k", "config.file-keys")

    result.assert_outcomes(passed=1, deselected=len(_all()) - 1)


def _all() -> Any:
    from pytest_kerasch2.early.marks import packaged

    return packaged()


def test_a_verdict_that_is_not_as_recorded_fails(run: Any, tmp_path: Path) -> None:
    told = recorded("cntk")
    told["counts.parameters"]["value"]["functional"]["value"]["layers"][1][1] = 401_135

    result = run(interpreter(tmp_path, told), "-k", "hidden-parameters")

    result.assert_outcomes(failed=1, deselected=len(_all()) - 1)
    result.stdout.fnmatch_lines(["*broken, and no known issue explains it*", "*'Dense', 401135*"])


@pytest.mark.slow
def test_injected_faults_are_detected(run: Any, cntk: Path) -> None:
    result = run(cntk, "--chapter-faults", "-k", "file-keys or weights-shape")

    assert result.ret == 0
    result.stdout.fnmatch_lines(["injected faults detected: 3 of 3 *"])


@pytest.mark.slow
def test_workers_ask_once(run: Any, cntk: Path, pytester: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    place = pytester.path / "results.json"

    result = run(cntk, "-n", "2", f"--chapter-results={place}", "-k", "config or layers")

    assert result.ret == 0
    assert json.loads(place.read_text(encoding="utf-8"))["environment"]["backend"] == "cntk"


def test_an_interpreter_that_cannot_be_used_ends_the_run_before_it_begins(run: Any, tmp_path: Path) -> None:
    result = run(script(tmp_path, "#!/bin/sh\nexit 4\n"))

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --chapter-python names no Python interpreter*exit status 4*To do: *"])
    assert "Traceback" not in result.stderr.str()


def test_the_option_stands_in_the_help(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_subprocess("--help")

    result.stdout.fnmatch_lines(["*--chapter-python=PATH*"])
