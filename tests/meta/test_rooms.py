"""The plan of the house: which room may reach which, what is light, what is small."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.meta.sources import PACKAGE, functions, imports, modules, name_of, others

# Where a function ends, and what an older CPython takes, `ast` tells from 3.8 on.
READS_SOURCE = pytest.mark.skipif(sys.version_info < (3, 8), reason="source is read by CPython 3.8 or newer")
FRAMEWORKS = ("tensorflow", "keras", "tf_keras", "jax", "torch")
HEAVY = (*FRAMEWORKS, "h5py", "numpy", "hypothesis", "rich", "fastjsonschema", "filelock", "psutil", "sklearn")
# From the top floor down. A room may reach those below it; on one floor, only what is named here.
FLOORS = (
    ("plugin", "cli"),
    ("suite", "benchmark_run", "doctor"),
    ("chapter", "documents"),
    ("parameters",),
    ("fixtures",),
    ("fixture_calls", "step_records"),
    ("checks",),
    ("accuracy", "timing"),
    ("models", "serialization", "report", "changes", "atlas"),
    ("framework",),
    ("subprocesses", "data", "claims", "stats"),
    ("precedence", "offering"),
    ("files", "json_files"),
    ("options", "arguments", "command_line"),
    ("third_party",),
    ("ending", "folders", "streams"),
    ("errors", "suggestions", "variables"),
    ("foreign", "backend_choice"),
)
FORBIDDEN = [
    ("claims", "pytest"),
    ("claims", "pytest_kerasch2.framework"),
    ("report", "pytest"),
    ("report", "pytest_kerasch2.framework"),
    ("stats", "pytest"),
    ("stats", "pytest_kerasch2.framework"),
]


def _room(name: str) -> str:
    return ([*name.split("."), "", ""])[1]


def _floor(room: str) -> int:
    return next(index for index, rooms in enumerate(FLOORS) if room in rooms)


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_arrows_lead_down(path: Path) -> None:
    room = _room(name_of(path))
    reached = {_room(name) for name in imports(path) if name.startswith("pytest_kerasch2.")} - {"", "__version__"}

    assert _upward(room, reached) == set()


def _upward(room: str, reached: set[str]) -> set[str]:
    others = {other for other in reached if room and other != room}
    return {other for other in others if _floor(other) <= _floor(room)}


def test_an_arrow_that_leads_up_or_sideways_would_be_seen() -> None:
    assert _upward("claims", {"chapter", "framework", "errors"}) == {"chapter", "framework"}


@pytest.mark.parametrize(("room", "unwanted"), FORBIDDEN)
def test_the_core_knows_neither_pytest_nor_keras(room: str, unwanted: str) -> None:
    actual = {name for path in modules() if _room(name_of(path)) == room for name in imports(path)}

    assert [name for name in actual if name == unwanted or name.startswith(unwanted + ".")] == []


def test_there_is_one_door_to_the_frameworks() -> None:
    openers = {
        name_of(path)
        for path in modules()
        for name in imports(path)
        if name.split(".")[0] in FRAMEWORKS and path.name != "api.py"
    }

    assert openers == set()


def test_only_the_top_floors_import_pytest() -> None:
    importers = {_room(name_of(path)) for path in modules() if "pytest" in set(imports(path))}

    assert importers <= {
        *(
            "plugin",
            "fixtures",
            "parameters",
            "fixture_calls",
            "step_records",
            "options",
            "suite",
            "chapter",
            "checks",
            "benchmark_run",
        )
    }


@pytest.mark.parametrize(
    "module", ["plugin", "fixtures", "options", "claims.results", "framework.api", "report.rendering"]
)
def test_loading_brings_in_nothing_heavy(module: str) -> None:
    script = f"import json, sys, pytest_kerasch2.{module}; print(json.dumps(sorted(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60, check=True)

    assert [name for name in json.loads(done.stdout) if name in HEAVY] == []


def test_a_pytest_run_that_does_not_use_the_plugin_loads_nothing_heavy(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        f"""
        import sys
        def test_it():
            assert [name for name in sys.modules if name in {(*FRAMEWORKS, "h5py", "numpy")!r}] == []
            rooms = ("pytest_kerasch2.chapter", "pytest_kerasch2.suite")
            assert [name for name in sys.modules if name.startswith(rooms)] == []
        """
    )

    # The other plugins of this environment may import what they like.
    result = pytester.runpytest_subprocess("-p", "no:randomly", "-p", "no:hypothesispytest", "-p", "no:benchmark")

    result.assert_outcomes(passed=1)


@READS_SOURCE
@pytest.mark.parametrize("path", [*modules(), *others()], ids=name_of)
def test_functions_are_small(path: Path) -> None:
    assert [node.name for node in functions(path) if (node.end_lineno or 0) - node.lineno + 1 > 50] == []


@READS_SOURCE
def test_most_functions_are_short() -> None:
    sizes = sorted((node.end_lineno or 0) - node.lineno + 1 for path in modules() for node in functions(path))

    assert sizes[int(len(sizes) * 0.9)] <= 25


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [path for path in modules() if path.stem in {"utils", "util", "helpers", "helper", "common", "misc"}] == []


def test_no_process_is_forked() -> None:
    forks = [name_of(path) for path in modules() if "os.fork" in path.read_text(encoding="utf-8")]

    # A framework whose runtime has started cannot be forked; there alone it is seen to that none has.
    assert forks == ["pytest_kerasch2.timing.forking"]


def test_the_package_says_that_it_is_typed() -> None:
    assert (PACKAGE / "py.typed").is_file()
