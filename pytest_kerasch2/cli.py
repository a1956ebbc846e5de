"""The command `kerasch2`: reads the command line and forwards to the room where the thing is done."""

from __future__ import annotations

import argparse
import contextlib
import shutil
import sys
import traceback
from dataclasses import fields
from typing import Any, Iterable, Iterator, Sequence

from pytest_kerasch2 import __version__, ending, folders, foreign, streams
from pytest_kerasch2.command_line import completion, explained
from pytest_kerasch2.command_line.parser import Parser
from pytest_kerasch2.command_line.values import path, real, whole, word
from pytest_kerasch2.errors import KerasCh2Error

# A cell of the table to compare with is another now.
DIFFERENT = 1
REFUSED = 2
UNDECIDED = 3
UNFIT = 4
# A mistake of ours: no answer, and not to be taken for one.
CRASHED = 70
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one sub-command; return its exit status.

    It is 0, 1 for an answer that is no, 2 for an input that is refused, 3 for one that cannot be told, 4 for a machine
    that is not fit to tell it; 70 where the command itself failed, 130 where it was stopped.
    """
    parser = _parser()
    completion.offered(parser)
    with streams.kept():
        return _run(parser.read(arguments))


def _run(chosen: argparse.Namespace) -> int:
    try:
        with ending.as_by_ctrl_c(), _swept():
            return int(chosen.run(chosen))
    except KeyboardInterrupt:
        sys.stderr.write(f"kerasch2 {chosen.command}: stopped{chosen.kept}\n")
        return INTERRUPTED
    except KerasCh2Error as error:
        sys.stderr.write(f"kerasch2 {chosen.command}: {explained.as_options(str(error))}\n")
        return REFUSED
    except Exception as error:
        refusal = explained.refusal(error)
        if refusal:
            sys.stderr.write(f"kerasch2 {chosen.command}: {refusal}\n")
            return REFUSED
        # Python would end with 1, which is an answer.
        sys.stderr.write("".join(f"{foreign.terminal(line)}\n" for line in traceback.format_exc().splitlines()))
        return CRASHED


@contextlib.contextmanager
def _swept() -> Iterator[None]:
    """Remove what processes left that have ended: before, those of an earlier command; at the end, those of this."""
    folders.sweep()
    try:
        yield
    finally:
        folders.sweep()


def _parser() -> Parser:
    parser = Parser(prog="kerasch2", usage="kerasch2 [-h] [--version] COMMAND ...", **explained.of("kerasch2"))
    parser.add_argument("--version", action="version", version=f"kerasch2 {__version__}")
    commands = parser.add_subparsers(
        prog="kerasch2", dest="command", metavar="COMMAND", required=True, parser_class=Parser
    )
    _add_table(parser, commands)
    _add_calibrate(parser, commands)
    _add_gate(parser, commands)
    _add_compare(parser, commands)
    _add_scaling(parser, commands)
    _add_check(parser, commands)
    _add_name(parser, commands)
    _add_doctor(parser, commands)
    return parser


def _command(parser: Parser, commands: Any, name: str, words: str, purpose: str, **what: Any) -> Parser:
    added: Parser = commands.add_parser(
        name, help=purpose, usage=f"kerasch2 {name} [OPTION ...] {words}".strip(), **explained.of(name)
    )
    added.set_defaults(**{"kept": "", **what})
    parser.commands[name] = added
    return added


def _add_table(parser: Parser, commands: Any) -> None:
    purpose = "merge results files of several releases into one compatibility table"
    table = _command(parser, commands, "table", "RESULTS ...", purpose, run=_table)
    table.add_argument(
        "results_files", nargs="*", type=path, metavar="RESULTS", help="from pytest --chapter-results=FILE"
    )
    table.add_argument(
        "--figures", action="append", type=path, default=[], metavar="RESULTS",
        help="results of pytest --chapter-accuracy, for a column that did not train; may be repeated",
    )  # fmt: skip
    for flag, text in (
        ("--table", "take this compatibility table instead of results files"),
        ("--releases", "TOML file that lists the columns in their order"),
        ("--json", "write the table as data"),
        ("--markdown", "write the table as a Markdown page"),
        ("--html", "write the table as one HTML page"),
        ("--changes", "write what changed from release to release"),
        ("--check", "compare with this compatibility table"),
    ):
        table.add_argument(flag, type=path, metavar="FILE", help=text)
    table.add_argument("--allow-incomplete", action="store_true", help="take results files of interrupted runs too")


def _table(chosen: argparse.Namespace) -> int:
    # Imported here, so that each sub-command brings in only what it needs.
    from pytest_kerasch2.report.publishing import TableRequest, publish

    counted, different = publish(TableRequest(**{one.name: getattr(chosen, one.name) for one in fields(TableRequest)}))
    _say(counted)
    _say(f"differs: {line}" for line in different)
    return DIFFERENT if different else 0


def _add_calibrate(parser: Parser, commands: Any) -> None:
    purpose = "train over many seeds, and keep the curve of each as a reference"
    kept = "; the seeds that were done are kept, and the same command goes on"
    calibrate = _command(parser, commands, "calibrate", "FILE", purpose, run=_calibrate, kept=kept)
    calibrate.add_argument("out", type=path, metavar="FILE", help="the reference; an unfinished one is continued")
    calibrate.add_argument("--data", type=word, default="mnist", metavar="NAME", help="mnist, fashion_mnist or digits")
    calibrate.add_argument("--style", type=word, default="sequential-list", metavar="NAME", help="how it is written")
    calibrate.add_argument(
        "--feed", type=word, default="arrays", metavar="NAME", help="arrays, pipeline-as-printed or pipeline-as-meant"
    )
    _add_training(calibrate, "train by this function of a seed instead; it is imported from this folder")
    calibrate.add_argument("--metric", type=word, metavar="NAME[:higher|lower]", help=explained.METRIC)
    epochs = "epochs of each training (10); with --training at most so many (as many as it has)"
    calibrate.add_argument("--epochs", type=whole, metavar="N", help=epochs)
    calibrate.add_argument("--seeds", type=whole, default=60, metavar="N", help="seeds in the finished file (60)")
    calibrate.add_argument("--first", type=whole, default=0, metavar="SEED", help="the first of them (0)")
    calibrate.add_argument("--jobs", type=whole, metavar="N", help="trainings at a time (one a core)")
    calibrate.add_argument(
        "--device", type=word, metavar="NAME", help="cpu, gpu or gpu:N, of each worker too (a GPU if there is one)"
    )
    calibrate.add_argument("--cluster", type=word, metavar="ADDRESS", help=explained.CLUSTER)
    calibrate.add_argument("--mirror", type=path, metavar="DIR", help="folder with data sets, on each worker too")
    calibrate.add_argument("--offline", action="store_true", help="never download the data set")


def _calibrate(chosen: argparse.Namespace) -> int:
    from pytest_kerasch2.accuracy import calibration
    from pytest_kerasch2.accuracy.settings import Recipe
    from pytest_kerasch2.accuracy.user_training import UserTraining

    chapters = Recipe(chosen.style, chosen.feed, 10 if chosen.epochs is None else chosen.epochs)
    request = calibration.CalibrationRequest(
        out=chosen.out.absolute(),
        recipe=chapters if chosen.training is None else UserTraining(chosen.training, chosen.epochs),
        data=chosen.data,
        seeds=chosen.seeds,
        first=chosen.first,
        jobs=chosen.jobs,
        device=chosen.device,
        mirror=chosen.mirror and chosen.mirror.absolute(),
        offline=chosen.offline,
        cluster=chosen.cluster,
    )
    with calibration.show_progress(request.seeds) as on_seed:
        reference = calibration.calibrate(request, calibration.checking_metric(chosen.metric, on_seed))
    suits, lines = calibration.check_suitability(reference, chosen.metric)
    lines = list(map(explained.as_options, lines))
    written = f"{request.out.name}: {len(reference.runs)} seeds"
    _say([*lines, written] if suits else [written, *lines])
    return 0 if suits else UNDECIDED


def _add_training(command: Parser, text: str) -> None:
    command.add_argument("--training", type=word, metavar="MODULE:FUNCTION", help=text)


def _add_gate(parser: Parser, commands: Any) -> None:
    purpose = "decide whether a training still ends as its reference did"
    kept = " before a decision; the same command trains the same seeds again"
    gate = _command(parser, commands, "gate", "REFERENCE", purpose, run=_gate, kept=kept)
    reference = gate.add_argument(
        "reference", type=word, metavar="REFERENCE", help="a file of kerasch2 calibrate, or a shipped one by its name"
    )
    completion.completed(reference, completion.references)
    _add_training(gate, "gate this function of a seed; it is imported from this folder")
    gate.add_argument("--results", type=path, metavar="FILE", help="gate finished trainings: a file of calibrate")
    gate.add_argument("--mirror", type=path, metavar="DIR", help="folder with data set archives")
    gate.add_argument("--offline", action="store_true", help="never download the data set")
    gate.add_argument("--metric", type=word, metavar="NAME[:higher|lower]", help=explained.METRIC)
    gate.add_argument("--margin", type=real, metavar="CHANGE", help="change of the metric that matters, such as 0.005")
    gate.add_argument("--alpha", type=real, default=0.01, metavar="RATE", help="rate of false alarms (0.01)")
    gate.add_argument("--beta", type=real, default=0.01, metavar="RATE", help="rate of misses (0.01)")
    gate.add_argument("--max-runs", type=whole, default=10, metavar="N", help="trainings at most (10)")
    gate.add_argument("--json", type=path, metavar="FILE", help="write the decision as data")
    gate.add_argument("--plot", type=path, action="append", default=[], metavar="FILE", help="draw it as .png or .svg")


def _gate(chosen: argparse.Namespace) -> int:
    from pytest_kerasch2.accuracy import command
    from pytest_kerasch2.accuracy.decision import GateVerdict

    request = command.GateRequest(**{one.name: getattr(chosen, one.name) for one in fields(command.GateRequest)})
    decision = command.run_command(request, lambda so_far: _say(so_far.evidence))
    return {GateVerdict.PASS: 0, GateVerdict.FAIL: DIFFERENT, GateVerdict.UNDECIDED: UNDECIDED}[decision.verdict]


def _add_compare(parser: Parser, commands: Any) -> None:
    purpose = "decide whether training steps became slower"
    kept = "; what was measured is kept where --json names a file"
    compare = _command(parser, commands, "compare", "BASELINE CANDIDATE", purpose, run=_compare, kept=kept)
    compare.add_argument("baseline", nargs="?", metavar="BASELINE", help=explained.THING)
    compare.add_argument("candidate", nargs="?", metavar="CANDIDATE", help="what is compared with it, likewise")
    compare.add_argument(
        "--suite", type=word, metavar="MODULE:FUNCTION", help="benchmarks of your own (the chapter's network)"
    )
    named = compare.add_argument(
        "--benchmark", type=word, action="append", default=[], metavar="NAME", help="one of them; may be repeated (all)"
    )
    completion.completed(named, completion.benchmarks)
    compare.add_argument("--device", type=word, metavar="NAME", help="cpu, gpu or gpu:N (a GPU if there is one)")
    compare.add_argument("--alpha", type=real, metavar="RATE", help="false alarms allowed (0.01; with --quick 0.05)")
    compare.add_argument("--margin", type=real, default=0.04, metavar="SHARE", help="what counts as the same (0.04)")
    compare.add_argument("--max-starts", type=whole, default=30, metavar="N", help="process starts at most (30)")
    compare.add_argument("--deadline", type=real, default=600.0, metavar="SECONDS", help="for each answer (600)")
    compare.add_argument(
        "--inject-slowdown", type=real, default=0.0, metavar="SHARE", help="slow the candidate down by this"
    )
    compare.add_argument("--json", type=path, metavar="FILE", help="keep every block, also of a stopped run")
    compare.add_argument("--from-json", type=path, metavar="FILE", help="measure nothing; read such a file")
    compare.add_argument("--summary", type=path, metavar="FILE", help="append a table in Markdown")
    compare.add_argument("--quick", action="store_true", help="look for 45 s, and say slower or by how much at most")
    compare.add_argument("--self-test", action="store_true", help="check that it can find a slowdown here")


def _compare(chosen: argparse.Namespace) -> int:
    from pytest_kerasch2.stats.paired_sequential import SpeedVerdict
    from pytest_kerasch2.timing import command, compare_result

    if chosen.self_test:
        return 0 if command.run_self_test(chosen, lambda line: _say([line])) else DIFFERENT
    if chosen.from_json is not None:
        comparison = compare_result.read_comparison(chosen.from_json)
    else:
        comparison = command.run_comparison(chosen, lambda line: _say([line]))
    _say(comparison.lines())
    if chosen.summary is not None:
        with _verdict_holds(chosen):
            command.append_summary(comparison, chosen.summary)
    codes = {SpeedVerdict.SLOWER: DIFFERENT, SpeedVerdict.UNDECIDED: UNDECIDED, SpeedVerdict.UNFIT: UNFIT}
    return codes.get(comparison.verdict, 0)


def _add_scaling(parser: Parser, commands: Any) -> None:
    purpose = "show the time of a step by batch size, from kept benchmarks"
    scaling = _command(parser, commands, "scaling", "FILE ...", purpose, run=_scaling)
    scaling.add_argument("files", nargs="+", type=path, metavar="FILE", help="from pytest --benchmark-json=FILE")
    scaling.add_argument(
        "--plot", type=path, action="append", default=[], metavar="FILE", help="draw it as .png or .svg"
    )


def _scaling(chosen: argparse.Namespace) -> int:
    from pytest_kerasch2.timing import command

    command.run_scaling(chosen.files, chosen.plot, shutil.get_terminal_size().columns, _say)
    return 0


def _add_check(parser: Parser, commands: Any) -> None:
    purpose = "check a document of your own: what fails here, why, and what to write instead"
    check = _command(parser, commands, "check", "FILE ...", purpose, run=_check)
    check.add_argument(
        "documents", nargs="+", type=path, metavar="FILE", help="Markdown (.md), a notebook (.ipynb) or a script (.py)"
    )
    check.add_argument("--read-only", action="store_true", help="run nothing, and ask nothing")
    check.add_argument(
        "--run", action="store_true", dest="may_run", help="run the documents, which is code of somebody else"
    )
    check.add_argument("--release", type=word, metavar="X", help="read for this release, such as 2.16 (the installed)")
    check.add_argument(
        "--python", type=path, metavar="PATH", help="run in this interpreter, or in that of this environment"
    )
    check.add_argument("--json", type=path, metavar="FILE", help="write the findings as data")
    check.add_argument("--diff", type=path, metavar="FILE", help="write all patches as one diff")
    check.add_argument("--html", type=path, metavar="FILE", help="write the findings as a page, to read or to print")
    check.add_argument("--fix", action="store_true", help="write a mended copy beside each document")
    check.add_argument("--in-place", action="store_true", help="overwrite each document with its mended text")
    check.add_argument("--full", action="store_true", help="do not shorten trainings")
    check.add_argument("--against", type=word, metavar="X", help="run it on this release too: tensorflow==2.0.0, 2.15")
    check.add_argument("--against-python", type=path, metavar="PATH", help="an interpreter that has that release")
    check.add_argument("--deadline", type=real, default=120.0, metavar="SECONDS", help="for each block (120)")
    check.add_argument("--memory", type=whole, default=8192, metavar="MIB", help="for each document (8192)")


def _check(chosen: argparse.Namespace) -> int:
    from pytest_kerasch2.documents import reading

    # Before anything that needs what the extra brings.
    reading.check_extra()
    from pytest_kerasch2.documents import command

    names = (one.name for one in fields(command.CheckRequest))
    request = command.CheckRequest(**{name: getattr(chosen, name) for name in names})
    return command.check(request, _say, shutil.get_terminal_size().columns, __version__)


def _add_name(parser: Parser, commands: Any) -> None:
    purpose = "show since when a name of TensorFlow or Keras is there, or gone, and where it lives now"
    name = _command(parser, commands, "name", "NAME", purpose, run=_name)
    name.add_argument("name", type=word, metavar="NAME", help="such as tf.keras.losses.mean_squared_error")
    name.add_argument("--release", type=word, metavar="X", help="where it is looked for, such as 2.16 (the newest)")


def _name(chosen: argparse.Namespace) -> int:
    from pytest_kerasch2.atlas import command
    from pytest_kerasch2.documents import releases

    _say(command.lines(chosen.name, None if chosen.release is None else releases.named(chosen.release)))
    return 0


def _add_doctor(parser: Parser, commands: Any) -> None:
    purpose = "show what is installed here, what is missing, and how to get it"
    doctor = _command(parser, commands, "doctor", "", purpose, run=_doctor)
    doctor.add_argument("--json", action="store_true", help="print the same as data")
    doctor.add_argument("--quick", action="store_true", help="import no framework; devices are then not listed")
    doctor.add_argument("--deadline", type=real, default=120.0, metavar="SECONDS", help="for the import (120)")


def _doctor(chosen: argparse.Namespace) -> int:
    from pytest_kerasch2.doctor import command, examining

    examination = examining.examined(deadline=chosen.deadline, quick=chosen.quick)
    _say(
        command.as_json(examination) if chosen.json else command.lines(examination, shutil.get_terminal_size().columns)
    )
    return 0 if examination.usable else DIFFERENT


@contextlib.contextmanager
def _verdict_holds(chosen: argparse.Namespace) -> Iterator[None]:
    """Let a verdict that is known, after hours maybe, not be lost with a file that cannot be written."""
    try:
        yield
    except KerasCh2Error as error:
        sys.stderr.write(f"kerasch2 {chosen.command}: {error}\n")


def _say(lines: Iterable[str]) -> None:
    sys.stdout.writelines(f"{foreign.terminal(line)}\n" for line in lines)
    sys.stdout.flush()
