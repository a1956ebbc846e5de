"""Requirements of packages: a name, and which versions of it; nothing else reaches an installer.

An installer takes options, files and addresses where it takes requirements, some of them within a file or behind a
comma. So what is passed on is what has been read here.
"""

from __future__ import annotations

import re

from pytest_kerasch2.errors import InvalidArgument

# https://packaging.python.org/en/latest/specifications/dependency-specifiers/, without addresses and markers.
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,80}[A-Za-z0-9])?"
_SPECIFIER = r"(?:===|~=|[=!<>]=|[<>]) *[A-Za-z0-9][A-Za-z0-9._*+!-]{0,80}"
_ONE = re.compile(rf" *({_NAME}) *(\[ *{_NAME}(?: *, *{_NAME})* *\])? *({_SPECIFIER}(?: *, *{_SPECIFIER})*)? *(?:,|\Z)")
REMEDY = "write a name and versions, such as keras==3.15.1 or numpy>=1.26,<2"


def separated(words: str) -> list[str]:
    """Return the requirements of a text that has commas between them.

    Raises:
        InvalidArgument: one is an option, a file, an address, or nothing.
    """
    found: list[str] = []
    place = 0
    while place < len(words) or not found or words[place - 1] == ",":
        one = _ONE.match(words, place)
        if one is None:
            raise InvalidArgument("A requirement cannot be read", repr(words[place : place + 100]), REMEDY)
        found.append("".join(part.replace(" ", "") for part in one.groups() if part))
        place = one.end()
    return found


def single(words: str) -> str:
    """Return one requirement.

    Raises:
        InvalidArgument: it is none, or several.
    """
    found = separated(words)
    if len(found) > 1:
        raise InvalidArgument("A requirement is of one package", repr(words[:100]), REMEDY)
    return found[0]
