"""Plain data against the JSON schemas that are published beside the code."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any, Callable

# Letters of a place, and of what is wrong there.
SHOWN = 200


class Mismatch(ValueError):
    """Data is not as its schema says; the message names the first place and what is wrong there."""


def require(data: Any, schema: Path) -> None:
    """Require that data fits a schema.

    Args:
        data: what `json.loads` gives.
        schema: the file that holds the JSON schema, draft 7.

    Raises:
        Mismatch: it does not.
    """
    check, mismatch = _compiled(schema)
    try:
        check(data)
    except mismatch as error:
        place = "/".join(error.path[1:]) or "the whole"
        # The message begins with the place in the library's own words, and may name all that stands there.
        reason = str(error.message)[len(str(error.name)) :].strip()
        raise Mismatch(f"at {place[:SHOWN]}: {reason[:SHOWN]}") from error


@functools.lru_cache(maxsize=None)
def _compiled(schema: Path) -> tuple[Callable[[Any], Any], type[Any]]:
    """Return a function that checks data, and the error that this function raises.

    The two are kept together: after an inner run of pytest, another import of the library has another class of error.
    """
    import fastjsonschema

    check = fastjsonschema.compile(json.loads(schema.read_text(encoding="utf-8")))
    return check, fastjsonschema.JsonSchemaValueException
