"""What an import of ours leaves in the home of the user, and what of it a real Keras 3 then uses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_kerasch2.framework import packages

RELEASE = packages.installed()
# Keras can be imported only once in a process, and this one has done so with another home.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(RELEASE is None or not RELEASE.keras.startswith("3."), reason="settings of Keras 3"),
]
SCRIPT = """
import json, sys
from pathlib import Path
from pytest_kerasch2.framework import api
keras = api.keras()
fetched = keras.utils.get_file("data.txt", origin=Path(sys.argv[1]).as_uri())
print(json.dumps({"floatx": keras.backend.floatx(), "fetched": str(fetched)}))
"""


def after_import(folder: Path, settings: Any = None) -> tuple[Any, list[str]]:
    """Return what a Keras that we have imported answers, and the names of the files then in the home."""
    home, data = folder / "home", folder / "data.txt"
    (home / ".keras").mkdir(parents=True)
    data.write_text("some data")
    if settings is not None:
        (home / ".keras" / "keras.json").write_text(json.dumps(settings))
    environ = {name: value for name, value in os.environ.items() if name != "KERAS_HOME"}
    environ.update(HOME=str(home), USERPROFILE=str(home))
    done = subprocess.run([sys.executable, "-c", SCRIPT, str(data)], env=environ, capture_output=True, check=True)
    return json.loads(done.stdout.splitlines()[-1]), sorted(one.name for one in home.rglob("*") if one.is_file())


def test_without_settings_none_are_written_and_data_sets_go_to_the_home(tmp_path: Path) -> None:
    answer, files = after_import(tmp_path)

    assert files == ["data.txt"]
    assert answer["floatx"] == "float32"
    assert Path(answer["fetched"]).is_relative_to(tmp_path / "home")


def test_the_settings_of_the_user_hold(tmp_path: Path) -> None:
    answer, files = after_import(tmp_path, {"floatx": "float64"})

    assert answer["floatx"] == "float64"
    assert files == ["data.txt", "keras.json"]
