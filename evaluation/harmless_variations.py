"""Runs the whole chapter under changes that must flip no verdict, and compares claim by claim.

python -m evaluation.harmless_variations --folder FOLDER        all; what FOLDER has already is not run again
python -m evaluation.harmless_variations --folder FOLDER --only "40 columns"

Each variation is one run of `pytest --chapter`, some two minutes on two idle cores; the first one changes nothing and
is what the others are compared with. The folder must not be inside a project of pytest's.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Mapping, Sequence

from pytest_kerasch2.claims import results
from pytest_kerasch2.files import write_text
from pytest_kerasch2.foreign import cell

ROOT = Path(__file__).parent.parent
PLACE = ROOT / "docs" / "harmless-variations.md"
HEAD = """<!-- Written by `python -m evaluation.harmless_variations --folder FOLDER`. -->
# What flips no verdict

The whole chapter, run under changes of its surroundings that say nothing about Keras, and compared claim by claim with
a run that changes nothing. No verdict may differ.
"""
# pytest's own exit statuses: all as recorded; something is not.
ENDED = (0, 1)


@dataclass(frozen=True)
class Variation:
    """A change of what is around the chapter, which says nothing about Keras.

    Attributes:
        name: in the table.
        variables: environment variables beside the usual ones.
        options: of the interpreter.
        before: commands of a shell, before it.
        terminal: whether it has one; without, its three streams are /dev/null, and nothing names a width.
    """

    name: str
    variables: Mapping[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    before: str = ""
    terminal: bool = True


def _locale(name: str) -> Variation:
    return Variation(f"locale {name}", {"LC_ALL": name, "LANG": name})


USUAL = Variation("nothing changed")
VARIATIONS = (
    USUAL,
    *(Variation(f"{width} columns", {"COLUMNS": str(width)}) for width in (20, 40, 60, 200)),
    Variation("no terminal", terminal=False),
    Variation("one thread", {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "OMP_NUM_THREADS": "1"}),
    Variation("eight threads", {"TF_NUM_INTRAOP_THREADS": "8", "TF_NUM_INTEROP_THREADS": "8", "OMP_NUM_THREADS": "8"}),
    Variation("oneDNN off", {"TF_ENABLE_ONEDNN_OPTS": "0"}),
    *map(_locale, ("de_DE.UTF-8", "tr_TR.UTF-8", "C")),
    Variation("time zone +14", {"TZ": "Pacific/Kiritimati"}),
    Variation("time zone -11", {"TZ": "Pacific/Pago_Pago"}),
    Variation("hash seed 1", {"PYTHONHASHSEED": "1"}),
    Variation("hash seed 4242", {"PYTHONHASHSEED": "4242"}),
    Variation("python -O", {"PYTHONOPTIMIZE": "1"}, ("-O",)),
    Variation("python -X dev", {"PYTHONDEVMODE": "1"}, ("-X", "dev")),
    Variation("a home that cannot be written", {"HOME": "/proc/home"}),
    Variation("umask 077", before="umask 077; "),
)


def main() -> int:
    """Run what is missing, and print the table.

    Returns:
        0; 1 where a verdict is another, or a run did not end.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="where the results files are kept")
    parser.add_argument("--only", default="", help="variations whose name has these words")
    chosen = parser.parse_args()
    folder = chosen.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    _make_locales(folder / "locales")
    usual = _verdicts(USUAL, folder)
    flipped: dict[str, list[str]] = {}
    for one in VARIATIONS:
        if one is not USUAL and chosen.only in one.name:
            flipped[one.name] = differences(usual, _verdicts(one, folder))
            sys.stdout.write(f"{one.name:30} {len(flipped[one.name])} of {len(usual)} verdicts differ\n")
            sys.stdout.writelines(f"    {line}\n" for line in flipped[one.name])
            sys.stdout.flush()
    if not chosen.only:
        write_text(page(flipped, len(usual), _release(folder)), PLACE)
    return int(any(flipped.values()))


def page(flipped: Mapping[str, Sequence[str]], claims: int, release: str) -> str:
    """Return the page: for each variation how many verdicts differ, and which."""
    rows = [f"| {cell(name)} | {len(lines)} | {cell('; '.join(lines))} |" for name, lines in flipped.items()]
    heading = [HEAD, f"{claims} claims on {release}.", "", "| Variation | verdicts that differ | which |"]
    return "\n".join([*heading, "| --- | ---: | --- |", *rows]) + "\n"


def _release(folder: Path) -> str:
    facts = results.read(_file_of(USUAL, folder))["environment"]
    return f"TensorFlow {facts['tensorflow']}, Keras {facts['keras']}, Python {facts['python']}"


def differences(usual: Mapping[str, str], varied: Mapping[str, str] | None) -> list[str]:
    """Return in words which verdicts are not those of the usual run; a run that did not end is one difference."""
    if varied is None:
        return ["its run did not end"]
    names = list(dict.fromkeys([*usual, *varied]))
    pairs = [(name, usual.get(name, "none"), varied.get(name, "none")) for name in names]
    return [f"{name}: {before} -> {after}" for name, before, after in pairs if before != after]


def _verdicts(one: Variation, folder: Path) -> Any:
    file = _file_of(one, folder)
    # Of a run that was stopped the results file is there, and not complete.
    whole = file.exists() and results.read(file)["complete"]
    if not whole and (_run(one, folder, file) not in ENDED or not file.exists()):
        return None
    return {entry["id"]: f"{entry['verdict']}, as {entry['expected']}" for entry in results.read(file)["claims"]}


def _file_of(one: Variation, folder: Path) -> Path:
    return folder / f"{one.name.replace(' ', '-')}.json"


def _run(one: Variation, folder: Path, file: Path) -> int:
    ini = folder / "pytest.ini"
    ini.write_text("[pytest]\n", encoding="utf-8")
    command = [sys.executable, *one.options, "-m", "pytest", "-c", str(ini), f"--rootdir={folder}", "-q", "--tb=no"]
    command += ["-p", "no:cacheprovider", "-p", "no:randomly", "--chapter", f"--chapter-results={file}"]
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    variables = {"COLUMNS": "100", **os.environ, "PYTHONPATH": path, "LOCPATH": str(folder / "locales")}
    if not one.terminal:
        for name in ("COLUMNS", "LINES", "TERM"):
            variables.pop(name, None)
    streams: Any = {} if one.terminal else dict.fromkeys(("stdin", "stdout"), subprocess.DEVNULL)
    with (folder / f"{file.stem}.log").open("wb") as log:
        streams = {"stdout": log, "stderr": log, **streams} if one.terminal else {**streams, "stderr": log}
        line = ["sh", "-c", f'{one.before}exec "$@"', "sh", *command]
        return subprocess.run(line, cwd=folder, env={**variables, **one.variables}, check=False, **streams).returncode


def _make_locales(folder: Path, names: Sequence[str] = ("de_DE", "tr_TR")) -> None:
    """Make the locales that few machines have, where the system can; without them a name of a locale changes little."""
    folder.mkdir(exist_ok=True)
    for name in names:
        if not (folder / f"{name}.UTF-8").exists():
            command = ["localedef", "-i", name, "-f", "UTF-8", str(folder / f"{name}.UTF-8")]
            if subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
                sys.stderr.write(f"the locale {name} cannot be made here\n")


if __name__ == "__main__":
    sys.exit(main())
