"""Facts as the probe told them of a real interpreter, and a stand-in for such an interpreter."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pytest_kerasch2.claims.release import ABSENT, Release
from pytest_kerasch2.early.facts import Facts

FOLDER = Path(__file__).parent / "early_facts"
RELEASES = {"cntk": Release(ABSENT, "2.2.4", "cntk")}
# Answers each fact that is ordered out of a file.
ANSWERING = """#!{python}
import json, pathlib, sys
facts = json.loads(pathlib.Path({facts!r}).read_text(encoding="utf-8"))
folder = pathlib.Path(sys.argv[-1])
order = json.loads((folder / "order.json").read_text(encoding="utf-8"))
with (folder / "told.jsonl").open("w", encoding="utf-8") as told:
    for name in order["facts"]:
        told.write(json.dumps({{"begun": name}}) + "\\n" + json.dumps({{"fact": name, **facts[name]}}) + "\\n")
"""


def recorded(engine: str) -> dict[str, Any]:
    """Return what was told of Keras 2.2.4 on CNTK 2.7."""
    told: dict[str, Any] = json.loads((FOLDER / f"{engine}.json").read_text(encoding="utf-8"))
    return told


def facts(engine: str) -> Facts:
    """Return the same as facts."""
    return Facts(recorded(engine))


def interpreter(folder: Path, told: dict[str, Any]) -> Path:
    """Return an interpreter that answers with these facts."""
    answers = folder / "answers.json"
    answers.write_text(json.dumps(told), encoding="utf-8")
    return script(folder, ANSWERING.format(python=sys.executable, facts=str(answers)))


def script(folder: Path, text: str) -> Path:
    """Return a file that can be run."""
    path = folder / "python"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path
