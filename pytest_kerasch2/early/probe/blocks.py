"""Building blocks: models in models, settings there and back, and blocks that the user writes."""

from typing import Any, Dict, List, Tuple

from .telling import apart, numbers


def composed() -> Dict[str, Any]:
    """Use one small model twice inside another, beside a plain layer."""
    import keras
    import numpy

    layers = keras.layers
    block = keras.models.Sequential([layers.Dense(5, activation="relu", input_shape=(6,)), layers.Dense(3)])
    head = layers.Dense(2)
    left, right = layers.Input(shape=(6,)), layers.Input(shape=(6,))
    whole = keras.models.Model(inputs=[left, right], outputs=head(layers.concatenate([block(left), block(right)])))
    x, z = numbers((4, 6), 11, least=0.1), numbers((4, 6), 12, least=0.1)
    before = whole.predict([x, z])
    joined = numpy.concatenate([block.predict(x), block.predict(z)], axis=1)
    chained = joined @ head.get_weights()[0] + head.get_weights()[1]
    block.set_weights([weights + 1 for weights in block.get_weights()])
    return {
        "block": int(block.count_params()),
        "whole": int(whole.count_params()),
        "apart": apart(before, chained),
        "moved": apart(before, whole.predict([x, z])),
    }


def configured() -> Dict[str, Any]:
    """Take layers, and a model of them, through their settings and back."""
    import keras

    layers = keras.layers
    blocks: List[Tuple[Any, Dict[str, Any]]] = [
        (layers.Dense(7, activation="tanh", use_bias=False), {"units": 7, "activation": "tanh", "use_bias": False}),
        (layers.Dropout(0.35), {"rate": 0.35}),
        (layers.Conv2D(3, 2, strides=2, padding="same"), {"filters": 3, "padding": "same"}),
        (layers.BatchNormalization(momentum=0.8), {"momentum": 0.8}),
        (layers.Activation("relu"), {"activation": "relu"}),
    ]
    found = []
    for block, asked in blocks:
        stated = block.get_config()
        again = type(block).from_config(stated).get_config()
        lost = sorted(name for name in stated if again.get(name) != stated[name])
        found.append([type(block).__name__, asked, {name: stated.get(name) for name in asked}, lost])
    model = keras.models.Sequential([layers.Dense(3, activation="relu", input_shape=(4,)), layers.Dropout(0.2)])
    copy = keras.models.Sequential.from_config(model.get_config())
    shapes = [[list(array.shape) for array in each.get_weights()] for each in (model, copy)]
    return {"blocks": found, "shapes": shapes}


def own_layer() -> Dict[str, Any]:
    """Put a layer that scales and shifts each feature before a Dense layer, and train both."""
    import keras
    import numpy

    scale = _scale()
    own = scale(start=2.0, input_shape=(6,))
    model = keras.models.Sequential([own, keras.layers.Dense(4, activation="softmax")])
    x, y = numpy.linspace(0, 1, 96, dtype="float32").reshape(16, 6), numpy.arange(16) % 4
    start = keras.layers.Input(shape=(6,))
    scaled = keras.models.Model(start, own(start)).predict(x)
    before = own.get_weights()
    model.compile(keras.optimizers.SGD(0.5), "sparse_categorical_crossentropy")
    model.fit(x, y, batch_size=8, epochs=1, verbose=0)
    return {
        "apart": apart(scaled, 2 * x),
        "own": int(own.count_params()),
        "whole": int(model.count_params()),
        "trained": [int((old != new).sum()) for old, new in zip(before, own.get_weights())],
        "again": scale.from_config(own.get_config()).start,
    }


def _scale() -> Any:
    import keras

    class Scale(keras.layers.Layer):  # type: ignore[misc]  # known only at run time
        def __init__(self, start: float = 1.0, **named: Any) -> None:
            super().__init__(**named)
            self.start = start

        def build(self, shape: Any) -> None:
            begin = keras.initializers.Constant(self.start)
            self.scale = self.add_weight(name="scale", shape=(int(shape[-1]),), initializer=begin)
            self.shift = self.add_weight(name="shift", shape=(int(shape[-1]),), initializer="zeros")
            super().build(shape)

        def call(self, inputs: Any) -> Any:
            return inputs * self.scale + self.shift

        def get_config(self) -> Dict[str, Any]:
            return dict(super().get_config(), start=self.start)

    return Scale


def own_functions() -> Dict[str, Any]:
    """Train a model whose every replaceable part is the user's, and compare with the same sums done by hand."""
    import keras
    import numpy
    from keras import backend

    ends = []

    class Watch(keras.callbacks.Callback):  # type: ignore[misc]
        def on_batch_end(self, batch: int, logs: Any = None) -> None:
            ends.append(int(batch))

    def halves(shape: Any, dtype: Any = None) -> Any:
        return backend.constant(0.5, dtype=dtype, shape=shape)

    def fourth_power(truth: Any, answer: Any) -> Any:
        return backend.mean(backend.pow(truth - answer, 4), axis=-1)

    def furthest(truth: Any, answer: Any) -> Any:
        return backend.max(backend.abs(truth - answer), axis=-1)

    x = numpy.linspace(0, 1, 24, dtype="float32").reshape(12, 2)
    y = numpy.ones((12, 1), dtype="float32")
    layer = keras.layers.Dense(
        1, activation=lambda v: v * v * v, kernel_initializer=halves, use_bias=False, input_shape=(2,)
    )
    model = keras.models.Sequential([layer])
    model.compile(optimizer=keras.optimizers.SGD(0.0), loss=fourth_power, metrics=[furthest])
    model.fit(x, y, batch_size=4, epochs=1, shuffle=False, verbose=0, callbacks=[Watch()])
    loss, metric = (float(value) for value in model.evaluate(x, y, batch_size=12, verbose=0))
    by_hand = (0.5 * x.sum(axis=1, keepdims=True)) ** 3
    return {
        "apart": apart(model.predict(x), by_hand),
        "loss": [float(((1 - by_hand) ** 4).mean()), loss],
        "metric": [float(numpy.abs(1 - by_hand).mean()), metric],
        "ends": ends,
    }
