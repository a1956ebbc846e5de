"""What a reader writes instead: the network, its training, the backend and the version."""

from __future__ import annotations

import textwrap
from typing import Any, Dict

import numpy

from pytest_kerasch2 import models
from pytest_kerasch2.claims.model import Workaround
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.framework import api

Names = Dict[str, Any]
IMAGES, TOTAL, HIDDEN = 64, 407_050, 401_920
SQUARE = [[42.0, 24.0], [11.0, 99.0]]


def lines(text: str) -> str:
    """Return the lines of a block of this file, or of its neighbours, without its indentation."""
    return textwrap.dedent(text).strip() + "\n"


def data(tf: Any) -> Names:
    """Return the chapter's names before a model: images (64, 28, 28) float32 from 0 to 1, int64 labels, numbers."""
    random = numpy.random.RandomState(0)
    names: Names = {"tf": tf, "rounds": 1, "per_batch": 32}
    for part in ("train", "test"):
        names[f"{part}_images"] = api.tensor(random.rand(IMAGES, 28, 28).astype("float32"))
        names[f"{part}_labels"] = api.tensor((numpy.arange(IMAGES) % 10).astype("int64"))
    return names


def with_network(tf: Any) -> Names:
    """Return the same and the network of the first way, neither built nor compiled."""
    return {**data(tf), "network": models.style("sequential-list").build(tf)}


def with_compiled(tf: Any) -> Names:
    """Return the same with the network compiled."""
    return {**data(tf), "network": models.style("sequential-list").compiled(tf)}


def with_subclass(tf: Any) -> Names:
    """Return the same with the network of the subclass, not compiled."""
    return {**data(tf), "network": models.style("subclass").build(tf)}


def with_flat_images(tf: Any) -> Names:
    """Return an input and what flattens it, as the functional example has them."""
    image = tf.keras.Input(shape=(28, 28))
    return {"tf": tf, "image": image, "flow": tf.keras.layers.Flatten()(image)}


def trains(names: Names, record: Recorder) -> None:
    """The network has Adam, and learns from a batch."""
    network = names["network"]
    record.equal("the optimizer", expected="Adam", actual=type(network.optimizer).__name__)
    models.built(network)
    before = network.get_weights()[-1]
    network.fit(names["train_images"], names["train_labels"], verbose=0)
    record.all_true("a round moves each bias of the last layer", mask=before != network.get_weights()[-1])


def learnt(names: Names, record: Recorder) -> None:
    """The lines themselves have trained the network, whose biases begin at zero."""
    record.all_true("each bias of the last layer has moved from zero", mask=names["network"].get_weights()[-1] != 0)


def evaluated(names: Names, record: Recorder) -> None:
    """The network was trained with Adam, and evaluated to a loss and an accuracy."""
    learnt(names, record)
    trains(names, record)
    record.equal("numbers of the evaluation", expected=2, actual=len(names["scores"]))


def _hidden(names: Names, record: Recorder) -> None:
    counted = names["tf"].keras.Model(names["image"], names["flow"]).count_params()
    record.equal("parameters of the hidden layer", expected=HIDDEN, actual=int(counted))


def _counted(names: Names, record: Recorder) -> None:
    network = models.built(names["network"])
    record.equal("parameters of the network", expected=TOTAL, actual=int(network.count_params()))


def _drops(names: Names, record: Recorder) -> None:
    network, images, labels = models.built(names["network"]), names["train_images"], names["train_labels"]
    network.compile(optimizer=names["tf"].keras.optimizers.SGD(0.0), loss="sparse_categorical_crossentropy")
    fitted = network.fit(images, labels, verbose=0).history["loss"][0]
    judged = network.evaluate(images, labels, verbose=0)
    record.true("what is dropped changes the loss", holds=abs(fitted - judged) > 1e-4, found=(fitted, judged))


def _counted_before_training(names: Names, record: Recorder) -> None:
    record.equal("parameters in the summary", expected=TOTAL, actual=int(names["network"].count_params()))


def _told(names: Names, record: Recorder) -> None:
    record.contains("what the history tells", expected="accuracy", actual=sorted(names["history"].history))
    record.equal("the accuracies, one for a round", expected=1, actual=len(names["accuracy"]))


def _version(names: Names, record: Recorder) -> None:
    record.equal("the version", expected=api.release().keras, actual=names["version"])


def _precision(names: Names, record: Recorder) -> None:
    record.equal("the precision in force", expected="float64", actual=api.backend_functions().floatx())


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


def _square(names: Names, record: Recorder) -> None:
    record.equal("the type of the constant", expected="float16", actual=api.dtype_name(names["square"].dtype))
    record.equal("its values", expected=SQUARE, actual=api.array(names["square"]).tolist())


def _reviews(names: Names, record: Recorder) -> None:
    record.equal("the shape of the reviews", expected=(2,), actual=names["reviews"].shape)
    record.equal("the first of them", expected=[1, 14, 22], actual=list(names["reviews"][0]))


ADAM = Workaround(
    lines("""
        network.compile(optimizer=tf.keras.optimizers.Adam(), loss="sparse_categorical_crossentropy",
                        metrics=["accuracy"])
    """),
    with_network,
    trains,
)
HIDDEN_LAYER = Workaround(
    lines("""
        flow = tf.keras.layers.Dense(512, activation="relu", name="d1")(flow)
    """),
    with_flat_images,
    _hidden,
)
SUBCLASS = Workaround(
    lines("""
        class Network(tf.keras.Model):
            def __init__(self):
                super().__init__()
                self.flat = tf.keras.layers.Flatten()
                self.inner = tf.keras.layers.Dense(512, activation="relu")
                self.drop = tf.keras.layers.Dropout(0.2)
                self.chances = tf.keras.layers.Dense(10, activation="softmax")

            def call(self, image, training=None):
                hidden = self.inner(self.flat(image))
                return self.chances(self.drop(hidden, training=training))

        network = Network()
    """),
    data,
    _counted,
)
SUBCLASS_DROPS = Workaround(SUBCLASS.write, data, _drops)
SUBCLASS_TRAINING = Workaround(
    lines("""
        network.compile(optimizer=tf.keras.optimizers.Adam(), loss="sparse_categorical_crossentropy",
                        metrics=["accuracy"])
        network.fit(train_images, train_labels, batch_size=per_batch, epochs=rounds)
        scores = network.evaluate(test_images, test_labels)
    """),
    with_subclass,
    evaluated,
)
SUMMARY = Workaround(
    lines("""
        network.build((None, 28, 28))
        network.summary()
    """),
    with_network,
    _counted_before_training,
)
ACCURACY = Workaround(
    lines("""
        history = network.fit(train_images, train_labels, epochs=rounds)
        accuracy = history.history["accuracy"]
    """),
    with_compiled,
    _told,
)
VERSION = Workaround(
    lines("""
        import keras
        version = keras.__version__
    """),
    data,
    _version,
)
LEGACY_VERSION = Workaround(
    lines("""
        import tf_keras
        version = tf_keras.__version__
    """),
    data,
    _version,
)
FLOATX = Workaround(
    lines("""
        tf.keras.backend.set_floatx("float64")
    """),
    data,
    _precision,
)
POLICY = Workaround(
    lines("""
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
)
BACKEND_CONSTANT = Workaround(
    lines("""
        from tensorflow.keras import backend as K
        square = K.constant([[42, 24], [11, 99]], dtype=tf.float16, shape=[2, 2])
    """),
    data,
    _square,
)
CONSTANT = Workaround(
    lines("""
        import keras
        square = keras.ops.convert_to_tensor([[42, 24], [11, 99]], dtype="float16")
    """),
    data,
    _square,
)
REVIEWS = Workaround(
    lines("""
        import numpy
        reviews = numpy.array(reviews, dtype=object)
    """),
    lambda tf: {"reviews": [[1, 14, 22], [1, 194]]},
    _reviews,
)
