"""Which claims a run was to look at: some of them make no complete run, and none may be a misspelt name."""

from __future__ import annotations

import re
from typing import Any, Iterable, Sequence

import pytest

from pytest_kerasch2.chapter import check_list
from pytest_kerasch2.claims.model import Record
from pytest_kerasch2.suggestions import close_to
from pytest_kerasch2.suite import collection

# Under this name a worker tells the controller that it has left something out.
PARTIAL = "kerasch2_partial"


class Selection:
    """Watches what is left out of a run."""

    def __init__(self, config: pytest.Config) -> None:
        """Begin with nothing left out."""
        self.config = config
        self.left_out = False
        # Checks whose verdicts are known all the same.
        self.known: set[str] = set()

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Note that checks are left out, by -k, -m, --lf or another plugin."""
        lost = (item for item in items if item.nodeid not in self.known)
        self.left_out = self.left_out or any(collection.check_of_item(item) is not None for item in lost)

    def pytest_sessionfinish(self) -> None:
        """Report to the controller, in a worker."""
        if hasattr(self.config, "workeroutput"):
            self.config.workeroutput[PARTIAL] = self.left_out

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take it from a worker."""
        self.left_out = self.left_out or bool(getattr(node, "workeroutput", {}).get(PARTIAL))

    def is_partial(self, records: Iterable[Record]) -> bool:
        """Whether there are checks or claims that the run did not look at."""
        seen = {record.claim.id for record in records}
        return self.left_out or any(check.claim.id not in seen for check in check_list.all_checks())

    def nearest(self) -> list[str]:
        """Return what to say where -k selects no claim at all: those that its words resemble."""
        expression = self.config.getoption("keyword", "")
        if not expression:
            return []
        names = sorted({check.claim.id for check in check_list.all_checks()})
        words = [word for word in re.findall(r"[\w.-]+", expression) if word not in ("and", "or", "not")]
        similar = list(dict.fromkeys(name for word in words for name in _like(word, names)))
        meant = f" Did you mean {', '.join(similar)}?" if similar else ""
        return [f"No claim is selected by -k {expression!r}.{meant}"]


def _like(word: str, names: Sequence[str]) -> list[str]:
    whole = close_to(word, names, most=3)
    parts = sorted({part for name in names for part in (*name.split("."), *re.split(r"[.-]", name))})
    similar = close_to(word, parts, most=1)
    return whole or [name for name in names if any(part in name for part in similar)][:3]
