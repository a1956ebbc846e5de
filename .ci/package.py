"""Build the package, and check what is built: `python .ci/package.py FOLDER`. Needs uv and the deps of tox.ini."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
# uv is to take the newest TensorFlow beside us that it takes alone.
RESOLVED_FOR = ("3.10", "3.13")
FOLDERS = (".ci", ".github", "benchmarks", "changelog.d", "docs", "evaluation", "matrix", "pytest_kerasch2", "tests")
FILES = (
    *("CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "SECURITY.md"),
    *("conftest.py", "pyproject.toml", "tox.ini", "toxfile.py"),
)
# Quick ones that read the files around the package, and need no framework.
TESTS = ("tests/meta/test_readme.py", "tests/meta/test_package.py", "tests/unit/test_cli.py")


def main(folder: Path) -> None:
    """Build into a folder, and check it."""
    shutil.rmtree(folder, ignore_errors=True)
    _run("uv", "build", "--quiet", "--out-dir", str(folder), str(PROJECT))
    (source,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    _run("twine", "check", "--strict", str(source), str(wheel))
    _run("check-wheel-contents", str(wheel))
    _run("validate-pyproject", str(PROJECT / "pyproject.toml"))
    _run("pyroma", "--min", "10", str(source))
    _check_wheel(wheel)
    _check_source(source)
    _check_newest_tensorflow()
    _run_tests_of(source, wheel, folder)


def _run(*words: str, folder: Path = PROJECT) -> str:
    print("$", *words, flush=True)
    done = subprocess.run(words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise SystemExit(f"{done.stdout}\n{words[0]} ended with {done.returncode}")
    return done.stdout


def _require(holds: bool, what: str) -> None:
    print("ok:" if holds else "NOT SO:", what, flush=True)
    if not holds:
        raise SystemExit(1)


def _check_wheel(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names}
    package = {top for top in tops if not top.endswith(".dist-info")}
    _require(package == {"pytest_kerasch2"}, f"the wheel holds the package alone: {sorted(package)}")
    tracked = {name for name in _tracked() if name.startswith("pytest_kerasch2/")}
    _require(tracked <= set(names), f"it holds each file of it: {sorted(tracked - set(names))[:5]} lack")


def _check_source(source: Path) -> None:
    with tarfile.open(source) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    needed = {name for name in _tracked() if name in FILES or name.partition("/")[0] in FOLDERS}
    _require(len(needed) > 500, f"git lists the files: {len(needed)}")
    _require(needed <= names, f"the sdist holds tests, docs and changelog: {sorted(needed - names)[:5]} lack")


def _tracked() -> list[str]:
    return _run("git", "ls-files").splitlines()


def _check_newest_tensorflow() -> None:
    for python in RESOLVED_FOR:
        compiled = ("uv", "pip", "compile", "--quiet", "--no-header", "--python-version", python)
        beside = _tensorflow(_run(*compiled, "--extra", "tensorflow", "pyproject.toml"))
        bare = subprocess.run([*compiled, "-"], input="tensorflow", stdout=subprocess.PIPE, text=True)
        alone = _tensorflow(bare.stdout)
        _require(beside == alone != "", f"uv takes TensorFlow {beside} on CPython {python}, and {alone} alone")


def _tensorflow(resolved: str) -> str:
    match = re.search(r"^tensorflow==(\S+)", resolved, flags=re.MULTILINE)
    return match[1] if match else ""


def _run_tests_of(source: Path, wheel: Path, folder: Path) -> None:
    with tarfile.open(source) as archive:
        archive.extractall(folder)  # of our own making
    unpacked = folder / source.name[: -len(".tar.gz")]
    environment = folder / "environment"
    _run("uv", "venv", "--quiet", "--python", sys.executable, str(environment))
    python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    _run("uv", "pip", "install", "--quiet", "--python", str(environment), f"{wheel}[tests,report]")
    print(_run(str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS, folder=unpacked)[-200:])


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
