"""A file to which long work appends one JSON line for each part that is done, so that it resumes after a kill."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import Any, Iterable, Iterator, Mapping, TextIO

from pytest_kerasch2.files import write_text

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
    found = hashlib.sha256()
    for path in paths:
        found.update(path.read_bytes())
    return found.hexdigest()[:16]


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Return the lines of a file; one that a kill cut short is passed over."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    for line in text.split("\n")[:-1]:
        yield dict(json.loads(line))


def keep(path: Path, revision: str) -> list[dict[str, Any]]:
    """Return the lines of this revision, and drop the others from the file."""
    kept = [line for line in read(path) if line["revision"] == revision]
    write_text("".join(f"{json.dumps(line)}\n" for line in kept), path)
    return kept


def append(path: Path, *lines: Mapping[str, Any]) -> None:
    """Append some lines with a single write."""
    with path.open("a", encoding="utf-8") as stream:
        stream.write("".join(json.dumps(line, allow_nan=False) + "\n" for line in lines))


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
