from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.plugin.conftest import TWO


@pytest.mark.parametrize(
    "flag",
    [
        "--chapter",
        "--chapter-faults",
        "--chapter-results",
        "--chapter-devices",
        "--chapter-mirror",
        "--chapter-offline",
        "--benchmark-plot",
    ],
)
def test_every_option_stands_in_the_help(pytester: pytest.Pytester, flag: str) -> None:
    result = pytester.runpytest_subprocess("--help")

    result.stdout.fnmatch_lines([f"*{flag}*"])


def test_without_the_option_the_suite_is_not_there(two: Any) -> None:
    result = two.pytest()

    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    assert "chapter on:" not in result.stdout.str()


def test_a_claim_is_selected_by_its_id(two: Any) -> None:
    result = two.run("-k", "small.broken")

    result.assert_outcomes(xfailed=1, deselected=1)


def test_the_users_own_tests_are_left_out_unless_named(two: Any) -> None:
    (two.path / "test_own.py").write_text("def test_own(): pass")

    alone, beside = two.run(), two.run("test_own.py")

    alone.assert_outcomes(passed=1, xfailed=1)
    beside.assert_outcomes(passed=2, xfailed=1)


@pytest.mark.parametrize(
    "extra",
    [
        ("--strict-markers",),
        ("-W", "error"),
        ("-p", "no:cacheprovider"),
        ("-o", "python_files=none.py", "-o", "python_functions=none"),
        ("--import-mode=importlib",),
        ("-p", "no:warnings"),
        ("-s",),
    ],
    ids=" ".join,
)
def test_it_works_beside_other_options(two: Any, extra: tuple[str, ...]) -> None:
    two.run(*extra).assert_outcomes(passed=1, xfailed=1)


def test_a_warning_in_a_check_is_no_error_under_w_error(small: Any) -> None:
    small.section(
        "import warnings\n@about('warns')\n"
        "def warns(record):\n    warnings.warn('old name', DeprecationWarning)\n    record.saw('went on')\n"
    )

    small.run("-W", "error").assert_outcomes(passed=1)


def test_checks_are_selected_by_name(two: Any) -> None:
    two.run("-k", "held").assert_outcomes(passed=1, deselected=1)


def test_the_last_failed_are_run_again(small: Any) -> None:
    small.section(TWO.replace("@known()\n", ""))
    small.run().assert_outcomes(passed=1, failed=1)

    again = small.run("--lf")

    again.assert_outcomes(failed=1, deselected=again.parseoutcomes().get("deselected", 0))


def test_collecting_alone_writes_no_results(two: Any) -> None:
    place = two.path / "results.json"

    two.run("--collect-only", f"--chapter-results={place}")

    assert not place.exists()


def _without_times(results: Any) -> Any:
    for claim in results["claims"]:
        claim["seconds"] = 0
    return results


def test_with_and_without_workers_the_results_file_is_the_same(small: Any) -> None:
    pytest.importorskip("xdist")
    small.section(
        TWO
        + "def answers():\n    return 5\n"
        + "@about('child')\n@in_subprocess(Job('small_chapter.section:answers'))\n"
        + "def child_answers(child, record):\n    record.equal('answer', expected=5, actual=child)\n"
    )

    _, alone = small.results()
    result, with_workers = small.results("-n", "2")

    result.assert_outcomes(passed=2, xfailed=1)
    assert _without_times(with_workers) == _without_times(alone)


def test_without_xdist_it_works_too(two: Any) -> None:
    two.run("-p", "no:xdist").assert_outcomes(passed=1, xfailed=1)


def test_a_worker_that_dies_leaves_an_incomplete_results(small: Any) -> None:
    pytest.importorskip("xdist")
    small.section(TWO + "@about('dies')\ndef dies(record):\n    os.abort()\n")

    _, results = small.results("-n", "1", "--max-worker-restart=0")

    assert results["complete"] is False


def test_an_interrupted_run_says_so_in_the_results_file(small: Any) -> None:
    small.section(TWO + "@about('stops')\ndef stops(record):\n    raise KeyboardInterrupt\n")

    result, results = small.results()

    assert (result.ret, results["complete"]) == (pytest.ExitCode.INTERRUPTED, False)
    assert [claim["id"] for claim in results["claims"]] == ["small.held", "small.broken"]


def test_a_run_that_stops_at_the_first_failure_is_incomplete(small: Any) -> None:
    small.section("@about('bad')\ndef bad(record):\n    record.equal('v', expected=1, actual=2)\n" + TWO)

    _, results = small.results("-x")

    assert results["complete"] is False


@pytest.mark.parametrize("place", [".", "missing/results.json", "file/results.json"])
def test_an_unwritable_results_is_refused_before_the_run(two: Any, place: str) -> None:
    (two.path / "file").write_text("in the way")

    result = two.run(f"--chapter-results={place}")

    result.stderr.fnmatch_lines(["ERROR: The results file cannot be written*Name a file in a folder*"])
    assert result.ret == pytest.ExitCode.USAGE_ERROR


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--chapter-devices=tpu", "ERROR: 'tpu' is not a device*cpu*"),
        ("--chapter-devices=gpu", "ERROR: There is no gpu*cpu:0*"),
        ("--chapter-mirror=missing", "ERROR: The mirror*missing*it does not exist*"),
        ("--chapter-mirror=file", "ERROR: The mirror*file*a file*"),
        ("--chapter-mirror=empty", "ERROR: The mirror*empty*it is empty*"),
        ("--chapter-mirror=", "ERROR: --chapter-mirror must have a value, got *"),
        ("--chapter-results=", "ERROR: --chapter-results must have a value, got *"),
    ],
)
def test_an_option_that_cannot_be_honoured_is_one_clear_error(two: Any, option: str, message: str) -> None:
    (two.path / "file").write_text("no folder")
    (two.path / "empty").mkdir()

    result = two.run(option)

    result.stderr.fnmatch_lines([message])
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "Traceback" not in result.stderr.str() + result.stdout.str()


def test_a_damaged_mirror_fails_and_names_the_file(small: Any) -> None:
    small.section("@about('data')\ndef data(mnist, record):\n    record.saw('never')\n")
    (small.path / "mirror").mkdir()
    (small.path / "mirror" / "mnist.npz").write_bytes(b"PK\x03\x04 cut short")

    result, results = small.results("--chapter-mirror=mirror")

    result.assert_outcomes(errors=1)
    assert "Traceback" not in result.stdout.str()
    assert (results["claims"][0]["verdict"], "mnist.npz" in results["claims"][0]["evidence"][-1]) == (
        "inconclusive",
        True,
    )


def _break_tensorflow(two: Any, source: str) -> None:
    (two.path / "fakes" / "tensorflow" / "__init__.py").write_text(source)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("raise ImportError('libcuda.so: no such file')", "*libcuda.so: no such file*"),
        ("raise SystemExit(3)", "*ERROR:*"),
        ("__version__ = '2.15.1'", "*ERROR:*keras*"),
        ("import types\n__version__ = 'unknown'\nkeras = types.SimpleNamespace(layers=None)", "*ERROR:*'unknown'*"),
    ],
    ids=["import error", "exit", "no keras", "unknown version"],
)
def test_a_tensorflow_that_cannot_be_used_is_one_clear_error(two: Any, source: str, message: str) -> None:
    _break_tensorflow(two, source)

    result = two.run()

    result.stderr.fnmatch_lines([message])
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()


def test_under_workers_a_broken_tensorflow_is_told_too(two: Any) -> None:
    pytest.importorskip("xdist")
    _break_tensorflow(two, "raise ImportError('libcuda.so: no such file')")

    result = two.run("-n", "1")

    assert result.ret != 0
    assert "libcuda.so: no such file" in result.stdout.str() + result.stderr.str()


def test_the_header_says_on_what(two: Any) -> None:
    result = two.run()

    result.stdout.fnmatch_lines(
        ["chapter on: TensorFlow 2.15.1, Keras 2.15.0, backend tensorflow", "devices: cpu:0; MNIST: *"]
    )


@pytest.mark.parametrize("home", ["with space", "ünïcode", "n" * 200])
def test_an_odd_home_changes_nothing(two: Any, home: str) -> None:
    folder = two.path / home
    folder.mkdir()

    result = two.run(HOME=str(folder))

    result.assert_outcomes(passed=1, xfailed=1)
    assert list(folder.iterdir()) == []


def test_without_a_home_it_works(two: Any) -> None:
    two.run(HOME="").assert_outcomes(passed=1, xfailed=1)


def test_the_users_settings_file_is_untouched(two: Any) -> None:
    folder = two.path / "own"
    (folder / ".keras").mkdir(parents=True)
    place = folder / ".keras" / "keras.json"
    place.write_bytes(b'{"floatx": "float16", "epsilon": ')

    result = two.run(HOME=str(folder))

    result.assert_outcomes(passed=1, xfailed=1)
    assert place.read_bytes() == b'{"floatx": "float16", "epsilon": '


def test_nothing_is_left_in_the_temporary_folder(two: Any) -> None:
    temporary = two.path / "tmp"
    temporary.mkdir()

    two.run(TMPDIR=str(temporary))

    assert [path.name for path in temporary.iterdir() if path.name.startswith("kerasch2-")] == []


def test_the_plugin_can_be_switched_off(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(): pass")

    result = pytester.runpytest_subprocess("-p", "no:kerasch2")

    result.assert_outcomes(passed=1)


def test_the_mirror_may_be_named_by_a_variable(two: Any) -> None:
    mirror = two.path / "mirror"
    mirror.mkdir()
    (mirror / "mnist.npz").touch()

    result = two.run(KERASCH2_MIRROR=str(mirror))

    result.stdout.fnmatch_lines([f"*MNIST: {Path(mirror)}/mnist.npz*"])
