"""Saving and loading: under which names, in which styles, what the file holds, and whether training continues."""

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any, Dict, Iterator, List

from . import styles
from .telling import attempt, message, same_bits

MODEL, WEIGHTS = "./model_name.h5", "./model_weights.h5"
# Fewer hidden units than the chapter's 512: files and steps are small, everything else is as printed.
HIDDEN = 16


@contextlib.contextmanager
def inside() -> Iterator[Path]:
    """Work in an empty folder, and give it."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield Path(folder)
        finally:
            os.chdir(str(before))


def files_in(folder: Path) -> List[str]:
    """Return the names of all that lies in a folder."""
    return sorted(each.name for each in folder.iterdir())


def _data(steps: int) -> Any:
    import numpy

    random = numpy.random.RandomState(20)
    images = random.random_sample((32 * steps, 28, 28)).astype("float32")
    return images, random.randint(0, 10, 32 * steps).astype("int64")


def _trained(style: str, steps: int = 1, dropout: float = 0.2, chosen: bool = False) -> Any:
    import keras

    model = styles.build(style, HIDDEN, dropout)
    optimizer = keras.optimizers.Adam(lr=0.0025, beta_1=0.8) if chosen else keras.optimizers.Adam()
    model.compile(optimizer=optimizer, loss=styles.LOSS, metrics=["accuracy"])
    model.fit(*_data(steps), batch_size=32, epochs=1, shuffle=False, verbose=0)
    return model


def _predicted(model: Any) -> Any:
    return model.predict(_data(1)[0][:4])


def _loaded(path: str) -> Any:
    import keras

    return keras.models.load_model(path)


def names() -> Dict[str, Any]:
    """Return what a folder holds after saving to `./model_name.h5`, and what loads from longer paths."""
    model = _trained("functional")
    found: Dict[str, Any] = {}
    with inside() as folder:
        model.save(MODEL)
        found["files"] = files_in(folder)
        (folder / "a" / "b").mkdir(parents=True)
        for name, path in (
            ("relative", "a/b/relative.h5"),
            ("absolute", str(folder / "a" / "b" / "absolute.h5")),
        ):
            model.save(path)
            found[name] = {
                "files": files_in(folder / "a" / "b"),
                "same": attempt(_weights_same, path, model),
            }
    return found


def _weights_same(path: str, model: Any) -> bool:
    return same_bits(_loaded(path).get_weights(), model.get_weights())


def files() -> Dict[str, Any]:
    """Return, for each ending and style, whether a trained model is saved, loaded, and predicts the same."""
    endings = {"h5": MODEL, "keras": "./model_name.keras", "folder": "./model_name"}
    return {name: {style: _there_and_back(style, path) for style in styles.STYLES} for name, path in endings.items()}


def _there_and_back(style: str, path: str) -> Dict[str, Any]:
    model = _trained(style)
    with inside():
        saved = attempt(lambda: model.save(path))
        folder = Path(path).is_dir()
        loaded = attempt(lambda: same_bits([_predicted(_loaded(path))], [_predicted(model)]))
    return {"saved": saved, "folder": folder, "same": loaded}


def weights_files() -> Dict[str, Any]:
    """Return, for each name and style, whether weights are saved and loaded into a model built alike."""
    return {
        name: {style: attempt(_weights_there_and_back, style, name) for style in styles.STYLES}
        for name in (WEIGHTS, "./model.weights.h5")
    }


def _weights_there_and_back(style: str, name: str) -> Dict[str, bool]:
    import numpy

    model, other = (styles.built(styles.compiled(style, HIDDEN)) for _ in range(2))
    random = numpy.random.RandomState(21)
    model.set_weights([random.random_sample(one.shape).astype(one.dtype) for one in model.get_weights()])
    with inside():
        model.save_weights(name)
        other.load_weights(name)
    return {
        "weights": same_bits(other.get_weights(), model.get_weights()),
        "predictions": same_bits([_predicted(other)], [_predicted(model)]),
    }


def weights_alone() -> Dict[str, Any]:
    """Return what a file of weights holds, and what came of loading it where it does not fit."""
    import keras

    with inside() as folder:
        path = str(folder / "model_weights.h5")
        _trained("functional").save_weights(path)
        held = _contents(path)
        image = keras.layers.Input(shape=(28, 28))
        shorter = keras.models.Model(image, keras.layers.Dense(HIDDEN)(keras.layers.Flatten()(image)))
        wider = styles.build("functional", HIDDEN + 1)
        return {
            "held": {
                "arrays": len(held["arrays"]),
                "others": sorted(set(held) - {"arrays", "absent"} - set(held["absent"])),
            },
            "sequential-list": message(lambda: styles.build("sequential-list", HIDDEN).load_weights(path)),
            "subclass": message(lambda: styles.build("subclass", HIDDEN).load_weights(path)),
            "no model": message(lambda: _loaded(path)),
            "wider": message(lambda: wider.load_weights(path)),
            "shorter": message(lambda: shorter.load_weights(path)),
        }


def _contents(path: str) -> Dict[str, Any]:
    """Return what an HDF5 file of Keras holds: architecture, training configuration, arrays and optimizer by name."""
    import h5py

    found: Dict[str, Any] = {"arrays": {}, "absent": []}
    with h5py.File(path, "r") as stream:
        for name, attribute in (("architecture", "model_config"), ("training", "training_config")):
            text = stream.attrs.get(attribute)
            found[name] = None if text is None else json.loads(text if isinstance(text, str) else text.decode())
        root = stream.get("model_weights", stream)
        root.visititems(lambda name, item: found["arrays"].update({name: item[()]}) if hasattr(item, "shape") else None)
        found["optimizer"] = {}
        if "optimizer_weights" in stream:
            state = stream["optimizer_weights"]
            state.visititems(
                lambda name, item: found["optimizer"].update({name: item[()]}) if hasattr(item, "shape") else None
            )
    found["absent"] = [name for name in ("architecture", "training", "optimizer") if not found[name]]
    return found


def held() -> Dict[str, Any]:
    """Return what the file of a trained model holds, compared with the model."""
    import numpy
    from keras import backend

    model = _trained("functional", steps=2, chosen=True)
    with inside() as folder:
        path = str(folder / "model_name.h5")
        model.save(path)
        file = _contents(path)
    layers = [(one["class_name"], one["config"]) for one in file["architecture"]["config"]["layers"]]
    dense = [[config["units"], config["activation"]] for kind, config in layers if kind == "Dense"]
    # file -> d1/d1_2/kernel:0, a scope between may carry a number
    arrays = {
        name: _one_of(file["arrays"], *name) for name in [(a, b) for a in ("d1", "d2") for b in ("kernel", "bias")]
    }
    live = [array for name in ("d1", "d2") for array in model.get_layer(name).get_weights()]
    state = [numpy.asarray(backend.get_value(one)) for one in model.optimizer.weights]
    stored = list(file["optimizer"].values())
    missing = [one for one in state if not any(same_bits([one], [other]) for other in stored)]
    return {
        "layers": [kind for kind, _ in layers],
        "dense": dense,
        "rate": [config["rate"] for kind, config in layers if kind == "Dropout"],
        "arrays": len(file["arrays"]),
        "weights same": same_bits(list(arrays.values()), live),
        "loss": file["training"]["loss"],
        "optimizer": file["training"]["optimizer_config"],
        "state": {"live": len(state), "missing": len(missing), "of the weights' shapes": _of_shapes(stored, live)},
        "numbers without an axis": [float(one) for one in stored if one.ndim == 0],
    }


def _of_shapes(stored: Any, live: Any) -> int:
    """Return how many arrays have the shape of one of the model's weights."""
    return sum(one.shape in [array.shape for array in live] for one in stored)


def _one_of(arrays: Dict[str, Any], layer: str, part: str) -> Any:
    (found,) = [array for name, array in arrays.items() if name.split("/")[0] == layer and "/" + part in name]
    return found


def loaded() -> Dict[str, Any]:
    """Return what a loaded model is: predictions, weights, optimizer, loss and accuracy; and an uncompiled one."""
    model, uncompiled = _trained("functional", chosen=True), styles.build("functional", HIDDEN)
    images, labels = _data(1)
    with inside():
        model.save(MODEL)
        again = _loaded(MODEL)
        uncompiled.save("./uncompiled.h5")
        bare = _loaded("./uncompiled.h5")
    optimizer: Any = getattr(again, "optimizer", None)
    scores = [[float(one) for one in each.evaluate(images, labels, verbose=0)] for each in (model, again)]
    return {
        "predictions": same_bits([_predicted(again)], [_predicted(model)]),
        "weights": same_bits(again.get_weights(), model.get_weights()),
        "optimizer": type(optimizer).__name__,
        "settings": {name: float(value) for name, value in optimizer.get_config().items() if name in _SETTINGS},
        "scores": scores,
        "uncompiled": {
            "optimizer": type(getattr(bare, "optimizer", None)).__name__,
            "evaluating": message(lambda: bare.evaluate(images, labels, verbose=0)),
        },
    }


# Keras 2.2 says lr where 2.3 says learning_rate.
_SETTINGS = ("lr", "learning_rate", "beta_1", "beta_2")


def states() -> Dict[str, Any]:
    """Return, for two styles, the optimizer's variables in the saved and the loaded model, and whether equal."""
    from keras import backend

    found = {}
    for style in ("sequential-list", "functional"):
        model = _trained(style, steps=2)
        with inside():
            model.save(MODEL)
            again = _loaded(MODEL)
        ones, others = ([backend.get_value(one) for one in each.optimizer.weights] for each in (model, again))
        found[style] = {"saved": len(ones), "loaded": len(others), "same": same_bits(others, ones)}
    return found


def continued() -> Dict[str, Any]:
    """Return whether training goes on from the file as in memory: without dropout for two styles, and with."""
    cases = (("sequential-list", 0.0), ("functional", 0.0), ("functional", 0.2))
    return {f"{style} {rate}": attempt(_went_on, style, rate) for style, rate in cases}


def _went_on(style: str, rate: float) -> Dict[str, Any]:
    model = _trained(style, steps=2, dropout=rate)
    images, labels = _data(4)
    with inside():
        model.save(MODEL)
        again = _loaded(MODEL)
    same = same_bits(again.get_weights(), model.get_weights())
    for each in (model, again):
        each.fit(images[64:], labels[64:], batch_size=32, shuffle=False, verbose=0)
    pairs = list(zip(again.get_weights(), model.get_weights()))
    after = [same_bits([one], [two]) for one, two in pairs]
    apart = max(float(abs(one - two).max()) for one, two in pairs)
    return {"loaded same": same, "same after": after, "apart": apart}
