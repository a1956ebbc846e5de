"""Registers the options with pytest: late, only in a run that uses them, and never over somebody else's.

A flag belongs to whoever has it: a conftest, or any other plugin in whatever order they are loaded. So ours wait until
all of these have been loaded. What is not used is not registered either, so that it is in nobody's way, also not in
that of a conftest that pytest finds during collection. The long form, `--kerasch2-benchmark`, is always ours.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import difflib
import os
import re
from typing import Any, Iterable, Iterator, Sequence

from pytest_kerasch2.options import GROUP, OPTIONS, Option

# Likeness from which a flag that nobody has is taken for one of ours, misspelt.
LIKE = 0.8
# `-h`, also among other short options, such as `-vh`.
SHORT_HELP = re.compile(r"-[a-zA-Z]*h[a-zA-Z]*$")


def offer(parser: Any, args: Sequence[str]) -> list[Option]:
    """Register the options that a run uses, and return those whose short flag belongs to somebody else.

    Args:
        parser: pytest's, with the options of all plugins and conftests.
        args: of the command line, with those of configuration files and variables.
    """
    flags = set(_known_flags(parser))
    taken = [option for option in OPTIONS if option.flag in flags]
    used = OPTIONS if _wants_all(args) else tuple(_used(args))
    group = parser.getgroup(GROUP, "the Keras chapter, verified") if used else None
    for option in used:
        # Nothing is registered where its flag on the command line is meant for somebody else.
        if option not in taken or _wants_all(args) or option.long_flag in _flags(args):
            option.add_to(group, taken=option in taken)
    _suggest(parser, args, flags)
    return taken


def offer_at_once(parser: Any) -> None:
    """Register all options that are free: for a conftest that loads this plugin itself, which is to use it."""
    flags = set(_known_flags(parser))
    for option in OPTIONS:
        if option.long_flag not in flags:
            option.add_to(parser.getgroup(GROUP, "the Keras chapter, verified"), taken=option.flag in flags)


def withdraw(parser: Any) -> None:
    """Let a conftest that is found during collection register a flag of ours: the command line has been read.

    Since 9 pytest registers options with argparse at once, which refuses a flag that is there already.
    """
    ours = {option.destination for option in OPTIONS}
    actions = getattr(getattr(parser, "optparser", None), "_option_string_actions", {})
    for flag in [flag for flag, action in actions.items() if action.dest in ours]:
        del actions[flag]


def without_values(args: Sequence[str], paths: Iterable[str]) -> list[str]:
    """Return paths without those that are values of our options, as in `--chapter-results FILE`.

    pytest looks for conftests beside the paths of the command line before our options are registered.
    """
    takers = {flag for option in OPTIONS if option.metavar for flag in option.flags}
    values = [after for before, after in zip(args, args[1:]) if before in takers]
    kept = []
    for path in paths:
        if path in values:
            values.remove(path)
        else:
            kept.append(path)
    return kept


def _known_flags(parser: Any) -> Iterator[str]:
    # pytest has no public list of its options. Parsing with it instead would run the actions of others.
    for group in [*parser._groups, parser._anonymous]:
        for option in group.options:
            yield from option.names()


def _flags(args: Sequence[str]) -> set[str]:
    return {str(one).partition("=")[0] for one in args}


def _used(args: Sequence[str]) -> list[Option]:
    written = _flags(args)
    return [option for option in OPTIONS if written.intersection(option.flags)]


def _wants_all(args: Sequence[str]) -> bool:
    """Whether all options are to be shown, completed, or looked for in a file of arguments."""
    if "_ARGCOMPLETE" in os.environ or "--help" in args:
        return True
    return any(str(one).startswith("@") or SHORT_HELP.match(str(one)) for one in args)


def _suggest(parser: Any, args: Sequence[str], flags: set[str]) -> None:
    """Let pytest's own message on an unknown option name the option of ours that it resembles."""
    ours = [option.flag for option in OPTIONS]
    for flag in sorted(_flags(args)):
        if flag.startswith("--") and flag not in flags and not any(flag in option.flags for option in OPTIONS):
            for nearest in difflib.get_close_matches(flag, ours, n=1, cutoff=LIKE):
                parser.extra_info["did you mean"] = f"{nearest} (an option of pytest-kerasch2)"
