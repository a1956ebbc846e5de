"""The command `kerasch2`, run in this process in an empty folder."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest

from pytest_kerasch2 import cli

Ended = Callable[..., "tuple[int, str, str]"]


@pytest.fixture
def ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ended:
    """Run the command in an empty folder; return its exit status, its output and its errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def run(*words: str) -> tuple[int, str, str]:
        try:
            status = cli.main(list(words))
        except SystemExit as error:
            status = int(error.code or 0)
        out, err = capsys.readouterr()
        return status, out, err

    return run
