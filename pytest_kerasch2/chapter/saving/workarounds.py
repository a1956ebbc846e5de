"""What a reader writes instead: files of models and of weights."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import numpy

from pytest_kerasch2 import models
from pytest_kerasch2.chapter.workarounds import Names, data, lines
from pytest_kerasch2.claims.model import Workaround
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.framework import api

DIGITS = 6
NAMED = models.Network().with_strings()


def _trained(tf: Any, style: str = "functional") -> Names:
    names = data(tf)
    parts = names["train_images"], names["train_labels"]
    return {**names, "network": models.style(style).trained(tf, parts, steps=2, network=NAMED)}


def _exportable(tf: Any) -> Names:
    api.require_tensorflow("Exporting a model")
    return _trained(tf)


def _pair(tf: Any) -> Names:
    """Return a trained network, and another of the same shape with its own weights."""
    names = _trained(tf)
    return {**names, "again": models.built(models.style("functional").compiled(tf, network=NAMED))}


def _subclass(tf: Any) -> Names:
    """Return a trained network of the subclass, and by the class's name what makes a new one."""
    return {**_trained(tf, "subclass"), "Network": lambda: models.style("subclass").build(tf, network=NAMED)}


def _stored(tf: Any) -> Names:
    names = _trained(tf)
    names["network"].save("network.h5")
    return names


def _answers(network: Any, names: Names) -> Any:
    return api.array(network(names["test_images"], training=False))


def _alike(record: Recorder, ours: Any, theirs: Any) -> None:
    # Rounded, so that the evidence of two runs is the same.
    apart = round(float(abs(ours - theirs).max()), DIGITS)
    record.equal("largest difference of two answers, to six digits", expected=0.0, actual=apart)


def _same_answers(names: Names, record: Recorder) -> None:
    ours, theirs = (_answers(names[name], names) for name in ("network", "again"))
    _alike(record, ours, theirs)


def _same_answers_served(names: Names, record: Recorder) -> None:
    ours, theirs = _answers(names["network"], names), api.array(names["chances"])
    _alike(record, ours, theirs)


def _state(network: Any) -> list[Any]:
    optimizer = network.optimizer
    if api.is_keras3():
        # The rate is a setting, which a file keeps in another place.
        return [api.array(one) for one in optimizer.variables if "learning_rate" not in one.path]
    return list(optimizer.get_weights())


def _same_state(names: Names, record: Recorder) -> None:
    _same_answers(names, record)
    ours, theirs = _state(names["network"]), _state(names["again"])
    # The count of steps, and two averages for each of four weights.
    record.equal("parts of the optimizer's state", expected=9, actual=len(theirs))
    alike = [one.tobytes() == other.tobytes() for one, other in zip(ours, theirs)]
    record.all_true("each part of it is as it was", mask=alike)


def _measured(names: Names, record: Recorder) -> None:
    right = _answers(names["again"], names).argmax(axis=1) == api.array(names["test_labels"])
    scores = names["again"].evaluate(names["test_images"], names["test_labels"], verbose=0)
    apart = round(float(abs(scores[1] - right.mean())), DIGITS)
    record.equal("accuracy less the share of right predictions, to six digits", expected=0.0, actual=apart)


def _weights_alone(names: Names, record: Recorder) -> None:
    _same_answers(names, record)
    with numpy.load("weights.npz") as file:
        kept = [file[name] for name in file.files]
    record.equal("arrays in the file", expected=4, actual=len(kept))
    taken = False
    # Not by `raises`, which keeps the message: it names the layer, whose number is another in each run.
    with contextlib.suppress(ValueError):
        names["again"].set_weights(kept[:-1])
        taken = True
    record.equal("whether one array too few is taken", expected=False, actual=taken)


def _in_one_file(ending: str) -> Workaround:
    return Workaround(
        lines(f"""
            network = tf.keras.Sequential([
                tf.keras.Input(shape=(28, 28)),
                tf.keras.layers.Flatten(),
                tf.keras.layers.Dense(512, activation="relu"),
                tf.keras.layers.Dropout(0.2),
                tf.keras.layers.Dense(10, activation="softmax"),
            ])
            network.save("network{ending}")
            again = tf.keras.models.load_model("network{ending}")
        """),
        data,
        _same_answers,
    )


def _read_back(names: Names, record: Recorder) -> None:
    record.true("the file is there", holds=Path("network.weights.h5").is_file(), found="network.weights.h5")
    _same_answers(names, record)


MODEL_H5 = _in_one_file(".h5")
MODEL_KERAS = _in_one_file(".keras")
WEIGHTS = Workaround(
    lines("""
        network.save_weights("network.weights.h5")
        again.load_weights("network.weights.h5")
    """),
    _pair,
    _read_back,
)
SUBCLASS_WEIGHTS = Workaround(
    lines("""
        network.save_weights("network.weights.h5")
        again = Network()
        again(test_images[:1])  # makes its weights
        again.load_weights("network.weights.h5")
    """),
    _subclass,
    _read_back,
)
WEIGHTS_ALONE = Workaround(
    lines("""
        import numpy
        numpy.savez("weights.npz", *network.get_weights())
        with numpy.load("weights.npz") as file:
            again.set_weights([file[name] for name in file.files])
    """),
    _pair,
    _weights_alone,
)
EXPORT = Workaround(
    lines("""
        network.export("network")
        served = tf.saved_model.load("network")
        chances = served.serve(test_images)
    """),
    _exportable,
    _same_answers_served,
)
COMPILED_AGAIN = Workaround(
    lines("""
        again = tf.keras.models.load_model("network.h5")
        again.compile(optimizer=again.optimizer, loss=again.loss, metrics=["accuracy"])
    """),
    _stored,
    _measured,
)
INPUT_DECLARED = Workaround(
    lines("""
        network = tf.keras.Sequential([
            tf.keras.layers.Flatten(input_shape=(28, 28)),
            tf.keras.layers.Dense(512, activation="relu"),
            tf.keras.layers.Dropout(0.2),
            tf.keras.layers.Dense(10, activation="softmax"),
        ])
        network.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        network.fit(train_images, train_labels)
        network.save("network.h5")
        again = tf.keras.models.load_model("network.h5")
    """),
    data,
    _same_state,
)
STATE_IN_KERAS = Workaround(
    lines("""
        network.save("network.keras")
        again = tf.keras.models.load_model("network.keras")
    """),
    _trained,
    _same_state,
)
