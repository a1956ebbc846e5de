"""The packaged suite on the real TensorFlow: it ends as recorded, and its checks catch what is planted."""

from __future__ import annotations

import pytest

from pytest_kerasch2.claims import ledger


@pytest.mark.slow  # plants every fault around every check
@pytest.mark.timeout(1800)
def test_every_planted_fault_is_caught(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(pytester.path))

    result = pytester.runpytest_subprocess("--chapter-saboteurs", "-q", "-p", "no:cacheprovider", "-p", "no:randomly")

    assert result.ret == 0
    result.stdout.re_match_lines([r"planted faults caught: [1-9]\d* of \d+"])


@pytest.mark.slow  # verifies the whole chapter
@pytest.mark.timeout(900)
def test_the_chapter_is_as_recorded_on_this_release(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(pytester.path))
    place = pytester.path / "ledger.json"

    result = pytester.runpytest_subprocess(
        "--chapter", f"--chapter-ledger={place}", "-q", "-W", "error", "--strict-markers"
    )

    assert result.ret == 0
    assert ledger.read(place)["complete"] is True
    assert not (pytester.path / ".keras").exists()
