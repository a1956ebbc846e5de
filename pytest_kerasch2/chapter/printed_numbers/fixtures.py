"""The private fixtures of the printed figures: the curves of ten epochs, and the times of this machine."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest

from pytest_kerasch2.chapter.printed_numbers import equivalence, trained
from pytest_kerasch2.chapter.printed_numbers.trained import Curves
from pytest_kerasch2.errors import Inconclusive, TrainingFailed
from pytest_kerasch2.framework import state
from pytest_kerasch2.options import Settings


class FigureFixtures:
    """Trains when first asked, and once in a run."""

    def __init__(self, config: pytest.Config, settings: Settings, folder: Path) -> None:
        """Begin with nothing trained.

        Args:
            folder: for the curves, where neither the user nor pytest's cache has one.
        """
        self.config = config
        self.settings = settings
        self.folder = folder
        self._curves: Curves | Exception | None = None
        self._bits: dict[str, str] | None = None
        self._clocked: equivalence.Times | None = None

    @pytest.fixture
    def curves(self, injected: Any) -> Curves:
        """The curves of twelve trainings; where something is injected, stored ones, to which it is done."""
        if injected is not None:
            trained.check_libraries()
            return trained.stored()
        trained.check_training_asked(self.settings)
        trained.check_libraries()
        if self._curves is None:
            self._curves = self._trained()
        if isinstance(self._curves, Exception):
            raise self._curves.with_traceback(None)
        return self._curves

    @pytest.fixture
    def curves_if_any(self, injected: Any, request: pytest.FixtureRequest) -> Any:
        """The same curves; None where this run does not train, for what can be told without."""
        if injected is None and not self.settings.accuracy:
            return None
        return request.getfixturevalue("curves")

    @pytest.fixture
    def bits(self, tf: Any) -> Any:
        """The weights that each way has after a short training from equal ones, as hashes; see `figures_alike`."""
        if self._bits is None:
            # What one check has made for all is not a leak of it.
            with state.isolated():
                self._bits = equivalence.digests(tf)
        return self._bits

    @pytest.fixture
    def clocked(self, tf: Any) -> Any:
        """Microseconds an image that `fit` and `evaluate` take here."""
        if self._clocked is None:
            with state.isolated():
                self._clocked = equivalence.microseconds(tf)
        return self._clocked

    def _trained(self) -> Any:
        try:
            return trained.trained(self.settings, self._kept(), self._say)
        except TrainingFailed as error:
            # Stopped, or without memory: that says nothing of a figure.
            return Inconclusive(error.happened, error.found, error.remedy)
        except Exception as error:
            # Kept too: what failed once would fail for each of the claims.
            return error

    def _kept(self) -> Path:
        if self.settings.trainings is not None:
            return self.settings.trainings
        cache = getattr(self.config, "cache", None)
        return self.folder / "trainings" if cache is None else Path(str(cache.mkdir("kerasch2-trainings")))

    def _say(self, line: str) -> None:
        terminal = self.config.pluginmanager.get_plugin("terminalreporter")
        capture = self.config.pluginmanager.get_plugin("capturemanager")
        if terminal is None or hasattr(self.config, "workerinput"):
            return
        shown = contextlib.nullcontext() if capture is None else capture.global_and_fixture_disabled()
        with shown:
            terminal.write_line(line)
