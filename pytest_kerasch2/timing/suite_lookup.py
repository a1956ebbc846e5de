"""Look for what is compared before anything is installed, started or timed, and say where it was looked for."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any, Sequence

from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.json_files import parse_json
from pytest_kerasch2.suggestions import did_you_mean
from pytest_kerasch2.timing import suite_search
from pytest_kerasch2.timing.timed_processes import Arm, path_of

NAMED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")
# Seconds: an interpreter on a slow disk takes a few.
DEADLINE = 60.0
# The names of the chapter's own suite; `suite.CHAPTERS` imports Keras's models with them.
CHAPTERS = ("fit", "train_on_batch", "predict")


def check_words(suite: str | None, benchmarks: Sequence[str]) -> None:
    """Require that a suite is written as `module:function`, and that the chapter has the benchmarks named of it.

    Raises:
        InvalidArgument: it is not so.
    """
    if suite is not None and not NAMED.fullmatch(suite):
        raise InvalidArgument("A suite is not named", repr(suite), "write MODULE:FUNCTION")
    unknown = [name for name in benchmarks if name not in CHAPTERS]
    if suite is None and unknown:
        remedy = f"name one of {', '.join(CHAPTERS)}" + did_you_mean(unknown[0], CHAPTERS, before="; ")
        raise InvalidArgument("The chapter has no such benchmark", ", ".join(map(repr, unknown)), remedy)


def check_suite(arm: Arm, suite: str | None, here: Path) -> None:
    """Require that an arm has the suite, as far as that can be told without importing it.

    Args:
        arm: whose interpreter looks.
        suite: `module:function`, or None for the chapter's.
        here: the user's own folder, in which it may be although the arm does not have it.

    Raises:
        InvalidArgument: there is no such module or function; the message says where it was looked for.
    """
    if suite is None:
        return
    module, _, function = suite.partition(":")
    found = _asked(arm, module)
    if found is None:
        # It does not answer: that is told by the process that times.
        return
    places = ", ".join(map(str, dict.fromkeys((*arm.before, arm.folder))))
    if found["file"] is None:
        looked = f"it was looked for in what is installed for {arm.python} and in {places}"
        what = f"{suite}: {arm.name} has no module {module}{_why(found)}; {looked}"
        raise InvalidArgument("A suite is not found", what, _remedy(arm, module, here))
    if found["error"]:
        raise InvalidArgument("A suite cannot be read", f"{suite}: {found['error']}", "correct that file")
    if found["names"] is not None and function not in found["names"]:
        remedy = f"name a function of that file{did_you_mean(function, found['names'], before='; ')}"
        raise InvalidArgument("A suite is not found", f"{suite}: {found['file']} has no {function}", remedy)


def _why(found: dict[str, Any]) -> str:
    return f" ({found['error']})" if found["error"] else ""


def _remedy(arm: Arm, module: str, here: Path) -> str:
    top = module.partition(".")[0]
    own = any((place / top).is_dir() or (place / f"{top}.py").is_file() for place in (here, here / "src"))
    if arm.revision and own:
        return f"commit it: it is in your working tree, and not in {arm.name}"
    near = [path.stem for place in (*arm.before, arm.folder) if place.is_dir() for path in place.iterdir()]
    remedy = "run this in the folder that has it, or install it"
    return remedy + did_you_mean(top, [name for name in near if name.isidentifier()], before="; ")


def _asked(arm: Arm, module: str) -> dict[str, Any] | None:
    """Return what the interpreter of an arm finds, or None where it gives no answer."""
    program = Path(suite_search.__file__).read_text(encoding="utf-8")
    try:
        done = subprocess.run(
            [str(arm.python), "-c", program, str(arm.folder), module],
            cwd=str(arm.folder),
            env={**os.environ, **arm.variables, "PYTHONPATH": path_of(arm)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=DEADLINE,
        )
        found = parse_json(done.stdout.decode("utf-8", "replace").strip().rpartition("\n")[2])
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return found if isinstance(found, dict) and {"file", "names", "error"} <= set(found) else None
