"""From the README's first command to the first verdict on screen: what the time goes into, on this machine.

    python -m evaluation.first_use                with the caches that pip and uv have here
    python -m evaluation.first_use --cold         with empty ones: everything is fetched from the registry

The command runs in a fresh clone of the last commit, in a folder that is removed. Each line that it prints is timed; by
what it says a part of the work begins. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
# What a line says that begins a part, in the order in which they come.
PARTS = (
    ("a virtual environment, and tox in it", r"$^"),
    ("tox makes its environment", r"chapter: venv>|chapter: .*create"),
    ("TensorFlow is installed", r"chapter: install_deps>"),
    ("this package is built", r"\.pkg: "),
    ("this package is installed, with what it needs", r"chapter: install_package_deps>"),
    ("pytest starts, and imports the framework", r"chapter: commands\[0\]>"),
    ("the first verdict, of all claims", r"test session starts"),
    ("the other verdicts", r"adoption\S*\.py [.xs]"),
)


def command() -> str:
    """Return the first command of the README."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (found,) = re.findall(r"<!-- chapter -->\n```sh\n(.*?)\n```", text, re.DOTALL)
    return str(found)


def timed(folder: Path, environment: dict[str, str]) -> Iterator[tuple[float, str]]:
    """Yield the lines that the command prints, each with the seconds since it was started."""
    began = time.monotonic()
    process = subprocess.Popen(
        ["bash", "-c", command()], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert process.stdout is not None
    line = b""
    # pytest writes a file's name, and its verdicts later on the same line.
    for character in iter(lambda: process.stdout.read(1), b""):  # type: ignore[union-attr]
        line += character
        if character == b"\n" or re.search(rb"\.py [.xs]$", line):
            yield time.monotonic() - began, line.decode("utf-8", "replace")
            line = b"" if character == b"\n" else line
    process.wait()
    yield time.monotonic() - began, "the end"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure once, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m evaluation.first_use", description=__doc__)
    parser.add_argument("--cold", action="store_true")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "clone"
        subprocess.run(["git", "clone", "-q", "--depth=1", f"file://{ROOT}", str(folder)], check=True)
        environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
        if options.cold:
            environment.update(UV_CACHE_DIR=f"{place}/uv", PIP_CACHE_DIR=f"{place}/pip")
        begins = {PARTS[0][0]: 0.0}
        last = 0.0
        for seconds, line in timed(folder, environment):
            last = seconds
            for name, pattern in PARTS:
                if name not in begins and re.search(pattern, line):
                    begins[name] = seconds
            if options.cold or "--" in line:
                sys.stderr.write(f"{seconds:7.1f} {line.rstrip()[:150]}\n")
    rows = [(name, begins[name]) for name, _ in PARTS if name in begins]
    ends = [*(at for _, at in rows[1:]), last]
    sys.stdout.write("| part | begins at | takes |\n| --- | ---: | ---: |\n")
    sys.stdout.writelines(f"| {name} | {at:.1f} s | {end - at:.1f} s |\n" for (name, at), end in zip(rows, ends))
    return 0


if __name__ == "__main__":
    sys.exit(main())
