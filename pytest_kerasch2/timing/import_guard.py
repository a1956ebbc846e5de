"""Where what was imported came from: a revision that imports the user's own working tree would time that."""

from __future__ import annotations

import sys
from pathlib import Path

from pytest_kerasch2.errors import InvalidArgument

MAX_NAMED = 3


def check_imports(folder: str | None) -> None:
    """Refuse modules that lie in a folder, but for those of this environment, which may lie in it too.

    Raises:
        InvalidArgument: there are some.
    """
    if folder is None:
        return
    environments = [Path(place).resolve() for place in {sys.prefix, sys.base_prefix}]
    outside = []
    for name, module in sorted(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if not file:
            continue
        place = Path(file).resolve()
        if Path(folder).resolve() in place.parents and not any(one in place.parents for one in environments):
            outside.append(f"{name} from {file}")
    if outside:
        remedy = "let its folder or src hold it, or take its editable installation away"
        raise InvalidArgument("A revision imports what is not of it", ", ".join(outside[:MAX_NAMED]), remedy)
