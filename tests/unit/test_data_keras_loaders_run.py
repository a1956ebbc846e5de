"""Our reading of every data set against Keras's own, on the same archives, with whichever TensorFlow is installed."""

from __future__ import annotations

import importlib.util
import json
import os
import pathlib
import subprocess
import sys

import pytest

from pytest_kerasch2.data import keras_loaders

pytestmark = pytest.mark.skipif(importlib.util.find_spec("tensorflow") is None, reason="TensorFlow is not installed")

GROUPS = {
    "all but the CIFARs": ["boston_housing", "california_housing", "fashion_mnist", "imdb", "mnist", "reuters"],
    "the CIFARs": ["cifar10", "cifar100"],
}
CHILD = """
import json, pathlib, sys
import tensorflow as tf
from pytest_kerasch2.data import digests, keras_loaders, synthetic
folder, names = pathlib.Path(sys.argv[1]), json.loads(sys.argv[2])
names = [name for name in names if name in keras_loaders.names_in(tf)]
synthetic.make(folder, names)
same = {}
with keras_loaders.genuine_loaders(tf, folder, names) as loaders:
    for name, load_data in loaders.items():
        (x_train, y_train), (x_test, y_test) = load_data()
        theirs = zip(("x_train", "y_train", "x_test", "y_test"), (x_train, y_train, x_test, y_test))
        same[name] = digests.digest_of_arrays(theirs) == synthetic.load(name, folder).digest
print("\\n" + json.dumps(same))
"""


@pytest.mark.parametrize("group", ["all but the CIFARs", pytest.param("the CIFARs", marks=pytest.mark.slow)])
def test_our_arrays_are_those_of_the_genuine_loaders_and_the_home_stays_empty(
    tmp_path: pathlib.Path, group: str
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    # A Keras home elsewhere, because Keras writes its own configuration at import.
    environment = {**os.environ, "HOME": str(home), "KERAS_HOME": str(tmp_path / "k"), "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment["PYTHONPATH"] = str(pathlib.Path(keras_loaders.__file__).resolve().parents[2])
    archives = tmp_path / "archives"
    archives.mkdir()

    output = subprocess.run(
        [sys.executable, "-c", CHILD, str(archives), json.dumps(GROUPS[group])],
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )

    assert output.returncode == 0, output.stderr[-2000:]
    same = json.loads(output.stdout.splitlines()[-1])
    assert (bool(same), set(same.values()), list(home.rglob("datasets"))) == (True, {True}, [])
