"""Faults injected in Keras before the facts are looked for: each must be seen by those who look."""

from typing import Any


def one_unit_short() -> None:
    """Return every layer of 512 units one less."""
    import keras

    original = keras.layers.Dense.__init__

    def shorter(self: Any, units: int, *arguments: Any, **named: Any) -> None:
        original(self, 511 if units == 512 else units, *arguments, **named)

    keras.layers.Dense.__init__ = shorter


def no_relu() -> None:
    """Let the activation called `relu` do nothing."""
    import keras

    keras.activations.relu = lambda x, *_, **__: x


def sigmoid_for_softmax() -> None:
    """Let the activation called `softmax` be a sigmoid."""
    import keras

    keras.activations.softmax = lambda x, *_, **__: keras.backend.sigmoid(x)


def nothing_dropped() -> None:
    """Let dropout drop nothing."""
    import keras

    keras.layers.Dropout.call = lambda self, inputs, training=None: inputs


def deaf_setters() -> None:
    """Let the setters of the backend do nothing."""
    from keras import backend

    for name in ("set_floatx", "set_epsilon", "set_image_data_format"):
        setattr(backend, name, lambda value: None)


def constant_transposed() -> None:
    """Let `constant` exchange rows and columns."""
    import numpy
    from keras import backend

    original = backend.constant
    backend.constant = lambda value, *rest, **named: original(numpy.transpose(value), *rest, **named)


def weights_left_out() -> None:
    """Let `load_model` give a model without the saved weights."""
    import keras

    original = keras.models.load_model

    def emptied(*arguments: Any, **named: Any) -> Any:
        model = original(*arguments, **named)
        model.set_weights([0 * array for array in model.get_weights()])
        return model

    keras.models.load_model = emptied


def evaluated_in_reverse() -> None:
    """Let `evaluate` give the accuracy first."""
    import keras

    kinds = [kind for kind in (keras.models.Sequential, keras.models.Model) if "evaluate" in vars(kind)]
    for kind in kinds:
        kind.evaluate = _reversed(kind.evaluate)


def _reversed(original: Any) -> Any:
    def backwards(*arguments: Any, **named: Any) -> Any:
        values = original(*arguments, **named)
        return values[::-1] if isinstance(values, list) else values

    return backwards


def nothing_learned() -> None:
    """Let the optimizer make steps of no length."""
    import keras

    original = keras.optimizers.Adam.__init__

    def idle(self: Any, *_: Any, **__: Any) -> None:
        original(self, 0.0)

    keras.optimizers.Adam.__init__ = idle


def one_data_set_gone() -> None:
    """Take one of the data sets away."""
    from keras import datasets

    del datasets.reuters
