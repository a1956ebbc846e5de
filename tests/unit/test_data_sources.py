"""Where a data set comes from, in which order, and what is said when it comes from nowhere."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import shutil
import socket
import sys
from typing import Iterator

import numpy as np
import pytest

from pytest_kerasch2.data import embedded, http_server, registry, sources, synthetic
from pytest_kerasch2.errors import DataDamaged, DataMissing, DownloadFailed, InvalidArgument
from tests.builders.trusted_archives import vouched

NAME = "boston_housing"
FILE = "boston_housing.npz"


@dataclasses.dataclass(frozen=True)
class Places:
    """Every place a data set can come from; each empty until a test fills it."""

    genuine: pathlib.Path
    mirror: pathlib.Path
    cache: pathlib.Path
    store: pathlib.Path
    server: http_server.Server

    def load(self, **changed: object) -> sources.DataSet:
        places = {"mirror": self.mirror, "cache": self.cache, "store": self.store, **changed}
        return sources.load(NAME, **places)  # type: ignore[arg-type]

    def fill(self, folder: pathlib.Path) -> pathlib.Path:
        shutil.copy(str(self.genuine / FILE), str(folder / FILE))
        return folder / FILE


@pytest.fixture
def places(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Places]:
    folders = [tmp_path / name for name in ("genuine", "mirror", "cache", "store")]
    for folder in folders:
        folder.mkdir()
    (tmp_path / "mirror" / "README").write_text("other data sets lie here")
    synthetic.make(folders[0], [NAME])
    monkeypatch.delenv(sources.MIRROR_VARIABLE, raising=False)
    with http_server.serve(folders[0]) as server:
        record = vouched(registry.record_of(NAME), folders[0], server.url)
        monkeypatch.setattr(sources, "record_of", lambda name: record)
        yield Places(*folders, server)


def test_the_mirror_comes_first(places: Places) -> None:
    expected = places.fill(places.mirror)
    places.fill(places.cache)

    data = places.load()

    assert (data.source, data.origin, places.server.requests) == ("mirror", str(expected), {})


def test_the_variable_names_the_mirror_where_the_call_does_not(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    places.fill(places.mirror)
    monkeypatch.setenv(sources.MIRROR_VARIABLE, str(places.mirror))

    data = places.load(mirror=None)

    assert data.source == "mirror"


def test_a_mirror_without_this_data_set_is_passed_by(places: Places) -> None:
    expected = places.fill(places.cache)

    data = places.load()

    assert (data.source, data.origin, places.server.requests) == ("keras cache", str(expected), {})


def test_the_cache_of_keras_is_only_read(places: Places) -> None:
    path = places.fill(places.cache)
    before = (path.read_bytes(), path.stat().st_mtime_ns)

    places.load()

    assert ((path.read_bytes(), path.stat().st_mtime_ns), [one.name for one in places.cache.iterdir()]) == (
        before,
        [FILE],
    )


def test_the_network_comes_last_and_is_asked_once(places: Places) -> None:
    first = places.load()
    second = places.load()

    assert (first.source, second.digest, places.server.requests) == ("download", first.digest, {FILE: 1})


def test_an_earlier_download_serves_offline(places: Places) -> None:
    places.load()

    data = places.load(offline=True)

    assert (data.source, places.server.requests) == ("download", {FILE: 1})


def test_offline_asks_no_network_and_says_how_to_get_the_data(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", None)

    with pytest.raises(DataMissing) as caught:
        places.load(offline=True)

    assert "--chapter-mirror=DIR or the variable KERASCH2_MIRROR" in caught.value.remedy


def test_the_four_sources_give_one_digest(places: Places) -> None:
    places.fill(places.cache)

    digests = {places.load(cache=places.store).digest, places.load().digest}
    digests.add(sources.load(NAME, mirror=places.genuine).digest)

    assert digests == {synthetic.load(NAME, places.genuine).digest}


def test_a_damaged_cache_is_noted_and_the_network_asked(places: Places) -> None:
    path = places.fill(places.cache)
    path.write_bytes(path.read_bytes()[:-1])

    data = places.load()

    assert (data.source, len(data.notes), str(path) in data.notes[0]) == ("download", 1, True)


def test_a_damaged_cache_is_named_when_offline(places: Places) -> None:
    path = places.fill(places.cache)
    path.write_bytes(path.read_bytes()[:-1])

    with pytest.raises(DataDamaged, match=FILE):
        places.load(offline=True)


def test_a_damaged_cache_is_mentioned_when_the_network_fails_too(places: Places) -> None:
    path = places.fill(places.cache)
    path.write_bytes(b"")
    places.server.misbehave(FILE, http_server.ServerFault("status", 503))

    with pytest.raises(DownloadFailed, match=r"503 .* and the copy in the cache of Keras is damaged: 0 bytes"):
        places.load()


def test_arrays_of_a_data_set_cannot_be_written(places: Places) -> None:
    places.fill(places.mirror)

    data = places.load()

    with pytest.raises(ValueError, match="read-only"):
        data.x_train[0] = 0


def test_the_description_gives_shape_type_and_unit_of_each_array(places: Places) -> None:
    places.fill(places.mirror)

    data = places.load()

    assert data.description.splitlines()[1] == (
        "y_train: (404,) float64, median value of owned homes, in thousands of dollars"
    )


def test_keras_caches_follow_keras_home_and_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "k"))
    monkeypatch.setenv("HOME", str(tmp_path / "a home"))

    folders = sources.keras_caches()

    assert folders == (tmp_path / "k" / "datasets", tmp_path / "a home" / ".keras" / "datasets")


@pytest.mark.parametrize("home", [None, "", "."])
def test_without_a_home_no_folder_of_the_current_one_is_taken_for_it(
    monkeypatch: pytest.MonkeyPatch, home: str
) -> None:
    monkeypatch.delenv("KERAS_HOME", raising=False)
    if home is None:
        monkeypatch.delenv("HOME", raising=False)
    else:
        monkeypatch.setenv("HOME", home)

    folders = sources.keras_caches()

    assert all(folder.is_absolute() for folder in folders)


def test_the_default_store_is_private_and_in_the_temporary_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    monkeypatch.setattr(sources.tempfile, "gettempdir", lambda: str(tmp_path))

    store = sources.default_store()

    assert (store.parent, store.stat().st_mode & 0o777) == (tmp_path, 0o700)


def test_a_default_store_that_is_a_link_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    monkeypatch.setattr(sources.tempfile, "gettempdir", lambda: str(tmp_path))
    store = sources.default_store()
    store.rmdir()
    store.symlink_to(tmp_path, target_is_directory=True)

    with pytest.raises(DownloadFailed, match="is not ours"):
        sources.default_store()


def test_the_digits_are_a_data_set_of_their_own() -> None:
    pytest.importorskip("sklearn")

    data = sources.load("digits")

    assert (data.name, data.source, data.origin) == ("digits", "embedded", "sklearn.datasets.load_digits")


def test_the_digits_have_the_form_of_mnist_and_every_class_in_both_parts() -> None:
    pytest.importorskip("sklearn")

    data = sources.load("digits")

    assert [(getattr(data, fact.name).shape, str(getattr(data, fact.name).dtype)) for fact in data.facts] == [
        (fact.shape, fact.dtype) for fact in embedded.FACTS
    ]
    assert set(data.y_test.tolist()) == set(data.y_train.tolist()) == set(range(10))


def test_enlarged_digits_span_all_levels_and_lose_nothing() -> None:
    images = np.arange(64).reshape(1, 8, 8) % 17

    enlarged = embedded.enlarged(images)

    back = np.rint(enlarged[:, 3:-2:3, 3:-2:3] / 255 * 16).astype(int)
    assert (enlarged.shape, enlarged.max(), back.tolist()) == ((1, 28, 28), 255, images.tolist())


def test_without_scikit_learn_the_digits_are_missing_and_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)

    with pytest.raises(DataMissing, match="the extra `digits`"):
        sources.load("digits")


def test_mnist_is_never_taken_from_the_digits(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    monkeypatch.delenv(sources.MIRROR_VARIABLE, raising=False)

    with pytest.raises(DataMissing, match=r"mnist\.npz"):
        sources.load("mnist", cache=tmp_path, store=tmp_path, offline=True)


@pytest.mark.skipif(not os.environ.get(sources.MIRROR_VARIABLE), reason="KERASCH2_MIRROR names no mirror")
def test_the_mirror_of_this_run_holds_the_genuine_mnist() -> None:
    data = sources.load("mnist")

    assert data.digest == "efe58ca7fc9fbf01c5e65625728366acb5d2957b759eee48074963d165a08c53"


def test_an_unknown_name_is_refused_before_any_source_is_asked() -> None:
    with pytest.raises(InvalidArgument, match="There is no data set"):
        sources.load("emnist", mirror="/nowhere")
