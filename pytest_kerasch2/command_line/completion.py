"""Completion of words by a shell, through argcomplete, where the extra `completion` is installed."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any, Callable, Iterable

# A shell that asks for words sets this.
ASKED = "_ARGCOMPLETE"
# Read as they lie here: what reads them for a gate imports NumPy, for which nobody waits at a prompt.
HASHES = Path(__file__).parents[1] / "accuracy" / "references" / "hashes.json"
CHAPTERS = ("fit", "train_on_batch", "predict")


def offered(parser: argparse.ArgumentParser) -> None:
    """Answer a shell that asks for words, and end; return where none does."""
    if ASKED not in os.environ:
        return
    try:
        import argcomplete
    except ImportError:
        return
    argcomplete.autocomplete(parser, always_complete_options="long")


def completed(action: argparse.Action, words: Callable[..., Iterable[str]]) -> None:
    """Let a shell offer these words as values of an argument."""
    # This is how argcomplete is told of them: an attribute that argparse does not know.
    action.completer = words  # type: ignore[attr-defined]


def references(prefix: str = "", **_: Any) -> list[str]:
    """Return the names of shipped references, and the files here."""
    return [*json.loads(HASHES.read_text(encoding="utf-8")), *_files(prefix)]


def benchmarks(**_: Any) -> list[str]:
    """Return the names of the chapter's benchmarks."""
    return list(CHAPTERS)


def _files(prefix: str) -> list[str]:
    folder, _, begin = prefix.rpartition("/")
    with os.scandir(folder or ".") as entries:
        return [os.path.join(folder, one.name) for one in entries if one.name.startswith(begin)]  # noqa: PTH118
