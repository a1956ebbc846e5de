"""Releases, each installed into an environment of its own for as long as it is compared."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Iterator, Mapping

from pytest_kerasch2 import ending, folders
from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.suggestions import did_you_mean
from pytest_kerasch2.timing.revisions import CREDENTIALS

# Such as tensorflow==2.15.1,python==3.11: packages with commas between, the first of them with its version.
RELEASE = re.compile(r"[A-Za-z0-9][\w.-]*(\[[\w,.-]+\])?==[\w.+!-]+(,\S+)?")
MISSPELT = re.compile(r"([A-Za-z][\w.-]*(?:\[[\w,.-]+\])?)\s*(?:=|[<>~!]=|[<>]|\s)\s*(\d[\w.]*)")
# A package of another name than these is not refused: these are what is meant most often.
COMMON_PACKAGES = (
    "tensorflow",
    "tensorflow-cpu",
    "tf-nightly",
    "keras",
    "keras-nightly",
    "tf_keras",
    "jax",
    "jaxlib",
    "torch",
)
PYTHON = re.compile(r"python==(\d+(?:\.\d+)*)")
# Where Keras is asked for with one of these, and without TensorFlow, it runs on it.
BACKENDS = ("jax", "torch")
# The last characters of an installer's output that a message shows.
MAX_OUTPUT = 300


def is_release(name: str) -> bool:
    """Return whether words name a release."""
    return RELEASE.fullmatch(name) is not None


def check_spelling(name: str) -> None:
    """Refuse words that were meant to be a release, such as `tensorflow=2.15.1`, before they are taken for a revision.

    Raises:
        InvalidArgument: saying how a release is written.
    """
    match = MISSPELT.match(name)
    if match:
        package, version = match.groups()
        raise InvalidArgument("A release needs an exact version", repr(name), f"write {package}=={version}")


def release_variables(name: str) -> Mapping[str, str]:
    """Return the environment variables that a release needs: on which backend its Keras runs."""
    names = [re.split(r"[^\w.-]", one)[0].lower() for one in name.split(",")]
    backends = [name for name in names if name in BACKENDS]
    return (
        {"KERAS_BACKEND": backends[0]} if backends and not any(name.startswith("tensorflow") for name in names) else {}
    )


@contextlib.contextmanager
def installed(name: str, interpreter: Path | None = None) -> Iterator[Path]:
    """Yield an environment in which a release is installed; by uv where it is there, or else by pip.

    Args:
        name: requirements with commas between; `python==3.11` among them says for which CPython, with uv alone.
        interpreter: the CPython that is taken, in the place of one that is named.

    Raises:
        InvalidArgument: it cannot be installed, or holds something else than requirements, such as an option of pip.
    """
    asked = parse_requirements(name)
    versions = [problem[1] for problem in map(PYTHON.fullmatch, asked) if problem]
    python = versions[-1] if versions else f"{sys.version_info.major}.{sys.version_info.minor}"
    packages = [one for one in asked if not PYTHON.fullmatch(one)]
    uv = shutil.which("uv")
    if interpreter is not None:
        python, versions = str(interpreter), []
    if uv is None and versions and sys.version.split()[0].split(".")[: python.count(".") + 1] != python.split("."):
        problem = f"{name}; this is CPython {sys.version.split()[0]}"
        raise InvalidArgument("Another CPython needs uv", problem, "install uv, or leave python== out")
    with folders.temporary("release") as place:
        folder = str(place)
        if uv is None:
            _run_installer(name, [str(interpreter or sys.executable), "-m", "venv", folder])
            # The package itself goes there as a copy; what it needs is what every framework needs too.
            inside = next(one for one in (place / "bin/python", place / "Scripts/python.exe") if one.is_file())
            _run_installer(
                name, [str(inside), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--", *packages]
            )
        else:
            _run_installer(name, [uv, "venv", "-q", "--python", python, folder])
            _run_installer(name, [uv, "pip", "install", "-q", "--python", folder, "--", *packages])
        yield place


def _run_installer(name: str, command: list[str]) -> None:
    done = subprocess.run(ending.bound(command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        output = CREDENTIALS.sub("...@", " ".join(done.stdout.split()))[-MAX_OUTPUT:]
        remedy = "install it into an environment yourself, and name that"
        package = re.split(r"[^\w.-]", name)[0]
        remedy += "" if package in COMMON_PACKAGES else did_you_mean(package, COMMON_PACKAGES, before="; ")
        raise InvalidArgument("The release cannot be installed", f"{name}: {output}", remedy)


# An installer takes options, files and addresses where it takes requirements, some of them within a file or behind a
# comma. So what is passed on is what has been read here.
# https://packaging.python.org/en/latest/specifications/dependency-specifiers/, without addresses and markers.
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,80}[A-Za-z0-9])?"
_SPECIFIER = r"(?:===|~=|[=!<>]=|[<>]) *[A-Za-z0-9][A-Za-z0-9._*+!-]{0,80}"
_REQUIREMENT = re.compile(
    rf" *({_NAME}) *(\[ *{_NAME}(?: *, *{_NAME})* *\])? *({_SPECIFIER}(?: *, *{_SPECIFIER})*)? *(?:,|\Z)"
)
REQUIREMENT_REMEDY = "write a name and versions, such as keras==3.15.1 or numpy>=1.26,<2"


def parse_requirements(text: str) -> list[str]:
    """Return the requirements of a text that has commas between them.

    Raises:
        InvalidArgument: one is an option, a file, an address, or nothing.
    """
    requirements: list[str] = []
    place = 0
    while place < len(text) or not requirements or text[place - 1] == ",":
        one = _REQUIREMENT.match(text, place)
        if one is None:
            raise InvalidArgument(
                "A requirement must be a package name and versions", repr(text[place : place + 100]), REQUIREMENT_REMEDY
            )
        requirements.append("".join(part.replace(" ", "") for part in one.groups() if part))
        place = one.end()
    return requirements


def parse_requirement(text: str) -> str:
    """Return one requirement.

    Raises:
        InvalidArgument: it is none, or several.
    """
    requirements = parse_requirements(text)
    if len(requirements) > 1:
        raise InvalidArgument("A requirement must name one package", repr(text[:100]), REQUIREMENT_REMEDY)
    return requirements[0]
