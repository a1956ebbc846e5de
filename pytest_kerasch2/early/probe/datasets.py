"""The built-in data sets: which there are, how they are loaded, and what Keras's own loaders make of our archives.

The variable KERASCH2_ARCHIVES names a folder with archives of true shape, KERASCH2_MNIST the genuine archive of MNIST;
what a loader would fetch is taken from there.
"""

import inspect
import os
from pathlib import Path
from typing import Any, Dict, List

from .telling import attempt

NAMED = ("boston_housing", "cifar10", "cifar100", "fashion_mnist", "imdb", "mnist", "reuters")
PARTS = ("x_train", "y_train", "x_test", "y_test")


def offered() -> Dict[str, Any]:
    """Return the data sets that have a `load_data`, and the required arguments of each of the seven."""
    from keras import datasets

    there = [name for name in dir(datasets) if hasattr(getattr(datasets, name), "load_data")]
    return {"there": sorted(there), "needs": {name: attempt(_needs, name) for name in NAMED}}


def _needs(name: str) -> List[str]:
    from keras import datasets

    parameters = inspect.signature(getattr(datasets, name).load_data).parameters.values()
    return [one.name for one in parameters if one.default is one.empty and one.kind is not one.VAR_KEYWORD]


def _from(name: str, folder: str) -> Any:
    """Return what `load_data` gives when each file that it asks for lies in a folder."""
    import tarfile

    from keras import datasets

    module = getattr(datasets, name)

    def get_file(fname: str, origin: str = "", untar: bool = False, **_: Any) -> str:
        path = _beneath(folder, origin.rsplit("/", 1)[-1])
        if untar:
            with tarfile.open(path) as archive:
                archive.extractall(str(Path.cwd()))
            return str(Path.cwd() / fname)
        return path

    before = module.get_file
    module.get_file = get_file
    try:
        return module.load_data()
    finally:
        module.get_file = before


def _beneath(folder: str, name: str) -> str:
    """Return the file of that name in a folder or below it."""
    (path,) = Path(folder).rglob(name)
    return str(path)


def shapes() -> Dict[str, Any]:
    """Return, for each of the seven, type and shape of its four arrays, and a digest of its labels."""
    return {name: attempt(_told, name) for name in NAMED}


def _told(name: str) -> Dict[str, Any]:
    import hashlib

    import numpy

    folder = os.environ["KERASCH2_ARCHIVES"]
    (x_train, y_train), (x_test, y_test) = _from(name, folder)
    found: Dict[str, Any] = {}
    for part, array in zip(PARTS, (x_train, y_train, x_test, y_test)):
        found[part] = {"kind": type(array).__name__, "shape": list(numpy.shape(array)), "dtype": str(array.dtype)}
        if part.startswith("y"):
            labels = numpy.ravel(array).astype("float64")
            found[part]["digest"] = hashlib.sha256(labels.tobytes()).hexdigest()
    if x_train.dtype == object:
        some = x_train[:100]
        found["examples"] = {
            "kinds": sorted({type(one).__name__ + " of " + type(word).__name__ for one in some for word in one}),
            "lengths": len({len(one) for one in some}),
        }
    return found


def mnist() -> Dict[str, Any]:
    """Return what Keras's own loader makes of the genuine MNIST."""
    import hashlib

    import numpy

    (x_train, y_train), (x_test, y_test) = _from("mnist", str(Path(os.environ["KERASCH2_MNIST"]).parent))
    found: Dict[str, Any] = {}
    for part, array in zip(PARTS, (x_train, y_train, x_test, y_test)):
        found[part] = {
            "shape": list(array.shape),
            "dtype": str(array.dtype),
            "range": [int(array.min()), int(array.max())],
            "values": numpy.unique(array).tolist() if part.startswith("y") else None,
            "sha256": hashlib.sha256(array.tobytes()).hexdigest(),
        }
    return found
