"""What the help of each command says: its purpose, an example, and its exit statuses; and what an extra brings."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Mapping

THING = "an environment, an interpreter, a release or a git revision"
METRIC = "what a margin refers to, such as val_auc:higher (default: the validation accuracy, or the last metric)"
CLUSTER = "train on a Dask scheduler (tcp://host:8786) or on Ray (ray://host:10001, or ray)"
REFUSED = "2   refused: an input cannot be used"
NO_ANSWER = "70  the command itself failed      130  it was stopped"
# What is imported by a command and brought by an extra of this package, or with Keras.
EXTRAS = {
    "distributed": "cluster",
    "jinja2": "report",
    "joblib": "accuracy",
    "markupsafe": "report",
    "matplotlib": "plots",
    "scipy": "accuracy",
    "sklearn": "digits",
    "tomli": "report",
    "h5py": "tensorflow",
    "tensorflow": "tensorflow",
    "keras": "tensorflow",
    "pytest_benchmark": "benchmark",
    "libcst": "documents",
    "markdown_it": "documents",
}

TEXTS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "kerasch2": (
        "Tables, references, gates and comparisons, beside `pytest --chapter`.",
        "kerasch2 gate digits-tensorflow-2.21",
        ("0   yes", "1   the answer is no", REFUSED, "3   undecided", "4   the machine is unfit", NO_ANSWER),
    ),
    "table": (
        "Merge results of `pytest --chapter-results=FILE` into one compatibility table:\n"
        "claims down, releases across. Write it, or compare it with a committed one.",
        "kerasch2 table results/*.json --markdown table.md --check table.json",
        ("0   merged; with --check: no verdict differs", "1   a verdict differs from --check", REFUSED, NO_ANSWER),
    ),
    "calibrate": (
        "Train over many seeds and append each curve to a reference file. The gate\n"
        "compares later trainings with it. A stopped run continues where it was.",
        "kerasch2 calibrate reference.jsonl --training training:train --epochs 10",
        ("0   the file has all seeds", REFUSED + ", or a training failed", NO_ANSWER),
    ),
    "gate": (
        "Train a few seeds, and decide whether the curves still are as those of the\n"
        "reference. Without --training or --results, train the chapter's network.",
        "kerasch2 gate reference.jsonl --training training:train --plot gate.png",
        ("0   pass", "1   fail: something has changed", REFUSED, "3   undecided", NO_ANSWER),
    ),
    "compare": (
        "Decide whether training steps take longer in one environment, release or git\n"
        "revision than in another. Their blocks are interleaved on this machine.",
        "kerasch2 compare v1.2 HEAD --suite steps_of_mine:benchmarks --json times.json",
        (
            "0   the same, or faster; with --quick, not slower",
            "1   slower",
            REFUSED + ", or a time is not valid",
            "3   undecided",
            "4   the machine is unfit: the baseline differs from itself",
            NO_ANSWER,
        ),
    ),
    "scaling": (
        "Show the time of a step of fit by batch size on each device, as kept runs of\n"
        "`pytest --benchmark` measured it. A GPU is compared with the CPU of its run.",
        "kerasch2 scaling here.json elsewhere.json --plot both.svg",
        ("0   shown", REFUSED, NO_ANSWER),
    ),
    "check": (
        "Check a document of your own, in Markdown, a notebook or a script, against the\n"
        "installed release: what fails, what means something else now, since when, why,\n"
        "and what to write instead. Nothing is run unless --run is given.",
        "kerasch2 check chapter.md --read-only --diff chapter.diff",
        (
            "0   nothing was found, or all runs as it is written",
            "1   a block is broken, was repaired, or means something else",
            REFUSED,
            "3   something is missing, or was cut short",
            NO_ANSWER,
        ),
    ),
    "name": (
        "Show on which releases a name of TensorFlow or Keras is there, which parameters\n"
        "and defaults it has, what of that changed, and where it lives on a release that\n"
        "lacks it. The answer is from releases that were walked, and imports nothing.",
        "kerasch2 name tf.keras.losses.mean_squared_error --release 2.21",
        ("0   shown", REFUSED, NO_ANSWER),
    ),
    "doctor": (
        "Show the interpreter, packages, backend and why, devices, caches, data sets\n"
        "and git, and for all that is missing the command that installs it. Nothing\n"
        "is installed, downloaded or written.",
        "kerasch2 doctor --json > environment.json",
        ("0   ready: Keras can be imported", "1   something needed is missing or broken", REFUSED, NO_ANSWER),
    ),
}


def of(name: str) -> dict[str, str]:
    """Return the description and the epilog of a command's help."""
    text, example, statuses = TEXTS[name]
    listed = "\n".join(f"  {one}" for one in statuses)
    return {"description": text, "epilog": f"example:\n  {example}\n\nexit status:\n{listed}"}


def as_options(message: str) -> str:
    """Return a message of the gate with an option of the command where it names an argument of the fixture."""
    return re.sub(r'\bmetric="([^"]+)"', r"--metric \1", message)


def refusal(error: BaseException) -> str:
    """Return a sentence for a package that is not installed or a file that cannot be meant, or an empty text."""
    if isinstance(error, RecursionError) and "JSON" in str(error):
        return "A file cannot be read: JSON that is nested too deeply. Name a file of this package."
    if isinstance(error, MemoryError):
        return "There is not enough memory. End other programs, or allow this one more."
    if isinstance(error, FileNotFoundError) and _folder_is_gone():
        return "The current folder is gone. Change into one that exists."
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        return ""
    name = error.name.partition(".")[0]
    if name not in EXTRAS:
        return ""
    return f'{name} is not installed, which this needs. Run pip install "pytest-kerasch2[{EXTRAS[name]}]".'


def _folder_is_gone() -> bool:
    try:
        Path.cwd()
    except OSError:
        return True
    return False
