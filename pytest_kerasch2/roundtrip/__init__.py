"""Saving and loading per format, comparing what came back, and looking into a file before Keras does."""

from __future__ import annotations

from .compare import optimizer_state, same_optimizer_state, same_predictions, same_weights
from .digests import check_digest, write_digest
from .formats import FORMATS, Format, available, form
from .inspection import inspect
from .limits import Limits
from .stored import Contents, StoredArray
from .walk import contents

__all__ = [
    "FORMATS",
    "Contents",
    "Format",
    "Limits",
    "StoredArray",
    "available",
    "check_digest",
    "contents",
    "form",
    "inspect",
    "optimizer_state",
    "same_optimizer_state",
    "same_predictions",
    "same_weights",
    "write_digest",
]
