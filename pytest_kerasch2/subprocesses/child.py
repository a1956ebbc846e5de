"""The child's side: read a line of jobs from a folder, do them, leave each result there under its final name."""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import json
import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any, Callable, Iterator

from pytest_kerasch2.errors import KerasCh2Error

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

LINE = "line.json"
# Seconds past its deadline after which a child whose parent is gone ends itself
GRACE = 20.0


def result_file(folder: Path, number: int) -> Path:
    """Return where the result of the job with this number in the line, from 0, is left."""
    return folder / f"result-{number}.json"


def named(name: str) -> Callable[..., Any]:
    """Return the object that ``package.module:name`` names."""
    module, _, path = name.partition(":")
    value: Any = importlib.import_module(module)
    for part in path.split("."):
        value = getattr(value, part)
    return value  # type: ignore[no-any-return]


def answer(job: dict[str, Any]) -> dict[str, Any]:
    """Return the result of a job: its value, or the exception it raised."""
    try:
        with contextlib.ExitStack() as injected:
            for name in job["injected"]:
                injected.enter_context(named(name)())
            target = named(job["target"])
            injected.enter_context(limited(job["address_mib"], job["processor_seconds"]))
            value = target(*job["arguments"])
        return {"value": json.loads(json.dumps(value, default=_json_value)), "error": None}
    except Exception as error:  # the parent decides what an error means
        return {"value": None, "error": described(error)}


@contextlib.contextmanager
def limited(address_mib: int | None, processor_seconds: int | None) -> Iterator[None]:
    """Bound what this process takes from here on by soft limits of the system, and lift them at the end.

    Beyond the address space an allocation fails; beyond the processor time the system kills the process, also where
    compiled code turns in a circle without letting go of the interpreter.
    """
    if resource is None:
        yield
        return
    limits = {}
    taken = _address_space()
    if address_mib is not None and taken is not None:
        limits[resource.RLIMIT_AS] = taken + address_mib * 2**20
    if processor_seconds is not None:
        limits[resource.RLIMIT_CPU] = int(time.process_time()) + 1 + processor_seconds
    before = {kind: resource.getrlimit(kind) for kind in limits}
    try:
        for kind, limit in limits.items():
            hard = before[kind][1]
            resource.setrlimit(kind, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
        yield
    finally:
        for kind, both in before.items():
            resource.setrlimit(kind, both)


def _address_space() -> int | None:
    """Return the bytes of address space of this process, or None where the system does not tell."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
    except OSError:
        return None
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def described(error: BaseException) -> dict[str, Any]:
    """Return type, message and place of an exception."""
    frames = traceback.extract_tb(error.__traceback__)
    place = frames[-1] if frames else None
    where = f"{Path(place.filename).name}:{place.lineno} in {place.name}" if place else "no frame"
    cls = type(error)
    fields: dict[str, Any] = {
        "type": f"{cls.__module__}.{cls.__qualname__}",
        "message": str(error),
        "where": where,
    }
    if cls.__module__ == "builtins":
        fields["type"] = cls.__qualname__
    if isinstance(error, KerasCh2Error):
        fields["parts"] = [error.happened, error.found, error.remedy]
    return fields


def _json_value(value: Any) -> Any:
    """Turn NumPy numbers and arrays into JSON values without importing NumPy here."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"the target returned {type(value).__name__}, which is not JSON")


def main(folder: str) -> None:
    """Do the jobs that a folder names, then end at once: how an interpreter is torn down is no part of an answer."""
    place = Path(folder)
    _guard()
    order = json.loads((place / LINE).read_text(encoding="utf-8"))
    sys.path.extend(entry for entry in order["path"] if entry not in sys.path)
    for number, job in enumerate(order["jobs"]):
        faulthandler.dump_traceback_later(job["deadline"] + GRACE, exit=True)
        result = json.dumps(answer(job))
        half = place / f"{number}.half"
        half.write_text(result, encoding="utf-8")
        half.replace(result_file(place, number))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _guard() -> None:
    """Report crashes, and on demand where we are, and end when the parent is gone."""
    # One thread: the one that crashed or hangs; the others' stacks would push its last words out of the tail
    faulthandler.enable(all_threads=False)
    if hasattr(faulthandler, "register"):
        faulthandler.register(signal.SIGUSR1, all_threads=False)
    threading.Thread(target=_end_with_parent, name="kerasch2-parent-watch", daemon=True).start()


def _end_with_parent() -> None:
    # Standard input is a pipe that only the parent holds open: its end means that the parent is gone
    with contextlib.suppress(OSError):
        while os.read(0, 1):
            pass
    if hasattr(os, "killpg"):
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(1)


def _arguments(argv: list[str]) -> str:
    if len(argv) != 2:
        raise SystemExit("the child takes the folder of one line of jobs")
    return argv[1]


if __name__ == "__main__":
    main(_arguments(sys.argv))
