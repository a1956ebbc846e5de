"""Damaged files of each kind that the package reads: refused by an error of the family, or shown like a sound one.

    python -m evaluation.damaged_files                     2,000 of each kind
    python -m evaluation.damaged_files --kind steps        of one kind
    python -m evaluation.damaged_files --kind steps --case 17   one of them again, with what it raises

Bytes are flipped, cut off, zeroed, copied, doubled and put in; of JSON also values are exchanged, dropped, doubled,
and made huge, tiny, deep or of another type. What is read is shown too, in each language. A case has a time, and its
process a limit of memory; each is appended to evaluation/data/damaged-files.jsonl, and the same command goes on there.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import copy
import io
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any, Callable, Iterator

from evaluation import hostile_texts, journal
from evaluation.foreign_files import KINDS, Kind
from pytest_kerasch2.errors import KerasCh2Error
from pytest_kerasch2.files import Journal

DATA = Path(__file__).parent / "data" / "damaged-files.jsonl"
CASES = 2000
# Cases of one process; seconds for one of them; bytes of the whole process, with all that it imports.
BATCH, SECONDS, PEAK = 50, 20, 300 * 2**20
SEED = 25
NPZ = "npz"
HUGE = (
    0, -1, 1, 2**31, 2**63, 2**64, 10**30, 10**300, -(10**300), 5e-324, 1e-300, 1e300, -1e300, 1.7e308, 0.1, -0.0,
)  # fmt: skip
RAW = (
    "NaN", "-Infinity", "1e999", "1" + "0" * 400, "9" * 5000, "[" * 100_000 + "]" * 100_000,
    '{"a":' * 5000 + "1" + "}" * 5000,
    '"\\ud800"', '{"a": 1, "a": 2}', "00", "+1", ".5", "1.", "'a'", "", "\x00", "[1,]", '"\\u0000"', "[[[[]]]]",
)  # fmt: skip
OTHERS: tuple[Any, ...] = (
    None,
    True,
    False,
    "",
    "x",
    [],
    {},
    [[]],
    {"": 0},
    0,
    1.5,
    [1, "a", None],
    "\x1b[2J",
    "9" * 5000,
)


class TooLong(BaseException):
    """A case took longer than it may."""


# -- damage


def damaged(kind: str, number: int, seed: int = SEED) -> bytes:
    """Return the bytes of a damaged file."""
    draw = random.Random(f"{seed} {kind} {number}")
    if kind != NPZ and number % 2:
        return _values(KINDS[kind], draw)
    content = bytearray(_sound(kind))
    for _ in range(draw.choice((1, 1, 1, 2, 5))):
        draw.choice(BYTES)(content, draw)
    return bytes(content)


def _sound(kind: str) -> bytes:
    if kind != NPZ:
        return KINDS[kind].text(KINDS[kind].make()).encode()
    import numpy as np

    from pytest_kerasch2.data import synthetic

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.npz"
        lists = np.empty(20, dtype=object)
        lists[:] = [list(range(one, one + 5)) for one in range(20)]
        synthetic.pack_npz(path, [("x", np.arange(600, dtype=np.uint8).reshape(10, 60)), ("y", lists)])
        return path.read_bytes()


def _flip(content: bytearray, draw: random.Random) -> None:
    if content:
        content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)


def _cut(content: bytearray, draw: random.Random) -> None:
    del content[draw.randrange(len(content) + 1) :]


def _span(content: bytearray, draw: random.Random) -> tuple[int, int]:
    first = draw.randrange(len(content) + 1)
    return first, min(len(content), first + draw.choice((1, 8, 64, 512)))


def _zero(content: bytearray, draw: random.Random) -> None:
    first, last = _span(content, draw)
    content[first:last] = bytes(last - first)


def _copy(content: bytearray, draw: random.Random) -> None:
    first, last = _span(content, draw)
    place = draw.randrange(len(content) + 1)
    content[place : place + last - first] = content[first:last]


def _double(content: bytearray, draw: random.Random) -> None:
    first, last = _span(content, draw)
    content[first:first] = content[first:last] * draw.choice((1, 1, 3, 200))


def _drop(content: bytearray, draw: random.Random) -> None:
    first, last = _span(content, draw)
    del content[first:last]


def _put(content: bytearray, draw: random.Random) -> None:
    place = draw.randrange(len(content) + 1)
    content[place:place] = bytes(draw.randrange(256) for _ in range(draw.choice((1, 4, 32))))


BYTES: tuple[Callable[[bytearray, random.Random], None], ...] = (_flip, _flip, _cut, _zero, _copy, _double, _drop, _put)
MARK = "\ue000mark"


def _values(kind: Kind, draw: random.Random) -> bytes:
    values = copy.deepcopy(kind.make())
    raw = ""
    for _ in range(draw.choice((1, 1, 1, 2, 4))):
        places = list(_places(values))
        holder, name = draw.choice(places)
        # A quarter of what is exchanged lies near the top, where there are few.
        if draw.random() < 0.25:
            holder, name = draw.choice([place for place in places if place[0] is values] or places)
        raw = _exchanged(holder, name, values, draw) or raw
    return kind.text(values).replace(json.dumps(MARK), raw).encode()


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in items:
        yield value, name
        yield from _places(item)


def _exchanged(holder: Any, name: Any, values: Any, draw: random.Random) -> str:
    """Change what stands at a place; return the text that is to stand there, where no value of Python's gives it."""
    way = draw.choice(("huge", "other", "raw", "drop", "double", "swap", "name", "text", "scale", "scale", "scale"))
    old = holder[name]
    if way == "huge" or (way == "scale" and not isinstance(old, (int, float))):
        holder[name] = draw.choice(HUGE)
    elif way == "scale":
        holder[name] = old * draw.choice((-1, 0, 2, 1000, 1e-6, 1e6, 1e150, 1e-150))
    elif way == "other":
        holder[name] = draw.choice(OTHERS)
    elif way == "raw":
        holder[name] = MARK
        return draw.choice(RAW)
    elif way == "drop":
        del holder[name]
    elif way == "double" and isinstance(old, list):
        holder[name] = old * draw.choice((2, 3, 50))
    elif way == "swap":
        other, where = draw.choice(list(_places(values)))
        holder[name], other[where] = copy.deepcopy(other[where]), copy.deepcopy(old)
    elif way == "name" and isinstance(holder, dict):
        holder[draw.choice(hostile_texts.TEXTS)] = holder.pop(name)
    else:
        holder[name] = draw.choice(hostile_texts.TEXTS)
    return ""


# -- what comes of it


def judged(kind: str, content: bytes) -> str:
    """Return `refused`, `shown`, or what is wrong."""
    with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = Path(name)
        path = folder / (KINDS[kind].name if kind != NPZ else "x.npz")
        path.write_bytes(content)
        try:
            with _limited():
                return _outcome(kind, path, folder)
        except TooLong:
            return "hang"
        except Exception as error:
            return f"{type(error).__name__}: {error}"[-400:]


def _outcome(kind: str, path: Path, folder: Path) -> str:
    try:
        if kind == NPZ:
            return _read_npz(path)
        KINDS[kind].read(path)
    except KerasCh2Error as error:
        return "refused" if len(str(error)) < 3000 else "a refusal of thousands of letters"
    for language, text in KINDS[kind].show(path, folder):
        result = hostile_texts.built(language, text)
        if result.get("unseen") or (language == "terminal" and result["commands"]):
            return f"{language} passes on {result}"[:300]
    return "shown"


def _read_npz(path: Path) -> str:
    from pytest_kerasch2.data import archives
    from pytest_kerasch2.data.registry import ArrayFacts

    archives.read_npz(path, [ArrayFacts("x", (10, 60), "uint8", ""), ArrayFacts("y", (20,), "lists", "")])
    return "shown"


@contextlib.contextmanager
def _limited() -> Iterator[None]:
    def ended(*_: Any) -> None:
        raise TooLong

    # Time of the processor: others may want the machine too. What merely waits is ended with its process.
    before = signal.signal(signal.SIGPROF, ended)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def batch(kind: str, numbers: list[int], seed: int) -> None:
    """Print what came of each, and the most memory so far, as lines of JSON."""
    shown = sys.stdout
    # What is imported on the way is no part of a case.
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        judged(kind, _sound(kind))
    for number in numbers:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            judgement = judged(kind, damaged(kind, number, seed))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        shown.write(json.dumps({"kind": kind, "case": number, "found": judgement, "peak": peak}) + "\n")
        shown.flush()


def _in_process(kind: str, numbers: list[int], seed: int) -> list[dict[str, Any]]:
    """Return what a process of its own says of some cases; the first that it says nothing of has killed it."""
    program = f"from evaluation import damaged_files as d; d.batch({kind!r}, {numbers!r}, {seed})"
    limit = SECONDS * 2 + 60 + len(numbers) * 5
    with contextlib.suppress(subprocess.TimeoutExpired):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", program],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=limit,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent.parent)])},
        )
        items = [json.loads(line) for line in done.stdout.decode().splitlines()]
        if len(items) == len(numbers):
            return items
        ended = numbers[len(items)]
        return [*items, {"kind": kind, "case": ended, "found": f"the process ended: {done.returncode}", "peak": 0}]
    return [{"kind": kind, "case": numbers[0], "found": "hang of a batch that begins here", "peak": 0}]


def wrong(line: dict[str, Any]) -> bool:
    """Whether a case came out as none may."""
    return line["found"] not in ("refused", "shown") or line["peak"] > PEAK


def table(lines: list[dict[str, Any]]) -> Iterator[str]:
    """Return the counts of what was done, as lines."""
    yield "| file | damaged | refused | shown | other | hangs | peak, MiB |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    for kind in (NPZ, *KINDS):
        items = [line for line in lines if line["kind"] == kind]
        counts = collections.Counter(line["found"].split(" ")[0] for line in items)
        other = len(items) - counts["refused"] - counts["shown"] - counts["hang"]
        peak = max((line["peak"] for line in items), default=0) // 2**20
        cells = (kind, len(items), counts["refused"], counts["shown"], other, counts["hang"], peak)
        yield f"| {' | '.join(map(str, cells))} |"


def main() -> int:
    """Do what was asked for; return 1 where a case came out as none may."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=(NPZ, *KINDS), action="append", help="default: all")
    parser.add_argument("--cases", type=int, default=CASES, metavar="N", help=f"of each kind ({CASES})")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--case", type=int, metavar="N", help="one alone, in this process")
    parser.add_argument("--out", type=Path, default=DATA)
    given = parser.parse_args()
    kinds = given.kind or [NPZ, *KINDS]
    if given.case is not None:
        content = damaged(kinds[0], given.case, given.seed)
        print(content[:2000])
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / (KINDS[kinds[0]].name if kinds[0] != NPZ else "x.npz")
            path.write_bytes(content)
            print(_outcome(kinds[0], path, Path(folder)))
        return 0
    now = f"{hostile_texts.revision()} {given.seed}"
    done = journal.keep(given.out, now)
    names = {(line["kind"], line["case"]) for line in done}
    began = time.monotonic()
    for kind in kinds:
        waiting = [number for number in range(given.cases) if (kind, number) not in names]
        while waiting:
            items = [{**line, "revision": now} for line in _in_process(kind, waiting[:BATCH], given.seed)]
            Journal(given.out).append(*items)
            done += items
            ended = {line["case"] for line in items}
            waiting = [number for number in waiting if number not in ended]
            for line in filter(wrong, items):
                print(line, file=sys.stderr, flush=True)
            print(f"{kind}: {len(waiting)} left, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    print("\n".join(table(done)))
    return any(map(wrong, done))


if __name__ == "__main__":
    sys.exit(main())
