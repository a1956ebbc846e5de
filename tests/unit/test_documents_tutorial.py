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

PAGE = Path(__file__).parents[2] / "docs" / "tutorial" / "check-a-document.md"


def test_the_page_shows_what_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = PAGE.read_text(encoding="utf-8")
    (document,) = re.findall(r"^````markdown\n(.*?)^````$", text, re.MULTILINE | re.DOTALL)
    pattern = r"^<!-- checked by test_documents_tutorial -->\n```text\n(.*?)^```$"
    (shown,) = re.findall(pattern, text, re.MULTILINE | re.DOTALL)
    (tmp_path / "weather.md").write_text(document, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    status = cli.main(["check", "weather.md", "--read-only", "--release", "2.21"])

    assert (status, capsys.readouterr().out.strip()) == (1, shown.strip())
