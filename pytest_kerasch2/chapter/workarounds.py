"""What a reader writes instead: the network, its training, the backend and the version."""

from __future__ import annotations

import textwrap
from typing import Any, Callable, Dict

import numpy

from pytest_kerasch2 import models
from pytest_kerasch2.claims.model import Workaround
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.framework import api

Names = Dict[str, Any]
Proof = Callable[[Names, Recorder], None]
IMAGES, TOTAL = 64, 407_050
SQUARE = [[42.0, 24.0], [11.0, 99.0]]


def lines(text: str) -> str:
    """Return the lines of a block of this file, or of its neighbours, without its indentation."""
    return textwrap.dedent(text).strip() + "\n"


def data(tf: Any) -> Names:
    """Return the chapter's names before a model: images (64, 28, 28) float32 from 0 to 1, int64 labels, numbers."""
    random = numpy.random.RandomState(0)
    names: Names = {"tf": tf, "epochs": 1, "batch_size": 32}
    for part in ("train", "test"):
        names[f"{part}_x"] = api.feedable(random.rand(IMAGES, 28, 28).astype("float32"))
        names[f"{part}_y"] = api.feedable((numpy.arange(IMAGES) % 10).astype("int64"))
    return names


def with_model1(tf: Any) -> Names:
    """Return the same and the model of the first way, neither built nor compiled."""
    return {**data(tf), "model1": models.style("sequential-list").build(tf)}


def with_compiled(tf: Any) -> Names:
    """Return the same with that model compiled."""
    return {**data(tf), "model1": models.style("sequential-list").compiled(tf)}


def with_class(tf: Any) -> Names:
    """Return the same and the class of the subclass."""
    return {**data(tf), "MyModel": models.subclass.model_class(tf, models.Network())}


def trains(name: str) -> Proof:
    """Return the proof that the model of this name has Adam, and learns from a batch."""

    def proof(names: Names, record: Recorder) -> None:
        model = names[name]
        record.equal("the optimizer", expected="Adam", actual=type(model.optimizer).__name__)
        models.built(model)
        before = model.get_weights()[-1]
        model.fit(names["train_x"], names["train_y"], verbose=0)
        record.all_true("a round moves each bias of the last layer", mask=before != model.get_weights()[-1])

    return proof


def has_learnt(name: str) -> Proof:
    """Return the proof that the lines themselves have trained the model of this name, whose biases begin at zero."""

    def proof(names: Names, record: Recorder) -> None:
        moved = names[name].get_weights()[-1] != 0
        record.all_true("each bias of the last layer has moved from zero", mask=moved)

    return proof


def _counted(name: str) -> Proof:
    def proof(names: Names, record: Recorder) -> None:
        count = int(models.built(names[name]).count_params())
        record.equal("parameters of the model", expected=TOTAL, actual=count)

    return proof


def _trained_by_adam(names: Names, record: Recorder) -> None:
    has_learnt("model4")(names, record)
    trains("model4")(names, record)
    record.equal("steps of an epoch", expected=IMAGES // 32, actual=names["steps_per_epoch"])


def _drops(names: Names, record: Recorder) -> None:
    model, images, labels = models.built(names["model4"]), names["train_x"], names["train_y"]
    model.compile(optimizer=names["tf"].keras.optimizers.SGD(0.0), loss="sparse_categorical_crossentropy")
    fitted = model.fit(images, labels, verbose=0).history["loss"][0]
    judged = model.evaluate(images, labels, verbose=0)
    record.true("what is dropped changes the loss", holds=abs(fitted - judged) > 1e-4, found=(fitted, judged))


def _subclassed(names: Names, record: Recorder) -> None:
    _counted("model4")(names, record)
    layers = [layer.name for layer in names["model4"].layers if layer.weights]
    record.equal("the names of its layers with weights", expected=["d1", "d2"], actual=layers)
    wide = models.built(names["MyModel"](num_classes=7)).get_weights()[-1]
    record.equal("biases of a model of seven classes", expected=(7,), actual=wide.shape)


def _counted_before_training(names: Names, record: Recorder) -> None:
    record.equal("parameters in the summary", expected=TOTAL, actual=int(names["model1"].count_params()))


def _history(names: Names, record: Recorder) -> None:
    record.contains("what the history has", expected="accuracy", actual=sorted(names["history"].history))
    record.equal("the accuracies, one for an epoch", expected=1, actual=len(names["accuracy"]))


def _version(names: Names, record: Recorder) -> None:
    record.equal("the version", expected=api.release().keras, actual=names["keras"].__version__)


def _legacy_version(names: Names, record: Recorder) -> None:
    record.equal("the version", expected=api.release().keras, actual=names["tf_keras"].__version__)


def _precision(names: Names, record: Recorder) -> None:
    record.equal("the precision in force", expected=names["floatx"], actual=api.backend_functions().floatx())
    exec(FLOATX.write.replace("float32", "float64"), names)
    record.equal("that of another name", expected="float64", actual=api.backend_functions().floatx())


def _layers(names: Names, record: Recorder) -> None:
    layer = names["tf"].keras.layers.Dense(2)
    layer.build((None, 3))
    kinds = [api.dtype_name(weight.dtype) for weight in layer.weights]
    record.equal("the type of a new layer's weights", expected=["float64", "float64"], actual=kinds)


def _same_backend(names: Names, record: Recorder) -> None:
    before = api.backend_functions().epsilon()
    names["K"].set_epsilon(0.5)
    record.equal("what tf.keras reads of what K set", expected=0.5, actual=api.backend_functions().epsilon())
    names["K"].set_epsilon(before)


def _constant(names: Names, record: Recorder) -> None:
    record.equal("the type of the constant", expected="float16", actual=api.dtype_name(names["const"].dtype))
    record.equal("its values", expected=SQUARE, actual=api.array(names["const"]).tolist())


def _reviews(names: Names, record: Recorder) -> None:
    record.equal("the shape of the reviews", expected=(2,), actual=names["reviews"].shape)
    record.equal("the first of them", expected=[1, 14, 22], actual=list(names["reviews"][0]))


ADAM = Workaround(
    lines("""
        model2 = tf.keras.models.Sequential()
        model2.add(tf.keras.layers.Flatten())
        model2.add(tf.keras.layers.Dense(512, activation="relu"))
        model2.add(tf.keras.layers.Dropout(0.2))
        model2.add(tf.keras.layers.Dense(10, activation=tf.nn.softmax))
        model2.compile(optimizer=tf.keras.optimizers.Adam(), loss="sparse_categorical_crossentropy",
                       metrics=["accuracy"])
    """),
    data,
    trains("model2"),
    block="second-model",
)
HIDDEN_LAYER = Workaround(
    lines("""
        inputs = tf.keras.Input(shape=(28, 28))
        x = tf.keras.layers.Flatten()(inputs)
        x = tf.keras.layers.Dense(512, activation="relu", name="d1")(x)
        x = tf.keras.layers.Dropout(0.2)(x)
        predictions = tf.keras.layers.Dense(10, activation=tf.nn.softmax, name="d2")(x)

        model3 = tf.keras.Model(inputs=inputs, outputs=predictions)
    """),
    data,
    _counted("model3"),
    block="functional-model",
)
SUBCLASS = Workaround(
    lines("""
        class MyModel(tf.keras.Model):
            def __init__(self, num_classes=10):
                super(MyModel, self).__init__()
                self.x0 = tf.keras.layers.Flatten()
                self.x1 = tf.keras.layers.Dense(512, activation="relu", name="d1")
                self.x2 = tf.keras.layers.Dropout(0.2)
                self.predictions = tf.keras.layers.Dense(num_classes, activation=tf.nn.softmax, name="d2")

            def call(self, inputs, training=None):
                x = self.x0(inputs)
                x = self.x1(x)
                x = self.x2(x, training=training)
                return self.predictions(x)

        model4 = MyModel()
    """),
    data,
    _subclassed,
    block="subclass-definition",
)
SUBCLASS_DROPS = Workaround(SUBCLASS.write, data, _drops, block="subclass-definition")
SUBCLASS_TRAINING = Workaround(
    lines("""
        model4 = MyModel()
        batch_size = 32
        steps_per_epoch = len(train_x) // batch_size
        print(steps_per_epoch)

        model4.compile(optimizer=tf.keras.optimizers.Adam(), loss="sparse_categorical_crossentropy",
                       metrics=["accuracy"])

        model4.fit(train_x, train_y, batch_size=batch_size, epochs=epochs)

        model4.evaluate(test_x, test_y)
    """),
    with_class,
    _trained_by_adam,
    block="subclass-training",
)
SUMMARY = Workaround(
    lines("""
        model1.build((None, 28, 28))
        model1.summary()
    """),
    with_model1,
    _counted_before_training,
)
ACCURACY = Workaround(
    lines("""
        history = model1.fit(train_x, train_y, epochs=epochs)
        accuracy = history.history["accuracy"]
    """),
    with_compiled,
    _history,
)
VERSION = Workaround(
    lines("""
        import tensorflow as tf
        import keras
        print(keras.__version__)
    """),
    data,
    _version,
    block="version",
)
LEGACY_VERSION = Workaround(
    lines("""
        import tensorflow as tf
        import tf_keras
        print(tf_keras.__version__)
    """),
    data,
    _legacy_version,
    block="version",
)
FLOATX = Workaround(
    lines("""
        floatx = "float32"
        tf.keras.backend.set_floatx(floatx)
    """),
    data,
    _precision,
    block="set-floatx",
)
POLICY = Workaround(
    lines("""
        tf.keras.backend.set_floatx("float64")
        tf.keras.config.set_dtype_policy("float64")
    """),
    data,
    _layers,
)
BACKEND = Workaround(
    lines("""
        from tensorflow.keras import backend as K
    """),
    data,
    _same_backend,
    block="import-backend",
)
BACKEND_CONSTANT = Workaround(
    lines("""
        from tensorflow.keras import backend as K
        const = K.constant([[42, 24], [11, 99]], dtype=tf.float16, shape=[2, 2])
    """),
    data,
    _constant,
)
CONSTANT = Workaround(
    lines("""
        import keras
        const = keras.ops.convert_to_tensor([[42, 24], [11, 99]], dtype="float16")
    """),
    data,
    _constant,
)
MIRRORED = Workaround(
    lines("""
        strategy = tf.distribute.MirroredStrategy()
        with strategy.scope():
            model1 = tf.keras.models.Sequential([
                tf.keras.layers.Flatten(),
                tf.keras.layers.Dense(512, activation="relu"),
                tf.keras.layers.Dropout(0.2),
                tf.keras.layers.Dense(10, activation="softmax"),
            ])
            model1.compile(optimizer=tf.keras.optimizers.Adam(), loss="sparse_categorical_crossentropy")
        model1.fit(train_x, train_y, batch_size=batch_size, epochs=epochs)
    """),
    data,
    trains("model1"),
    # TensorFlow was seen to crash when its iterators over devices ended beside those of other checks.
    address=f"{__name__}:MIRRORED",
)
REVIEWS = Workaround(
    lines("""
        import numpy
        reviews = numpy.array(reviews, dtype=object)
    """),
    lambda tf: {"reviews": [[1, 14, 22], [1, 194]]},
    _reviews,
)
