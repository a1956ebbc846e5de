"""The command `kerasch2`: reads the command line and forwards to the room where the thing is done."""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any, Iterable, Sequence

from pytest_kerasch2.errors import KerasCh2Error

# A cell of the table to compare with is another now.
DIFFERENT = 1
REFUSED = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one sub-command; give its exit status: 0, 1 for an answer that is no, 2 for an input that is refused."""
    chosen = _parser().parse_args(arguments)
    try:
        return int(chosen.run(chosen))
    except KerasCh2Error as error:
        sys.stderr.write(f"kerasch2 {chosen.command}: {error}\n")
        return REFUSED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kerasch2", description="What ledgers of the Keras chapter say together.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _add_table(commands)
    return parser


def _add_table(commands: Any) -> None:
    purpose = "merge ledgers of several releases into one truth table"
    table = commands.add_parser("table", help=purpose, description=purpose, allow_abbrev=False)
    table.add_argument(
        "ledgers", nargs="*", type=Path, metavar="LEDGER", help="written by pytest --chapter-ledger=FILE"
    )
    for flag, text in (
        ("--releases", "TOML file that lists the columns in their order"),
        ("--json", "write the table as data"),
        ("--markdown", "write the table as a Markdown page"),
        ("--html", "write the table as one self-contained HTML page"),
        ("--changes", "write what flipped from release to release as a Markdown page"),
        ("--check", "compare with this truth table; exit with 1 if a verdict differs"),
    ):
        table.add_argument(flag, type=Path, metavar="FILE", help=text)
    table.add_argument("--allow-incomplete", action="store_true", help="take ledgers of interrupted runs, marked so")
    table.set_defaults(run=_table)


def _table(chosen: argparse.Namespace) -> int:
    # Imported here, so that each sub-command brings in only what it needs.
    from pytest_kerasch2.report.publishing import Order, publish

    counted, different = publish(Order(**{one.name: getattr(chosen, one.name) for one in fields(Order)}))
    _say(counted)
    _say(f"differs: {line}" for line in different)
    return DIFFERENT if different else 0


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        # A terminal that lacks a letter of a label must not end the run.
        encoding = sys.stdout.encoding or "utf-8"
        sys.stdout.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
