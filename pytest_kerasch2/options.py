"""The options as a table, and what was chosen as a frozen `Settings`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping

import pytest

from pytest_kerasch2.errors import BadSetting

GROUP = "kerasch2"
MIRROR_VARIABLE = "KERASCH2_MIRROR"


@dataclass(frozen=True)
class Option:
    """One command-line option: its flag, its help, and what argparse needs besides."""

    flag: str
    help: str
    metavar: str | None = None

    @property
    def destination(self) -> str:
        """Give the attribute under which pytest keeps the value."""
        return "kerasch2_" + self.flag.lstrip("-").replace("-", "_")

    def add_to(self, group: Any) -> None:
        """Register the option with a pytest option group; without a metavar it is a switch."""
        if self.metavar is None:
            group.addoption(self.flag, dest=self.destination, action="store_true", default=False, help=self.help)
        else:
            group.addoption(
                self.flag, dest=self.destination, action="store", default=None, metavar=self.metavar, help=self.help
            )


CHAPTER = Option("--chapter", "verify the claims of the Keras chapter on the installed TensorFlow")
SABOTEURS = Option(
    "--chapter-saboteurs",
    "instead of verifying the chapter, verify the checks: each planted fault must turn its check broken, "
    "each harmless variation must leave it held",
)
LEDGER = Option("--chapter-ledger", "write all verdicts with their evidence to this JSON file", "FILE")
DEVICES = Option("--chapter-devices", "devices to use, such as cpu,gpu (default: every device present)", "KINDS")
MIRROR = Option(
    "--chapter-mirror", f"folder with data set archives, looked into first (or the variable {MIRROR_VARIABLE})", "DIR"
)
OFFLINE = Option("--chapter-offline", "never use the network for a data set")
ACCURACY = Option("--chapter-accuracy", "verify the printed losses and accuracies too: trains for ten epochs, 12 times")
TRAININGS = Option(
    "--chapter-trainings",
    "folder that keeps the curves of --chapter-accuracy; those that are there are not trained again "
    "(default: in pytest's cache)",
    "DIR",
)
PYTHON = Option(
    "--chapter-python",
    "verify on the Keras of this interpreter instead, which runs on Theano or CNTK and is too old for this plugin",
    "PATH",
)
BENCHMARK = Option(
    "--benchmark", "time the benchmarks, in files bench_*.py and in tests that use step_benchmark, and run nothing else"
)
FULL = Option("--benchmark-full", "the same with all batch sizes, on all images, and for longer")
PLOT = Option(
    "--benchmark-plot", "the same, and draw the time of a step by its batch size into this .png or .svg", "FILE"
)
OPTIONS = (CHAPTER, SABOTEURS, LEDGER, DEVICES, MIRROR, OFFLINE, ACCURACY, TRAININGS, PYTHON, BENCHMARK, FULL, PLOT)


@dataclass(frozen=True)
class Settings:
    """What was chosen on the command line and in the environment.

    Attributes:
        devices: kinds with commas between, or None for every device present.
        mirror: folder with archives, or None.
        ledger: file to be written, or None.
        accuracy: train for ten epochs.
        trainings: folder that keeps the curves, or None for pytest's cache.
        python: interpreter with an early Keras, or None for the one that runs pytest.
        benchmark: run the benchmarks and nothing else.
        full: all of them.
        plot: picture to be drawn of them, or None.
    """

    chapter: bool = False
    saboteurs: bool = False
    ledger: Path | None = None
    devices: str | None = None
    mirror: Path | None = None
    offline: bool = False
    accuracy: bool = False
    trainings: Path | None = None
    python: Path | None = None
    benchmark: bool = False
    full: bool = False
    plot: Path | None = None


SETTINGS = pytest.StashKey[Settings]()


def register(parser: Any) -> None:
    """Add every option of the table to pytest's parser."""
    group = parser.getgroup(GROUP, "the Keras chapter, verified")
    for option in OPTIONS:
        option.add_to(group)


def read(config: Any, environ: Mapping[str, str] = os.environ) -> Settings:
    """Give the settings of a pytest run.

    Raises:
        BadSetting: an option that says something about the chapter has an empty value.
    """
    saboteurs = bool(config.getoption(SABOTEURS.destination))
    accuracy = bool(config.getoption(ACCURACY.destination))
    full = bool(config.getoption(FULL.destination))
    plot = _path(config, PLOT)
    mirror = _path(config, MIRROR) or _variable_path(environ)
    return Settings(
        chapter=bool(config.getoption(CHAPTER.destination)) or saboteurs or accuracy,
        saboteurs=saboteurs,
        ledger=_path(config, LEDGER),
        devices=config.getoption(DEVICES.destination),
        mirror=mirror,
        offline=bool(config.getoption(OFFLINE.destination)),
        accuracy=accuracy,
        trainings=_path(config, TRAININGS),
        python=_path(config, PYTHON),
        benchmark=bool(config.getoption(BENCHMARK.destination)) or full or plot is not None,
        full=full,
        plot=plot,
    )


def _path(config: Any, option: Option) -> Path | None:
    value = config.getoption(option.destination)
    if value is None:
        return None
    if not value.strip():
        raise BadSetting(f"{option.flag} has no value", repr(value), f"write {option.flag}={option.metavar}")
    # Relative to where pytest was called, also in xdist workers.
    return Path(str(config.invocation_params.dir), value)


def _variable_path(environ: Mapping[str, str]) -> Path | None:
    value = environ.get(MIRROR_VARIABLE, "")
    return Path(value).absolute() if value.strip() else None
