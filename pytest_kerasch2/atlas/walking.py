"""Walks the public names of the frameworks of this interpreter, and writes what each of them is.

It is run as a script inside a release, `python walking.py FILE`, and needs the standard library alone. It runs on
CPython 3.6 too, so it imports no annotations of the future.
"""

import contextlib
import importlib
import inspect
import io
import json
import opcode
import pkgutil
import re
import sys
import time
import types
import warnings
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence, Set, Tuple

SCHEMA = 1
# The doors in the order in which they are opened: the shortest name for a thing is the one of the first.
DOORS = ("tf", "keras")
MODULE, CLASS, FUNCTION, VALUE, OUTSIDE, UNKNOWN = "m", "c", "f", "v", "o", "x"
# A module that is no attribute of its package until somebody imports it.
IMPORTABLE = "i"
METHOD, PROPERTY, ATTRIBUTE = "f", "p", "a"
OWN = ("tensorflow", "keras", "tf_keras", "keras_preprocessing", "keras_applications", "tensorflow_estimator",
       "tensorflow_core", "tensorboard", "keras_nlp")  # fmt: skip
# What is importable below a door and is no public name, or would be walked twice: what is in it stays unknown.
CLOSED = {
    "tf": ("python", "core", "compiler", "tools", "include", "src", "api", "xla_aot_runtime_src", "tsl", "dtensor",
           "security", "v2", "distribute.python", "keras.src", "keras.api"),
    "keras": ("src", "api", "protobuf", "tests", "testing_infra", "integration_test", "legacy_tf_layers"),
}  # fmt: skip
CLOSED_NAMES = {
    *(f"{door}.{one}" for door, names in CLOSED.items() for one in names),
    *("tf.experimental.dtensor", "tf.compat.v2", "tf.compat.v1.compat", "tf.compat.v1.keras", "tf.compat.v1.estimator"),
    *("tf.compat.v1.raw_ops", "tf.estimator.tpu", "tf.compat.v1.v1", "tf.compat.v1.python"),
}
_API = re.compile(r"(^|\.)(_api|api|_tf_keras|v2|v1)(\.|$)")
_PARTS = re.compile(r"(^|(?<=\.))(_api|api|_tf_keras|_v1|_v2|v1|v2)\.")
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
DEPTH = 9
LONGEST = 60
_STORE = opcode.opmap["STORE_ATTR"]
_EXTENDED = opcode.EXTENDED_ARG


class Walk:
    """What was seen of a release.

    Attributes:
        names: full name -> its kind, and the place of the object in `objects` for a class or a function.
        objects: classes and functions: kind, place in the source, parameters, order of its bases, members.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.names: Dict[str, Tuple[str, Optional[int]]] = {}
        self.objects: List[Dict[str, Any]] = []
        self._places: Dict[int, int] = {}
        # Kept, because the number of an object that is gone is given to another one.
        self._kept: List[Any] = []

    def walk(self, door: str, module: types.ModuleType) -> None:
        """Walk what is below a module, under the name of a door."""
        waiting: List[Tuple[str, Any, Tuple[int, ...]]] = [(door, module, (id(module),))]
        self.names[door] = (MODULE, None)
        while waiting:
            path, current, above = waiting.pop()
            for name, value in members(current):
                full = f"{path}.{name}"
                kind, place = self._seen(full, name, value, current)
                self.names[full] = (kind, place)
                if kind == MODULE and id(value) not in above and len(above) < DEPTH:
                    waiting.append((full, value, (*above, id(value))))
            for full, module in self._files(path, current):
                waiting.append((full, module, (*above, id(module))))

    def _seen(self, full: str, name: str, value: Any, parent: types.ModuleType) -> Tuple[str, Optional[int]]:
        """Return the kind of a member of a module, and its place where it is a class or a function."""
        if full in CLOSED_NAMES:
            return UNKNOWN, None
        if isinstance(value, types.ModuleType):
            return (MODULE if below(value, name, parent) else OUTSIDE), None
        if isinstance(value, type) or (callable(value) and hasattr(value, "__name__")):
            if not own(value):
                return OUTSIDE, None
            return (CLASS if isinstance(value, type) else FUNCTION), self.place(value)
        if value is FAILED:
            return UNKNOWN, None
        return VALUE, None

    def place(self, value: Any) -> int:
        """Return the place of a class or a function among the objects; it is described the first time."""
        place = self._places.get(id(value))
        if place is not None:
            return place
        place = self._places[id(value)] = len(self.objects)
        self._kept.append(value)
        described: Dict[str, Any] = {
            "kind": CLASS if isinstance(value, type) else FUNCTION,
            "at": "{}:{}".format(getattr(value, "__module__", ""), getattr(value, "__qualname__", value.__name__)),
        }
        self.objects.append(described)
        if not isinstance(value, type):
            described["parameters"] = parameters(value)
            return place
        described["parameters"] = parameters_of_class(value)
        described["members"], described["open"] = members_of_class(value)
        described["bases"] = [self.place(one) for one in value.__mro__[1:] if own(one)]
        return place

    def _files(self, path: str, module: types.ModuleType) -> Iterator[Tuple[str, types.ModuleType]]:
        """Yield modules of an interface that are to be imported; what is below another package stays unknown."""
        try:
            listed = [one[1] for one in pkgutil.iter_modules(list(module.__path__))]
        except Exception:
            return
        for name in listed:
            full, title = f"{path}.{name}", title_of(module)
            if name.startswith("_") or full in self.names:
                continue
            self.names[full] = (UNKNOWN, None)
            if full in CLOSED_NAMES or not _API.search(title):
                continue
            with contextlib.suppress(Exception):
                imported = importlib.import_module(f"{title}.{name}")
                self.names[full] = (IMPORTABLE, None)
                yield full, imported


class _Failed:
    """Stands for a member that raises when it is taken."""


FAILED = _Failed()


def members(module: types.ModuleType) -> Iterator[Tuple[str, Any]]:
    """Yield the public members of a module; a lazy one is loaded by this."""
    try:
        names = sorted(set(dir(module)))
    except Exception:
        return
    for name in names:
        if name.startswith("_"):
            continue
        try:
            value = getattr(module, name)
        except Exception:
            value = FAILED
        yield name, value


def own(value: Any) -> bool:
    """Whether a class or a function is of the frameworks."""
    module = getattr(value, "__module__", None) or ""
    if not isinstance(module, str):
        return False
    root = module.split(".")[0]
    # A function of C++ has no module, or one of a library of the framework.
    return root in OWN or root.startswith("_pywrap") or (module == "" and not isinstance(value, type))


def below(module: types.ModuleType, name: str, parent: types.ModuleType) -> bool:
    """Whether a module is a public part of its parent, and not merely imported by it.

    A package of an interface exports modules of other places; a package of an implementation has its own alone.
    """
    title, title_of_parent = title_of(module), title_of(parent)
    if title.split(".")[0] not in OWN:
        return False
    bare, bare_of_parent = _PARTS.sub("", title + "."), _PARTS.sub("", title_of_parent + ".")
    if title == f"{title_of_parent}.{name}" or bare == f"{bare_of_parent}{name}.":
        return True
    return bool(_API.search(title_of_parent)) or title_of_parent in ("tensorflow", "tensorflow_core")


def title_of(module: types.ModuleType) -> str:
    """Return the full name of a module; a lazy one that shows none leads to an interface."""
    return str(getattr(module, "__name__", None) or vars(module).get("__name__") or "tensorflow._api")


def parameters(function: Any) -> Optional[List[str]]:
    """Return the parameters of a function with their defaults, or None where it does not show them."""
    try:
        signature = inspect.signature(function)
    except Exception:
        return None
    written: List[str] = []
    for one in signature.parameters.values():
        stars = {"VAR_POSITIONAL": "*", "VAR_KEYWORD": "**"}.get(one.kind.name, "")
        if one.kind is one.KEYWORD_ONLY and not any(text.startswith("*") for text in written):
            written.append("*")
        default = "" if one.default is one.empty else f"={shown(one.default)}"
        written.append(f"{stars}{one.name}{default}")
    return written


def parameters_of_class(value: type) -> Optional[List[str]]:
    """Return the parameters with which a class is called: those of its `__init__`, which a signature may not show."""
    for made_by in ("__init__", "__new__"):
        function = getattr(value, made_by, None)
        if function is not None and function is not getattr(object, made_by):
            written = parameters(function)
            return written[1:] if written and not written[0].startswith("*") else written
    return []


def members_of_class(value: type) -> Tuple[Dict[str, Any], bool]:
    """Return the public members that a class defines itself, and whether there may be others."""
    collected: Dict[str, Any] = {}
    stored: Set[str] = set()
    for name, member in sorted(vars(value).items()):
        function = member.__func__ if isinstance(member, (staticmethod, classmethod)) else member
        if isinstance(function, types.FunctionType):
            stored.update(attributes_stored(function))
        if name.startswith("_"):
            continue
        if callable(function) and not isinstance(function, type):
            written = parameters(function)
            if written and not isinstance(member, staticmethod) and not written[0].startswith("*"):
                written = written[1:]
            collected[name] = [METHOD, written]
        else:
            collected[name] = [PROPERTY if isinstance(member, property) else ATTRIBUTE, None]
    for name in stored:
        collected.setdefault(name, [ATTRIBUTE, None])
    outside = [one for one in value.__mro__[1:] if not own(one) and vars(one) is not vars(object)]
    neutral = ("abc", "typing", "_abc", "builtins")
    foreign = any(one.__module__ not in neutral or one.__module__ == "builtins" for one in outside if one is not object)
    return collected, bool(foreign or "__getattr__" in vars(value) or "__getattribute__" in vars(value))


def attributes_stored(function: Any) -> Iterator[str]:
    """Yield the public names of attributes that a function gives a value, such as those of `self` in `__init__`."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    if not isinstance(code, types.CodeType):
        return
    extended = 0
    instructions = code.co_code
    for at in range(0, len(instructions) - 1, 2):
        operation, argument = instructions[at], instructions[at + 1] | extended
        extended = argument << 8 if operation == _EXTENDED else 0
        if operation == _STORE and argument < len(code.co_names) and not code.co_names[argument].startswith("_"):
            yield code.co_names[argument]


def shown(default: Any) -> str:
    """Return a default in one bounded line, which is the same each time."""
    if inspect.isroutine(default) or isinstance(default, type):
        text = "<{}>".format(getattr(default, "__qualname__", "function"))
    else:
        if hasattr(default, "item") and hasattr(default, "dtype"):
            with contextlib.suppress(Exception):
                default = default.item()
        try:
            text = repr(default)
        except Exception:
            text = f"<{type(default).__name__}>"
    text = " ".join(_ADDRESS.sub("", text).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def versions(doors: Dict[str, types.ModuleType]) -> Dict[str, Any]:
    """Return which releases were walked."""
    seen: Dict[str, Any] = {"tensorflow": None, "keras": None, "backend": None, "legacy": None}
    if "tf" in doors:
        seen["tensorflow"] = str(doors["tf"].__version__)
    if "keras" in doors:
        seen["keras"] = str(getattr(doors["keras"], "__version__", "")) or None
        with contextlib.suppress(Exception):
            seen["backend"] = str(doors["keras"].backend.backend())
    with contextlib.suppress(Exception):
        # What `tf.keras` is may be another package than `keras`.
        seen["inside"] = str(doors["tf"].keras.__version__)
    return seen


def open_doors() -> Dict[str, types.ModuleType]:
    """Return the modules that can be imported here, by the name under which they are written."""
    doors = {}
    for short, name in (("tf", "tensorflow"), ("keras", "keras")):
        with contextlib.suppress(ImportError):
            doors[short] = importlib.import_module(name)
    return doors


def walk_all() -> Dict[str, Any]:
    """Walk all doors of this interpreter; return what was seen as plain data."""
    began = time.time()
    doors = open_doors()
    imported = time.time()
    walk = Walk()
    for short in DOORS:
        if short in doors:
            walk.walk(short, doors[short])
    return {
        "schema": SCHEMA,
        "python": "{}.{}".format(*sys.version_info[:2]),
        "versions": versions(doors),
        "doors": sorted(doors),
        "seconds": {"import": round(imported - began, 1), "walk": round(time.time() - imported, 1)},
        "names": {name: list(kind) for name, kind in sorted(walk.names.items())},
        "objects": walk.objects,
    }


def main(arguments: Sequence[str]) -> int:
    """Walk, and write the result to the file that is named; return the exit status."""
    warnings.simplefilter("ignore")
    # What frameworks print on the way is not the result.
    with contextlib.redirect_stdout(io.StringIO()):
        content = walk_all()
    if not content["doors"]:
        sys.stderr.write("neither TensorFlow nor Keras can be imported\n")
        return 1
    Path(arguments[0]).write_text(json.dumps(content, separators=(",", ":")), encoding="ascii")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
