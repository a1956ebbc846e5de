"""Which blocks of a document depend on others, by the names that they share."""

from __future__ import annotations

import builtins
from typing import Iterator, Mapping, Sequence

from pytest_kerasch2.documents import gaps

# Everybody uses them, and nobody changes them.
_BUILTINS = frozenset(dir(builtins))


def downstream(codes: Sequence[tuple[int, str]], origins: Mapping[int, str]) -> dict[int, str]:
    """Return, by the number of a block, why it depends on one of some blocks; those themselves among them.

    What a block uses it may change as well, such as a model that it trains.

    Args:
        codes: number and code of each block, in their order.
        origins: by the number of a block, the reason that is passed on.
    """
    reasons = _reasons(codes, origins, False)
    return {number: reason for number, reason, _ in reasons}


def followers(codes: Sequence[tuple[int, str]], origins: Mapping[int, str]) -> set[int]:
    """Return the blocks that use what one of some blocks before them makes; these may be among them.

    A package that one of those imports is such a thing too.
    """
    return {number for number, _, is_follower in _reasons(codes, origins, True) if is_follower}


def _reasons(
    codes: Sequence[tuple[int, str]], origins: Mapping[int, str], with_imports: bool
) -> Iterator[tuple[int, str, bool]]:
    names_of: dict[str, str] = {}
    imported: set[str] = set()
    for number, code in codes:
        names = gaps.names_of(code)
        imported |= _imported(code)
        if with_imports and number in origins:
            imported -= _imported(code)
        used = names.used | names.later
        passed = next((names_of[one] for one in sorted(used) if one in names_of), None)
        reason = origins.get(number) or passed
        if reason is not None:
            yield number, reason, passed is not None
            names_of.update(dict.fromkeys((names.names_made | used) - imported - _BUILTINS, reason))
        else:
            for name in names.names_made:
                names_of.pop(name, None)


def _imported(code: str) -> set[str]:
    import ast

    from pytest_kerasch2.documents import parsing

    try:
        nodes = ast.walk(parsing.tree(code))
    except SyntaxError:
        return set()
    return {
        (alias.asname or alias.name).split(".")[0]
        for node in nodes
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
