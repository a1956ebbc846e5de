"""Writes hostile model files, looks into each, loads what was not refused, and counts what ran.

    python -m evaluation.hostile_models

None may run: no case may leave its mark. A look may take 2 s of processor time and 200 MiB of memory over that of its
child. As a control each file is then loaded without a look, as Keras loads it by default, and what ran is counted.
The counts are appended to a file of JSON lines, one for a release.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import marshal
import sys
import tempfile
import time
import types
from pathlib import Path
from typing import Any
from unittest import mock

from evaluation import hostile_files, hostile_layers, journal
from evaluation.damaged_models import LIBRARY, outcomes
from evaluation.hostile_files import Case
from pytest_kerasch2.errors import KerasCh2Error
from pytest_kerasch2.files import Journal
from pytest_kerasch2.serialization import Limits, architecture, contents, inspection
from pytest_kerasch2.serialization.names import Names
from pytest_kerasch2.subprocesses.job import Job, value_of
from pytest_kerasch2.subprocesses.runner import run

DATA = Path(__file__).parent / "data" / "hostile-models.jsonl"
MEASURED = (
    *sorted((journal.PACKAGE / "serialization").glob("*.py")),
    *(journal.PACKAGE / "subprocesses" / f"{name}.py" for name in ("child", "job", "runner")),
    journal.PACKAGE / "json_files.py",
    Path(hostile_files.__file__),
    Path(hostile_layers.__file__),
    Path(__file__),
)
SECONDS, MIB = 2.0, 200
START: list[float] = []
STATUS = Path("/proc/self/status")


def looked(path: str) -> dict[str, Any]:
    """Return how a look ended, its seconds of processor time, and the most memory of this child so far.

    Runs in a child, as the look of `inspect` does. The memory is that over the first look's start.
    """
    began, ended = time.process_time(), "accepted"
    START.append(peak_mib())
    try:
        result = contents(path)
        for what, config in result.configurations:
            architecture.check(config, what, Limits(), Names())
    except KerasCh2Error as error:
        ended = type(error).__name__
    return {"ended": ended, "seconds": time.process_time() - began, "mib": peak_mib() - START[0]}


def peak_mib() -> float:
    """Return the most memory that this process has had; unlike that of `getrusage`, it does not count its parent's."""
    lines = STATUS.read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def look(case: Case) -> Job:
    """Return the job of a look that says what it took."""
    limits = Limits()
    return Job(
        "evaluation.hostile_models:looked", (str(case.path),), environment={"OPENBLAS_NUM_THREADS": "1"},
        deadline=60.0, processor_seconds=limits.seconds, memory_mib=400, address_mib=limits.memory_mib,
    )  # fmt: skip


def tried(folder: str, control: bool) -> dict[str, Any]:
    """Load each file of a folder with the Keras of this process, after a look; runs in a child."""
    from pytest_kerasch2.framework import api

    keras, maker = api.keras(), hostile_files.Maker(Path(folder))
    cases = hostile_files.hostile_cases(maker)
    if not api.is_keras3():
        _save_folder(keras, maker)
    with _looked_at_before(cases):
        by_name = {case.name: _loaded(keras, case) for case in cases}
    executed = [case.name for case in cases if case.mark.exists()]
    for case in cases:
        case.mark.unlink(missing_ok=True)
    unguarded = [case.name for case in cases if control and not case.costly and _runs(keras, case)]
    here = api.release()
    release = f"TensorFlow {here.tensorflow}, Keras {here.keras}, {LIBRARY}"
    return {"release": release, "told": by_name, "executed": executed, "unguarded": unguarded}


def _save_folder(keras: Any, maker: hostile_files.Maker) -> None:
    """Save a model with a Lambda as a SavedModel: TensorFlow up to 2.15 runs it while it loads the folder."""
    case = maker.place("a SavedModel with a Lambda", "folder")
    keras.Sequential([keras.Input((4,)), keras.layers.Lambda(function_of(case.mark))]).save(str(case.path))
    case.mark.unlink()


def function_of(mark: Path) -> Any:
    """Return the function that is in the hostile files."""
    return types.FunctionType(marshal.loads(base64.b64decode(hostile_layers.code(mark))), {"open": open})


def _looked_at_before(cases: list[Case]) -> Any:
    """Return a context in which one child has looked into all files, where `load` would start one for each."""
    jobs = [inspection.look(case.path, Limits()) for case in cases]
    return mock.patch.object(inspection, "run", dict(zip(jobs, outcomes(jobs))).__getitem__)


def _loaded(keras: Any, case: Case) -> str:
    from pytest_kerasch2.serialization import form

    try:
        form({".keras": "keras", ".h5": "h5"}.get(case.path.suffix, "saved-model")).load(keras, case.path)
    except KerasCh2Error as error:
        return type(error).__name__
    except Exception as error:  # what Keras makes of it
        return f"accepted; {type(error).__name__}"
    return "accepted; loaded"


def _runs(keras: Any, case: Case) -> bool:
    # A hostile file may raise what it likes.
    with contextlib.suppress(BaseException):
        keras.models.load_model(str(case.path))
    return case.mark.exists()


def campaign(control: bool = True) -> dict[str, Any]:
    """Look into each file without a Keras, load them all with one, and return the counts and what was wrong."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kerasch2-hostile-") as folder:
        (Path(folder) / "first").mkdir()
        cases = hostile_files.hostile_cases(hostile_files.Maker(Path(folder) / "first"))
        looks = dict(zip([case.name for case in cases], outcomes([look(case) for case in cases])))
        early = [case.name for case in cases if case.mark.exists()]
        (Path(folder) / "second").mkdir()
        second = (str(Path(folder) / "second"), control)
        loads = value_of(run(Job("evaluation.hostile_models:tried", second, deadline=3000.0, memory_mib=8192)))
    values = {name: one.value for name, one in looks.items() if one.answered}
    refused = {name for name, ended in loads["told"].items() if not ended.startswith("accepted")}
    return {
        "release": loads["release"], "cases": len(loads["told"]), "refused": len(refused),
        "accepted": {name: ended for name, ended in loads["told"].items() if name not in refused},
        "executed": sorted({*early, *loads["executed"]}),
        "over": sorted(name for name, one in values.items() if one["seconds"] > SECONDS or one["mib"] > MIB),
        "other": sorted(f"{name}: {one.error or one.killed_by}" for name, one in looks.items() if not one.answered),
        "longest": round(max(one["seconds"] for one in values.values()), 2),
        "peak_mib": round(max(one["mib"] for one in values.values())),
        "executed without a look": sorted(loads["unguarded"]), "seconds": round(time.monotonic() - began),
    }  # fmt: skip


def passed(cases: list[Case]) -> list[str]:
    """Return the names of the cases that a look does not refuse, or that ran; all in one child, and without a Keras."""
    ended = list(outcomes([look(case) for case in cases]))
    refused = [one.answered and one.value["ended"] != "accepted" for one in ended]
    return [case.name for case, good in zip(cases, refused) if not good or case.mark.exists()]


def main() -> int:
    """Do the campaign on the release at hand, print the counts, and end with 1 where code ran."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=DATA, help="file of JSON lines")
    parser.add_argument("--no-control", action="store_true", help="load nothing without a look")
    given = parser.parse_args()
    revision = journal.digest(MEASURED)
    journal.keep(given.out, revision)
    result = campaign(not given.no_control)
    Journal(given.out).append({"revision": revision, **result})
    print("\n".join(f"{name}: {len(value) if isinstance(value, list) else value}" for name, value in result.items()))
    wrong = {name: result[name] for name in ("executed", "over", "other") if result[name]}
    print(wrong or "nothing ran, and nothing took too much")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
