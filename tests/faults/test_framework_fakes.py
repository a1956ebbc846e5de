"""TensorFlow missing, broken on import, or not what it says: one clear error each, and nothing else touched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import pytest_kerasch2

PACKAGE = Path(pytest_kerasch2.__file__).parents[1]
# Puts a folder first on the path, hides the real packages, calls, and tells what was raised
SCRIPT = """
import importlib.machinery, json, os, sys
sys.path.insert(0, sys.argv[1])
class Hide:
    def find_spec(self, name, path=None, target=None):
        if name in ("tensorflow", "keras", "tf_keras", "jax", "torch"):
            return importlib.machinery.PathFinder.find_spec(name, [sys.argv[1]])
sys.meta_path = [Hide()] + [f for f in sys.meta_path if f is not importlib.machinery.PathFinder] + [
    type("Rest", (), {"find_spec": staticmethod(lambda name, path=None, target=None: None
        if path is None and name in ("tensorflow", "keras", "tf_keras", "jax", "torch")
        else importlib.machinery.PathFinder.find_spec(name, path, target))})]
from pytest_kerasch2.framework import api, state
before = dict(os.environ)
told = []
for _ in range(2):
    try:
        value = getattr(api, sys.argv[2])()
        told.append(["value", str(value), "", ""])
    except Exception as error:
        told.append([type(error).__name__, getattr(error, "happened", str(error)), getattr(error, "found", ""),
                     getattr(error, "remedy", "")])
import logging; logging.disable(); state.read()
print(json.dumps({"told": told, "env": dict(os.environ) == before, "tries": os.environ.get("TRIES", "")}))
"""

GOOD = """
__version__ = "{version}"
class keras:
    __version__ = "{keras}"
    layers = None
    class backend:
        @staticmethod
        def backend(): return "tensorflow"
"""


@pytest.fixture
def asked(tmp_path):
    """Write a fake package called tensorflow, ask the api in a fresh interpreter, give what it told."""

    def ask(source, question="tensorflow"):
        fakes, home = tmp_path / "fakes", tmp_path / "home"
        fakes.mkdir()
        home.mkdir()
        if source is not None:
            (fakes / "tensorflow").mkdir()
            (fakes / "tensorflow" / "__init__.py").write_text(source)
        environ = {**os.environ, "HOME": str(home), "PYTHONPATH": str(PACKAGE)}
        environ.pop("KERAS_HOME", None)
        command = [sys.executable, "-c", SCRIPT, str(fakes), question]
        done = subprocess.run(command, env=environ, capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr.decode()
        assert done.stderr == b""
        assert list(home.iterdir()) == []
        said = json.loads(done.stdout)
        assert said["env"]
        assert said["told"][0] == said["told"][1]
        return said["told"][0]

    return ask


def test_absent(asked):
    kind, happened, _, remedy = asked(None)

    assert (kind, happened) == ("FrameworkMissing", "TensorFlow is not installed")
    assert "pip install" in remedy


@pytest.mark.parametrize(
    ("source", "found", "remedy"),
    [
        ("raise TypeError('Descriptors cannot be created directly.')", "Descriptors cannot", "protobuf"),
        ("raise ImportError('numpy.core.multiarray failed to import')", "multiarray", "numpy"),
        ("import no_such_module_at_all", "no_such_module_at_all", "missing module"),
        ("raise SystemExit(7)", "SystemExit: 7", "reinstall"),
        ("raise OSError('first\\nlast line')", "last line", "reinstall"),
        ("def broken(:", "SyntaxError", "reinstall"),
        ("class Odd(Exception): pass\nraise Odd('x')", "Odd: x", "reinstall"),
        ("import os\nos.write(2, b'Error: the true reason\\n')\nraise ImportError", "the true reason", "reinstall"),
    ],
)
def test_broken_on_import(asked, source, found, remedy):
    told = asked(source)

    assert told[:2] == ["FrameworkBroken", "tensorflow is installed and cannot be imported"]
    assert found in told[2]
    assert remedy in told[3]


@pytest.mark.parametrize(
    ("source", "happened"),
    [
        ("", "The package called tensorflow states no version"),
        ("__version__ = 'newest'", "The package called tensorflow states no version"),
        ("__version__ = '2.21.0'", "TensorFlow 2.21.0 has no tf.keras"),
        ("__version__ = '1.15.5'", "The chapter is about TensorFlow 2"),
    ],
)
def test_imports_and_is_not_tensorflow_2(asked, source, happened):
    told = asked(source)

    assert told[:2] == ["FrameworkBroken", happened]
    assert told[2]
    assert told[3]


def test_keras_without_layers_is_broken(asked):
    told = asked("__version__ = '2.21.0'\nclass keras: pass")

    assert told[0] == "FrameworkBroken"
    assert "layers" in told[2]


def test_chatter_of_an_import_is_not_seen(asked):
    chatter = "import os, warnings\nos.write(2, b'I0000 chatter\\n')\nwarnings.warn('x', FutureWarning)\n"

    assert asked(chatter + GOOD.format(version="2.21.0", keras="3.15.1"))[0] == "value"


def test_an_unknown_newer_version_is_taken_as_it_is(asked):
    told = asked(GOOD.format(version="9.9.0", keras="7.1.0"), "release")

    assert told[:2] == ["value", "Release(tensorflow='9.9.0', keras='7.1.0', backend='tensorflow')"]
