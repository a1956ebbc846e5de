"""The forks in which inner runs of pytest find TensorFlow imported: they are as processes of their own would be."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tests.builders import forkserver

pytestmark = pytest.mark.skipif(not forkserver.AVAILABLE, reason="no fork is safe here")
QUIET = ("-p", "no:randomly", "-p", "no:cacheprovider")


def _run(preloaded: pytest.Pytester, body: str) -> pytest.RunResult:
    preloaded.makepyfile(f"import os, signal, sys, time\n\n\ndef test_it():\n    {body}\n")
    return preloaded.runpytest_subprocess(*QUIET)


@pytest.mark.skipif(importlib.util.find_spec("tensorflow") is None, reason="there is no TensorFlow")
def test_tensorflow_is_imported_already(preloaded: pytest.Pytester) -> None:
    _run(preloaded, "assert 'tensorflow' in sys.modules").assert_outcomes(passed=1)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="/proc says how many threads a process has")
def test_the_process_that_forks_has_one_thread(preloaded: pytest.Pytester) -> None:
    body = "assert len(os.listdir(f'/proc/{os.getppid()}/task')) == 1"

    _run(preloaded, body).assert_outcomes(passed=1)


def test_the_environment_and_the_folder_are_those_of_the_test(
    preloaded: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_OWN", "set")
    body = f"assert (os.environ['MY_OWN'], os.getcwd()) == ('set', {str(Path.cwd())!r})"

    _run(preloaded, body).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("body", "status"), [("os._exit(70)", 70), ("os.kill(os.getpid(), signal.SIGKILL)", -9), ("assert False", 1)]
)
def test_the_exit_status_is_told(preloaded: pytest.Pytester, body: str, status: int) -> None:
    assert _run(preloaded, body).ret == status


def test_one_that_takes_too_long_is_ended(preloaded: pytest.Pytester) -> None:
    preloaded.makepyfile("import time\n\n\ndef test_it():\n    time.sleep(600)\n")

    with pytest.raises(preloaded.TimeoutExpired):
        preloaded.runpytest_subprocess(*QUIET, timeout=1)
