"""The chapter's network in its four styles, with `keras` in place of `tf.keras` and strings for the activations."""

from typing import Any, Dict, List, Tuple

LOSS = "sparse_categorical_crossentropy"
STYLES = ("sequential-list", "sequential-add", "functional", "subclass")


def build(style: str, hidden: int = 512, dropout: float = 0.2) -> Any:
    """Return the model of a style as its listing leaves it: most have no weights yet."""
    import keras

    layers = keras.layers
    if style == "sequential-list":
        return keras.models.Sequential(_stack(hidden, dropout))
    if style == "sequential-add":
        model = keras.models.Sequential()
        for layer in _stack(hidden, dropout):
            model.add(layer)
        return model
    if style == "functional":
        image = keras.layers.Input(shape=(28, 28))
        flow = layers.Flatten()(image)
        flow = layers.Dense(hidden, activation="relu", name="d1")(flow)
        flow = layers.Dropout(dropout)(flow)
        return keras.models.Model(inputs=image, outputs=layers.Dense(10, activation="softmax", name="d2")(flow))
    return subclassed(hidden, dropout)()


def _stack(hidden: int, dropout: float) -> List[Any]:
    from keras import layers

    return [
        layers.Flatten(),
        layers.Dense(hidden, activation="relu"),
        layers.Dropout(dropout),
        layers.Dense(10, activation="softmax"),
    ]


def subclassed(hidden: int = 512, dropout: float = 0.2) -> Any:
    """Return the class that the chapter prints, with indentation that Python takes."""
    import keras

    layers = keras.layers

    class Printed(keras.models.Model):  # type: ignore[misc]  # known only at run time
        def __init__(self, num_classes: int = 10) -> None:
            super().__init__()
            self.placeholder_shape = list(keras.backend.int_shape(layers.Input(shape=(28, 28))))
            self.x0 = layers.Flatten()
            self.x1 = layers.Dense(hidden, activation="relu", name="d1")
            self.x2 = layers.Dropout(dropout)
            self.predictions = layers.Dense(num_classes, activation="softmax", name="d2")
            self.calls = 0

        def call(self, inputs: Any) -> Any:
            """Return one row of class probabilities for each image."""
            self.calls += 1
            return self.predictions(self.x2(self.x1(self.x0(inputs))))

    return Printed


def built(model: Any) -> Any:
    """Return the model with its weights made: an untrained look at one image makes them."""
    import numpy

    model.predict(numpy.zeros((1, 28, 28), dtype="float32"))
    return model


def compiled(style: str, hidden: int = 512, dropout: float = 0.2) -> Any:
    """Return the model of a style, compiled as the chapter compiles it."""
    import keras

    model = build(style, hidden, dropout)
    model.compile(optimizer=keras.optimizers.Adam(), loss=LOSS, metrics=["accuracy"])
    return model


def layer(model: Any, kind: str, index: int = 0) -> Any:
    """Return a model's layer of a kind, the first unless another index is given."""
    return [one for one in model.layers if type(one).__name__ == kind][index]


def kinds(model: Any) -> List[str]:
    """Return the kinds of a model's layers in order, without the input that some styles list as a layer."""
    return [name for name in (type(one).__name__ for one in model.layers) if name != "InputLayer"]


def shapes(model: Any) -> List[Tuple[int, ...]]:
    """Return the shapes of a model's weights in order."""
    return [tuple(array.shape) for array in model.get_weights()]


def counts(model: Any) -> Dict[str, Any]:
    """Return the parameters of each layer by kind, of the whole, and the sizes of the hidden layer's arrays."""
    return {
        "layers": [[kind, int(one.count_params())] for kind, one in _kinds_and_layers(model)],
        "arrays": [int(array.size) for array in layer(model, "Dense").get_weights()],
        "total": int(model.count_params()),
    }


def _kinds_and_layers(model: Any) -> List[Tuple[str, Any]]:
    pairs = [(type(one).__name__, one) for one in model.layers]
    return [pair for pair in pairs if pair[0] != "InputLayer"]
