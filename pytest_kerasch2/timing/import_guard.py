"""Where what was imported came from: a revision that imports the user's own working tree would time that."""

from __future__ import annotations

import sys
from pathlib import Path

from pytest_kerasch2.errors import InvalidArgument

NAMED = 3


def check_not_from(folder: str | None) -> None:
    """Refuse modules that lie in a folder, but for those of this environment, which may lie in it too.

    Raises:
        InvalidArgument: there are some.
    """
    if folder is None:
        return
    own = [Path(place).resolve() for place in {sys.prefix, sys.base_prefix}]
    found = []
    for name, module in sorted(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if not file:
            continue
        place = Path(file).resolve()
        if Path(folder).resolve() in place.parents and not any(one in place.parents for one in own):
            found.append(f"{name} from {file}")
    if found:
        remedy = "let its folder or src hold it, or take its editable installation away"
        raise InvalidArgument("A revision imports what is not of it", ", ".join(found[:NAMED]), remedy)
