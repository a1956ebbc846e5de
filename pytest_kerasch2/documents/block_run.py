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
import warnings
from pathlib import Path
from typing import Any, Callable, Iterator

from pytest_kerasch2.documents import observing

# Characters of what a block prints; the rest is counted and not kept.
MOST_PRINTED = 100_000
MOST_PLACES = 20
MOST_MARKS = 10_000
MOST_WARNINGS = 20
MOST_WARNED = 300
# Names of metrics that are told, and their length.
MOST_KEYS = 50
MOST_KEY = 200
# What a training is shortened to.
EPOCHS = 1
STEPS = 3
# Of the epochs that a history of a shortened training is given.
MOST_EPOCHS = 10_000
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
        # By statement: its last line, and how many characters were written when it was done.
        self.marks: list[tuple[int, int]] = []
        # How many there were before the value of the last expression was shown.
        self.shown_from: int | None = None

    @property
    def size(self) -> int:
        """Return how many characters are kept."""
        return MOST_PRINTED - max(0, self.left)

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
        settings: `refuse_network`, `shorten`, `console` for a session whose every value is shown, `seed_offset` for
            other seeds than those in the code, `data`, files by their places below the folder of Keras, and `observe`,
            the names that the block makes and those that it uses.
    """
    _begin(settings)
    _shortened.clear()
    _outside.clear()
    own, began = os.getpid(), time.monotonic()
    printed = _Printed()
    error = None
    warned: list[str] = []
    with contextlib.redirect_stdout(printed), _noticed_warnings(warned):
        try:
            _execute(number, code, settings, printed)
        except BaseException as raised:
            error = _described(raised, number)
    if os.getpid() != own:
        # A fork that the block has made, and that came back here: its answer would stand in the place of ours.
        os._exit(0)
    names = settings.get("observe")
    return {
        "observed": observing.observe(_module.__dict__, names["made"], names["used"]) if names else {},
        "warned": warned,
        "error": error,
        "printed": "".join(printed.parts),
        "printed_more": max(0, -printed.left),
        "marks": printed.marks[:MOST_MARKS],
        "shown_from": printed.shown_from,
        "shortened": bool(_shortened),
        "outside": sorted(_outside)[:MOST_PLACES],
        "seconds": time.monotonic() - began,
    }


@contextlib.contextmanager
def _noticed_warnings(warned: list[str]) -> Iterator[None]:
    """Keep the first warnings as texts, and show them all the same; which ones come is not changed."""
    show = warnings.showwarning

    def noticed(message: Any, category: Any, *rest: Any, **more: Any) -> None:
        if len(warned) < MOST_WARNINGS:
            warned.append(f"{category.__name__}: {message}"[:MOST_WARNED])
        show(message, category, *rest, **more)

    warnings.showwarning = noticed
    try:
        yield
    finally:
        if warnings.showwarning is noticed:
            warnings.showwarning = show


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


def _execute(number: int, code: str, settings: dict[str, Any], printed: _Printed) -> None:
    """Execute statement by statement: what an import brings is wrapped before the next one uses it."""
    name = f"<block {number}>"
    # Keras and TensorFlow read the source of functions from here.
    linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
    absent: ImportError | None = None
    for node, mode, last in _parts(ast.parse(code, name), bool(settings.get("console"))):
        is_import = mode == "exec" and isinstance(node.body[0], (ast.Import, ast.ImportFrom))
        if absent is not None and not is_import:
            continue
        _wrap(settings)
        try:
            _run_statement(compile(node, name, mode, 0, True), mode, printed)
        except ImportError as error:
            if not is_import:
                raise
            # The other imports of the block are of use to the blocks behind it.
            absent = absent or error
        printed.marks.append((last, printed.size))
    if absent is not None:
        raise absent


def _wrap(settings: dict[str, Any]) -> None:
    if settings.get("shorten"):
        _shorten()
    if settings.get("seed_offset"):
        _shift_seeds(int(settings["seed_offset"]))
    if _data:
        _serve_data()


def _run_statement(compiled: Any, mode: str, printed: _Printed) -> None:
    if mode == "exec":
        exec(compiled, _module.__dict__)
        return
    value = eval(compiled, _module.__dict__)
    if value is not None:
        printed.shown_from = printed.size
        print(repr(value))  # noqa: T201 - as a notebook shows it


def _parts(tree: ast.Module, console: bool) -> Iterator[tuple[Any, str, int]]:
    """Yield statements, how each is compiled, and its last line; in a console session each value is shown."""
    for at, node in enumerate(tree.body):
        following = tree.body[at + 1] if at + 1 < len(tree.body) else None
        # CPython 3.7 knows where a statement begins, and not where it ends.
        last = getattr(node, "end_lineno", None) or (following.lineno - 1 if following else 10**9)
        if isinstance(node, ast.Expr) and (console or following is None):
            yield ast.copy_location(ast.Expression(node.value), node), "eval", last
        else:
            module = ast.parse("")
            module.body = [node]
            yield module, "exec", last


def _shift_seeds(offset: int) -> None:
    """Let what sets a seed set another one, so that what depends on it is seen."""
    places = (
        ("random", "", "seed"), ("numpy", "random", "seed"), ("tensorflow", "random", "set_seed"),
        ("keras", "utils", "set_random_seed"), ("tensorflow", "keras.utils", "set_random_seed"),
        ("tf_keras", "utils", "set_random_seed"), ("tensorflow", "compat.v1", "set_random_seed"),
    )  # fmt: skip
    for module, path, name in places:
        with contextlib.suppress(Exception):
            owner: Any = sys.modules[module]
            for part in filter(None, path.split(".")):
                owner = getattr(owner, part)
            if not hasattr(getattr(owner, name), "shifted_by_kerasch2"):
                setattr(owner, name, _shifted(getattr(owner, name), offset))


def _shifted(seed: Callable[..., Any], offset: int) -> Callable[..., Any]:
    @functools.wraps(seed)
    def shifted(*arguments: Any, **settings: Any) -> Any:
        moved = [one + offset if type(one) is int else one for one in arguments]
        return seed(*moved, **{name: one + offset if type(one) is int else one for name, one in settings.items()})

    shifted.shifted_by_kerasch2 = True  # type: ignore[attr-defined]
    return shifted


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
        if _is_early():
            changes = _cut_data(bound.arguments, changes["epochs"])
        asked = bound.arguments.get("epochs", 1)
        bound.arguments.update(changes)
        _shortened.append("fit")
        history = fit(*bound.args, **bound.kwargs)
        if isinstance(asked, int):
            _lengthen(history, first, min(asked, MOST_EPOCHS))
        return history

    shortened.shortened_by_kerasch2 = True  # type: ignore[attr-defined]
    return shortened


def _lengthen(history: Any, first: int, epochs: int) -> None:
    """Fill a history up to the epochs that were asked for, with the numbers of the last: code may count on them."""
    kept = getattr(history, "history", None)
    if type(kept) is not dict or epochs <= first:
        return
    for values in kept.values():
        if type(values) is list and len(values) == len(history.epoch):
            values.extend(values[-1:] * (epochs - first - len(values)))
    history.epoch = list(range(first, epochs))


def _is_early() -> bool:
    """Whether it is TensorFlow 2.0 or 2.1, which count the steps of an array by parts of equal size."""
    version = str(getattr(sys.modules.get("tensorflow"), "__version__", ""))
    return version.startswith(("2.0.", "2.1."))


def _cut_data(arguments: dict[str, Any], epochs: int) -> dict[str, Any]:
    """Return arguments of `fit` with fewer data, or with fewer steps where there are no arrays to cut."""
    most = STEPS * (arguments.get("batch_size") or 32)
    names = [name for name in ("x", "y", "sample_weight", "validation_data") if arguments.get(name) is not None]
    changes: dict[str, Any] = {name: _cut(arguments[name], most) for name in names}
    if not hasattr(arguments.get("x"), "__len__"):
        steps = arguments.get("steps_per_epoch")
        changes["steps_per_epoch"] = min(steps, STEPS) if isinstance(steps, int) else STEPS
    return {**changes, "epochs": epochs}


def _cut(data: Any, most: int) -> Any:
    if isinstance(data, (list, tuple)) and data and all(hasattr(one, "shape") for one in data):
        return type(data)(_cut(one, most) for one in data)
    if isinstance(data, dict):
        return {name: _cut(one, most) for name, one in data.items()}
    return data[:most] if getattr(data, "shape", ()) and hasattr(data, "__getitem__") else data


def _history_keys() -> list[str]:
    """Return the names of what the trainings of the document left, for a key that is not there."""
    keys: set[str] = set()
    for value in list(_module.__dict__.values()):
        kept = vars(value).get("history") if type(value).__name__ == "History" else None
        if type(kept) is dict:
            keys.update(key for key in kept if type(key) is str and len(key) < MOST_KEY)
    return sorted(keys)[:MOST_KEYS]


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
    keys = _history_keys() if isinstance(error, KeyError) else []
    return {
        "type": type(error).__name__,
        "message": message[:4000],
        "line": line,
        "name": name if isinstance(name, str) else None,
        "bases": [one.__name__ for one in type(error).__mro__],
        "keys": keys,
    }
