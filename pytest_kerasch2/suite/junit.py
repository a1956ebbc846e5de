"""What a JUnit file says of a whole run: the versions that it ran on."""

from __future__ import annotations

from typing import Any, Callable, Mapping

import pytest

# The fixture `record_testsuite_property` does the same, and works in no run with workers; there is no other public way.
from _pytest.junitxml import xml_key

FACTS = ("plugin", "tensorflow", "keras", "backend", "python", "numpy", "platform", "devices")


class JunitProperties:
    """Adds properties of the test suite, where pytest writes such a file."""

    def __init__(self, config: pytest.Config, environment: Callable[[], Mapping[str, Any]]) -> None:
        """Ask for the environment at the end of the run."""
        self.config = config
        self.environment = environment

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Add them before pytest writes the file."""
        xml = self.config.stash.get(xml_key, None)
        if xml is None:
            return
        facts = self.environment()
        for name in FACTS:
            if name in facts:
                value = facts[name]
                xml.add_global_property(f"kerasch2_{name}", value if isinstance(value, str) else ", ".join(value))
