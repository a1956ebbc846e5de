"""A suite is found before anything is started, or it is said where it was looked for."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_kerasch2 import cli
from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.stats.paired_sequential import ComparisonSettings
from pytest_kerasch2.timing import benchmark_suite, compare, installed_releases, suite_search, timed_processes
from pytest_kerasch2.timing.compare import ComparisonPlan
from pytest_kerasch2.timing.timed_processes import ComparedSide

PYTHON = Path(sys.executable)


def side(folder: Path, *before: Path, revision: str = "") -> ComparedSide:
    return ComparedSide("mine", PYTHON, folder, import_first=before, revision=revision)


def refusal(one: ComparedSide, suite: str, here: Path) -> str:
    with pytest.raises(InvalidArgument) as caught:
        benchmark_suite.check_suite(one, suite, here)
    return str(caught.value)


@pytest.mark.parametrize(
    ("file", "suite"),
    [
        ("steps.py", "steps:benchmarks"),
        ("pack/steps.py", "pack.steps:benchmarks"),
        ("space/inner/steps.py", "space.inner.steps:benchmarks"),
    ],
)
def test_a_function_that_is_there_is_found_without_importing_it(tmp_path: Path, file: str, suite: str) -> None:
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text("raise SystemExit('imported')\ndef benchmarks(): pass\n", encoding="utf-8")

    benchmark_suite.check_suite(side(tmp_path), suite, tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "from elsewhere import *",
        "def __getattr__(name): ...",
        "globals()['benchmarks'] = dict",
        "if True:\n    def benchmarks(): ...",
        "try:\n    import nothing as benchmarks\nexcept ImportError:\n    benchmarks = None",
        "benchmarks: object = dict",
        "a, (benchmarks, *c) = 1, (2, 3)",
        "from elsewhere import benchmarks",
        "class benchmarks: ...",
        "with open('x') as benchmarks: ...",
        "for benchmarks in (): ...",
    ],
)
def test_a_name_that_may_be_bound_is_not_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "steps.py").write_text(text, encoding="utf-8")

    benchmark_suite.check_suite(side(tmp_path), "steps:benchmarks", tmp_path)


def test_the_folders_that_were_looked_into_are_named(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()

    message = refusal(side(tmp_path, tmp_path / "src"), "nowhere:benchmarks", tmp_path)

    assert all(str(place) in message for place in (tmp_path, tmp_path / "src", PYTHON))


def test_a_module_that_is_alike_is_suggested(tmp_path: Path) -> None:
    (tmp_path / "training_steps.py").write_text("", encoding="utf-8")

    assert "did you mean training_steps?" in refusal(side(tmp_path), "trainig_steps:f", tmp_path)


def test_a_function_that_is_alike_is_suggested(tmp_path: Path) -> None:
    (tmp_path / "steps.py").write_text("def benchmarks(): ...", encoding="utf-8")

    assert "did you mean benchmarks?" in refusal(side(tmp_path), "steps:benchmark", tmp_path)


def test_a_module_that_cannot_be_read_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "steps.py").write_text("def benchmarks(:\n", encoding="utf-8")

    message = refusal(side(tmp_path), "steps:benchmarks", tmp_path)

    assert ("SyntaxError" in message, "line 1" in message) == (True, True)


def test_a_module_that_is_not_committed_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "tree").mkdir()
    (tmp_path / "mine" / "steps.py").write_text("", encoding="utf-8")

    message = refusal(side(tmp_path / "tree", revision="abc"), "steps:f", tmp_path / "mine")

    assert "it is in your working tree" in message


def test_an_interpreter_that_does_not_answer_is_left_to_the_start(tmp_path: Path) -> None:
    benchmark_suite.check_suite(ComparedSide("mine", tmp_path / "no_python", tmp_path), "nowhere:f", tmp_path)


@pytest.mark.parametrize("suite", ["steps", ":f", "steps:", "a b:c", "steps:f:g", "../steps:f", "steps:f()"])
def test_a_suite_is_a_module_and_a_function(suite: str) -> None:
    with pytest.raises(InvalidArgument, match="suite must be written as MODULE:FUNCTION"):
        benchmark_suite.check_words(suite, ())


def test_a_suite_of_ones_own_may_call_its_benchmarks_anything() -> None:
    benchmark_suite.check_words("steps:benchmarks", ["anything"])


def test_it_is_found_before_any_process_that_times_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("scipy", reason="distributions are SciPy's, of the extra `accuracy`")
    started: list[object] = []
    monkeypatch.setattr(timed_processes.TimedProcess, "__init__", lambda self, *given: started.append(given))
    monkeypatch.chdir(tmp_path)

    status = cli.main(["compare", str(PYTHON), str(PYTHON), "--suite", "nowhere:f"])

    assert (status, "it was looked for in" in capsys.readouterr().err, started) == (2, True, [])


def test_a_release_is_not_installed_where_the_other_one_lacks_the_suite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("scipy", reason="distributions are SciPy's, of the extra `accuracy`")
    asked: list[object] = []
    monkeypatch.setattr(installed_releases, "_run_installer", lambda *given: asked.append(given))
    monkeypatch.chdir(tmp_path)

    status = cli.main(["compare", "toy==1.0", str(PYTHON), "--suite", "nowhere:f"])

    assert (status, asked) == (2, [])


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_a_folder_that_has_the_name_of_a_branch_is_the_branch(tmp_path: Path) -> None:
    git = ["git", "-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false"]
    (tmp_path / "docs").mkdir()
    for words in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "one"], ["branch", "docs"]):
        subprocess.run([*git, *words], cwd=tmp_path, check=True)

    with timed_processes.resolve_side("docs", tmp_path) as one:
        assert len(one.revision) == 40


@pytest.mark.parametrize("words", ["", " ", "x" * 5000, "a\0b"])
def test_words_that_name_nothing_are_refused(tmp_path: Path, words: str) -> None:
    with pytest.raises(InvalidArgument), timed_processes.resolve_side(words, tmp_path):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="each file may be run there")
def test_a_file_that_cannot_be_run_is_no_interpreter(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("", encoding="utf-8")
    (tmp_path / "notes.txt").chmod(0o644)

    with pytest.raises(InvalidArgument, match="is not an interpreter"), timed_processes.resolve_side(
        str(tmp_path / "notes.txt"), tmp_path
    ):
        pass


@pytest.mark.parametrize(
    ("words", "written"),
    [
        ("tensorflow=2.15.1", "tensorflow==2.15.1"),
        ("tensorflow>=2.15", "tensorflow==2.15"),
        ("tensorflow 2.15", "tensorflow==2.15"),
        ("keras~=3.8", "keras==3.8"),
        ("tensorflow[and-cuda]=2.15.1", "tensorflow[and-cuda]==2.15.1"),
    ],
)
def test_what_is_almost_a_release_says_how_one_is_written(words: str, written: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        installed_releases.check_spelling(words)

    assert (repr(words) in str(caught.value), written in str(caught.value)) == (True, True)


@pytest.mark.parametrize("words", ["HEAD~1", "v2.15", "feature/x=1", "main@{1}", "abc123"])
def test_a_revision_is_not_almost_a_release(words: str) -> None:
    installed_releases.check_spelling(words)


def test_installer_output_is_shown_without_passwords(tmp_path: Path) -> None:
    program = "import sys; print('no https://me:secret@host/simple'); sys.exit(1)"

    with pytest.raises(InvalidArgument) as caught:
        installed_releases._run_installer("tensrflow==1.0", [sys.executable, "-c", program])

    assert ("secret" in str(caught.value), "did you mean tensorflow" in str(caught.value)) == (False, True)


@pytest.mark.parametrize(
    ("names", "is_chapter", "most", "expected_text"),
    [
        ((), True, 30, "11 to 30 starts of three processes, for 3 benchmarks: about 2 to 8 min"),
        (("fit",), True, 11, "11 starts of three processes, for 1 benchmark: about 1 min"),
        ((), False, 30, "for each benchmark of the suite: about 1 to 3 min"),
    ],
)
def test_the_duration_is_estimated_beforehand(
    names: tuple[str, ...], is_chapter: bool, most: int, expected_text: str
) -> None:
    assert expected_text in compare.duration_text(
        ComparisonPlan(ComparisonSettings(max_starts=most), benchmarks=names), is_chapter
    )


def test_the_program_that_looks_runs_on_old_interpreters() -> None:
    text = Path(suite_search.__file__).read_text(encoding="utf-8")

    assert ("pytest_kerasch2" in text, ":=" in text) == (False, False)
