"""The packaged suite on the real TensorFlow: it ends as recorded, and its checks catch what is injected."""

from __future__ import annotations

import pytest

from pytest_kerasch2.claims import results

# A section of which no check starts a process with TensorFlow.
SAMPLE = "dtypes"


def test_a_sample_of_the_faults_is_caught(preloaded: pytest.Pytester) -> None:
    result = preloaded.runpytest_subprocess(
        "--chapter-faults", "-k", SAMPLE, "-q", "-p", "no:cacheprovider", "-p", "no:randomly"
    )

    assert result.ret == 0
    result.stdout.re_match_lines([r"injected faults detected: [1-9]\d* of \d+"])


def test_a_sample_of_the_chapter_is_as_recorded(preloaded: pytest.Pytester) -> None:
    result = preloaded.runpytest_subprocess("--chapter", "-k", SAMPLE, "-q", "-W", "error", "-p", "no:cacheprovider")

    assert result.ret == 0
    result.stdout.fnmatch_lines("Verdicts: *, all as recorded*")


@pytest.mark.slow  # plants every fault around every check
@pytest.mark.timeout(1800)
def test_every_injected_fault_is_detected(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(pytester.path))

    result = pytester.runpytest_subprocess("--chapter-faults", "-q", "-p", "no:cacheprovider", "-p", "no:randomly")

    assert result.ret == 0
    result.stdout.re_match_lines([r"injected faults detected: [1-9]\d* of \d+"])


@pytest.mark.slow  # verifies the whole chapter
@pytest.mark.timeout(900)
def test_the_chapter_is_as_recorded_on_this_release(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(pytester.path))
    place = pytester.path / "results.json"

    result = pytester.runpytest_subprocess(
        "--chapter", f"--chapter-results={place}", "-q", "-W", "error", "--strict-markers"
    )

    assert result.ret == 0
    assert results.read(place)["complete"] is True
    assert not (pytester.path / ".keras").exists()
