"""`kerasch2 check --run`: what is said of blocks that were run, whatever they do, and that nothing is left behind."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("libcst", reason="code is edited by LibCST, of the extra `documents`")
if sys.version_info < (3, 9):
    pytest.skip("documents are checked by CPython 3.9 or newer", allow_module_level=True)
from pytest_kerasch2 import cli
from pytest_kerasch2.claims import schema
from pytest_kerasch2.claims.release import Release
from pytest_kerasch2.documents import block_run, execution, reading, releases

SCHEMA = Path(reading.__file__).parent / "check.schema.json"


@pytest.fixture(autouse=True)
def _a_release(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "named", lambda text: Release("2.21.0", "3.15.1", "tensorflow"))


def run(folder: Path, *blocks: str, options: tuple[str, ...] = (), status: int | None = None) -> list[dict[str, Any]]:
    path = folder / "page.md"
    path.write_text("\n".join(f"```py\n{block}\n```\n" for block in blocks), encoding="utf-8")
    target = folder / "findings.json"
    ended = cli.main(["check", str(path), "--run", "--json", str(target), *options])
    data = json.loads(target.read_text(encoding="utf-8"))
    schema.require(data, SCHEMA)
    assert status is None or ended == status
    hits: list[dict[str, Any]] = data["documents"][0]["blocks"]
    return hits


def words(hits: list[dict[str, Any]]) -> list[str]:
    return [one["finding"] for one in hits]


def test_blocks_share_their_names(tmp_path: Path) -> None:
    assert words(run(tmp_path, "x = 1", "def f():\n    return x", "assert f() == 1", status=0)) == ["runs"] * 3


def test_it_goes_on_after_a_failure_and_tells_who_follows(tmp_path: Path) -> None:
    hits = run(tmp_path, "a = 1 / 0", "b = a + 1", "c = 2", "d = c + unknown", status=1)

    assert words(hits) == ["broken", "follows", "runs", "needs"]
    assert hits[0]["error"] == "ZeroDivisionError: division by zero, line 1 of the block"
    assert hits[3]["needs"] == ["unknown, which no block makes"]


def test_a_file_or_a_model_that_a_failed_block_would_have_made_is_told(tmp_path: Path) -> None:
    hits = run(
        tmp_path, "unknown.save('made.h5')", "open('made.h5')", "unknown.compile ()",
        "raise ValueError('You must call `compile()` before using the model.')", "open('other.h5')",
    )  # fmt: skip

    assert words(hits) == ["needs", "follows", "needs", "follows", "needs"]


def test_an_older_value_of_a_name_is_told_as_what_follows(tmp_path: Path) -> None:
    blocks = ["x = 1", "x = [2] + open('absent.csv')", "y = x + 1", "z = y[0]", "x = [3]", "w = x[5]"]

    assert words(run(tmp_path, *blocks)) == ["runs", "needs", "runs", "follows", "runs", "broken"]


def test_what_a_block_lacks_by_itself_does_not_follow(tmp_path: Path) -> None:
    cannot = "FileNotFoundError(\"Unable to synchronously create file (unable to open file: name = 'made/by.h5')\")"
    blocks = ("model = 1 / 0", "print(never_made, model)", f"raise {cannot} if True else model")

    assert words(run(tmp_path, *blocks)) == ["broken", "needs", "broken"]


def test_a_block_that_makes_its_own_names_does_not_follow(tmp_path: Path) -> None:
    blocks = ("model = 1 / 0", "model = [3]\nmodel[0].fit()", "model.fit()", "model = model + 1")

    assert words(run(tmp_path, *blocks)) == ["broken", "broken", "follows", "follows"]


def test_a_file_that_keras_does_not_find_is_missing_because_of_what_would_have_written_it(tmp_path: Path) -> None:
    load = "raise ValueError(f'File not found: filepath=a/b.keras. Please ensure that it is there')"
    blocks = ("raise ImportError('save a/b.keras')", load, load.replace("a/b", "never"))

    assert words(run(tmp_path, *blocks)) == ["broken", "follows", "broken"]


def test_a_repair_that_uncovers_a_known_change_counts(tmp_path: Path) -> None:
    blocks = [
        "x = math.pi",
        "if 'x' in globals():\n    raise AttributeError(\"'M' object has no attribute 'fit_generator'\")",
        "y = 1",
    ]

    hits = run(tmp_path, *blocks)

    assert words(hits) == ["repaired", "broken", "runs"]
    assert [one["name"] for one in hits[1]["causes"]] == ["fit-generator"]


def test_a_repair_behind_which_a_block_fails_that_ran_is_none(tmp_path: Path) -> None:
    hits = run(tmp_path, "x = math.pi", "assert 'x' not in globals()")

    assert words(hits) == ["broken", "broken"]
    assert "no repair" in hits[0]["notes"][-1]


def test_the_other_imports_of_a_block_are_done(tmp_path: Path) -> None:
    hits = run(tmp_path, "import absent_package\nimport math\nx = 1", "math.pi", "x")

    assert words(hits) == ["needs", "runs", "follows"]


def test_a_package_that_a_message_names_is_needed(tmp_path: Path) -> None:
    (hits,) = run(tmp_path, "raise ImportError('You must install pydot (`pip install pydot`)')")

    assert (hits["finding"], hits["needs"]) == ("needs", ["the package pydot, which is not installed"])


def test_data_sets_that_are_not_here_are_made_up_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(execution, "archives", lambda text: {})
    block = (
        "import os\n# keras.datasets.mnist\n"
        "assert os.path.exists(os.path.join(os.environ['KERAS_HOME'], 'datasets', 'mnist.npz'))"
    )

    assert words(run(tmp_path, block)) == ["runs"]
    assert "made up in their true shape" in " ".join(capsys.readouterr().out.split())


def test_a_missing_import_is_repaired_and_what_follows_is_told(tmp_path: Path) -> None:
    hits = run(tmp_path, "x = math.pi", "y = x + 1", options=("--fix",), status=1)

    assert words(hits) == ["repaired", "follows"]
    assert hits[0]["patch"] == ["+ import math"]
    assert "import math\nx = math.pi" in (tmp_path / "page.mended.md").read_text(encoding="utf-8")


def test_a_function_that_is_split_over_blocks_runs(tmp_path: Path) -> None:
    assert words(run(tmp_path, "def f(x):", "    return x", "assert f(2) == 2")) == ["runs"] * 3


def test_a_console_session_runs(tmp_path: Path) -> None:
    hits = run(tmp_path, ">>> x = 1\n>>> x + 1\n2")

    assert [(one["finding"], one["role"]) for one in hits] == [("runs", "console")]


@pytest.mark.parametrize(
    ("block", "word", "part"),
    [
        ("raise SystemExit(3)", "broken", "SystemExit"),
        ("import os\nos._exit(0)", "broken", "exit status 0"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)", "broken", "SIGSEGV"),
        ("raise KeyboardInterrupt", "broken", "KeyboardInterrupt"),
        ("while True: pass", "cut_short", "deadline"),
        ("while True: print('x' * 1000)", "cut_short", "deadline"),
        ("import absent_package", "needs", ""),
        ("input('name? ')", "needs", ""),
        ("open('absent.csv')", "needs", ""),
        ("import urllib.request\nurllib.request.urlopen('http://192.0.2.1/')", "needs", ""),
        ("raise type('Odd', (Exception,), {'__str__': lambda self: 1 / 0})", "broken", "Odd"),
        ("def f(): f()\nf()", "broken", "RecursionError"),
    ],
)
def test_bad_blocks_are_a_finding_and_the_rest_goes_on(tmp_path: Path, block: str, word: str, part: str) -> None:
    options = ("--deadline", "3", "--memory", "1024")

    hits = run(tmp_path, "x = 1", block, "assert x == 1", options=options)

    assert words(hits) == ["runs", word, "runs"]
    assert part in hits[1]["error"]


def test_a_fork_does_not_answer_for_its_parent(tmp_path: Path) -> None:
    block = "import os\npid = os.fork()\nif pid: os.waitpid(pid, 0)\nx = pid > 0"

    assert words(run(tmp_path, block, "assert x")) == ["runs", "runs"]


def test_a_block_that_removes_its_folder(tmp_path: Path) -> None:
    block = "import os, shutil\nshutil.rmtree(os.getcwd())"

    assert words(run(tmp_path, block, "x = 1")) == ["runs", "runs"]


def test_what_is_written_outside_its_folder_is_noticed(tmp_path: Path) -> None:
    if not hasattr(sys, "addaudithook"):
        pytest.skip("CPython 3.8 and newer tell of files")
    place = tmp_path / "outside.txt"

    (hits,) = run(tmp_path, f"open({str(place)!r}, 'w').write('x')")

    assert hits["notes"] == [f"it writes outside its folder: {place}"]


def test_home_and_folder_are_private(tmp_path: Path) -> None:
    home = os.path.expanduser("~")  # noqa: PTH111
    block = f"import os\nassert os.path.expanduser('~') != {home!r}\nopen('here.txt', 'w').close()"

    (hits,) = run(tmp_path, block)

    assert (hits["finding"], hits["notes"]) == ("runs", [])
    assert [one.name for one in tmp_path.iterdir() if one.name == "here.txt"] == []


def test_after_too_many_deaths_the_rest_is_not_run(tmp_path: Path) -> None:
    hits = run(tmp_path, *["import os\nos._exit(1)"] * 4, "x = 1")

    assert words(hits) == ["broken"] * 3 + ["cut_short"] * 2


def test_the_first_line_says_that_the_document_is_code_of_somebody_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path, "x = 1")

    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith("A document is code of somebody else")
    assert first.endswith(("The network is off, by a network namespace of its own.", "by sockets that refuse."))


def test_sockets_refuse_where_there_is_no_namespace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution, "network_launcher", lambda: ())

    hits = run(tmp_path, "import socket\nsocket.create_connection(('192.0.2.1', 80))")

    assert (words(hits), "network is off" in hits[0]["error"]) == (["needs"], True)


def test_without_a_terminal_nothing_is_run_unless_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "page.md"
    path.write_text(f"```py\nopen({str(tmp_path / 'made')!r}, 'w')\n```\n", encoding="utf-8")

    status = cli.main(["check", str(path)])

    assert (status, (tmp_path / "made").exists()) == (0, False)
    assert capsys.readouterr().out.startswith("Nothing is run without --run")


@pytest.mark.parametrize(("answer", "runs"), [("y\n", True), ("n\n", False), ("", False)])
def test_at_a_terminal_it_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, runs: bool) -> None:
    path = tmp_path / "page.md"
    path.write_text(f"```py\nopen({str(tmp_path / 'made')!r}, 'w')\n```\n", encoding="utf-8")
    monkeypatch.setattr("sys.stdin", _Terminal(answer))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)

    cli.main(["check", str(path)])

    assert (tmp_path / "made").exists() == runs


class _Terminal:
    def __init__(self, answer: str) -> None:
        self.answer = answer

    def isatty(self) -> bool:
        return True

    def readline(self) -> str:
        return self.answer


def test_shell_and_magics_are_never_run(tmp_path: Path) -> None:
    names_made = tmp_path / "made"
    cell = {"cell_type": "code", "source": f"!touch {names_made}\n%run {names_made}\nx = 1"}
    path = tmp_path / "one.ipynb"
    shell = {"cell_type": "code", "source": f"%%bash\ntouch {names_made}"}
    path.write_text(json.dumps({"cells": [cell, shell]}), encoding="utf-8")

    status = cli.main(["check", str(path), "--run"])

    assert (status, names_made.exists()) == (0, False)


class Model:
    def fit(self, x: Any = None, y: Any = None, batch_size: Any = None, epochs: int = 1, initial_epoch: int = 0,
            steps_per_epoch: Any = None, validation_data: Any = None, validation_steps: Any = None) -> Any:  # fmt: skip
        return epochs, steps_per_epoch, validation_steps


@pytest.mark.parametrize(
    ("settings", "left"),
    [
        ({"epochs": 10}, (1, 3, None)),
        ({"epochs": 20, "initial_epoch": 10}, (11, 3, None)),
        ({"epochs": 5, "steps_per_epoch": 2}, (1, 2, None)),
        ({"epochs": 5, "validation_data": 1}, (1, 3, 3)),
    ],
)
def test_a_training_is_shortened_without_an_edit(settings: dict[str, Any], left: tuple[Any, ...]) -> None:
    assert block_run._short(Model.fit)(Model(), 1, 2, **settings) == left


class History:
    def __init__(self) -> None:
        self.epoch = [2]
        self.history = {"loss": [0.5], "rates": [0.1, 0.2]}


@pytest.mark.parametrize(
    ("settings", "epochs", "losses"),
    [({"epochs": 5, "initial_epoch": 2}, [2, 3, 4], [0.5] * 3), ({"epochs": 3, "initial_epoch": 2}, [2], [0.5])],
)
def test_the_history_of_a_shortened_training_has_all_its_epochs(
    settings: dict[str, Any], epochs: list[int], losses: list[float]
) -> None:
    def fit(self: Any, x: Any, epochs: int = 1, initial_epoch: int = 0, steps_per_epoch: Any = None) -> Any:
        return History()

    left = block_run._short(fit)(Model(), 1, **settings)

    assert (left.epoch, left.history) == (epochs, {"loss": losses, "rates": [0.1, 0.2]})


# A stand-in for Keras whose optimizers take no `lr`, and which knows no file but one name.
KERAS = """class SGD:
    def __init__(self, learning_rate=0.1, **more):
        if more:
            raise ValueError(f'Argument(s) not recognized: {more}')
class Sequential:
    def save_weights(self, path):
        if not path.endswith('.weights.h5'):
            raise ValueError('The filename must end in `.weights.h5`.')
        open(path, 'w').close()
    def load_weights(self, path):
        if not path.endswith('.weights.h5'):
            raise ValueError('File format not supported')
        open(path).close()
"""


@pytest.fixture
def keras(tmp_path: Path) -> str:
    """A first block that makes a module `keras`, which each change is looked for in."""
    make = f"import sys, types\nkeras = types.ModuleType('keras')\nexec({KERAS!r}, keras.__dict__)\n"
    return f"{make}keras.optimizers = keras.models = keras\nsys.modules['keras'] = keras\nimport keras\n"


def test_a_block_that_is_mended_in_another_one_is_repaired(tmp_path: Path, keras: str) -> None:
    hits = run(
        tmp_path, keras, "path = 'w.ckpt'", "model = keras.models.Sequential()\nmodel.save_weights(path)",
        "model.load_weights(path)",
    )  # fmt: skip

    assert words(hits) == ["runs", "runs", "repaired", "repaired"]
    assert "what mends it is written in another block" in hits[3]["notes"]
    assert [one["name"] for one in hits[3]["causes"]] == ["weights-file-name"]


def test_a_patch_in_a_function_has_its_cause_though_the_block_runs(tmp_path: Path, keras: str) -> None:
    hits = run(tmp_path, keras, "def make():\n    return keras.optimizers.SGD(lr=0.5)", "make()")

    assert words(hits) == ["runs", "runs", "repaired"]
    assert [[one["name"] for one in hit["causes"]] for hit in hits[1:]] == [["optimizer-lr"], ["optimizer-lr"]]


def test_a_block_that_ran_only_on_what_a_failed_one_had_left_takes_no_repair_back(tmp_path: Path, keras: str) -> None:
    hits = run(tmp_path, keras, "steps = []", "steps.append(keras.optimizers.SGD(lr=1))", "[1 / 0 for one in steps]")

    assert words(hits) == ["runs", "runs", "repaired", "broken"]


def test_a_key_that_no_training_left_is_no_change_of_its_name(tmp_path: Path) -> None:
    hits = run(tmp_path, "import os\nhistory = {}", "history['acc']")

    assert (hits[1]["finding"], hits[1]["causes"]) == ("broken", [])
