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
_REQUIREMENT = re.compile(rf" *({_NAME}) *(\[ *{_NAME}(?: *, *{_NAME})* *\])? *({_SPECIFIER}(?: *, *{_SPECIFIER})*)? *(?:,|\Z)")
REQUIREMENT_REMEDY = "write a name and versions, such as keras==3.15.1 or numpy>=1.26,<2"


def parse_requirements(text: str) -> list[str]:
    """Return the requirements of a text that has commas between them.

    Raises:
        InvalidArgument: one is an option, a file, an address, or nothing.
    """
    requirements: list[str] = []
    place = 0
    while place < len(text) or not requirements or text[place - 1] == ",":
        one = _REQUIREMENT.match(text, place)
        if one is None:
            raise InvalidArgument("A requirement cannot be read", repr(text[place : place + 100]), REQUIREMENT_REMEDY)
        requirements.append("".join(part.replace(" ", "") for part in one.groups() if part))
        place = one.end()
    return requirements


def parse_requirement(text: str) -> str:
    """Return one requirement.

    Raises:
        InvalidArgument: it is none, or several.
    """
    requirements = parse_requirements(text)
    if len(requirements) > 1:
        raise InvalidArgument("A requirement is of one package", repr(text[:100]), REQUIREMENT_REMEDY)
    return requirements[0]
