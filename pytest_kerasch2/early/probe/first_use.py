"""A home without `.keras`, before and after Keras is used for the first time in it."""

import os
from pathlib import Path
from typing import Any, Dict, List

FILE = ".keras/keras.json"


def seen() -> Dict[str, Any]:
    """Return the files in the home before the import, after it, and after Keras was used; and what the file says."""
    found: Dict[str, Any] = {"before": _files()}
    import keras

    found["imported"] = _files()
    keras.backend.floatx()
    keras.models.Sequential([keras.layers.Dense(2, input_shape=(3,))])
    found["used"] = _files()
    path = Path.home() / FILE
    found["text"] = path.read_text(encoding="utf-8") if path.is_file() else None
    found["user_profile"] = os.environ.get("USERPROFILE") == str(Path.home())
    return found


def _files() -> List[str]:
    home = Path.home()
    return sorted(path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file())
