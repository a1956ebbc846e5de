"""The backend's functions: its import, products and convolutions, and `constant`."""

import inspect
from typing import Any, Dict

from .telling import attempt

VALUES = [[42, 24], [11, 99]]


def imported() -> Dict[str, Any]:
    """Return what the line of the chapter binds, and the values of its constant."""
    names: Dict[str, Any] = {}
    exec("from keras import backend as K", names)
    made = names["K"].constant(VALUES, dtype="float16", shape=[2, 2])
    return {
        "module": names["K"].__name__,
        "constant": attempt(lambda: names["K"].eval(made).tolist()),
        "epsilon": names["K"].epsilon(),
    }


def standalone() -> Dict[str, Any]:
    """Return the version of Keras, the parameters of a model of it, and whether TensorFlow is in the process."""
    import sys

    import keras

    model = keras.models.Sequential([keras.layers.Dense(4, input_shape=(6,))])
    return {
        "version": keras.__version__,
        "parameters": int(model.count_params()),
        "tensorflow": "tensorflow" in sys.modules,
    }


def low_level() -> Dict[str, Any]:
    """Return a product of two small matrices, and an image of ones convolved with ones."""
    import numpy
    from keras import backend

    product = backend.dot(backend.constant([[1.0, 2.0]]), backend.constant([[3.0], [4.0]]))
    from keras.layers import Conv2D
    from keras.models import Sequential

    model = Sequential(
        [Conv2D(1, 2, kernel_initializer="ones", input_shape=(3, 3, 1), data_format="channels_last", use_bias=False)]
    )
    image = numpy.ones((1, 3, 3, 1), dtype="float32")
    return {
        "product": backend.eval(product).tolist(),
        "convolution": attempt(lambda: model.predict(image)[0, :, :, 0].tolist()),
    }


def signature() -> Dict[str, Any]:
    """Return the signature of `constant`."""
    from keras import backend

    return {"constant": str(inspect.signature(backend.constant))}


def _told(*arguments: Any, **named: Any) -> Dict[str, Any]:
    import numpy
    from keras import backend

    made = backend.constant(*arguments, **named)
    value = numpy.asarray(backend.eval(made))
    return {
        "values": value.tolist(),
        "dtype": str(value.dtype),
        "shape": list(value.shape),
        "tensor": backend.dtype(made),
    }


def constants() -> Dict[str, Any]:
    """Return what came of `constant` with and without a type, a shape and a name."""
    from keras import backend

    found = {
        "example": attempt(lambda: _told(VALUES, dtype="float16", shape=[2, 2])),
        "filled": attempt(lambda: _told(7, shape=[2, 3])),
        "laid out": attempt(lambda: _told([1, 2, 3, 4], shape=[2, 2])),
        "plain": attempt(lambda: _told([1, 2, 3, 4])),
        "named": attempt(lambda: _told(1.0, name="mine")),
    }
    for dtype in ("float64", "int32", "uint8"):
        found[dtype] = attempt(_told, [[1, 2]], dtype)
    before = backend.floatx()
    try:
        backend.set_floatx("float16")
        found["no dtype"] = attempt(lambda: _told([[1, 2]]))
    finally:
        backend.set_floatx(before)
    return found


def name() -> Dict[str, Any]:
    """Return the name of a constant that was given one, and whether `name` can be left out."""
    from keras import backend

    made, unnamed = backend.constant(1.0, name="mine"), backend.constant(1.0)
    return {"given": str(getattr(made, "name", None)), "left out": str(getattr(unnamed, "name", None))}


def versions() -> Dict[str, Any]:
    """Return the version that Keras states, and those of the distributions of that name in this interpreter."""
    import re
    import sys
    from pathlib import Path

    import keras

    names = [each.name for folder in sys.path if Path(folder).is_dir() for each in Path(folder).iterdir()]
    found = [re.match(r"(?i)keras-(\d[\w.]*?)(\.dist-info|\.egg-info|-py)", name) for name in names]
    return {"stated": keras.__version__, "installed": sorted({one.group(1) for one in found if one is not None})}
