"""The columns of the compatibility table, read from `releases.toml`."""

from __future__ import annotations

import re
import sys
from dataclasses import MISSING, asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Mapping, Sequence

from pytest_kerasch2.claims.release import numbers
from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.timing import installed_releases

SERIES = ("tensorflow", "keras", "paired", "legacy", "backend")
# The first CPython on which the plugin runs as it is.
OLDEST = (3, 7)
_KINDS = {"str": str, "bool": bool, "tuple[str, ...]": list, "Mapping[str, str]": dict}


@dataclass(frozen=True)
class Column:
    """One release on which the chapter is verified.

    Attributes:
        environment: the name of the tox environment, of the pins and of the results file.
        label: the heading for people.
        series: one of `SERIES`.
        python: CPython's minor version, `3.11`.
        requires: what is asked for, as pip writes it.
        variables: environment variables of its run.
        torch: which of PyTorch's builds is taken, as uv's --torch-backend names it; empty where there is no torch.
        libraries: old name of a shared library -> today's name of it.
    """

    environment: str
    label: str
    series: str
    python: str
    requires: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    torch: str = ""
    libraries: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return what the verdicts may depend on: all but the words for people."""
        return {name: value for name, value in asdict(self).items() if name not in ("label", "series")}

    @property
    def is_backported(self) -> bool:
        """Whether the plugin runs there as a copy that is rewritten for an older CPython."""
        return numbers(self.python) < OLDEST

    @property
    def imports(self) -> str:
        """Return the module that its environment must be able to import."""
        return "tensorflow" if any(one.startswith("tensorflow") for one in self.requires) else "keras"


@dataclass(frozen=True)
class Releases:
    """The whole file.

    Attributes:
        as_of: the day, `2026-11-24`, after which nothing is taken from a package index.
        columns: in the order of the table.
    """

    as_of: str
    columns: tuple[Column, ...]

    def chosen(self, names: Sequence[str]) -> tuple[Column, ...]:
        """Return the columns of these names in the order of the table; all of them where none is named.

        Raises:
            InvalidArgument: a name is of no column.
        """
        available = [column.environment for column in self.columns]
        for name in names:
            if name not in available:
                raise InvalidArgument("There is no such release", repr(name), f"name one of {', '.join(available)}")
        return tuple(column for column in self.columns if not names or column.environment in names)


def read(path: Path) -> Releases:
    """Return what a releases file says.

    Raises:
        InvalidArgument: it is missing, is no TOML, or a release in it is incomplete, misspelt or listed twice.
    """
    content = _parsed(path)
    try:
        columns = tuple(map(_column, content["release"]))
        releases = Releases(_day(content["as_of"]), columns)
    except (KeyError, TypeError) as error:
        raise InvalidArgument(
            "A releases file is incomplete", f"{path}: {error}", "see the comment at its top"
        ) from error
    names = [column.environment for column in columns]
    for name in names:
        if names.count(name) > 1:
            raise InvalidArgument("A name of a release is taken", f"{path}: {name}", "name it otherwise")
    return releases


def _parsed(path: Path) -> dict[str, Any]:
    try:
        if sys.version_info >= (3, 11):
            import tomllib
        else:
            import tomli as tomllib
        with path.open("rb") as stream:
            return dict(tomllib.load(stream))
    except ImportError as error:
        raise InvalidArgument(
            "A releases file cannot be read without tomli", str(error), "pip install tomli"
        ) from error
    except (OSError, ValueError) as error:
        raise InvalidArgument("A releases file cannot be read", f"{path}: {error}", "write it in TOML") from error


def _column(entry: Any) -> Column:
    remedy = "see the comment at the top of the releases file"
    if not isinstance(entry, dict):
        raise InvalidArgument("A release is not a table", repr(entry), remedy)
    by_name = {one.name: one for one in fields(Column)}
    needed = {name for name, one in by_name.items() if one.default is MISSING and one.default_factory is MISSING}
    wrong = sorted((needed - set(entry)) | (set(entry) - set(by_name)))
    wrong += [
        name
        for name, value in entry.items()
        if name in by_name and not isinstance(value, _KINDS[str(by_name[name].type)])
    ]
    if wrong:
        raise InvalidArgument("A release lacks a field, or has a wrong one", f"{', '.join(wrong)} in {entry}", remedy)
    texts = [*entry["requires"], *entry.get("variables", {}).values(), *entry.get("libraries", {}).values()]
    if not all(isinstance(text, str) for text in texts) or not entry["label"].strip():
        raise InvalidArgument("A release has something other than text where text belongs", repr(entry), remedy)
    if entry["series"] not in SERIES or not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", entry["environment"]):
        raise InvalidArgument("A release has an unknown series or a name that tox cannot take", repr(entry), remedy)
    if not re.fullmatch(r"[a-z0-9.]*", entry.get("torch", "")):
        raise InvalidArgument("A build of PyTorch cannot be read", repr(entry["torch"]), "write it as cpu or cu126")
    return Column(**{**entry, "python": _version(entry["python"]), "requires": _requirements(entry["requires"])})


def _requirements(texts: Sequence[str]) -> tuple[str, ...]:
    """Return what an installer is asked for, which takes options and files on its standard input too."""
    return tuple(map(installed_releases.parse_requirement, texts))


def _day(value: Any) -> str:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", str(value)):
        raise InvalidArgument("A day cannot be read", repr(value), "write it as 2026-11-24")
    return str(value)


def _version(text: str) -> str:
    if not re.fullmatch(r"3\.[0-9]{1,3}", text):
        raise InvalidArgument("A version of CPython cannot be read", repr(text), "write it as 3.11")
    return text
