"""Execute the proofs of the rewrites of known changes on releases, and write down what came of them.

    python -m matrix.prove_changes 2.10=/path/to/python 2.15=... 2.21=... --write pytest_kerasch2/changes/proofs.json

Each interpreter has the TensorFlow that stands before it, and that of 2.2 PyYAML 5.1 too, for models in YAML. A proof
holds where `before` runs on its last release, what the rewrite makes of it on that one and on each later one that is
given, and all leave the same result.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Mapping, Sequence

from pytest_kerasch2 import files
from pytest_kerasch2.changes import catalogue_of_changes, proving
from pytest_kerasch2.changes.known_change import KnownChange
from pytest_kerasch2.claims.release import numbers, within

PROJECT = Path(__file__).parents[1]
_CHILD = "import json, sys; from pytest_kerasch2.changes.proving import execute; snippets = json.load(sys.stdin); out = execute(snippets); sys.__stdout__.write('\\n#result ' + json.dumps(out) + '\\n')"  # noqa: E501


def execute_with(python: str, snippets: Mapping[str, str], deadline: float = 900.0) -> dict[str, Any]:
    """Return what snippets came to in an interpreter; each without an answer where the process died."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run(
        [python, "-c", _CHILD], input=json.dumps(dict(snippets)).encode(), capture_output=True, timeout=deadline,
        env=environment, check=False,
    )  # fmt: skip
    for line in reversed(done.stdout.decode("utf-8", "replace").splitlines()):
        if line.startswith("#result "):
            return dict(json.loads(line[len("#result ") :]))
    died = done.stderr.decode("utf-8", "replace").strip().splitlines()
    raise SystemExit(f"{python} died: {died[-1] if died else done.returncode}")


def judged(change: KnownChange, outcomes: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the record of a proof from what each release gave."""
    proof = change.proof
    assert proof is not None
    before, after = f"{change.name}/before", f"{change.name}/after"
    first = outcomes.get(proof.last, {}).get(before, {"error": f"TensorFlow {proof.last} was not run"})
    later = {
        release: found[after]
        for release, found in outcomes.items()
        if after in found and within(release, max(proof.last, proof.first, key=numbers), None)
    }
    differing = [
        release
        for release, found in later.items()
        if "result" not in found or "result" not in first or not proving.equal(first["result"], found["result"])
    ]
    return {
        "given": proof.given,
        "before": proof.before,
        "after": proving.rewritten(change),
        "observe": proof.observe,
        "last": proof.last,
        "before_left": first,
        "runs_before": sorted((one for one in outcomes if "result" in outcomes[one].get(before, {})), key=numbers),
        "fails_before": {
            one: outcomes[one][before]["error"]
            for one in sorted(outcomes, key=numbers)
            if "error" in outcomes[one].get(before, {})
        },
        "differs_before": [
            one
            for one in sorted(outcomes, key=numbers)
            if "result" in outcomes[one].get(before, {}) and "result" in first
            and not proving.equal(first["result"], outcomes[one][before]["result"])
        ],
        "after_on": sorted(later, key=numbers),
        "after_differs": {one: later[one] for one in differing},
        "equal": "result" in first and len(later) > 1 and not differing,
    }  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Execute the proofs; return 0 if all hold."""
    parser = argparse.ArgumentParser(prog="python -m matrix.prove_changes")
    parser.add_argument("interpreters", nargs="+", metavar="RELEASE=PYTHON")
    parser.add_argument("--write", type=Path, metavar="FILE")
    parser.add_argument("--only", action="append", default=[], metavar="NAME")
    chosen = parser.parse_args(arguments)
    changes = [one for one in catalogue_of_changes.ALL if one.proof and (not chosen.only or one.name in chosen.only)]
    snippets = {name: code for one in changes for name, code in proving.snippets_of(one).items()}
    pairs = [one.partition("=")[::2] for one in chosen.interpreters]
    with ThreadPoolExecutor(2) as pool:
        ran = list(pool.map(lambda pair: execute_with(pair[1], snippets), pairs))
    outcomes = {pair[0]: found for pair, found in zip(pairs, ran)}
    records = {one.name: judged(one, outcomes) for one in changes}
    for name, record in records.items():
        sys.stdout.write(f"{'proven' if record['equal'] else 'NOT PROVEN'}  {name}  {record['after_differs'] or ''}\n")
    if chosen.write:
        releases = sorted(outcomes, key=numbers)
        kept = json.loads(chosen.write.read_text(encoding="utf-8"))["proofs"] if chosen.only else {}
        data = {"schema": 1, "releases": releases, "proofs": {**kept, **records}}
        files.write_text(json.dumps(data, indent=1) + "\n", chosen.write)
    return 0 if all(record["equal"] for record in records.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
