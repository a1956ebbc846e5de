"""The command `python -m matrix`: reads the command line and forwards."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Sequence

from matrix import columns, installer, paths
from pytest_kerasch2.errors import KerasCh2Error

REFUSED = 2
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one sub-command.

    Returns:
        0; 1 where a column has an unexplained verdict, its run did not end, or a cell is not as in the table to check
        against; 2 for what is refused; 130 after Ctrl-C.
    """
    arguments_given = list(sys.argv[1:] if arguments is None else arguments)
    chosen, rest = _parser().parse_known_args(arguments_given)
    if rest and chosen.command != "column":
        _parser().error(f"unrecognized arguments: {' '.join(rest)}")
    try:
        return int(chosen.run(chosen, rest))
    except KeyboardInterrupt:
        return INTERRUPTED
    except KerasCh2Error as error:
        sys.stderr.write(f"matrix {chosen.command}: {error}\n")
        return REFUSED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m matrix", description="The chapter on every release.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _add_run(commands)
    column = commands.add_parser(
        "column",
        help="verify one release in the foreground; further arguments go to pytest",
        allow_abbrev=False,
        add_help=False,
    )
    column.add_argument("name", metavar="NAME")
    column.set_defaults(run=_column)
    figures = commands.add_parser("figures", help="train on releases, and keep what that says of the printed figures")
    figures.add_argument("names", nargs="+", metavar="NAME")
    figures.set_defaults(run=_figures)
    atlas = commands.add_parser("atlas", help="walk the names of releases, and merge them into the atlas")
    atlas.add_argument("names", nargs="*", metavar="NAME", help="default: all")
    atlas.add_argument("--environments", type=Path, metavar="DIR", help="take those that are made there already")
    atlas.add_argument("--remove", action="store_true", help="remove each environment that was made for this")
    atlas.add_argument("--only-merge", action="store_true", help="walk nothing; merge what is there")
    atlas.set_defaults(run=_atlas)
    pin = commands.add_parser("pin", help="write the pins of releases anew")
    pin.add_argument("names", nargs="*", metavar="NAME", help="default: all")
    pin.set_defaults(run=_pin)
    listed = commands.add_parser("list", help="print the releases as the matrix of a workflow, in JSON")
    listed.set_defaults(run=_list)
    return parser


def _add_run(commands: Any) -> None:
    run = commands.add_parser("run", help="verify releases and merge their results files", allow_abbrev=False)
    run.add_argument("names", nargs="*", metavar="NAME", help="default: all")
    run.add_argument("--force", action="store_true", help="run also what has not changed")
    run.add_argument("--jobs", type=int, metavar="N", help="releases at a time (default: as memory and cores allow)")
    run.add_argument("--remove", action="store_true", help="remove each environment after its verdicts")
    run.add_argument("--only-table", action="store_true", help="run nothing; merge the results files that are there")
    run.add_argument("--check", type=Path, metavar="FILE", help="write no table; compare with this one")
    run.set_defaults(run=_run)


def _run(chosen: argparse.Namespace, _: Sequence[str]) -> int:
    # Imported here, because it needs rich and the plugin's report, and the other sub-commands do not.
    from matrix.scheduler import RunOptions, run

    options = RunOptions(chosen.force, chosen.jobs, chosen.remove, chosen.only_table, chosen.check)
    return run(columns.read(paths.RELEASES), chosen.names, options)


def _column(chosen: argparse.Namespace, rest: Sequence[str]) -> int:
    from matrix.single import verify_column

    return verify_column(columns.read(paths.RELEASES), chosen.name, rest)


def _figures(chosen: argparse.Namespace, _: Sequence[str]) -> int:
    from matrix.figures import train

    return train(columns.read(paths.RELEASES), chosen.names)


def _atlas(chosen: argparse.Namespace, _: Sequence[str]) -> int:
    from matrix.atlas import AtlasOptions, make_atlas

    options = AtlasOptions(chosen.environments, chosen.remove, chosen.only_merge)
    return make_atlas(columns.read(paths.RELEASES), chosen.names, options)


def _pin(chosen: argparse.Namespace, _: Sequence[str]) -> int:
    releases = columns.read(paths.RELEASES)
    installer.pin(releases, releases.chosen(chosen.names))
    return 0


def _list(_: argparse.Namespace, __: Sequence[str]) -> int:
    releases = columns.read(paths.RELEASES).columns
    include = [{"name": column.environment, "python": column.python} for column in releases]
    sys.stdout.write(json.dumps({"include": include}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
