"""The journals of the evaluation: lines of one revision of the code, and how long the rest of the work takes."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import Any, Iterable, TextIO

from pytest_kerasch2.files import Journal, write_text

PACKAGE = Path(__file__).parent.parent / "pytest_kerasch2"
# What a verdict depends on.
DECIDING = (
    "copies",
    "curve",
    "sequential_test",
    "metrics",
    "populations",
    "runs",
    "settings",
    "reference_distribution",
)


def revision(others: Iterable[Path] = ()) -> str:
    """Return a hash of the code that decides, and of other files: lines of another revision are done anew."""
    ours = (PACKAGE / "accuracy" / f"{name}.py" for name in DECIDING)
    return digest((*ours, PACKAGE / "stats" / "sequential.py", PACKAGE / "stats" / "distributions.py", *others))


def digest(paths: Iterable[Path]) -> str:
    """Return a hash of the contents of files."""
    hashed = hashlib.sha256()
    for path in paths:
        hashed.update(path.read_bytes())
    return hashed.hexdigest()[:16]


def keep(path: Path, revision: str) -> list[dict[str, Any]]:
    """Return the lines of this revision, and drop the others from the file."""
    kept = [line for line in Journal(path).read() if line["revision"] == revision]
    write_text("".join(f"{json.dumps(line)}\n" for line in kept), path)
    return kept


class Progress:
    """The remaining time of parts that take about equally long."""

    def __init__(self, parts: int, stream: TextIO) -> None:
        """Start the clock."""
        self.parts, self.stream = parts, stream
        self.done, self.began = 0, time.monotonic()

    def step(self, about: str) -> None:
        """Count one part, and print what is left."""
        self.done += 1
        left = (time.monotonic() - self.began) / self.done * (self.parts - self.done)
        print(f"[{self.done}/{self.parts}, {left / 60:.1f} min left] {about}", file=self.stream, flush=True)
