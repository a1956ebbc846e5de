"""What the interpreter is, before Keras is imported."""

import importlib.util
import platform
from typing import Any, Dict

# The engines that the chapter names beside TensorFlow.
ENGINES = ("theano", "cntk")


def interpreter() -> Dict[str, Any]:
    """Return its version, its system, and which of the packages are installed in it."""
    there = [name for name in ("keras", "numpy", "h5py", *ENGINES) if importlib.util.find_spec(name) is not None]
    return {
        "python": platform.python_version(),
        "platform": platform.system() + "-" + platform.machine(),
        "installed": there,
    }


def keras() -> Dict[str, Any]:
    """Return the versions of what is imported, and the engine that Keras has chosen."""
    import keras
    import numpy

    return {"keras": keras.__version__, "backend": keras.backend.backend(), "numpy": numpy.__version__}
