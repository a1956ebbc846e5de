"""An interpreter that only says how long its blocks took: a side of a comparison without a framework."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

STAND_IN = """#!{python} -SE
import json, os, random, sys, time
given = {given!r}
starts = {folder!r} + "/starts"


def began():
    # In the order of their first blocks, one process after the other: two that start at once would count
    # themselves in any order, or take one number both, and scatter as no pair of processes does.
    with open(starts, "a") as stream:
        stream.write("x")
    number = os.path.getsize(starts)
    drawn = random.Random(number + given["seed"])
    # What a process takes differs a little from start to start.
    scatter = given["scatter"]
    ratio = given["ratio"] * (2 if given["slow_with"] in os.environ else 1)
    each = {{
        name: 0.01 * ratio * (1 + (scatter[name] if isinstance(scatter, dict) else scatter) * drawn.gauss(0, 1))
        for name in given["benchmarks"]
    }}
    return drawn, each, given["owes"][number % len(given["owes"])]


facts = dict(plugin="0.1.0", node="here", machine="x86_64", cores=2, tensorflow="2.15.0", keras="2.15.0",
             backend="tensorflow", python="3.11.7")
facts.update(given["facts"])
own = None
if given["prints"]:
    print(given["prints"], flush=True)
for line in sys.stdin:
    order = json.loads(line)
    do = order["do"]
    if do == "block":
        own = own or began()
    if do == given["dies"]:
        sys.exit("the last words")
    if do == given["hangs"]:
        time.sleep(600)
    if do == given["refuses"]:
        answer = dict(error=["InvalidMeasurement", "The clock stopped before the work was done", "half", "wait"])
    elif do == "about":
        answer = dict(ok=dict(environment=facts, benchmarks=given["benchmarks"]))
    elif do == "open":
        answer = dict(ok=dict(first_call=1.0, pause_point=given["by"], work_check=given["work_check"]))
        injected = 1 + order["slowdown"]
    elif do == "pace":
        answer = dict(ok=dict(call_seconds=0.01))
    elif do == "blocks":
        left, calls, name = order["count"], order["calls"], order["name"]
        with open({folder!r} + "/by", "w") as stream:
            stream.write(order["pause_point"])
        answer = dict(ok=dict())
    elif do == "block" and left:
        drawn, each, owes = own
        left -= 1
        seconds = calls * each[name] * injected * (1 + 0.001 * drawn.gauss(0, 1))
        answer = dict(ok=dict(steps=calls, seconds=seconds, unsynchronised=seconds * owes))
    else:
        answer = dict(ok=dict())
    print(json.dumps(answer), flush=True)
"""
USUAL = {
    "ratio": 1.0,
    "scatter": 0.003,
    "seed": 0,
    "facts": {},
    "benchmarks": ["fit", "predict"],
    "by": "step",
    "dies": "",
    "refuses": "",
    "hangs": "",
    # Said when it starts, and no answer.
    "prints": "",
    "work_check": None,
    # Shares of a block that are unsynchronised when its clock stops, of one start after the other.
    "owes": [0.0],
    # An environment variable with which all takes twice as long.
    "slow_with": "",
}


def interpreter(folder: Path, **given: Any) -> Path:
    """Return the interpreter of a side, in a folder of its own."""
    folder.mkdir()
    place = folder / "python"
    settings = {**USUAL, **given}
    place.write_text(STAND_IN.format(python=sys.executable, given=settings, folder=str(folder)), encoding="utf-8")
    place.chmod(0o755)
    return place
