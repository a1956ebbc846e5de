"""Who a name belongs to: a fixture or a parameter of ours yields to anybody else's of that name.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

from types import ModuleType
from typing import Any, Callable, Iterable, Iterator, Mapping, Sequence

# pytest itself finds fixtures with it, in every release from 7.4 on; there is no public way to list those of a plugin.
from _pytest.fixtures import getfixturemarker

from pytest_kerasch2.options import Option

OWN = "kerasch2-fixtures"


def fixtures_of(plugin: Any) -> dict[str, Any]:
    """Return the fixtures that a plugin defines, by the names under which tests ask for them."""
    fixtures = {}
    for name, value in _attributes(plugin).items():
        marker = getfixturemarker(value)
        # Some objects claim to have every attribute.
        if marker is not None and isinstance(getattr(marker, "name", ""), (str, type(None))):
            fixtures[marker.name or name] = value
    return fixtures


def _attributes(plugin: Any) -> dict[str, Any]:
    if isinstance(plugin, (ModuleType, type)):
        return dict(vars(plugin))
    # Of an object those of its class are looked at: reading a property would run somebody's code.
    return {name: value for one in reversed(type(plugin).__mro__) for name, value in vars(one).items()}


def taken_by_others(manager: Any, names: Iterable[str]) -> dict[str, str]:
    """Return those of the names under which another plugin has a fixture, with the name of that plugin.

    A conftest is none of them: its fixtures override those of plugins wherever it stands.
    """
    ours = set(names)
    owners: dict[str, str] = {}
    for plugin_name, plugin in manager.list_name_plugin():
        # A name may be blocked, and then has no plugin.
        if plugin is None or plugin_name.startswith("kerasch2") or plugin_name.endswith("conftest.py"):
            continue
        for name in ours.intersection(fixtures_of(plugin)):
            owners[name] = plugin_name
    return owners


def offer(manager: Any, module: ModuleType) -> None:
    """Register the fixtures of a module with pytest, except those whose names earlier plugins have.

    Of two plugins that have a fixture of one name, pytest takes the one that was loaded later.
    """
    own = fixtures_of(module)
    taken = taken_by_others(manager, own)
    holder = ModuleType(OWN, module.__doc__)
    vars(holder).update({name: value for name, value in own.items() if name not in taken})
    manager.register(holder, OWN)


def is_loaded_by_a_conftest(manager: Any) -> bool:
    """Whether conftests are being loaded, so that this plugin was named by one of them."""
    return any(name.endswith("conftest.py") for name, _ in manager.list_name_plugin())


def taken_lines(config: Any, yielded: Iterable[Option], module: ModuleType) -> list[str]:
    """Return a line for each option and fixture of ours whose name belongs to another plugin or to the project."""
    lines = [
        f"kerasch2: {option.flag} is an option of this project or of another plugin; ours is {option.long_flag}"
        for option in yielded
    ]
    for name, plugin in sorted(taken_by_others(config.pluginmanager, fixtures_of(module)).items()):
        use = f"from {module.__name__} import {name}"
        lines.append(f"kerasch2: the fixture {name} is that of the plugin {plugin}; for ours write `{use}`")
    return lines


def function_of(fixture: Any) -> Callable[..., Any]:
    """Return the function that a fixture is made of."""
    # Until 8.3 a fixture is a function around it.
    wrapped = getattr(fixture, "__pytest_wrapped__", None)
    function: Callable[..., Any] = fixture._get_wrapped_function() if wrapped is None else wrapped.obj
    return function


def parametrize(metafunc: Any, name: str, fixture: Any, values: Sequence[Any], ids: Sequence[str]) -> None:
    """Return a test one run for each value, if the fixture that it asks for is ours and nobody has parametrized it."""
    if name in metafunc.fixturenames and reaches(metafunc, name, fixture) and not _is_parametrized(metafunc, name):
        metafunc.parametrize(name, values, ids=ids, indirect=True)


def reaches(metafunc: Any, name: str, fixture: Any) -> bool:
    """Whether what a test gets under a name is this fixture, or an override that asks for it."""
    # What pytest's own parametrization of fixtures goes by; a test of ours fails when it is gone.
    return _reached(metafunc._arg2fixturedefs, name, fixture)


def is_asked_for(item: Any, name: str, fixture: Any) -> bool:
    """Whether a collected test asks for this fixture, and has no other under that name."""
    info = getattr(item, "_fixtureinfo", None)
    return name in getattr(item, "fixturenames", ()) and _reached(getattr(info, "name2fixturedefs", {}), name, fixture)


def _reached(definitions: Mapping[str, Sequence[Any]], name: str, fixture: Any) -> bool:
    for definition in reversed(definitions.get(name) or ()):
        if definition.func is function_of(fixture):
            return True
        if definition.params is not None or name not in definition.argnames:
            return False
    return False


def _is_parametrized(metafunc: Any, name: str) -> bool:
    if any(name in _marked(mark) for mark in metafunc.definition.iter_markers("parametrize")):
        return True
    # By a hook. Before 8 direct parameters stand apart, as `funcargs`.
    return any(name in call.params or name in getattr(call, "funcargs", ()) for call in metafunc._calls)


def _marked(mark: Any) -> Iterator[str]:
    names = mark.args[0] if mark.args else mark.kwargs.get("argnames", ())
    if isinstance(names, str):
        names = names.split(",")
    return (str(name).strip() for name in names)
