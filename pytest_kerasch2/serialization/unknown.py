"""Names in a model file that nobody here knows: what to tell Keras, and what to tell the caller."""

from __future__ import annotations

from typing import Any, Iterator

from pytest_kerasch2.errors import InvalidArgument, UnsafeFile
from pytest_kerasch2.serialization import names as class_names
from pytest_kerasch2.serialization.architecture import is_own_function, key_of, last_of, objects, yours
from pytest_kerasch2.serialization.contents import Contents
from pytest_kerasch2.serialization.kinds import HDF5
from pytest_kerasch2.serialization.limits import Limits
from pytest_kerasch2.serialization.names import Names


def with_full_names(contents: Contents, names: Names) -> dict[str, Any] | None:
    """Return the custom objects for Keras: the caller's, each under the name by which the file calls it as well.

    Keras looks a class up by the name under which it was registered when the model was saved, such as ``mine>Scale``,
    and in HDF5 by the name without the package.
    """
    custom = dict(names.custom)
    for node in _nodes(contents):
        called = node["config"] if node["class_name"] == "function" else key_of(node)
        if isinstance(called, str) and not names.is_own(called):
            last, registered = last_of(called), names.registered_as(called)
            if last in names.custom:
                custom[called] = names.custom[last]
            elif registered is not None and "module" not in node and names.anywhere(called) is None:
                custom[called] = names.own(registered)
    return custom or None


def explain(contents: Contents, names: Names, error: Exception) -> None:
    """Raise what helps where Keras could not load a file that names something unknown; return where it names none.

    Raises:
        UnsafeFile: with the names that are not known, and what helps.
        InvalidArgument: they are Keras's own, which it writes to HDF5 and cannot read from there.
    """
    missing = sorted(set(_missing(contents, names)))
    strange = [name for name in missing if not names.is_internal(name)]
    if strange:
        listed = ", ".join(repr(name)[:80] for name in strange[:5])
        raise UnsafeFile("The file names something that is not known here", listed, yours(strange[0])) from error
    if contents.kind == HDF5 and (missing or any(_of_an_operation(node) for node in _nodes(contents))):
        listed = ", ".join(missing[:5]) or "an operation such as x + y"
        raise InvalidArgument("Keras cannot read this model from HDF5", listed, "save the model as .keras") from error


def _of_an_operation(node: Any) -> bool:
    """Whether a node stands for a call such as ``x + y``, whose class has the name of a layer."""
    return node["class_name"] in ("Add", "Maximum", "Minimum", "Multiply", "Subtract")


def _missing(contents: Contents, names: Names) -> Iterator[str]:
    for node in _nodes(contents):
        name, module = node["class_name"], node.get("module")
        if name == "function":
            called = str(node["config"])
            if not is_own_function(called, names) and names.function(module, called) is None:
                yield called
        elif name not in class_names.WRAPPERS and not names.is_own(key_of(node)) and not _has(names, module, name):
            yield key_of(node)


def _has(names: Names, module: Any, name: str) -> bool:
    return (names.look_up(module, name) if isinstance(module, str) else names.anywhere(name)) is not None


def _nodes(contents: Contents) -> Iterator[Any]:
    for what, config in contents.configurations:
        for node in objects(config, what, Limits()):
            if isinstance(node.get("class_name"), str) and "config" in node:
                yield node
