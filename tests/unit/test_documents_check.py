"""`kerasch2 check --read-only`: what is said, what is written, exit statuses, and what must not happen."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("libcst", reason="code is edited by LibCST, of the extra `documents`")
if sys.version_info < (3, 9):
    pytest.skip("documents are checked by CPython 3.9 or newer", allow_module_level=True)
from pytest_kerasch2 import cli
from pytest_kerasch2.changes import catalogue_of_changes
from pytest_kerasch2.claims import schema
from pytest_kerasch2.documents import reading, releases
from pytest_kerasch2.errors import InvalidArgument

SCHEMA = Path(reading.__file__).parent / "check.schema.json"
HEAD = "import tensorflow as tf\nfrom tensorflow import keras\n"


@pytest.fixture(autouse=True)
def _all_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue_of_changes, "is_proven", lambda change: change.proof is not None)


def page(folder: Path, *blocks: str) -> Path:
    path = folder / "page.md"
    path.write_text("\n".join(f"```py\n{block}\n```\n" for block in blocks), encoding="utf-8")
    return path


def check(path: Path, *words: str) -> tuple[int, dict[str, Any]]:
    target = path.parent / "findings.json"
    status = cli.main(["check", str(path), "--read-only", "--release", "2.21", "--json", str(target), *words])
    data = json.loads(target.read_text(encoding="utf-8")) if target.exists() else {}
    if data:
        schema.require(data, SCHEMA)
    return status, data


def words_of(data: dict[str, Any]) -> list[str]:
    return [block["finding"] for block in data["documents"][0]["blocks"]]


@pytest.mark.parametrize(
    ("code", "word", "status"),
    [
        ("x = 1", "nothing_found", 0),
        (f"{HEAD}keras.optimizers.SGD(lr=0.1)", "repairable", 1),
        (f"{HEAD}keras.optimizers.SGD(0.1, decay=0.5)", "changed", 1),
        (f"{HEAD}tf.estimator.LinearClassifier([])", "broken", 1),
        ("class A:\ndef f(self):\nreturn 1", "broken", 1),
        ("print(model)", "needs", 3),
        ("print(np.zeros(3))", "repairable", 1),
        ("(60000, 28, 28)", "not_code", 0),
    ],
)
def test_word_and_exit_status(tmp_path: Path, code: str, word: str, status: int) -> None:
    ended, data = check(page(tmp_path, code))

    assert (words_of(data), ended) == ([word], status)


def test_a_release_on_which_nothing_has_changed(tmp_path: Path) -> None:
    path = page(tmp_path, f"{HEAD}keras.optimizers.SGD(lr=0.1)")

    assert check(path, "--release", "2.10")[0] == 0


def test_an_alias_an_import_and_an_assignment_are_followed_over_blocks(tmp_path: Path) -> None:
    path = page(
        tmp_path, "import tensorflow as t", "k = t.keras", "from tensorflow.keras import optimizers as o",
        "k.optimizers.Adam(lr=1.0)", "o.Adam(lr=1.0)", "print(dict(lr=1.0))",
    )  # fmt: skip

    assert words_of(check(path)[1]) == ["nothing_found"] * 3 + ["repairable"] * 2 + ["nothing_found"]


def test_a_file_name_is_changed_wherever_it_is_written(tmp_path: Path) -> None:
    path = page(tmp_path, HEAD + 'name = "a.ckpt"', "model = keras.Sequential()", "model.save_weights(name)",
                'model.load_weights("a.ckpt")')  # fmt: skip

    check(path, "--fix")

    mended = (tmp_path / "page.mended.md").read_text(encoding="utf-8")
    assert mended == path.read_text(encoding="utf-8").replace("a.ckpt", "a.weights.h5")


def test_a_checkpoint_and_what_loads_it_keep_one_name(tmp_path: Path) -> None:
    path = page(
        tmp_path, HEAD + 'keras.callbacks.ModelCheckpoint("best.hdf5")', 'model = 1\nmodel.load_weights("best.hdf5")'
    )

    check(path, "--fix")

    assert (tmp_path / "page.mended.md").read_text(encoding="utf-8").count('"best.keras"') == 2


def test_a_diff_can_be_applied(tmp_path: Path) -> None:
    path = page(tmp_path, f"{HEAD}keras.optimizers.SGD(lr=0.1)", "np.zeros(3)")
    target = tmp_path / "page.diff"

    check(path, "--diff", str(target), "--fix")
    mended = (tmp_path / "page.mended.md").read_text(encoding="utf-8")
    text = target.read_text(encoding="utf-8").replace(str(path), "page.md")
    subprocess.run(["git", "apply", "--unsafe-paths", "-p1", "-"], input=text.encode(), cwd=str(tmp_path), check=True)

    assert path.read_text(encoding="utf-8") == mended
    assert "+import numpy as np\n" in text


def test_in_place(tmp_path: Path) -> None:
    path = page(tmp_path, f"{HEAD}keras.optimizers.SGD(lr=0.1)")

    check(path, "--in-place")

    assert "learning_rate=0.1" in path.read_text(encoding="utf-8")
    assert [one.name for one in tmp_path.iterdir() if "mended" in one.name] == []


def test_nothing_is_written_where_nothing_is_asked(tmp_path: Path) -> None:
    path = page(tmp_path, f"{HEAD}keras.optimizers.SGD(lr=0.1)")

    cli.main(["check", str(path), "--read-only", "--release", "2.21"])

    assert [one.name for one in tmp_path.iterdir()] == ["page.md"]


def test_one_refused_document_leaves_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.ipynb"
    bad.write_text("{", encoding="utf-8")

    status = cli.main(["check", str(bad), str(page(tmp_path, "x = 1")), "--read-only", "--release", "2.21"])

    out = capsys.readouterr().out
    assert (status, "bad.ipynb: refused" in out, "1 nothing found" in out) == (2, True, True)


@pytest.mark.parametrize(
    "words",
    [
        ["--read-only", "--run"],
        ["--run", "--release", "2.15"],
        ["--read-only", "--fix", "--in-place"],
        ["--read-only", "--deadline", "0"],
        ["--read-only", "--release", "soon"],
        ["--read-only", "--release", "1.15"],
        ["--read-only", "--json", "absent/x.json"],
    ],
)
def test_options_that_are_refused(tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", str(page(tmp_path, "x = 1")), *words]) == 2
    assert capsys.readouterr().err.startswith("kerasch2 check: ")


def test_without_the_extra_one_sentence_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "libcst", None)

    status = cli.main(["check", str(page(tmp_path, "x = 1")), "--read-only"])

    err = capsys.readouterr().err
    assert (status, err.count("\n"), 'pip install "pytest-kerasch2[documents]"' in err) == (2, 1, True)


def test_the_terminal_gets_no_control_codes_of_a_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = page(tmp_path, "x = np.zeros(3)  # \x1b[31m", "::error::x = (")

    cli.main(["check", str(path), "--read-only", "--release", "2.21"])

    out = capsys.readouterr().out
    assert ("\x1b" in out, [line for line in out.splitlines() if line.startswith("::")]) == (False, [])


@pytest.mark.parametrize(
    ("text", "tensorflow", "keras"),
    [
        ("2.15", "2.15", "2.15.0"), ("tensorflow==2.0.0", "2.0.0", "2.2.4-tf"), ("keras==3.5", "-", "3.5"),
        ("2.16", "2.16", "3.15.1"),
    ],
)  # fmt: skip
def test_release_by_name(text: str, tensorflow: str, keras: str) -> None:
    release = releases.named(text)

    assert (release.tensorflow, release.keras) == (tensorflow, keras)


@pytest.mark.parametrize(("text", "numpy"), [("2.6", "-"), ("2.13", "1.24"), ("2.21", "2.0")])
def test_release_by_name_has_the_numpy_of_the_pins(text: str, numpy: str) -> None:
    assert getattr(releases.named(text), "numpy", None) == numpy


@pytest.mark.parametrize("text", ["", "2", "two", "1.15", "3.0", "jax==2.0"])
def test_release_that_cannot_be_read(text: str) -> None:
    with pytest.raises(InvalidArgument):
        releases.named(text)


@pytest.mark.parametrize(
    ("bound", "text"), [("2.16", "TensorFlow 2.16"), ("Keras 3.0", "Keras 3.0"), ("NumPy 1.24", "NumPy 1.24")]
)
def test_a_bound_of_a_cause_has_the_name_of_what_it_is_a_release_of(bound: str, text: str) -> None:
    assert releases.spelled(bound) == text


def test_reading_takes_no_framework(tmp_path: Path) -> None:
    # How long it takes is measured by evaluation/documents_reading.py.
    path = page(tmp_path, HEAD, "model.compile(keras.optimizers.SGD(lr=0.1), 'mse')")
    script = (
        "import sys; from pytest_kerasch2 import cli;"
        f"cli.main(['check', {str(path)!r}, '--read-only', '--release', '2.21']);"
        "print(sorted({'tensorflow', 'keras', 'jax', 'torch', 'numpy'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, timeout=60)

    assert done.stdout.decode().splitlines()[-1] == "[]"


def test_hostile_code_that_libcst_refuses_is_a_note(tmp_path: Path) -> None:
    began = time.monotonic()

    status, data = check(page(tmp_path, "x = 1", f"y = {'[' * 80}{']' * 80}"))

    assert (status, time.monotonic() - began < 10) == (0, True)
    assert len(data["documents"][0]["blocks"]) == 2


GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "check-a-document.md"


def test_the_guide_shows_what_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = GUIDE.read_text(encoding="utf-8")
    (document,) = re.findall(r"^````markdown\n(.*?)^````$", text, re.MULTILINE | re.DOTALL)
    (shown,) = re.findall(
        r"^<!-- checked by test_documents_check -->\n```text\n(.*?)^```$", text, re.MULTILINE | re.DOTALL
    )
    (tmp_path / "page.md").write_text(document, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    status = cli.main(["check", "page.md", "--read-only", "--release", "2.21", "--diff", "page.diff"])

    assert (status, capsys.readouterr().out.strip()) == (1, shown.strip())
