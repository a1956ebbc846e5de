"""Those code blocks that do not name TensorFlow, run as printed among the names that the earlier blocks leave.

The variables `KERASCH2_BLOCKS` carries the texts as JSON: they stand in the suite, once.
"""

import json
import os
from typing import Any, Dict

from . import styles
from .saving import files_in, inside
from .telling import attempt, drawn, printed, same_bits

# Small stand-ins for the names that earlier blocks leave.
COUNT = 64


def _run(block: str, names: Dict[str, Any]) -> Dict[str, Any]:
    text = json.loads(os.environ["KERASCH2_BLOCKS"])[block]
    exec(compile(text, "<block>", "exec"), names)
    return names


def settings() -> Dict[str, Any]:
    """Run the blocks of the backend, and the one that sets two numbers."""
    from keras import backend

    def import_backend() -> str:
        return str(_run("import-backend", {})["K"].__name__)

    def constant_signature() -> float:
        return float(backend.eval(_run("constant-signature", {"K": backend, "value": 3.0})["made"]))

    def training_numbers() -> Any:
        names = _run("training-numbers", {})
        return [names["rounds"], names["per_batch"]]

    calls = (import_backend, constant_signature, training_numbers, set_floatx)
    return {call.__name__.replace("_", "-"): attempt(call) for call in calls}


def set_floatx() -> str:
    """Run the block that sets the precision, among the names that the blocks before it leave: none."""
    from keras import backend

    before = backend.floatx()
    try:
        _run("set-floatx", {"precision": "float16"})
        return str(backend.floatx())
    finally:
        backend.set_floatx(before)


def training() -> Dict[str, Any]:
    """Run the blocks that train and evaluate a model, for both Sequential ways."""
    return {style: attempt(_trained, style) for style in ("sequential-list", "sequential-add")}


def _trained(style: str) -> Dict[str, Any]:
    images, labels = drawn(COUNT)
    network = styles.built(styles.compiled(style, hidden=16))
    before = network.get_weights()
    names = {"network": network, "train_images": images, "train_labels": labels, "rounds": 2, "per_batch": 32}
    names.update(test_images=images, test_labels=labels)
    text = printed(lambda: _run("fit", names))[1]
    printed(lambda: _run("evaluate", names))
    return {
        "epochs": text.count("Epoch "),
        "moved": not same_bits(network.get_weights(), before),
        "scores": len(names["scores"]),
    }


def saving() -> Dict[str, Any]:
    """Run the blocks that save a model, and save and load weights."""
    network, other = (styles.built(styles.compiled("sequential-list", hidden=16)) for _ in range(2))
    with inside() as folder:
        saved = attempt(lambda: _run("save-model", {"network": network}) and files_in(folder))
        weights = attempt(lambda: _run("save-weights", {"network": network}) and files_in(folder))
        loaded = attempt(lambda: _run("load-weights", {"network": other}) and True)
    return {
        "save-model": saved,
        "save-weights": weights,
        "load-weights": loaded,
        "same": same_bits(other.get_weights(), network.get_weights()),
    }
