"""Honest models with a step of their own: `train_step`, `compute_loss`, `test_step`, losses that layers add."""
# ruff: noqa: D103 - the name of a model says what it is

from __future__ import annotations

from typing import Any, Callable

from evaluation.zoo_data import classes, table
from evaluation.zoo_entry import KERAS, honest
from pytest_kerasch2.framework import api

CUSTOM = "own training step"
OWN = ("tensorflow", "keras3")


def taught(k: Any, step: Callable[[Any, Any, Any], Any], **methods: Any) -> Any:
    """Return a model of two layers whose `train_step` is this function of the model, the inputs and the targets."""

    class Own(k.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last = k.layers.Dense(8, "relu"), k.layers.Dense(1)

        def call(self, x: Any) -> Any:
            return self.last(self.first(x))

        def train_step(self, data: Any) -> Any:
            # `train_on_batch` gives weights too, which may be None.
            return step(self, *data[:2])

    for name, method in methods.items():
        setattr(Own, name, method)
    model = Own()
    model.compile("adam", "mse")
    return model


def moved(model: Any, loss: Callable[[], Any], variables: Any = None, optimizer: Any = None) -> Any:
    """Do one step down the gradient of a loss, and return its value."""
    tf = api.tensorflow()
    with tf.GradientTape() as tape:
        value = loss()
    variables = model.trainable_variables if variables is None else variables
    (optimizer or model.optimizer).apply_gradients(zip(tape.gradient(value, variables), variables))
    return value


def squared(model: Any, x: Any, y: Any, training: bool = True) -> Any:
    """Return the mean squared error of a model."""
    tf = api.tensorflow()
    return tf.reduce_mean(tf.square(model(x, training=training) - tf.cast(y, "float32")))


@honest(CUSTOM, needs=OWN)
def train_step_as_keras_writes_it(k: Any, drawn: Any) -> Any:
    def step(model: Any, x: Any, y: Any) -> Any:
        return {"loss": moved(model, lambda: model.compute_loss(x, y, model(x, training=True)))}

    return taught(k, step), table(drawn)


@honest(CUSTOM, needs=OWN)
def train_step_without_the_compiled_loss(k: Any, drawn: Any) -> Any:
    return taught(k, lambda model, x, y: {"loss": moved(model, lambda: squared(model, x, y))}), table(drawn)


@honest(CUSTOM, needs=OWN)
def gradients_by_sign(k: Any, drawn: Any) -> Any:
    def step(model: Any, x: Any, y: Any) -> Any:
        tf = api.tensorflow()
        with tf.GradientTape() as tape:
            value = squared(model, x, y)
        gradients = tape.gradient(value, model.trainable_variables)
        model.optimizer.apply_gradients((tf.sign(one), of) for one, of in zip(gradients, model.trainable_variables))
        return {"loss": value}

    return taught(k, step), table(drawn)


@honest(CUSTOM, needs=OWN)
def two_passes_of_one_step(k: Any, drawn: Any) -> Any:
    """Sharpness-aware minimisation: a step up, the gradient there, and the step down from where it was."""

    def step(model: Any, x: Any, y: Any) -> Any:
        tf = api.tensorflow()
        weights = model.trainable_variables
        with tf.GradientTape() as tape:
            first = squared(model, x, y)
        up = [0.05 * one for one in tape.gradient(first, weights)]
        for one, by in zip(weights, up):
            one.assign_add(by)
        with tf.GradientTape() as tape:
            second = squared(model, x, y)
        gradients = tape.gradient(second, weights)
        for one, by in zip(weights, up):
            one.assign_sub(by)
        model.optimizer.apply_gradients(zip(gradients, weights))
        return {"loss": first}

    return taught(k, step), table(drawn)


@honest(CUSTOM, needs=OWN)
def adversarial_training(k: Any, drawn: Any) -> Any:
    def step(model: Any, x: Any, y: Any) -> Any:
        tf = api.tensorflow()
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = squared(model, x, y)
        worse = x + 0.1 * tf.sign(tape.gradient(value, x))
        return {"loss": moved(model, lambda: squared(model, worse, y))}

    return taught(k, step), table(drawn)


@honest(CUSTOM, needs=OWN)
def mixed_up_batches(k: Any, drawn: Any) -> Any:
    def step(model: Any, x: Any, y: Any) -> Any:
        tf = api.tensorflow()
        order, share = tf.random.shuffle(tf.range(tf.shape(x)[0])), tf.random.uniform([])
        mixed = [share * one + (1 - share) * tf.gather(one, order) for one in (x, y)]
        return {"loss": moved(model, lambda: squared(model, *mixed))}

    return taught(k, step), table(drawn)


@honest(CUSTOM, needs=OWN)
def accumulated_by_hand(k: Any, drawn: Any) -> Any:
    """Updates in every second step alone, from both batches."""
    tf = api.tensorflow()

    def step(model: Any, x: Any, y: Any) -> Any:
        weights = model.trainable_variables
        with tf.GradientTape() as tape:
            value = squared(model, x, y)
        gradients = tape.gradient(value, weights)
        for one, by in zip(model.kept, gradients):
            one.assign_add(by)
        model.seen.assign_add(1)

        def update() -> int:
            model.optimizer.apply_gradients(zip([tf.identity(one) for one in model.kept], weights))
            for one in model.kept:
                one.assign(tf.zeros_like(one))
            return 0

        tf.cond(model.seen % 2 == 0, update, lambda: 0)
        return {"loss": value}

    model = taught(k, step)
    model(tf.zeros((1, 8)))
    model.seen = tf.Variable(0, trainable=False)
    model.kept = [tf.Variable(tf.zeros(one.shape), trainable=False) for one in model.trainable_variables]
    return model, table(drawn)


@honest(CUSTOM, needs=OWN)
def one_optimizer_for_each_layer(k: Any, drawn: Any) -> Any:
    def step(model: Any, x: Any, y: Any) -> Any:
        tf = api.tensorflow()
        with tf.GradientTape(persistent=True) as tape:
            value = squared(model, x, y)
        for optimizer, layer in ((model.one, model.first), (model.other, model.last)):
            weights = layer.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(value, weights), weights))
        return {"loss": value}

    model = taught(k, step)
    model.compile()
    model.one, model.other = k.optimizers.Adam(), k.optimizers.SGD(0.01)
    return model, table(drawn)


@honest(CUSTOM, needs=OWN)
def train_step_and_test_step(k: Any, drawn: Any) -> Any:
    def tested(model: Any, data: Any) -> Any:
        return {"loss": squared(model, data[0], data[1], training=False)}

    model = taught(k, lambda model, x, y: {"loss": moved(model, lambda: squared(model, x, y))}, test_step=tested)
    return model, table(drawn)


@honest(CUSTOM, needs=OWN, modes=("predict",))
def predict_step(k: Any, drawn: Any) -> Any:
    def predicted(model: Any, data: Any) -> Any:
        return 2.0 * model(data[0] if isinstance(data, tuple) else data, training=False)

    return taught(k, lambda model, x, y: {}, predict_step=predicted), table(drawn)


@honest(CUSTOM, needs=OWN)
def step_with_metrics_of_its_own(k: Any, drawn: Any) -> Any:
    def step(model: Any, x: Any, y: Any) -> Any:
        model.mean.update_state(moved(model, lambda: squared(model, x, y)))
        return {"loss": model.mean.result()}

    model = taught(k, step)
    model.mean = k.metrics.Mean(name="loss")
    return model, table(drawn)


@honest(CUSTOM, needs=OWN)
def step_that_calls_the_one_of_keras(k: Any, drawn: Any) -> Any:
    class Calls(k.Model):  # type: ignore[misc]
        def train_step(self, data: Any) -> Any:
            return super().train_step((data[0] + 0.0, *data[1:]))

    i = k.Input((8,))
    model = Calls(i, k.layers.Dense(1)(k.layers.Dense(8, "relu")(i)))
    model.compile("adam", "mse")
    return model, table(drawn)


@honest(CUSTOM, needs=("keras3",))
def compute_loss(k: Any, drawn: Any) -> Any:
    class Own(k.Model):  # type: ignore[misc]
        def compute_loss(self, x: Any, y: Any, y_pred: Any, *_: Any, **__: Any) -> Any:
            return k.ops.mean(k.ops.abs(y - y_pred)) + 0.01 * k.ops.mean(k.ops.square(y_pred))

    i = k.Input((8,))
    model = Own(i, k.layers.Dense(1)(k.layers.Dense(8, "relu")(i)))
    model.compile("adam")
    return model, table(drawn)


@honest(CUSTOM, needs=("keras3",))
def compute_loss_that_adds(k: Any, drawn: Any) -> Any:
    class Own(k.Model):  # type: ignore[misc]
        def compute_loss(self, *given: Any, **how: Any) -> Any:
            size = sum(k.ops.mean(k.ops.square(one)) for one in self.trainable_variables)
            return super().compute_loss(*given, **how) + 0.1 * size

    i = k.Input((8,))
    model = Own(i, k.layers.Dense(4, "softmax")(i))
    model.compile("adam", "sparse_categorical_crossentropy")
    return model, classes(drawn)


@honest(CUSTOM, needs=("keras3",))
def compute_metrics(k: Any, drawn: Any) -> Any:
    class Own(k.Model):  # type: ignore[misc]
        def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
            return {**super().compute_metrics(x, y, y_pred, sample_weight), "most": k.ops.max(y_pred)}

    i = k.Input((8,))
    model = Own(i, k.layers.Dense(1)(i))
    model.compile("adam", "mse")
    return model, table(drawn)


def _adds(k: Any, share: float) -> Any:
    class Adds(k.layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            self.add_loss(share * k.ops.mean(k.ops.square(x)))
            return x

    return Adds()


@honest(CUSTOM, needs=("keras3",), modes=(*KERAS, "graph", "eager"))
def loss_that_a_layer_adds(k: Any, drawn: Any) -> Any:
    model = k.Sequential([k.Input((8,)), k.layers.Dense(16, "relu"), _adds(k, 0.5), k.layers.Dense(1)])
    model.compile("adam", "mse")
    return model, table(drawn)


@honest(CUSTOM, needs=("keras3",))
def only_losses_that_layers_add(k: Any, drawn: Any) -> Any:
    class Error(k.layers.Layer):  # type: ignore[misc]
        def call(self, x: Any, prediction: Any) -> Any:
            self.add_loss(k.ops.mean(k.ops.square(x - prediction)))
            return prediction

    i = k.Input((8,))
    model = k.Model(i, Error()(i, k.layers.Dense(8)(k.layers.Dense(3, "relu")(i))))
    model.compile("adam")
    return model, table(drawn)


@honest(CUSTOM, needs=("keras3",))
def targets_as_an_input(k: Any, drawn: Any) -> Any:
    class Error(k.layers.Layer):  # type: ignore[misc]
        def call(self, y: Any, prediction: Any) -> Any:
            self.add_loss(k.ops.mean(k.ops.abs(y - prediction)))
            return prediction

    x, y = table(drawn)
    i, target = k.Input((8,), name="x"), k.Input((1,), name="y")
    model = k.Model([i, target], Error()(target, k.layers.Dense(1)(i)))
    model.compile("adam")
    return model, {"x": x, "y": y}
