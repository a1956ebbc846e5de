"""What the functional API allows beyond the linear stack, compared with arithmetic on the weights."""

from typing import Any, Dict

from .telling import apart, numbers, same_bits


def on_tensors() -> Dict[str, Any]:
    """Return the shapes that layers called on tensors give, and how far their model is from the formula."""
    import keras
    import numpy

    from .telling import drawn

    layers, shape = keras.layers, keras.backend.int_shape
    image = layers.Input(shape=(28, 28))
    flat = layers.Flatten()(image)
    hidden = layers.Dense(512, activation="relu", name="d1")(flat)
    outputs = layers.Dense(10, activation="softmax", name="d2")(hidden)
    model = keras.models.Model(inputs=image, outputs=outputs)
    images = drawn(8)[0]
    w1, b1, w2, b2 = (array.astype("float64") for array in model.get_weights())
    powers = numpy.exp(numpy.maximum(0, images.reshape(8, 784) @ w1 + b1) @ w2 + b2)
    return {
        "shapes": [list(shape(tensor)) for tensor in (flat, hidden, outputs)],
        "apart": apart(model.predict(images), powers / powers.sum(axis=1, keepdims=True)),
    }


def several_inputs() -> Dict[str, Any]:
    """Join two inputs."""
    import keras
    import numpy

    layers = keras.layers
    left, right = layers.Input(shape=(3,)), layers.Input(shape=(2,))
    model = keras.models.Model(inputs=[left, right], outputs=layers.Dense(4)(layers.Concatenate()([left, right])))
    a, b = numbers((5, 3), 1), numbers((5, 2), 2)
    kernel, bias = model.get_weights()
    wanted = numpy.concatenate([a, b], axis=1) @ kernel + bias
    return {
        "inputs": len(model.inputs),
        "parameters": int(model.count_params()),
        "apart": apart(model.predict([a, b]), wanted),
    }


def several_outputs() -> Dict[str, Any]:
    """Read two layers off one input."""
    import keras

    start = keras.layers.Input(shape=(3,))
    heads = [keras.layers.Dense(4), keras.layers.Dense(2)]
    model = keras.models.Model(inputs=start, outputs=[head(start) for head in heads])
    values = numbers((5, 3), 3)
    outputs = model.predict(values)
    wanted = [values @ head.get_weights()[0] + head.get_weights()[1] for head in heads]
    return {
        "shapes": [list(one.shape) for one in outputs],
        "parameters": int(model.count_params()),
        "apart": max(apart(one, other) for one, other in zip(outputs, wanted)),
    }


def shared_layers() -> Dict[str, Any]:
    """Call one layer on two inputs."""
    import keras
    import numpy

    layers = keras.layers
    shared = layers.Dense(4)
    left, right = layers.Input(shape=(3,)), layers.Input(shape=(3,))
    model = keras.models.Model(inputs=[left, right], outputs=layers.Concatenate()([shared(left), shared(right)]))
    a, b = numbers((5, 3), 4), numbers((5, 3), 5)
    kernel, bias = shared.get_weights()
    same = model.predict([a, a])
    return {
        "parameters": int(model.count_params()),
        "halves alike": same_bits([same[:, :4]], [same[:, 4:]]),
        "apart": apart(model.predict([a, b]), numpy.concatenate([a @ kernel + bias, b @ kernel + bias], axis=1)),
    }


def residual() -> Dict[str, Any]:
    """Add the input to what a layer makes of it."""
    import keras

    start = keras.layers.Input(shape=(4,))
    inner = keras.layers.Dense(4)
    model = keras.models.Model(inputs=start, outputs=keras.layers.Add()([start, inner(start)]))
    values = numbers((5, 4), 6)
    kernel, bias = inner.get_weights()
    return {
        "parameters": int(model.count_params()),
        "apart": apart(model.predict(values), values + values @ kernel + bias),
    }
