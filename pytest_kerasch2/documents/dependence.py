"""Which blocks of a document depend on others, by the names that they share."""

from __future__ import annotations

from typing import Mapping, Sequence

from pytest_kerasch2.documents import gaps


def downstream(codes: Sequence[tuple[int, str]], origins: Mapping[int, str]) -> dict[int, str]:
    """Return, by the number of a block, why it depends on one of some blocks; those themselves among them.

    What a block uses it may change as well, such as a model that it trains.

    Args:
        codes: number and code of each block, in their order.
        origins: by the number of a block, the reason that is passed on.
    """
    reasons: dict[int, str] = {}
    names_of: dict[str, str] = {}
    imported: set[str] = set()
    for number, code in codes:
        names = gaps.names_of(code)
        imported |= _imported(code)
        used = names.used | names.later
        reason = origins.get(number) or next((names_of[one] for one in sorted(used) if one in names_of), None)
        if reason is not None:
            reasons[number] = reason
            names_of.update(dict.fromkeys((names.names_made | used) - imported, reason))
        else:
            for name in names.names_made:
                names_of.pop(name, None)
    return reasons


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
