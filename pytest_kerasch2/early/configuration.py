"""Configuration file: where it is, what it says, what an edit does; and the four values in the process."""

from __future__ import annotations

import json
from typing import Any

from pytest_kerasch2.chapter.configuration import file as configuration_file
from pytest_kerasch2.checks import captured
from pytest_kerasch2.claims.decorators import detects, fixed_by, known_issue
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.early import faults
from pytest_kerasch2.early.facts import Facts
from pytest_kerasch2.early.facts import told_otherwise as told
from pytest_kerasch2.early.marks import decides

SOURCE = "https://github.com/keras-team/keras/blob/2.3.1/keras"
ENGINES = ("cntk",)
NAMES = ("tensorflow", "theano", "cntk")
FIRST, EDITED, DEFAULTS = "first_use.seen", "edited.values", "settings.defaults"


# -- the file


@decides("config.file-place")
@detects(told("lives elsewhere", FIRST, "used", to=["keras.json"]))
def file_place(facts: Facts, record: Recorder) -> None:
    """List the files in a home that was empty before."""
    configuration_file.file_place(facts.value(FIRST, record), record)


@decides("config.file-place-windows")
@detects(told("lives elsewhere", FIRST, "user_profile", to=False))
def file_place_windows(facts: Facts, record: Recorder) -> None:
    """List the files in a profile that was empty before."""
    configuration_file.file_place_windows(facts.value(FIRST, record), record)


@decides("config.file-created")
@detects(told("never writes", FIRST, "used", to=[]))
def file_created(facts: Facts, record: Recorder) -> None:
    """Look before Keras is imported, after, and after it was used."""
    found = facts.value(FIRST, record)
    record.absent("files before the import", unwanted=configuration_file.FILE, actual=found["before"])
    record.contains("files after the first use", expected=configuration_file.FILE, actual=found["used"])


def _writes(key: str) -> Any:
    return told("writes otherwise", FIRST, "text", to=lambda text: text.replace(f'"{key}": ', '"other": '))


@decides("config.file-keys")
@detects(_writes("backend"))
def file_keys(facts: Facts, record: Recorder) -> None:
    """Name them."""
    configuration_file.file_keys(facts.value(FIRST, record), record)


@decides("config.file-text")
@known_issue(
    of="keras",
    backends=ENGINES,
    cause="Keras writes each key on a line of its own, in this order: floatx, epsilon, backend, image_data_format.",
    source=f"{SOURCE}/backend/__init__.py",
    symptom=r"keys in the order of the file: \['floatx', 'epsilon', 'backend', 'image_data_format'\], not",
)
@fixed_by(told("writes as printed", FIRST, "text", to=json.dumps(configuration_file.PRINTED)))
@detects(told("writes otherwise", FIRST, "text", to=json.dumps({"other": 0, **configuration_file.PRINTED})))
def file_text(facts: Facts, record: Recorder) -> None:
    """Read the keys in their order, and count the lines."""
    configuration_file.file_text(facts.value(FIRST, record), record)


@decides("config.file-format")
@detects(_writes("image_data_format"))
def file_format(facts: Facts, record: Recorder) -> None:
    """Read it."""
    configuration_file.file_format(facts.value(FIRST, record), record)


@decides("config.file-epsilon")
@detects(_writes("epsilon"))
def file_epsilon(facts: Facts, record: Recorder) -> None:
    """Read it."""
    configuration_file.file_epsilon(facts.value(FIRST, record), record)


@decides("config.file-floatx")
@detects(_writes("floatx"))
def file_floatx(facts: Facts, record: Recorder) -> None:
    """Read it."""
    configuration_file.file_floatx(facts.value(FIRST, record), record)


@decides("config.file-backend")
@detects(_writes("backend"))
def file_backend(facts: Facts, record: Recorder) -> None:
    """Read it, as Keras wrote it although another engine was chosen by KERAS_BACKEND."""
    configuration_file.file_backend(facts.value(FIRST, record), record)


# -- edits


@decides("config.edit-format")
@detects(told("forgetful reader", EDITED, "image_data_format", to="channels_last"))
def edit_format(facts: Facts, record: Recorder) -> None:
    """Import Keras beside a file that says channels_first."""
    configuration_file.edit_format(facts.value(EDITED, record), record)


@decides("config.edit-epsilon")
@detects(told("forgetful reader", EDITED, "epsilon", to=1e-7), told("forgetful losses", EDITED, "loss", to=1e9))
def edit_epsilon(facts: Facts, record: Recorder) -> None:
    """Import Keras beside a file that says 0.001."""
    configuration_file.edit_epsilon(facts.value(EDITED, record), record)


@decides("config.edit-floatx")
@detects(told("forgetful reader", EDITED, "floatx", to="float32"), told("narrow", EDITED, "weights", to="float32"))
def edit_floatx(facts: Facts, record: Recorder) -> None:
    """Import Keras beside a file that says float64."""
    configuration_file.edit_floatx(facts.value(EDITED, record), record)


@decides("config.edit-kept")
@detects(told("writes back", EDITED, "kept", "epsilon", to=1e-7))
def edit_kept(facts: Facts, record: Recorder) -> None:
    """Read the file again after Keras was used."""
    configuration_file.edit_kept(facts.value(EDITED, record), record)


def _engine_named(facts: Facts, record: Recorder, name: str) -> str:
    """Return the engine that Keras goes for where the file names one: the one it has, or the one it looks for."""
    told_ = facts.value("edited.engines", record)[name]
    record.saw(f"with {name} in the file: {told_.get('error') or 'imported'}")
    if "value" in told_:
        return str(told_["value"])
    return name if f"No module named '{name}" in told_["error"] else "another"


@decides("config.edit-backend")
@detects(told("forgetful reader", "edited.engines", to=lambda all_: {name: {"value": "tensorflow"} for name in all_}))
def edit_backend(facts: Facts, record: Recorder) -> None:
    """Import Keras beside a file that names the engine which is here, without KERAS_BACKEND."""
    here = facts.value(DEFAULTS, record)["backend"]
    record.true("the engine here is not the default one", holds=here in ENGINES, found=here)
    named = facts.value("edited.engines", record)[here]
    record.equal(f"engine with {here} in the file", expected=here, actual=captured.value(record, "import", named))


@decides("config.backend-values")
@detects(
    told("forgetful reader", "edited.engines", to=lambda all_: {name: {"value": "tensorflow"} for name in all_}),
    told("accepts anything", "edited.engines", "mxnet", to={"value": "mxnet"}),
)
def backend_values(facts: Facts, record: Recorder) -> None:
    """Import Keras beside files that name the three, and one that is none of them."""
    for name in NAMES:
        record.equal(f"engine with {name} in the file", expected=name, actual=_engine_named(facts, record, name))
    other = facts.value("edited.engines", record)["mxnet"]
    record.contains("with mxnet in the file", expected="ValueError", actual=other.get("error", "accepted"))


@decides("config.file-refused")
@detects(told("lenient reader", "edited.refused", "files", 2, 1, to={"value": "theano"}))
def file_refused(facts: Facts, record: Recorder) -> None:
    """Import Keras beside such files."""
    (_, printed), *others = facts.value("edited.refused", record)["files"]
    captured.value(record, "import beside the printed file", printed)
    for what, tried in others:
        record.true(f"{what} is refused", holds="error" in tried, found=tried.get("error", "accepted"))


# -- the four values in the process


@decides("config.epsilon-default")
@detects(told("moved defaults", DEFAULTS, "epsilon", to=1e-8))
def epsilon_default(facts: Facts, record: Recorder) -> None:
    """Ask the getter."""
    record.equal("epsilon()", expected=1e-07, actual=facts.value(DEFAULTS, record)["epsilon"])


@decides("config.floatx-default")
@detects(told("moved defaults", DEFAULTS, "floatx", to="float64"))
def floatx_default(facts: Facts, record: Recorder) -> None:
    """Ask the getter."""
    record.equal("floatx()", expected="float32", actual=facts.value(DEFAULTS, record)["floatx"])


def _read(facts: Facts, record: Recorder, fact: str, what: str) -> Any:
    found = facts.value(fact, record)
    for asked, read, *_ in found["read"]:
        record.equal(f"{what} set and read", expected=asked, actual=read)
    return found


def _refused(record: Recorder, wrong: dict[str, str], what: str) -> None:
    for value, answer in wrong.items():
        record.true(f"{what} {value} is refused", holds=answer != "accepted", found=answer)


@decides("config.format-values")
@detects(
    faults.DEAF_SETTERS,
    told("accepts anything", "settings.formats", "wrong", "'NHWC'", to="accepted"),
    told("deaf layers", "settings.formats", "read", 1, 2, to="channels_last"),
)
def format_values(facts: Facts, record: Recorder) -> None:
    """Set both and see a layer follow; try others."""
    found = _read(facts, record, "settings.formats", "format")
    for asked, _, layer in found["read"]:
        record.equal("data_format of a pooling layer", expected=asked, actual=layer)
    _refused(record, found["wrong"], "image format")


@decides("config.floatx-values")
@detects(faults.DEAF_SETTERS, told("accepts anything", "settings.precisions", "wrong", "'bfloat16'", to="accepted"))
def floatx_values(facts: Facts, record: Recorder) -> None:
    """Set the three; try others."""
    _refused(record, _read(facts, record, "settings.precisions", "precision")["wrong"], "precision")


@decides("config.format-accessors")
@detects(faults.DEAF_SETTERS, told("deaf setters", "settings.formats", "read", 1, 1, to="channels_last"))
def format_accessors(facts: Facts, record: Recorder) -> None:
    """Set it and read it, there and back."""
    _read(facts, record, "settings.formats", "format")


@decides("config.epsilon-accessors")
@detects(faults.DEAF_SETTERS, told("coarse epsilon", "settings.epsilons", "read", 3, 1, to=0.3))
def epsilon_accessors(facts: Facts, record: Recorder) -> None:
    """Set it and read it."""
    _read(facts, record, "settings.epsilons", "epsilon")


@decides("config.floatx-accessors")
@detects(faults.DEAF_SETTERS, told("deaf setters", "settings.precisions", "read", 0, 1, to="float32"))
def floatx_accessors(facts: Facts, record: Recorder) -> None:
    """Set it and read it, there and back."""
    _read(facts, record, "settings.precisions", "precision")


@decides("config.backend-getter")
@detects(told("engine called otherwise", DEFAULTS, "backend", to="tensorflow"))
def backend_getter(facts: Facts, record: Recorder) -> None:
    """Ask it: one of the two engines, the one asked for, without which nothing would have been told at all."""
    record.contains("the engine", expected=facts.value(DEFAULTS, record)["backend"], actual=ENGINES)


@decides("config.backend-setter")
@known_issue(
    of="keras",
    backends=ENGINES,
    cause="There never was one: Keras chooses the engine while it is imported, by its file or by KERAS_BACKEND.",
    source=f"{SOURCE}/backend/load_backend.py",
    symptom="set_backend.*no such function",
)
@fixed_by(told("engine can be set", DEFAULTS, "set_backend", to=True))
@detects(told("engine cannot be set", DEFAULTS, "set_backend", to=False))
def backend_setter(facts: Facts, record: Recorder) -> None:
    """Look for it."""
    there = facts.value(DEFAULTS, record)["set_backend"]
    record.true("set_backend", holds=there, found="there" if there else "no such function")


@decides("config.epsilon-fuzz")
@detects(
    faults.DEAF_SETTERS,
    told("no fuzz", "settings.epsilons", "losses", 0, to="inf"),
    told("deaf", "settings.epsilons", "losses", 1, to="1e9"),
)
def epsilon_fuzz(facts: Facts, record: Recorder) -> None:
    """Take the percentage error of a target of zero, which divides by that target."""
    by_default, of_a_thousandth, of_none = facts.value("settings.epsilons", record)["losses"]
    record.equal("type of epsilon", expected="float", actual=facts.value(DEFAULTS, record)["epsilon type"])
    record.close("100 * 1 / 1e-07", expected=1e9, actual=float(by_default), within=1e4)
    record.close("100 * 1 / 1e-03", expected=1e5, actual=float(of_a_thousandth), within=1.0)
    # Not required: an engine may guard its own division, as CNTK does.
    record.saw(f"100 * 1 / 0, without epsilon: {of_none}")


PRECISIONS = "settings.precisions"


@decides("config.set-floatx")
@detects(faults.DEAF_SETTERS, told("deaf first layer", PRECISIONS, "read", 0, 2, to={"value": "float32"}))
def set_floatx(facts: Facts, record: Recorder) -> None:
    """Make layers, one after the other, each after another precision was set: here no layer is told from the first."""
    _follow(facts, record)


@decides("config.set-floatx-again")
@detects(faults.DEAF_SETTERS, told("deaf layers", PRECISIONS, "read", 2, 2, to={"value": "float32"}))
def set_floatx_again(facts: Facts, record: Recorder) -> None:
    """Make layers, one after the other, each after another precision was set."""
    _follow(facts, record)


def _follow(facts: Facts, record: Recorder) -> None:
    for asked, _, weights in facts.value(PRECISIONS, record)["read"]:
        made = captured.value(record, "a layer", weights)
        record.equal(f"weights after set_floatx('{asked}')", expected=asked, actual=made)
