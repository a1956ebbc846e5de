"""What a reader writes instead: files of models and of weights."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy

from pytest_kerasch2 import models
from pytest_kerasch2.chapter.workarounds import Names, data, lines
from pytest_kerasch2.claims.model import Workaround
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.framework import api

DIGITS = 6
# What Keras 3 does not find by the name under which it writes tf.nn.softmax. From 3.16 on it writes tf.nn.relu under a
# name of its own too; 3.3 to 3.6 take no function of that name.
_KNOWN = 'custom_objects={"softmax_v2": tf.nn.softmax}'
_KNOWN_BOTH = 'custom_objects={"relu": tf.nn.relu, "softmax_v2": tf.nn.softmax}'


def _trained(tf: Any) -> Names:
    """Return the model of the first way as printed, trained. No block makes the `model` of those on saving."""
    names = data(tf)
    model = models.style("sequential-list").trained(tf, (names["train_x"], names["train_y"]), steps=2)
    return {**names, "model1": model}


def _exportable(tf: Any) -> Names:
    api.require_tensorflow("Exporting a model")
    return _trained(tf)


def _pair(tf: Any) -> Names:
    """Return a trained model, and another of the same shape with its own weights."""
    return {**_trained(tf), "new_model": models.built(models.style("sequential-list").compiled(tf))}


def _subclass(tf: Any) -> Names:
    """Return a trained model of the subclass, and the class."""
    names = data(tf)
    model = models.style("subclass").trained(tf, (names["train_x"], names["train_y"]), steps=2)
    return {**names, "model4": model, "MyModel": lambda: models.style("subclass").build(tf)}


def _stored(tf: Any) -> Names:
    names = _trained(tf)
    names["model1"].save("./model_name.h5")
    return names


def _stored_weights(tf: Any) -> Names:
    """Return a model that has other weights than the file that was saved from it."""
    names = _trained(tf)
    names["kept"] = names["model1"].get_weights()
    names["model1"].save_weights("./model.weights.h5" if api.is_keras3() else "./model_weights.h5")
    names["model1"].set_weights([weights + 1 for weights in names["kept"]])
    return names


def _answers(model: Any, names: Names) -> Any:
    return api.array(api.call(model, names["test_x"], training=False))


def _alike(record: Recorder, ours: Any, theirs: Any) -> None:
    # Rounded, so that the evidence of two runs is the same.
    apart = round(float(abs(ours - theirs).max()), DIGITS)
    record.equal("largest difference of two answers, to six digits", expected=0.0, actual=apart)


def _same_answers(names: Names, record: Recorder) -> None:
    ours, theirs = (_answers(names[name], names) for name in ("model1", "new_model"))
    _alike(record, ours, theirs)


def _same_answers_of_subclass(names: Names, record: Recorder) -> None:
    ours, theirs = (_answers(names[name], names) for name in ("model4", "new_model"))
    _alike(record, ours, theirs)


def _same_answers_served(names: Names, record: Recorder) -> None:
    ours, theirs = _answers(names["model1"], names)[:32], api.array(names["predictions"])
    record.equal("answers", expected=ours.shape, actual=theirs.shape)
    _alike(record, ours, theirs)


def _loadable(names: Names, record: Recorder) -> None:
    if api.is_keras3():
        # It cannot read the activations as they are printed; the weights of the file are all the same.
        new_model = models.built(models.style("sequential-list").build(names["tf"]))
        new_model.load_weights("./model_name.h5")
    else:
        new_model = names["tf"].keras.models.load_model("./model_name.h5")
    _same_answers({**names, "new_model": new_model}, record)


def _weights_put_back(names: Names, record: Recorder) -> None:
    alike = [bool((ours == theirs).all()) for ours, theirs in zip(names["kept"], names["model"].get_weights())]
    record.equal("arrays that are as they were saved", expected=4, actual=sum(alike))


def _weights_written(names: Names, record: Recorder) -> None:
    path = "./model.weights.h5" if api.is_keras3() else "./model_weights.h5"
    kept = names["model"].get_weights()
    names["model"].set_weights([weights + 1 for weights in kept])
    names["model"].load_weights(path)
    _weights_put_back({**names, "kept": kept}, record)


def _state(network: Any) -> list[Any]:
    optimizer = network.optimizer
    if api.is_keras3():
        # The rate is a setting, which a file keeps in another place.
        return [api.array(one) for one in optimizer.variables if "learning_rate" not in one.path]
    return list(optimizer.get_weights())


def _same_state(names: Names, record: Recorder) -> None:
    _same_answers(names, record)
    ours, theirs = _state(names["model1"]), _state(names["new_model"])
    # The count of steps, and two averages for each of four weights.
    record.equal("parts of the optimizer's state", expected=9, actual=len(theirs))
    alike = [one.tobytes() == other.tobytes() for one, other in zip(ours, theirs)]
    record.all_true("each part of it is as it was", mask=alike)


def _measured(names: Names, record: Recorder) -> None:
    right = _answers(names["new_model"], names).argmax(axis=1) == api.array(names["test_y"])
    scores = names["new_model"].evaluate(names["test_x"], names["test_y"], verbose=0)
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
        names["new_model"].set_weights(kept[:-1])
        taken = True
    record.equal("whether one array too few is taken", expected=False, actual=taken)


def _read_back(names: Names, record: Recorder) -> None:
    record.true("the file is there", holds=Path("model.weights.h5").is_file(), found="model.weights.h5")
    _same_answers(names, record)


def _read_back_by_subclass(names: Names, record: Recorder) -> None:
    record.true("the file is there", holds=Path("model.weights.h5").is_file(), found="model.weights.h5")
    _same_answers_of_subclass(names, record)


def _named(line: str) -> str:
    """Return a line of the chapter that speaks of `model`, behind one that makes it: a reader may begin anywhere."""
    return f"model = model1\n{line}\n"


MODEL_NAMED = Workaround(_named('model.save("./model_name.h5")'), _trained, _loadable, block="save-model")
LOADED = Workaround(
    lines(f"""
        # Or write activation="softmax" in the definition of the model, and train it again.
        from tensorflow.keras.models import load_model
        new_model = load_model("./model_name.h5", {_KNOWN})
    """),
    _stored,
    _same_answers,
    block="load-model",
)
LOADED_BOTH = Workaround(
    lines(f"""
        # Or write activation="softmax" in the definition of the model, and train it again.
        from tensorflow.keras.models import load_model
        new_model = load_model("./model_name.h5", {_KNOWN_BOTH})
    """),
    _stored,
    _same_answers,
    block="load-model",
)
LOADED_FROM_KERAS = Workaround(
    lines(f"""
        # Or write activation="softmax" in the definition of the model, and train it again.
        from tensorflow.keras.models import load_model
        model1.save("./model_name.keras")
        new_model = load_model("./model_name.keras", {_KNOWN})
    """),
    _trained,
    _same_answers,
    block="load-model",
)
WEIGHTS_NAMED = Workaround(
    _named('model.save_weights("./model_weights.h5")'), _trained, _weights_written, "save-weights"
)
WEIGHTS_H5 = Workaround(_named('model.save_weights("./model.weights.h5")'), _trained, _weights_written, "save-weights")
WEIGHTS_LOADED = Workaround(
    _named('model.load_weights("./model_weights.h5")'), _stored_weights, _weights_put_back, "load-weights"
)
WEIGHTS_H5_LOADED = Workaround(
    _named('model.load_weights("./model.weights.h5")'), _stored_weights, _weights_put_back, "load-weights"
)
MODEL_KERAS = Workaround(
    lines(f"""
        model1.save("./model_name.keras")
        new_model = tf.keras.models.load_model("./model_name.keras", {_KNOWN})
    """),
    _trained,
    _same_answers,
)
MODEL_KERAS_BOTH = Workaround(
    lines(f"""
        model1.save("./model_name.keras")
        new_model = tf.keras.models.load_model("./model_name.keras", {_KNOWN_BOTH})
    """),
    _trained,
    _same_answers,
)
WEIGHTS = Workaround(
    lines("""
        model1.save_weights("./model.weights.h5")
        new_model.load_weights("./model.weights.h5")
    """),
    _pair,
    _read_back,
)
SUBCLASS_WEIGHTS = Workaround(
    lines("""
        model4.save_weights("./model.weights.h5")
        new_model = MyModel()
        new_model(test_x[:1])  # makes its weights
        new_model.load_weights("./model.weights.h5")
    """),
    _subclass,
    _read_back_by_subclass,
)
WEIGHTS_ALONE = Workaround(
    lines("""
        import numpy
        numpy.savez("weights.npz", *model1.get_weights())
        with numpy.load("weights.npz") as file:
            new_model.set_weights([file[name] for name in file.files])
    """),
    _pair,
    _weights_alone,
)
EXPORT = Workaround(
    lines("""
        model1.export("model_name")
        served = tf.saved_model.load("model_name")
        predictions = served.serve(test_x[:32])  # as many as in training: Keras 3.0 takes no other number
    """),
    _exportable,
    _same_answers_served,
)
COMPILED_AGAIN = Workaround(
    lines("""
        new_model = tf.keras.models.load_model("./model_name.h5")
        new_model.compile(optimizer=new_model.optimizer, loss=new_model.loss, metrics=["accuracy"])
    """),
    _stored,
    _measured,
)
INPUT_DECLARED = Workaround(
    lines("""
        model1 = tf.keras.models.Sequential([
            tf.keras.layers.Flatten(input_shape=(28, 28)),
            tf.keras.layers.Dense(512, activation=tf.nn.relu),
            tf.keras.layers.Dropout(0.2),
            tf.keras.layers.Dense(10, activation=tf.nn.softmax),
        ])
        model1.compile(optimizer=tf.keras.optimizers.Adam(), loss="sparse_categorical_crossentropy",
                       metrics=["accuracy"])
        model1.fit(train_x, train_y, batch_size=batch_size, epochs=epochs)
        model1.save("./model_name.h5")
        new_model = tf.keras.models.load_model("./model_name.h5")
    """),
    data,
    _same_state,
)
STATE_IN_KERAS = replace(MODEL_KERAS, proof=_same_state)
STATE_IN_KERAS_BOTH = replace(MODEL_KERAS_BOTH, proof=_same_state)
STATE_IN_KERAS_BY_NAME = Workaround(
    lines("""
        model1.save("./model_name.keras")
        new_model = tf.keras.models.load_model("./model_name.keras")
    """),
    _trained,
    _same_state,
)
