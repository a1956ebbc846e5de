"""What uv is asked for: the pins of an environment, and the environment from its pins."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Mapping, Sequence

from matrix import paths
from matrix.columns import Column, Releases
from matrix.errors import ToolMissing
from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.files import write_text

# What the plugin brings into a column beside its own dependencies.
EXTRAS = ("digits", "workers")


def uv() -> str:
    """Return the program uv.

    Raises:
        ToolMissing: it is not installed.
    """
    program = shutil.which("uv")
    if program is None:
        raise ToolMissing("uv is not installed", "no program of that name on the path", "install it: `pip install uv`")
    return program


def wheels(environ: Mapping[str, str]) -> str:
    """Return where the user keeps wheels, in uv's way of writing it; empty where he names no place.

    uv does not read pip's variables; who has wheels for pip has them for uv.
    """
    return environ.get("UV_FIND_LINKS", "") or ",".join(environ.get("PIP_FIND_LINKS", "").split())


def surroundings(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment variables under which uv is run."""
    links = wheels(environ)
    kept = {name: value for name, value in environ.items() if name not in ("VIRTUAL_ENV", "UV_EXCLUDE_NEWER")}
    return {**kept, **({"UV_FIND_LINKS": links} if links else {}), "UV_NO_PROGRESS": "1"}


def to_torch(torch: str, environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return the options that lead uv to PyTorch's own index, unless the user has the wheels."""
    return [] if not torch or wheels(environ) else ["--torch-backend", torch]


def install(python: Path, pins: Path, as_of: str, torch: str = "") -> list[str]:
    """Return the command that installs the pins into an environment, and builds with nothing newer than a day."""
    options = ["--require-hashes", "--exclude-newer", as_of, *to_torch(torch)]
    return [uv(), "pip", "install", "--python", str(python), *options, "--requirement", str(pins)]


def pin(releases: Releases, columns: Sequence[Column]) -> None:
    """Write the pins of these columns anew.

    Raises:
        InvalidArgument: what a release requires cannot be had together; nothing is written for it.
    """
    paths.PINS.mkdir(exist_ok=True)
    for column in columns:
        _pin(column, releases.as_of)


def _pin(column: Column, as_of: str) -> None:
    name, python, torch = column.environment, column.python, column.torch
    # What a copy of the plugin needs on an older CPython, its release names itself: the plugin asks for what is newer.
    with_plugin = [] if column.is_backported else ["pyproject.toml", *(f"--extra={extra}" for extra in EXTRAS)]
    options = ["--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url", "--python-version", python]
    done = subprocess.run(
        [uv(), "pip", "compile", "--quiet", "-", *with_plugin, *options, "--exclude-newer", as_of, *to_torch(torch)],
        input="\n".join(column.requires),
        capture_output=True,
        text=True,
        cwd=paths.ROOT,
        env=surroundings(),
        check=False,
    )
    if done.returncode:
        remedy = f"mend `requires` of {name} in {paths.RELEASES.name}"
        raise InvalidArgument(
            "What a release requires cannot be had together", f"{name}: {done.stderr.strip()}", remedy
        )
    header = f"# {name} on CPython {python}, Linux on x86-64, as of {as_of}: python -m matrix pin {name}\n"
    write_text(header + done.stdout, paths.pins(name))


def pinned(text: str) -> dict[str, str]:
    """Return name -> version of what a file of pins holds; names in small letters with hyphens."""
    return {
        re.sub(r"[-_.]+", "-", name).lower(): version
        for name, version in re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", text, re.MULTILINE)
    }
