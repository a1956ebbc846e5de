"""Walks the public names of each release in its environment, and merges them into the atlas that is shipped."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Sequence

from matrix import environments, paths, sources
from matrix.columns import Column, Releases
from matrix.environments import Maker
from matrix.errors import Absent, Unfinished
from matrix.processes import Processes
from pytest_kerasch2 import json_files
from pytest_kerasch2.atlas import atlas_file, encoding, walking
from pytest_kerasch2.files import write_text

# Seconds in which a release must be walked: the import of a cold installation takes the most of it.
DEADLINE = 900.0
WALKER = Path(walking.__file__)


@dataclass(frozen=True)
class AtlasOptions:
    """How releases are walked.

    Attributes:
        environments: a folder with environments that are there already, such as `.matrix/envs` of another clone.
        remove: whether an environment that was made for this is removed after its walk.
        only_merge: whether nothing is walked.
    """

    environments: Path | None = None
    remove: bool = False
    only_merge: bool = False


def make_atlas(releases: Releases, names: Sequence[str], options: AtlasOptions) -> int:
    """Walk releases that are not walked yet, and merge all that are; return 0, or 1 where one cannot be walked.

    Raises:
        InvalidArgument: there is no column of a name.
    """
    paths.make()
    failed = 0
    chosen = () if options.only_merge else releases.chosen(names)
    with Processes() as processes:
        maker = Maker(releases.as_of, Path(), "", processes)
        for column in chosen:
            if is_walked(column):
                continue
            try:
                _walk(column, maker, options)
            except (Absent, Unfinished) as error:
                failed += 1
                sys.stderr.write(f"{column.environment}: {error}\n")
    walked = [(column, read_walk(column)) for column in releases.columns if is_walked(column)]
    encoding.write_atlas([encoding.WalkedRelease(_heading(column), walk) for column, walk in walked], atlas_file.ATLAS)
    sys.stdout.write(f"{atlas_file.ATLAS.name}: {len(walked)} of {len(releases.columns)} releases\n")
    return 1 if failed else 0


def _heading(column: Column) -> dict[str, Any]:
    return {"name": column.environment, "label": column.label, "series": column.series}


def _walk(column: Column, maker: Maker, options: AtlasOptions) -> None:
    name, log = column.environment, paths.log(f"{column.environment}-atlas")
    log.write_bytes(b"")
    there = None if options.environments is None else options.environments / name
    # Marked by who made it, once all is installed.
    is_there = there is not None and (there / environments.MARK).is_file()
    python = there / "bin" / "python" if there is not None and is_there else maker.install(column, log)
    unfinished = paths.walk(name).with_suffix(".part")
    command = [str(python), "-B", str(WALKER), str(unfinished)]
    variables = {**environments.variables(column, os.environ), "CUDA_VISIBLE_DEVICES": "-1"}
    status = maker.processes.run(command, log, environ=variables, folder=paths.WORK, deadline=DEADLINE)
    if status:
        raise Unfinished("A release cannot be walked", environments.last_words(log), f"see {log.name}")
    walk = json_files.read_json(unfinished)
    write_text(json.dumps({"pins": _digest(column), **walk}, separators=(",", ":")), paths.walk(name))
    unfinished.unlink()
    if options.remove and not is_there:
        environments.remove(column)
    sys.stdout.write(f"{name}: {len(walk['names'])} names, {walk['seconds']}\n")
    sys.stdout.flush()


def read_walk(column: Column) -> dict[str, Any]:
    """Return what was walked on a column."""
    return dict(json_files.read_json(paths.walk(column.environment)))


def is_walked(column: Column) -> bool:
    """Whether a column was walked by this walker, with the pins that it has now."""
    path = paths.walk(column.environment)
    if not path.is_file():
        return False
    walk = read_walk(column)
    return bool(walk["schema"] == walking.SCHEMA and walk["pins"] == _digest(column))


def _digest(column: Column) -> str:
    return str(sources.digest([paths.pins(column.environment).read_bytes()]))
