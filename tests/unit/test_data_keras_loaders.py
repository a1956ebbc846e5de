"""Keras's own loaders fed from our archives, shown on a Keras made up of two small modules."""

from __future__ import annotations

import hashlib
import os
import pathlib
import types
import urllib.request
from typing import Any

import pytest

from pytest_kerasch2.data import http_server, keras_loaders, synthetic
from pytest_kerasch2.data.registry import record_of
from pytest_kerasch2.errors import ClaimBroken, DataMissing, InvalidArgument, NotApplicable

NAME = "boston_housing"


class MadeUpKeras:
    """A ``tf`` whose one data set module calls ``get_file`` as Keras does; it keeps what it was asked."""

    def __init__(self, elsewhere: str = "") -> None:
        self.asked: list[dict[str, Any]] = []

        def get_file(fname: str, origin: str, file_hash: Any = None, cache_dir: Any = None) -> str:
            self.asked.append({"origin": origin, "file_hash": file_hash, "cache_dir": cache_dir})
            path = pathlib.Path(elsewhere or cache_dir) / fname
            with urllib.request.urlopen(origin) as answer:
                path.write_bytes(answer.read())
            return str(path)

        namespace: dict[str, Any] = {"get_file": get_file, "__name__": "made_up.boston_housing"}
        archive = record_of(NAME).archives[0]
        source = (
            "def load_data(path='b.npz'):\n"
            f"    return get_file(path, origin={archive.origin!r}, file_hash={archive.sha256!r})\n"
        )
        exec(source, namespace)
        self.namespace = namespace
        module = types.SimpleNamespace(load_data=namespace["load_data"])
        self.keras = types.SimpleNamespace(datasets=types.SimpleNamespace(**{NAME: module}))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    place = tmp_path_factory.mktemp("genuine")
    synthetic.make(place, [NAME])
    return place


def test_the_loader_gets_our_archive(folder: pathlib.Path) -> None:
    tf = MadeUpKeras()

    with keras_loaders.genuine_loaders(tf, folder) as loaders:
        content = pathlib.Path(loaders[NAME]()).read_bytes()

    assert content == (folder / "boston_housing.npz").read_bytes()


def test_only_origin_hash_and_cache_folder_are_replaced(folder: pathlib.Path) -> None:
    tf = MadeUpKeras()

    with keras_loaders.genuine_loaders(tf, folder) as loaders:
        loaders[NAME]()

    ours = hashlib.sha256((folder / "boston_housing.npz").read_bytes()).hexdigest()
    assert tf.asked[0]["origin"].startswith("http://127.0.0.1:")
    assert tf.asked[0]["file_hash"] == ours


def test_an_address_may_be_given_instead_of_a_folder(folder: pathlib.Path) -> None:
    tf = MadeUpKeras()

    with http_server.serve(folder) as server, keras_loaders.genuine_loaders(tf, server.url, [NAME]) as loaders:
        loaders[NAME]()

    assert (tf.asked[0]["file_hash"], server.requests) == (None, {"boston_housing.npz": 1})


def test_everything_is_put_back_and_removed_afterwards(folder: pathlib.Path) -> None:
    tf = MadeUpKeras()
    before = (tf.namespace["get_file"], dict(os.environ))

    with keras_loaders.genuine_loaders(tf, folder) as loaders:
        path = pathlib.Path(loaders[NAME]())

    assert ((tf.namespace["get_file"], dict(os.environ)), path.exists()) == (before, False)


def test_everything_is_put_back_after_an_error_too(folder: pathlib.Path) -> None:
    tf = MadeUpKeras()
    before = tf.namespace["get_file"]

    with pytest.raises(ZeroDivisionError), keras_loaders.genuine_loaders(tf, folder):
        raise ZeroDivisionError

    assert tf.namespace["get_file"] is before


def test_a_keras_that_keeps_its_file_elsewhere_is_caught(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    tf = MadeUpKeras(elsewhere=str(tmp_path))

    with keras_loaders.genuine_loaders(tf, folder) as loaders, pytest.raises(
        ClaimBroken, match="outside of the folder"
    ):
        loaders[NAME]()


def test_a_data_set_that_the_release_lacks_is_not_applicable(folder: pathlib.Path) -> None:
    tf = MadeUpKeras()

    with pytest.raises(NotApplicable, match="california_housing"), keras_loaders.genuine_loaders(
        tf, folder, ["california_housing"]
    ):
        pass


def test_a_folder_without_the_archive_is_said(tmp_path: pathlib.Path) -> None:
    (tmp_path / "README").write_text("nothing here")
    tf = MadeUpKeras()

    with pytest.raises(DataMissing, match=NAME), keras_loaders.genuine_loaders(tf, tmp_path, [NAME]):
        pass


def test_a_folder_that_is_not_there_is_said(tmp_path: pathlib.Path) -> None:
    tf = MadeUpKeras()

    with pytest.raises(
        InvalidArgument, match=r"none' cannot be used: it does not exist"
    ), keras_loaders.genuine_loaders(tf, tmp_path / "none"):
        pass
