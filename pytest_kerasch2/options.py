"""The options as a table, and what was chosen as a frozen `Settings`.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, List, Sequence

import pytest

from pytest_kerasch2.errors import InvalidArgument

GROUP = "kerasch2"
MIRROR_VARIABLE = "KERASCH2_MIRROR"


@dataclass(frozen=True)
class Option:
    """One command-line option: its flag, its help, and what argparse needs besides.

    Attributes:
        metavar: what stands for its value; None for a switch.
        many: whether it may be given more than once.
    """

    flag: str
    help: str
    metavar: str | None = None
    many: bool = False

    @property
    def destination(self) -> str:
        """Return the attribute under which pytest keeps the value."""
        return "kerasch2_" + self.flag.lstrip("-").replace("-", "_")

    @property
    def long_flag(self) -> str:
        """Return the flag that nobody else has, such as `--kerasch2-benchmark`."""
        return f"--{GROUP}-{self.flag.lstrip('-')}"

    @property
    def flags(self) -> tuple[str, str]:
        """Return both flags."""
        return self.flag, self.long_flag

    def add_to(self, group: Any, taken: bool = False) -> None:
        """Register the option with a pytest option group; without a metavar it is a switch.

        Args:
            taken: whether the short flag is somebody else's, so that only the long one is registered.
        """
        kind: dict[str, Any] = {"action": "store_true", "default": False}
        if self.metavar is not None:
            kind = {"action": "append" if self.many else "store", "default": None, "metavar": self.metavar}
        help_text = (
            f"{self.help} ({self.flag} is an option of this project or of another plugin)" if taken else self.help
        )
        # The long one is not in the help of an option that has its short one: it would double its length.
        group.addoption(self.long_flag if taken else self.flag, dest=self.destination, help=help_text, **kind)
        if not taken:
            group.addoption(self.long_flag, dest=self.destination, help=argparse.SUPPRESS, **kind)


CHAPTER = Option("--chapter", "verify the claims of the Keras chapter on the installed TensorFlow")
FAULTS = Option(
    "--chapter-faults",
    "instead of verifying the chapter, verify the checks: each injected fault must turn its check broken, "
    "each benign change must leave it held",
)
RESULTS = Option("--chapter-results", "write all verdicts with their evidence to this JSON file", "FILE")
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
CHANGED = Option(
    "--chapter-changed",
    "take the verdicts of an earlier run over where nothing that they depend on has changed since, and run the others",
)
DOCUMENT = Option(
    "--chapter-document",
    "run the code of this document, block by block, and make a test of each block; it is code of somebody else, which "
    "this option lets run as you (may be given more than once)",
    "FILE",
    many=True,
)
BENCHMARK = Option(
    "--benchmark", "time the benchmarks, in files bench_*.py and in tests that use step_benchmark, and run nothing else"
)
FULL = Option("--benchmark-full", "the same with all batch sizes, on all images, and for longer")
PLOT = Option(
    "--benchmark-plot", "the same, and draw the time of a step by its batch size into this .png or .svg", "FILE"
)
OPTIONS = (
    CHAPTER, FAULTS, RESULTS, DEVICES, MIRROR, OFFLINE, ACCURACY, TRAININGS, CHANGED, DOCUMENT, BENCHMARK, FULL, PLOT,
)  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """What was chosen on the command line and in the environment.

    Attributes:
        devices: kinds with commas between, or None for every device present.
        mirror: folder with archives, or None.
        results: file to be written, or None.
        accuracy: train for ten epochs.
        trainings: folder that keeps the curves, or None for pytest's cache.
        changed: run only what may have changed since an earlier run.
        documents: files whose blocks are run.
        benchmark: run the benchmarks and nothing else.
        full: all of them.
        plot: picture to be drawn of them, or None.
    """

    chapter: bool = False
    faults: bool = False
    results: Path | None = None
    devices: str | None = None
    mirror: Path | None = None
    offline: bool = False
    accuracy: bool = False
    trainings: Path | None = None
    changed: bool = False
    documents: tuple[Path, ...] = ()
    benchmark: bool = False
    full: bool = False
    plot: Path | None = None


SETTINGS = pytest.StashKey[Settings]()
YIELDED = pytest.StashKey[List[Option]]()
IDLE = pytest.StashKey[List[str]]()


def read(config: Any) -> Settings:
    """Return the settings of a pytest run.

    Raises:
        InvalidArgument: an option that says something about the chapter has an empty value.
    """
    faults = bool(_value(config, FAULTS))
    accuracy = bool(_value(config, ACCURACY))
    changed = bool(_value(config, CHANGED))
    full = bool(_value(config, FULL))
    plot = _path(config, PLOT)
    return Settings(
        chapter=bool(_value(config, CHAPTER)) or faults or accuracy or changed,
        faults=faults,
        results=_path(config, RESULTS),
        devices=_value(config, DEVICES),
        mirror=_path(config, MIRROR) or _variable_path(),
        offline=bool(_value(config, OFFLINE)),
        accuracy=accuracy,
        trainings=_path(config, TRAININGS),
        changed=changed,
        documents=tuple(_path_of(config, DOCUMENT, one) for one in _value(config, DOCUMENT) or ()),
        benchmark=bool(_value(config, BENCHMARK)) or full or plot is not None,
        full=full,
        plot=plot,
    )


def without_effect(settings: Settings) -> list[str]:
    """Return a sentence for each option that changes nothing in this run, because another one is missing."""
    idle = [
        (RESULTS, settings.results, settings.chapter, CHAPTER),
        (TRAININGS, settings.trainings, settings.accuracy, ACCURACY),
    ]
    sentences = [
        f"{option.flag} has no effect without {needed.flag}."
        for option, value, there, needed in idle
        if value is not None and not there
    ]
    if settings.documents and settings.benchmark:
        sentences.append(f"{DOCUMENT.flag} has no effect with {BENCHMARK.flag}, which runs nothing else.")
    if settings.changed and settings.faults:
        sentences.append(f"{CHANGED.flag} has no effect with {FAULTS.flag}, which judges the checks anew.")
    if settings.results is not None and settings.faults:
        sentences.append(
            f"{RESULTS.flag} has no effect with {FAULTS.flag}, which judges the checks and not the chapter."
        )
    return sentences


def check_effects(settings: Settings, given: Sequence[Any]) -> list[str]:
    """Refuse options of the command line that change nothing, and return what is to be said of those of a file.

    In a configuration file or PYTEST_ADDOPTS an option waits for the run that uses it.

    Args:
        settings: of this run.
        given: the arguments of the command line alone.

    Raises:
        InvalidArgument: such an option stands on the command line.
    """
    sentences = without_effect(settings)
    written = {str(one).partition("=")[0] for one in given}
    for sentence in sentences:
        option = next(one for one in OPTIONS if sentence.startswith(f"{one.flag} "))
        if written.intersection(option.flags):
            raise InvalidArgument(sentence.rstrip("."), "", "add the other option, or leave this one out")
    return sentences


def _value(config: Any, option: Option) -> Any:
    # Where the option is not used it is not registered.
    return config.getoption(option.destination, None)


def _path(config: Any, option: Option) -> Path | None:
    value = _value(config, option)
    return None if value is None else _path_of(config, option, value)


def _path_of(config: Any, option: Option, value: str) -> Path:
    if not value.strip():
        raise InvalidArgument(
            f"{option.flag} must have a value, got {value!r}", "", f"write {option.flag}={option.metavar}"
        )
    # Relative to where pytest was called, also in xdist workers.
    return Path(str(config.invocation_params.dir), value)


def _variable_path() -> Path | None:
    value = os.environ.get(MIRROR_VARIABLE, "")
    return Path(value).absolute() if value.strip() else None
