"""The tutorial on documents: what is printed of its document is what the page shows."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

pytest.importorskip("libcst", reason="code is edited by LibCST, of the extra `documents`")
if sys.version_info < (3, 9):
    pytest.skip("documents are checked by CPython 3.9 or newer", allow_module_level=True)
from pytest_kerasch2 import cli
from pytest_kerasch2.framework import packages

PAGE = Path(__file__).parents[2] / "docs" / "tutorial" / "check-a-document.md"


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the page shows, in a folder with its document."""
    text = PAGE.read_text(encoding="utf-8")
    (document,) = re.findall(r"^````markdown\n(.*?)^````$", text, re.MULTILINE | re.DOTALL)
    (tmp_path / "weather.md").write_text(document, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    pattern = r"^<!-- checked by test_documents_tutorial -->\n```text\n(.*?)^```$"
    return [one.strip() for one in re.findall(pattern, text, re.MULTILINE | re.DOTALL)]


def test_the_page_shows_what_is_read(shown: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    status = cli.main(["check", "weather.md", "--read-only", "--release", "2.21"])

    assert (status, capsys.readouterr().out.strip()) == (1, shown[0])


# Runs a training three times, and waits for a deadline twice.
@pytest.mark.slow
def test_the_page_shows_what_a_run_says(shown: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    release = packages.installed()
    if release is None or release.tensorflow != "2.21.0" or release.keras != "3.15.1":
        pytest.skip("the page is of TensorFlow 2.21.0 with Keras 3.15.1")

    status = cli.main(["check", "weather.md", "--run", "--deadline", "20", "--fix"])

    _, _, printed = capsys.readouterr().out.partition("\n")
    assert (status, re.sub(r"  \d+\.\d s$", "  0.0 s", printed, flags=re.MULTILINE).strip()) == (1, shown[1])
