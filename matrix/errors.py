"""What can go wrong with a column, of the plugin's family of errors."""

from __future__ import annotations

from pytest_kerasch2.errors import KerasCh2Error


class Absent(KerasCh2Error):
    """A column cannot be had here: no interpreter, no pins, no library, or an environment that does not import."""


class Unfinished(KerasCh2Error):
    """The run of a column, or the making of its environment, began and did not end well."""


class ToolMissing(KerasCh2Error):
    """A program that the matrix works with is not installed."""


class NotBuilt(KerasCh2Error):
    """The plugin's wheel cannot be built, so that no column can be verified."""
