"""The process of a fork server: it imports the framework once, and forks a timed process whenever it is asked to.

It reads a line of JSON for each order and writes one for each answer. It never computes anything itself: a framework
whose runtime has started has threads, and a fork has none of them.
"""

from __future__ import annotations

import array
import json
import os
import random
import socket
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any, Iterable, NoReturn

import numpy as np

from pytest_kerasch2 import ending
from pytest_kerasch2.framework import api
from pytest_kerasch2.timing import worker

TASKS = Path("/proc/self/task")
# Threads that an import may start: TensorFlow 2.15 and 2.21 start one, and so does Keras 3 on JAX. A runtime that has
# started has five or more.
MAX_IMPORT_THREADS = 1
# Of entries of `sys.path`: the copy of this package is the first, as PYTHONPATH says.
PACKAGE = 1


def import_framework() -> str:
    """Import what the timed processes need, and return why they cannot be forked; empty if they can."""
    if not hasattr(os, "fork") or not TASKS.is_dir():
        return "this system does not tell whether a fork is safe"
    before = _threads()
    api.keras()
    if api.runs_on_tensorflow():
        api.tensorflow()
    started = _threads() - before
    return f"importing it has started {started} threads" if started > MAX_IMPORT_THREADS else ""


def _threads() -> int:
    return len(list(TASKS.iterdir()))


class ForkOrders:
    """Answers orders, until there are no more."""

    def __init__(self, control: socket.socket) -> None:
        """Begin without a child.

        Args:
            control: brings the descriptors of each child.
        """
        self.control = control
        self.statuses: dict[int, int] = {}

    def about(self) -> dict[str, Any]:
        """Return why nothing can be forked, or an empty text, and which modules a fork has imported already."""
        return {"why_not": import_framework(), "modules": sorted({name.partition(".")[0] for name in sys.modules})}

    def fork(self, **place: Any) -> int:
        """Return the number of a child that takes the orders of a timed process.

        The two descriptors that come with this are a socket for its orders, and a file for its standard error.

        Args:
            place: where it runs, as `settle` takes it.
        """
        orders, stderr = receive_descriptors(self.control, 2)
        with warnings.catch_warnings():
            # CPython 3.12 and newer warn of threads, whose number has been looked at.
            warnings.simplefilter("ignore")
            child = os.fork()
        if not child:
            self.control.close()
            _serve(orders, stderr, place)
        os.close(orders)
        os.close(stderr)
        return child

    def status(self, child: int) -> int | None:
        """Return the exit status of a child, or minus the signal that has ended it; None while it runs."""
        if child not in self.statuses:
            ended, status = os.waitpid(child, os.WNOHANG)
            if not ended:
                return None
            self.statuses[child] = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        return self.statuses[child]


def receive_descriptors(control: socket.socket, count: int) -> list[int]:
    """Return so many descriptors that another process has sent."""
    numbers = array.array("i")
    _, messages, _, _ = control.recvmsg(1, socket.CMSG_LEN(count * numbers.itemsize))
    for _, _, content in messages:
        numbers.frombytes(content)
    return list(numbers)


def _serve(orders: int, stderr: int, place: Any) -> NoReturn:
    """Serve as a timed process; a child never returns to the orders of its parent."""
    try:
        os.dup2(stderr, 1)
        os.dup2(stderr, 2)
        settle(**place)
        ending.with_parent(os.getppid())
        with socket.socket(fileno=orders) as connection, connection.makefile("rw", encoding="utf-8") as stream:
            worker.serve_streams(stream, stream)
    except BaseException as error:  # of any kind: what is above belongs to the parent
        sys.excepthook(type(error), error, error.__traceback__)
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


def settle(folder: str, import_first: Iterable[str], temporary: str) -> None:
    """Let a child be as a fresh process that is started for a side.

    Args:
        folder: where it runs; what is imported is looked for there last.
        import_first: folders that are searched before what is installed.
        temporary: the folder for its temporary files.
    """
    os.chdir(folder)
    sys.path[PACKAGE:PACKAGE] = import_first
    sys.path.append(folder)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [*import_first, os.environ.get("PYTHONPATH", "")]))
    os.environ.update(dict.fromkeys(("TMPDIR", "TEMP", "TMP"), temporary))
    tempfile.tempdir = temporary
    # Two forks that draw the same initial weights would not show how much these matter.
    random.seed()
    np.random.seed()


def main() -> NoReturn:
    """Serve over the standard streams; what frameworks print goes to the standard error."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers, socket.socket(fileno=int(sys.argv[2])) as control:
        os.dup2(2, 1)
        orders = ForkOrders(control)
        for line in sys.stdin:
            order = json.loads(line)
            answer = getattr(orders, order.pop("do"))(**order)
            answers.write(json.dumps({"ok": answer}) + "\n")
            answers.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
