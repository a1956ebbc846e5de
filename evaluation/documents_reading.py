"""How long `kerasch2 check --read-only` takes for 50 blocks, beside the start of Python and the import of LibCST.

    python evaluation/documents_reading.py            nine rounds, one after the other; prints a Markdown table

All are measured in turn in each round, so that a busy machine slows all of them; the asked time is one second.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 9
BLOCKS = 50
HEAD = "import tensorflow as tf\nfrom tensorflow import keras\n"
LINES = "model = keras.Sequential([keras.layers.Dense(10) for _ in range(3)])\n" * 10
COMPILE = "model.compile(keras.optimizers.SGD(lr=0.1), 'mse')\n"
READ = "from pytest_kerasch2 import cli; cli.main(['check', {0!r}, '--read-only', '--release', '2.21'])"


def document() -> str:
    """Return a document of fifty blocks, of eleven lines each, with a known change in each but the first."""
    blocks = [HEAD, *[LINES + COMPILE] * (BLOCKS - 1)]
    return "\n".join(f"```python\n{block}```\n" for block in blocks)


def seconds(code: str) -> float:
    """Return the wall time of an interpreter that runs a line."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def main() -> None:
    """Measure, and print the table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "document.md"
        path.write_text(document(), encoding="utf-8")
        codes = {
            "Python itself": "pass",
            "the import of LibCST": "import libcst.metadata",
            f"reading {BLOCKS} blocks": READ.format(str(path)),
        }
        measured = [{what: seconds(code) for what, code in codes.items()} for _ in range(ROUNDS)]
    sys.stdout.write("| what | median | least | in imports of LibCST |\n| --- | ---: | ---: | ---: |\n")
    for what in codes:
        values = [one[what] for one in measured]
        ratio = statistics.median(one[what] / one["the import of LibCST"] for one in measured)
        sys.stdout.write(f"| {what} | {statistics.median(values):.2f} s | {min(values):.2f} s | {ratio:.1f} |\n")


if __name__ == "__main__":
    main()
