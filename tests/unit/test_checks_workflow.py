from __future__ import annotations

import shutil
import sys

import pytest

from pytest_kerasch2.checks import workflow


@pytest.mark.parametrize("columns", ["20", "40", "200"])
def test_what_is_printed_does_not_depend_on_the_width_of_the_terminal(
    columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)

    text = workflow.printed(lambda: sys.stdout.write("-" * shutil.get_terminal_size().columns))[1]

    assert text == "-" * int(workflow.COLUMNS)


def test_the_width_of_the_terminal_is_the_users_again_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")

    workflow.printed(lambda: None)

    assert shutil.get_terminal_size().columns == 40
