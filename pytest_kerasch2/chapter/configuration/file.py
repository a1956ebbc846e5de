"""The configuration file: where it is, when it comes, what it holds, and what an edit does."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pytest_kerasch2 import folders
from pytest_kerasch2.chapter.configuration import engine_faults, faults, source, workarounds
from pytest_kerasch2.chapter.configuration.claims import FORMATS, KERAS, PRECISIONS, refused
from pytest_kerasch2.chapter.configuration.observations import EDIT, EDITED, ENGINE, ENGINES, FIRST_USE, NOTE
from pytest_kerasch2.checks.properties import examples
from pytest_kerasch2.claims.decorators import claim, detects, extends, fixed_by, in_subprocess, known_issue, tolerates
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.errors import NotApplicable
from pytest_kerasch2.framework import api

FILE = ".keras/keras.json"
PRINTED = {"image_data_format": "channels_last", "epsilon": 1e-07, "floatx": "float32", "backend": "tensorflow"}


def _contents(record: Recorder, child: Any) -> dict[str, Any]:
    there = "none" if child["text"] is None else "written"
    record.equal("keras.json after the first use", expected="written", actual=there)
    read: dict[str, Any] = json.loads(child["text"])
    return read


# -- where, when, what


@claim("config.file-place", "The file is .keras/keras.json in the folder HOME.", "prose")
@in_subprocess(FIRST_USE)
@detects(faults.lives_elsewhere)
@tolerates(faults.home_with_blanks)
def file_place(child: Any, record: Recorder) -> None:
    """List the files in a home that was empty before."""
    record.equal("files in the home before", expected=[], actual=child["before"])
    record.contains("files in the home after Keras was used", expected=FILE, actual=child["used"])


@claim("config.file-place-windows", "On Windows the file is in %USERPROFILE% instead.", "prose")
@in_subprocess(FIRST_USE)
@detects(faults.lives_elsewhere)
@tolerates(faults.home_with_blanks)
def file_place_windows(child: Any, record: Recorder) -> None:
    """List the files in a profile that was empty before."""
    if os.name != "nt":
        raise NotApplicable("The claim is about Windows", f"this system is {os.name}", "run the suite on Windows")
    record.true("the home is %USERPROFILE%", holds=child["user_profile"], found=child["user_profile"])
    record.contains("files in the profile after Keras was used", expected=FILE, actual=child["used"])


@claim("config.file-created", "The file is created when Keras is used for the first time.", "prose")
@in_subprocess(FIRST_USE)
@detects(faults.never_writes)
@tolerates(faults.folder_there_already)
def file_created(child: Any, record: Recorder) -> None:
    """Look before TensorFlow is imported, or Keras where it runs without, after, and after Keras was used."""
    record.absent("files before the import", unwanted=FILE, actual=child["before"])
    when = "already there" if FILE in child["imported"] else "not there"
    record.saw(f"after `{child['line']}`, with no use of Keras yet: {when}")
    record.contains("files after the first use", expected=FILE, actual=child["used"])
    record.true("it is JSON", holds=(child["text"] or "").startswith("{"), found=child["text"] or "empty")


@claim("config.file-keys", "The file holds exactly four keys.", "output")
@in_subprocess(FIRST_USE)
@detects(faults.writes_otherwise)
@tolerates(faults.writes_compactly)
def file_keys(child: Any, record: Recorder) -> None:
    """Name them."""
    record.equal("keys", expected=sorted(PRINTED), actual=sorted(_contents(record, child)))


def _holds(child: Any, record: Recorder, key: str) -> None:
    record.equal(f"{key} in the file", expected=PRINTED[key], actual=_contents(record, child).get(key))


@claim("config.file-format", "The file says channels_last for image_data_format.", "output")
@in_subprocess(FIRST_USE)
@detects(faults.writes_otherwise)
@tolerates(faults.writes_compactly)
def file_format(child: Any, record: Recorder) -> None:
    """Read it."""
    _holds(child, record, "image_data_format")


@claim("config.file-epsilon", "The file says 1e-07 for epsilon.", "output")
@in_subprocess(FIRST_USE)
@detects(faults.writes_otherwise)
@tolerates(faults.writes_compactly)
def file_epsilon(child: Any, record: Recorder) -> None:
    """Read it."""
    _holds(child, record, "epsilon")


@claim("config.file-floatx", "The file says float32 for floatx.", "output")
@in_subprocess(FIRST_USE)
@detects(faults.writes_otherwise)
@tolerates(faults.writes_compactly)
def file_floatx(child: Any, record: Recorder) -> None:
    """Read it."""
    _holds(child, record, "floatx")


@claim("config.file-backend", "The file says tensorflow for backend.", "output")
@in_subprocess(FIRST_USE)
@detects(faults.writes_otherwise)
@tolerates(faults.writes_compactly)
def file_backend(child: Any, record: Recorder) -> None:
    """Read it."""
    _holds(child, record, "backend")


@claim("config.file-text", "The file is one line, whose keys stand in the order of their list.", "output")
@known_issue(
    of="keras",
    cause="Keras writes each key on a line of its own, in this order: floatx, epsilon, backend, image_data_format.",
    source=f"{KERAS}/v3.15.1/keras/src/backend/config.py",
    symptom=r"keys in the order of the file: \['floatx', 'epsilon', 'backend', 'image_data_format'\], not",
)
@in_subprocess(FIRST_USE)
@detects(faults.writes_otherwise)
@tolerates(faults.folder_there_already)
@fixed_by(faults.writes_as_printed)
def file_text(child: Any, record: Recorder) -> None:
    """Read the keys in their order, and count the lines."""
    keys = list(_contents(record, child))

    record.equal("keys in the order of the file", expected=list(PRINTED), actual=keys)
    record.equal("lines of the file", expected=1, actual=len(child["text"].splitlines()))


# -- edits


@claim("config.edit-format", "Editing image_data_format in the file changes the default.", "prose")
@in_subprocess(EDIT)
@detects(faults.forgetful_reader)
@tolerates(faults.unknown_key)
def edit_format(child: Any, record: Recorder) -> None:
    """Import Keras beside a file that says channels_first."""
    record.equal("image_data_format()", expected="channels_first", actual=child["image_data_format"])
    record.equal("data_format of a convolution", expected="channels_first", actual=child["convolution"])
    _alone(child, record, "image_data_format")


def _alone(child: Any, record: Recorder, key: str) -> None:
    for one in child["alone"]:
        if one["key"] == key:
            record.equal(f"{key}, alone in a file, as Keras reads it", expected=one["value"], actual=one["read"])


@claim("config.edit-epsilon", "Editing epsilon in the file changes the default.", "prose")
@in_subprocess(EDIT)
@detects(faults.forgetful_reader)
@tolerates(faults.unknown_key)
def edit_epsilon(child: Any, record: Recorder) -> None:
    """Import Keras beside a file that says 0.001."""
    record.equal("epsilon()", expected=1e-3, actual=child["epsilon"])
    record.close("percentage error of zero, 100 * 1 / 0.001", expected=1e5, actual=round(child["loss"]), within=1.0)
    _alone(child, record, "epsilon")


@claim("config.edit-floatx", "Editing floatx in the file changes the default.", "prose")
@in_subprocess(EDIT)
@detects(faults.forgetful_reader)
@tolerates(faults.unknown_key)
def edit_floatx(child: Any, record: Recorder) -> None:
    """Import Keras beside a file that says float64."""
    record.equal("floatx()", expected="float64", actual=child["floatx"])
    record.equal("type of a layer's weights", expected="float64", actual=child["weights"])
    _alone(child, record, "floatx")


@claim("config.edit-kept", "The file is the user's to edit: Keras leaves what stands in it.", "prose")
@in_subprocess(EDIT)
@detects(faults.writes_back)
@tolerates(faults.unknown_key)
def edit_kept(child: Any, record: Recorder) -> None:
    """Read the file again after Keras was used."""
    edited = {**EDITED, **NOTE}
    record.equal("the edited file after use", expected=sorted(edited.items()), actual=sorted(child["kept"].items()))
    for one in child["alone"]:
        record.equal("a file of one key after use", expected={one["key"]: one["value"]}, actual=one["kept"])


@claim("config.edit-backend", "Editing backend in the file changes the engine of Keras.", "prose")
@known_issue(
    cause="Keras 2 inside TensorFlow writes the key `backend` and never reads it: its engine is TensorFlow.",
    source=f"{KERAS}/v2.15.0/keras/backend.py",
    symptom="engine with numpy in the file: tensorflow, not numpy",
    until="2",
    of="keras",
    backends=("tensorflow",),
    workaround=workarounds.ASK,
)
@in_subprocess(ENGINE)
@detects(faults.forgetful_reader)
@tolerates(faults.unknown_key)
@fixed_by(engine_faults.every_engine_there)
def edit_backend(child: Any, record: Recorder) -> None:
    """Import Keras beside a file that names another engine, installed or not."""
    name = child["edited"]["name"]
    answer = child[name]
    if answer["error"]:
        record.saw(f"Keras takes the file's word and looks for that engine: {answer['error']}")
    record.equal(f"engine with {name} in the file", expected=name, actual=answer["chosen"])


@claim("config.backend-values", "The engine is one of tensorflow, theano and cntk, as the file says.", "prose")
@known_issue(
    cause="Keras 2 inside TensorFlow writes the key `backend` and never reads it: its engine is TensorFlow.",
    source=f"{KERAS}/v2.15.0/keras/backend.py",
    symptom="engine with theano in the file: tensorflow, not theano",
    until="2",
    of="keras",
    backends=("tensorflow",),
    workaround=workarounds.ASK,
)
@known_issue(
    cause="Keras 3 runs on TensorFlow, JAX, PyTorch and others, and neither on Theano nor on CNTK.",
    source=f"{KERAS}/v3.15.1/keras/src/backend/__init__.py",
    symptom="(Unable to import|Unsupported) backend : theano",
    since="3.0",
    of="keras",
    workaround=workarounds.CHOOSE,
)
@in_subprocess(ENGINE)
@detects(faults.forgetful_reader)
@fixed_by(engine_faults.every_engine_there)
@tolerates(faults.unknown_key)
def backend_values(child: Any, record: Recorder) -> None:
    """Import Keras beside a file that names each of the other two."""
    for name in ENGINES[:2]:
        answer = child[name]
        record.equal(f"engine with {name} in the file", expected=name, actual=answer["chosen"])
        if f"No module named '{name}" in (answer["error"] or ""):
            record.saw(f"Keras looks for {name}, which is not installed: {answer['error']}")
            continue
        record.equal(f"import of Keras on {name}", expected="runs", actual=answer["error"] or "runs")
    if "unknown" in child:
        refusal = child["unknown"]["error"] or "accepted"
        record.contains("with mxnet in the file", expected="Error", actual=refusal)


# -- the reading code, over many files


def _home_with(folder: Path, values: dict[str, Any]) -> Path:
    (folder / ".keras").mkdir(exist_ok=True)
    (folder / FILE).write_text(json.dumps(values), encoding="utf-8")
    return folder


def _read(values: dict[str, Any]) -> dict[str, Any]:
    with folders.temporary("settings") as folder:
        return source.read_again(_home_with(folder, values))


VALUES = st.fixed_dictionaries(
    {
        "floatx": st.sampled_from(PRECISIONS),
        "epsilon": st.floats(min_value=0.0, max_value=1.0),
        "image_data_format": st.sampled_from(FORMATS),
    }
)


@extends(edit_epsilon)
@detects(faults.forgetful_reader)
@tolerates(faults.unknown_key)
def any_edit(tf: Any, record: Recorder) -> None:
    """Whatever allowed values a file holds are the values in force, by the code of Keras that reads it."""
    before = (api.backend_functions().floatx(), api.backend_functions().epsilon())

    @examples(25)
    @given(VALUES, st.sampled_from(["tensorflow", "theano"]))
    def honoured(values: dict[str, Any], engine: str) -> None:
        local = Recorder()
        read = _read({**values, "backend": engine})
        for name, value in values.items():
            local.equal(name, expected=value, actual=read[name])

    record.always("values of the file are the values in force", 25, honoured)
    after = (api.backend_functions().floatx(), api.backend_functions().epsilon())
    record.equal("values of this process meanwhile", expected=before, actual=after)


@claim(
    "config.file-refused",
    "A file with a value that is not allowed is refused: a format, a precision, an epsilon that is no float.",
    "prose",
)
@detects(faults.lenient_reader)
@tolerates(faults.unknown_key)
def file_refused(tf: Any, record: Recorder) -> None:
    """Let the code of Keras read such files."""
    record.equal("the printed file", expected="float32", actual=_read(PRINTED)["floatx"])
    for key, value in (
        ("image_data_format", "channels_middle"),
        ("floatx", "int32"),
        ("floatx", "bfloat16"),
        ("epsilon", 1),
        ("epsilon", "1e-07"),
    ):
        refused(record, f"{key} {value!r} in the file", partial(_read, {**PRINTED, key: value}))
