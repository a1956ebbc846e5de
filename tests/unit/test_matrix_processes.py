"""Programs of the matrix are ended with it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from matrix import processes
from matrix.processes import Processes

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="groups of processes are those of POSIX")


def test_a_program_that_was_waited_for_is_ended_after_ctrl_c(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    wait = subprocess.Popen.wait

    def interrupted(process: Any, timeout: float | None = None) -> int:
        if not started:
            started.append(process)
            raise KeyboardInterrupt
        return wait(process, timeout)

    monkeypatch.setattr(subprocess.Popen, "wait", interrupted)
    monkeypatch.setattr(processes, "GRACE", 1.0)
    sleeps = [sys.executable, "-c", "import time; time.sleep(60)"]

    with pytest.raises(KeyboardInterrupt), Processes() as running:
        running.run(sleeps, tmp_path / "log", environ=os.environ, folder=tmp_path, deadline=60)

    assert started[0].returncode not in (None, 0)
