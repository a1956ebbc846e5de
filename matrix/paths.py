"""Where things lie: what is committed, and what the runs make."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[1]
PLUGIN = ROOT / "pytest_kerasch2"
RELEASES = ROOT / "matrix" / "releases.toml"
PINS = ROOT / "matrix" / "pins"
FIGURES = ROOT / "matrix" / "figures"
DOCS = ROOT / "docs"

MADE = ROOT / ".matrix"
ENVIRONMENTS = MADE / "envs"
RESULTS = MADE / "results"
STATES = MADE / "states"
LOGS = MADE / "logs"
WORK = MADE / "work"
WHEELS = MADE / "wheels"
TRAININGS = MADE / "trainings"
ATLAS = MADE / "atlas"


def make() -> None:
    """Make the folders that the runs write into."""
    for folder in (ENVIRONMENTS, RESULTS, STATES, LOGS, WORK, WHEELS, TRAININGS, ATLAS):
        folder.mkdir(parents=True, exist_ok=True)


def pins(name: str) -> Path:
    """Return the file with the pins of an environment."""
    return PINS / f"{name}.txt"


def environment(name: str) -> Path:
    """Return the folder of a virtual environment."""
    return ENVIRONMENTS / name


def results(name: str) -> Path:
    """Return the results file of a column."""
    return RESULTS / f"{name}.json"


def figures(name: str) -> Path:
    """Return the committed results of the printed figures of a column, which a run of its own trained for."""
    return FIGURES / f"{name}.json"


def absence(name: str) -> Path:
    """Return the note that says why a column has no results file."""
    return RESULTS / f"{name}.absent.txt"


def state(name: str) -> Path:
    """Return the file that says of what files the results file of a column is."""
    return STATES / f"{name}.json"


def log(name: str) -> Path:
    """Return the file into which the latest run of a column talks."""
    return LOGS / f"{name}.log"


def walk(name: str) -> Path:
    """Return the file with the names that were walked on a column."""
    return ATLAS / f"{name}.json"
