"""What the documents show: examples that need no framework run here, the others by `tox run -e tests-docs`."""

from __future__ import annotations

import inspect
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sybil", reason="examples of the documents are found by Sybil, of the extra `tests`")
from pytest_kerasch2 import cli, fixtures, options
from pytest_kerasch2.claims.model import Verdict
from pytest_kerasch2.timing import looping, recording
from tests.docs import examples
from tests.docs.examples import DOCS, ELSEWHERE, PAGES, PROJECT

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(PROJECT).as_posix())
VERDICTS = [one.value for one in (Verdict.HELD, Verdict.BROKEN, Verdict.NOT_APPLICABLE, Verdict.COULD_NOT_TELL)]
# Parameters that the fixture itself gives.
NOT_FOR_USERS = {"benchmark", "given_up", "found"}
OURS = ("--chapter", "--benchmark", "--kerasch2")
# Those of pytest-benchmark that the pages show.
THEIRS = {"--benchmark-json"}
ROW = re.compile(r"^ (\w[\w ,]+?)  +([\d·]+) +([\d·]+) +([\d·]+) +([\d·]+)$", re.MULTILINE)


@pytest.mark.parametrize("page", [one for one in PAGES if one not in ELSEWHERE], ids=lambda page: page.stem)
def test_examples_without_a_framework_run(page: Path, pytester: pytest.Pytester) -> None:
    examples.read_aloud(page, pytester, with_frameworks=False)


def _lines(page: Path, command: str) -> list[list[str]]:
    """Return the words of each line that calls a command."""
    lines = [shlex.split(line, comments=True) for block in examples.blocks(page, "sh") for line in block.splitlines()]
    return [words[words.index(command) + 1 :] for words in lines if command in words[:2]]


@each_page
def test_a_command_line_is_one_that_the_command_takes(page: Path) -> None:
    for words in _lines(page, "kerasch2"):
        try:
            cli._parser().read(words)
        except SystemExit as ended:
            assert ended.code == 0, words


@each_page
def test_an_option_of_pytest_exists(page: Path) -> None:
    known = THEIRS.union(*(one.flags for one in options.OPTIONS))
    shown = {word.partition("=")[0] for words in _lines(page, "pytest") for word in words if word.startswith(OURS)}

    assert shown - known == set()


def _rows(page: Path) -> dict[str, list[str]]:
    return {row[0]: list(row[1:]) for block in examples.blocks(page, "text") for row in ROW.findall(block)}


@pytest.mark.parametrize("name", ["README.md", "docs/how-to/verify-a-release.md"])
def test_counts_of_a_run(name: str) -> None:
    """What is printed of a run on TensorFlow 2.15 is what the compatibility table has of it."""
    table = json.loads((DOCS / "truth-table.json").read_text(encoding="utf-8"))
    at = next(at for at, one in enumerate(table["releases"]) if one["environment"] == "tf2.15")
    counts: dict[str, list[int]] = {}
    for claim in table["claims"]:
        verdict = next(one["verdict"] for one in claim["outcomes"] if at in one["releases"])
        for section in (claim["section"], "All"):
            counts.setdefault(section, [0] * 4)[VERDICTS.index(verdict)] += 1

    shown = _rows(PROJECT / name)

    assert len(shown) > 1
    assert {section: [count.replace("·", "0") for count in row] for section, row in shown.items()} == {
        section: [str(count) for count in counts[section]] for section in shown
    }


def test_signatures() -> None:
    """The signatures of the step benchmark are those of the functions."""
    (shown,) = (one for one in examples.blocks(DOCS / "reference" / "step-benchmark.md", "text"))
    for name, function in (("step_benchmark(", recording.recorded), ("step_benchmark.step(", looping.measure)):
        arguments = re.search(rf"^{re.escape(name)}(.*?)\)$", shown, flags=re.MULTILINE | re.DOTALL)
        assert arguments is not None
        told = re.findall(r"(\w+)(?:=|,|$)", re.sub(r"=[^,]+", "", arguments[1]))
        taken = [one for one in inspect.signature(function).parameters if one not in NOT_FOR_USERS]
        assert told == [*taken, *([] if "name" in taken else ["name"])]


def test_the_table_of_options_has_each() -> None:
    shown = re.findall(
        r"^\| `(--[\w-]+)", (DOCS / "reference" / "options.md").read_text(encoding="utf-8"), re.MULTILINE
    )

    assert sorted(shown) == sorted(option.flag for option in options.OPTIONS)


def test_the_table_of_fixtures_has_each() -> None:
    rows = re.findall(r"^\| (`.+?) \|", (DOCS / "reference" / "fixtures.md").read_text(encoding="utf-8"), re.MULTILINE)
    shown = [name for row in rows for name in re.findall(r"`(\w+)`", row)]

    assert sorted(shown) == sorted(name for name, one in vars(fixtures).items() if _is_fixture(one))


def _is_fixture(one: Any) -> bool:
    return type(one).__name__ == "FixtureFunctionDefinition" or hasattr(one, "_pytestfixturefunction")


def test_the_commands_are_all_explained() -> None:
    headings = re.findall(r"^## (\w+)$", (DOCS / "reference" / "commands.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert set(cli._parser().commands) <= set(headings)


@each_page
def test_a_text_is_printed_by_something(page: Path) -> None:
    """No output stands on a page that nothing checks."""
    assert examples.unchecked(page) == []


PAGE = """
```python
print("one")
```

```text
{}
```
"""


@pytest.mark.parametrize(("shown", "holds"), [("one", True), ("two", False), ("...\none", True)])
def test_control_a_wrong_output_would_be_seen(
    shown: str, holds: bool, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examples, "PROJECT", pytester.path)
    page = pytester.path / "page.md"
    page.write_text(PAGE.format(shown), encoding="utf-8")

    if holds:
        examples.read_aloud(page, pytester, with_frameworks=False)
    else:
        with pytest.raises(AssertionError, match="page.md, line 6: not printed"):
            examples.read_aloud(page, pytester, with_frameworks=False)


def test_control_a_python_block_that_fails_would_be_seen(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examples, "PROJECT", pytester.path)
    page = pytester.path / "page.md"
    page.write_text("```python\n# test_it.py\ndef test_it():\n    assert False\n```\n", encoding="utf-8")

    with pytest.raises(AssertionError, match=r"page\.md, line 1: "):
        examples.read_aloud(page, pytester, with_frameworks=False)
