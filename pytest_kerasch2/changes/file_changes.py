"""Files of models and weights: which endings Keras 3 takes. A name is changed wherever it is written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Iterator

import libcst as cst

from pytest_kerasch2.changes import edits
from pytest_kerasch2.changes.file_names import FileName, file_name
from pytest_kerasch2.changes.finding import GIVEN, keyword_of
from pytest_kerasch2.changes.known_change import Effect, KnownChange, Occurrence, RewriteProof
from pytest_kerasch2.changes.source_view import Edit, SourceView, dotted
from pytest_kerasch2.claims.model import KnownIssue

_SAVING = "https://github.com/keras-team/keras/blob/v3.15.1/keras/src/saving/saving_api.py"
_CHECKPOINT = "https://github.com/keras-team/keras/blob/v3.15.1/keras/src/callbacks/model_checkpoint.py"
_GUIDE = "https://keras.io/guides/migrating_to_keras_3/"
CHECKPOINT = r"keras\.callbacks\.ModelCheckpoint"
_MODEL_FILES = re.compile(r"\.(keras|h5|hdf5)$")
# Functions that went, and what took their place.
_EXPERIMENTAL = {
    "keras.experimental.export_saved_model": "save_model",
    "keras.experimental.load_from_saved_model": "load_model",
}
# Endings that belong to another package than Keras.
_FOREIGN_FILES = re.compile(
    r"\.(pt|pth|pkl|pickle|joblib|npy|npz|png|jpe?g|gif|svg|pdf|json|txt|csv|onnx|tflite|zip|bin|mdl|model|caffemodel)$"
)
# What is done with a file of a whole model, and with one of weights alone.
_WHOLE, _WEIGHTS = {"checkpoint", "save"}, {"weights_checkpoint", "save_weights"}
_code = cst.Module([]).code_for_node
# What is taken off a name before its new ending is put on.
_ENDINGS = r"(\.weights)?\.(ckpt|h5|hdf5|tf|weights|pb|cpkt|keras)$|/+$"


@dataclass(frozen=True)
class _Use:
    """A file name in a call.

    Attributes:
        call: in which it stands.
        name: the file.
        kind: `checkpoint`, `weights_checkpoint`, `save`, `load`, `save_weights` or `load_weights`.
    """

    call: cst.Call
    name: FileName
    kind: str


def _uses(view: SourceView) -> Iterator[_Use]:
    for call in view.calls:
        kind, name, position = _kind(view, call)
        one = edits.argument(call, name, position) if kind else None
        file = None if one is None else file_name(view, one.value)
        if file is not None:
            yield _Use(call, file, kind)


def _kind(view: SourceView, call: cst.Call) -> tuple[str, str, int]:
    full = view.keras_name(call.func) or ""
    if re.fullmatch(CHECKPOINT, full):
        weights = edits.argument(call, "save_weights_only")
        only = "False" if weights is None else cst.Module([]).code_for_node(weights.value)
        # What is only known when it runs is neither.
        kinds = {"True": "weights_checkpoint", "False": "checkpoint"}
        return kinds.get(only, "unknown_checkpoint"), "filepath", 0
    if full in _EXPERIMENTAL:
        return ("load" if "load" in full else "save"), "saved_model_path", 0 if "load" in full else 1
    if re.fullmatch(r"keras\.models\.(load_model|save_model)", full):
        return ("load", "filepath", 0) if full.endswith("load_model") else ("save", "filepath", 1)
    method = view.method(call)
    if not isinstance(call.func, cst.Attribute) or view.is_foreign(call.func.value):
        return "", "", 0
    if method in ("save_weights", "load_weights"):
        return method, "filepath", 0
    if method == "save" and view.is_model(call.func.value):
        return "save", "filepath", 0
    return "", "", 0


def _new_ending(names: set[str], kinds: set[str]) -> str | None:
    """Return how a file ends now of which this is done, or None where its name is right, or nobody knows a new one."""
    whole, weights = kinds & _WHOLE, kinds & _WEIGHTS
    if "unknown_checkpoint" in kinds or (whole and weights) or any(_FOREIGN_FILES.search(one) for one in names):
        # What writes both to one name has them overwrite each other, or lie side by side in a folder.
        return None
    if whole:
        if "checkpoint" not in kinds and all(_MODEL_FILES.search(one) for one in names):
            return None
        return None if all(one.endswith(".keras") for one in names) else ".keras"
    if weights and "load" not in kinds:
        return None if all(one.endswith(".weights.h5") for one in names) else ".weights.h5"
    return None


def _fails(use: _Use) -> bool:
    """Whether a use fails by itself: a file of the older format can still be loaded."""
    if use.kind in ("load", "load_weights"):
        return not _MODEL_FILES.search(use.name.text)
    return _new_ending({use.name.text}, {use.kind}) is not None


def _groups(view: SourceView, uses: list[_Use]) -> list[list[_Use]]:
    """Return uses of one file together: those of one name, and those that write its end at one place."""
    groups: list[list[_Use]] = []
    for use in uses:
        same = [
            group
            for group in groups
            if any(one.name.text == use.name.text or one.name.end is use.name.end for one in group)
        ]
        groups = [group for group in groups if not any(group is one for one in same)]
        groups.append([*(one for group in same for one in group), use])
    return [part for group in groups for part in _in_turn(view, group)]


def _in_turn(view: SourceView, group: list[_Use]) -> list[list[_Use]]:
    """Part the uses of one name under which models and weights are saved by turns: what is loaded was saved last.

    That is so of files, each of which takes the place of the one before; a folder of a model and a checkpoint of
    weights lie side by side. What is written at one place has one name.
    """
    kinds = {one.kind for one in group}
    mixed = kinds & _WHOLE and kinds & _WEIGHTS and all(_MODEL_FILES.search(one.name.text) for one in group)
    in_order = all(view.is_of_module(one.call.func) for one in group)
    if not mixed or not in_order or len({id(one.name.end) for one in group}) < len(group):
        return [group]
    parts: list[list[_Use]] = []
    for use in group:
        saves = use.kind in _WHOLE | _WEIGHTS
        if not parts or (saves and any(one.kind in _WHOLE | _WEIGHTS for one in parts[-1])):
            parts.append([])
        parts[-1].append(use)
    return parts


def _renamed(view: SourceView, kinds: tuple[str, ...]) -> Iterator[Occurrence]:
    """Yield each use of these kinds that fails by its name; the edits are of all uses of that file."""
    uses = list(_uses(view))
    calls = {id(one.call) for one in uses}
    groups = _groups(view, uses)
    for group in groups:
        ending = _group_ending(group, groups)
        if ending is None:
            continue
        free = not any(_is_used_elsewhere(view, one.name, calls) or _has_more(one.call) for one in group)
        free = free and not any(_meets(group, other, groups) for other in groups if other is not group)
        renaming = [(one.name.end, edits.ReplaceEnding(_ENDINGS, ending)) for one in group]
        for use in group:
            if use.kind in kinds and _fails(use):
                folder = [] if use.kind not in ("save", "save_weights") else _made_folder(view, use)
                yield Occurrence(use.call, (*renaming, *folder) if free else (), _detail(use, bool(folder)))


def _group_ending(group: list[_Use], groups: list[list[_Use]]) -> str | None:
    """Return how a file ends now; with its old ending before it where another file differs from it by that alone."""
    ending = _new_ending(_names(group), {one.kind for one in group})
    old = {
        match.group(2) for match in (re.search(_ENDINGS, name) for name in _names(group)) if match and match.group(2)
    }
    if ending is None or len(old) != 1:
        return ending
    stems = {re.sub(_ENDINGS, "", name) for name in _names(group)}
    others = {
        re.sub(_ENDINGS, "", name) for other in groups if not _names(other) & _names(group) for name in _names(other)
    }
    return f"_{old.pop()}{ending}" if stems & others else ending


def _names(group: list[_Use]) -> set[str]:
    return {one.name.text for one in group}


def _meets(group: list[_Use], other: list[_Use], groups: list[list[_Use]]) -> bool:
    """Whether a file would get the name that another file has, or gets too."""
    own, others = _names(group), _names(other)
    return not own & others and bool(_names_then(group, groups) & (others | _names_then(other, groups)))


def _names_then(group: list[_Use], groups: list[list[_Use]]) -> set[str]:
    ending = _group_ending(group, groups)
    return set() if ending is None else {f"{re.sub(_ENDINGS, '', one.name.text)}{ending}" for one in group}


def _detail(use: _Use, has_folder: bool) -> str:
    unmade = use.kind in ("save", "save_weights") and _folder(use.name) and not has_folder
    warning = ", whose folder must exist" if unmade and not _MODEL_FILES.search(use.name.text) else ""
    return f'"{use.name.text}"{warning}'


def _has_more(call: cst.Call) -> bool:
    """Whether a call has arguments by position that Keras 3 takes for others, or that are not written there."""
    method = call.func.attr.value if isinstance(call.func, cst.Attribute) else ""
    most = {"save": 2, "save_weights": 2, "load_weights": 1}.get(method)
    return any(one.star for one in call.args) or (
        most is not None and sum(one.keyword is None for one in call.args) > most
    )


def _made_folder(view: SourceView, use: _Use) -> list[tuple[cst.CSTNode, Edit]]:
    """Return the edit that makes the folder of a file: Keras 2 made it for a checkpoint, and Keras 3 makes none."""
    folder = _folder(use.name)
    line, tf = view.lines.get(use.call), view.imported_as("tensorflow", view.line(use.call))
    if not folder or "{" in folder or _MODEL_FILES.search(use.name.text) or line is None or tf is None:
        return []
    if folder.startswith("/") or re.search(r"\b(makedirs|mkdir)\b", view.code):
        return []
    return [(line, edits.InsertBefore(f"{tf}.io.gfile.makedirs({folder!r})"))]


def _folder(name: FileName) -> str:
    """Return the folder of a file as it is written, or an empty text where it is the one in which the code runs."""
    folder = name.text.rstrip("/").rpartition("/")[0]
    return "" if folder == "." else folder


def _is_used_elsewhere(view: SourceView, name: FileName, calls: set[int]) -> bool:
    """Whether a file is also used where it is not known what becomes of a new name."""
    if any(not _is_harmless(view, use, calls) for one in name.names for use in view.uses_of(one)):
        return True
    if "{" in name.text:
        return False
    texts: list[str] = []
    for call in view.calls:
        if id(call) in calls or (view.name(call.func) or dotted(call.func)) in ("print", "os.path.join"):
            continue
        for one in call.args:
            text = one.value.evaluated_value if isinstance(one.value, cst.SimpleString) else None
            if isinstance(text, str) and (one.keyword is None or one.keyword.value != "name"):
                texts.append(text)
    beside = (f"{name.text}.", f"{name.text}/")
    return any(one.rstrip("/") == name.text.rstrip("/") or one.startswith(beside) for one in texts)


def _is_harmless(view: SourceView, use: cst.CSTNode, calls: set[int]) -> bool:
    call = view.call_of(use)
    if call is None or id(call) in calls:
        return True
    called = view.name(call.func) or dotted(call.func) or ""
    method = call.func.attr.value if isinstance(call.func, cst.Attribute) else ""
    return called == "print" or called.startswith(("os.path.", "pathlib.")) or method == "format" or called in (
        "str", "os.remove", "os.unlink", "os.stat", "tensorflow.io.gfile.exists", "os.fspath",
    )  # fmt: skip


def _weights(view: SourceView) -> Iterator[Occurrence]:
    return _renamed(view, ("save_weights", "load_weights"))


def _checkpoints(view: SourceView) -> Iterator[Occurrence]:
    return (one for one in _renamed(view, ("checkpoint", "weights_checkpoint")) if not _is_whole_h5(view, one))


def _h5_checkpoints(view: SourceView) -> Iterator[Occurrence]:
    return (one for one in _renamed(view, ("checkpoint",)) if _is_whole_h5(view, one))


def _is_whole_h5(view: SourceView, one: Occurrence) -> bool:
    return _kind(view, one.node)[0] == "checkpoint" and one.detail.endswith('.h5"')


def _experimental(view: SourceView) -> Iterator[Occurrence]:
    """Yield `tf.keras.experimental.export_saved_model(model, path)` and its kin, with the edits that its file needs."""
    renamed = list(_renamed(view, ("save", "load")))
    for call in view.calls:
        full = view.keras_name(call.func) or ""
        new = _EXPERIMENTAL.get(full)
        door = _code(call.func).rpartition(".experimental.")[0]
        if new is None:
            continue
        file = next((one.edits for one in renamed if one.node is call), None)
        simple = bool(file) and bool(door) and len(call.args) == (1 if new == "load_model" else 2)
        done: tuple[tuple[Any, Edit], ...] = ((call.func, edits.ReplaceWith(f"{door}.models.{new}")), *(file or ()))
        yield Occurrence(call, done if simple else (), f"{full.rpartition('.')[2]}()")


def _periods(view: SourceView) -> Iterator[Occurrence]:
    """Yield `ModelCheckpoint(..., period=5)`: five times as many batches as the training that it is of has a round."""
    for one in keyword_of(CHECKPOINT, "period", None)(view):
        period = edits.argument(one.node, "period")
        assert period is not None
        drop = (one.node, edits.DropKeywords(("period",)))
        batches = _batches(view, one.node)
        if _code(period.value) == "1":
            yield Occurrence(one.node, (drop,), one.detail)
        elif batches is None or edits.argument(one.node, "save_freq") is not None:
            yield one
        else:
            every = edits.SetArgument("save_freq", 99, f"{_code(period.value)} * {batches}", add=True)
            yield Occurrence(one.node, (drop, (one.node, every)), one.detail)


def _batches(view: SourceView, callback: cst.Call) -> str | None:
    """Return the number of batches of the only training that has a callback, as code; None where nobody knows it."""
    trainings = [one for one in view.calls if view.method(one) == "fit" and _has_callback(view, one, callback)]
    if len(trainings) != 1 or any(one.star for one in trainings[0].args):
        return None
    data, size = edits.argument(trainings[0], "x", 0), edits.argument(trainings[0], "batch_size", 2)
    unlike = ("validation_split", "steps_per_epoch")
    if data is None or any(edits.argument(trainings[0], one) for one in unlike) or not _is_array(view, data.value):
        return None
    if view.line(trainings[0]) < view.line(callback):
        return None
    return f"-(-len({_code(data.value)}) // {'32' if size is None else _code(size.value)})"


def _is_array(view: SourceView, node: cst.BaseExpression) -> bool:
    """Whether data have a length that is the number of their rows, and not one of batches: its labels stand beside."""
    call = view.call_of(node)
    return isinstance(node, cst.Name) and call is not None and edits.argument(call, "y", 1) is not None


def _has_callback(view: SourceView, training: cst.Call, callback: cst.Call) -> bool:
    given = edits.argument(training, "callbacks")
    if given is None or not isinstance(given.value, cst.List):
        return False
    return any(
        one.value is callback or view.value_of(one.value) is callback
        for one in given.value.elements
        if isinstance(one.value, (cst.Name, cst.Call))
    )


def _folders(view: SourceView) -> Iterator[Occurrence]:
    for one in _renamed(view, ("save", "load")):
        if view.keras_name(one.node.func) in _EXPERIMENTAL:
            continue
        given = edits.argument(one.node, "save_format")
        text = None if given is None else view.literal(given.value)
        # A file of HDF5, whatever its name: `save-format` names it so.
        if text is None or text.evaluated_value != "h5":
            yield one


def _formats(view: SourceView) -> Iterator[Occurrence]:
    """Yield each call with another format than HDF5, with the edits that its file needs then."""
    for call in view.calls:
        kind = _kind(view, call)[0]
        given = edits.argument(call, "save_format")
        text = None if given is None else view.literal(given.value)
        if kind not in ("save", "save_weights") or given is None:
            continue
        drop = (call, edits.DropKeywords(("save_format",)))
        texts = [one for one in _renamed(view, (kind,)) if one.node is call]
        name = edits.argument(call, "filepath", 1 if view.method(call) is None else 0)
        file = None if name is None else file_name(view, name.value)
        if text is not None and text.evaluated_value == "h5" and kind == "save":
            # Keras 3 only warns where the name says so too.
            if file is None or not _MODEL_FILES.search(file.text):
                yield Occurrence(call, (), "save_format=")
            continue
        if file is None or (texts and not texts[0].edits):
            yield Occurrence(call, (), "save_format=")
            continue
        yield Occurrence(call, (drop, *(edit for one in texts for edit in one.edits)), "save_format=")


def _statuses(view: SourceView) -> Iterator[Occurrence]:
    """Yield `load_weights(...).expect_partial()`; Keras 3 gives back nothing."""
    for call in view.calls:
        inner = call.func.value if isinstance(call.func, cst.Attribute) else None
        if isinstance(inner, cst.Call) and view.method(inner) == "load_weights" and not call.args:
            name = call.func.attr.value if isinstance(call.func, cst.Attribute) else ""
            if name in ("expect_partial", "assert_consumed", "assert_existing_objects_matched"):
                yield Occurrence(call, ((call, edits.TakeReceiver()),), f"{name}()")


def _latest(view: SourceView) -> Iterator[Occurrence]:
    """Yield `tf.train.latest_checkpoint` of weights of Keras: it knows only what a checkpoint of TensorFlow left.

    There is no rewrite: files of one second have one time for TensorFlow, so which is the newest cannot be told.
    """
    if re.search(r"train\.(Checkpoint|CheckpointManager)\b", view.code):
        return
    if any(one.kind in ("save_weights", "weights_checkpoint") for one in _uses(view)):
        for call in view.calls:
            if view.name(call.func) == "tensorflow.train.latest_checkpoint":
                yield Occurrence(call, (), "latest_checkpoint")


def _keras_3(symptom: str, cause: str, source: str) -> tuple[Effect, ...]:
    return (Effect(KnownIssue(of="keras", since="3.0", symptom=symptom, cause=cause, source=source)),)


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
            before='path = "cps/first.ckpt"\nmodel.save_weights(path)\n'
            "model.set_weights([0 * one for one in model.get_weights()])\nmodel.load_weights(path)\n"
            'for number in range(2):\n    model.save_weights(f"cp-{number}.h5")\nmodel.load_weights("cp-%d.h5" % 1)',
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
            # Run on Keras 3.0.5 and 3.15.1; the boundary was read at the tags of Keras.
            Effect(
                KnownIssue(
                    of="keras", since="3.0", until="3.7", symptom="filepath provided must end in",
                    cause="ModelCheckpoint of Keras 3.0 to 3.7 writes whole models to .keras alone", source=_CHECKPOINT,
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
            "`save_format` argument is deprecated|unexpected keyword argument 'save_format'",
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
        find=_periods,
        effects=_keras_3(
            "unexpected keyword argument 'period'", "ModelCheckpoint of Keras 3 has save_freq= alone", _CHECKPOINT
        ),
        instead="Write save_freq=, which counts batches; left out, it is period=1.",
        proof=RewriteProof(
            given=f'import glob\n{GIVEN}model.compile("sgd", loss="mse")\n', last="2.15", first="2.13",
            before='every = tf.keras.callbacks.ModelCheckpoint("cp-{epoch}.keras", period=2)\n'
            'each = tf.keras.callbacks.ModelCheckpoint("all-{epoch}.keras", period=1)\n'
            "model.fit(x, y, batch_size=3, epochs=5, callbacks=[every, each], verbose=0)",
            observe="result = sorted(glob.glob('*.keras'))",
        ),
    ),
    KnownChange(
        name="export-saved-model",
        words=("export_saved_model", "load_from_saved_model"),
        find=_experimental,
        effects=(
            # Run on 2.0.0, and on 2.1.4, where it is gone.
            Effect(
                KnownIssue(
                    since="2.1", symptom="has no attribute '(export_saved_model|load_from_saved_model)'",
                    cause="a model is saved by save, and loaded by load_model",
                    source="https://github.com/tensorflow/tensorflow/releases/tag/v2.1.0",
                )
            ),
        ),
        instead="Write tf.keras.models.save_model and load_model.",
        proof=RewriteProof(
            given=GIVEN, last="2.0", first="2.13",
            before='path = "folder"\ntf.keras.experimental.export_saved_model(model, path)\n'
            "model = tf.keras.experimental.load_from_saved_model(path)",
            observe="result = model.predict(x).tolist()",
        ),
    ),
    KnownChange(
        name="status-of-loading",
        words=("expect_partial", "assert_consumed", "assert_existing"),
        find=_statuses,
        effects=_keras_3(
            "'NoneType' object has no attribute '(expect_partial|assert_)",
            "load_weights of Keras 3 gives nothing back",
            _SAVING,
        ),
        instead="Leave it out: all weights of a file are loaded, or an error tells.",
        proof=RewriteProof(
            given=GIVEN, last="2.15", also=("weights-file-name",),
            before='model.save_weights("first.ckpt")\nmodel.set_weights([0 * one for one in model.get_weights()])\n'
            'model.load_weights("first.ckpt").expect_partial()',
            observe="result = [one.tolist() for one in model.get_weights()]",
        ),
    ),
    KnownChange(
        name="latest-checkpoint",
        words=("latest_checkpoint",),
        find=_latest,
        effects=_keras_3(
            "(?!)", "tf.train.latest_checkpoint knows no files of weights of Keras 3, and gives None", _SAVING
        ),
        instead="Look for the newest file that ends with .weights.h5.",
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
