"""TensorFlow missing, broken on import, or not what it says: one clear error each, and nothing else touched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import pytest_kerasch2
from pytest_kerasch2.framework import packages

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
    type("Rest", (), {"find_distributions": importlib.machinery.PathFinder.find_distributions,
        "find_spec": staticmethod(lambda name, path=None, target=None: None
        if path is None and name in ("tensorflow", "keras", "tf_keras", "jax", "torch")
        else importlib.machinery.PathFinder.find_spec(name, path, target))})]
from pytest_kerasch2.framework import api, state
before = dict(os.environ)
told = []
for _ in range(2):
    try:
        if sys.argv[2] == "use_defaults_and_release":
            api.use_defaults()
        value = getattr(api, sys.argv[2].rpartition("use_defaults_and_")[2])()
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

# Finds its backend and writes its settings as Keras 3 does.
KERAS = """
import json, os
__version__ = "3.15.1"
folder = os.environ.get("KERAS_HOME") or os.path.join(os.path.expanduser("~"), ".keras")
file = os.path.join(folder, "keras.json")
if os.path.exists(file):
    name = json.load(open(file)).get("backend", "tensorflow")
else:
    name = "tensorflow"
    os.makedirs(folder, exist_ok=True)
    open(file, "w").write(json.dumps({"backend": name}))
name = os.environ.get("KERAS_BACKEND") or name
class config:
    @staticmethod
    def backend(): return name
backend, layers = config, None
"""


@pytest.fixture
def asked(tmp_path):
    """Write a fake package called tensorflow, ask the api in a fresh interpreter, give what it told."""

    def ask(source, question="tensorflow", beside=(), settings=None, **variables):
        fakes, home = tmp_path / "fakes", tmp_path / "home"
        fakes.mkdir()
        home.mkdir()
        for name, text in {**dict.fromkeys(beside, ""), **({"keras": KERAS} if beside else {})}.items():
            (fakes / f"{name}.py").write_text(text)
        if source is not None:
            (fakes / "tensorflow").mkdir()
            (fakes / "tensorflow" / "__init__.py").write_text(source)
        environ = {**os.environ, "HOME": str(home), "PYTHONPATH": str(PACKAGE), **variables}
        environ.pop("KERAS_HOME", None)
        if settings is not None:
            (home / ".keras").mkdir()
            (home / ".keras" / "keras.json").write_text(json.dumps(settings))
        command = [sys.executable, "-c", SCRIPT, str(fakes), question]
        done = subprocess.run(command, env=environ, capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr.decode()
        assert done.stderr == b""
        # What stands in the user's home stays, and nothing comes to it.
        written = [path for path in home.rglob("*") if path.is_file()]
        assert [json.loads(path.read_text()) for path in written] == ([] if settings is None else [settings])
        content = json.loads(done.stdout)
        assert content["env"]
        assert content["told"][0] == content["told"][1]
        return content["told"][0]

    return ask


def test_absent(asked):
    kind, happened, _, remedy = asked(None)

    assert (kind, happened) == ("FrameworkMissing", "TensorFlow is not installed")
    assert "pip install" in remedy


@pytest.mark.parametrize(
    ("source", "message", "remedy"),
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
def test_broken_on_import(asked, source, message, remedy):
    answer = asked(source)

    assert answer[:2] == ["FrameworkBroken", "tensorflow is installed and cannot be imported"]
    assert message in answer[2]
    assert remedy in answer[3]


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
    answer = asked(source)

    assert answer[:2] == ["FrameworkBroken", happened]
    assert answer[2]
    assert answer[3]


def test_keras_without_layers_is_broken(asked):
    answer = asked("__version__ = '2.21.0'\nclass keras: pass")

    assert answer[0] == "FrameworkBroken"
    assert "layers" in answer[2]


def test_chatter_of_an_import_is_not_seen(asked):
    chatter = "import os, warnings\nos.write(2, b'I0000 chatter\\n')\nwarnings.warn('x', FutureWarning)\n"

    assert asked(chatter + GOOD.format(version="2.21.0", keras="3.15.1"))[0] == "value"


def test_an_unknown_newer_version_is_taken_as_it_is(asked):
    answer = asked(GOOD.format(version="9.9.0", keras="7.1.0"), "release")

    assert answer[:2] == ["value", "Release(tensorflow='9.9.0', keras='7.1.0', backend='tensorflow')"]


ON_JAX = ["value", "Release(tensorflow='-', keras='3.15.1', backend='jax')"]


def test_the_backend_in_the_settings_of_the_user_is_the_one_in_use(asked):
    answer = asked(None, "release", beside=["jax"], settings={"backend": "jax", "floatx": "float16"}, KERAS_BACKEND="")

    assert answer[:2] == ON_JAX


def test_the_backend_of_the_variable_is_the_one_in_use(asked):
    answer = asked(None, "release", beside=["jax"], settings={"backend": "torch"}, KERAS_BACKEND="jax")

    assert answer[:2] == ON_JAX


def test_the_backend_of_the_user_is_in_use_where_the_settings_are_those_of_a_fresh_installation(asked):
    answer = asked(None, "use_defaults_and_release", beside=["jax"], settings={"backend": "jax"}, KERAS_BACKEND="")

    assert answer[:2] == ON_JAX


def test_tensorflow_beside_another_backend_is_not_imported_for_it(asked):
    answer = asked("raise SystemExit(7)", "release", beside=["jax"], KERAS_BACKEND="jax")

    assert answer[0] == "value" or "cannot be imported" not in answer[1]


@pytest.mark.skipif((packages.keras_version() or "2.").startswith("2."), reason="Keras 2 has TensorFlow alone")
def test_keras_on_its_default_names_the_backend_to_set(asked):
    answer = asked(None, "keras", beside=["torch"], KERAS_BACKEND="")

    assert answer[0] == "FrameworkMissing"
    assert "set KERAS_BACKEND=torch" in answer[3]


@pytest.mark.parametrize(
    ("named", "kind", "expected"),
    [("torch", "FrameworkMissing", "torch"), ("jx", "InvalidArgument", "jx"), ("numpy", "InvalidArgument", "numpy")],
)
def test_a_backend_that_cannot_be_used_is_told_apart_from_a_broken_keras(asked, named, kind, expected):
    answer = asked(None, "keras", beside=["jax"], KERAS_BACKEND=named)

    assert (answer[0], answer[2]) == (kind, f"KERAS_BACKEND={expected}")
    assert "set KERAS_BACKEND to jax" in answer[3]
