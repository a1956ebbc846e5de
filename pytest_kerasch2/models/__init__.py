"""The chapter's network in its four styles, and its data pipeline; the TensorFlow module is always handed in."""

from __future__ import annotations

from .catalogue import STYLES, ModelStyle, built, copy_weights, layer, style
from .network import AS_PRINTED, STRINGS, Network

__all__ = ["AS_PRINTED", "STRINGS", "STYLES", "ModelStyle", "Network", "built", "copy_weights", "layer", "style"]
