"""What is used today instead of `kerasch2 compare`, beside it: how often each errs, and how much each finds.

    python -m evaluation.compare_rivals run --trials 10             in earnest, under each kind of load; hours
    python -m evaluation.compare_rivals run --plan                  says how long that takes, and measures nothing
    python -m evaluation.compare_rivals resample                    the rules alone, on blocks that are kept
    python -m evaluation.compare_rivals report                      both as a section of Markdown

A trial asks one rival of the chapter's `train_on_batch` and `fit` before and after a change that makes them slower by
nothing, or by 5 %. When it ends it is a line of evaluation/data/compare-rivals.jsonl: started again, this goes on.
Trials take turns among rivals, kinds and changes, so that there are about as many of each whenever it is stopped. What
`kerasch2 compare` tells of the same is taken from the trials of `compare_live`, and what is resampled are their blocks,
as `compare_blocks` keeps them. Needs the extra `rivals`, git, and a package index, from which asv installs its runner.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Sequence

from evaluation import compare_blocks, compare_live, load, rivals_asv, rivals_record, rivals_report, rivals_resampled
from evaluation.rivals_live import RIVALS
from evaluation.rivals_record import Finished, Trial
from evaluation.rivals_running import Setting
from pytest_kerasch2.errors import ChildDied, InvalidArgument, KerasCh2Error

DATA = Path(__file__).parent / "data"
LIVE = DATA / "compare-rivals.jsonl"
RESAMPLED = DATA / "compare-rivals-resampled.json"
PLANTED = (0.0, 0.05)
INTERRUPTED = 130
REFUSED = 2
# Seconds of a trial of which none has ended yet, on two cores that do nothing else.
USUAL = {"pytest-benchmark": 75.0, "pyperf": 540.0, "asv": 110.0}


def trials(number: int, rivals: Sequence[str], kinds: Sequence[str], planted: Sequence[float]) -> list[Trial]:
    """Return all trials in their order, in which an early stop leaves about as many of each.

    Raises:
        InvalidArgument: there is no such rival or kind of load.
    """
    for what, names, available in (("rival", rivals, RIVALS), ("kind of load", kinds, load.KINDS)):
        unknown = [name for name in names if name not in available]
        if unknown:
            raise InvalidArgument(f"There is no such {what}", ", ".join(unknown), f"say some of {', '.join(available)}")
    every = itertools.product(range(number), planted, kinds, rivals)
    return [Trial(rival, kind, share, turn) for turn, share, kind, rival in every]


def done(trial: Trial, setting: Setting, work: Path) -> Finished:
    """Ask a rival.

    Raises:
        ChildDied: it ended without an answer.
    """
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="trial-", dir=work) as folder, load.running(trial.kind, seed=trial.number):
        answer = RIVALS[trial.rival](Path(folder), trial.planted, setting, trial.number)
    seconds = {"measured": answer.measured, "all": time.monotonic() - began}
    return Finished(trial, answer.red, seconds, answer.estimates)


def left(missing: Sequence[Trial], ended: Sequence[Finished]) -> float:
    """Return about how many seconds these trials take, by those of the same rival that have ended."""
    took = {name: [one.seconds["all"] for one in ended if one.trial.rival == name] or [USUAL[name]] for name in RIVALS}
    return sum(statistics.fmean(took[trial.rival]) for trial in missing)


def run(requested: Sequence[Trial], setting: Setting, out: Path) -> None:
    """Do all trials that the file lacks, and say after each how long the rest will take."""
    with rivals_record.appending(out, rivals_record.header(setting)) as ended, tempfile.TemporaryDirectory(
        prefix="kerasch2-rivals-"
    ) as work:
        have = {one.trial for one in ended}
        missing = [trial for trial in requested if trial not in have]
        print(f"{len(have)} trials are in {out.name}; to do: {plan(missing, ended)}", flush=True)
        if any(trial.rival == "asv" for trial in missing):
            with tempfile.TemporaryDirectory(prefix="setup-", dir=work) as folder:
                rivals_asv.prepare(Path(folder))
        for number, trial in enumerate(missing, 1):
            answer = f"{trial.rival}, {trial.kind}, {trial.planted:g} planted, trial {trial.number}"
            try:
                ended.append(done(trial, setting, Path(work)))
            except ChildDied as error:
                # It is asked again by the next run.
                finished = f"not told: {error}"
            else:
                rivals_record.append(out, ended[-1])
                finished = rivals_report.line(ended[-1])
            rest = left(missing[number:], ended) / 60
            print(f"[{number}/{len(missing)}, {rest:.0f} min left] {answer}: {finished}", flush=True)


def plan(missing: Sequence[Trial], ended: Sequence[Finished]) -> str:
    """Say how long these trials take."""
    return f"{len(missing)} trials, about {left(missing, ended) / 60:.0f} min"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    live = commands.add_parser("run", help="ask the rivals in earnest")
    live.add_argument("--trials", type=int, default=10, help="of each rival, kind and change (10)")
    live.add_argument("--rivals", default=",".join(RIVALS), help="default: all")
    live.add_argument("--kinds", default=",".join(load.KINDS), help="of load; default: all")
    live.add_argument("--planted", default=",".join(map(str, PLANTED)), help="slowdowns, as shares (0.0,0.05)")
    live.add_argument(
        "--seconds", type=float, default=Setting.seconds, help=f"of measuring, for a benchmark ({Setting.seconds:g})"
    )
    live.add_argument(
        "--processes", type=int, default=Setting.processes, help="of pyperf, for a benchmark and side (20)"
    )
    live.add_argument("--out", type=Path, default=LIVE)
    live.add_argument("--plan", action="store_true", help="say how long it takes, and measure nothing")
    drawn = commands.add_parser("resample", help="apply the rules to comparisons of one thing with itself")
    drawn.add_argument(
        "files",
        nargs="*",
        metavar="KIND=FILE",
        help=f"instead of those in {compare_blocks.KEPT.name}; of several, each trial draws from one",
    )
    drawn.add_argument("--trials", type=int, default=2000, help="of each rule, file and change (2000)")
    drawn.add_argument("--planted", default=",".join(map(str, PLANTED)), help="slowdowns, as shares (0.0,0.05)")
    drawn.add_argument("--seed", type=int, default=0)
    drawn.add_argument("--out", type=Path, default=RESAMPLED)
    report = commands.add_parser("report", help="give the section of Markdown")
    report.add_argument("--live", type=Path, default=LIVE)
    report.add_argument("--resampled", type=Path, default=RESAMPLED)
    return parser


def main() -> int:
    """Do what was asked for."""
    given = _parser().parse_args()
    try:
        if given.command == "report":
            print(rivals_report.section(given.live, given.resampled, compare_live.read()))
        elif given.command == "resample":
            _resample(given)
        else:
            _live(given)
    except KeyboardInterrupt:
        print("stopped; what had ended is kept, and the same command goes on", file=sys.stderr)
        return INTERRUPTED
    except KerasCh2Error as error:
        print(error, file=sys.stderr)
        return REFUSED
    return 0


def named(words: Sequence[str]) -> list[tuple[str, Path]]:
    """Return the kind of load and the file that each word names.

    Raises:
        InvalidArgument: a word is not written so.
    """
    pairs = [(word, word.partition("=")) for word in words]
    for word, (_, equals, _) in pairs:
        if not equals:
            raise InvalidArgument("A file has no kind of load", repr(word), "write KIND=FILE")
    return [(kind, Path(path)) for _, (kind, _, path) in pairs]


def _resample(given: argparse.Namespace) -> None:
    planted = [float(one) for one in given.planted.split(",")]
    with contextlib.ExitStack() as kept:
        files = named(given.files) or kept.enter_context(compare_blocks.honest())
        by_kind: dict[str, list[Path]] = {}
        for kind, path in files:
            by_kind.setdefault(kind, []).append(path)
        rivals_resampled.write(by_kind, planted, given.trials, given.seed, given.out)


def _live(given: argparse.Namespace) -> None:
    planted = [float(one) for one in given.planted.split(",")]
    requested = trials(given.trials, given.rivals.split(","), given.kinds.split(","), planted)
    if given.plan:
        ended = rivals_record.read(given.out)[1] if given.out.exists() else []
        have = {one.trial for one in ended}
        print(plan([trial for trial in requested if trial not in have], ended))
        return
    # A shell lets what it starts in the background ignore the first; the second would leave a rival running.
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, signal.default_int_handler)
    run(requested, Setting(given.seconds, given.processes), given.out)


if __name__ == "__main__":
    sys.exit(main())
