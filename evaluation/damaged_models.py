"""Damages model files in thousands of ways, looks into each, and counts what came of it.

    python -m evaluation.damaged_models --each 2000

Every damaged file is either refused with an error of ours or looked into without one; anything else is a failure, as is
one that takes longer or more memory than allowed, and a changed file that its digest does not tell. Results are
appended to a file of JSON lines, one for a block of files; a block that is there is not done again. A case is replayed
by `--kind model.h5 --case 17`.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any, Callable, Iterator

import h5py
import numpy as np

from evaluation import journal, model_files
from pytest_kerasch2.errors import ChildDied, DataDamaged, KerasCh2Error
from pytest_kerasch2.files import Journal
from pytest_kerasch2.serialization import Limits, check_digest
from pytest_kerasch2.serialization.digest_files import digest_file, write_digest
from pytest_kerasch2.serialization.inspection import judged, look
from pytest_kerasch2.subprocesses.job import Job, JobOutcome
from pytest_kerasch2.subprocesses.runner import in_line

DATA = Path(__file__).parent / "data" / "damaged-models.jsonl"
MEASURED = (
    *sorted((journal.PACKAGE / "serialization").glob("*.py")),
    *(journal.PACKAGE / "subprocesses" / f"{name}.py" for name in ("child", "job", "runner")),
    journal.PACKAGE / "json_files.py",
    model_files.KEPT,
    Path(__file__),
)
BLOCK = 100
PEAK_MIB = 300
LIBRARY = f"h5py {h5py.version.version}, HDF5 {h5py.version.hdf5_version}"
COUNTS = ("cases", "refused", "stopped", "looked into", "changed, no digest", "changed, digest", "failures")


def flipped(draw: Random, whole: bytearray) -> None:
    """Flip one to eight bits."""
    for _ in range(draw.randint(1, 8)):
        whole[draw.randrange(len(whole))] ^= 1 << draw.randrange(8)


def cut(draw: Random, whole: bytearray) -> None:
    """Cut the end off."""
    del whole[draw.randrange(len(whole)) :]


def zeroed(draw: Random, whole: bytearray) -> None:
    """Overwrite a span with zeros, as a disk does that has lost a block."""
    begin, length = _span(draw, whole)
    whole[begin : begin + length] = bytes(length)


def copied(draw: Random, whole: bytearray) -> None:
    """Overwrite a span with another one."""
    begin, length = _span(draw, whole)
    other = draw.randrange(len(whole) - length)
    whole[begin : begin + length] = whole[other : other + length]


def swapped(draw: Random, whole: bytearray) -> None:
    """Swap two blocks of a disk."""
    size = draw.choice((8, 64, 512, 4096))
    first, second = (draw.randrange(len(whole) // size) * size for _ in range(2))
    one, other = whole[first : first + size], whole[second : second + size]
    whole[first : first + size], whole[second : second + size] = other, one


DAMAGES: tuple[Callable[[Random, bytearray], None], ...] = (flipped, flipped, cut, zeroed, copied, swapped)


def _span(draw: Random, whole: bytearray) -> tuple[int, int]:
    length = min(draw.choice((1, 4, 8, 64, 512, 4096)), len(whole) // 2)
    return draw.randrange(len(whole) - length), length


def damaged(kind: str, whole: bytes, seed: int, case: int) -> bytes:
    """Return a file that differs from the whole one."""
    draw = Random(f"{kind} {seed} {case}")
    while True:
        bits = bytearray(whole)
        draw.choice(DAMAGES)(draw, bits)
        if bits != whole:
            return bytes(bits)


def block(kind: str, seed: int, cases: list[int]) -> dict[str, Any]:
    """Damage a file in some ways, look into each, and return the counts."""
    began, whole = time.monotonic(), model_files.files()[kind]
    with tempfile.TemporaryDirectory(prefix="kerasch2-damaged-") as folder:
        for case in cases:
            place = Path(folder) / str(case) / kind
            place.parent.mkdir()
            place.write_bytes(whole)
            write_digest(place)
            place.write_bytes(damaged(kind, whole, seed, case))
        paths = {case: Path(folder) / str(case) / kind for case in cases}
        endings = dict(zip(cases, outcomes([look(paths[case], Limits()) for case in cases])))
        by_name = {case: ending(endings[case]) for case in cases}
        passed = [case for case in cases if by_name[case] == "looked into"]
        changed = _changed(kind, [paths[case] for case in passed])
        missed = [case for case in cases if not _is_told(paths[case])]
    failures = [{"case": case, "found": by_name[case]} for case in cases if by_name[case].startswith("failure")]
    failures += [{"case": case, "found": "not told by its digest"} for case in missed]
    stopped: dict[str, list[int]] = {}
    for case, one in endings.items():
        if one.killed_by is not None:
            stopped.setdefault(one.killed_by, []).append(case)
    counts = Counter(by_name.values())
    return {
        "kind": kind, "seed": seed, "first": cases[0], "with": LIBRARY, "cases": len(cases),
        "refused": counts["DataDamaged"] + counts["UnsafeFile"], "stopped": stopped,
        "looked into": len(passed), "changed, no digest": changed, "changed, digest": len(missed),
        "failures": failures, "longest": round(max(one.seconds for one in endings.values()), 1),
        "peak_mib": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
        "seconds": round(time.monotonic() - began, 1),
    }  # fmt: skip


def outcomes(jobs: list[Job]) -> Iterator[JobOutcome]:
    """Yield the outcome of each job; one interpreter does them until one kills it, and then another goes on."""
    while jobs:
        with contextlib.closing(in_line(jobs)) as line:
            done = list(line)
        yield from done
        jobs = jobs[len(done) :]


def ending(outcome: JobOutcome) -> str:
    """Return what inspection makes of an outcome: the name of the error, `looked into`, or a failure."""
    try:
        judged(outcome)
    except ChildDied as error:
        return f"failure: {error}"
    except KerasCh2Error as error:
        return type(error).__name__
    return "looked into"


def numbers(path: str) -> str:
    """Return a digest of all names and numbers of a file; runs in a child, for the file is damaged."""
    digest = hashlib.sha256()

    def add(name: str, thing: Any) -> None:
        digest.update(name.encode("utf-8", "replace"))
        if isinstance(thing, h5py.Dataset):
            digest.update(np.asarray(thing[()]).tobytes())

    with h5py.File(path, "r") as file:
        file.visititems(add)
    return digest.hexdigest()


def _changed(kind: str, paths: list[Path]) -> int:
    """Return how many of the files that were looked into would be loaded with other numbers."""
    if not paths or kind.endswith(".keras"):
        # An archive has a checksum of each part, which the look compares.
        return 0
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / kind
        whole.write_bytes(model_files.files()[kind])
        read = list(outcomes([_reading(one) for one in [whole, *paths]]))
    return sum(one.answered and one.value != read[0].value for one in read[1:])


def _reading(path: Path) -> Job:
    target = "evaluation.damaged_models:numbers"
    return Job(target, (str(path),), deadline=30.0, processor_seconds=5, memory_mib=400)


def _is_told(path: Path) -> bool:
    try:
        check_digest(path)
    except DataDamaged:
        return True
    finally:
        digest_file(path).unlink()
    return False


def table(lines: list[dict[str, Any]]) -> str:
    """Return the counts of each kind and library as a table."""
    columns = ("file", "library", *COUNTS, "longest (s)", "peak (MiB)")
    rows = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    for kind, library in sorted({(line["kind"], line["with"]) for line in lines}):
        mine = [line for line in lines if (line["kind"], line["with"]) == (kind, library)]
        counts = [str(sum(_count(line[name]) for line in mine)) for name in COUNTS]
        most = [str(max(line[name] for line in mine)) for name in ("longest", "peak_mib")]
        rows.append(f"| {kind} | {library} | " + " | ".join(counts + most) + " |")
    return "\n".join(rows)


def _count(value: Any) -> int:
    if isinstance(value, dict):
        return sum(map(len, value.values()))
    return value if isinstance(value, int) else len(value)


def main() -> int:
    """Do the blocks that are missing, print the table, and end with 1 where there was a failure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=2000, help="files of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", choices=model_files.NAMES, action="append", help="may be repeated; all by default")
    parser.add_argument("--case", type=int, help="do this one alone, and keep nothing")
    parser.add_argument("--out", type=Path, default=DATA, help="file of JSON lines")
    given = parser.parse_args()
    kinds = given.kind or model_files.NAMES
    if given.case is not None:
        print(json.dumps([block(kind, given.seed, [given.case]) for kind in kinds], indent=1))
        return 0
    revision = journal.digest(MEASURED)
    kept = journal.keep(given.out, revision)
    items = [(kind, first) for first in range(0, given.each, BLOCK) for kind in kinds]
    done = {(line["kind"], line["first"]) for line in kept if (line["seed"], line["with"]) == (given.seed, LIBRARY)}
    left = [one for one in items if one not in done]
    progress = journal.Progress(len(left), sys.stderr)
    for kind, first in left:
        result = block(kind, given.seed, list(range(first, min(first + BLOCK, given.each))))
        Journal(given.out).append({"revision": revision, **result})
        kept.append(result)
        progress.step(f"{kind} from {first} on")
    print(table(kept))
    return int(any(line["failures"] or line["peak_mib"] > PEAK_MIB for line in kept))


if __name__ == "__main__":
    sys.exit(main())
