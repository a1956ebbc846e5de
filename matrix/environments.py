"""The environment of a column: made from its pins, given the plugin, and removed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping

from matrix import backport, installer, interpreters, paths, sources
from matrix.columns import Column
from matrix.errors import Absent, NotBuilt, Unfinished
from matrix.processes import Processes
from pytest_kerasch2.files import write_text

# Seconds in which an environment must be installed; the packages of one are up to a gigabyte.
DEADLINE = 1800.0
MARK = "installed-from.txt"
# Variables of the user's own shell that would lead another interpreter, or a verdict, astray.
_ASTRAY = (
    "VIRTUAL_ENV",
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTEST_ADDOPTS",
    "PYTEST_PLUGINS",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD",
    "KERAS_BACKEND",
    "KERAS_HOME",
    "TF_USE_LEGACY_KERAS",
)


@dataclass(frozen=True)
class Environment:
    """What a column runs in.

    Attributes:
        python: the interpreter with pytest and the plugin.
        variables: environment variables of the run.
    """

    python: Path
    variables: Mapping[str, str]

    @property
    def chapter(self) -> Path:
        """Return the folder of the installed sections."""
        folders = sorted(self.python.parents[1].glob("lib/python*/site-packages/pytest_kerasch2/chapter"))
        return folders[0]


@dataclass(frozen=True)
class Maker:
    """Makes environments.

    Attributes:
        as_of: the day after which nothing is taken from a package index.
        wheel: the plugin, built from this tree.
        plugin: hash of the source from which it was built.
    """

    as_of: str
    wheel: Path
    plugin: str
    processes: Processes

    def make(self, column: Column, log: Path, environ: Mapping[str, str]) -> Environment:
        """Return the environment of a column; what is there already and of the same pins stays.

        Args:
            environ: the user's environment variables.

        Raises:
            Absent: an interpreter, the pins or a shared library are not here.
            Unfinished: the pins do not install, now at least: the network may be what was missing.
        """
        python = self.install(column, log)
        if column.is_backported:
            self._give_copy(python)
        else:
            self._give_plugin(python, log)
        return Environment(python, variables(column, environ))

    def install(self, column: Column, log: Path) -> Path:
        """Return the interpreter of a column, without the plugin; what is there already and of the same pins stays.

        Raises:
            Absent: an interpreter or the pins are not here.
            Unfinished: the pins do not install.
        """
        name = column.environment
        folder, pins = paths.environment(name), paths.pins(name)
        if not pins.exists():
            raise Absent("A release has no pins", f"no file {pins.name}", f"`python -m matrix pin {name}`")
        interpreter = interpreters.find(column.python)
        mark = f"{interpreter}\n{sources.digest([pins.read_bytes()])}\n"
        if _read(folder / MARK) == mark:
            return folder / "bin" / "python"
        python = folder / "bin" / "python"
        self._uv([installer.uv(), "venv", "--clear", "--python", str(interpreter), str(folder)], log)
        self._uv(installer.install(python, pins, self.as_of, column.torch), log)
        write_text(mark, folder / MARK)
        return python

    def _give_plugin(self, python: Path, log: Path) -> None:
        mark = python.parents[1] / "plugin.txt"
        if _read(mark) != self.plugin:
            options = ["--no-deps", "--reinstall", "--python", str(python)]
            self._uv([installer.uv(), "pip", "install", *options, str(self.wheel)], log)
            write_text(self.plugin, mark)

    def _give_copy(self, python: Path) -> None:
        mark, current = python.parents[1] / "plugin.txt", f"{self.plugin} {backport.digest().hex()}"
        if _read(mark) != current:
            mark.unlink(missing_ok=True)
            backport.unpack(self.wheel, next(python.parents[1].glob("lib/python*/site-packages")))
            write_text(current, mark)

    def _uv(self, command: list[str], log: Path) -> None:
        environ = installer.surroundings()
        status = self.processes.run(command, log, environ=environ, folder=paths.ROOT, deadline=DEADLINE)
        if status:
            raise Unfinished("Its environment does not install", last_words(log), f"see {log.name}, or run it again")


def variables(column: Column, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables of a column's run.

    Raises:
        Absent: a shared library that it wants is not on this machine.
    """
    kept = {name: value for name, value in environ.items() if name not in _ASTRAY}
    # TensorFlow's own chatter is not about the chapter.
    result = {**kept, "TF_CPP_MIN_LOG_LEVEL": "3", "COLUMNS": "120", **column.variables}
    if column.libraries:
        result["LD_LIBRARY_PATH"] = str(_linked(column))
    return result


def _linked(column: Column) -> Path:
    folder = paths.WORK / f"{column.environment}-libraries"
    folder.mkdir(parents=True, exist_ok=True)
    for old, today in column.libraries.items():
        link = folder / old
        link.unlink(missing_ok=True)
        link.symlink_to(_library(today))
    return folder


def _library(name: str) -> str:
    # The loader's own list of what is on this machine.
    program = shutil.which("ldconfig", path=os.pathsep.join([os.environ.get("PATH", ""), "/sbin", "/usr/sbin"]))
    listing = subprocess.run([program, "-p"], capture_output=True, text=True, check=False).stdout if program else ""
    match = re.search(rf"^\s*{re.escape(name)} .*=> (\S+)$", listing, re.MULTILINE)
    if match is None:
        raise Absent("A shared library is missing", name, "install the system package that has it")
    return match.group(1)


def build_wheel(folder: Path, processes: Processes, log: Path) -> Path:
    """Return the plugin as a wheel, built from this tree into a folder.

    Raises:
        NotBuilt: it does not build.
    """
    # By way of a source distribution: setuptools would put what an earlier build left beside the source into a wheel.
    command = [installer.uv(), "build", "--no-progress", "--out-dir", str(folder), str(paths.ROOT)]
    status = processes.run(command, log, environ=installer.surroundings(), folder=paths.ROOT, deadline=DEADLINE)
    if status:
        raise NotBuilt("The plugin does not build", last_words(log), f"see {log.name}")
    return next(iter(folder.glob("*.whl")))


def remove(column: Column) -> None:
    """Remove what was installed for a column."""
    shutil.rmtree(paths.environment(column.environment), ignore_errors=True)


def last_words(log: Path) -> str:
    """Return the last line of a log that says something."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return publishable("\n".join(line for line in lines if not line.startswith("$ ")))


def publishable(output: str) -> str:
    """Return the last line of what a program said, without the places of this machine: it goes into the table."""
    # uv's hints come last, and say nothing of what was wrong.
    lines = [line.strip() for line in output.splitlines() if line.strip() and not line.startswith("hint:")]
    return re.sub(r"\S*(?:://|(?<![\w.])/)\S+", "…", lines[-1]) if lines else "it said nothing"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""
