"""Verdicts of a run before that nothing has changed since: with --chapter-changed they are taken over, and not run."""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterable, Mapping

import pytest

from pytest_kerasch2.claims import results
from pytest_kerasch2.claims.model import Record, Verdict
from pytest_kerasch2.files import write_text
from pytest_kerasch2.json_files import read_json
from pytest_kerasch2.options import Settings
from pytest_kerasch2.suite import surroundings_digest

FOLDER = "kerasch2-chapter"
SCHEMA = 1
# Under this name a worker tells the controller which checks it has left out.
TAKEN_OVER = "kerasch2_taken_over"


@dataclass
class RunBefore:
    """What is kept of runs in the same surroundings.

    Attributes:
        digest: of the surroundings.
        day: when the newest of them ended, such as `2026-12-01 13:45`.
        environment: what they ran on, as in a results file.
        records: packed records, by the node id of their check.
    """

    digest: str
    day: str = ""
    environment: dict[str, Any] = field(default_factory=dict)
    records: dict[str, dict[str, Any]] = field(default_factory=dict)


class UnchangedVerdicts:
    """The verdicts of runs before, in pytest's cache, and those that this run takes over."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        """Look whether there is a run in the same surroundings.

        Args:
            config: of a run of the chapter.
            settings: of the same; without `changed` nothing is taken over, and all is kept for the next run.
        """
        self.file = _file(config)
        self.digest = None if self.file is None or settings.faults else surroundings_digest.digest(settings)
        self.stored = _read(self.file, self.digest)
        self.wanted = settings.changed
        self.taken_over: dict[str, Record] = {}

    def usable(self) -> Mapping[str, dict[str, Any]]:
        """Return what may be taken over: all but what was not decided, for that may be decided now."""
        if not self.wanted:
            return {}
        undecided = Verdict.INCONCLUSIVE.value
        return {name: one for name, one in self.stored.records.items() if one["verdict"] != undecided}

    def take_over(self, names: Iterable[str]) -> list[Record]:
        """Take over the verdicts of these checks, and return those that were not yet."""
        usable = self.usable()
        fresh = {
            name: results.unpacked(usable[name]) for name in names if name in usable and name not in self.taken_over
        }
        self.taken_over.update(fresh)
        return list(fresh.values())

    def keep(self, records: Mapping[str, Any], environment: Mapping[str, Any]) -> None:
        """Keep the verdicts of this run for the next one.

        Args:
            records: packed records of the checks that came out as they should, by their node id.
            environment: what they ran on.
        """
        if self.file is None or self.digest is None or not records:
            return
        kept = {
            "schema": SCHEMA,
            "digest": self.digest,
            "day": time.strftime("%Y-%m-%d %H:%M"),
            "environment": dict(environment),
            "records": {**self.stored.records, **records},
        }
        # A cache: where it cannot be written, the next run runs all.
        with contextlib.suppress(OSError):
            write_text(json.dumps(kept) + "\n", self.file)

    def sentence(self) -> str:
        """Return what is to be said of what was taken over, or why nothing was; empty where nothing was wanted."""
        if not self.wanted:
            return ""
        if self.taken_over:
            return (
                f"{len(self.taken_over)} checks were not run again: nothing that their verdicts depend on has changed "
                f"since {self.stored.day}."
            )
        if self.file is None:
            return "All checks were run: pytest's cache, where verdicts are kept, is switched off or cannot be written."
        if self.digest is None:
            return "All checks were run: the changes of a package that is installed in editable form cannot be seen."
        return "All checks were run: there is no run before in the same surroundings."


def _file(config: pytest.Config) -> Path | None:
    """Return where verdicts are kept, or None where there is no cache, or none that can be written."""
    cache = getattr(config, "cache", None)
    with contextlib.suppress(OSError):
        return None if cache is None else Path(str(cache.mkdir(FOLDER))) / "verdicts.json"
    return None


def _read(file: Path | None, digest: str | None) -> RunBefore:
    """Return what a file keeps of the same surroundings; nothing where it is missing, damaged or of others."""
    if file is not None and digest is not None:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            content = read_json(file)
            if content["schema"] == SCHEMA and content["digest"] == digest:
                records = dict(content["records"])
                for one in records.values():
                    results.unpacked(one)
                return RunBefore(digest, str(content["day"]), dict(content["environment"]), records)
    return RunBefore(digest or "")
