"""Names that blocks use and no block makes, and the import that makes them, where everybody writes the same one."""

from __future__ import annotations

import ast
import builtins
import re
import symtable
import warnings
from dataclasses import dataclass, replace
from typing import Iterator, Mapping, Sequence

from pytest_kerasch2.documents import parsing
from pytest_kerasch2.documents.document import DocumentBlock

_MODULES: Mapping[str, str] = {
    "tf": "import tensorflow as tf",
    "np": "import numpy as np",
    "pd": "import pandas as pd",
    "plt": "import matplotlib.pyplot as plt",
    "mpl": "import matplotlib as mpl",
    "sns": "import seaborn as sns",
    "tfds": "import tensorflow_datasets as tfds",
    "hub": "import tensorflow_hub as hub",
    "keras": "from tensorflow import keras",
    "K": "from tensorflow.keras import backend as K",
    "layers": "from tensorflow.keras import layers",
    "models": "from tensorflow.keras import models",
    "optimizers": "from tensorflow.keras import optimizers",
    "tqdm": "from tqdm import tqdm",
    "train_test_split": "from sklearn.model_selection import train_test_split",
    "StandardScaler": "from sklearn.preprocessing import StandardScaler",
    "partial": "from functools import partial",
    "Path": "from pathlib import Path",
    "defaultdict": "from collections import defaultdict",
    "Counter": "from collections import Counter",
}
_STANDARD = ("os", "sys", "time", "math", "random", "datetime", "json", "re", "glob", "shutil", "itertools", "pathlib",
             "functools", "collections", "pickle", "csv", "tempfile", "urllib", "zipfile", "io", "string")  # fmt: skip
# Modules that hold something of their own name, and how that is used.
_NAMESAKES: Mapping[str, str] = {
    "datetime": r"(?<![\w.])datetime(?:\.(?:now|today|utcnow|strptime|fromtimestamp|combine)\b|\()",
    "time": r"(?<![\w.])time\(\)",
    "glob": r"(?<![\w.])glob\(",
    "random": r"(?<![\w.])random\(\)",
}
# Public names of Keras that TensorFlow 2.0 and 2.21 both have, by their module.
_KERAS: Mapping[str, str] = {
    "models": "Sequential Model load_model save_model model_from_json clone_model",
    "layers": "Input Dense Flatten Dropout Activation Conv1D Conv2D Conv3D Conv2DTranspose SeparableConv2D"
    " DepthwiseConv2D MaxPooling1D MaxPooling2D AveragePooling1D AveragePooling2D GlobalAveragePooling1D"
    " GlobalAveragePooling2D GlobalMaxPooling1D GlobalMaxPooling2D"
    " UpSampling2D ZeroPadding2D Cropping2D BatchNormalization LayerNormalization"
    " Embedding LSTM GRU SimpleRNN Bidirectional TimeDistributed RNN Reshape Permute RepeatVector Lambda Concatenate"
    " concatenate LeakyReLU PReLU ELU ReLU Softmax GaussianNoise GaussianDropout SpatialDropout1D SpatialDropout2D"
    " Masking InputLayer Layer",
    "optimizers": "SGD Adam RMSprop Adagrad Adadelta Adamax Nadam",
    "callbacks": "EarlyStopping ModelCheckpoint TensorBoard ReduceLROnPlateau LearningRateScheduler CSVLogger Callback"
    " LambdaCallback History TerminateOnNaN",
    "utils": "to_categorical plot_model get_file",
    "datasets": "mnist fashion_mnist cifar10 cifar100 imdb boston_housing reuters",
    "regularizers": "l1 l2",
    "losses": "MeanSquaredError BinaryCrossentropy CategoricalCrossentropy SparseCategoricalCrossentropy Huber",
    "preprocessing.image": "ImageDataGenerator",
    "preprocessing.sequence": "pad_sequences",
    "preprocessing.text": "Tokenizer",
    "applications": "VGG16 VGG19 ResNet50 InceptionV3 Xception MobileNet MobileNetV2",
}
_HIDDEN = {"__name__", "__file__", "__doc__", "get_ipython", "display", "In", "Out", "_", "__builtins__"}


@dataclass(frozen=True)
class Gap:
    """A name that a block uses and that nothing before makes.

    Attributes:
        name: which.
        block: the number of the first block that uses it.
        statement: the import that makes it, or an empty text.
        later: the number of the block behind it that makes it, or None.
        broken: the number of a block that would make it, and does not parse.
    """

    name: str
    block: int
    statement: str = ""
    later: int | None = None
    broken: int | None = None


@dataclass(frozen=True)
class BlockNames:
    """Names of a block.

    Attributes:
        used: when it runs.
        later: by its functions, when they are called.
        names_made: by it.
        everything: whether it imports whatever a module has.
    """

    used: frozenset[str]
    later: frozenset[str]
    names_made: frozenset[str]
    everything: bool


def gaps(blocks: Sequence[DocumentBlock]) -> list[Gap]:
    """Return the names that are missing in the runnable blocks of a document, each once, in their order."""
    parts = [(group[0].number, names_of("".join(one.code for one in group))) for group in groups(blocks)]
    makers = {name: number for number, names in reversed(parts) for name in names.names_made}
    so_far: set[str] = set(dir(builtins)) | _HIDDEN
    missing: dict[str, Gap] = {}
    for number, names in parts:
        if names.everything:
            # `from module import *` may make any name.
            break
        now = sorted(names.used - so_far - names.names_made)
        functions = sorted(names.later - so_far - names.names_made - set(makers))
        for name in [*now, *functions]:
            gap = _gap(name, number, makers.get(name), parts)
            if gap.statement:
                gap = replace(gap, statement=_as_used(name, gap.statement, blocks))
            missing.setdefault(name, replace(gap, broken=_broken_maker(name, blocks)))
        so_far |= names.names_made | set(missing)
    return list(missing.values())


def _gap(name: str, number: int, later: int | None, parts: Sequence[tuple[int, BlockNames]]) -> Gap:
    statement = import_of(name)
    door = any(names.everything for _, names in parts)
    return Gap(name, number, "" if door else statement, later)


def _as_used(name: str, statement: str, blocks: Sequence[DocumentBlock]) -> str:
    """Return the import of a module, or of what it holds under its own name where that is what the blocks use."""
    inner = _NAMESAKES.get(name)
    if inner is None or not any(re.search(inner, one.code, re.MULTILINE) for one in blocks if one.runnable):
        return statement
    return f"from {name} import {name}"


def _broken_maker(name: str, blocks: Sequence[DocumentBlock]) -> int | None:
    """Return the number of the block that would make a name if it were Python."""
    escaped = re.escape(name)
    maker = re.compile(rf"^\s*(?:(?:class|def)\s+{escaped}\b|{escaped}\s*=[^=])", re.MULTILINE)
    return next((one.number for one in blocks if one.problem and maker.search(one.code)), None)


def import_of(name: str) -> str:
    """Return the import that makes a name, or an empty text."""
    if name in _MODULES:
        return _MODULES[name]
    if name in _STANDARD:
        return f"import {name}"
    for module, names in _KERAS.items():
        if name in names.split():
            return f"from tensorflow.keras.{module} import {name}"
    return ""


def imports() -> Iterator[str]:
    """Yield each import that may be inserted."""
    yield from _MODULES.values()
    for module, names in _KERAS.items():
        yield from (f"from tensorflow.keras.{module} import {name}" for name in names.split())


def groups(blocks: Sequence[DocumentBlock]) -> list[list[DocumentBlock]]:
    """Return the runnable blocks, with those together that one function is split over."""
    grouped: list[list[DocumentBlock]] = []
    for block in blocks:
        if not block.runnable:
            continue
        if block.joined is not None and grouped:
            grouped[-1].append(block)
        else:
            grouped.append([block])
    return grouped


def names_of(code: str) -> BlockNames:
    """Return the names of code; none where it does not parse."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            table = symtable.symtable(code, "document", "exec")
        except (SyntaxError, ValueError, RecursionError):
            return BlockNames(frozenset(), frozenset(), frozenset(), False)
    symbols = table.get_symbols()
    names_made = {one.get_name() for one in symbols if one.is_assigned() or one.is_imported()}
    used = {one.get_name() for one in symbols if one.is_referenced()}
    later: set[str] = set()
    for child in table.get_children():
        runs_now = child.get_type() == "class" or child.get_name() in ("listcomp", "setcomp", "dictcomp", "genexpr")
        _of_inner(child, used if runs_now else later, later, names_made)
    return BlockNames(frozenset(used), frozenset(later), frozenset(names_made), _imports_everything(code))


def names_from_before(code: str) -> frozenset[str]:
    """Return the names of code that it uses before it makes them, so that they come from an earlier block."""
    names = names_of(code)
    try:
        body = parsing.tree(code).body
    except SyntaxError:
        return names.used | names.later
    bound: set[str] = set()
    read: set[str] = set()
    added: set[str] = set()
    for statement in body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            bound.add(statement.name)
            continue
        nodes = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
        stored = {node.id for node in nodes if isinstance(node.ctx, ast.Store)}
        if isinstance(statement, ast.AugAssign):
            added |= stored - bound
        loop = ast.walk(statement.target) if isinstance(statement, ast.For) else ()
        targets = {node.id for node in loop if isinstance(node, ast.Name)}
        read |= {node.id for node in nodes if isinstance(node.ctx, ast.Load)} - bound - targets
        # What only one way through a statement makes may not be made.
        if isinstance(statement, (ast.Assign, ast.AnnAssign, ast.With)):
            bound |= stored
    needed = names.used | names.later
    return frozenset((needed & read) | (needed - names.names_made) | added)


def _of_inner(table: symtable.SymbolTable, now: set[str], later: set[str], names_made: set[str]) -> None:
    for symbol in table.get_symbols():
        if symbol.is_global() and symbol.is_referenced():
            now.add(symbol.get_name())
        if symbol.is_declared_global() and symbol.is_assigned():
            names_made.add(symbol.get_name())
    for child in table.get_children():
        inner = now if child.get_type() == "class" or child.get_name().endswith(("comp", "genexpr")) else later
        _of_inner(child, inner, later, names_made)


def _imports_everything(code: str) -> bool:
    return "import *" in code
