"""What the workflows may do: run actions that cannot be exchanged, and no text of others as a command."""

from __future__ import annotations

import configparser
import re
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
FILES = sorted((PROJECT / ".github").rglob("*.yml"))
if not FILES:
    pytest.skip("the workflows are not in what was installed", allow_module_level=True)


def _runs(text: str) -> list[str]:
    """Return what each step runs: the lines that are indented further than its key."""
    results = []
    lines = text.splitlines()
    for place, line in enumerate(lines):
        key = re.match(r"( *(?:- )?)run:(.*)", line)
        if key:
            inner = lines[place + 1 :]
            end = next(
                (at for at, one in enumerate(inner) if one.strip() and not one.startswith(" " * (len(key[1]) + 1))),
                None,
            )
            results.append("\n".join([key[2], *inner[:end]]))
    return results


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_action_is_named_by_its_commit(path: Path) -> None:
    used = re.findall(r"^\s*(?:- )?uses: (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)

    assert [one for one in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v[\d.]+", one)] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_expression_stands_in_what_is_run(path: Path) -> None:
    assert [one for one in _runs(path.read_text(encoding="utf-8")) if "${{" in one] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_checkout_keeps_its_credentials(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    kept = re.findall(r"uses: actions/checkout@.*\n(?!\s+with:\n\s+persist-credentials: false)", text)
    assert kept == []


@pytest.mark.parametrize("environment", ["tests", "tests-slow", "tests-shuffled", "robustness"])
def test_what_the_test_command_leaves_out_is_run_by_a_workflow(environment: str) -> None:
    jobs = re.findall(r"env: ([\w.-]+)", "\n".join(path.read_text(encoding="utf-8") for path in FILES))

    assert environment in jobs


def test_the_slow_tests_are_the_only_ones_that_the_test_command_leaves_out() -> None:
    about = configparser.ConfigParser(interpolation=None)
    about.read(PROJECT / "tox.ini", encoding="utf-8")
    commands = {name: about[f"testenv:{name}"]["commands"] for name in ("tests", "tests-slow", "tests-full")}

    left_out = {name: re.findall(r'-m ("not slow"|slow)', command) for name, command in commands.items()}
    assert left_out == {"tests": ['"not slow"'], "tests-slow": ["slow"], "tests-full": []}


def test_control_an_expression_within_a_run_would_be_seen() -> None:
    assert _runs("steps:\n  - run: |\n      echo ${{ x }}\n    env:\n      A: ${{ b }}\n")[0].count("${{") == 1


@pytest.mark.skipif(sys.version_info < (3, 9), reason="the matrix is run by CPython 3.9 or newer")
def test_the_workflows_name_the_folder_in_which_the_matrix_keeps_results() -> None:
    from matrix import paths

    texts = [path.read_text(encoding="utf-8") for path in FILES]

    named = {name for text in texts for name in re.findall(r"\.matrix/([^/\n]+)", text)}

    assert named == {paths.RESULTS.name}
