"""Another release that a document is run on, for a comparison: installed for as long as it takes, or already there."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from pytest_kerasch2.claims.release import Release, numbers
from pytest_kerasch2.documents import running_interpreter
from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.timing import installed_releases

# For which CPythons PyPI has wheels, from a TensorFlow on. Those below 3.7 are left out.
_PYTHONS = (
    ("2.0", "3.7", "3.7"),
    ("2.2", "3.7", "3.8"),
    ("2.5", "3.7", "3.9"),
    ("2.8", "3.7", "3.10"),
    ("2.12", "3.8", "3.11"),
    ("2.14", "3.9", "3.11"),
    ("2.16", "3.9", "3.12"),
    ("2.20", "3.9", "3.13"),
    ("2.21", "3.10", "3.13"),
)
# What a release forgot to declare, and breaks without, up to and with the TensorFlow that is named.
_BOUNDS = (("2.1", "h5py<3"), ("2.1", "numpy<1.19"), ("2.8", "protobuf<3.21"), ("2.15", "numpy<2"))
_REMEDY = "write --against tensorflow==2.0.0, --against 2.15 or --against keras==3.5"
_DEADLINE = 180.0
_VERSION = "import platform, sys; print(platform.python_implementation(), '%d.%d' % sys.version_info[:2])"


@dataclass(frozen=True)
class OtherRelease:
    """Another release.

    Attributes:
        release: which.
        interpreter: of its environment.
        package: a folder with a copy of this package for it.
    """

    release: Release
    interpreter: Path
    package: Path


@dataclass(frozen=True)
class AskedRelease:
    """A release that is asked for.

    Attributes:
        package: `tensorflow` or `keras`.
        version: with two numbers or three.
    """

    package: str
    version: str

    @property
    def requirements(self) -> list[str]:
        """Return what is installed."""
        exact = self.version if self.version.count(".") > 1 else f"{self.version}.*"
        if self.package == "keras":
            return [f"keras=={exact}", "tensorflow>=2.16"]
        minor = numbers(self.version)[:2]
        bounds = [bound for last, bound in _BOUNDS if minor <= numbers(last)]
        # It asks for a Keras of its own minor or newer, and works with its own.
        bounds += ["keras<2.7", "tensorflow-estimator<2.7"] if minor == (2, 6) else []
        return [f"tensorflow=={exact}", *bounds]

    @property
    def pythons(self) -> list[str]:
        """Return the CPythons that it has wheels for, the newest first."""
        asked = (2, 20) if self.package == "keras" else numbers(self.version)[:2]
        _, first, last = [row for row in _PYTHONS if numbers(row[0]) <= asked][-1]
        return [f"3.{minor}" for minor in range(int(last[2:]), int(first[2:]) - 1, -1)]


def parse(text: str) -> AskedRelease:
    """Return the release that words ask for.

    Raises:
        InvalidArgument: they ask for none, or for one that is not of TensorFlow 2 or Keras 3.
    """
    match = re.fullmatch(r"\s*(?:(tensorflow|tf|keras)\s*(?:==|=|-| )\s*)?(\d+(?:\.\d+){1,2})\s*", text, re.IGNORECASE)
    if match is None:
        raise InvalidArgument("A release cannot be read", repr(text[:40]), _REMEDY)
    package = "keras" if (match.group(1) or "").lower() == "keras" else "tensorflow"
    least = (3, 0) if package == "keras" else (2, 0)
    if not least <= numbers(match.group(2))[:2] < (least[0] + 1,):
        raise InvalidArgument("A release is not one of TensorFlow 2 or Keras 3", match.group(2), _REMEDY)
    return AskedRelease(package, match.group(2))


def check(against: str | None, python: Path | None) -> None:
    """Refuse what cannot be compared with, before anything runs.

    Raises:
        InvalidArgument: no release can be read, no CPython for it is here, or the interpreter is none.
    """
    if python is not None:
        if not python.is_file() or not os.access(str(python), os.X_OK):
            remedy = "name the interpreter of an environment, such as .venv/bin/python"
            raise InvalidArgument("The interpreter of --against-python cannot be run", str(python), remedy)
    elif against is not None:
        interpreter_for(parse(against))


def interpreter_for(asked: AskedRelease) -> Path:
    """Return the CPython with which a release is installed.

    Raises:
        InvalidArgument: there is none of those that it has wheels for.
    """
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    if own in asked.pythons:
        return Path(sys.executable)
    for version in asked.pythons:
        for candidate in _candidates(version):
            if _output([str(candidate), "-c", _VERSION]) == f"CPython {version}":
                return candidate
    needed = asked.pythons[0] if len(asked.pythons) == 1 else f"{asked.pythons[-1]} to {asked.pythons[0]}"
    raise InvalidArgument(
        f"{asked.package} {asked.version} needs CPython {needed}",
        f"this is {own}, and none of them is on the path, in pyenv or among those of uv",
        f"run `uv python install {asked.pythons[0]}`, or name an interpreter that has it with --against-python",
    )


def _candidates(version: str) -> Iterator[Path]:
    on_path = shutil.which(f"python{version}")
    if on_path:
        yield Path(on_path)
    versions = Path(os.environ.get("PYENV_ROOT") or "~/.pyenv").expanduser() / "versions"
    yield from sorted(versions.glob(f"{version}.*/bin/python{version}"), reverse=True)
    uv = shutil.which("uv")
    # It is not asked to download one.
    of_uv = _output([uv, "python", "find", "--no-project", "--no-python-downloads", version]) if uv else ""
    if of_uv:
        yield Path(of_uv)


def _output(command: list[str]) -> str:
    """Return what a command prints, or an empty text where it fails."""
    with contextlib.suppress(OSError, subprocess.SubprocessError, UnicodeError):
        done = subprocess.run(command, capture_output=True, timeout=_DEADLINE, check=False)
        return done.stdout.decode().strip() if done.returncode == 0 else ""
    return ""


@contextlib.contextmanager
def opened(against: str | None, python: Path | None) -> Iterator[OtherRelease]:
    """Yield another release, installed for as long as this lasts, or that of an interpreter.

    Args:
        against: the release that is asked for; without it, whatever the interpreter has.
        python: the interpreter of an environment that has it.

    Raises:
        InvalidArgument: it cannot be installed, or the interpreter has none, or another one.
    """
    check(against, python)
    with contextlib.ExitStack() as stack:
        asked = None if against is None else parse(against)
        if python is None:
            assert asked is not None
            install = installed_releases.installed(",".join(asked.requirements), interpreter_for(asked))
            folder = stack.enter_context(install)
            python = next(one for one in (folder / "bin/python", folder / "Scripts/python.exe") if one.is_file())
        there = stack.enter_context(running_interpreter.opened(python))
        if asked is not None:
            _check_release(there.release, asked, python)
        yield OtherRelease(there.release, there.path, there.package)


def _check_release(release: Release, asked: AskedRelease, python: Path) -> None:
    actual = getattr(release, asked.package)
    if actual != asked.version and not actual.startswith(f"{asked.version}."):
        remedy = "leave --against out, or name an interpreter that has it"
        raise InvalidArgument("The interpreter has another release", f"{python}: {asked.package} {actual}", remedy)
