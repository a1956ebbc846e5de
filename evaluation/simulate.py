"""How often the gate errs on simulated trainings of every kind.

    python -m evaluation.simulate                               all kinds and situations, about half an hour of one core
    python -m evaluation.simulate --kinds AUC,F1 --gates 200    quicker, and coarser
    python -m evaluation.simulate --jobs 2 --seed 1             two processes, other draws
    python -m evaluation.simulate --drawn                       gates drawn from seeds that were really trained

Eight gates of a situation have one reference, and the next eight another one; those drawn from real seeds (see
`evaluation.pool`) have seeds in common. Appends to evaluation/data/simulated.jsonl or drawn.jsonl, and goes on there
when started again; what another revision of the gate said is dropped. Ends with 1 where a promise is not kept.
"""

from __future__ import annotations

import argparse
import functools
import statistics
import sys
import zlib
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any, NamedTuple, Sequence

import numpy as np

from evaluation import drawn, journal, kinds
from evaluation.gates import Bench, Outcome
from evaluation.kinds import Kind
from evaluation.rates import VERDICTS, Promise, tally, with_interval
from evaluation.scenarios import DRAWN, REFUSED, SCENARIOS, Scenario
from pytest_kerasch2.files import Journal

HERE = Path(__file__).parent
OUT, OUT_DRAWN = (HERE / "data" / f"{name}.jsonl" for name in ("simulated", "drawn"))
SOURCES = [HERE / f"{name}.py" for name in ("curves", "kinds", "scenarios", "gates", "drawn")]
# Gates of one line of the file, and of one drawn reference: to read and to prepare one takes most of the time.
CHUNK, OF_A_REFERENCE = 40, 8
# Of what may never happen, fewer gates tell as much.
GATES, GATES_REFUSED = 2000, 200


class Part(NamedTuple):
    """Some gates of one kind, for all situations that have the same reference: `group` is the name of the first."""

    kind: str
    group: str
    chunk: int
    gates: int
    seed: int


def groups(asked: Sequence[Scenario]) -> dict[str, list[Scenario]]:
    """Return situations that have the same reference together, by the name of the first."""
    results: dict[str, list[Scenario]] = {}
    for scenario in asked:
        first = next((name for name, others in results.items() if others[0].old == scenario.old), scenario.name)
        results.setdefault(first, []).append(scenario)
    return results


def parts(asked: Sequence[str], gates: int, refused: int, seed: int, drawn: bool = False) -> list[Part]:
    """Return all parts, a chunk of each before the next one, so that a run that is ended early tells of all."""
    rare = {name for name, those in groups(SCENARIOS).items() if all(one in REFUSED for one in those)}
    names = groups(DRAWN if drawn else SCENARIOS)
    items = [
        Part(kind, name, start // CHUNK, min(CHUNK, (refused if name in rare else gates) - start), seed)
        for start in range(0, max(gates, refused), CHUNK)
        for kind in asked
        for name in names
    ]
    return [part for part in items if part.gates > 0]


@functools.lru_cache(maxsize=1)
def known_kinds() -> dict[str, Kind]:
    """Return all kinds by their names, those with real seeds too."""
    return {kind.name: kind for kind in (*kinds.KINDS, *drawn.kinds())}


def done(part: Part, refused: int, drawn: bool) -> list[dict[str, Any]]:
    """Simulate the gates of one part, and return a line for each situation."""
    kind, those = known_kinds()[part.kind], groups(DRAWN if drawn else SCENARIOS)[part.group]
    random = np.random.default_rng([part.seed, zlib.crc32(f"{part.kind}/{part.group}".encode()), part.chunk])
    outcomes: dict[str, list[Outcome]] = {scenario.name: [] for scenario in those}
    for number in range(part.gates):
        if number % OF_A_REFERENCE == 0:
            bench = Bench(kind, those[0].old, random)
        for scenario in those:
            if scenario not in REFUSED or part.chunk * CHUNK + number < refused:
                outcomes[scenario.name].append(bench.ask(scenario, random))
    return [{**part._asdict(), "scenario": name, **line_of(one)} for name, one in outcomes.items() if one]


def line_of(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return what a file keeps of some gates."""
    verdicts = [outcome.verdict for outcome in outcomes]
    reasons = {outcome.verdict: outcome.reason for outcome in reversed(outcomes)}
    trainings = [outcome.trainings for outcome in outcomes if outcome.trainings]
    return {
        "counts": {one: verdicts.count(one) for one in VERDICTS if one in verdicts},
        "trainings": trainings,
        "margin": statistics.median([outcome.margin for outcome in outcomes if outcome.margin] or [0.0]),
        "reasons": reasons,
    }


def simulate(planned: Sequence[Part], out: Path, *, refused: int, drawn: bool, jobs: int) -> None:
    """Simulate what the file lacks."""
    revision = journal.revision(SOURCES)
    out.parent.mkdir(exist_ok=True)
    have = {tuple(line[name] for name in Part._fields) for line in journal.keep(out, revision)}
    missing = [part for part in planned if tuple(part) not in have]
    progress = journal.Progress(len(missing), sys.stderr)
    with ProcessPoolExecutor(jobs) as pool:
        for future in as_completed([pool.submit(done, part, refused, drawn) for part in missing]):
            lines = future.result()
            Journal(out).append(*({"revision": revision, **line} for line in lines))
            shown = [f"{line['scenario']} {line['counts']}" for line in lines]
            progress.step(f"{lines[0]['kind']}: {'; '.join(shown)}")


def summary(out: Path) -> tuple[list[str], bool]:
    """Return a line for each kind and situation of a file, and whether all promises are kept."""
    lines, kept = [], True
    recorded = Journal(out).read()
    for kind in known_kinds().values():
        for scenario in SCENARIOS:
            result = tally(one for one in recorded if (one["kind"], one["scenario"]) == (kind.name, scenario.name))
            if not result.gates:
                continue
            promise = Promise(scenario.forbidden, scenario.at_most)
            good = promise.kept(result)
            kept = kept and good
            counts = ", ".join(f"{verdict} {count}" for verdict, count in result.counts.items() if count)
            errors = with_interval(promise.errors(result), result.gates)
            lines.append(
                f"{'ok    ' if good else 'BROKEN'} {kind.name:16s} {scenario.name:30s} errors {errors}; {counts}"
            )
    return lines, kept


def main() -> int:
    """Do what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drawn", action="store_true", help="draw gates from the pools of real seeds")
    parser.add_argument("--kinds", help="separated by commas; default: all")
    parser.add_argument("--groups", help="first situations of groups with one reference, by semicolons; default: all")
    parser.add_argument("--gates", type=int, default=GATES, help="of each kind and situation with a promised rate")
    parser.add_argument("--refused", type=int, default=GATES_REFUSED, help="of each that may never be decided")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, help="default: evaluation/data/simulated.jsonl, or drawn.jsonl")
    given = parser.parse_args()
    every = drawn.kinds() if given.drawn else kinds.KINDS
    asked = given.kinds.split(",") if given.kinds else [kind.name for kind in every]
    out = given.out or (OUT_DRAWN if given.drawn else OUT)
    tasks = parts(asked, given.gates, given.refused, given.seed, given.drawn)
    if given.groups:
        tasks = [part for part in tasks if part.group in given.groups.split(";")]
    simulate(tasks, out, refused=given.refused, drawn=given.drawn, jobs=given.jobs)
    lines, kept = summary(out)
    print("\n".join(lines))
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
