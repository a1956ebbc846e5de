"""Ends commands of ours at random times by signals, and looks at what they leave.

    python -m evaluation.kills                     60 of each command; goes on where it was stopped
    python -m evaluation.kills --each 6            a tenth of them
    python -m evaluation.kills --case 17           one of them again, with what it said

A case is a command, a signal, and a time after its start, all drawn from the seed. Then the command is run once more,
to its end. Looked at: files that are half written or cannot be read, processes that live on, folders that are left
after the second run, and whether that run did what the command is for, or said why not.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Iterator, Sequence

from evaluation import journal, small_places
from evaluation.small_places import PYTHON, Place
from pytest_kerasch2.accuracy import reference
from pytest_kerasch2.claims import results
from pytest_kerasch2.data import http_server
from pytest_kerasch2.files import Journal
from pytest_kerasch2.timing import compare_result

DATA = Path(__file__).parent / "data" / "kills.jsonl"
SIGNALS = ("SIGKILL", "SIGTERM", "SIGINT", "SIGHUP")
# With these a command has come to its end: a comparison of one thing with itself has any verdict, now and then.
COMPLETE = {"compare": (0, 1, 3, 4)}
PYTEST = (
    *PYTHON,
    "-m",
    "pytest",
    "-p",
    "small",
    "-p",
    "no:randomly",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:hypothesispytest",
)


@dataclass(frozen=True)
class Subject:
    """A command that is ended.

    Attributes:
        name: in the table.
        prepare: puts what it needs into a place.
        command: its words.
        results: the files that it writes.
        read: raises where a result is not whole and sound.
        span: seconds within which it is ended, once it has begun; some cases are meant to come too late.
        begun: a pattern of what lies there as soon as it has begun its work; None where it makes nothing.
    """

    name: str
    prepare: Callable[[Place], Any]
    command: Callable[[Place], Sequence[str]]
    results: tuple[str, ...]
    read: Callable[[Path], Any]
    span: float
    begun: str | None


def _run(*more: str) -> Callable[[Place], Sequence[str]]:
    return lambda here: (*PYTEST, "-q", "--chapter", "--chapter-results=results.json", *more)


def _calibrate(here: Place) -> Sequence[str]:
    words = ("calibrate", "out.jsonl", "--training", "my_training:train", "--seeds", "12", "--jobs", "2")
    return (*PYTHON, "-m", "evaluation.kerasch2_here", *words)


def _download(here: Place) -> Sequence[str]:
    address = (here.folder / "address.txt").read_text(encoding="utf-8")
    return (*PYTHON, "-c", small_places.DOWNLOADING, address)


def _compare(here: Place) -> Sequence[str]:
    words = ("compare", "HEAD~1", "HEAD", "--suite", "none:none", "--max-starts", "11", "--json", "compared.json")
    return (*PYTHON, "comparing.py", *words)


def _table(here: Place) -> Sequence[str]:
    out = ("--json", "t.json", "--markdown", "t.md", "--html", "t.html")
    return (*PYTHON, "-m", "evaluation.kerasch2_here", "table", "results.json", *out)


def _with_results(here: Place) -> None:
    small_places.with_chapter(here, checks=4, seconds=0.0)
    small_places.wait(here.start(_run()(here)))


def _whole(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        json.loads(text)
    elif not text.rstrip().endswith({".html": "</html>"}.get(path.suffix, "")):
        raise ValueError("no end")


CONTENT = bytes(range(256)) * 1200


def _is_whole_archive(path: Path) -> None:
    if path.read_bytes() != CONTENT:
        raise ValueError("half a file")


RUN, ANY = "temporary/kerasch2-run-*", "temporary/kerasch2-*"
SUBJECTS = {
    one.name: one
    for one in (
        Subject("run", small_places.with_chapter, _run(), ("results.json",), results.read, 3.0, RUN),
        Subject("run -n 2", small_places.with_chapter, _run("-n", "2"), ("results.json",), results.read, 5.0, RUN),
        Subject("calibrate", small_places.with_training, _calibrate, ("out.jsonl",), reference.read, 3.0, "out.jsonl"),
        Subject("download", lambda here: None, _download, ("store/mnist.npz",), _is_whole_archive, 1.0, "store"),
        Subject(
            "compare",
            small_places.with_revisions,
            _compare,
            ("compared.json",),
            compare_result.read_comparison,
            5.0,
            "temporary/kerasch2-*",
        ),
        Subject("table", _with_results, _table, ("t.json", "t.md", "t.html"), _whole, 1.2, None),
    )
}
# Those of the chapter are one command.
SHARES = {"run": 0.5, "run -n 2": 0.5}
# So many are ended a while after their start, whatever they are doing.
EARLY = 0.2


@dataclass(frozen=True)
class Case:
    """One ending.

    Attributes:
        number: among all.
        subject: name of the command.
        signal: name of the signal.
        after: seconds after it has begun its work, or after the start of the process.
        early: whether they are counted from the start.
    """

    number: int
    subject: str
    signal: str
    after: float
    early: bool


def cases(seed: int, each: int) -> list[Case]:
    """Draw the cases of a seed."""
    planned: list[Case] = []
    for name, subject in SUBJECTS.items():
        for place in range(round(each * SHARES.get(name, 1))):
            drawn = random.Random(f"{seed} {name} {place}")
            after, early = drawn.uniform(0.0, subject.span), subject.begun is None or drawn.random() < EARLY
            planned.append(Case(len(planned), name, SIGNALS[place % len(SIGNALS)], after, early))
    return planned


@contextlib.contextmanager
def serving_slowly() -> Iterator[str]:
    """Serve the archive of the downloads, its last bytes one by one; give the address."""
    with small_places.place("server") as here:
        (here.folder / "served").mkdir()
        (here.folder / "served" / "mnist.npz").write_bytes(CONTENT)
        with http_server.serve(here.folder / "served") as server:
            server.misbehave("mnist.npz", http_server.ServerFault("trickle", len(CONTENT) - 12))
            yield server.url


def ended(case: Case, address: str) -> dict[str, Any]:
    """End a command, run it again, and return what was seen."""
    subject = SUBJECTS[case.subject]
    with small_places.place(f"{case.number}-{time.monotonic_ns()}") as here:
        (here.folder / "address.txt").write_text(address, encoding="utf-8")
        subject.prepare(here)
        (here.folder / "said.txt").unlink() if (here.folder / "said.txt").exists() else None
        child = here.start(subject.command(here))
        if not case.early:
            _wait_for(here, str(subject.begun), child)
        time.sleep(case.after)
        was_running = child.poll() is None
        child.send_signal(getattr(signal, case.signal))
        began = time.monotonic()
        status = small_places.wait(child)
        took = time.monotonic() - began
        orphans = small_places.until_none(here)
        halves = _halves(subject, here)
        left = here.left()
        output = here.output()
        again = small_places.wait(here.start(subject.command(here)))
        small_places.until_none(here)
        wrong = [
            *_ended_badly(case, status),
            *(["processes live on"] if orphans is None else []),
            *halves,
            *(["a traceback"] if _is_told_badly(output) else []),
            *(f"left after the next start: {name}" for name in here.left()),
            *_continued_badly(case, again, here),
            *(f"{half} after the next start" for half in _halves(subject, here, needed=True)),
            *_lost(case, status, here, output),
        ]
        return {
            "was_running": was_running, "status": status, "seconds": round(took, 2), "left": len(left),
            "orphans": orphans and round(orphans, 2), "wrong": wrong, "said": output[-2000:],
        }  # fmt: skip


def _continued_badly(case: Case, status: int | None, here: Place) -> list[str]:
    """Return that the same command, started once more, has not come to its end."""
    if status in COMPLETE.get(case.subject, (0,)):
        return []
    return [f"the next start ended with {status}: {here.output()[-300:]}"]


def _ended_badly(case: Case, status: int | None) -> list[str]:
    """Return that a command has neither come to its end nor ended as by Ctrl-C, nor before any work of ours."""
    before_work = -getattr(signal, case.signal)
    if status in (0, 2 if case.subject.startswith("run") else 130, before_work):
        return []
    return ["it did not end" if status is None else f"it ended with {status}"]


def _wait_for(here: Place, pattern: str, child: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + small_places.LIMIT
    while not any(here.folder.glob(pattern)) and child.poll() is None and time.monotonic() < until:
        time.sleep(0.01)


def _is_told_badly(output: str) -> bool:
    """Whether a traceback goes through what handles signals here: Python's own, of its start, has nothing of ours."""
    # joblib's workers print a traceback of their own where they are ended while they start.
    ours = output.count("Traceback (most") > output.count("LokyProcess")
    return "in _interrupt\n" in output or (ours and "KeyboardInterrupt" not in output)


def _halves(subject: Subject, here: Place, needed: bool = False) -> list[str]:
    halves = []
    for name in subject.results:
        path = here.folder / name
        try:
            if path.exists():
                subject.read(path)
            elif needed:
                halves.append(f"no {name}")
        except Exception as error:
            halves.append(f"half a file: {name}: {type(error).__name__}: {error}"[:300])
    return halves


def _lost(case: Case, status: int | None, here: Place, output: str) -> list[str]:
    """Return that a run which was asked to end, once it had begun, has not said what it had decided."""
    if not case.subject.startswith("run") or status != 2 or "Results:" in output:
        return []
    # Where nothing was decided there is nothing to write.
    return ["verdicts lost"] if " passed" in output else []


def table(lines: Sequence[dict[str, Any]]) -> str:
    """Return the counts as a table in Markdown."""
    heads = ("command", "cases", "still running", "half files", "processes", "folders", "not resumed", "other")
    rows = [heads, ("---",) * len(heads)]
    for name in SUBJECTS:
        ours = [line for line in lines if line["subject"] == name]
        kinds = Counter(kind for line in ours for kind in {_kind(one) for one in line["wrong"]})
        counts = (kinds[kind] for kind in ("half", "process", "folder", "resume", "other"))
        rows.append((name, str(len(ours)), str(sum(line["was_running"] for line in ours)), *map(str, counts)))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _kind(wrong: str) -> str:
    for start, kind in (("half", "half"), ("processes", "process"), ("left", "folder"), ("the next", "resume")):
        if wrong.startswith(start):
            return kind
    return "other"


def digest(*others: Path) -> str:
    """Return a hash of the code that is measured, and of that which measures."""
    hashed = hashlib.sha256()
    for path in sorted([*journal.PACKAGE.rglob("*.py"), Path(__file__), Path(small_places.__file__), *others]):
        hashed.update(path.read_bytes())
    return hashed.hexdigest()[:16]


def main() -> int:
    """Do what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--each", type=int, default=60, help="cases of each command (60)")
    parser.add_argument("--only", choices=sorted(SUBJECTS), help="this command alone")
    parser.add_argument("--case", type=int, help="replay this one alone; nothing is kept")
    parser.add_argument("--out", type=Path, default=DATA, help="file of results")
    given = parser.parse_args()
    drawn = [case for case in cases(given.seed, given.each) if given.only in (None, case.subject)]
    with serving_slowly() as address:
        if given.case is not None:
            (case,) = (one for one in drawn if one.number == given.case)
            ending = ended(case, address)
            print(case, json.dumps(ending, indent=1), sep="\n")
            return bool(ending["wrong"])
        given.out.parent.mkdir(exist_ok=True)
        lines = _all(drawn, address, given)
    print(table(lines))
    for line in lines:
        for one in line["wrong"]:
            print(f"case {line['number']}, {line['subject']}, {line['signal']} after {line['after']:.2f} s: {one}")
    return int(any(line["wrong"] for line in lines))


def _all(drawn: Sequence[Case], address: str, given: argparse.Namespace) -> list[dict[str, Any]]:
    revision = digest()
    of = {"revision": revision, "seed": given.seed, "each": given.each}
    kept = journal.keep(given.out, revision)
    done = {line["number"]: line for line in kept if (line["seed"], line["each"]) == (given.seed, given.each)}
    left = [case for case in drawn if case.number not in done]
    progress = journal.Progress(len(left), sys.stderr)
    for case in left:
        line = {**of, **vars(case), **ended(case, address)}
        Journal(given.out).append(line)
        done[case.number] = line
        progress.step(f"{case.subject}, {case.signal}: {'; '.join(line['wrong']) or 'as it should be'}")
    return [done[case.number] for case in drawn]


if __name__ == "__main__":
    sys.exit(main())
