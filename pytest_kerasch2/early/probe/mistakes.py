"""What Keras says to a user's mistakes: kind and whole text of each error, or that there was none."""

from typing import Any, Callable, Dict, Tuple

from .telling import message


def _model(loss: str = "sparse_categorical_crossentropy") -> Any:
    import keras

    model = keras.models.Sequential([keras.layers.Dense(10, activation="softmax", input_shape=(784,))])
    model.compile(optimizer="sgd", loss=loss)
    return model


def _data(width: int = 784) -> Tuple[Any, Any]:
    import numpy

    return numpy.zeros((8, width), dtype="float32"), numpy.arange(8)


def _calls() -> Dict[str, Callable[[], Any]]:
    """Return each mistake by the name of its claim."""
    import keras
    import numpy

    layers, Sequential = keras.layers, keras.models.Sequential
    (x, y), compiled = _data(), _model()

    def unknown_metric() -> None:
        compiled.compile(optimizer="sgd", loss="sparse_categorical_crossentropy", metrics=["acuracy"])
        compiled.fit(x, y, verbose=0)

    return {
        "input-shape": lambda: _model().fit(*_data(100), verbose=0),
        "not-compiled": lambda: Sequential([layers.Dense(10, input_shape=(784,))]).fit(x, y, verbose=0),
        "label-shape": lambda: _model("categorical_crossentropy").fit(x, y, verbose=0),
        "cardinality": lambda: _model().fit(x, y[:7], verbose=0),
        "rank": lambda: layers.Conv2D(2, 3)(layers.Input(shape=(28, 28))),
        "weights-shape": lambda: _model().set_weights([numpy.zeros((3, 3)), numpy.zeros(10)]),
        "not-a-layer": lambda: Sequential().add("Dense"),
        "unknown-loss": lambda: _model("sparse_categorical_crossentropi").fit(x, y, verbose=0),
        "unknown-optimizer": lambda: Sequential([layers.Dense(10, input_shape=(4,))]).compile("adamm", "mse"),
        "unknown-metric": unknown_metric,
        "unknown-activation": lambda: layers.Dense(10, activation="relo"),
        "unknown-argument": lambda: layers.Dense(10, activaton="relu"),
        "negative-units": lambda: layers.Dense(-5).build((None, 3)),
        "broken-units": lambda: layers.Dense(2.5),
        "dropout-rate": lambda: layers.Dropout(20),
    }


def messages() -> Dict[str, Any]:
    """Return what came of each mistake."""
    return {name: message(call) for name, call in _calls().items()}


def label_range() -> Dict[str, Any]:
    """Return what came of the label 10 of ten classes; by itself, because it may end the process."""
    x, y = _data()
    return message(lambda: _model().fit(x, y + 3, batch_size=8, verbose=0))
