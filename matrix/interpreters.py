"""Finds CPython of a minor version where people have it: on the path, in pyenv, among uv's."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Iterator

from matrix.errors import Absent
from pytest_kerasch2.claims.release import numbers

_ASK = "import platform, sys; print(platform.python_implementation(), '%d.%d' % sys.version_info[:2])"


def find(version: str) -> Path:
    """Return an interpreter of CPython `3.11`, or another minor version, that starts.

    Raises:
        Absent: there is none.
    """
    for candidate in _candidates(version):
        # A shim of pyenv stands on the path for every version and refuses to start most of them.
        if _answer([str(candidate), "-c", _ASK]) == f"CPython {version}":
            return candidate
    raise Absent(
        f"There is no CPython {version}",
        "none on the path, in pyenv or among those of uv",
        f"install one, for instance with `uv python install {version}` or `pyenv install {version}`",
    )


def _candidates(version: str) -> Iterator[Path]:
    on_path = shutil.which(f"python{version}")
    if on_path:
        yield Path(on_path)
    yield from _of_pyenv(version)
    of_uv = _answer(["uv", "python", "find", "--no-project", "--no-python-downloads", version])
    if of_uv:
        yield Path(of_uv)


def _of_pyenv(version: str) -> list[Path]:
    # Its folder is looked for without its command too, which a shell may know and this process may not.
    root = Path(_answer(["pyenv", "root"]) or os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders = [folder for folder in root.glob(f"versions/{version}.*") if folder.name[0].isdigit()]
    newest_first = sorted(folders, key=lambda folder: numbers(folder.name), reverse=True)
    return [folder / "bin" / f"python{version}" for folder in newest_first]


def _answer(command: list[str]) -> str:
    try:
        # In a session of its own: Ctrl-C, which would end it too, would be taken for its answer.
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, start_new_session=True)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
