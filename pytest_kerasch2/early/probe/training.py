"""One workflow as the chapter has it, on drawn images: what is given back and printed; and styles that train alike."""

import inspect
from typing import Any, Dict

from . import styles
from .telling import drawn, printed, same_bits

BATCH, EPOCHS, COUNT, MANY = 32, 3, 96, 1056


def workflow() -> Dict[str, Any]:
    """Return the outcome of build, compile, fit, evaluate and predict in the first way, and of two more fits."""
    import numpy
    from keras import backend

    numpy.random.seed(11)
    images, labels = drawn(COUNT)
    model = styles.built(styles.compiled("sequential-list"))
    # Rounded as the later predictions are, so that a model that learned nothing has the very same loss.
    before = _cross_entropy(_rounded(model.predict(images)), labels)
    history, fit_text = printed(lambda: model.fit(images, labels, batch_size=BATCH, epochs=EPOCHS))
    steps = int(backend.get_value(model.optimizer.iterations))
    evaluated, evaluate_text = printed(lambda: model.evaluate(images, labels))
    predicted = model.predict(images)
    printed(lambda: model.fit(numpy.tile(images, (MANY // COUNT, 1, 1)), numpy.tile(labels, MANY // COUNT)))
    default_steps = int(backend.get_value(model.optimizer.iterations)) - steps
    printed(lambda: model.fit(images, labels, batch_size=len(images)))
    whole_steps = int(backend.get_value(model.optimizer.iterations)) - steps - default_steps
    return {
        "labels": labels,
        "loss_before": before,
        "history": {name: [float(value) for value in series] for name, series in history.history.items()},
        "fit_text": fit_text,
        "steps": steps,
        "evaluated": [float(value) for value in evaluated],
        "evaluated_kind": type(evaluated).__name__,
        "evaluate_text": evaluate_text,
        "predicted": _rounded(predicted),
        "default_steps": default_steps,
        "whole_steps": whole_steps,
        "default_batch": repr(inspect.signature(type(model).fit).parameters["batch_size"].default),
    }


def _rounded(probabilities: Any) -> Any:
    import numpy

    return numpy.asarray(probabilities, dtype="float64").round(7)


def _cross_entropy(probabilities: Any, labels: Any) -> float:
    import numpy

    chosen = numpy.asarray(probabilities, dtype="float64")[numpy.arange(len(labels)), labels]
    return float(numpy.mean(-numpy.log(numpy.clip(chosen, 1e-7, 1.0))))


def compiled() -> Dict[str, Any]:
    """Return what a model has after it was compiled as printed."""
    import keras

    images, labels = drawn(32)
    optimizer = keras.optimizers.Adam()
    model = styles.build("functional", hidden=8)
    model.compile(optimizer=optimizer, loss=styles.LOSS, metrics=["accuracy"])
    loss = model.loss
    return {
        "the optimizer given": model.optimizer is optimizer,
        "optimizer": type(model.optimizer).__name__,
        "loss": loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__),
        "values": len(model.evaluate(images, labels, verbose=0)),
    }


def losses() -> Dict[str, Any]:
    """Return the loss of a perfect, an even and a wrong output for class 0, and the accuracy of 98 right of 100."""
    import keras
    import numpy

    outputs = numpy.array([[1, 0, 0], [1 / 3, 1 / 3, 1 / 3], [0.1, 0.8, 0.1]], dtype="float32")
    identity = keras.models.Sequential([keras.layers.Activation("linear", input_shape=(3,))])
    identity.compile("sgd", styles.LOSS)
    of_each = [float(identity.evaluate(row[None], numpy.zeros(1, dtype="int64"), verbose=0)) for row in outputs]
    labels = numpy.arange(100) % 10
    chosen = numpy.eye(10, dtype="float32")[numpy.where(numpy.arange(100) < 98, labels, (labels + 1) % 10)]
    judge = keras.models.Sequential([keras.layers.Activation("linear", input_shape=(10,))])
    judge.compile("sgd", styles.LOSS, metrics=["accuracy"])
    # One batch: an average over batches of unequal size is not what is asked about.
    accuracy = judge.evaluate(chosen, labels, batch_size=100, verbose=0)[1]
    return {"perfect": of_each[0], "even": of_each[1], "wrong": of_each[2], "98 of 100": float(accuracy)}


def alike() -> Dict[str, Any]:
    """Return, for each style trained from equal weights without dropout, its losses, and its distance to the first."""
    images, labels = drawn(32)
    first: Any = None
    start: Any = None
    found: Dict[str, Any] = {}
    for style in styles.STYLES:
        model = styles.built(styles.compiled(style, hidden=16, dropout=0.0))
        start = model.get_weights() if start is None else start
        model.set_weights(start)
        untrained = model.predict(images, batch_size=32)
        losses = [float(model.train_on_batch(images - 0.5, labels)[0]) for _ in range(2)]
        evaluated = [float(value) for value in model.evaluate(images, labels, batch_size=32, verbose=0)]
        chances = model.predict(images, batch_size=32)
        right = float((chances.argmax(axis=1) == labels).mean())
        weights = model.get_weights()
        first = (untrained, chances, weights) if first is None else first
        found[style] = {
            "untrained as the first": same_bits([untrained], [first[0]]),
            "losses": losses,
            "evaluated": evaluated,
            "by hand": [_cross_entropy(chances, labels), right],
            "shape": list(chances.shape),
            "moved": not same_bits(weights, start),
            "apart": max(float(abs(a - b).max()) for a, b in zip(weights, first[2])),
            "predictions apart": float(abs(chances - first[1]).max()),
        }
    return found


def unprepared() -> Dict[str, Any]:
    """Return the outcome of fitting images of float64 and labels of uint8."""
    import numpy

    images, labels = drawn(64)
    images, labels = numpy.rint(images * 255).astype("uint8") / 255.0, labels.astype("uint8")
    model = styles.compiled("functional")
    before = _cross_entropy(model.predict(images), labels)
    history = model.fit(images, labels, batch_size=32, epochs=2, verbose=0)
    return {
        "types": [str(images.dtype), str(labels.dtype)],
        "epochs": len(history.history["loss"]),
        "before": before,
        "after": _cross_entropy(model.predict(images), labels),
    }


def _standing_still(model: Any, images: Any, labels: Any) -> Dict[str, Any]:
    """Return the losses of a model that learns nothing: of evaluate, twice, and of fit."""
    import keras

    model.compile(optimizer=keras.optimizers.SGD(0.0), loss=styles.LOSS)
    judged = [float(model.evaluate(images, labels, verbose=0)) for _ in range(2)]
    return {"judged": judged, "fitted": float(model.fit(images, labels, verbose=0).history["loss"][0])}


def subclassed() -> Dict[str, Any]:
    """Return what the printed class has, is called by, and learns."""
    import numpy

    images, labels = drawn(64)
    numpy.random.seed(33)
    model = styles.subclassed()()
    fresh = {"kinds": styles.kinds(model), "names": [one.name for one in model.layers if one.name in ("d1", "d2")]}
    found_by_name = model.get_layer("d1") is model.x1
    model.compile(optimizer=_adam(), loss=styles.LOSS, metrics=["accuracy"])
    history = model.fit(images, labels, batch_size=32, epochs=3, verbose=0)
    judged = model.evaluate(images, labels, verbose=0)
    chained, outputs = _chained(model, images[:8]), model.predict(images[:8])
    still = _standing_still(styles.subclassed()(), images, labels)
    return {
        "still": still,
        "layers": fresh,
        "found by name": found_by_name,
        "placeholder": model.placeholder_shape,
        "calls": model.calls,
        "apart from chained": float(abs(chained - outputs).max()),
        "output": list(model.predict(images[:2]).shape),
        "d2": int(model.predictions.count_params()),
        "epochs": len(history.history["loss"]),
        "values": len(judged),
        "first loss": float(history.history["loss"][0]),
        "last loss": float(judged[0]),
    }


def _adam() -> Any:
    import keras

    return keras.optimizers.Adam()


def _chained(model: Any, images: Any) -> Any:
    """Return the network's formula, in 64 bits, with the weights of a model's two dense layers."""
    import numpy

    w1, b1 = (array.astype("float64") for array in model.x1.get_weights())
    w2, b2 = (array.astype("float64") for array in model.predictions.get_weights())
    powers = numpy.exp(numpy.maximum(0, images.reshape(len(images), 784) @ w1 + b1) @ w2 + b2)
    return powers / powers.sum(axis=1, keepdims=True)


def same_outputs() -> Dict[str, Any]:
    """Return whether each style, with the weights of the first, gives its outputs; some pixels are negative."""
    images = drawn(16)[0] - 0.5
    first = styles.built(styles.compiled("sequential-list"))
    wanted = first.predict(images)
    found = {}
    for style in styles.STYLES[1:]:
        other = styles.built(styles.compiled(style))
        other.set_weights(first.get_weights())
        found[style] = {"same": same_bits([other.predict(images)], [wanted]), "layers": len(styles.kinds(other))}
    return found
