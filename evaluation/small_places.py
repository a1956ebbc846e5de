"""Places in which commands of ours run for a campaign: a folder with a home, a temporary folder and no TensorFlow.

What a command needs of a framework is a stand-in, so that a case takes seconds; everything else is the command itself.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Iterator, Mapping, Sequence

import psutil

# The tests have them, whose types nobody checks.
SMALL: Any = importlib.import_module("tests.plugin.conftest").Small
TRAINING: str = importlib.import_module("tests.builders.synthetic_trainings").TRAINING
ROOT = Path(__file__).resolve().parents[1]
# By this variable the processes of a case are known, whoever their parent has become.
MARK = "KERASCH2_CAMPAIGN"
PYTHON = (sys.executable, "-W", "ignore")
# Seconds in which a command ends of itself, and in which what it has left behind does.
LIMIT = 180.0
SETTLED = 20.0
# Kept by pytest, or by us, on purpose.
KEPT = ("pytest-of-", "kerasch2-data-")

SECTION = """
JOB = Job("job_of_chapter:slept")

@pytest.mark.parametrize("number", range({checks}))
@about('many')
def many(record, number):
    time.sleep({seconds})
    record.equal('number', expected=number, actual=number)

@in_subprocess(JOB)
@about('child')
def child_(record, child):
    record.equal('answer of the child', expected=5, actual=child)
"""
JOB = "import time\ndef slept():\n    time.sleep({seconds})\n    return 5\n"
# In every interpreter of such a place neither TensorFlow nor Keras is installed.
WITHOUT = "import pytest_kerasch2.framework.packages as packages\npackages.installed = lambda *given: None\n"
COMPARING = """
import sys, time
from pytest_kerasch2.timing import timed_processes
timed_processes.PROGRAM = timed_processes.PROGRAM.replace("pytest_kerasch2.timing.{module}", "worker_of_nothing")
from pytest_kerasch2 import cli
from pytest_kerasch2.timing import benchmark_suite
benchmark_suite.check_suite = lambda *given: None
sys.exit(cli.main(sys.argv[1:]))
"""
WORKER = """
import random, time
from pytest_kerasch2.timing import worker

class Nothing(worker.OrderServer):
    def about(self, suite):
        release = {"plugin": "0", "node": "here", "machine": "one", "cores": 2, "threads": None, "clock": "a",
            "python": "3", "tensorflow": "2.15.1", "keras": "2.15.0", "backend": "tensorflow", "backend_version": "-"}
        return {"environment": release, "benchmarks": ["nothing"]}
    def open(self, suite, name, device, **how):
        time.sleep(0.1)
        return {"first_call": 0.1, "pause_point": "call", "work_check": None}
    def pace(self, name, pause_point):
        return {"call_seconds": 0.05}
    def blocks(self, name, pause_point, count, calls, untimed):
        self.hand_over({})
        for _ in range(count):
            seconds = calls * random.uniform(0.004, 0.006)
            time.sleep(0.002)
            self.hand_over({"steps": calls, "seconds": seconds, "unsynchronised": 0.0})
        return {}

def main():
    worker.OrderServer = Nothing
    worker.main()
"""
DOWNLOADING = """
import hashlib, pathlib, sys
from pytest_kerasch2.data import fetch, http_server
from pytest_kerasch2.data.registry import Archive
from pytest_kerasch2 import folders
folders.sweep()
content = bytes(range(256)) * 1200
archive = Archive("mnist.npz", sys.argv[1] + "mnist.npz", (), sha256=hashlib.sha256(content).hexdigest())
try:
    fetch.fetch(archive, pathlib.Path("store"), timeout=30)
except KeyboardInterrupt:
    sys.exit(130)
"""


@dataclass(frozen=True)
class Place:
    """A folder in which a command runs.

    Attributes:
        folder: where.
        mark: by which its processes are known.
    """

    folder: Path
    mark: str

    @property
    def temporary(self) -> Path:
        """Return its temporary folder."""
        return self.folder / "temporary"

    def variables(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the variables of its processes."""
        path = os.pathsep.join(map(str, (self.folder / "fakes", self.folder, ROOT)))
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "GITHUB_"))}
        own = {"HOME": str(self.folder / "home"), "TMPDIR": str(self.temporary), "COLUMNS": "100", MARK: self.mark}
        return {**ours, **own, "PYTHONPATH": path, **(more or {})}

    def start(self, command: Sequence[str], **how: Any) -> subprocess.Popen[bytes]:
        """Start a command here; what it says goes to `said.txt` unless told otherwise."""
        with (self.folder / "said.txt").open("ab") as output:
            streams = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": output}
            own = {"env": self.variables(), "cwd": str(self.folder), "start_new_session": True, "preexec_fn": _heed}
            how = {**own, **streams, **how}
            return subprocess.Popen(command, **how)

    def output(self) -> str:
        """Return what its commands have said."""
        return self.plain((self.folder / "said.txt").read_text(encoding="utf-8", errors="replace"))

    def plain(self, text: str) -> str:
        """Return a text without the names of this machine."""
        names = {
            str(self.folder): "<place>",
            str(ROOT): "<clone>",
            sys.prefix: "<environment>",
            sys.base_prefix: "<python>",
        }
        for name, instead in names.items():
            text = text.replace(name, instead)
        return text

    def living(self) -> list[int]:
        """Return the processes of this place that have not ended."""
        listed = psutil.process_iter(["environ", "status"])
        ours = [one for one in listed if (one.info["environ"] or {}).get(MARK) == self.mark]
        return [one.pid for one in ours if one.info["status"] != psutil.STATUS_ZOMBIE]

    def end(self) -> None:
        """End all of its processes."""
        for pid in self.living():
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)

    def left(self) -> list[str]:
        """Return what lies in the temporary folder, and files that are half written."""
        outcome = [path.name for path in self.temporary.iterdir() if not path.name.startswith(KEPT)]
        return sorted([*outcome, *(str(path.relative_to(self.folder)) for path in self.folder.rglob("*.part"))])


def _heed() -> None:
    """Heed the signals that this process may have been told to ignore, as below `nohup`."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@contextlib.contextmanager
def place(mark: str) -> Iterator[Place]:
    """Yield a place for as long as this lasts; its processes are ended at the end."""
    folder = Path(tempfile.mkdtemp(prefix="campaign-"))
    # Another run of the same campaign has processes of its own.
    outcome = Place(folder, f"{mark}-{os.getpid()}")
    for name in ("home", "temporary"):
        (folder / name).mkdir()
    try:
        yield outcome
    finally:
        outcome.end()
        shutil.rmtree(str(folder), ignore_errors=True)


def wait(child: subprocess.Popen[bytes], seconds: float = LIMIT) -> int | None:
    """Return the exit status; None where it does not end in time, and is killed."""
    try:
        return child.wait(seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
        return None


def until_none(of: Place, seconds: float = SETTLED) -> float | None:
    """Wait for the end of all processes of a place; return the seconds that this took, or None where some live on."""
    began = time.monotonic()
    while of.living():
        if time.monotonic() - began > seconds:
            return None
        time.sleep(0.05)
    return time.monotonic() - began


def with_chapter(here: Place, checks: int = 30, seconds: float = 0.05) -> None:
    """Put a small chapter there, and what stands in for TensorFlow."""
    small = SMALL(SimpleNamespace(path=here.folder))
    small.section(SECTION.format(checks=checks, seconds=seconds))
    (here.folder / "job_of_chapter.py").write_text(JOB.format(seconds=0.5), encoding="utf-8")


def with_training(here: Place, seconds: float = 0.2) -> None:
    """Put a training there that needs no framework, where none is installed."""
    (here.folder / "fakes").mkdir(exist_ok=True)
    (here.folder / "fakes" / "sitecustomize.py").write_text(WITHOUT, encoding="utf-8")
    text = TRAINING.format(accuracy=0.9, stops=f"import time; time.sleep({seconds})")
    (here.folder / "my_training.py").write_text(text, encoding="utf-8")


def with_revisions(here: Place) -> None:
    """Put a git project of two revisions there, and benchmarks of nothing."""
    (here.folder / "comparing.py").write_text(COMPARING, encoding="utf-8")
    (here.folder / "worker_of_nothing.py").write_text(WORKER, encoding="utf-8")
    who = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.org", "-c", "init.defaultBranch=main")
    commits = [("commit", "-q", "--allow-empty", "-m", text) for text in ("one", "two")]
    for command in (("init", "-q"), ("add", "*.py"), *commits):
        subprocess.run(("git", *who, *command), cwd=str(here.folder), check=True, env=here.variables())
