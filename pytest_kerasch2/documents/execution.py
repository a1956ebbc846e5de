"""Run a document block by block in fresh interpreters, going on after each failure."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import subprocess
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Callable, Mapping, Sequence

from pytest_kerasch2.data import places, registry
from pytest_kerasch2.documents import gaps
from pytest_kerasch2.subprocesses import runner
from pytest_kerasch2.subprocesses.job import Job, JobOutcome

# Interpreters that a document may end, or keep to their deadline, before the rest is left out.
MOST_DEATHS = 3
_TARGET = "pytest_kerasch2.documents.block_run:run_block"
OnBlock = Callable[[int], None]


@dataclass(frozen=True)
class RunSettings:
    """How a document is run.

    Attributes:
        deadline: seconds for each block.
        memory: MiB for the interpreter.
        full: whether trainings are not shortened.
        launcher: the command that takes the network away, or nothing; then sockets refuse.
        data: archives that the document's loaders find, by their place below the folder of Keras.
        made_up: the names of the data sets among them that are made up.
        consoles: the numbers of the blocks that are console sessions.
        seed_offset: what is added to the seeds that the document sets.
        observe: whether it is kept what the names of each block are bound to.
        interpreter: of another environment, with `package`; an empty text means this one.
        package: the folder with a copy of this package for that one.
    """

    deadline: float = 120.0
    memory: int = 8192
    full: bool = False
    launcher: tuple[str, ...] = ()
    data: Mapping[str, str] = field(default_factory=dict)
    made_up: tuple[str, ...] = ()
    consoles: frozenset[int] = frozenset()
    seed_offset: int = 0
    observe: bool = False
    interpreter: str = ""
    package: str = ""

    def conditions(self) -> tuple[str, ...]:
        """Return under what a document is run, for a reader."""
        shortened = "shortened to one epoch of three steps, so their numbers say nothing"
        return (
            f"Run in a fresh interpreter with a home and a folder of its own. {network_text()}",
            *([f"The interpreter is {self.interpreter}."] if self.interpreter else []),
            f"A block has {self.deadline:g} s, and the document {self.memory} MiB.",
            f"Trainings are {'not shortened' if self.full else shortened}.",
        )

    def job(self, number: int, code: str) -> Job:
        """Return the job that runs a block."""
        settings: dict[str, Any] = {
            "shorten": not self.full, "refuse_network": not self.launcher, "data": dict(self.data),
            "console": number in self.consoles, "seed_offset": self.seed_offset,
        }  # fmt: skip
        if self.observe:
            names = gaps.names_of(code)
            settings["observe"] = {"made": sorted(names.names_made), "used": sorted(names.used)}
        environment = {"MPLBACKEND": "Agg", "CUDA_VISIBLE_DEVICES": os.environ.get("CUDA_VISIBLE_DEVICES")}
        if not self.full:
            environment["KERAS_MAX_EPOCHS"] = "1"
        return Job(
            target=_TARGET, arguments=(number, code, settings), environment=environment, deadline=self.deadline,
            memory_mib=self.memory, launcher=self.launcher, place=number,
            interpreter=self.interpreter, package=self.package,
        )  # fmt: skip


@dataclass(frozen=True)
class BlockRun:
    """What came of a block that was run.

    Attributes:
        number: of the block.
        error: `type`, `message`, `line`, `name` and `bases` of what it raised, or None.
        killed_by: what ended its interpreter.
        not_run: whether it was left out, since others had ended too many interpreters.
        value: the rest that the child noticed.
    """

    number: int
    error: Mapping[str, Any] | None = None
    killed_by: str | None = None
    not_run: bool = False
    value: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ran(self) -> bool:
        """Whether it came to its end."""
        return self.error is None and self.killed_by is None and not self.not_run

    @property
    def cut_short(self) -> bool:
        """Whether a limit ended it, or that of another block: what it would have come to is not known."""
        return self.not_run or (self.killed_by or "").startswith(("deadline", "memory", "limit"))

    @property
    def seconds(self) -> float | None:
        """Return how long it took."""
        seconds = self.value.get("seconds")
        return None if seconds is None else float(seconds)


@dataclass(frozen=True)
class ExecutedDocument:
    """The runs of a document: as it stands, and mended, which are the same where nothing is mended.

    Attributes:
        codes: number and code of each block, as it stands.
        mended_codes: the same, mended.
        as_is: what came of each block as it stands.
        mended: what came of each block, mended.
        heads: by the number of a block, that of the first block of those that one function is split over.
        settings: how it was run.
        progress: is told which run, how many blocks are done, and how many there are.
    """

    codes: Sequence[tuple[int, str]]
    mended_codes: Sequence[tuple[int, str]]
    as_is: Mapping[int, BlockRun]
    mended: Mapping[int, BlockRun]
    heads: Mapping[int, int]
    settings: RunSettings
    progress: Callable[[str, int, int], None]

    def run_again(self, name: str, codes: Sequence[tuple[int, str]], **changes: Any) -> dict[int, BlockRun]:
        """Return what comes of blocks in another run, with some settings changed."""
        return run_blocks(codes, replace(self.settings, **changes), counter(name, len(codes), self.progress))


def counter(name: str, total: int, progress: Callable[[str, int, int], None]) -> OnBlock:
    """Return what counts blocks that are done, and passes it on."""
    done: list[int] = []

    def count(number: int) -> None:
        done.append(number)
        progress(name, len(done), total)

    return count


@functools.lru_cache(maxsize=None)
def network_launcher() -> tuple[str, ...]:
    """Return the command that starts a program without a network, or nothing where the system does not allow it."""
    program = shutil.which("unshare")
    if program is None:
        return ()
    command = (program, "--map-root-user", "--net", "--")
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        if subprocess.run([*command, "true"], capture_output=True, timeout=10, check=False).returncode == 0:
            return command
    return ()


def network_text() -> str:
    """Return by what the network is taken from a document, as a sentence."""
    how = "a network namespace of its own" if network_launcher() else "sockets that refuse"
    return f"The network is off, by {how}."


def archives(text: str) -> dict[str, str]:
    """Return the archives of built-in data sets that a text names and that are on this machine, by place in a cache."""
    mirror = os.environ.get(places.MIRROR_VARIABLE)
    hits = {}
    for name in registry.NAMES:
        if name not in text:
            continue
        for archive in registry.record_of(name).archives:
            candidates = [Path(mirror) / archive.file] if mirror else []
            candidates += [cache / one for cache in places.keras_caches() for one in archive.cached_as]
            candidates.append(places.store_path() / archive.file)
            source = next((one for one in candidates if one.is_file()), None)
            if source is not None:
                hits.update({place: str(source.resolve()) for place in archive.cached_as})
    return hits


def standins(text: str, hits: Mapping[str, str], folder: Path) -> tuple[dict[str, str], list[str]]:
    """Make archives of the true shape for the built-in data sets that a text names and that are not on this machine.

    Returns:
        The archives by their place in a cache, and the names of the data sets.
    """
    names = [
        name
        for name in registry.NAMES
        if f".{name}" in text or f"import {name}" in text
        if not any(one in hits for archive in registry.record_of(name).archives for one in archive.cached_as)
    ]
    if not names:
        return {}, []
    # Imported here: it needs NumPy.
    from pytest_kerasch2.data import synthetic

    synthetic.make(folder, names)
    archives_of = [archive for name in names for archive in registry.record_of(name).archives]
    return {place: str(folder / archive.file) for archive in archives_of for place in archive.cached_as}, names


def run_blocks(codes: Sequence[tuple[int, str]], settings: RunSettings, on_block: OnBlock) -> dict[int, BlockRun]:
    """Return what came of each block, by its number.

    An interpreter that a block ends is replaced by another one, in which the blocks before it run again without it.

    Args:
        codes: number and code of each block.
        settings: how they are run.
        on_block: is told the number of each that is done for the first time.
    """
    done: dict[int, BlockRun] = {}
    fatal: set[int] = set()
    while len(done) < len(codes) and len(fatal) < MOST_DEATHS:
        jobs = [(number, settings.job(number, code)) for number, code in codes if number not in fatal]
        with contextlib.closing(runner.in_line([job for _, job in jobs])) as outcomes:
            for (number, _), outcome in zip(jobs, outcomes):
                if outcome.killed_by is not None:
                    fatal.add(number)
                    done[number] = BlockRun(number, killed_by=outcome.killed_by)
                    on_block(number)
                elif number not in done:
                    done[number] = _of(number, outcome)
                    on_block(number)
    for number, _ in codes:
        done.setdefault(number, BlockRun(number, not_run=True))
    return done


def _of(number: int, outcome: JobOutcome) -> BlockRun:
    if outcome.error is not None:
        return BlockRun(number, error={**outcome.error, "line": None, "name": None, "bases": []})
    value = dict(outcome.value)
    return BlockRun(number, error=value.pop("error"), value=value)
