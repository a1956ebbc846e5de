"""What `kerasch2 check` finds in a corpus of public documents, beside labels that were written by hand before it ran.

    python -m evaluation.documents_fetch --clones CLONES FOLDER
    python -m evaluation.documents FOLDER                       check all, and write docs/document-figures.md
    python -m evaluation.documents FOLDER --names qs2-md,qs5-md some of them
    python -m evaluation.documents --page                       only the page, from the journal

Each document is checked twice, read and run, by the command that a user calls. Appends a line for each to
evaluation/data/documents.jsonl, and goes on there when started again; a line of another revision of the code that
reads, knows and runs is left out, and its document checked anew.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Iterable, Sequence

from evaluation import journal
from evaluation.documents_fetch import CorpusDocument, corpus
from evaluation.documents_page import page
from pytest_kerasch2.files import Journal, write_text

HERE = Path(__file__).parent
OUT = HERE / "data" / "documents.jsonl"
PAGE = HERE.parent / "docs" / "document-figures.md"
ROOMS = ("documents", "changes")
# Seconds for each block, and for a whole document; a document that takes longer counts as not told.
DEADLINE, LIMIT = 120, 900
LIBRARY = "_pywrap_tensorflow"


def sources() -> list[Path]:
    """Return the files that a finding depends on."""
    package = HERE.parent / "pytest_kerasch2"
    return sorted(one for room in ROOMS for one in (package / room).glob("*.py"))


class ImportCounter:
    """Counts the processes below one that have loaded TensorFlow, by what the kernel says they have mapped."""

    def __init__(self, root: int) -> None:
        """Start to watch."""
        self.seen: set[int] = set()
        self._root = root
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> int:
        """Return how many there were."""
        self._done.set()
        self._thread.join()
        return len(self.seen)

    def _watch(self) -> None:
        while not self._done.wait(0.3):
            self.seen |= {one for one in descendants(self._root) - self.seen if has_loaded(one, LIBRARY)}


def descendants(root: int) -> set[int]:
    """Return the processes that a process has started, and those that they have."""
    parents: dict[int, int] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(status.parent.name)] = int(status.read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, ValueError, IndexError):
            continue
    found = {root}
    while True:
        more = {one for one, parent in parents.items() if parent in found} - found
        if not more:
            return found
        found |= more


def has_loaded(process: int, library: str) -> bool:
    """Whether a process has mapped a library."""
    try:
        return library in Path(f"/proc/{process}/maps").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


def checked(file: Path, how: str) -> dict[str, Any]:
    """Return what the command finds in a file, how long it took, and how often TensorFlow was imported."""
    with tempfile.TemporaryDirectory() as folder:
        found, diff = Path(folder) / "findings.json", Path(folder) / "patches.diff"
        command = [sys.executable, "-m", "evaluation.kerasch2_here", "check", str(file), how]
        command += ["--deadline", str(DEADLINE), "--json", str(found), "--diff", str(diff)]
        begun = time.monotonic()
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        )
        counter = ImportCounter(process.pid)
        try:
            said, _ = process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            process.terminate()
            said, _ = process.communicate()
        imports = counter.stop()
        seconds = round(time.monotonic() - begun, 1)
        findings = json.loads(found.read_text(encoding="utf-8")) if found.exists() else None
        written = diff.read_text(encoding="utf-8") if diff.exists() else ""
    return {
        "exit": process.returncode,
        "seconds": seconds,
        "imports": imports,
        "document": None if findings is None else findings["documents"][0],
        "release": None if findings is None else findings["release"],
        "said": "" if findings else said[-2000:],
        "diff": written,
    }


def without_text(line: dict[str, Any]) -> dict[str, Any]:
    """Return a line of the journal without the text of the document: what is kept are facts, and our own words."""
    kept = dict(line)
    for how in ("read", "run"):
        outcome = {name: value for name, value in line[how].items() if name not in ("diff", "said")}
        if outcome["document"]:
            blocks = [facts(block) for block in outcome["document"]["blocks"]]
            outcome["document"] = {"kind": outcome["document"]["kind"], "blocks": blocks}
        kept[how] = outcome
    return kept


def facts(block: dict[str, Any]) -> dict[str, Any]:
    """Return what is kept of a block."""
    causes = [{name: one[name] for name in ("name", "since", "source", "kind")} for one in block["causes"]]
    return {
        **{name: block[name] for name in ("number", "role", "finding")},
        "needs": [kind_of(one) for one in block["needs"]],
        "causes": causes,
        "error": block["error"].partition(":")[0],
        "patched": bool(block["patch"]),
    }


def kind_of(need: str) -> str:
    """Return what a block lacks, without the words of the document."""
    if ", which" in need and not need.startswith("the package"):
        return "a name"
    return need.partition(":")[0]


def check_all(documents: Iterable[CorpusDocument], folder: Path, details: Path | None) -> None:
    """Check what is not in the journal, and append it; keep what has the text of documents elsewhere, if asked."""
    revision = journal.digest(sources())
    done = {line["name"] for line in journal.keep(OUT, revision)}
    for document in documents:
        if document.name in done:
            continue
        file = folder / document.file
        line: dict[str, Any] = {"revision": revision, "name": document.name}
        line["read"] = checked(file, "--read-only")
        line["run"] = checked(file, "--run")
        if details:
            write_text(json.dumps(line, indent=1), details / f"{document.name}.json")
        Journal(OUT).append(without_text(line))
        counts = (line["run"]["document"] or {}).get("counts")
        print(f"{document.name}: {line['run']['seconds']} s, {line['run']['imports']} imports, {counts}", flush=True)


def main(arguments: Sequence[str]) -> int:
    """Check the corpus and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--names", default="", help="of some documents, with commas")
    parser.add_argument("--details", type=Path, help="folder for findings with the text of documents, never committed")
    parser.add_argument("--page", action="store_true", help="write the page alone")
    options = parser.parse_args(arguments)
    chosen = [one for one in corpus() if not options.names or one.name in options.names.split(",")]
    if not options.page:
        if options.folder is None:
            parser.error("name the folder of the documents")
        check_all(chosen, options.folder, options.details)
    lines = {line["name"]: line for line in Journal(OUT).read()}
    write_text(page(lines), PAGE)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
