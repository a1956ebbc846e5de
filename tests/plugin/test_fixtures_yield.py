"""A name of a fixture belongs to whoever overrides it; collecting imports no framework."""

from __future__ import annotations

from typing import Any

import pytest

NOTHING = """
import sys

def test_nothing_is_imported():
    assert not {'tensorflow', 'keras', 'tf_keras', 'jax', 'torch'} & set(sys.modules)
"""
BY_MARK = """
import pytest

@pytest.mark.parametrize("device", ["host", "card"])
def test_it(device):
    assert device in ("host", "card")
"""
SEVERAL_NAMES = """
import pytest

@pytest.mark.parametrize("device, dtype", [("host", 1), ("card", 2)], ids=lambda value: f"<{value}>")
def test_it(device, dtype):
    assert device in ("host", "card")
"""
BY_KEYWORDS = """
import pytest

@pytest.mark.parametrize(argnames=["saved_model"], argvalues=[["host"], ["card"]])
class TestIt:
    def test_it(self, saved_model):
        assert saved_model in ("host", "card")
"""
BY_MODULE_HOOK = """
def pytest_generate_tests(metafunc):
    if "model_style" in metafunc.fixturenames:
        metafunc.parametrize("model_style", ["host", "card"])

def test_it(model_style):
    assert model_style in ("host", "card")
"""
BY_CLASS_HOOK = """
class TestIt:
    def pytest_generate_tests(self, metafunc):
        metafunc.parametrize("device", ["host", "card"])

    def test_it(self, device):
        assert device in ("host", "card")
"""
BY_FIXTURE = """
import pytest

@pytest.fixture(params=["host", "card"], scope="module")
def device(request):
    return request.param

@pytest.mark.usefixtures("device")
def test_it(request):
    assert request.getfixturevalue("device") in ("host", "card")
"""
IN_CLASS = """
import pytest

class TestIt:
    @pytest.fixture(params=["host", "card"])
    def digits(self, request):
        return request.param

    def test_it(self, digits):
        assert digits in ("host", "card")
"""
INDIRECT = """
import pytest

@pytest.fixture
def device(request):
    return request.param.upper()

@pytest.mark.parametrize("device", ["host", "card"], indirect=True)
def test_it(device):
    assert device in ("HOST", "CARD")
"""
WIDER = """
import pytest

@pytest.fixture(scope="session")
def mnist():
    return 1

@pytest.fixture(scope="session", params=["host", "card"])
def both(mnist, request):
    return mnist, request.param

def test_it(both):
    assert both[0] == 1
"""
WAYS = [BY_MARK, SEVERAL_NAMES, BY_KEYWORDS, BY_MODULE_HOOK, BY_CLASS_HOOK, BY_FIXTURE, IN_CLASS, INDIRECT, WIDER]


@pytest.fixture
def inner(pytester: pytest.Pytester) -> Any:
    def run(*arguments: str) -> pytest.RunResult:
        return pytester.runpytest_subprocess(
            "-p", "no:randomly", "-p", "no:hypothesispytest", "-p", "no:cacheprovider", "-v", *arguments
        )

    return run


@pytest.mark.parametrize("text", WAYS)
def test_a_name_belongs_to_whoever_overrides_it(pytester: pytest.Pytester, inner: Any, text: str) -> None:
    pytester.makepyfile(text + NOTHING)

    inner().assert_outcomes(passed=3)


def test_ids_are_those_of_a_run_without_the_plugin(pytester: pytest.Pytester, inner: Any) -> None:
    pytester.makepyfile(**{f"test_{number}": text for number, text in enumerate(WAYS)})

    having, lacking = inner("--collect-only", "-qq"), inner("--collect-only", "-qq", "-p", "no:kerasch2")

    ids = [[line for line in result.outlines if "::" in line] for result in (having, lacking)]
    assert (ids[0], len(ids[1])) == (ids[1], 2 * len(WAYS))


@pytest.mark.parametrize("name", ["device", "model_style", "saved_model"])
def test_a_hook_of_a_conftest_parametrizes_it(pytester: pytest.Pytester, inner: Any, name: str) -> None:
    pytester.makeconftest(
        "def pytest_generate_tests(metafunc):\n"
        f"    if {name!r} in metafunc.fixturenames:\n        metafunc.parametrize({name!r}, ['host', 'card'])\n"
    )
    pytester.makepyfile(f"def test_it({name}):\n    assert {name} in ('host', 'card')\n" + NOTHING)

    inner().assert_outcomes(passed=3)


@pytest.mark.parametrize("place", ["-p", "PYTEST_PLUGINS"])
def test_another_plugin_keeps_its_fixture_whichever_is_loaded_first(
    pytester: pytest.Pytester, inner: Any, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    pytester.makepyfile(
        other="import pytest\n\n@pytest.fixture(name='digits')\ndef _digits():\n    return 'theirs'\n",
        test_it="def test_it(digits):\n    assert digits == 'theirs'\n",
    )
    monkeypatch.setenv("PYTHONPATH", str(pytester.path))
    if place != "-p":
        monkeypatch.setenv(place, "other")

    result = inner(*(("-p", "other") if place == "-p" else ()))

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["*fixture digits is that of the plugin other*from pytest_kerasch2.fixtures import digits*"]
    )


def test_an_override_may_ask_for_ours(pytester: pytest.Pytester, inner: Any) -> None:
    pytester.makeconftest("import pytest\n\n@pytest.fixture\ndef scratch(scratch):\n    return scratch / 'mine'\n")
    pytester.makepyfile("def test_it(scratch, tmp_path):\n    assert scratch == tmp_path / 'mine'\n")

    inner().assert_outcomes(passed=1)


def test_an_override_that_asks_for_ours_has_its_runs(pytester: pytest.Pytester, inner: Any) -> None:
    pytester.makeconftest(
        "import pytest\n\n@pytest.fixture\ndef model_style(model_style):\n    return model_style.name\n"
    )
    pytester.makepyfile("def test_it(model_style):\n    assert isinstance(model_style, str)\n")

    inner().assert_outcomes(passed=4)


def test_ours_can_be_imported_under_another_name(pytester: pytest.Pytester, inner: Any) -> None:
    pytester.makepyfile(
        "from pytest_kerasch2.fixtures import model_style\n\ndef test_it(model_style):\n    assert model_style.build\n"
    )

    inner().assert_outcomes(passed=4)


@pytest.mark.parametrize("arguments", [("--collect-only",), ("-k", "nothing_is_imported")])
def test_collecting_tests_that_use_ours_imports_no_framework(
    pytester: pytest.Pytester, inner: Any, arguments: tuple[str, ...]
) -> None:
    pytester.makeconftest(
        "import sys\n\ndef pytest_unconfigure():\n"
        "    print('imported:', sorted({'tensorflow', 'keras', 'jax', 'torch', 'numpy'} & set(sys.modules)))\n"
    )
    pytester.makepyfile("def test_it(device, model_style, step_benchmark, digits):\n    pass\n" + NOTHING)

    result = inner(*arguments, "-s", "-p", "no:hypothesispytest", "-p", "no:benchmark")

    result.stdout.fnmatch_lines(["*imported: []*"])


def test_devices_are_named_without_asking_a_framework(pytester: pytest.Pytester, inner: Any) -> None:
    pytester.makepyfile("def test_it(device):\n    pass\n")

    result = inner("--collect-only", "-qq", "--chapter-devices=cpu,gpu:3")

    result.stdout.fnmatch_lines(["test_*::test_it?cpu:0?", "test_*::test_it?gpu:3?"])


def test_a_name_that_is_no_device_is_one_sentence(pytester: pytest.Pytester, inner: Any) -> None:
    pytester.makepyfile("def test_it(device):\n    pass\n")

    result = inner("--chapter-devices=tpu")

    result.stdout.fnmatch_lines(["'tpu' is not a device*"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_what_stands_for_several_things_cannot_be_asked_for_while_a_test_runs(
    pytester: pytest.Pytester, inner: Any
) -> None:
    pytester.makepyfile("def test_it(request):\n    request.getfixturevalue('model_style')\n")

    result = inner()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["`model_style` stands for 4 things*argument*"])


def test_tests_of_other_kinds_are_left_alone(pytester: pytest.Pytester, inner: Any) -> None:
    pytester.makepyfile(
        "import unittest\n\nclass TestOld(unittest.TestCase):\n    def test_it(self):\n        pass\n\n"
        "def documented():\n    '''\n    >>> 1 + 1\n    2\n    '''\n"
    )
    pytester.maketxtfile(test_text=">>> 1\n1\n")

    inner("--doctest-modules", "--doctest-glob=*.txt", "--import-mode=importlib").assert_outcomes(passed=3)
