"""What the documents show: examples that need no framework run here, the others by `tox run -e tests-docs`."""

from __future__ import annotations

import inspect
import json
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sybil", reason="examples of the documents are found by Sybil, of the extra `tests`")
from pytest_kerasch2 import cli, fixtures, options
from pytest_kerasch2.chapter import check_list
from pytest_kerasch2.report import rendering
from pytest_kerasch2.timing import function_steps, pytest_benchmark_adapter
from tests.docs import examples
from tests.docs.examples import DOCS, ELSEWHERE, PAGES, PROJECT
from tests.meta.test_words import BANNED

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(PROJECT).as_posix())
NOT_TRAINED = {
    "verdict": "inconclusive",
    "expected": "inconclusive",
    "known_issue": None,
    "remedy": "run pytest with --chapter-accuracy",
}
# Parameters that the fixture itself gives.
NOT_FOR_USERS = {"benchmark", "on_timeout", "measurement"}
# Held without a training, because two ways to write the model train alike bit for bit.
WITHOUT_TRAINING = {"sequential-second.nearly-the-same", "subclassing.nearly-the-same"}
OURS = ("--chapter", "--benchmark", "--kerasch2")
# Those of pytest-benchmark that the pages show.
THEIRS = {"--benchmark-json"}


@pytest.mark.parametrize("page", [one for one in PAGES if one not in ELSEWHERE], ids=lambda page: page.stem)
def test_examples_without_a_framework_run(page: Path, pytester: pytest.Pytester) -> None:
    loaded = examples.FRAMEWORKS.intersection(sys.modules)

    examples.read_aloud(page, pytester, with_frameworks=False)

    # A framework that pytester then forgets would end this process when it is imported again.
    assert examples.FRAMEWORKS.intersection(sys.modules) == loaded


def _lines(page: Path, command: str) -> list[list[str]]:
    """Return the words of each line that calls a command."""
    lines = [shlex.split(line, comments=True) for block in examples.blocks(page, "sh") for line in block.splitlines()]
    return [words[words.index(command) + 1 :] for words in lines if command in words[:2]]


@each_page
def test_a_command_line_is_one_that_the_command_takes(page: Path) -> None:
    assert [words for words in _lines(page, "kerasch2") if not _is_taken(words)] == []


def _is_taken(words: list[str]) -> bool:
    try:
        cli._parser().read(words)
    except SystemExit as ended:
        return ended.code == 0
    return True


@each_page
def test_an_option_of_pytest_exists(page: Path) -> None:
    reference = THEIRS.union(*(one.flags for one in options.OPTIONS))
    shown = {word.partition("=")[0] for words in _lines(page, "pytest") for word in words if word.startswith(OURS)}

    assert shown - reference == set()


@pytest.mark.parametrize("name", ["README.md", "docs/how-to/verify-a-release.md"])
def test_output_of_a_run(name: str) -> None:
    """What is shown of a run on TensorFlow 2.15 is what the verdicts of the compatibility table are printed as."""
    pytest.importorskip("rich", reason="the summary is printed by rich")
    results = _results_of("tf2.15")
    (shown,) = (one for one in examples.blocks(PROJECT / name, "text") if "Section of the chapter" in one)

    assert examples.missing(shown, rendering.table(results, 80, False)) == []


def _results_of(environment: str) -> dict[str, Any]:
    """Return the results of a run that did not train, as the table has them."""
    table = json.loads((DOCS / "compatibility.json").read_text(encoding="utf-8"))
    release = next(one for one in table["releases"] if one["environment"] == environment)
    trained = {check.claim.id for check in check_list.all_checks() if check.trains} - WITHOUT_TRAINING
    claims = []
    for claim in table["claims"]:
        outcome = next(one for one in claim["outcomes"] if release["name"] in one["releases"])
        claims.append({**claim, **outcome, **(NOT_TRAINED if claim["id"] in trained else {})})
    return {"environment": release, "claims": claims, "complete": True}


def test_signatures() -> None:
    """The signatures of the step benchmark are those of the functions."""
    (shown,) = (one for one in examples.blocks(DOCS / "reference" / "step-benchmark.md", "text"))
    for name, function in (
        ("step_benchmark(", pytest_benchmark_adapter.record_model),
        ("step_benchmark.step(", function_steps.measure),
    ):
        arguments = re.search(rf"^{re.escape(name)}(.*?)\)$", shown, flags=re.MULTILINE | re.DOTALL)
        assert arguments is not None
        words = re.findall(r"(\w+)(?:=|,|$)", re.sub(r"=[^,]+", "", arguments[1]))
        taken = [one for one in inspect.signature(function).parameters if one not in NOT_FOR_USERS]
        assert words == [*taken, *([] if "name" in taken else ["name"])]


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


@each_page
def test_no_page_has_a_word_that_the_glossary_replaced(page: Path) -> None:
    assert BANNED.findall(page.read_text(encoding="utf-8")) == []


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
        with pytest.raises(AssertionError, match=r"page\.md, line 6: not printed"):
            examples.read_aloud(page, pytester, with_frameworks=False)


def test_control_a_python_block_that_fails_would_be_seen(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examples, "PROJECT", pytester.path)
    page = pytester.path / "page.md"
    page.write_text("```python\n# test_it.py\ndef test_it():\n    assert False\n```\n", encoding="utf-8")

    with pytest.raises(AssertionError, match=r"page\.md, line 1: "):
        examples.read_aloud(page, pytester, with_frameworks=False)
