"""Checks the arguments of our public functions before any work begins.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import functools
import inspect
from typing import Any, Callable, Iterable

from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.suggestions import close_to
from pytest_kerasch2.third_party import warnings_shown


def check_call(name: str, function: Callable[..., Any], given: Any, named: Any, *, inner: Iterable[str] = ()) -> None:
    """Require that a function can be called with these arguments.

    Args:
        name: under which the user knows the function.
        function: whose signature counts.
        given, named: the arguments by position and by name.
        inner: parameters that are ours to fill, and so not the user's to give.

    Raises:
        InvalidArgument: naming the argument, and the one that was probably meant.
    """
    __tracebackhide__ = True
    hidden = set(inner)
    every = inspect.signature(function).parameters.values()
    parameters = [one for one in every if one.name not in hidden]
    if any(one.kind is one.VAR_KEYWORD for one in parameters):
        return
    _check_unknown(name, [one.name for one in parameters], named)
    by_place = [one.name for one in parameters if one.kind is not one.KEYWORD_ONLY]
    if len(given) > len(by_place):
        remedy = f"name the others, as in {parameters[-1].name}=..."
        raise InvalidArgument(f"`{name}` takes {_listed(by_place)} by position, got {len(given)} arguments", "", remedy)
    places = by_place[: len(given)]
    for one in parameters:
        if one.name in places and one.name in named:
            raise InvalidArgument(
                f"`{name}` got `{one.name}` twice, by position and by name", "", "leave one of them out"
            )
        if one.default is one.empty and one.name not in places and one.name not in named:
            raise InvalidArgument(f"`{name}` needs the argument `{one.name}`", "", f"write {one.name}=...")


def checked(method: Callable[..., Any]) -> Callable[..., Any]:
    """Check the arguments of a public method, and show what third parties warn of while it runs."""

    @functools.wraps(method)
    def call(*given: Any, **named: Any) -> Any:
        __tracebackhide__ = True
        check_call(method.__qualname__, method, given, named)
        with warnings_shown():
            return method(*given, **named)

    return call


def _check_unknown(name: str, names: list[str], named: Any) -> None:
    __tracebackhide__ = True
    for unknown in named:
        if unknown not in names:
            meant = close_to(unknown, names, most=1)
            remedy = f"write {_listed(meant)}" if meant else f"use {_listed(names)}"
            raise InvalidArgument(f"`{name}` has no argument `{unknown}`", "", remedy)


def _listed(names: Iterable[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]]) if len(quoted) > 1 else "".join(quoted) or "nothing"
