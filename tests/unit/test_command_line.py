"""The words of `kerasch2`: help, version, suggestions, refusals, and what is never printed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_kerasch2 import __version__, cli, suggestions
from pytest_kerasch2.command_line import completion, explained
from pytest_kerasch2.timing import benchmark_suite
from tests.builders.command_runs import Ended, ended

COMMANDS = ("table", "calibrate", "gate", "compare", "scaling", "check", "name", "doctor")
__all__ = ["ended"]


def test_the_version_is_printed(ended: Ended) -> None:
    assert ended("--version") == (0, f"kerasch2 {__version__}\n", "")


def test_no_words_show_the_help_and_end_with_2(ended: Ended) -> None:
    status, out, err = ended()

    assert (status, out, err.startswith("usage: kerasch2"), "exit status:" in err) == (2, "", True, True)


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_has_an_example_and_the_exit_statuses(ended: Ended, name: str, flag: str) -> None:
    status, out, _ = ended(name, flag)

    assert (status, f"example:\n  kerasch2 {name} " in out, "exit status:\n  0 " in out) == (0, True, True)


@pytest.mark.parametrize("words", [["--help"], *([name, "--help"] for name in COMMANDS)])
def test_help_fits_eighty_columns(ended: Ended, words: list[str]) -> None:
    _, out, _ = ended(*words)

    assert [line for line in out.splitlines() if len(line) > 80] == []


@pytest.mark.parametrize(
    "words", [["gate", "x", "--alarm", "no number", "-h"], ["compare", "-h", "--nonsense"], ["-h", "gate"]]
)
def test_help_is_shown_wherever_it_is_asked_for(ended: Ended, words: list[str]) -> None:
    status, out, err = ended(*words)

    assert (status, out.startswith(f"usage: kerasch2 {'compare' if 'compare' in words else 'gate'}"), err) == (
        0,
        True,
        "",
    )


def test_what_stands_behind_two_dashes_asks_for_no_help(ended: Ended) -> None:
    status, _, err = ended("scaling", "--", "-h")

    assert (status, "-h" in err) == (2, True)


def test_each_example_is_one_that_the_parser_takes() -> None:
    parser = cli._parser()

    taken = [parser.parse_args(example.partition(" > ")[0].split()[1:]) for _, example, _ in explained.TEXTS.values()]

    assert {one.command for one in taken} == set(COMMANDS)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["tabel"], "did you mean table?"),
        (["calibarte", "x"], "did you mean calibrate?"),
        (["docter"], "did you mean doctor?"),
        (["help"], "write kerasch2 --help"),
        (["version"], "write kerasch2 --version"),
        (["qqqq"], "the commands are table, calibrate, gate, compare, scaling, check, name, doctor"),
        (["--verison"], "did you mean --version?"),
        (["compare", "a", "b", "--benchmrk", "fit"], "did you mean --benchmark?"),
        (["compare", "a", "b", "--bench", "fit"], "did you mean --benchmark?"),
        (["gate", "--magrin=0.1", "x"], "did you mean --margin or --max-runs?"),
        (["gate", "digits-tensorflow-2.22"], "did you mean digits-tensorflow-2.21"),
        (["compare", "a", "b", "--benchmark", "predct"], "did you mean predict?"),
        (["compare", "tensorflow=2.15.1", "tensorflow==2.16.1"], "tensorflow==2.15.1."),
        (["compare", "tensorflow>=2.15", "b"], "tensorflow==2.15."),
        (["calibrate", "x", "--data", "mnits"], "did you mean mnist?"),
        (["calibrate", "x", "--style", "sequentail-list"], "did you mean sequential-list or sequential-add?"),
    ],
)
def test_a_misspelt_word_is_suggested(ended: Ended, words: list[str], meant: str) -> None:
    status, _, err = ended(*words)

    assert (status, meant in err, "Traceback" in err) == (2, True, False)


def test_words_that_are_too_many_are_named_with_their_command(ended: Ended) -> None:
    status, _, err = ended("doctor", "--quick", "more")

    assert (status, "kerasch2 doctor: 'more' is more than this command takes" in err) == (2, True)


SECRET = "a-secret-of-this-test"
PRINTING = (
    ["--help"],
    ["doctor", "--quick"],
    ["doctor", "--quick", "--json"],
    ["gate", "nowhere"],
    ["table", "nowhere"],
    ["compare", sys.executable, sys.executable, "--suite", "no_such_module:f"],
    ["calibrate", "x", "--data", "y"],
    ["scaling", "nowhere"],
)


@pytest.mark.parametrize("words", PRINTING, ids=" ".join)
def test_no_variable_of_the_environment_is_printed(
    ended: Ended, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "PIP_INDEX_URL", "PYTHONSTARTUP", "GIT_ASKPASS"):
        monkeypatch.setenv(name, SECRET)

    _, out, err = ended(*words)

    assert SECRET not in out + err


def test_a_mistake_of_ours_prints_no_variable_either(ended: Ended, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(order: object) -> None:
        import os

        environ = os.environ
        raise RuntimeError(f"{len(environ)} variables")

    monkeypatch.setenv("GITHUB_TOKEN", SECRET)
    monkeypatch.setattr("pytest_kerasch2.report.publishing.publish", failing)

    status, _, err = ended("table", "x")

    assert (status, "RuntimeError" in err, SECRET in err) == (70, True, False)


def test_a_shell_is_offered_commands_options_and_names(tmp_path: Path) -> None:
    pytest.importorskip("argcomplete", reason="the extra `completion` is not installed")
    lines = {
        "kerasch2 c": {"calibrate", "check", "compare"},
        "kerasch2 compare --bench": {"--benchmark"},
        "kerasch2 compare --benchmark p": {"predict"},
        "kerasch2 gate digits-": {"digits-tensorflow-2.21"},
    }

    actual = {line: _offered(line, tmp_path) for line in lines}

    assert actual == lines


def _offered(line: str, folder: Path) -> set[str]:
    # As argcomplete's own script of a shell asks: by variables, with the answer on the descriptor 8.
    script = (
        "import os, sys; out = os.open('answer', os.O_WRONLY | os.O_CREAT | os.O_TRUNC); os.dup2(out, 8);"
        "os.dup2(2, 9); sys.argv[0] = 'kerasch2'; from pytest_kerasch2 import cli; cli.main()"
    )
    environment = {
        "_ARGCOMPLETE": "1", "_ARGCOMPLETE_IFS": "\n", "COMP_LINE": line, "COMP_POINT": str(len(line)),
        "COMP_TYPE": "9", "_ARGCOMPLETE_SUPPRESS_SPACE": "1", "PYTHONPATH": str(Path(cli.__file__).parents[1]),
    }  # fmt: skip
    subprocess.run([sys.executable, "-c", script], cwd=str(folder), env=environment, check=True, timeout=60)
    return {word.strip() for word in (folder / "answer").read_text().split("\n") if word.strip()}


def test_what_completion_offers_is_what_a_comparison_knows() -> None:
    suite = pytest.importorskip("pytest_kerasch2.timing.benchmark_suite")

    assert set(completion.CHAPTERS) == set(benchmark_suite.CHAPTERS) == set(suite.CHAPTERS)


def test_every_shipped_reference_is_offered() -> None:
    shipped = pytest.importorskip("pytest_kerasch2.accuracy.reference")

    assert set(shipped.bundled_names()) <= set(completion.references("no such file"))


@pytest.mark.parametrize(
    ("word", "meant"), [("predct", ["predict"]), ("PREDICT", ["predict"]), ("zzz", []), ("", []), ("x" * 10_000, [])]
)
def test_only_what_is_alike_is_suggested(word: str, meant: list[str]) -> None:
    assert suggestions.close_to(word, ["fit", "predict"]) == meant


def test_a_finding_is_json_to_the_last_line(ended: Ended) -> None:
    _, out, _ = ended("doctor", "--quick", "--json")

    assert json.loads(out)["schema"] == 1


def test_a_message_that_ends_with_a_question_has_no_full_stop_behind_it(ended: Ended) -> None:
    _, _, err = ended("compare", "a", "b", "--benchmark", "predct")

    assert re.search(r"predict\?\n$", err)
