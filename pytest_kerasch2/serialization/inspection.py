"""Looking into a model file before Keras sees it, in a child that may crash, hang or run out of memory.

For every TensorFlow up to 2.15, and for later ones with Keras below 3.11.3, an ``.h5`` file is a program. This look is
the same on every release. The child reads the file with h5py alone; what the names in it stand for is judged here.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, Iterable

from pytest_kerasch2.errors import DataDamaged
from pytest_kerasch2.framework import api
from pytest_kerasch2.serialization import architecture, walk
from pytest_kerasch2.serialization.contents import Contents
from pytest_kerasch2.serialization.kinds import AGAIN
from pytest_kerasch2.serialization.limits import MIB, Limits
from pytest_kerasch2.serialization.names import Names
from pytest_kerasch2.subprocesses.job import Job, JobOutcome, value_of
from pytest_kerasch2.subprocesses.runner import run

START_SECONDS = 25.0
"""Beyond the limit: what a busy machine may take to start the child."""
READ_BYTES = 32 * MIB
"""Bytes of a file that are read in a second: every part of an archive is unpacked and its checksum is compared."""
RESIDENT_MIB = 80
"""What Python and h5py take themselves."""


def inspect(
    path: Any,
    limits: Limits = Limits(),  # noqa: B008  # frozen, so safe to share
    allowed: Iterable[str] = (),
    keras: Any = None,
) -> Contents:
    """Return what a model file holds, after refusing everything that could run code, reach outside or exhaust memory.

    What is registered with the Keras in this process is the caller's own. Where no Keras has been imported, the names
    in the file decide alone, and none is imported.

    Args:
        path: an HDF5 file, a ``.keras`` archive, or the index of weights in shards, ``.weights.json``.
        limits: how much it may hold, and what looking into it may take.
        allowed: names of the caller's own classes and functions that the file may name, or ``custom_objects``.
        keras: the Keras that will load the file, by default the one in this process.

    Raises:
        InvalidArgument: there is no such file.
        UnsafeFile: with what was found, and what helps.
        DataDamaged: it is no such file, or not whole.
    """
    source = walk.check_file(path)
    contents = judged(run(look(source, limits)))
    names = Names(api.loaded_keras() if keras is None else keras, allowed)
    for what, config in contents.configurations:
        architecture.check(config, what, limits, names)
    return contents


def look(source: Path, limits: Limits) -> Job:
    """Return the job that looks into a file."""
    seconds = limits.seconds + source.stat().st_size // READ_BYTES
    return Job(
        "pytest_kerasch2.serialization.inspection:contents_as_dict",
        (str(source.absolute()), asdict(limits)),
        # One thread of OpenBLAS: others would take time and address space for nothing.
        environment={"OPENBLAS_NUM_THREADS": "1"},
        deadline=START_SECONDS + seconds,
        processor_seconds=seconds,
        memory_mib=RESIDENT_MIB + limits.memory_mib,
        address_mib=limits.memory_mib,
    )


def contents_as_dict(path: str, limits: dict[str, Any]) -> dict[str, Any]:
    """Return what `walk.contents` finds as JSON values; runs in the child.

    Raises:
        UnsafeFile: as `walk.contents`.
        DataDamaged: as `walk.contents`.
    """
    return walk.contents(path, Limits(**limits)).to_dict()


def judged(outcome: JobOutcome) -> Contents:
    """Return what a look found.

    Raises:
        UnsafeFile: the file was refused, or took too much memory.
        DataDamaged: it is not whole, or its reader crashed or did not come to an end.
    """
    if outcome.killed_by is None:
        return Contents.from_dict(value_of(outcome))
    if outcome.killed_by.startswith("memory"):
        raise walk.too_much(outcome.killed_by)
    death = f"{outcome.killed_by} after {outcome.seconds:.1f} s"
    raise DataDamaged("The file makes its reader crash, or never come to an end", death, AGAIN)
