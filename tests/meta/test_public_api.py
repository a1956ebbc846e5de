"""The public API: the list, what each name costs, where it is documented; and errors as Python users catch them."""

from __future__ import annotations

import ast
import inspect
import json
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest

import pytest_kerasch2
from pytest_kerasch2 import errors

PROJECT = Path(__file__).parents[2]
HEAVY = {"tensorflow", "keras", "tf_keras", "jax", "torch", "h5py", "numpy", "hypothesis", "pytest", "rich", "scipy"}
# A name that leaves this list, or an error that loses its built-in base, breaks somebody's code.
PUBLIC = [
    "DataSet",
    "Device",
    "Format",
    "GateDecision",
    "InspectionLimits",
    "KnownIssue",
    "Measurement",
    "ModelContents",
    "ModelStyle",
    "Network",
    "PreparedData",
    "Recorder",
    "Reference",
    "Release",
    "SavedModel",
    "StoredArray",
    "Verdict",
    "Workaround",
    "__version__",
    "available_formats",
    "check_digest",
    "claim",
    "detects",
    "errors",
    "extends",
    "fixed_by",
    "gate_accuracy",
    "in_subprocess",
    "inspect_model",
    "isolated_state",
    "known_issue",
    "load_data",
    "model_format",
    "models",
    "pending",
    "prepare_data",
    "present_devices",
    "read_reference",
    "read_results",
    "read_table",
    "tolerates",
    "trains",
    "write_digest",
]
BUILT_IN = {
    "ClaimBroken": AssertionError,
    "NotApplicable": Exception,
    "Inconclusive": Exception,
    "DataMissing": FileNotFoundError,
    "DownloadFailed": ConnectionError,
    "DeviceMissing": RuntimeError,
    "DataDamaged": ValueError,
    "FrameworkMissing": ModuleNotFoundError,
    "FrameworkBroken": ImportError,
    "ChildDied": RuntimeError,
    "UnsafeFile": ValueError,
    "InvalidArgument": ValueError,
    "BadResults": ValueError,
    "CannotWrite": OSError,
    "BadTable": ValueError,
    "BadAtlas": ValueError,
    "BadReference": ValueError,
    "DuplicateClaim": ValueError,
    "TrainingFailed": RuntimeError,
    "GateFailed": AssertionError,
    "GateUndecided": Exception,
    "InvalidMeasurement": RuntimeError,
}
FAMILY = {
    name: kind
    for name, kind in vars(errors).items()
    if inspect.isclass(kind) and issubclass(kind, errors.KerasCh2Error) and kind is not errors.KerasCh2Error
}


def test_the_list_is_this() -> None:
    assert pytest_kerasch2.__all__ == sorted(PUBLIC)


def test_every_name_is_there() -> None:
    assert [name for name in PUBLIC if getattr(pytest_kerasch2, name, None) is None] == []


def test_dir_shows_the_list() -> None:
    assert dir(pytest_kerasch2) == sorted(PUBLIC)


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing_like_it'"):
        _ = pytest_kerasch2.nothing_like_it


def test_type_checkers_see_the_same_names() -> None:
    tree = ast.parse(Path(pytest_kerasch2.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    names = {one.asname or one.name for node in block.body for one in node.names}  # type: ignore[attr-defined]

    assert names == set(PUBLIC) - {"__version__"}


def test_the_import_loads_nothing_heavy() -> None:
    script = "import json, sys, pytest_kerasch2; dir(pytest_kerasch2); print(json.dumps(sorted(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60, check=True)

    assert HEAVY.intersection(json.loads(done.stdout)) == set()


def test_no_name_starts_a_framework() -> None:
    script = "import json, sys\nfrom pytest_kerasch2 import *\nprint(json.dumps(sorted(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60, check=True)

    assert {"tensorflow", "keras", "tf_keras", "jax", "torch"}.intersection(json.loads(done.stdout)) == set()


def test_the_reference_documents_each_name_once() -> None:
    page = (PROJECT / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\.\. auto\w+:: pytest_kerasch2\.(\w+)$", page, flags=re.MULTILINE)

    assert sorted(documented) == sorted(set(PUBLIC) - {"__version__"})


@pytest.mark.parametrize("name", sorted(FAMILY))
def test_an_error_is_the_built_in_one_that_a_user_catches(name: str) -> None:
    assert issubclass(FAMILY[name], BUILT_IN[name])


def test_every_error_has_a_pair() -> None:
    assert sorted(FAMILY) == sorted(BUILT_IN)


@pytest.mark.parametrize("name", sorted(FAMILY))
def test_an_error_reads_the_same_in_another_process(name: str) -> None:
    error = FAMILY[name]("It broke", "this", "do that")

    copy = pickle.loads(pickle.dumps(error))

    assert (type(copy), str(copy)) == (FAMILY[name], "It broke: this. Do that.")
