"""What the plugin uses of CPython 3.7 and pytest 7.4, for 3.6 and 7.0: the copy made for them imports it first."""

import contextlib
import enum
import gc
import http.server
import socketserver
import sys
from typing import Any


class _NullContext:
    def __init__(self, result: Any = None) -> None:
        self.result = result

    def __enter__(self) -> Any:
        return self.result

    def __exit__(self, *_: Any) -> None:
        pass


class _ThreadingHTTPServer(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


class _ArgsSource(enum.Enum):
    ARGS = enum.auto()
    OTHER = enum.auto()


def _args_source(config: Any) -> "_ArgsSource":
    return _ArgsSource.ARGS if config.option.file_or_dir else _ArgsSource.OTHER


def _give() -> None:
    contextlib.nullcontext = _NullContext  # type: ignore[assignment, misc]
    http.server.ThreadingHTTPServer = _ThreadingHTTPServer  # type: ignore[assignment, misc]
    gc.freeze = lambda: None
    # Where pytest runs, it has been imported before its plugins; a child interpreter does without.
    config: Any = getattr(sys.modules.get("_pytest.config"), "Config", None)
    if config is not None and not hasattr(config, "args_source"):
        config.ArgsSource = _ArgsSource
        config.args_source = property(_args_source)


_give()
