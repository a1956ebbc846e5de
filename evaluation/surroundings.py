"""Runs commands of ours in hostile surroundings: each is to go as usual, or to say in a sentence why it does not.

python -m evaluation.surroundings                    all; goes on where it was stopped
python -m evaluation.surroundings --case 17          one of them again, with what it said
python -m evaluation.surroundings --only "20 open files"
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Mapping, Sequence

from evaluation import journal, small_places
from evaluation.kills import digest
from evaluation.small_places import PYTHON, Place
from pytest_kerasch2.files import Journal

DATA = Path(__file__).parent / "data" / "surroundings.jsonl"
USUAL, SAID, WRONG = "as usual", "said why not", "wrong"
# What cannot be made on this machine; what pytest dies of before it has loaded a plugin.
NOT_HERE, OF_PYTEST = "cannot be made here", "pytest itself fails"
# A clock that was right yesterday, or never.
BACK = "import time as _time\n_real = _time.time\n_time.time = lambda: _real() - 10**9\n"
# Instead of an exit status.
HANGS = -1
KERASCH2 = "evaluation.kerasch2_here"
CHAPTER = "pytest -p small -p no:randomly -p no:cacheprovider -p no:hypothesispytest --chapter"
# Each with the exit statuses of its usual end; `{out}` is where results go.
COMMANDS: Mapping[str, tuple[str, tuple[int, ...]]] = {
    "run": (CHAPTER + " --chapter-results={out}/results.json", (0,)),
    "calibrate": (KERASCH2 + " calibrate {out}/new.jsonl --training my_training:train --seeds 4 --jobs 2", (0, 3)),
    "gate": (KERASCH2 + " gate {in}/reference.jsonl --results {in}/later.jsonl --json {out}/gate.json", (0, 3)),
    "table": (KERASCH2 + " table {in}/held.json --json {out}/t.json --html {out}/t.html", (0,)),
    "doctor": (KERASCH2 + " doctor --quick", (0, 1)),
    "help": (KERASCH2 + " calibrate --help", (0,)),
}


@dataclass(frozen=True)
class Surrounding:
    """Something that a command runs in.

    Attributes:
        name: in the table.
        before: commands of a shell, before it.
        behind: redirections behind it.
        variables: beside the usual ones; an empty text removes one.
        out: the folder for results, instead of one of its own.
    """

    name: str
    before: str = ""
    behind: str = ""
    variables: Mapping[str, str] = ()  # type: ignore[assignment]
    out: str = ""


ASCII = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
SURROUNDINGS = (
    Surrounding("as always"),
    Surrounding("output closed", behind=" >&-"),
    Surrounding("output and errors closed", behind=" >&- 2>&-"),
    Surrounding("all three closed", behind=" <&- >&- 2>&-"),
    Surrounding("output full", behind=" >/dev/full"),
    Surrounding("errors full", behind=" 2>/dev/full"),
    Surrounding("read by head", behind=" | head -1"),
    Surrounding("results in a read-only folder", out="/sys"),
    Surrounding("current folder read-only", before="cd /sys; "),
    Surrounding("current folder gone", before="mkdir gone; cd gone; rmdir ../gone; "),
    Surrounding("temporary folder read-only", variables={"TMPDIR": "/sys"}),
    Surrounding("ASCII", variables=ASCII),
    Surrounding("no home", variables={"HOME": ""}),
    Surrounding("home missing", variables={"HOME": "/no/such/home"}),
    Surrounding("no /proc", before="mount -t tmpfs none /proc; "),
    Surrounding("20 open files", before="ulimit -n 20; "),
    Surrounding("256 MiB of addresses", before="ulimit -v 262144; "),
    Surrounding("files of 1 KiB", before="ulimit -f 1; "),
    Surrounding("umask 077", before="umask 077; "),
    Surrounding("clock set back", variables={"KERASCH2_BACK": "1"}),
    Surrounding(
        "step summary that cannot be written", variables={"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": "/sys/a"}
    ),
)


@dataclass(frozen=True)
class Case:
    """A command in a surrounding."""

    number: int
    surrounding: Surrounding
    command: str


def cases() -> Iterator[Case]:
    """Yield all pairs."""
    pairs = [(surrounding, command) for surrounding in SURROUNDINGS for command in COMMANDS]
    for number, (surrounding, command) in enumerate(pairs):
        yield Case(number, surrounding, command)


def prepared(here: Place) -> None:
    """Put into a place what the commands need."""
    small_places.with_chapter(here, checks=3, seconds=0.0)
    run(here, f"{CHAPTER} --chapter-results={here.folder}/held.json")
    small_places.with_training(here, seconds=0.0)
    for name, seeds in (("reference", "--seeds 60"), ("later", "--seeds 6 --first 1000")):
        words = f"calibrate {name}.jsonl --training my_training:train --jobs 1 {seeds}"
        run(here, f"{KERASCH2} {words}", framework=False)


def run(here: Place, words: str, around: Surrounding = SURROUNDINGS[0], framework: bool = True) -> tuple[int, str]:
    """Run a command; return its exit status, and all that it said."""
    beginning = small_places.WITHOUT if not framework else ""
    if "KERASCH2_BACK" in dict(around.variables):
        beginning += BACK
    (here.folder / "fakes" / "sitecustomize.py").write_text(beginning, encoding="utf-8")
    status = here.folder / "status.txt"
    status.unlink() if status.exists() else None
    # The status is written by the shell around the surroundings.
    command = f"({around.before}exec {' '.join(PYTHON)} -m {words}"
    script = f"{command}{'' if ' |' in around.behind else around.behind})"
    script = f"({script}; echo $? >{status}){around.behind if ' |' in around.behind else ''}"
    shell = ["unshare", "-m", "bash", "-c"] if "mount" in around.before else ["bash", "-c"]
    variables = {**here.variables(), **dict(around.variables)}
    variables = {name: value for name, value in variables.items() if value}
    streams: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL}
    with subprocess.Popen([*shell, script], env=variables, cwd=str(here.folder), **streams) as child:
        try:
            output, _ = child.communicate(timeout=small_places.LIMIT)
        except subprocess.TimeoutExpired:
            here.end()
            return HANGS, "it did not end"
    return int(status.read_text() if status.exists() else HANGS), output.decode("utf-8", "replace")


def tried(case: Case, here: Place) -> dict[str, Any]:
    """Run the command of a case, and return how it went."""
    around, (words, usual) = case.surrounding, COMMANDS[case.command]
    out = here.folder / f"out-{case.number}"
    out.mkdir()
    words = words.replace("{out}", around.out or str(out)).replace("{in}", str(here.folder))
    status, done = run(here, words, around, framework=case.command not in ("calibrate", "gate"))
    small_places.until_none(here, 10)
    left = [*here.left(), *(f"living: {pid}" for pid in here.living())]
    return {"status": status, "went": _went(status, usual, done), "left": left, "said": here.plain(done)[-1500:]}


def _went(status: int, usual: Sequence[int], text: str) -> str:
    if "mount:" in text or "unshare:" in text:
        return NOT_HERE
    if "in get_config" in text:
        return OF_PYTEST
    if "Traceback (most" in text or "INTERNALERROR" in text or "Error in atexit" in text:
        return WRONG
    if status in usual:
        return USUAL
    # Closed streams say nothing.
    return SAID if status in (1, 2, 4) else WRONG


def table(lines: Sequence[Mapping[str, Any]]) -> str:
    """Return how each went as a table in Markdown."""
    rows = [("surroundings", *COMMANDS), ("---",) * (len(COMMANDS) + 1)]
    went = {(line["surrounding"], line["command"]): line["went"] for line in lines}
    for one in SURROUNDINGS:
        rows.append((one.name, *(went.get((one.name, command), "") for command in COMMANDS)))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main() -> int:
    """Do what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=[one.name for one in SURROUNDINGS], help="these surroundings alone")
    parser.add_argument("--case", type=int, help="replay this one alone; nothing is kept")
    parser.add_argument("--out", type=Path, default=DATA, help="file of results")
    given = parser.parse_args()
    chosen = [case for case in cases() if given.only in (None, case.surrounding.name)]
    with small_places.place("surroundings") as here:
        prepared(here)
        if given.case is not None:
            (case,) = (one for one in chosen if one.number == given.case)
            print(case, json.dumps(tried(case, here), indent=1), sep="\n")
            return 0
        lines = _all(chosen, here, given.out)
    print(table(lines))
    print(dict(Counter(line["went"] for line in lines)))
    wrong = [line for line in lines if line["went"] == WRONG or line["left"]]
    for line in wrong:
        print(f"case {line['number']}, {line['command']}, {line['surrounding']}: {line['status']}, {line['left']}")
    return int(bool(wrong))


def _all(chosen: Sequence[Case], here: Place, out: Path) -> list[dict[str, Any]]:
    out.parent.mkdir(exist_ok=True)
    revision = digest(Path(__file__))
    done = {line["number"]: line for line in journal.keep(out, revision)}
    left = [case for case in chosen if case.number not in done]
    progress = journal.Progress(len(left), sys.stderr)
    for case in left:
        about = {"number": case.number, "surrounding": case.surrounding.name, "command": case.command}
        line = {"revision": revision, **about, **tried(case, here)}
        Journal(out).append(line)
        done[case.number] = line
        progress.step(f"{case.command}, {case.surrounding.name}: {line['went']}")
    return [done[case.number] for case in chosen]


if __name__ == "__main__":
    sys.exit(main())
