"""An option of ours yields to anybody else's of that name, and stays reachable by its long name."""

from __future__ import annotations

from typing import Any

import pytest

PRINTS = "def test_it(request):\n    print('value:', request.config.getoption('--benchmark'))\n"


@pytest.fixture
def inner(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)

    def run(*arguments: str) -> pytest.RunResult:
        return pytester.runpytest_subprocess(
            "-p", "no:randomly", "-p", "no:hypothesispytest", "-p", "no:cacheprovider", "-s", *arguments
        )

    return run


def _option(**how: Any) -> str:
    return f"def pytest_addoption(parser):\n    parser.addoption('--benchmark', **{how!r})\n"


@pytest.mark.parametrize("where", ["conftest.py", "tests/conftest.py", "tests/deep/conftest.py"])
@pytest.mark.parametrize("how", [{"action": "store_true"}, {"action": "store", "default": "no", "dest": "bench"}])
def test_a_conftest_keeps_its_option(pytester: pytest.Pytester, inner: Any, where: str, how: Any) -> None:
    folder = (pytester.path / where).parent
    folder.mkdir(parents=True, exist_ok=True)
    (pytester.path / where).write_text(_option(**how))
    (folder / "test_it.py").write_text(PRINTS)

    # A conftest two folders down is loaded while pytest starts only if its folder is named.
    inner(str(folder)).assert_outcomes(passed=1)


def test_the_value_on_the_command_line_is_the_projects(pytester: pytest.Pytester, inner: Any) -> None:
    pytester.makeconftest(_option(action="store", default="no"))
    pytester.makepyfile(PRINTS)

    result = inner("--benchmark", "fast")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*value: fast*"])


def test_a_group_of_our_name_can_hold_it(pytester: pytest.Pytester, inner: Any) -> None:
    pytester.makeconftest(
        "def pytest_addoption(parser):\n    parser.getgroup('kerasch2').addoption('--chapter', action='store_true')\n"
    )
    pytester.makepyfile("def test_it(request):\n    assert request.config.getoption('--chapter')\n")

    inner("--chapter").assert_outcomes(passed=1)


def test_that_it_yields_is_said_by_name(pytester: pytest.Pytester, inner: Any) -> None:
    pytester.makeconftest(_option(action="store_true"))
    pytester.makepyfile(PRINTS)

    inner().stdout.fnmatch_lines(["*--benchmark *--kerasch2-benchmark*"])
    inner("--help").stdout.fnmatch_lines(["*--kerasch2-benchmark*"])


def test_the_long_name_is_ours_all_the_same(pytester: pytest.Pytester, inner: Any) -> None:
    pytester.makeconftest(_option(action="store_true"))
    pytester.makepyfile("def test_it(benchmark):\n    benchmark(len, [])\n\ndef test_other():\n    pass\n")

    inner("--kerasch2-benchmark").assert_outcomes(passed=1, deselected=1)


@pytest.mark.parametrize("loaded", [("-p", "other"), ()], ids=["before ours", "by a variable"])
def test_another_plugin_keeps_its_option(
    pytester: pytest.Pytester, inner: Any, monkeypatch: pytest.MonkeyPatch, loaded: tuple[str, ...]
) -> None:
    pytester.makepyfile(other=_option(action="store", default="theirs"), test_it=PRINTS)
    monkeypatch.setenv("PYTHONPATH", str(pytester.path))
    if not loaded:
        # After the plugins that are found by themselves.
        monkeypatch.setenv("PYTEST_PLUGINS", "other")

    result = inner(*loaded)

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*value: theirs*"])


def test_what_is_not_used_is_not_registered(pytester: pytest.Pytester, inner: Any) -> None:
    pytester.makepyfile(
        "def test_it(request):\n    assert request.config.getoption('--benchmark', 'absent') == 'absent'\n"
    )

    inner().assert_outcomes(passed=1)


@pytest.mark.parametrize("way", ["variable", "file"])
def test_options_of_a_file_or_a_variable_are_read(
    pytester: pytest.Pytester, inner: Any, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    pytester.makepyfile("def test_it(benchmark):\n    benchmark(len, [])\n\ndef test_other():\n    pass\n")
    if way == "file":
        pytester.makeini("[pytest]\naddopts = --benchmark\n")
    else:
        monkeypatch.setenv("PYTEST_ADDOPTS", "--benchmark")

    inner().assert_outcomes(passed=1, deselected=1)


def test_the_value_of_an_option_is_no_path_of_tests(pytester: pytest.Pytester, inner: Any) -> None:
    (pytester.mkdir("mirror") / "conftest.py").write_text("raise RuntimeError('read')")
    pytester.makepyfile(test_it="def test_it():\n    pass\n")

    inner("--chapter-mirror", "mirror", "test_it.py").assert_outcomes(passed=1)


def test_a_misspelt_option_is_answered_with_the_nearest(inner: Any) -> None:
    result = inner("--chapter-resuls=x.json")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*unrecognized arguments: --chapter-resuls*", "*--chapter-results *"])


def test_an_unknown_option_of_others_is_answered_as_without_the_plugin(inner: Any) -> None:
    inner("--something-else").stderr.no_fnmatch_line("*did you mean*")


@pytest.mark.parametrize(
    ("given", "needed"),
    [
        (["--chapter-results=x.json"], "--chapter"),
        (["--chapter-trainings=x"], "--chapter-accuracy"),
        (["--chapter", "--chapter-trainings=x"], "--chapter-accuracy"),
        (["--chapter-faults", "--chapter-results=x.json"], "--chapter-faults"),
    ],
)
def test_an_option_without_effect_is_refused_on_the_command_line(inner: Any, given: list[str], needed: str) -> None:
    result = inner(*given)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: --chapter-* has no effect with*{needed}*"])


def test_in_a_configuration_file_it_waits_for_the_run_that_uses_it(pytester: pytest.Pytester, inner: Any) -> None:
    pytester.makeini("[pytest]\naddopts = --chapter-results=x.json\n")
    pytester.makepyfile("def test_it():\n    pass\n")

    result = inner()

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*--chapter-results has no effect without --chapter*"])
