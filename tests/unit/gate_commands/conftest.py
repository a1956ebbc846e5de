"""`kerasch2 calibrate` and `kerasch2 gate`, run in this process on a training of the folder's own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Callable, Iterator

import pytest

from pytest_kerasch2 import cli
from pytest_kerasch2.accuracy import reference
from pytest_kerasch2.framework import threads
from tests.builders import synthetic_trainings
from tests.builders.synthetic_trainings import write_training

Said = Callable[..., "tuple[int, list[str], str]"]
Trained = Callable[[], "list[int]"]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder of the call, and no workflow."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    monkeypatch.setattr(sys, "path", list(sys.path))
    # Otherwise a function that was changed would be that of the test before.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield
    sys.modules.pop("my_training", None)


@pytest.fixture
def run_command(capsys: pytest.CaptureFixture[str]) -> Said:
    """Run the command; give its status, the lines of its output, and what it complains of."""

    def kerasch2(*arguments: str) -> tuple[int, list[str], str]:
        status = cli.main(list(arguments))
        captured = capsys.readouterr()
        return status, captured.out.splitlines(), captured.err

    return kerasch2


@pytest.fixture
def calibrates(monkeypatch: pytest.MonkeyPatch, run_command: Said) -> Said:
    """Calibrate in this process."""
    pytest.importorskip("joblib", reason="trainings are spread by joblib, of the extra `accuracy`")
    # The framework of the tests' own process has begun to compute.
    monkeypatch.setattr(threads, "limit", lambda: None)

    def calibrate(seeds: int, *more: str) -> tuple[int, list[str], str]:
        how = ("--training=my_training:train", "--epochs=2", f"--seeds={seeds}", "--jobs=1", *more)
        return run_command("calibrate", "own.jsonl", *how)

    return calibrate


@pytest.fixture
def trained() -> Trained:
    """Return the seeds that have been trained."""

    def seeds() -> list[int]:
        path = Path("trained.txt")
        return list(map(int, path.read_text(encoding="utf-8").split())) if path.exists() else []

    return seeds


@pytest.fixture
def reference_file(tmp_path: Path) -> str:
    """A reference of somebody's own training, as if it had been calibrated."""
    write_training()
    sys.path.insert(0, str(tmp_path))
    from my_training import train  # type: ignore[import-not-found]

    from pytest_kerasch2.accuracy import user_training

    earlier = synthetic_trainings.own("my_training:train")
    runs = tuple(user_training.run_of(train(seed), seed) for seed in range(60))
    Path("trained.txt").unlink()
    return str(synthetic_trainings.write(reference.Reference(earlier.description, runs), tmp_path / "own.jsonl"))
