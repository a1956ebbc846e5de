"""`pytest --chapter-document`: each block as a test, its outcome, its place, and what JUnit and GitHub get of it."""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any, Callable

import pytest

pytest.importorskip("libcst", reason="code is edited by LibCST, of the extra `documents`")
if sys.version_info < (3, 9):
    pytest.skip("documents are checked by CPython 3.9 or newer", allow_module_level=True)
from pytest_kerasch2.claims.release import Release
from pytest_kerasch2.documents import block_findings, reading
from pytest_kerasch2.documents.comparing import ReleaseDifference
from pytest_kerasch2.documents.file_lines import file_lines
from pytest_kerasch2.documents.printed_outputs import OutputComparison
from pytest_kerasch2.suite import document_reports

# No TensorFlow is asked for: a document that does not import it does not need it.
CONFTEST = """
from pathlib import Path
from pytest_kerasch2.claims.release import Release
from pytest_kerasch2.documents import releases, judging
releases.named = lambda text: Release("2.21.0", "3.15.1", "tensorflow")
execute = judging.execute
def counted(*arguments):
    with (Path(__file__).parent / "runs.txt").open("a") as stream:
        stream.write("run\\n")
    return execute(*arguments)
judging.execute = counted
"""
BLOCKS = ("x = math.pi", "y = x + 1", "a = 1 / 0", "b = a", "print(nothing)", "z = 1", "(60000, 28, 28)")
FIRST = {1: "FAILED", 2: "SKIPPED", 3: "FAILED", 4: "SKIPPED", 5: "SKIPPED", 6: "PASSED"}
Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs pytest on the document."""
    pytester.makeconftest(CONFTEST)
    text = "\n".join(f"```py\n{block}\n```\n" for block in BLOCKS)
    (pytester.path / "page.md").write_text(text, encoding="utf-8")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:randomly")
    # An inner run finds the folders of ours that are left over, and no other run's.
    (pytester.path / "temp").mkdir()
    monkeypatch.setenv("TMPDIR", str(pytester.path / "temp"))
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)

    def ran(*words: str, document: str = "page.md") -> pytest.RunResult:
        result = pytester.runpytest_subprocess(f"--chapter-document={document}", *words)
        assert "Traceback" not in result.stdout.str() + result.stderr.str()
        assert [one.name for one in (pytester.path / "temp").iterdir() if one.name.startswith("kerasch2-")] == []
        return result

    return ran


def runs_of(folder: Path) -> int:
    file = folder / "runs.txt"
    return len(file.read_text(encoding="utf-8").splitlines()) if file.exists() else 0


def test_each_block_of_code_is_a_test_with_its_outcome(run: Run, pytester: pytest.Pytester) -> None:
    result = run("-v", "--junitxml=junit.xml")

    result.assert_outcomes(passed=1, failed=2, skipped=3)
    result.stdout.fnmatch_lines([f"page.md::block-{number} {word}*" for number, word in FIRST.items()])
    result.stdout.fnmatch_lines(
        [
            "documents on TensorFlow 2.21.0, Keras 3.15.1: page.md", "A document is code of somebody else*",
            "*block-2 SKIPPED (fails only because of block 1 (line 2))*",
            "*block-5 SKIPPED (needs nothing, which no block makes)*",
            "repaired: inserted: import math", "*+ import math", "page.md:2: repaired",
            "broken: ZeroDivisionError: division by zero, line 1 of the block", "page.md:10: broken",
            "*page.md: 1 runs, 1 repaired, 2 follows, 1 needs, 1 broken",
        ]
    )  # fmt: skip
    assert runs_of(pytester.path) == 1
    cases = ElementTree.parse(str(pytester.path / "junit.xml")).iter("testcase")
    properties = [{one.get("name"): one.get("value") for one in case.iter("property")} for case in cases]
    assert properties[0] == {"kerasch2_finding": "repaired", "kerasch2_line": "2"}
    assert [one["kerasch2_line"] for one in properties] == ["2", "6", "10", "14", "18", "22"]


def test_the_causes_of_a_block_are_told_with_since_link_and_patch(run: Run, pytester: pytest.Pytester) -> None:
    # A stand-in that is as strict as Keras 3 in one argument, and behind which stands no framework.
    stand_in = "import sys, types\nkeras = sys.modules['keras'] = types.ModuleType('keras')\n"
    stand_in += "class SGD:\n    def __init__(self, learning_rate): pass\n"
    stand_in += "keras.optimizers = types.SimpleNamespace(SGD=SGD)"
    text = f"```py\n{stand_in}\n```\n\n```py\nimport keras\nkeras.optimizers.SGD(lr=0.1)\n```\n"
    (pytester.path / "page.md").write_text(text, encoding="utf-8")

    result = run("--junitxml=junit.xml")

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["repaired: optimizer-lr", "*fails since Keras 3.0:*", "*https://github.com/keras-team/*",
         "*- keras.optimizers.SGD(lr=0.1)", "*+ keras.optimizers.SGD(learning_rate=0.1)", "page.md:10: repaired",
         "FAILED page.md::block-2 - repaired: optimizer-lr"]
    )  # fmt: skip
    assert 'name="kerasch2_causes" value="optimizer-lr"' in (pytester.path / "junit.xml").read_text(encoding="utf-8")


def test_two_workers_run_a_document_once(run: Run, pytester: pytest.Pytester) -> None:
    pytest.importorskip("xdist", reason="workers are those of pytest-xdist")

    run("-n", "2").assert_outcomes(passed=1, failed=2, skipped=3)

    assert runs_of(pytester.path) == 1


def test_selection_first_failure_and_last_failed(run: Run) -> None:
    run("-k", "block-4").assert_outcomes(skipped=1, deselected=6 - 1)
    run("-x").assert_outcomes(failed=1)
    run().assert_outcomes(passed=1, failed=2, skipped=3)
    run("--lf").assert_outcomes(failed=2, deselected=4)


def test_paths_that_are_named_are_run_too_and_a_document_only_once(run: Run, pytester: pytest.Pytester) -> None:
    (pytester.path / "test_own.py").write_text("def test_own(): pass", encoding="utf-8")

    run(".").assert_outcomes(passed=2, failed=2, skipped=3)
    run("page.md").assert_outcomes(passed=1, failed=2, skipped=3)
    run("page.md::block-3").assert_outcomes(failed=1)


def test_nothing_is_run_to_collect(run: Run, pytester: pytest.Pytester) -> None:
    result = run("--collect-only", "-q")

    result.stdout.fnmatch_lines(["page.md::block-1", "page.md::block-6"])
    assert runs_of(pytester.path) == 0


def test_a_script_is_not_imported(run: Run, pytester: pytest.Pytester) -> None:
    made = pytester.path / "made"
    text = f"import os\nif 'pytest' in __import__('sys').modules:\n    open({str(made)!r}, 'w')\ndef test_x(): pass\n"
    (pytester.path / "test_page.py").write_text(text, encoding="utf-8")

    run("--collect-only", document="test_page.py")

    assert not made.exists()


def test_a_document_that_cannot_be_read_is_told_in_words(run: Run, pytester: pytest.Pytester) -> None:
    (pytester.path / "bad.ipynb").write_text("{", encoding="utf-8")

    result = run("--chapter-document=page.md", document="bad.ipynb")

    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*A notebook is not valid JSON*"])


def test_a_document_that_is_not_there(run: Run) -> None:
    result = run(document="absent.md")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "absent.md" in result.stderr.str()


def test_without_the_extra_it_is_refused(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makeconftest("import sys\nsys.modules['libcst'] = None")

    result = run()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert 'pip install "pytest-kerasch2[documents]"' in result.stderr.str()


def test_github_gets_annotations_on_the_lines_and_a_summary(
    run: Run, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = pytester.path / "summary.md"
    for name, value in {
        "GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_WORKSPACE": str(pytester.path),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)

    result = run("-n", "2")

    result.stdout.fnmatch_lines(
        [
            "::error file=page.md,line=2,title=block 1%3A repaired::error: NameError*",
            "::error file=page.md,line=10,title=block 3%3A broken::error: ZeroDivisionError*",
            "::warning file=page.md,line=18,title=block 5%3A needs::*",
            "::notice file=page.md,title=Document::1 runs, 1 repaired, 2 follows, 1 needs, 1 broken",
        ]
    )
    text = summary.read_text(encoding="utf-8")
    assert text.count("## page.md") == 1
    assert "| 2 | line 6 | follows | because of block 1 |" in text
    assert "```diff\n+ import math\n```" in text


def test_a_hostile_text_writes_no_command_and_no_markup() -> None:
    block = {
        "path": "/a/b,c.md", "line": 3, "number": 1, "place": "line 3", "finding": "broken", "causes": [],
        "needs": ["|x|\n::error::y"], "error": "E: <script>|\n## x", "follows": None,
        "patch": ["+ ```", "+ ::error::z"],
        "text": ["one\n::set-output name=x::y"],
    }  # fmt: skip

    lines = document_reports.commands([block], {"GITHUB_WORKSPACE": "/a"})
    summary = document_reports.summary([block], Release("2.21.0", "3.15.1", "tensorflow"))

    assert [line.split("::")[1].split(" ")[0] for line in lines] == ["error", "notice"]
    assert all("\n" not in line for line in lines)
    assert lines[0].startswith("::error file=b%2Cc.md,line=3,")
    assert "<script>" not in summary
    assert "````diff" in summary


def test_the_line_of_a_cell_is_that_of_the_file(tmp_path: Path) -> None:
    sources: list[Any] = [["# Text\n"], ["x = 1\n", "é = 2"], "", ["x = 1\n", "y = 3\n"], 'z = "q"\nw = 1\n']
    kinds = ["markdown", *["code"] * 4]
    cells = [{"cell_type": kind, "source": one} for kind, one in zip(kinds, sources)]
    for settings in ({"indent": 1}, {"indent": 1, "ensure_ascii": False}, {}):
        text = json.dumps({"cells": cells}, **settings)  # type: ignore[arg-type]
        path = tmp_path / "one.ipynb"
        path.write_text(text, encoding="utf-8")

        lines = file_lines(reading.read_document(path))

        rows = text.split("\n")
        found = [rows[lines[number] - 1] for number in (1, 3, 4)]
        assert all(part in row for part, row in zip(('"x = 1', '"x = 1', '"z = '), found))
        assert lines[1] < lines[3] or "indent" not in settings


def test_a_finding_survives_as_data(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("```py\nx = 1\n```\n", encoding="utf-8")
    (block,) = reading.read_document(path).blocks
    cause = block_findings.Cause("n", "silent", "t", "2.16", None, "https://a.b", "i", "d", 1, True)
    finding = block_findings.BlockFinding(
        block, block_findings.Word.CHANGED, (cause,), ("a",), ("b",), "c", ("+ d",), 0.5, True, follows=3,
        outputs=(OutputComparison("fence", "text_differs", words=("e", "f")),),
        differences=(ReleaseDifference("g", "shape", "structure", "(1,)", "(2,)"),),
    )  # fmt: skip

    assert block_findings.BlockFinding.from_dict(block, json.loads(json.dumps(finding.to_dict()))) == finding


def test_the_help_says_that_the_option_is_the_consent(pytester: pytest.Pytester) -> None:
    text = " ".join(pytester.runpytest_subprocess("--help").stdout.str().split())

    assert "--chapter-document=FILE" in text
    assert "it is code of somebody else, which this option lets run as you" in text


def test_beside_benchmarks_it_is_refused(run: Run) -> None:
    result = run("--benchmark")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "--chapter-document has no effect with --benchmark" in result.stderr.str()


def test_beside_the_chapter(two: Any) -> None:
    (two.path / "page.md").write_text("```py\nx = 1 / 0\n```\n", encoding="utf-8")
    (two.path / "test_own.py").write_text("def test_own(): pass", encoding="utf-8")

    result = two.run("--chapter-document=page.md")
    named = two.run("--chapter-document=page.md", "test_own.py")

    result.assert_outcomes(passed=1, xfailed=1, failed=1)
    named.assert_outcomes(passed=2, xfailed=1, failed=1)
    result.stdout.fnmatch_lines(["*page.md: 1 broken", "*the Keras chapter, verified*"])
