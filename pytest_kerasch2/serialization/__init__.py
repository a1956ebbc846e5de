"""Saving and loading per format, comparing what came back, and looking into a file before Keras does."""

from __future__ import annotations

from pytest_kerasch2.serialization.comparison import (
    optimizer_state,
    same_optimizer_state,
    same_predictions,
    same_weights,
)
from pytest_kerasch2.serialization.contents import Contents, StoredArray
from pytest_kerasch2.serialization.digest_files import check_digest, write_digest
from pytest_kerasch2.serialization.formats import FORMATS, Format, available, form
from pytest_kerasch2.serialization.inspection import inspect
from pytest_kerasch2.serialization.limits import Limits
from pytest_kerasch2.serialization.walk import contents

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
