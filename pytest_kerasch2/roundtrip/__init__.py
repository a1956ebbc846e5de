"""Saving and loading per format, comparing what came back, and looking into a file before Keras does."""

from __future__ import annotations

from .compare import optimizer_state, same_optimizer_state, same_predictions, same_weights
from .formats import FORMATS, Format, available, form
from .inspection import inspect
from .limits import Limits
from .walk import Contents, StoredArray, contents

__all__ = [
    "FORMATS",
    "Contents",
    "Format",
    "Limits",
    "StoredArray",
    "available",
    "contents",
    "form",
    "inspect",
    "optimizer_state",
    "same_optimizer_state",
    "same_predictions",
    "same_weights",
]
