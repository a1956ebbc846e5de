"""The examples of docs/how-to/gate-any-training.md: their files, the command, and the change that must fail."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "gate-any-training.md"
BLOCK = re.compile(r"```python\n# (?P<name>\w+\.py)\n(?P<text>.*?)```", re.DOTALL)
COMMAND = re.compile(r"```sh\nkerasch2 (?P<arguments>calibrate .*?)\n```")
FAULT = re.compile(r"With `(?P<name>\w+) = (?P<value>[^`]+)` instead, it fails")


@dataclass(frozen=True)
class Example:
    """One example of the page.

    Attributes:
        title: its heading.
        files: the text of each file by its name; the training first, then its test.
        command: arguments of `kerasch2`.
        fault: a line of the training, without its value, and the value with which the gate fails.
    """

    title: str
    files: dict[str, str]
    command: tuple[str, ...]
    fault: tuple[str, str]

    @property
    def module(self) -> str:
        """Return the name of the training's module."""
        return next(iter(self.files))[: -len(".py")]

    @property
    def training(self) -> str:
        """Return the text of the training."""
        return next(iter(self.files.values()))

    @property
    def needs(self) -> list[str]:
        """Return the packages that it imports."""
        return sorted(set(re.findall(r"^(?:import|from) (\w+)", self.training, re.MULTILINE)))

    @property
    def faulty(self) -> str:
        """Return the text of the training with the fault."""
        name, value = self.fault
        text, count = re.subn(rf"^{name} = .*$", f"{name} = {value}", self.training, flags=re.MULTILINE)
        assert count == 1, f"{self.title}: {name} is set {count} times"
        return text


def examples(text: str) -> list[Example]:
    """Return all examples of a page."""
    sections = [section.split("\n", 1) for section in text.split("\n## ")[1:]]
    return [_example(title, body) for title, body in sections if COMMAND.search(body) or FAULT.search(body)]


def _example(title: str, body: str) -> Example:
    command, fault = COMMAND.search(body), FAULT.search(body)
    if not command or not fault:
        raise ValueError(f"{title}: a command, or a fault to plant, is missing")
    files = {one["name"]: one["text"] for one in BLOCK.finditer(body)}
    return Example(title, files, tuple(command["arguments"].split()), (fault["name"], fault["value"]))
