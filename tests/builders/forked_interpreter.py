"""An interpreter that is forked as one with a framework is, and has none: what its forks do is given."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = """#!{python}
import os, random, sys, tempfile, time
sys.argv = sys.argv[2:]
sys.path[:0] = [{root!r}]
from pytest_kerasch2.timing import forking, worker

class Orders(worker.OrderServer):
    def compute(self):
        {compute}
        return {{}}

    def where(self):
        return {{
            "folder": os.getcwd(), "path": sys.path, "temporary": tempfile.gettempdir(),
            "variables": dict(os.environ), "drawn": random.random(), "process": os.getpid(),
            "parent": os.getppid(),
        }}

worker.OrderServer = Orders
forking.import_framework = lambda: {why_not!r}
forking.PACKAGE = 1
forking.main()
"""


def interpreter(folder: Path, compute: str = "pass", why_not: str = "") -> Path:
    """Return an interpreter in a folder.

    Args:
        compute: a statement that each fork runs at its beginning.
        why_not: what it says of why it cannot be forked.
    """
    place = folder / "python"
    text = PROGRAM.format(python=sys.executable, root=str(ROOT), compute=compute, why_not=why_not)
    place.write_text(text, encoding="utf-8")
    place.chmod(0o755)
    return place
