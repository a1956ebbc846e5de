"""Parsers whose errors are a sentence with a suggestion, and whose help is short and ends with an example."""

from __future__ import annotations

import argparse
import sys
from typing import Any, NoReturn, Sequence

from pytest_kerasch2 import foreign
from pytest_kerasch2.suggestions import close_to, did_you_mean

USAGE_ERROR = 2
HELP = ("-h", "--help")
# What people write for an option of the command itself.
AS_WORDS = {"help": "--help", "version": "--version"}


class Parser(argparse.ArgumentParser):
    """A parser that knows the names of its options.

    Attributes:
        names: its options, as they are written.
        commands: the parsers of its sub-commands, by name.
    """

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        """Make a parser that takes no abbreviations, and shows its examples as they stand."""
        self.names: list[str] = []
        self.commands: dict[str, Parser] = {}
        settings.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        settings["allow_abbrev"] = False
        super().__init__(*arguments, **settings)

    def add_argument(self, *names: Any, **settings: Any) -> argparse.Action:
        """Add an argument, and keep the names of an option."""
        action = super().add_argument(*names, **settings)
        self.names += [name for name in names if name.startswith("-")]
        return action

    def error(self, message: str) -> NoReturn:
        """Print the usage, what is wrong, and where more is told; end with 2."""
        self.print_usage(sys.stderr)
        self.exit(USAGE_ERROR, f"{self.prog}: {foreign.terminal(message)}\nFor all options: {self.prog} --help\n")

    def read(self, words: Sequence[str] | None = None) -> argparse.Namespace:
        """Return what a command line says.

        Args:
            words: of the command line, or those of this process.
        """
        given = list(sys.argv[1:] if words is None else words)
        self._check(given)
        chosen, left = self.parse_known_args(given)
        if left:
            shown = " ".join(left)
            own = self.commands.get(chosen.command, self)
            own.error(f"{shown[:60]!r} is more than this command takes")
        return chosen

    def _check(self, given: Sequence[str]) -> None:
        """End where help is asked for, or a command or an option is misspelt."""
        # What stands behind is no option.
        end = given.index("--") if "--" in given else len(given)
        if not given:
            self.print_help(sys.stderr)
            self.exit(USAGE_ERROR)
        at = next((at for at, one in enumerate(given[:end]) if not one.startswith("-")), None)
        name = None if at is None else given[at]
        if name is not None and name not in self.commands:
            self._unknown_command(name)
        own = self if name is None else self.commands[name]
        if any(one in HELP for one in given[:end]):
            own.print_help()
            self.exit()
        before = given[: end if at is None else at]
        for parser, part in ((self, before), (own, given[len(before) : end])):
            parser._check_options(part)

    def _unknown_command(self, name: str) -> NoReturn:
        if name in AS_WORDS:
            self.error(f"there is no command {name!r}; write {self.prog} {AS_WORDS[name]}")
        hint = did_you_mean(name, self.commands, before="; ")
        self.error(f"there is no command {name[:60]!r}{hint or '; the commands are ' + ', '.join(self.commands)}")

    def _check_options(self, given: Sequence[str]) -> None:
        for one in given:
            name = one.partition("=")[0]
            if name.startswith("--") and name not in self.names:
                self._unknown_option(name)

    def _unknown_option(self, name: str) -> NoReturn:
        # An option that begins so is meant before one that is alike.
        similar = [one for one in self.names if one.startswith(name)][:2] or close_to(name, self.names)
        hint = f"; did you mean {' or '.join(similar)}?" if similar else ""
        self.error(f"there is no option {name[:60]!r}{hint}")
