"""What the claims about features do in child interpreters: several devices, TensorFlow Lite, Estimators."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from pytest_kerasch2 import folders, models
from pytest_kerasch2.checks.captured import attempt
from pytest_kerasch2.framework import api, devices, packages
from pytest_kerasch2.subprocesses.job import Job

# An import and a few traced graphs, on a machine that may be busy with the other checks
_DEADLINE = 240.0
# All but the parallel one, for which no engine may have worked before, share an interpreter with `pipelines_fit`.
# Devices can be divided only before any work is placed on them; a conversion to an Estimator ends the life of every
# model made before, and a converter may abort: those two come last.
SEVERAL_DEVICES = Job("pytest_kerasch2.chapter.features.observations:several_devices", deadline=_DEADLINE, place=1)
PARALLEL = Job("pytest_kerasch2.chapter.features.parallel_observations:by_keras", deadline=_DEADLINE)
LITE = Job("pytest_kerasch2.chapter.features.observations:lite", deadline=_DEADLINE, place=4)
ESTIMATOR = Job("pytest_kerasch2.chapter.features.observations:estimator", deadline=_DEADLINE, place=5)

LOSS = "sparse_categorical_crossentropy"


def examples_() -> tuple[Any, Any]:
    """Return 64 rows of six features with labels of four classes."""
    drawn = np.random.RandomState(0)
    return drawn.rand(64, 6).astype("float32"), drawn.randint(0, 4, 64).astype("int64")


def small_model(tf: Any) -> Any:
    """Return an uncompiled model of 6 -> 8 -> 4 units, its weights the same each time."""
    drawn = np.random.RandomState(1)
    inputs = tf.keras.Input(shape=(6,), name="features")
    hidden = tf.keras.layers.Dense(8, activation="relu", name="hidden")(inputs)
    model = tf.keras.Model(inputs, tf.keras.layers.Dense(4, activation="softmax", name="chances")(hidden))
    model.set_weights([drawn.uniform(-0.5, 0.5, weights.shape) for weights in model.get_weights()])
    return model


def several_devices() -> dict[str, Any]:
    """Return what came of importing keras alone, and of training on one device and on two."""
    # By what is installed: a package that is there and cannot be found is no package that is not there.
    installed = packages.version_of("keras") is not None or importlib.util.find_spec("keras") is not None
    alone = attempt(lambda: importlib.import_module("keras")) if installed else None
    tf = api.tensorflow()
    # The order matters: once any work has been placed, the processor can be divided no more
    divided = attempt(lambda: devices.two_logical_cpus(tf))
    return {
        "standalone": alone if alone is None or "value" not in alone else attempt(lambda: _of_its_own(alone["value"])),
        "devices": attempt(lambda: _devices(tf)) if "value" in divided else divided,
        "one": attempt(lambda: _trained_on_one(tf)),
        "two": attempt(lambda: _trained_on_two(tf)),
        "strategies": attempt(lambda: _strategies(tf)),
        "shares": attempt(lambda: _shared_out(tf)),
    }


def _devices(tf: Any) -> list[str]:
    return [device.name for device in tf.config.experimental.list_logical_devices("CPU")]


def _strategies(tf: Any) -> dict[str, Any]:
    """Return for each strategy whether it is one, under each name it has had; and where those of one machine work."""
    there = {}
    for name in ("OneDevice", "Mirrored", "MultiWorkerMirrored", "ParameterServer", "CentralStorage"):
        kinds = [getattr(room, f"{name}Strategy", None) for room in (tf.distribute, tf.distribute.experimental)]
        there[name] = [issubclass(kind, tf.distribute.Strategy) for kind in kinds if isinstance(kind, type)]
    one = attempt(lambda: _places(tf.distribute.OneDeviceStrategy("/cpu:1")))
    return {"there": there, "one": one.get("value", one), "two": attempt(lambda: _places(_on_two(tf))).get("value")}


def _places(strategy: Any) -> list[str]:
    return [str(device).rpartition("device:")[2] for device in strategy.extended.worker_devices]


def _of_its_own(keras: Any) -> dict[str, Any]:
    model = keras.Sequential([keras.layers.Dense(4)])
    model.build((None, 6))
    return {"version": keras.__version__, "parameters": int(model.count_params())}


def _trained_on_one(tf: Any) -> dict[str, Any]:
    return _trained(tf, small_model(tf))


# One for both trainings: where two strategies sum gradients of other sizes, TensorFlow takes them for one sum.
@functools.lru_cache(maxsize=None)
def _on_two(tf: Any) -> Any:
    return tf.distribute.MirroredStrategy(["/cpu:0", "/cpu:1"])


def _trained_on_two(tf: Any) -> dict[str, Any]:
    strategy = _on_two(tf)
    with strategy.scope():
        training = _trained(tf, small_model(tf))
    return {**training, "replicas": int(strategy.num_replicas_in_sync)}


def _shared_out(tf: Any) -> dict[str, Any]:
    """Return which replica got how many rows of the chapter's network, and where the copies of its first weight lie."""
    seen: list[list[int]] = []
    drawn = np.random.RandomState(2)
    images, labels = drawn.rand(64, 28, 28).astype("float32"), drawn.randint(0, 10, 64).astype("int64")
    with _on_two(tf).scope():
        inputs = tf.keras.Input(shape=(28, 28))
        network = models.style("sequential-list").build(tf)
        model = tf.keras.Model(inputs, network(_lookout(tf, seen)(inputs)))
        model.compile(tf.keras.optimizers.Adam(), LOSS, metrics=["accuracy"])
        model.fit(images, labels, batch_size=16, epochs=2, shuffle=False, verbose=0)
    copies = getattr(model.trainable_variables[0], "value", None)
    mirrored = model.trainable_variables[0] if callable(copies) or copies is None else copies
    return {
        "layers": [type(layer).__name__ for layer in network.layers],
        "seen": sorted(seen),
        "copies": sorted(copy.device.rpartition("device:")[2] for copy in getattr(mirrored, "values", ())),
    }


def _trained(tf: Any, model: Any) -> dict[str, Any]:
    x, y = examples_()
    before = model.get_weights()
    model.compile(tf.keras.optimizers.SGD(0.5), LOSS, metrics=["accuracy"])
    history = model.fit(x, y, batch_size=16, epochs=2, shuffle=False, verbose=0).history
    after = model.get_weights()
    moved = max(float(np.abs(new - old).max()) for old, new in zip(before, after))
    return {"loss": [float(value) for value in history["loss"]], "weights": [w.tolist() for w in after], "moved": moved}


def _lookout(tf: Any, seen: list[list[int]]) -> Any:
    """Return a layer that passes its input on and notes which replica got how many rows."""

    def note(replica: Any, rows: Any) -> Any:
        seen.append([int(replica), int(rows.shape[0])])
        return rows

    class Lookout(tf.keras.layers.Layer):  # type: ignore[misc]  # the base class is known only at run time
        def call(self, inputs: Any) -> Any:
            context = tf.distribute.get_replica_context()
            replica = tf.convert_to_tensor(-1 if context is None else context.replica_id_in_sync_group)
            passed = tf.numpy_function(note, [replica, inputs], tf.float32)
            passed.set_shape(inputs.shape)
            return passed

        def compute_output_shape(self, shape: Any) -> Any:
            return shape

    return Lookout()


def lite() -> dict[str, Any]:
    """Return the predictions of a model, and those of what TensorFlow Lite made of it, row by row."""
    # Until 2.1 the converter starts a program of its own, which lies beside the interpreter
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    tf = api.tensorflow()
    model = small_model(tf)
    x, _ = examples_()
    return {"keras": np.asarray(model(tf.constant(x))), "lite": attempt(lambda: _run_lite(tf, model, x[:8]))}


def _run_lite(tf: Any, model: Any, rows: Any) -> dict[str, Any]:
    converted = tf.lite.TFLiteConverter.from_keras_model(model).convert()
    interpreter = tf.lite.Interpreter(model_content=converted)
    interpreter.allocate_tensors()
    entry, result = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    answers = []
    for row in rows:
        interpreter.set_tensor(entry["index"], row[None])
        interpreter.invoke()
        answers.append(interpreter.get_tensor(result["index"])[0].tolist())
    return {"mark": bytes(converted[4:8]).decode("ascii", "replace"), "answers": answers}


def estimator() -> dict[str, Any]:
    """Return what a model predicts, and what the Estimator made of it predicts, before and after the same training."""
    tf = api.tensorflow()
    x, y = examples_()
    # Converting ends the life of every model made before (2.2 and later say so), so Keras's own answers come first
    own = _compiled(tf)
    fresh = np.asarray(own(tf.constant(x)))
    own.fit(x, y, batch_size=16, epochs=1, shuffle=False, verbose=0)
    trained = np.asarray(own(tf.constant(x)))
    converted = attempt(lambda: _converted(tf))
    return {"keras": {"fresh": fresh, "trained": trained}, "estimator": converted}


def _compiled(tf: Any) -> Any:
    model = small_model(tf)
    model.compile(tf.keras.optimizers.Adam(), LOSS, metrics=["accuracy"])
    return model


def _converted(tf: Any) -> dict[str, Any]:
    x, y = examples_()

    def feed() -> Any:
        return tf.data.Dataset.from_tensor_slices(({"features": x}, y)).batch(16)

    estimator = tf.keras.estimator.model_to_estimator(
        keras_model=_compiled(tf), model_dir=str(folders.make("estimator"))
    )
    observed = {
        "is_estimator": isinstance(estimator, tf.estimator.Estimator),
        "fresh": attempt(lambda: _answers(estimator, feed)),
    }
    observed["steps"] = attempt(lambda: int((estimator.train(feed), estimator.evaluate(feed))[1]["global_step"]))
    observed["trained"] = attempt(lambda: _answers(estimator, feed))
    return observed


def _answers(estimator: Any, feed: Any) -> list[Any]:
    return [next(iter(answer.values())).tolist() for answer in estimator.predict(feed)]
