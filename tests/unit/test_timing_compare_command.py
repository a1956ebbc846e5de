"""The command `compare`: its exit status, what it refuses, its self-test and its summary."""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_kerasch2 import cli
from pytest_kerasch2.timing import command
from tests.builders.stand_in_interpreter import interpreter

pytest.importorskip("scipy", reason="distributions are SciPy's, of the extra `accuracy`")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the interpreters of these tests are scripts")


@pytest.mark.parametrize(
    ("ratio", "more", "status"),
    [(1.0, [], 0), (1.0, ["--inject-slowdown=0.2"], 1), (0.9, [], 0), (1.0, ["--max-starts=11", "--margin=0.0001"], 3)],
)
def test_the_exit_status_tells_the_verdict(
    tmp_path: Path, ratio: float, more: list[str], status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = interpreter(tmp_path / "old"), interpreter(tmp_path / "new", ratio=ratio, seed=1)

    result = cli.main(["compare", str(first), str(second), *more])

    assert (result, "fit: " in capsys.readouterr().out) == (status, True)


@pytest.mark.parametrize(("slower", "status", "wrong"), [([], 0, 0), (["--inject-slowdown=0.000001"], 1, 1)])
def test_the_self_test_sees_red_and_green(
    tmp_path: Path, slower: list[str], status: int, wrong: int, capsys: pytest.CaptureFixture[str]
) -> None:
    result = cli.main(["compare", "--self-test", str(interpreter(tmp_path / "one")), *slower])

    out = capsys.readouterr().out
    assert (result, out.count("self-test, "), out.count("NOT as it should be")) == (status, 2, wrong)


@pytest.mark.parametrize("more", [["--json=x.json"], ["--summary=x.md"], ["another"]])
def test_self_test_takes_no_candidate_and_no_output_file(more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    status = cli.main(["compare", "--self-test", "one", *more])

    assert (status, "--self-test takes no candidate" in capsys.readouterr().err) == (2, True)


def test_a_summary_is_added_to_a_file(tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n", encoding="utf-8")
    things = [str(interpreter(tmp_path / "old")), str(interpreter(tmp_path / "new", ratio=1.5, seed=1))]

    cli.main(["compare", *things, "--summary", str(summary)])

    assert summary.read_text(encoding="utf-8").startswith("before\nTime per training step of")
    message = re.search(r"\| fit \| ✗ slower \| (\S+) \|", summary.read_text(encoding="utf-8"))
    assert message is not None
    assert float(message[1]) == pytest.approx(1.5, rel=0.01)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["one"],
        ["one", "two", "--inject-slowdown=-1"],
        ["a", "b", "--alpha=2"],
        ["a", "b", "--device=cpu,gpu"],
        ["a", "b", "--max-starts=1"],
        ["a", "b", "--json=nowhere/times.json"],
        ["a", "b", "--json=."],
        ["a", "b", "--summary=nowhere/times.md"],
        ["a", "b", "--deadline=0"],
        [__file__, __file__],
    ],
)
def test_words_that_cannot_be_used_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["compare", *arguments]) == 2
    assert capsys.readouterr().err.startswith("kerasch2 compare: ")


def _stopped(*given: Any) -> Any:
    os.kill(os.getpid(), signal.SIGTERM)


def _failed(*given: Any) -> Any:
    raise RuntimeError("a mistake of ours")


@pytest.mark.parametrize(("ends", "status", "message"), [(_stopped, 130, "stopped; what"), (_failed, 70, "of ours")])
def test_what_ends_it_in_another_way_is_no_verdict(
    monkeypatch: pytest.MonkeyPatch, ends: Any, status: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "run_comparison", ends)

    assert (cli.main(["compare", "a", "b"]), message in capsys.readouterr().err) == (status, True)


def test_a_stop_is_taken_as_before_afterwards() -> None:
    before = signal.getsignal(signal.SIGTERM)

    cli.main(["compare"])

    assert signal.getsignal(signal.SIGTERM) is before
