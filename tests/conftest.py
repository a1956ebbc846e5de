"""What every test of ours shares: a home of its own, and no network."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.builders import forkserver

# How long an example takes, which may be the first to import SciPy, is a matter of the machine.
settings.register_profile("any machine", settings(), deadline=None)
settings.load_profile("any machine")
_CONNECT = socket.socket.connect
# Scripts of ours that put the plugin beside other tools, which are for newer interpreters.
NEWER = ["unit/test_rivals*.py", "unit/test_compare_report.py", "unit/test_load.py"]
collect_ignore_glob = [] if sys.version_info >= (3, 9) else NEWER


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection but those to this machine."""

    def connect(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else ""
        if self.family in (socket.AF_INET, socket.AF_INET6) and host not in ("127.0.0.1", "localhost", "::1"):
            raise AssertionError(f"a test reached for the network: {address}")
        _CONNECT(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a home of its own, so that no test reads or writes the user's."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("KERAS_HOME", raising=False)
    return home


@pytest.fixture(scope="session")
def _forkserver(tmp_path_factory: pytest.TempPathFactory) -> None:
    forkserver.start(str(tmp_path_factory.mktemp("home")))


@pytest.fixture
def preloaded(
    request: pytest.FixtureRequest, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> pytest.Pytester:
    """Return a pytester whose inner runs need not import TensorFlow, where a fork is safe."""
    if forkserver.AVAILABLE:
        request.getfixturevalue("_forkserver")
        monkeypatch.setattr(pytester, "popen", forkserver.popen)
    return pytester
