"""The child's side: run the blocks of a document one after the other in one namespace, and keep what each did.

It needs the standard library alone, of CPython 3.7 or newer.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import functools
import inspect
import io
import linecache
import os
import shutil
import sys
import time
import types
from pathlib import Path
from typing import Any, Callable, Iterator

# Characters of what a block prints; the rest is counted and not kept.
MOST_PRINTED = 100_000
MOST_PLACES = 20
# What a training is shortened to.
EPOCHS = 1
STEPS = 3
NO_ANSWER = "the block asks for an answer with input(), and nobody is there to give one"
NO_NETWORK = "the network is off for documents"

_module = types.ModuleType("__main__")
_outside: set[str] = set()
_shortened: list[str] = []
_data: list[str] = []
_begun = False


class _Printed(io.TextIOBase):
    """Keeps the first characters of what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.left = MOST_PRINTED

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self.left > 0:
            self.parts.append(text[: self.left])
            self.left -= len(text)
        return len(text)


def run_block(number: int, code: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Run a block; return its error if it raised one, what it printed, and what else was noticed.

    Args:
        number: of the block, for the names of its lines in a traceback.
        code: its Python.
        settings: `refuse_network`, `shorten`, and `data`, files by their places below the folder of Keras.
    """
    _begin(settings)
    _shortened.clear()
    _outside.clear()
    own, began = os.getpid(), time.monotonic()
    printed = _Printed()
    error = None
    with contextlib.redirect_stdout(printed):
        try:
            _execute(number, code, bool(settings.get("shorten")))
        except BaseException as raised:
            error = _described(raised, number)
    if os.getpid() != own:
        # A fork that the block has made, and that came back here: its answer would stand in the place of ours.
        os._exit(0)
    return {
        "error": error,
        "printed": "".join(printed.parts),
        "printed_more": max(0, -printed.left),
        "shortened": bool(_shortened),
        "outside": sorted(_outside)[:MOST_PLACES],
        "seconds": time.monotonic() - began,
    }


def _begin(settings: dict[str, Any]) -> None:
    global _begun
    if _begun:
        return
    _begun = True
    _module.__dict__["__builtins__"] = builtins
    sys.modules["__main__"] = _module
    sys.path.insert(0, str(Path.cwd()))
    builtins.input = _no_answer
    # Ours stays open for as long as the check lasts: whoever reads it would wait.
    sys.stdin = io.StringIO()
    if settings.get("refuse_network"):
        _refuse_network()
    for place, source in dict(settings.get("data") or {}).items():
        target = Path(os.environ["KERAS_HOME"]) / "datasets" / place
        target.parent.mkdir(parents=True, exist_ok=True)
        _data.append(place)
        with contextlib.suppress(OSError):
            shutil.copyfile(source, str(target))
    if hasattr(sys, "addaudithook"):
        sys.addaudithook(_watcher())


def _no_answer(prompt: object = "") -> str:
    raise EOFError(NO_ANSWER)


def _serve_data() -> None:
    """Let the loaders of Keras take the archives that were put into its folder, whatever their hash.

    An archive that was packed anew has another hash than the one that Keras asks for, and there is no network.
    """
    for name in ("keras", "tf_keras", "tensorflow"):
        with contextlib.suppress(Exception):
            module: Any = sys.modules[name]
            datasets = (module.keras if name == "tensorflow" else module).datasets
            for each in dir(datasets):
                loader = getattr(getattr(datasets, each), "load_data", None)
                namespace = getattr(inspect.unwrap(loader), "__globals__", {}) if loader else {}
                if "get_file" in namespace and not hasattr(namespace["get_file"], "of_kerasch2"):
                    namespace["get_file"] = _served(namespace["get_file"])


def _served(get_file: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(get_file)

    @functools.wraps(get_file)
    def served(*arguments: Any, **settings: Any) -> Any:
        bound = signature.bind(*arguments, **settings)
        name = str(bound.arguments.get("fname") or "")
        if name and any(Path(place).name.startswith(name) for place in _data):
            # The file lies where it is looked for; its hash is not asked for.
            bound.arguments.update({one: None for one in ("file_hash", "md5_hash") if one in signature.parameters})
            return get_file(*bound.args, **bound.kwargs)
        return get_file(*arguments, **settings)

    served.of_kerasch2 = True  # type: ignore[attr-defined]
    return served


def _refuse_network() -> None:
    """Let sockets refuse where the system has no network namespace for us."""
    import socket

    def refuse(*arguments: Any, **settings: Any) -> Any:
        raise OSError(NO_NETWORK)

    for name in ("connect", "connect_ex", "sendto"):
        setattr(socket.socket, name, refuse)
    for name in ("getaddrinfo", "gethostbyname", "create_connection"):
        setattr(socket, name, refuse)


def _watcher() -> Callable[[str, tuple[Any, ...]], None]:
    """Return a hook that notices which files are opened for writing outside the folders of this process."""
    own = os.path.realpath(str(Path.cwd().parent))
    harmless = (own, "/dev/", "/proc/", os.path.realpath(sys.prefix), os.path.realpath(sys.base_prefix))

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in ("open", "os.remove", "os.rename", "os.mkdir", "os.rmdir", "shutil.rmtree"):
            return
        path, flags = arguments[0], arguments[2] if event == "open" and len(arguments) > 2 else os.O_WRONLY
        writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if not writes or not isinstance(path, (str, bytes)) or len(_outside) >= MOST_PLACES:
            return
        with contextlib.suppress(OSError, ValueError):
            real = os.path.realpath(os.fsdecode(path))
            if not real.startswith(harmless) and not real.endswith((".pyc", "__pycache__")):
                _outside.add(real)

    return hook


def _execute(number: int, code: str, shorten: bool) -> None:
    """Execute statement by statement: what an import brings is wrapped before the next one uses it."""
    name = f"<block {number}>"
    # Keras and TensorFlow read the source of functions from here.
    linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
    absent: ImportError | None = None
    for node, mode in _parts(ast.parse(code, name)):
        is_import = mode == "exec" and isinstance(node.body[0], (ast.Import, ast.ImportFrom))
        if absent is not None and not is_import:
            continue
        if shorten:
            _shorten()
        if _data:
            _serve_data()
        try:
            _run_statement(compile(node, name, mode, 0, True), mode)
        except ImportError as error:
            if not is_import:
                raise
            # The other imports of the block are of use to the blocks behind it.
            absent = absent or error
    if absent is not None:
        raise absent


def _run_statement(compiled: Any, mode: str) -> None:
    if mode == "exec":
        exec(compiled, _module.__dict__)
        return
    value = eval(compiled, _module.__dict__)
    if value is not None:
        print(repr(value))  # noqa: T201 - as a notebook shows it


def _parts(tree: ast.Module) -> Iterator[tuple[Any, str]]:
    for at, node in enumerate(tree.body):
        if isinstance(node, ast.Expr) and at == len(tree.body) - 1:
            yield ast.copy_location(ast.Expression(node.value), node), "eval"
        else:
            module = ast.parse("")
            module.body = [node]
            yield module, "exec"


def _shorten() -> None:
    """Wrap `Model.fit` of each Keras that is imported, once."""
    for name in ("keras", "tf_keras", "tensorflow"):
        module: Any = sys.modules.get(name)
        with contextlib.suppress(Exception):
            model = (module.keras if name == "tensorflow" else module).Model
            if not hasattr(model.fit, "shortened_by_kerasch2"):
                model.fit = _short(model.fit)


def _short(fit: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(fit)

    @functools.wraps(fit)
    def shortened(*arguments: Any, **settings: Any) -> Any:
        bound = signature.bind(*arguments, **settings)
        first = bound.arguments.get("initial_epoch", 0) or 0
        changes = {"epochs": first + EPOCHS, "steps_per_epoch": STEPS}
        given = bound.arguments.get("steps_per_epoch")
        if isinstance(given, int) and given < STEPS:
            changes["steps_per_epoch"] = given
        if bound.arguments.get("validation_data") is not None and bound.arguments.get("validation_steps") is None:
            changes["validation_steps"] = STEPS
        bound.arguments.update(changes)
        _shortened.append("fit")
        return fit(*bound.args, **bound.kwargs)

    shortened.shortened_by_kerasch2 = True  # type: ignore[attr-defined]
    return shortened


def _described(error: BaseException, number: int) -> dict[str, Any]:
    """Return type and message of an exception, and the line of the block where it was raised."""
    line = None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == f"<block {number}>":
            line = trace.tb_lineno
        trace = trace.tb_next
    try:
        message = str(error)
    except Exception:
        message = "a message that cannot be read"
    name = getattr(error, "name", None)
    return {
        "type": type(error).__name__,
        "message": message[:4000],
        "line": line,
        "name": name if isinstance(name, str) else None,
        "bases": [one.__name__ for one in type(error).__mro__],
    }
