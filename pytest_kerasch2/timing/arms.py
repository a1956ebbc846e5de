"""The arms of a comparison: two environments, or two revisions of a project, each with a process that times for it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterator, Mapping, Sequence

import pytest_kerasch2
from pytest_kerasch2 import errors
from pytest_kerasch2.errors import BadSetting, ChildDied, KerasCh2Error

MODULE = "pytest_kerasch2.timing.worker"


@dataclass(frozen=True)
class Arm:
    """One of the things that are compared.

    Attributes:
        name: in the user's words.
        python: the interpreter of its environment.
        folder: where it runs, and what it can import.
        slower: a slowdown that is planted, as a share of the time.
        variables: environment variables beside those of this process.
    """

    name: str
    python: Path
    folder: Path
    slower: float = 0.0
    variables: Mapping[str, str] = field(default_factory=dict)


class Worker:
    """The process of an arm; give it orders, one at a time."""

    def __init__(self, arm: Arm, package: Path, variables: Mapping[str, str] | None = None) -> None:
        """Start it.

        Args:
            package: a folder with a copy of this package and nothing else, so that it needs no installation there.
            variables: environment variables beside those of the arm.
        """
        self.arm = arm
        path = os.pathsep.join(filter(None, [str(package), os.environ.get("PYTHONPATH", "")]))
        self.said = tempfile.TemporaryFile()  # noqa: SIM115  # open for as long as the process is
        self.process = subprocess.Popen(
            [str(arm.python), "-m", MODULE],
            cwd=arm.folder,
            env={**os.environ, **arm.variables, **(variables or {}), "PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.said,
            text=True,
        )

    def ask(self, do: str, **order: Any) -> Any:
        """Give the answer to an order.

        Raises:
            ChildDied: the process has ended.
            KerasCh2Error: what the process refused, of the same kind.
        """
        self.send(do, **order)
        return self.receive()

    def send(self, do: str, **order: Any) -> None:
        """Give an order whose answer is taken later."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps({"do": do, **order}) + "\n")
            self.process.stdin.flush()

    def receive(self) -> Any:
        """Give the answer to the order that was sent, as `ask` does."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise self._died()
        answer = json.loads(line)
        if "error" in answer:
            kind, *told = answer["error"]
            raise getattr(errors, kind, KerasCh2Error)(*told)
        return answer["ok"]

    def _died(self) -> ChildDied:
        status = self.process.wait()
        self.said.seek(0)
        lines = [line.strip() for line in self.said.read().decode("utf-8", "replace").splitlines() if line.strip()]
        found = f"{self.arm.name}: exit status {status}: {lines[-1] if lines else 'nothing was said'}"
        return ChildDied("A process that times has ended", found, "look at what was said, and at its environment")

    def close(self) -> None:
        """End it."""
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.said.close()


def received(workers: Sequence[Worker]) -> list[Any]:
    """Give the answers of several to what they were sent.

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
def package() -> Iterator[Path]:
    """Give a folder with a copy of this package, for interpreters in which it is not installed."""
    with tempfile.TemporaryDirectory(prefix="kerasch2-arms-") as folder:
        own = Path(pytest_kerasch2.__file__).parent
        shutil.copytree(own, Path(folder) / own.name, ignore=shutil.ignore_patterns("__pycache__"))
        yield Path(folder)


@contextlib.contextmanager
def named(words: str, folder: Path) -> Iterator[Arm]:
    """Give the arm that a user names: an environment, an interpreter, or a revision of the project in a folder.

    A revision is checked out beside the project for as long as this lasts.

    Raises:
        BadSetting: it is none of these.
    """
    path = Path(words)
    if path.is_dir() or path.is_file():
        yield Arm(words, _interpreter(path), folder)
        return
    with _checked_out(words, folder) as place:
        yield Arm(words, Path(sys.executable), place)


def _interpreter(path: Path) -> Path:
    if path.is_file():
        return path.absolute()
    for place in ("bin/python", "Scripts/python.exe"):
        if (path / place).is_file():
            # Not resolved: where the name of an interpreter lies says which environment it is of.
            return (path / place).absolute()
    raise BadSetting("A folder is no environment", str(path), "name one with bin/python, or an interpreter")


@contextlib.contextmanager
def _checked_out(revision: str, folder: Path) -> Iterator[Path]:
    remedy = "name an environment, an interpreter, or a revision of the git project here"
    try:
        found = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        top = Path(_git(folder, "rev-parse", "--show-toplevel"))
    except (OSError, subprocess.CalledProcessError) as error:
        raise BadSetting("There is nothing of this name to compare", repr(revision), remedy) from error
    with tempfile.TemporaryDirectory(prefix="kerasch2-revision-") as place:
        _git(top, "worktree", "add", "--detach", "--quiet", f"{place}/tree", found)
        try:
            yield Path(place) / "tree" / folder.resolve().relative_to(top.resolve())
        finally:
            _git(top, "worktree", "remove", "--force", f"{place}/tree")


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()
