"""Counted parameters, printed summaries and names of the four styles."""

from typing import Any, Dict

from . import styles
from .telling import attempt, drawn, printed


def parameters() -> Dict[str, Any]:
    """Return for each style the parameters of its layers."""
    return {style: attempt(_counted, style) for style in styles.STYLES}


def _counted(style: str) -> Any:
    return styles.counts(styles.built(_runnable(style)))


def _runnable(style: str) -> Any:
    # A model without an input shape has to be compiled before Keras 2 lets it look at anything.
    return styles.compiled(style)


def kinds_and_shapes() -> Dict[str, Any]:
    """Return for each style the kinds of its layers, the shapes of its weights and the rate of its dropout."""
    found = {}
    for style in styles.STYLES:
        model = styles.built(_runnable(style))
        rate = float(styles.layer(model, "Dropout").rate)
        found[style] = {"kinds": styles.kinds(model), "shapes": styles.shapes(model), "rate": rate}
    return found


def summaries() -> Dict[str, Any]:
    """Return the summary of a model with weights, with its layers' names, and that of one right after construction."""
    model = styles.built(_runnable("sequential-list"))
    fresh = styles.build("sequential-list")
    return {
        "text": printed(model.summary)[1],
        "names": [layer.name for layer in model.layers],
        "at once": attempt(lambda: printed(fresh.summary)[1]),
    }


def functional() -> Dict[str, Any]:
    """Return what the functional model shows before it was called: summary, shape, names; and batches of two sizes."""
    import keras

    model = styles.build("functional")
    backend = keras.backend
    return {
        "text": printed(model.summary)[1],
        "output": list(backend.int_shape(model.outputs[0])),
        "names": [layer.name for layer in model.layers if type(layer).__name__ == "Dense"],
        "found": model.get_layer("d1") is styles.layer(model, "Dense"),
        "batches": [list(model.predict(drawn(count)[0]).shape) for count in (1, 5)],
    }


def placeholder() -> Dict[str, Any]:
    """Return shape and type of what `Input` gives, and whether it has values."""
    import keras

    made = keras.layers.Input(shape=(28, 28))
    backend = keras.backend
    return {
        "shape": list(backend.int_shape(made)),
        "dtype": str(backend.dtype(made)),
        "value": attempt(lambda: repr(backend.eval(made))),
    }
