"""What makes two runs give the same evidence, in whatever order: each check begins with the same random numbers."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Generator

import pytest

from pytest_kerasch2.framework import api
from pytest_kerasch2.suite import collection

# Of what a check draws without a seed of its own, such as the first weights of a model.
SEED = 7


class Repeatable:
    """The hook around each check.

    Args:
        folder: of the run.
    """

    def __init__(self, folder: Path) -> None:
        """Remember the folder."""
        self.folder = folder

    @pytest.hookimpl(hookwrapper=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Generator[None, None, None]:
        """Let what a check does depend on nothing that ran before, and leave nothing in the current folder."""
        with contextlib.ExitStack() as around:
            if collection.check_of_item(pyfuncitem) is not None:
                from pytest_kerasch2.checks.properties import stored_in

                around.enter_context(stored_in(self.folder / "hypothesis"))
                if collection.injection_of(pyfuncitem) is None:
                    # Within the call: by now pytest-randomly has set its own.
                    api.set_seed(SEED)
            yield
