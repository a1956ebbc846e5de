"""Which facts are asked for, in how many processes, and what they are given."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Sequence

from pytest_kerasch2.chapter.listings import texts as listings_texts
from pytest_kerasch2.claims.recorder import steady
from pytest_kerasch2.claims.release import ABSENT, Release
from pytest_kerasch2.data import sources, synthetic
from pytest_kerasch2.early.asking import Interpreter, ask
from pytest_kerasch2.early.facts import Facts, Told
from pytest_kerasch2.errors import DataDamaged, DataMissing, FrameworkBroken, FrameworkMissing, InvalidArgument
from pytest_kerasch2.options import Settings

# Seconds for an interpreter to say what it is, and to import Keras.
FIRST_WORDS = 240.0
# What the probe is written for.
OLDEST = (3, 6)
NAMED = ("boston_housing", "cifar10", "cifar100", "fashion_mnist", "imdb", "mnist", "reuters")
BLOCKS = (
    "import-backend",
    "constant-signature",
    "training-numbers",
    "set-floatx",
    "fit",
    "evaluate",
    "save-model",
    "save-weights",
    "load-weights",
)
# Each in a process of its own: the first is about a home in which Keras never was, the others import it again.
ALONE = ("first_use.seen", "edited.values", "edited.engines", "edited.refused")
TOGETHER = (
    "settings.defaults",
    "settings.formats",
    "settings.precisions",
    "settings.epsilons",
    "functions.imported",
    "functions.standalone",
    "functions.low_level",
    "functions.signature",
    "functions.constants",
    "functions.name",
    "functions.versions",
    "counts.parameters",
    "counts.kinds_and_shapes",
    "counts.summaries",
    "counts.functional",
    "counts.placeholder",
    "layers.flatten",
    "layers.dense",
    "layers.relu",
    "layers.softmax",
    "layers.dropout",
    "layers.order",
    "training.workflow",
    "training.compiled",
    "training.losses",
    "training.alike",
    "training.unprepared",
    "training.subclassed",
    "training.same_outputs",
    "shapes.on_tensors",
    "shapes.several_inputs",
    "shapes.several_outputs",
    "shapes.shared_layers",
    "shapes.residual",
    "saving.names",
    "saving.files",
    "saving.weights_files",
    "saving.weights_alone",
    "saving.held",
    "saving.loaded",
    "saving.states",
    "saving.continued",
    "blocks.composed",
    "blocks.configured",
    "blocks.own_layer",
    "blocks.own_functions",
    "mistakes.messages",
    "printed.settings",
    "printed.training",
    "printed.saving",
    "datasets.offered",
    "datasets.shapes",
    # Last, because an index beyond an array may end the process.
    "mistakes.label_range",
)
MNIST = "datasets.mnist"
# Told by this process: what the labels in the archives are.
LABELS = "archives.labels"
ARCHIVES = "archives"


@dataclass(frozen=True)
class Surroundings:
    """What an interpreter says of itself.

    Attributes:
        release: as the results file names it; TensorFlow is absent.
        python: version of the interpreter.
        numpy: version of NumPy in it.
        platform: system and machine.
    """

    release: Release
    python: str
    numpy: str
    platform: str

    @property
    def engine(self) -> str:
        """Return Keras and its engine in words."""
        return f"Keras {self.release.keras} on {self.release.backend}"


def introduced(interpreter: Interpreter, engine: str = "") -> tuple[Surroundings, Interpreter]:
    """Return what the interpreter is, and the interpreter with its engine chosen.

    Args:
        interpreter: where to ask.
        engine: the name of the engine; CNTK, which is also the default.

    Raises:
        InvalidArgument: it is no interpreter or too old a one, or the engine is not CNTK or not the one in use.
        FrameworkMissing: it has no Keras, or no CNTK.
        FrameworkBroken: Keras cannot be imported there.
    """
    brief = replace(interpreter, deadline=min(interpreter.deadline, FIRST_WORDS))
    python = str(interpreter.python)
    told = _answer(brief, "about.interpreter", python)
    if tuple(map(int, told["python"].split(".")[:2])) < OLDEST:
        found = f"{python} is CPython {told['python']}"
        raise InvalidArgument("The interpreter is too old to be asked", found, "name one of CPython 3.6 or later")
    there = told["installed"]
    chosen = _engine(engine, there, python)
    ready = replace(interpreter, variables={**interpreter.variables, "KERAS_BACKEND": chosen})
    imported = ask(replace(ready, deadline=brief.deadline), ["about.keras"])["about.keras"]
    if "value" not in imported:
        raise FrameworkBroken(
            f"Keras cannot be imported on {chosen}",
            steady(str(imported.get("error") or imported.get("death"))),
            f"import it there by hand, `KERAS_BACKEND={chosen} {python} -c 'import keras'`; "
            "an old shared library may need LD_LIBRARY_PATH",
        )
    keras = imported["value"]
    if keras["backend"] != chosen:
        # So it is with Keras 2.4 and later, whose one engine is TensorFlow, whatever KERAS_BACKEND says.
        found = f"Keras {keras['keras']} of {python} runs on {keras['backend']}, and {chosen} was asked for"
        raise InvalidArgument(
            "The interpreter's Keras takes no other engine", found, "verify it with plain --chapter there"
        )
    release = Release(ABSENT, keras["keras"], keras["backend"])
    return Surroundings(release, told["python"], keras["numpy"], told["platform"]), ready


def _answer(interpreter: Interpreter, name: str, python: str) -> Any:
    remedy = "name the python of an environment with Keras on CNTK"
    try:
        told = ask(interpreter, [name])[name]
    except OSError as error:
        found = f"{python}: {error.strerror or error}"
        raise InvalidArgument("--chapter-python names nothing that can be run", found, remedy) from error
    if "value" not in told:
        found = steady(f"{python}: {told.get('error') or told.get('death')}")
        raise InvalidArgument("--chapter-python names no Python interpreter that this works with", found, remedy)
    return told["value"]


def _engine(wanted: str, there: Sequence[str], python: str) -> str:
    if "keras" not in there:
        found = f"no package keras for {python}"
        raise FrameworkMissing("The interpreter has no Keras", found, "install one there, such as keras==2.3.1")
    if wanted == "theano" or (not wanted and "cntk" not in there and "theano" in there):
        found = f"{python} has Keras on Theano"
        raise InvalidArgument("Keras on Theano is verified in its own interpreter", found, "run plain --chapter there")
    if wanted and wanted != "cntk":
        found = f"KERAS_BACKEND={wanted}"
        raise InvalidArgument("The engine is not CNTK", found, "unset it, or verify with plain --chapter")
    if "cntk" not in there:
        found = f"no package cntk for {python}"
        raise FrameworkMissing("The interpreter has no engine of Keras that is asked for", found, "install it there")
    return "cntk"


def gather(interpreter: Interpreter, settings: Settings) -> tuple[Facts, dict[str, Any]]:
    """Return all facts, and the data sets that were read for them as the results file names them."""
    told: dict[str, Told] = {}
    for name in ALONE:
        told.update(ask(interpreter, [name]))
    equipped = equip(interpreter)
    told.update(ask(equipped, TOGETHER))
    told[LABELS] = {"value": _labels(interpreter.folder / ARCHIVES)}
    told[MNIST], read = _mnist(equipped, settings)
    return Facts(told), read


def _labels(archives: Path) -> dict[str, dict[str, str]]:
    """Return a digest of the labels of each data set, read from the archives by our own reader."""
    found = {}
    for name in NAMED:
        data = synthetic.load(name, archives)
        found[name] = {part: _digest(getattr(data, part)) for part in ("y_train", "y_test")}
    return found


def _digest(labels: Any) -> str:
    # As numbers of one type, because the type is another fact
    return hashlib.sha256(labels.ravel().astype("float64").tobytes()).hexdigest()


def equip(interpreter: Interpreter) -> Interpreter:
    """Return the interpreter with what some facts need: the texts of the blocks, and archives of true shape."""
    archives = interpreter.folder / ARCHIVES
    if not archives.exists():
        synthetic.make(archives, NAMED)
    texts = json.dumps({block: listings_texts.text(block) for block in BLOCKS})
    named = {"KERASCH2_ARCHIVES": str(archives), "KERASCH2_BLOCKS": texts}
    return replace(interpreter, variables={**interpreter.variables, **named})


def _mnist(interpreter: Interpreter, settings: Settings) -> tuple[Told, dict[str, Any]]:
    try:
        data = sources.load("mnist", mirror=settings.mirror, offline=settings.offline)
    except (DataMissing, DataDamaged) as error:
        return {"absent": [type(error).__name__, error.happened, error.found, error.remedy]}, {}
    folder = interpreter.folder / "genuine"
    folder.mkdir(exist_ok=True)
    archive = folder / "mnist.npz"
    if Path(data.origin).is_file():
        shutil.copyfile(data.origin, str(archive))
    else:
        parts = ("x_train", "y_train", "x_test", "y_test")
        synthetic.pack_npz(archive, ((part, getattr(data, part)) for part in parts))
    ready = replace(interpreter, variables={**interpreter.variables, "KERASCH2_MNIST": str(archive)})
    return ask(ready, [MNIST])[MNIST], {"mnist": {"source": data.source, "sha256": data.digest}}
