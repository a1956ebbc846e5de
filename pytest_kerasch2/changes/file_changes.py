"""Files of models and weights: which endings Keras 3 takes. A name is changed wherever it is written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterator

import libcst as cst

from pytest_kerasch2.changes import edits
from pytest_kerasch2.changes.finding import GIVEN, keyword_of
from pytest_kerasch2.changes.known_change import Effect, KnownChange, Occurrence, RewriteProof
from pytest_kerasch2.changes.source_view import SourceView
from pytest_kerasch2.claims.model import KnownIssue

_SAVING = "https://github.com/keras-team/keras/blob/v3.15.1/keras/src/saving/saving_api.py"
_CHECKPOINT = "https://github.com/keras-team/keras/blob/v3.15.1/keras/src/callbacks/model_checkpoint.py"
_GUIDE = "https://keras.io/guides/migrating_to_keras_3/"
CHECKPOINT = r"keras\.callbacks\.ModelCheckpoint"
_MODEL_FILES = re.compile(r"\.(keras|h5|hdf5)$")


@dataclass(frozen=True)
class _Use:
    """A file name in a call.

    Attributes:
        call: in which it stands.
        text: the literal.
        kind: `checkpoint`, `weights_checkpoint`, `save`, `load`, `save_weights` or `load_weights`.
    """

    call: cst.Call
    text: cst.SimpleString
    kind: str

    @property
    def value(self) -> str:
        """Return the name."""
        return str(self.text.evaluated_value)


def _uses(view: SourceView) -> Iterator[_Use]:
    for call in view.calls:
        kind, name, position = _kind(view, call)
        one = edits.argument(call, name, position) if kind else None
        text = None if one is None else view.literal(one.value)
        if text is not None and isinstance(text.evaluated_value, str):
            yield _Use(call, text, kind)


def _kind(view: SourceView, call: cst.Call) -> tuple[str, str, int]:
    full = view.keras_name(call.func) or ""
    if re.fullmatch(CHECKPOINT, full):
        weights = edits.argument(call, "save_weights_only")
        only = weights is not None and cst.Module([]).code_for_node(weights.value) == "True"
        return ("weights_checkpoint" if only else "checkpoint"), "filepath", 0
    if re.fullmatch(r"keras\.models\.(load_model|save_model)", full):
        return ("load", "filepath", 0) if full.endswith("load_model") else ("save", "filepath", 1)
    method = view.method(call)
    if method in ("save_weights", "load_weights") and isinstance(call.func, cst.Attribute):
        return method, "filepath", 0
    if method == "save" and isinstance(call.func, cst.Attribute) and view.is_model(call.func.value):
        return "save", "filepath", 0
    return "", "", 0


def _new_name(value: str, kinds: set[str]) -> str | None:
    """Return what a file is called now of which this is done, or None where its name is right or nobody writes it."""
    if kinds & {"checkpoint", "save"}:
        if _MODEL_FILES.search(value) and "checkpoint" not in kinds:
            return None
        return None if value.endswith(".keras") else f"{_bare(value)}.keras"
    if kinds & {"weights_checkpoint", "save_weights"}:
        return None if value.endswith(".weights.h5") else f"{_bare(value)}.weights.h5"
    return None


def _fails(use: _Use) -> bool:
    """Whether a use fails by itself: a file of the older format can still be loaded."""
    if use.kind in ("load", "load_weights"):
        return not _MODEL_FILES.search(use.value)
    return _new_name(use.value, {use.kind}) is not None


def _bare(value: str) -> str:
    return re.sub(r"\.(ckpt|h5|hdf5|tf|model|weights|pb|cpkt)$", "", value.rstrip("/"))


def _renamed(view: SourceView, kinds: tuple[str, ...]) -> Iterator[Occurrence]:
    """Yield each use of these kinds that fails by its name; the edits are of all uses of that file."""
    uses = list(_uses(view))
    by_value: dict[str, list[_Use]] = {}
    for use in uses:
        by_value.setdefault(use.value, []).append(use)
    for use in uses:
        new = _new_name(use.value, {one.kind for one in by_value[use.value]})
        if use.kind in kinds and new is not None and _fails(use):
            renaming = tuple((one.text, edits.ReplaceText(new)) for one in by_value[use.value])
            yield Occurrence(use.call, renaming, f'"{use.value}"')


def _weights(view: SourceView) -> Iterator[Occurrence]:
    return _renamed(view, ("save_weights", "load_weights"))


def _checkpoints(view: SourceView) -> Iterator[Occurrence]:
    return (one for one in _renamed(view, ("checkpoint", "weights_checkpoint")) if not _is_whole_h5(view, one))


def _h5_checkpoints(view: SourceView) -> Iterator[Occurrence]:
    return (one for one in _renamed(view, ("checkpoint",)) if _is_whole_h5(view, one))


def _is_whole_h5(view: SourceView, one: Occurrence) -> bool:
    return _kind(view, one.node)[0] == "checkpoint" and one.detail.endswith('.h5"')


def _folders(view: SourceView) -> Iterator[Occurrence]:
    return _renamed(view, ("save", "load"))


def _formats(view: SourceView) -> Iterator[Occurrence]:
    """Yield each call with another format than HDF5, with the edits that its file needs then."""
    for call in view.calls:
        kind = _kind(view, call)[0]
        given = edits.argument(call, "save_format")
        text = None if given is None else view.literal(given.value)
        if kind not in ("save", "save_weights") or given is None or (text is not None and text.evaluated_value == "h5"):
            continue
        renaming = [edit for one in _renamed(view, (kind,)) if one.node is call for edit in one.edits]
        yield Occurrence(call, ((call, edits.DropKeywords(("save_format",))), *renaming), "save_format=")


def _keras_3(symptom: str, cause: str, source: str) -> tuple[Effect, ...]:
    return (Effect(KnownIssue(of="keras", since="3.0", symptom=symptom, cause=cause, source=source)),)


_FILES = f"import os\n{GIVEN}"

CHANGES = (
    KnownChange(
        name="weights-file-name",
        words=("save_weights", "load_weights"),
        find=_weights,
        effects=_keras_3(
            r"filename must end in `?\.weights\.h5|File format not supported",
            "Keras 3 writes weights to names that end with .weights.h5 alone", _SAVING,
        ),
        instead="Let the name of the file end with .weights.h5, wherever it is written.",
        proof=RewriteProof(
            given=GIVEN, last="2.15",
            before='model.save_weights("first.ckpt")\nmodel.set_weights([0 * one for one in model.get_weights()])\n'
            'model.load_weights("first.ckpt")',
            observe="result = [one.tolist() for one in model.get_weights()]",
        ),
    ),
    KnownChange(
        name="checkpoint-file-name",
        words=("ModelCheckpoint",),
        find=_checkpoints,
        effects=_keras_3(
            r"filepath provided must end in", "ModelCheckpoint of Keras 3 checks the ending of its file", _CHECKPOINT
        ),
        instead="Let the name end with .keras, or with .weights.h5 under save_weights_only=True.",
        proof=RewriteProof(
            given=f'{GIVEN}model.compile("sgd", loss="mse")\n', last="2.15", first="2.13",
            before='best = tf.keras.callbacks.ModelCheckpoint("best.ckpt")\n'
            'model.fit(x, y, batch_size=4, epochs=1, callbacks=[best], verbose=0)\n'
            'model = tf.keras.models.load_model("best.ckpt")',
            observe="result = [one.tolist() for one in model.get_weights()]",
        ),
    ),
    KnownChange(
        name="checkpoint-h5",
        words=("ModelCheckpoint",),
        find=_h5_checkpoints,
        effects=(
            # Keras 3.0.5 refuses it and 3.15.1 takes it; what stands between was not run.
            Effect(
                KnownIssue(
                    of="keras", since="3.0", until="3.0", symptom="filepath provided must end in",
                    cause="ModelCheckpoint of Keras 3.0 writes whole models to .keras alone", source=_CHECKPOINT,
                )
            ),
        ),
        instead="Let the name end with .keras.",
        proof=RewriteProof(
            given=f'{GIVEN}model.compile("sgd", loss="mse")\n', last="2.15", first="2.13",
            before='best = tf.keras.callbacks.ModelCheckpoint("best.h5")\n'
            "model.fit(x, y, batch_size=4, epochs=1, callbacks=[best], verbose=0)\n"
            'model = tf.keras.models.load_model("best.h5", compile=False)',
            observe="result = [one.tolist() for one in model.get_weights()]",
        ),
    ),
    KnownChange(
        name="save-to-folder",
        words=("save", "load_model", "save_model"),
        find=_folders,
        effects=_keras_3(
            r"Invalid filepath extension for saving|File format not supported",
            "Keras 3 saves a model to one file whose name ends with .keras, not to a folder", _GUIDE,
        ),
        instead="Let the name end with .keras; another program reads what model.export(folder) writes.",
        proof=RewriteProof(
            given=GIVEN, last="2.15", first="2.13",
            before='model.save("my_model")\nmodel = tf.keras.models.load_model("my_model")',
            observe="result = model.predict(x).tolist()",
        ),
    ),
    KnownChange(
        name="save-format",
        words=("save_format",),
        find=_formats,
        effects=_keras_3(
            "`save_format` argument is deprecated",
            "the ending of the file says its format, and no argument", _SAVING,
        ),
        instead="Leave save_format= out.",
        proof=RewriteProof(
            given=GIVEN, last="2.15",
            before='model.save("my_model", save_format="tf")\nmodel = tf.keras.models.load_model("my_model")',
            observe="result = model.predict(x).tolist()",
        ),
    ),
    KnownChange(
        name="checkpoint-period",
        words=("period",),
        find=keyword_of(CHECKPOINT, "period", None),
        effects=_keras_3(
            "unexpected keyword argument 'period'", "ModelCheckpoint of Keras 3 has save_freq= alone", _CHECKPOINT
        ),
        instead='Write save_freq="epoch", which is period=1; other periods count batches now.',
    ),
    KnownChange(
        name="loss-by-name-in-h5",
        words=(),
        find=None,
        effects=_keras_3(
            r"Could not deserialize 'keras\.(metrics|losses)\.|Could not locate function '(mse|mae)'",
            'a model that was compiled with "mse" or "mae" cannot be loaded from .h5 with its compilation',
            "https://github.com/keras-team/keras/blob/v3.15.1/keras/src/legacy/saving/legacy_h5_format.py",
        ),
        instead="Save to .keras, or load with compile=False and compile again.",
    ),
)  # fmt: skip
