"""What each layer computes, compared with arithmetic of 64 bits."""

from typing import Any, Dict

from .telling import apart, numbers, same_bits

UNITS, INPUTS, CLASSES = 512, 784, 10


def _applied(layer: Any, values: Any, **named: Any) -> Any:
    """Return what a layer makes of values, through a model of that layer alone."""
    import keras

    start = keras.layers.Input(shape=values.shape[1:])
    return keras.models.Model(start, layer(start, **named)).predict(values, batch_size=len(values))


def flatten() -> Dict[str, Any]:
    """Return the shape of flattened images whose pixels are all different, and whether they stand row by row."""
    import keras
    import numpy

    images = numpy.arange(3 * INPUTS, dtype="float32").reshape(3, 28, 28)
    flat = _applied(keras.layers.Flatten(), images)
    return {"shape": list(flat.shape), "row by row": same_bits([flat], [images.reshape(3, INPUTS)])}


def dense() -> Dict[str, Any]:
    """Return, for each of the two layers, its shape and how many of its connections carry their weight."""
    import keras
    import numpy

    found = {}
    for inputs, units in ((INPUTS, UNITS), (UNITS, CLASSES)):
        weights = numbers((inputs, units), inputs, least=0.5)
        layer = keras.layers.Dense(units)
        layer.build((None, inputs))
        shape = list(layer.get_weights()[0].shape)
        carry = 0
        if shape == [inputs, units]:
            layer.set_weights([weights, numpy.zeros(units, dtype="float32")])
            answers = _applied(layer, numpy.eye(inputs, dtype="float32"))
            carry = int((abs(answers - weights) < 1e-5).sum())
        found[f"{inputs} to {units}"] = {"shape": shape, "carry": carry}
    return found


def relu() -> Dict[str, Any]:
    """Return how far the hidden layer is from max(0, x W + b), and what becomes of negative sums."""
    import keras
    import numpy

    inputs = numbers((8, INPUTS), 4)
    layer = keras.layers.Dense(UNITS, activation="relu")
    outputs, opposite = _applied(layer, inputs), _applied(layer, -inputs)
    kernel, bias = (array.astype("float64") for array in layer.get_weights())
    sums = inputs.astype("float64") @ kernel + bias
    return {
        "shape": list(outputs.shape),
        "apart": apart(outputs, numpy.maximum(0, sums)),
        "negative sums": int((sums < -1e-4).sum()),
        "of these not 0": int((outputs[sums < -1e-4] != 0).sum()),
        "linear": same_bits([-outputs], [opposite]),
    }


def softmax() -> Dict[str, Any]:
    """Return how far the output layer is from the formula, its least value, and its sums."""
    import keras
    import numpy

    inputs = numbers((16, UNITS), 9, least=0.0)
    layer = keras.layers.Dense(CLASSES, activation="softmax")
    outputs = _applied(layer, inputs).astype("float64")
    kernel, bias = (array.astype("float64") for array in layer.get_weights())
    powers = numpy.exp(inputs.astype("float64") @ kernel + bias)
    return {
        "shape": list(outputs.shape),
        "apart": apart(outputs, powers / powers.sum(axis=1, keepdims=True)),
        "least": float(outputs.min()),
        "sums apart from 1": apart(outputs.sum(axis=1), numpy.ones(len(outputs))),
    }


def dropout() -> Dict[str, Any]:
    """Return what Dropout(0.2) makes of a row of 512 numbers in each of 200 steps of training, and outside training.

    What training makes of them is read off the weights: with one factor for each number and the sum as the loss, a
    step of size one changes each factor by just what the dropout let through. An engine that drops in real training
    alone, as CNTK does, drops there too.
    """
    import keras
    import numpy

    values = numbers((1, UNITS), 6, least=0.5)
    start, factors = keras.layers.Input(shape=(UNITS,)), _factors()()
    model = keras.models.Model(start, factors(keras.layers.Dropout(0.2)(start)))
    model.compile(keras.optimizers.SGD(1.0), lambda truth, answer: keras.backend.sum(answer, axis=-1))
    rows = []
    for _ in range(200):
        factors.set_weights([numpy.zeros(UNITS, dtype="float32")])
        model.train_on_batch(values, values)
        rows.append(-factors.get_weights()[0])
    through = numpy.array(rows)
    kept, often = through != 0, (through == 0).sum(axis=0)
    return {
        "share": float(numpy.mean(through == 0)),
        "apart from 1 / 0.8": apart(through[kept], numpy.tile(values / 0.8, (200, 1))[kept]),
        "the same twice": same_bits([kept[0]], [kept[1]]),
        "least often": int(often.min()),
        "most often": int(often.max()),
        "unchanged outside training": same_bits([_applied(keras.layers.Dropout(0.2), values)], [values]),
    }


def _factors() -> Any:
    import keras

    class Factors(keras.layers.Layer):  # type: ignore[misc]  # known only at run time
        def build(self, shape: Any) -> None:
            self.factors = self.add_weight(name="factors", shape=(int(shape[-1]),), initializer="zeros")
            super().build(shape)

        def call(self, inputs: Any) -> Any:
            return inputs * self.factors

    return Factors


def order() -> Dict[str, Any]:
    """Return whether a Sequential model keeps the layers given, and computes them in their order and in no other."""
    import keras

    images = numbers((4, 2, 3), 3)
    layers = [
        keras.layers.Flatten(input_shape=(2, 3)),
        keras.layers.Dense(6, activation="relu"),
        keras.layers.Dense(6),
    ]
    model = keras.models.Sequential(layers)
    outputs = model.predict(images)
    chained = images.reshape(4, 6)
    for layer in layers[1:]:
        chained = _applied(layer, chained)
    other = _applied(layers[1], _applied(layers[2], images.reshape(4, 6)))
    return {
        "kept": len(model.layers) == 3 and all(one is two for one, two in zip(model.layers, layers)),
        "apart from chained": apart(outputs, chained),
        "apart from another order": apart(outputs, other),
    }
