"""The atlas of names: what is walked, how it is kept, and what is answered from it, on made-up releases."""

from __future__ import annotations

import json
import lzma
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import pytest

from pytest_kerasch2.atlas import asking, atlas_file, command, encoding, walking
from pytest_kerasch2.claims.release import Release
from pytest_kerasch2.errors import BadAtlas, InvalidArgument
from tests.builders.atlases import atlas_of, walk_of

TF_216 = Release("2.16.2", "3.15.1", "tensorflow")
MODULES = {"tf": "m", "tf.keras": "m", "tf.keras.losses": "m"}
OLD = {**MODULES, "tf.keras.losses.MSE": ["y_true", "y_pred"], "tf.keras.losses.long": "=tf.keras.losses.MSE"}
NEW = {**MODULES, "tf.keras.losses.MSE": ["y_true", "y_pred"]}


def _two(old: Any, new: Any) -> Any:
    return atlas_of(("2.15.1", "2.15.0", {**MODULES, **old}), ("2.16.2", "3.15.1", {**MODULES, **new}))


def test_a_name_that_is_gone_lives_at_another_name_of_the_same_thing() -> None:
    actual = asking.gone(_two(OLD, NEW), "tf.keras.losses.long", TF_216)

    assert actual is not None
    assert (actual.boundary.before, str(actual.boundary), actual.home, actual.how) == (
        "2.15",
        "2.16",
        "tf.keras.losses.MSE",
        "object",
    )


def test_another_name_with_the_same_parameters_is_said_to_be_that_alone() -> None:
    old = {"tf.keras.old": "m", "tf.keras.old.pad": ["first", "second=1"]}
    new = {"tf.keras.new": "m", "tf.keras.new.pad": ["first", "second=1"]}

    actual = asking.gone(_two(old, new), "tf.keras.old.pad", TF_216)

    assert actual is not None
    assert (actual.home, actual.how) == ("tf.keras.new.pad", "signature")


def test_another_name_with_other_parameters_is_no_home() -> None:
    old = {"tf.keras.old": "m", "tf.keras.old.pad": ["first", "second=1"]}
    new = {"tf.keras.new": "m", "tf.keras.new.pad": ["first", "second=2"]}

    actual = asking.gone(_two(old, new), "tf.keras.old.pad", TF_216)

    assert actual is not None
    assert actual.home == ""


@pytest.mark.parametrize(
    "new",
    [
        {"tf.keras.old": ["a"]},
        {"tf.keras.old": "o"},
        {"tf.keras.old": "x"},
        {"tf.keras.old": "v"},
    ],
    ids=["same", "of another package", "not looked into", "a value"],
)
def test_a_name_that_the_release_has_is_never_gone(new: Any) -> None:
    assert asking.gone(_two({"tf.keras.old": ["a"]}, new), "tf.keras.old", TF_216) is None


@pytest.mark.parametrize("kind", ["x", "o"])
def test_what_is_below_a_module_that_was_not_looked_into_is_not_gone(kind: str) -> None:
    data = _two({"tf.part": "m", "tf.part.old": ["a"]}, {"tf.part": kind})

    assert asking.gone(data, "tf.part.old", TF_216) is None


def test_what_no_release_had_is_not_gone() -> None:
    assert asking.gone(_two(OLD, NEW), "tf.keras.losses.invented", TF_216) is None


def test_a_release_that_was_not_walked_has_no_answer() -> None:
    assert asking.gone(_two(OLD, NEW), "tf.keras.losses.long", Release("2.17.0", "3.15.1", "tensorflow")) is None


def test_a_keras_that_was_not_walked_has_no_answer() -> None:
    assert asking.gone(_two(OLD, NEW), "tf.keras.losses.long", Release("2.16.2", "3.4.1", "tensorflow")) is None


def test_a_name_that_the_other_keras_of_a_release_has_is_not_gone() -> None:
    data = atlas_of(
        ("2.15.1", "2.15.0", OLD), ("2.16.2", "3.15.1", NEW), ("2.16.2", "3.4.1", OLD),
        series=("tensorflow", "tensorflow", "keras"),
    )  # fmt: skip

    assert asking.gone(data, "tf.keras.losses.long", Release("2.16.2", "3.4.1", "tensorflow")) is None
    gone = asking.gone(data, "tf.keras.losses.long", TF_216)
    assert gone is not None
    assert (gone.series, gone.boundary.before, gone.boundary.after) == ("Keras", "3.4", "3.15")


def test_between_releases_that_were_walked_nothing_is_claimed() -> None:
    data = atlas_of(("2.12.0", "2.12.0", OLD), ("2.15.1", "2.15.0", NEW))

    actual = asking.gone(data, "tf.keras.losses.long", Release("2.15.1", "2.15.0", "tensorflow"))

    assert actual is not None
    assert str(actual.boundary) == "2.15 at the latest; 2.13 to 2.14 were not walked"
    assert any("walked: 2.12, 2.15" in line for line in command.lines("tf.keras.losses.long", None, data))


def test_a_name_that_comes_back_has_a_last_release_without_it() -> None:
    data = atlas_of(("2.13.0", "2.13.0", OLD), ("2.14.0", "2.14.0", NEW), ("2.15.0", "2.15.0", OLD))

    actual = asking.gone(data, "tf.keras.losses.long", Release("2.14.0", "2.14.0", "tensorflow"))

    assert actual is not None
    assert (actual.boundary.after, actual.until) == ("2.14", "2.14")


BASE = {"members": {"fit_generator": ["generator"], "fit": ["x", "workers=1"]}}
BASE_NOW = {"members": {"fit": ["x"]}}


def test_a_method_is_looked_for_in_the_bases() -> None:
    old = {"tf.keras.Model": BASE, "tf.keras.Sequential": {"bases": ["tf.keras.Model"]}}
    new = {"tf.keras.Model": BASE_NOW, "tf.keras.Sequential": {"bases": ["tf.keras.Model"]}}

    actual = asking.gone(_two(old, new), "tf.keras.Sequential.fit_generator", TF_216)

    assert actual is not None
    assert asking.gone(_two(old, new), "tf.keras.Sequential.fit", TF_216) is None


def test_a_class_with_members_that_no_walk_sees_lacks_none() -> None:
    old = {"tf.keras.Model": BASE}

    assert asking.gone(_two(old, {"tf.keras.Model": {"open": True}}), "tf.keras.Model.fit", TF_216) is None


def test_a_parameter_that_went_is_gone() -> None:
    data = _two({"tf.keras.Model": BASE}, {"tf.keras.Model": BASE_NOW})

    actual = asking.gone(data, "tf.keras.Model.fit", TF_216, "workers")

    assert actual is not None
    assert (actual.parameter, str(actual.boundary)) == ("workers", "2.16")


@pytest.mark.parametrize("now", [["x", "**kwargs"], ["x", "workers"], None], ids=["any", "the same", "not shown"])
def test_a_parameter_that_may_be_taken_is_not_gone(now: Any) -> None:
    data = _two({"tf.keras.load": ["x", "workers=1"]}, {"tf.keras.load": now if now else "v"})

    assert asking.gone(data, "tf.keras.load", TF_216, "workers") is None


def test_parameters_that_came_went_or_have_another_default_are_listed() -> None:
    data = _two({"tf.keras.load": ["x", "a=1", "b=2"]}, {"tf.keras.load": ["x", "b=3", "c"]})

    (change,) = asking.lookup("tf.keras.load", data)[0].changes

    assert change.text == "lost a; gained c; default of b: 2 became 3"


def test_each_series_has_its_releases() -> None:
    data = atlas_of(("2.15.1", "2.15.0", OLD), ("2.16.2", "3.15.1", NEW), ("2.16.2", "3.0.5", NEW),
                    series=("tensorflow", "tensorflow", "keras"))  # fmt: skip

    histories = {one.series: one for one in asking.lookup("tf.keras.losses.long", data)}

    assert [(one.since, one.until) for one in histories["TensorFlow"].spans] == [("2.15", "2.15")]
    assert histories["Keras"].walked == ("3.0", "3.15")
    assert histories["Keras"].spans == ()


@pytest.mark.parametrize(
    ("written", "short"),
    [("tensorflow.keras.Model", "tf.keras.Model"), ("tf.compat.v2.nn.relu", "tf.nn.relu"), (" keras ", "keras")],
)
def test_a_name_is_read_as_it_is_written(written: str, short: str) -> None:
    assert asking.normal(written) == short


@pytest.mark.parametrize("text", ["", "tf..x", "numpy.int", "tf.keras(", "tf." + "a" * 300, "tf.\x1b[31m", "tf.é-x"])
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        asking.normal(text)


def test_a_misspelt_name_is_refused_with_those_that_are_meant() -> None:
    with pytest.raises(InvalidArgument, match=r"Did you mean tf\.keras\.losses\.long"):
        command.lines("tf.keras.losses.lomg", None, _two(OLD, NEW))


def test_the_answer_for_a_name_says_where_it_lives_and_where_that_can_be_read() -> None:
    lines = command.lines("tf.keras.losses.long", TF_216, _two(OLD, NEW))

    assert "  TensorFlow: gone since 2.16" in lines
    assert "  On TensorFlow 2.16.2 it lives at tf.keras.losses.MSE: the same on TensorFlow 2.15." in lines
    assert lines[-1].endswith("keras/blob/v2.15.0/keras/api/golden/v2/tensorflow.keras.losses.pbtxt")


def test_a_release_that_was_not_walked_is_refused_with_those_that_were() -> None:
    with pytest.raises(InvalidArgument, match=r"Name one of TensorFlow 2\.15\.1, TensorFlow 2\.16\.2"):
        command.lines("tf.keras", Release("2.9.0", "2.9.0", "tensorflow"), _two(OLD, NEW))


def test_what_is_kept_is_what_was_merged(tmp_path: Path) -> None:
    data = _two(OLD, NEW)
    path = tmp_path / "atlas.json.xz"
    path.write_bytes(atlas_file.pack(data))

    actual = atlas_file.read_atlas(path)

    assert (actual.releases, list(actual.signatures), list(actual.lines)) == (
        data.releases,
        data.signatures,
        data.lines,
    )


def _content(**changed: Any) -> bytes:
    releases = [{"name": "a", "label": "a", "series": "tensorflow", "doors": ["tf"]}]
    content = {"schema": 1, "releases": releases, "signatures": "", "names": "tf\t0-0:m", **changed}
    return lzma.compress(json.dumps(content).encode())


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no xz",
        _content()[:-20],
        _content(schema=2),
        _content(names="tf"),
        _content(names=7),
        _content(releases=[]),
        _content(releases=[{"name": "a"}]),
        lzma.compress(b"[]"),
        lzma.compress(b"{"),
        lzma.compress(b"\xff"),
        b"x" * (atlas_file.SIZE + 1),
        lzma.compress(b" " * (atlas_file.SIZE_OF_TEXT + 1), preset=0),
    ],
    ids=[
        *("empty", "text", "cut", "schema", "no states", "number", "no releases", "half a release", "list", "no JSON"),
        *("no UTF-8", "large", "large once unpacked"),
    ],
)
def test_a_file_that_is_damaged_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "atlas.json.xz"
    path.write_bytes(content)

    with pytest.raises(BadAtlas, match=r"[Ii]nstall pytest-kerasch2 again"):
        atlas_file.read_atlas(path)


@pytest.mark.parametrize("line", ["tf.x\tnonsense", "tf.x\t0-0:=99", "tf.x\t0-0:f99", "tf.x\t0-0:c0;99", "tf.x\ta-b:m"])
def test_a_state_that_is_damaged_is_refused_when_it_is_asked_for(tmp_path: Path, line: str) -> None:
    path = tmp_path / "atlas.json.xz"
    path.write_bytes(_content(names=f"tf\t0-0:m\n{line}"))
    data = atlas_file.read_atlas(path)

    with pytest.raises(BadAtlas):
        asking.resolve(data, "tf.x.y", 0)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadAtlas):
        atlas_file.read_atlas(tmp_path / "none")


def test_an_atlas_that_is_too_large_to_ship_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "SIZE", 10)
    release = encoding.WalkedRelease({"name": "a", "label": "a", "series": "tensorflow"}, walk_of(OLD, "2.15.0"))

    with pytest.raises(BadAtlas):
        encoding.write_atlas([release], tmp_path / "atlas.json.xz")

    assert list(tmp_path.iterdir()) == []


SOURCE = """
import os
import keras.private_like as _private
from json import dumps
from keras import layers
_hidden = 1
FLAG = True
def load(path, *, mode="r", where=print, at=object()): ...
read = load
"""
LAYERS = """
class Base:
    def build(self, shape): ...
    @property
    def name(self): ...
    def _own(self): ...
class Dense(Base):
    def __init__(self, units, rate=0.5, **kwargs):
        self.units = units
        self._private = 1
    @classmethod
    def make(cls, config=None): ...
class Mapping(dict): ...
class Any:
    def __getattr__(self, name): ...
"""


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("walked")
    package = folder / "keras"
    package.mkdir()
    (package / "__init__.py").write_text(SOURCE)
    (package / "private_like.py").write_text("")
    (package / "unused.py").write_text("raise RuntimeError")
    (package / "layers.py").write_text(LAYERS)
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); from pytest_kerasch2.atlas import walking;"
        "walking.main(sys.argv[2:])"
    )
    out = folder / "walk.json"
    # Isolated, so that no framework of this interpreter is walked: those are found behind the made-up ones.
    blocker = folder / "tensorflow.py"
    blocker.write_text("raise ImportError('not here')")
    root = str(Path(walking.__file__).parents[2])
    command = [sys.executable, "-c", script, str(folder), str(out)]
    subprocess.run(command, check=True, timeout=60, cwd=root)
    return json.loads(out.read_text())


def _of(walk: Any, name: str) -> Any:
    return walk["objects"][walk["names"][name][1]]


def test_two_names_of_one_thing_lead_to_the_same_place(walk: Any) -> None:
    assert walk["names"]["keras.load"] == walk["names"]["keras.read"]


def test_private_names_are_left_out(walk: Any) -> None:
    assert [name for name in walk["names"] if "._" in name] == []


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("os", "o"),
        ("dumps", "o"),
        ("layers", "m"),
        ("FLAG", "v"),
        ("load", "f"),
        ("layers.Dense", "c"),
        ("unused", "x"),
    ],
)
def test_each_name_has_its_kind(walk: Any, name: str, kind: str) -> None:
    assert walk["names"][f"keras.{name}"][0] == kind


def test_parameters_have_their_defaults_without_addresses(walk: Any) -> None:
    assert _of(walk, "keras.load")["parameters"] == ["path", "*", "mode='r'", "where=<print>", "at=<object object>"]


def test_a_class_has_its_own_members_and_its_bases(walk: Any) -> None:
    dense = _of(walk, "keras.layers.Dense")

    assert dense["parameters"] == ["units", "rate=0.5", "**kwargs"]
    assert dense["members"] == {"make": ["f", ["config=None"]], "units": ["a", None]}
    assert [walk["objects"][one]["at"] for one in dense["bases"]] == ["keras.layers:Base"]
    assert _of(walk, "keras.layers.Base")["members"] == {"build": ["f", ["shape"]], "name": ["p", None]}


@pytest.mark.parametrize(("name", "is_open"), [("Base", False), ("Dense", False), ("Mapping", True), ("Any", True)])
def test_a_class_whose_members_cannot_all_be_seen_is_open(walk: Any, name: str, is_open: bool) -> None:
    assert _of(walk, f"keras.layers.{name}")["open"] is is_open


@pytest.mark.parametrize(
    ("default", "text"),
    [
        (None, "None"),
        (1.0, "1.0"),
        ("a\nb", "'a\\nb'"),
        ([1] * 99, "..."),
        (walking.Walk(), "Walk object>"),
        (len, "<len>"),
    ],
)
def test_a_default_is_shown_in_one_bounded_line(default: Any, text: str) -> None:
    actual = walking.shown(default)

    assert actual.endswith(text)
    assert len(actual) <= walking.LONGEST


def test_nothing_of_the_atlas_is_loaded_at_the_start() -> None:
    script = "import json, sys, pytest_kerasch2.plugin, pytest_kerasch2.cli; print(json.dumps(sorted(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60, check=True)

    modules = json.loads(done.stdout)
    assert [name for name in modules if name.startswith("pytest_kerasch2.atlas")] == []


def test_an_error_while_a_member_is_taken_does_not_end_the_walk() -> None:
    module = type(json)("keras")
    module.__dict__["__getattr__"] = _raises
    module.__dict__["__dir__"] = lambda: ["broken"]

    assert [(name, value is walking.FAILED) for name, value in walking.members(module)] == [("broken", True)]


def _raises(name: str) -> Callable[[], None]:
    raise RuntimeError(name)
