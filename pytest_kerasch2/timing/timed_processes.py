"""The sides of a comparison: environments, releases or revisions, each with a process that times for it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Callable, Iterator, Mapping, Sequence, Union

import pytest_kerasch2
from pytest_kerasch2 import errors, folders
from pytest_kerasch2.errors import ChildDied, InvalidArgument, InvalidMeasurement, KerasCh2Error
from pytest_kerasch2.json_files import parse_json
from pytest_kerasch2.timing import installed_releases, revisions
from pytest_kerasch2.variables import Hidden

# What lies in the folder where it runs comes last, behind what is installed: the suite has to be found there, and a
# project beside it is not to hide the one that is installed in the environment.
PROGRAM = (
    "import sys; sys.path[:] = [*filter(None, sys.path), sys.argv[1]]; "
    "from pytest_kerasch2.timing.{module} import main; main()"
)
# Seconds for an answer. Making ready a benchmark is the longest that is waited for: it traces, compiles and proves.
DEADLINE = 600.0
# Where a process looks for its temporary folder, on all systems.
TEMPORARY = ("TMPDIR", "TEMP", "TMP")
# So often it is seen whether one has passed.
WATCH_INTERVAL = 1.0


@dataclass(frozen=True)
class ComparedSide:
    """One side of a comparison.

    Attributes:
        name: in the user's words.
        python: the interpreter of its environment.
        folder: where it runs; what is imported is looked for there last.
        slowdown: injected into each block, as a share of its time.
        variables: environment variables beside those of this process.
        import_first: folders that are searched before what is installed.
        forbidden: a folder from which nothing may be imported, except what the environment itself has there.
        revision: the commit, where it is one of a git project.
    """

    name: str
    python: Path
    folder: Path
    slowdown: float = 0.0
    variables: Mapping[str, str] = field(default_factory=dict)
    import_first: Sequence[Path] = ()
    forbidden: Path | None = None
    revision: str = ""


def python_path(side: ComparedSide, *first: Path) -> str:
    """Return PYTHONPATH for a side: these folders, those of the side, and its present value."""
    return os.pathsep.join(filter(None, [*map(str, (*first, *side.import_first)), os.environ.get("PYTHONPATH", "")]))


class StartedProcess:
    """What a timed process needs of what runs for it, which is the part of `subprocess.Popen` that is listed here."""

    stdin: IO[str] | None
    stdout: IO[str] | None

    def poll(self) -> int | None:
        """Return the exit status, or None while it runs."""
        raise NotImplementedError

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status, or raise `subprocess.TimeoutExpired`."""
        raise NotImplementedError

    def kill(self) -> None:
        """End it."""
        raise NotImplementedError


AnyProcess = Union["subprocess.Popen[str]", StartedProcess]
# Starts what runs for a timed process: is given the file for its standard error, and the folder for temporary files.
Launch = Callable[[IO[bytes], Path], AnyProcess]


def spawned(
    side: ComparedSide,
    package: Path,
    variables: Mapping[str, str] | None = None,
    module: str = "worker",
    descriptors: Sequence[int] = (),
) -> Launch:
    """Return how a fresh interpreter of a side is started.

    Args:
        package: a folder with a copy of this package and nothing else, so that it needs no installation there.
        variables: environment variables beside those of the side.
        module: of this package's timing, whose `main` it calls.
        descriptors: it is handed, and finds as its arguments.
    """

    def launch(stderr: IO[bytes], temporary: Path) -> AnyProcess:
        own = {"PYTHONPATH": python_path(side, package), **dict.fromkeys(TEMPORARY, str(temporary))}
        return subprocess.Popen(
            [str(side.python), "-c", PROGRAM.format(module=module), str(side.folder), *map(str, descriptors)],
            cwd=side.folder,
            env=Hidden({**os.environ, **side.variables, **(variables or {}), **own}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            pass_fds=descriptors,
        )

    return launch


class TimedProcess:
    """The process of a side; it takes orders, one at a time."""

    def __init__(self, side: ComparedSide, launch: Launch, deadline: float = DEADLINE) -> None:
        """Start it.

        Args:
            launch: starts what runs.
            deadline: seconds for an answer, after which it is ended.

        Raises:
            InvalidArgument: it cannot be started.
        """
        self.side, self.deadline = side, deadline
        # Kept for as long as the process is: it ends, or is ended, without removing what lies in its temporary folder.
        self._resources = contextlib.ExitStack()
        self.stderr = self._resources.enter_context(tempfile.TemporaryFile())  # noqa: SIM115  # it is closed with the stack
        temporary = self._resources.enter_context(folders.temporary("side"))
        try:
            self.process = launch(self.stderr, temporary)
        except OSError as error:
            self._resources.close()
            remedy = "name an environment, or an interpreter that can be run"
            raise InvalidArgument("A timed process cannot be started", f"{side.name}: {error}", remedy) from error
        except KerasCh2Error:
            self._resources.close()
            raise
        self._due: tuple[float, str] | None = None
        self._overdue = ""
        self._closed = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while not self._closed.wait(WATCH_INTERVAL):
            due = self._due
            if due is not None and time.monotonic() > due[0]:
                self._overdue = due[1]
                self.process.kill()
                return

    def ask(self, do: str, **order: Any) -> Any:
        """Return the answer to an order.

        Raises:
            ChildDied: the process has ended.
            InvalidMeasurement: it has not answered in time.
            KerasCh2Error: what the process refused, of the same kind.
        """
        self.send(do, **order)
        return self.receive()

    def send(self, do: str, **order: Any) -> None:
        """Send an order whose answer is received later."""
        assert self.process.stdin is not None
        self._due = time.monotonic() + self.deadline, " ".join(filter(None, (do, order.get("name"))))
        # One that has ended is found out by its answer.
        with contextlib.suppress(OSError):
            self.process.stdin.write(json.dumps({"do": do, **order}) + "\n")
            self.process.stdin.flush()

    def receive(self) -> Any:
        """Return the answer to the order that was sent, as `ask` does."""
        answer = self._answer()
        self._due = None
        if "error" in answer:
            kind, *details = answer["error"]
            raise getattr(errors, kind, KerasCh2Error)(*details)
        return answer["ok"]

    def _answer(self) -> Any:
        assert self.process.stdout is not None
        # A fork that is killed resets its connection, where a process closes its pipe.
        with contextlib.suppress(ConnectionResetError):
            for line in self.process.stdout:
                # What an environment prints when its interpreter starts is no answer.
                with contextlib.suppress(ValueError):
                    answer = parse_json(line, on_constant=float)
                    if isinstance(answer, dict) and {"ok", "error"} & set(answer):
                        return answer
        raise self._died()

    def _died(self) -> KerasCh2Error:
        status = self.process.wait()
        if self._overdue:
            problem = f"{self.side.name}: {self._overdue} had not ended after {self.deadline:g} s"
            return InvalidMeasurement(
                "A timed process gave no answer", problem, "look at the step, or raise --deadline"
            )
        self.stderr.seek(0)
        lines = [line.strip() for line in self.stderr.read().decode("utf-8", "replace").splitlines() if line.strip()]
        problem = f"{self.side.name}: exit status {status}: {lines[-1] if lines else 'no output'}"
        return ChildDied("A timed process has ended", problem, "look at its last line, and at its environment")

    def close(self) -> None:
        """End it."""
        self._closed.set()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._resources.close()


@contextlib.contextmanager
def fresh_processes(
    sides: Sequence[ComparedSide], package: Path, hash_seed: int, deadline: float = DEADLINE
) -> Iterator[list[TimedProcess]]:
    """Start an interpreter for each side, and end them all afterwards.

    Args:
        hash_seed: of all of them; it changes the speed of Python.

    Raises:
        InvalidArgument: one cannot be started.
    """
    with contextlib.ExitStack() as stack:
        processes = []
        for side in sides:
            launch = spawned(side, package, {"PYTHONHASHSEED": str(hash_seed)})
            processes.append(TimedProcess(side, launch, deadline))
            stack.callback(processes[-1].close)
        yield processes


def receive_all(workers: Sequence[TimedProcess]) -> list[Any]:
    """Return the answers of several to what they were sent.

    Raises:
        KerasCh2Error: the first that one of them refused; all have been heard by then.
    """
    answers: list[Any] = []
    refused: KerasCh2Error | None = None
    for worker in workers:
        try:
            answers.append(worker.receive())
        except KerasCh2Error as error:
            refused = refused or error
    if refused is not None:
        raise refused
    return answers


@contextlib.contextmanager
def copied_package() -> Iterator[Path]:
    """Yield a folder with a copy of this package, for interpreters in which it is not installed."""
    with folders.temporary("package") as folder:
        own = Path(pytest_kerasch2.__file__).parent
        shutil.copytree(own, folder / own.name, ignore=shutil.ignore_patterns("__pycache__"))
        yield folder


@contextlib.contextmanager
def resolve_side(name: str, folder: Path) -> Iterator[ComparedSide]:
    """Yield the side that a user names: an environment, an interpreter, a release, or a revision of a folder's project.

    A release is installed, and a revision checked out, for as long as this lasts.

    Raises:
        InvalidArgument: it is none of these.
    """
    path = _existing(name)
    if path is not None and (path.is_file() or _python_in(path) or not _is_revision(name, folder)):
        yield ComparedSide(name, _interpreter(path), folder)
    elif installed_releases.is_release(name):
        with installed_releases.installed(name) as place:
            yield ComparedSide(name, _interpreter(place), folder, variables=installed_releases.release_variables(name))
    else:
        if not _is_revision(name, folder):
            installed_releases.check_spelling(name)
        with revisions.checked_out(name, folder) as tree:
            python = Path(sys.executable)
            yield ComparedSide(
                name,
                python,
                tree.folder,
                import_first=tree.import_folders,
                forbidden=tree.project,
                revision=tree.commit,
            )


def _existing(name: str) -> Path | None:
    """Return the file or the folder that words name, or None where they name none, or could not."""
    try:
        path = Path(name)
        return path if name.strip() and (path.is_dir() or path.is_file()) else None
    # A name too long, or with NUL.
    except (OSError, ValueError):
        return None


def _is_revision(name: str, folder: Path) -> bool:
    """Whether words name a revision; a folder that is no environment may have its name, such as a branch `docs`."""
    try:
        revisions.commit_of(name, revisions.project_of(folder))
    except KerasCh2Error:
        return False
    return True


def _python_in(path: Path) -> Path | None:
    # Not resolved: where the name of an interpreter lies says which environment it is of.
    places = (path / place for place in ("bin/python", "Scripts/python.exe"))
    return next((place.absolute() for place in places if place.is_file()), None)


def _interpreter(path: Path) -> Path:
    if path.is_file():
        if not os.access(str(path), os.X_OK):
            raise InvalidArgument(
                "The file is not an interpreter", f"{path} cannot be run", "name one such as .venv/bin/python"
            )
        return path.absolute()
    python = _python_in(path)
    if python is not None:
        return python
    raise InvalidArgument("The folder is not an environment", str(path), "name one with bin/python, or an interpreter")
