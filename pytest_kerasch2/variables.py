"""The variables of this process, to be handed on: whoever prints the frame that holds them prints none of them.

pytest shows the variables of a frame with --showlocals, and its arguments with -vvv; secrets may be among those.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import os
from typing import Dict, Iterator, Mapping


class Variables(Mapping[str, str]):
    """Reads what `os.environ` holds at the time of reading."""

    def __getitem__(self, name: str) -> str:
        """Return one of them."""
        return os.environ[name]

    def __iter__(self) -> Iterator[str]:
        """Return their names."""
        return iter(os.environ)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(os.environ)

    def __repr__(self) -> str:
        """Name none of them."""
        return "<the variables of this process>"


VARIABLES = Variables()


class Hidden(Dict[str, str]):
    """Variables as a dictionary, such as those of a child process, that is as silent about them."""

    def __repr__(self) -> str:
        """Return how many there are, and none of them."""
        return f"<{len(self)} variables>"
