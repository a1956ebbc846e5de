"""The command `kerasch2`: reads the command line and forwards to the room where the thing is done."""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import sys
import threading
import traceback
from dataclasses import fields
from pathlib import Path
from typing import Any, Iterable, Iterator, Sequence

from pytest_kerasch2.errors import KerasCh2Error

# A cell of the table to compare with is another now.
DIFFERENT = 1
REFUSED = 2
UNDECIDED = 3
UNFIT = 4
# A mistake of ours: no answer, and not to be taken for one.
CRASHED = 70
INTERRUPTED = 130
METRIC = "what a margin refers to, such as val_auc:higher (default: the validation accuracy, or the last metric there)"
CLUSTER = (
    "let a cluster do the trainings: a Dask scheduler (tcp://host:8786), or Ray (ray://host:10001, or ray for the one "
    "that this machine is part of); its workers need the same packages as this machine, and the data set: from the "
    "network, from the Keras home there, or from --mirror"
)

THING = "an environment, its interpreter, a release such as tensorflow==2.15.1,python==3.11, or a git revision"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one sub-command; give its exit status.

    It is 0, 1 for an answer that is no, 2 for an input that is refused, 3 for one that cannot be told, 4 for a machine
    that is not fit to tell it; 70 where the command itself failed.
    """
    chosen = _parser().parse_args(arguments)
    try:
        with _ended_as_by_ctrl_c():
            return int(chosen.run(chosen))
    except KeyboardInterrupt:
        sys.stderr.write(f"kerasch2 {chosen.command}: stopped{chosen.kept}\n")
        return INTERRUPTED
    except KerasCh2Error as error:
        sys.stderr.write(f"kerasch2 {chosen.command}: {error}\n")
        return REFUSED
    except Exception:
        # Python would end with 1, which is an answer.
        traceback.print_exc()
        return CRASHED


@contextlib.contextmanager
def _ended_as_by_ctrl_c() -> Iterator[None]:
    """Let a command that is asked to end take with it what it has started, and put away what it has made."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler) or signal.SIG_DFL
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kerasch2", description="What stands beside `pytest --chapter`.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _add_table(commands)
    _add_calibrate(commands)
    _add_gate(commands)
    _add_compare(commands)
    _add_steps(commands)
    return parser


def _add_table(commands: Any) -> None:
    purpose = "merge ledgers of several releases into one truth table"
    table = commands.add_parser("table", help=purpose, description=purpose, allow_abbrev=False)
    table.add_argument(
        "ledgers", nargs="*", type=Path, metavar="LEDGER", help="written by pytest --chapter-ledger=FILE"
    )
    table.add_argument(
        "--figures",
        action="append",
        type=Path,
        default=[],
        metavar="LEDGER",
        help="of a run of pytest --chapter-accuracy, which tells the printed figures of a column that did not train; "
        "may be given several times",
    )
    for flag, text in (
        ("--table", "take this truth table instead of ledgers"),
        ("--releases", "TOML file that lists the columns in their order"),
        ("--json", "write the table as data"),
        ("--markdown", "write the table as a Markdown page"),
        ("--html", "write the table as one self-contained HTML page"),
        ("--changes", "write what flipped from release to release as a Markdown page"),
        ("--check", "compare with this truth table; exit with 1 if a verdict differs"),
    ):
        table.add_argument(flag, type=Path, metavar="FILE", help=text)
    table.add_argument("--allow-incomplete", action="store_true", help="take ledgers of interrupted runs, marked so")
    table.set_defaults(run=_table, kept="")


def _table(chosen: argparse.Namespace) -> int:
    # Imported here, so that each sub-command brings in only what it needs.
    from pytest_kerasch2.report.publishing import Order, publish

    counted, different = publish(Order(**{one.name: getattr(chosen, one.name) for one in fields(Order)}))
    _say(counted)
    _say(f"differs: {line}" for line in different)
    return DIFFERENT if different else 0


def _add_calibrate(commands: Any) -> None:
    purpose = "train the chapter's network over many seeds, and keep what each gave"
    calibrate = commands.add_parser("calibrate", help=purpose, description=purpose, allow_abbrev=False)
    calibrate.add_argument("out", type=Path, metavar="FILE", help="the reference; one that is there is gone on with")
    calibrate.add_argument("--data", default="mnist", metavar="NAME", help="mnist, fashion_mnist or digits")
    calibrate.add_argument("--style", default="sequential-list", metavar="NAME", help="the way the network is written")
    calibrate.add_argument("--feed", default="arrays", metavar="NAME", help="arrays, or pipeline-as-printed, -as-meant")
    _add_training(calibrate, "train by this function of a seed, in a module that can be imported from here, instead")
    calibrate.add_argument("--metric", metavar="NAME[:higher|lower]", help=METRIC)
    calibrate.add_argument(
        "--epochs",
        type=int,
        metavar="N",
        help="rounds of each training (default: 10); with --training at most so many (default: as many as it has)",
    )
    calibrate.add_argument("--seeds", type=int, default=60, metavar="N", help="seeds that the file is to have")
    calibrate.add_argument("--first", type=int, default=0, metavar="SEED", help="the first of them")
    calibrate.add_argument(
        "--jobs", type=int, metavar="N", help="trainings at a time (default: one a core, or all a cluster takes)"
    )
    calibrate.add_argument(
        "--device",
        metavar="NAME",
        help="cpu, gpu or gpu:N (default: a GPU if there is one); with a cluster, of each worker",
    )
    calibrate.add_argument("--cluster", metavar="ADDRESS", help=CLUSTER)
    calibrate.add_argument(
        "--mirror", type=Path, metavar="DIR", help="folder with data set archives, on each worker too"
    )
    calibrate.add_argument("--offline", action="store_true", help="never use the network for the data set")
    calibrate.set_defaults(run=_calibrate, kept="; what was done is kept, and the same command goes on")


def _calibrate(chosen: argparse.Namespace) -> int:
    from pytest_kerasch2.accuracy import calibrating, progress, suitability
    from pytest_kerasch2.accuracy.own import Own
    from pytest_kerasch2.accuracy.recipe import Recipe

    chapters = Recipe(chosen.style, chosen.feed, 10 if chosen.epochs is None else chosen.epochs)
    order = calibrating.Order(
        out=chosen.out.absolute(),
        recipe=chapters if chosen.training is None else Own(chosen.training, chosen.epochs),
        data=chosen.data,
        seeds=chosen.seeds,
        first=chosen.first,
        jobs=chosen.jobs,
        device=chosen.device,
        mirror=chosen.mirror and chosen.mirror.absolute(),
        offline=chosen.offline,
        cluster=chosen.cluster,
    )
    with progress.shown(order.seeds) as told:
        found = calibrating.calibrate(order, suitability.watching(chosen.metric, told))
    suits, lines = suitability.of(found, chosen.metric)
    written = f"{order.out.name}: {len(found.runs)} seeds"
    _say([*lines, written] if suits else [written, *lines])
    return 0 if suits else UNDECIDED


def _add_training(command: argparse.ArgumentParser, text: str) -> None:
    command.add_argument("--training", metavar="MODULE:FUNCTION", help=text)


def _add_gate(commands: Any) -> None:
    purpose = (
        "tell whether a training still ends as its reference did, the chapter's own unless another is named; "
        "exit with 1 if not, with 3 if that is undecided"
    )
    gate = commands.add_parser("gate", help=purpose, description=purpose, allow_abbrev=False)
    gate.add_argument("reference", metavar="REFERENCE", help="a file of kerasch2 calibrate, or the name of one shipped")
    _add_training(gate, "what is asked about: this function of a seed, in a module that can be imported from here")
    gate.add_argument("--results", type=Path, metavar="FILE", help="or finished ones: another file of calibrate")
    gate.add_argument("--mirror", type=Path, metavar="DIR", help="folder with data set archives")
    gate.add_argument("--offline", action="store_true", help="never use the network for the data set")
    gate.add_argument("--metric", metavar="NAME[:higher|lower]", help=METRIC)
    gate.add_argument("--margin", type=float, metavar="CHANGE", help="change of it to be told, in its units: 0.005")
    gate.add_argument("--resolution", type=float, metavar="SHARE", help="former name of --margin")
    gate.add_argument("--alarm", type=float, default=0.01, metavar="RATE", help="false alarms allowed (default: 0.01)")
    gate.add_argument("--miss", type=float, default=0.01, metavar="RATE", help="misses allowed (default: 0.01)")
    gate.add_argument("--most", type=int, default=10, metavar="N", help="trainings at most (default: 10)")
    gate.add_argument("--json", type=Path, metavar="FILE", help="write the decision as data")
    gate.add_argument("--plot", type=Path, action="append", default=[], metavar="FILE", help="draw it: .png or .svg")
    gate.set_defaults(run=_gate, kept=" before a decision; the same command trains the same seeds again")


def _gate(chosen: argparse.Namespace) -> int:
    from pytest_kerasch2.accuracy import showing
    from pytest_kerasch2.accuracy.decision import Verdict

    question = showing.Question(**{one.name: getattr(chosen, one.name) for one in fields(showing.Question)})
    decision = showing.asked(question, lambda found: _say(found.evidence))
    return {Verdict.PASS: 0, Verdict.FAIL: DIFFERENT, Verdict.UNDECIDED: UNDECIDED}[decision.verdict]


def _add_compare(commands: Any) -> None:
    purpose = (
        "tell whether steps take longer in one environment, release or revision than in another; exit with 1 if "
        "one does, with 3 if that is undecided, with 4 if the first thing differs from itself"
    )
    compare = commands.add_parser("compare", help=purpose, description=purpose, allow_abbrev=False)
    compare.add_argument("first", nargs="?", metavar="FIRST", help=THING)
    compare.add_argument("second", nargs="?", metavar="SECOND", help="what is held against it: likewise")
    compare.add_argument("--suite", metavar="MODULE:FUNCTION", help="benchmarks of your own (default: the chapter's)")
    compare.add_argument("--benchmark", action="append", default=[], metavar="NAME", help="one of them (default: all)")
    compare.add_argument("--device", metavar="NAME", help="cpu, gpu or gpu:N (default: a GPU if there is one)")
    compare.add_argument("--error", type=float, default=0.01, metavar="RATE", help="false alarms allowed (0.01)")
    compare.add_argument("--margin", type=float, default=0.04, metavar="SHARE", help="within it, times are the same")
    compare.add_argument("--most", type=int, default=30, metavar="N", help="starts of the processes at most (30)")
    compare.add_argument(
        "--deadline", type=float, default=600.0, metavar="SECONDS", help="for a process to answer (600)"
    )
    compare.add_argument("--slower", type=float, default=0.0, metavar="SHARE", help="plant a slowdown into the second")
    compare.add_argument("--json", type=Path, metavar="FILE", help="keep every block, also of a run that is stopped")
    compare.add_argument("--told-by", type=Path, metavar="FILE", help="measure nothing; tell what such a file says")
    compare.add_argument("--summary", type=Path, metavar="FILE", help="add a table in Markdown to it")
    compare.add_argument("--self-test", action="store_true", help="see that it can turn red and stay green here")
    compare.set_defaults(run=_compare, kept="; what was measured is kept where --json names a file")


def _compare(chosen: argparse.Namespace) -> int:
    from pytest_kerasch2.gates.pairs import Verdict
    from pytest_kerasch2.timing import comparison, showing

    if chosen.self_test:
        return 0 if showing.self_tested(chosen, lambda line: _say([line])) else DIFFERENT
    if chosen.told_by is not None:
        found = comparison.read(chosen.told_by)
    else:
        found = showing.compared(chosen, lambda line: _say([line]))
    _say(found.lines())
    if chosen.summary is not None:
        showing.summed_up(found, chosen.summary)
    codes = {Verdict.SLOWER: DIFFERENT, Verdict.UNDECIDED: UNDECIDED, Verdict.UNFIT: UNFIT}
    return codes.get(found.verdict, 0)


def _add_steps(commands: Any) -> None:
    purpose = (
        "tell the time of a step of fit by its batch size, on each device of kept runs of pytest --benchmark; "
        "a GPU is compared with the CPU of the same run"
    )
    steps = commands.add_parser("steps", help=purpose, description=purpose, allow_abbrev=False)
    steps.add_argument("files", nargs="+", type=Path, metavar="FILE", help="written by --benchmark-json=FILE")
    steps.add_argument("--plot", type=Path, action="append", default=[], metavar="FILE", help="draw it: .png or .svg")
    steps.set_defaults(run=_steps, kept="")


def _steps(chosen: argparse.Namespace) -> int:
    from pytest_kerasch2.timing import batch_showing

    batch_showing.show(chosen.files, chosen.plot, shutil.get_terminal_size().columns, _say)
    return 0


def _say(lines: Iterable[str]) -> None:
    # A terminal that lacks a letter of a label must not end the run.
    encoding = sys.stdout.encoding or "utf-8"
    text = "".join(f"{line}\n" for line in lines)
    try:
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        # Who read it has gone, as `head` goes. The answer is still the exit status.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
