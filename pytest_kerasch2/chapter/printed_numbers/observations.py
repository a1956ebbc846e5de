"""Trains what `figures_trained` asks for, in a process of its own; writes a line for each training as it ends."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from pytest_kerasch2 import ending
from pytest_kerasch2.accuracy import calibration
from pytest_kerasch2.accuracy.runs import TrainingRun
from pytest_kerasch2.chapter.printed_numbers import trained
from pytest_kerasch2.errors import KerasCh2Error
from pytest_kerasch2.options import Settings


def main(asked: str) -> int:
    """Train all ways; give 0, or 1 where an error was written to standard error."""
    ending.with_parent(os.getppid())
    request = json.loads(asked)
    mirror = Path(request["mirror"]) if request["mirror"] else None
    settings = Settings(mirror=mirror, offline=request["offline"])
    how = {name: request[name] for name in ("epochs", "seeds") if name in request}
    try:
        for name in trained.STYLES:
            calibration.calibrate(trained.order_of(name, settings, Path(request["folder"]), **how), _tell)
    except KerasCh2Error as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _tell(run: TrainingRun, done: int, total: int) -> None:
    sys.stdout.write(f"test accuracy {run.test_accuracy[-1]:.4f}, after {run.seconds:.0f} s\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
