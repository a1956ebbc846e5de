"""Another interpreter in which documents run, while they are read and judged in this one."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from pytest_kerasch2.claims.release import ABSENT, Release, numbers
from pytest_kerasch2.documents import releases
from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.subprocesses import runner
from pytest_kerasch2.subprocesses.job import Job
from pytest_kerasch2.timing import timed_processes

OLDEST = (3, 7)
# An interpreter on a busy machine, with all of its site-packages to look through.
_DEADLINE = 180.0
# Read by every Python since 2.
_ASK = "import sys; print('python %d.%d.%d' % sys.version_info[:3])"
_REMEDY = "name an interpreter, or the folder of its environment, of CPython 3.7 or newer with TensorFlow 2 or Keras 3"


@dataclass(frozen=True)
class RunningInterpreter:
    """An interpreter.

    Attributes:
        path: of it.
        version: of its CPython, such as `3.7.17`.
        release: that it has.
        package: a folder with a copy of this package for it, and nothing else.
    """

    path: Path
    version: str
    release: Release
    package: Path

    @property
    def text(self) -> str:
        """Return what it has, for a reader."""
        return f"{releases.text_of_release(self.release)}, which CPython {self.version} has: {self.path}"


@contextlib.contextmanager
def opened(path: Path) -> Iterator[RunningInterpreter]:
    """Yield an interpreter, with what it needs of this package for as long as this lasts.

    Args:
        path: of it, or of its environment, or a name that the shell would find.

    Raises:
        InvalidArgument: there is none, it is too old, or it has neither TensorFlow 2 nor Keras 3.
    """
    interpreter = _interpreter_of(path)
    version = _version(interpreter)
    with timed_processes.copied_package() as package:
        yield RunningInterpreter(interpreter, version, _release(interpreter, package), package)


def _interpreter_of(path: Path) -> Path:
    places = [path / "bin" / "python", path / "Scripts" / "python.exe"] if path.is_dir() else [path]
    # Not resolved: the link of an environment leads out of it.
    hit = next((one.absolute() for one in places if one.is_file()), None)
    named = shutil.which(str(path)) if hit is None and path.name == str(path) and not path.is_dir() else None
    if hit is None and named is None:
        raise InvalidArgument("There is no interpreter here", str(path), _REMEDY)
    return Path(named).absolute() if hit is None and named is not None else hit or path


def _version(interpreter: Path) -> str:
    """Return the version of an interpreter.

    Raises:
        InvalidArgument: it is none, or too old.
    """
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    try:
        ended = subprocess.run(
            [str(interpreter), "-E", "-c", _ASK], stdin=subprocess.DEVNULL, capture_output=True, timeout=_DEADLINE,
            check=False, env=environment,
        )  # fmt: skip
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise InvalidArgument("This is not an interpreter", f"{interpreter}: {why}", _REMEDY) from error
    match = re.search(rb"^python (\d+\.\d+\.\d+)\s*\Z", ended.stdout[-1000:], re.MULTILINE)
    if match is None:
        raise InvalidArgument("This is not an interpreter", f"{interpreter}: it does not run Python", _REMEDY)
    version = match.group(1).decode("ascii")
    if numbers(version)[:2] < OLDEST:
        raise InvalidArgument("This interpreter is too old", f"{interpreter}: CPython {version}", _REMEDY)
    return version


def _release(interpreter: Path, package: Path) -> Release:
    """Return the release that an interpreter has.

    Raises:
        InvalidArgument: it has none, or one before TensorFlow 2.
    """
    job = Job(
        "pytest_kerasch2.documents.interpreter_facts:facts", deadline=_DEADLINE, interpreter=str(interpreter),
        package=str(package),
    )  # fmt: skip
    outcome = runner.run(job)
    if not outcome.answered:
        why = outcome.killed_by or (outcome.error or {}).get("message", "")
        raise InvalidArgument("The interpreter does not say which release it has", f"{interpreter}: {why}", _REMEDY)
    if not outcome.value:
        raise InvalidArgument("There is no TensorFlow and no Keras", str(interpreter), _REMEDY)
    release = Release(**{name: str(outcome.value[name]) for name in ("tensorflow", "keras", "backend")})
    oldest = release.tensorflow == ABSENT and numbers(release.keras) < (3,)
    if oldest or (release.tensorflow != ABSENT and numbers(release.tensorflow) < (2,)):
        text = f"TensorFlow {release.tensorflow}" if release.tensorflow != ABSENT else f"Keras {release.keras}"
        raise InvalidArgument("The release is too old", f"{interpreter}: {text}", _REMEDY)
    return release
