"""A process that does jobs beside its parent's work: whoever asks finds their outcomes in the shared folder.

A process of its own rather than a thread. To start a child, CPython up to 3.9, and any CPython on macOS, forks; and
before it forks OpenBLAS waits for its threads, for ever where another thread of the process is multiplying matrices.
The parent's main thread is: it tries what the chapter says.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from typing import Any

from pytest_kerasch2.subprocesses.job import Job, lines
from pytest_kerasch2.subprocesses.job_cache import JobCache


def main(folder: str) -> None:
    """Do the jobs that standard input names, until it ends: at once then, for nobody waits for them any more.

    Args:
        folder: where the outcomes are shared.
    """
    sys.path[:] = json.loads(sys.stdin.readline())
    orders: queue.Queue[list[Any] | None] = queue.Queue()
    with JobCache(folder) as desk:
        threading.Thread(target=_read, args=(orders, desk), daemon=True).start()
        for order in iter(orders.get, None):
            for line in lines(Job.from_fields(fields) for fields in order):
                desk.do(line)


def _read(orders: queue.Queue[list[Any] | None], desk: JobCache) -> None:
    for order in sys.stdin:
        orders.put(json.loads(order))
    desk.stop()
    orders.put(None)


if __name__ == "__main__":
    main(os.fspath(sys.argv[1]))
