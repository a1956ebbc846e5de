"""Names that moved or went: modules of Keras, functions of losses, arguments of layers, seeds."""

from __future__ import annotations

import re
from typing import Iterator

import libcst as cst

from pytest_kerasch2.changes import attempts, edits
from pytest_kerasch2.changes.finding import (
    GIVEN,
    Find,
    attribute_of,
    imported,
    keyword_of,
    method_call,
    module_of,
    under,
)
from pytest_kerasch2.changes.known_change import Effect, KnownChange, Occurrence, RewriteProof
from pytest_kerasch2.changes.source_view import Edit, SourceView, dotted
from pytest_kerasch2.claims.model import KnownIssue

_TAG = "https://github.com/keras-team/keras/blob/v3.15.1/keras"
_MIGRATE = "https://www.tensorflow.org/guide/migrate"
# Modules below keras.layers, by the release since which they are gone.
_MOVED = {
    "2.13": "core|convolutional|pooling|noise",
    "2.9": "recurrent|embeddings|merge|advanced_activations|wrappers|local",
    "2.6": "normalization",
}
_GONE_LAYERS = (
    "LocallyConnected1D", "LocallyConnected2D", "CuDNNLSTM", "CuDNNGRU", "Merge", "Highway", "MaxoutDense",
    "TimeDistributedDense", "ConvRecurrent2D", "RandomFourierFeatures", "DenseFeatures",
    # Those of `keras.layers.recurrent` have another activation than those of `keras.layers`.
    "LSTM", "GRU", "LSTMCell", "GRUCell",
)  # fmt: skip
_MERGING = ("add", "average", "concatenate", "dot", "maximum", "minimum", "multiply", "subtract")
_SHORT = {
    "mean_squared_error": "MSE",
    "mean_absolute_error": "MAE",
    "mean_absolute_percentage_error": "MAPE",
    "mean_squared_logarithmic_error": "MSLE",
}
_FUNCTIONS = {f"tensorflow.keras.{where}.{old}": new for where in ("losses", "metrics") for old, new in _SHORT.items()}
# What has a state of its own, or draws nothing.
_OWN_GENERATORS = ("default_rng", "RandomState", "Generator", "SeedSequence")
_BACKEND_GONE = ("function", "learning_phase", "set_learning_phase", "manual_variable_initialization")
# Functions that the `tensorflow.keras.backend` of Keras 3 has, and its `keras.backend` has not.
_BACKEND_FUNCTIONS = (
    "abs", "all", "any", "argmax", "argmin", "batch_dot", "batch_flatten", "binary_crossentropy", "cast",
    "categorical_crossentropy", "clip", "concatenate", "constant", "cos", "cumprod", "cumsum", "dot", "elu", "equal",
    "exp", "expand_dims", "eye", "flatten", "gather", "greater", "greater_equal", "hard_sigmoid", "l2_normalize",
    "less", "less_equal", "log", "max", "maximum", "mean", "min", "minimum", "not_equal", "ones", "ones_like",
    "permute_dimensions", "pow", "prod", "random_normal", "random_uniform", "relu", "repeat", "reshape", "reverse",
    "round", "shape", "sigmoid", "sign", "sin", "softmax", "softplus", "softsign", "sparse_categorical_crossentropy",
    "sqrt", "square", "squeeze", "stack", "std", "sum", "tanh", "tile", "transpose", "truncated_normal", "var",
    "zeros", "zeros_like",
)  # fmt: skip
_BACKEND_KEPT = {f"keras.backend.{one}" for one in _BACKEND_FUNCTIONS}
_BACKEND_BOTH = (
    "backend", "clear_session", "epsilon", "floatx", "image_data_format", "set_epsilon", "set_floatx",
    "set_image_data_format",
)  # fmt: skip
_BACKEND_NAMES = {*_BACKEND_FUNCTIONS, *_BACKEND_BOTH}
_OPTIMIZERS = ("SGD", "Adam", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Nadam")


def _moved_layers(modules: str) -> Find:
    """Return what finds imports of modules below keras.layers."""

    def find(view: SourceView) -> Iterator[Occurrence]:
        for node in view.imports:
            module = module_of(node) if isinstance(node, cst.ImportFrom) else ""
            if isinstance(node, cst.ImportFrom) and re.match(rf"keras\.layers\.({modules})(\.\w+)?$", module):
                edit = ((node, edits.ImportFromModule(f"{_door(node)}keras.layers")),) if _is_kept(node) else ()
                yield Occurrence(node, edit, module)

    return find


def _is_kept(node: cst.ImportFrom) -> bool:
    """Whether all that an import of a module of layers brings is in keras.layers too."""
    if isinstance(node.names, cst.ImportStar):
        return False
    names = [str(one.evaluated_name) for one in node.names]
    return all((one[:1].isupper() and one not in _GONE_LAYERS and len(one) > 1) or one in _MERGING for one in names)


def _np_utils(view: SourceView) -> Iterator[Occurrence]:
    for node in view.imports:
        if not isinstance(node, cst.ImportFrom) or isinstance(node.names, cst.ImportStar):
            continue
        door = _door(node)
        if module_of(node) == "keras.utils.np_utils":
            yield Occurrence(node, ((node, edits.ImportFromModule(f"{door}keras.utils")),), "np_utils")
        elif module_of(node) == "keras.utils" and any(one.evaluated_name == "np_utils" for one in node.names):
            edit = edits.ImportFromModule(f"{door}keras", "utils")
            split = edit if len(node.names) == 1 else edits.SplitImport("np_utils", edit)
            yield Occurrence(node, ((node, split),), "np_utils")


def _door(node: cst.ImportFrom) -> str:
    """Return what leads to Keras in an import: `tensorflow.`, or nothing."""
    return "tensorflow." if "tensorflow" in _code(node.module) else ""


def _code(node: cst.CSTNode | None) -> str:
    return "" if node is None else cst.Module([]).code_for_node(node)


def _experimental(view: SourceView) -> Iterator[Occurrence]:
    name = "keras.layers.experimental.preprocessing"
    for node in view.imports:
        if isinstance(node, cst.ImportFrom) and module_of(node) == name:
            door = _door(node)
            yield Occurrence(node, ((node, edits.ImportFromModule(f"{door}keras.layers")),), name)
        elif isinstance(node, cst.ImportFrom) and list(imported(node)) == [name]:
            door = _door(node)
            yield Occurrence(node, ((node, edits.ImportFromModule(f"{door}keras", "layers")),), name)
    for attribute in view.attributes:
        inner = attribute.value
        if view.keras_name(attribute) == name and isinstance(inner, cst.Attribute) and dotted(attribute):
            yield Occurrence(attribute, ((attribute, _Up()),), name)


class _Up:
    """Leave the last two parts of a name out."""

    def __call__(self, node: cst.Attribute) -> cst.BaseExpression:
        assert isinstance(node.value, cst.Attribute)
        return node.value.value


def _functions(view: SourceView) -> Iterator[Occurrence]:
    """Yield functions of `tf.keras.losses` by their long names, which that door of Keras 3 lacks."""
    for node in view.attributes:
        full = (view.name(node) or "").replace("tensorflow.losses.", "tensorflow.keras.losses.")
        new = _FUNCTIONS.get(full.replace("tensorflow.metrics.", "tensorflow.keras.metrics."))
        if new:
            yield Occurrence(node, ((node, edits.RenameAttribute(new)),), view.name(node) or "")
    for imports in view.imports:
        if not isinstance(imports, cst.ImportFrom) or isinstance(imports.names, cst.ImportStar):
            continue
        module = _code(imports.module)
        for one in imports.names:
            new = _FUNCTIONS.get(f"{module}.{one.evaluated_name}")
            if new:
                yield Occurrence(imports, ((imports, edits.RenameImported(one.evaluated_name, new)),), module)


def _weights_by_position(view: SourceView) -> Iterator[Occurrence]:
    for call in view.calls:
        first = call.args[0] if call.args else None
        if view.method(call) != "add_weight" or first is None or first.keyword is not None or first.star:
            continue
        if not isinstance(call.func, cst.Attribute) or view.is_foreign(call.func.value):
            continue
        if isinstance(first.value, (cst.SimpleString, cst.FormattedString)):
            unnamed = sum(one.keyword is None and not one.star for one in call.args)
            twice = edits.argument(call, "name") is not None or any(one.star for one in call.args)
            # Further ones stand in another order in Keras 3, and in another one in a metric.
            edit = ((call, edits.NameArguments(("name", "shape"))),) if unnamed <= 2 and not twice else ()
            yield Occurrence(call, edit, "add_weight")


def _variables(view: SourceView) -> Iterator[Occurrence]:
    for call in view.calls:
        if view.method(call) == "add_variable" and edits.argument(call, "initializer", 1) is None:
            yield Occurrence(call, ((call.func, edits.RenameAttribute("add_weight")),), "add_variable()")


def _backend_of_keras(view: SourceView) -> Iterator[Occurrence]:
    """Yield functions of the module `keras.backend` that `tensorflow.keras.backend` still has."""
    used = [node for node in view.attributes if (view.name(node) or "").startswith("keras.backend.")]
    names = {(view.name(node) or "").split(".")[2] for node in used}
    doors: list[tuple[cst.CSTNode, Edit]] = []
    for one in view.imports:
        names_of = [] if isinstance(one.names, cst.ImportStar) else list(one.names)
        if isinstance(one, cst.ImportFrom):
            if _code(one.module) == "keras" and any(name.evaluated_name == "backend" for name in names_of):
                edit = edits.ImportFromModule("tensorflow.keras")
                doors.append((one, edit if len(names_of) == 1 else edits.SplitImport("backend", edit)))
        elif len(names_of) == 1 and names_of[0].evaluated_name == "keras.backend" and names_of[0].evaluated_alias:
            doors.append((one, edits.ImportModule("tensorflow.keras.backend")))
    for node in used:
        if (view.name(node) or "") in _BACKEND_KEPT:
            # Others are in neither, or take no variable of Keras 3.
            yield Occurrence(node, tuple(doors) if names <= _BACKEND_NAMES else (), f"K.{node.attr.value}")


def _batch_shapes(view: SourceView) -> Iterator[Occurrence]:
    """Yield layers with `batch_input_shape=`, and put an input of that shape before those that begin a Sequential."""
    for one in keyword_of(r"keras\.layers\.\w+", "batch_input_shape", None)(view):
        given = edits.argument(one.node, "batch_input_shape")
        tensorflow = view.imported_as("tensorflow", view.line(one.node))
        assert given is not None
        first = f"{tensorflow}.keras.Input(batch_shape={cst.Module([]).code_for_node(given.value)})"
        placed = None if tensorflow is None else _before_layer(view, one.node, first)
        drop = (one.node, edits.DropKeywords(("batch_input_shape",)))
        yield Occurrence(one.node, () if placed is None else (drop, placed), one.detail)


def _before_layer(view: SourceView, layer: cst.Call, code: str) -> tuple[cst.CSTNode, Edit] | None:
    """Return the edit that puts code before the layer with which a Sequential begins, or None where it begins none."""
    for call in view.calls:
        value = call.args[0].value if call.args else None
        is_sequential = (view.keras_name(call.func) or "") in ("keras.Sequential", "keras.models.Sequential")
        if is_sequential and isinstance(value, cst.List) and value.elements and value.elements[0].value is layer:
            return value, edits.InsertElement(code)
        line = view.lines.get(call)
        if value is layer and line is not None and isinstance(call.func, cst.Attribute) and _adds_first(view, call):
            return line, edits.InsertBefore(f"{cst.Module([]).code_for_node(call.func.value)}.add({code})")
    return None


def _adds_first(view: SourceView, call: cst.Call) -> bool:
    """Whether a call adds the first layer to a model: none is added to it between the line that makes it and this."""
    assert isinstance(call.func, cst.Attribute)
    model, line = dotted(call.func.value), view.line(call)
    assigned = max(
        (view.line(one) for one in view.written if dotted(one) == model and view.line(one) < line), default=0
    )
    earlier = [
        one
        for one in view.calls
        if isinstance(one.func, cst.Attribute) and view.method(one) == "add" and dotted(one.func.value) == model
        and assigned < view.line(one) < line
    ]  # fmt: skip
    return view.method(call) == "add" and not earlier


def _misplaced(view: SourceView) -> Iterator[Occurrence]:
    """Yield names that no TensorFlow 2 has at that place, but has elsewhere."""
    for node in view.attributes:
        full = view.name(node) or ""
        if full == "tensorflow.layers" or full in {f"tensorflow.keras.{one}" for one in _OPTIMIZERS}:
            yield Occurrence(node, (), full)


def _seeds(view: SourceView) -> Iterator[Occurrence]:
    for call in view.calls:
        if view.name(call.func) != "tensorflow.random.set_seed":
            continue
        door = _code(call.func.value).rpartition(".random")[0] if isinstance(call.func, cst.Attribute) else None
        door = door or view.imported_as("tensorflow", view.line(call))
        alone = door and len(call.args) == 1 and not call.args[0].star and _seeds_nothing_else(view, call)
        edit = ((call.func, edits.ReplaceWith(f"{door}.keras.utils.set_random_seed")),) if alone else ()
        yield Occurrence(call, edit, "tf.random.set_seed")


def _seeds_nothing_else(view: SourceView, call: cst.Call) -> bool:
    """Whether it changes no numbers that NumPy and Python draw that their seed is set too.

    They draw none here, or get the same seed on a line beside it.
    """
    line, seed = view.line(call), _code(call.args[0].value)
    for module in ("numpy.random", "random"):
        named = [node for node in view.attributes if (view.name(node) or "").startswith(f"{module}.")]
        drawn = [one for one in named if (view.name(one) or "").rpartition(".")[2] not in _OWN_GENERATORS]
        beside = [
            one
            for one in view.calls
            if view.name(one.func) == f"{module}.seed" and abs(view.line(one) - line) <= 2
            and len(one.args) == 1 and _code(one.args[0].value) == seed
        ]  # fmt: skip
        taken = any(isinstance(node, cst.ImportFrom) and _code(node.module) == module for node in view.imports)
        if taken or (drawn and not beside):
            return False
    return True


def _shared_initializers(view: SourceView) -> Iterator[Occurrence]:
    """Yield initializers without a seed of which one object is given to several."""
    for name in sorted({name for name, _ in view.calls_by_name("keras.initializers.")}):
        call = next(one for each, one in view.calls_by_name("keras.initializers.") if each == name)
        seeded = any(one.keyword is not None and one.keyword.value == "seed" for one in call.args)
        given = [
            arg for other in view.calls for arg in other.args
            if arg.keyword is not None and arg.keyword.value.endswith("initializer") and dotted(arg.value) == name
        ]  # fmt: skip
        if len(given) > 1 and not seeded and (view.keras_name(call.func) or "").endswith(_RANDOM):
            yield Occurrence(call, (), name)


_RANDOM = ("Normal", "Uniform", "VarianceScaling", "Orthogonal")


def _is_metric(view: SourceView, call: cst.Call) -> bool:
    if not isinstance(call.func, cst.Attribute):
        return False
    name = dotted(call.func.value)
    names_made = [view.keras_name(one.func) or "" for one in view.values_of(name or "") if isinstance(one, cst.Call)]
    values = view.values_of(name or "")
    return len(names_made) == len(values) > 0 and all(one.startswith("keras.metrics.") for one in names_made)


def _own_resets(view: SourceView) -> Iterator[Occurrence]:
    """Yield `def reset_states(self)` of a metric of the code's own."""
    for node in view.functions:
        own = view.class_of(node)
        bases = [] if own is None else [view.keras_name(one.value) or "" for one in own.bases]
        if node.name.value == "reset_states" and any(one.startswith("keras.metrics.") for one in bases):
            yield Occurrence(node, ((node.name, edits.ReplaceWith("reset_state")),), "def reset_states")


def _effect(since: str, symptom: str, cause: str, source: str, kind: str = "raises") -> tuple[Effect, ...]:
    of, _, number = since.rpartition(" ")
    return (Effect(KnownIssue(of=of or "tensorflow", since=number, symptom=symptom, cause=cause, source=source), kind),)


def _no_version(since: str, until: str) -> Effect:
    """Return the effect on a range of versions of Keras, as the claim `features.version-attribute` has it by runs."""
    return Effect(
        KnownIssue(
            of="keras",
            since=since,
            until=until,
            symptom="keras' has no attribute '__version__'",
            cause="tf.keras of Keras 2.13 to 3.2 does not have __version__",
            source="https://github.com/tensorflow/tensorflow/issues/62398",
        )
    )


def _moved(name: str, since: str, before: str, observe: str, last: str, first: str = "2.0") -> KnownChange:
    """Return the change of the modules below keras.layers that are gone since a release."""
    return KnownChange(
        name=name,
        words=("keras.layers.",),
        find=_moved_layers(_MOVED[since]),
        effects=_effect(
            since,
            rf"No module named '(tensorflow\.)?keras\.layers\.({_MOVED[since]})'"
            rf"|cannot import name '\w+' from 'keras\.layers\.({_MOVED[since]})'",
            "the modules below keras.layers were never public, and are gone",
            "https://github.com/keras-team/keras/issues/14665",
        ),
        instead="Import from keras.layers.",
        proof=RewriteProof(
            given="import numpy as np\n",
            before=before,
            observe=observe,
            last=last,
            first=first,
        ),
    )


CHANGES = (
    _moved(
        "moved-layers", "2.13", "from keras.layers.core import Dense",
        "result = np.asarray(Dense(2, kernel_initializer='ones')(np.ones((1, 3), 'float32'))).tolist()", "2.12", "2.6",
    ),
    _moved(
        "moved-layers-before-2-9", "2.9",
        "from keras.layers.merge import concatenate\nfrom keras.layers.advanced_activations import LeakyReLU\n"
        "from keras.layers.embeddings import Embedding\nfrom keras.layers.wrappers import TimeDistributed",
        "x = np.array([[[1.0, -2.0]]], 'float32')\n"
        "layers = [LeakyReLU(0.25), TimeDistributed(LeakyReLU(0.5))]\n"
        "values = [*(layer(x) for layer in layers), concatenate([x, 2 * x])]\n"
        "values.append(Embedding(3, 2, embeddings_initializer='ones')(np.array([[1]])))\n"
        "result = [np.asarray(one).tolist() for one in values]", "2.6", "2.9",
    ),
    _moved(
        "moved-normalization", "2.6", "from keras.layers.normalization import BatchNormalization",
        "layer = BatchNormalization(momentum=0.5)\nx = np.array([[1.0, -2.0], [3.0, 5.0]], 'float32')\n"
        "values = [layer(x, training=True), layer(x, training=False)]\n"
        "result = [np.asarray(one).tolist() for one in values]", "2.5",
    ),
    KnownChange(
        name="np-utils",
        words=("np_utils",),
        find=_np_utils,
        effects=_effect(
            "2.13", "np_utils", "the module keras.utils.np_utils was never public, and is gone",
            "https://github.com/keras-team/keras/issues/18363",
        ),
        instead="Use keras.utils.to_categorical.",
        proof=RewriteProof(
            before="from keras.utils import Sequence, np_utils\nlabels = np_utils.to_categorical([0, 2, 1], 3)",
            observe="result = [labels.tolist(), Sequence.__name__ != '']", last="2.12", first="2.6",
        ),
    ),
    KnownChange(
        name="experimental-preprocessing",
        words=("experimental",),
        find=_experimental,
        effects=_effect(
            "keras 3.0",
            r"layers' has no attribute 'experimental'|keras\.layers\.experimental",
            "the preprocessing layers are layers like others since TensorFlow 2.6",
            f"{_MIGRATE}/migrating_feature_columns",
        ),
        instead="Write tf.keras.layers.",
        proof=RewriteProof(
            given=GIVEN, before="layer = tf.keras.layers.experimental.preprocessing.Rescaling(0.5)",
            observe="result = np.asarray(layer(x)).tolist()", last="2.15", first="2.6",
        ),
    ),
    KnownChange(
        name="loss-functions",
        words=tuple(_SHORT),
        find=_functions,
        effects=_effect(
            "keras 3.3", "has no attribute 'mean_|cannot import name 'mean_",
            "tf.keras.losses and tf.keras.metrics of Keras 3 have the short names of these functions alone",
            f"{_TAG}/src/losses/losses.py",
        ),
        instead="Write tf.keras.losses.MSE, MAE, MAPE or MSLE.",
        proof=RewriteProof(
            given=GIVEN,
            before="from tensorflow.keras.losses import mean_absolute_error as mae\n"
            "values = [tf.keras.losses.mean_squared_error(y, x), mae(y, x), tf.metrics.mean_squared_error(y, x)]",
            observe="result = np.asarray(values).tolist()", last="2.15",
        ),
    ),
    KnownChange(
        name="add-weight-name",
        words=("add_weight",),
        find=_weights_by_position,
        effects=_effect(
            "keras 3.0",
            "`name` must be passed as a keyword argument|add_weight\\(\\) got multiple values"
            "|Cannot convert '.*' to a shape. Found invalid (entry|dimension) '.*' of type '<class 'str'>'",
            "the first argument of add_weight is the shape in Keras 3",
            f"{_TAG}/src/layers/layer.py",
        ),
        instead="Write name= before the name.",
        proof=RewriteProof(
            given=f"{GIVEN}layer = tf.keras.layers.Layer()\n",
            before='weights = [layer.add_weight("kernel", shape=(2, 3), initializer="ones"), '
            'layer.add_weight("bias", (4, 1), initializer="zeros")]',
            observe="result = [[one.name.split('/')[-1].split(':')[0], one.numpy().tolist()] for one in weights]",
            last="2.15",
        ),
    ),
    KnownChange(
        name="add-variable",
        words=("add_variable",),
        find=_variables,
        effects=_effect(
            "keras 3.0", r"add_variable\(\) missing 1 required|Could not interpret initializer identifier: \(",
            "add_variable of Keras 3 wants an initializer",
            f"{_TAG}/src/layers/layer.py",
        ),
        instead="Write add_weight, with name= before the name.",
        proof=RewriteProof(
            given=f"{GIVEN}layer = tf.keras.layers.Layer()\n",
            before='weight = layer.add_variable(name="kernel", shape=(2, 3))',
            observe="result = [int(one) for one in weight.shape]", last="2.15",
        ),
    ),
    KnownChange(
        name="reset-states-of-metric",
        words=("reset_states",),
        find=method_call({"reset_states": "reset_state"}, _is_metric),
        effects=_effect(
            "keras 3.0", "(?<!Sequential)(?<!Functional)(?<!Model)' object has no attribute 'reset_states'",
            "a metric of Keras 3 has reset_state alone",
            "https://github.com/keras-team/keras/issues/18467",
        ),
        instead="Write reset_state.",
        proof=RewriteProof(
            given=f"{GIVEN}mean = tf.keras.metrics.Mean()\nmean.update_state([1.0, 3.0])\n",
            before="mean.reset_states()", observe="result = float(mean.result())", last="2.15", first="2.5",
        ),
    ),
    KnownChange(
        name="own-reset-states",
        words=("reset_states",),
        find=_own_resets,
        effects=_effect(
            "keras 3.0", "(?!)",
            "Keras 3 calls reset_state of a metric: a reset_states of its own is never called, and its variables are 0",
            f"{_TAG}/src/metrics/metric.py", "silent",
        ),
        instead="Call the method reset_state.",
        proof=RewriteProof(
            given=f'{GIVEN}model.compile("sgd", loss="mse")\n',
            before="class Lowest(tf.keras.metrics.Metric):\n"
            "    def __init__(self, name='lowest', **settings):\n        super().__init__(name=name, **settings)\n"
            "        self.lowest = self.add_weight(name='low', initializer='ones')\n"
            "    def update_state(self, y_true, y_pred, sample_weight=None):\n"
            "        seen = 3.0 + tf.reduce_min(tf.cast(y_pred, 'float32'))\n"
            "        self.lowest.assign(tf.minimum(self.lowest + 0.0, seen))\n"
            "    def result(self):\n        return self.lowest + 0.0\n"
            "    def reset_states(self):\n        self.lowest.assign(5.0)\n"
            "model.compile('sgd', 'mse', metrics=[Lowest()])\n"
            "history = model.fit(x, 4 + y, batch_size=4, epochs=2, verbose=0).history",
            observe="result = [float(one) for one in history['lowest']]", last="2.15", first="2.16",
        ),
    ),
    KnownChange(
        name="embedding-input-length",
        words=("input_length",),
        # No rewrite: what made the model's weights at once is a layer before it, whose place reading does not know.
        find=keyword_of(r"keras\.layers\.Embedding", "input_length", None),
        effects=(
            # Run on Keras 3.0.5 and 3.15.1; the boundary was read at the tags of Keras.
            Effect(
                KnownIssue(
                    of="keras", since="3.0", until="3.1", symptom=r"arguments passed to Embedding: \{'input_length'",
                    cause="Embedding of Keras 3 finds the length by itself",
                    source=f"{_TAG}/src/layers/core/embedding.py",
                )
            ),
            *_effect(
                "keras 3.0", "`input_length` is deprecated", "Embedding of Keras 3 finds the length by itself",
                f"{_TAG}/src/layers/core/embedding.py", "warns",
            ),
        ),
        instead="Leave input_length= out, and put keras.Input(shape=(length,)) first: without it the model has no "
        "weights before its first call.",
    ),
    KnownChange(
        name="seed-of-initial-weights",
        words=("set_seed",),
        find=_seeds,
        effects=_effect(
            "2.10", "(?!)",
            "tf.random.set_seed no longer fixes the initial weights: initializers draw their seed from Python's random",
            "https://github.com/keras-team/keras/blob/v2.10.0/keras/initializers/initializers_v2.py", "silent",
        ),
        instead="Write tf.keras.utils.set_random_seed, which seeds Python, NumPy and TensorFlow.",
        proof=RewriteProof(
            given="import numpy as np\nimport tensorflow as tf\n\n\n"
            "def first():\n    layer = tf.keras.layers.Dense(3)\n"
            "    layer.build((None, 2))\n    return layer.get_weights()[0].tolist()\n\n\nvalues = []\n",
            before="np.random.seed(42)\ntf.random.set_seed(42)\nvalues.append(first())\n"
            "drawn = np.random.rand(3).tolist()\nnp.random.seed(42)\ntf.random.set_seed(42)\nvalues.append(first())",
            observe="result = [values[0] == values[1], drawn]", last="2.9", first="2.7",
        ),
    ),
    KnownChange(
        name="shared-initializer",
        words=("initializer",),
        find=_shared_initializers,
        effects=_effect(
            "2.10", "(?!)", "one initializer without a seed gives the same values each time it is asked",
            "https://github.com/keras-team/keras/blob/v2.10.0/keras/initializers/initializers_v2.py", "silent",
        ),
        instead="Make an initializer for each layer.",
    ),
    KnownChange(
        name="keras-version",
        words=("__version__",),
        find=lambda view: (
            one for one in attribute_of({"keras.__version__": "version"})(view) if _is_tf(view, one.node)
        ),
        effects=(_no_version("2.13", "2.15"), _no_version("3.0", "3.2")),
        instead="Write import keras, and keras.__version__.",
    ),
    KnownChange(
        name="estimator",
        words=("estimator",),
        find=under(("tensorflow.estimator", "keras.estimator", "tensorflow_estimator")),
        effects=_effect(
            "2.16",
            "has no attribute 'estimator'|tensorflow_estimator",
            "TensorFlow has no Estimators since 2.16", f"{_MIGRATE}/migrating_estimator"
        ),
        instead="Write the model with Keras; TensorFlow 2.15 is the last release with Estimators.",
    ),
    KnownChange(
        name="feature-columns-in-keras",
        words=("DenseFeatures",),
        find=attribute_of({"keras.layers.DenseFeatures": None}),
        effects=_effect(
            "keras 3.0", "has no attribute 'DenseFeatures'", "Keras 3 has no layer for feature columns",
            f"{_MIGRATE}/migrating_feature_columns",
        ),
        instead="Use preprocessing layers: Normalization, StringLookup, CategoryEncoding.",
    ),
    KnownChange(
        name="scikit-learn-wrapper",
        words=("scikit_learn",),
        find=under(("keras.wrappers",)),
        effects=_effect(
            "2.13",
            "keras.wrappers|has no attribute '(wrappers|scikit_learn)'",
            "Keras has no wrappers for scikit-learn from 2.13 to 3.7",
            "https://adriangb.com/scikeras/stable/migration.html",
        ),
        instead="Use scikeras, or SKLearnClassifier of Keras 3.8 and later.",
    ),
    KnownChange(
        name="backend-functions",
        words=("backend", "K."),
        find=lambda view: (
            one for one in attribute_of({f"keras.backend.{name}": None for name in _BACKEND_GONE})(view)
        ),
        effects=_effect(
            "keras 3.0", rf"backend' has no attribute '({'|'.join(_BACKEND_GONE)})'",
            "Keras 3 has no sessions, and few functions of keras.backend",
            "https://github.com/keras-team/keras/issues/18467",
        ),
        instead="Use keras.ops, or a Model in the place of K.function.",
    ),
    KnownChange(
        name="backend-of-keras",
        words=("backend",),
        find=_backend_of_keras,
        effects=_effect(
            "keras 3.0", rf"module 'keras\.backend' has no attribute '({'|'.join(_BACKEND_FUNCTIONS)})'",
            "keras.backend of Keras 3 has few functions; tensorflow.keras.backend keeps some of the old ones",
            "https://github.com/keras-team/keras/issues/18467",
        ),
        instead="Import it from tensorflow.keras, or use keras.ops.",
        proof=RewriteProof(
            given="import numpy as np\nimport tensorflow as tf\n",
            before="from keras import backend as K\nx = K.constant([[1.0, 2.0], [3.0, 4.0]])\n"
            "y = K.square(x) + K.sqrt(x) + K.exp(-x) + K.abs(-x)\n"
            "values = [x, y, K.mean(y), K.sum(y, axis=-1), K.clip(y, 1.0, 5.0), K.flatten(y),"
            " K.cast(y > 4.0, 'float32'),"
            " K.dot(x, x), K.concatenate([x, y]), K.max(y), K.binary_crossentropy(x / 5.0, x / 8.0)]",
            observe="result = [one.numpy().tolist() for one in values]", last="2.15", first="2.5",
        ),
    ),
    KnownChange(
        name="misplaced-name",
        words=("layers", *_OPTIMIZERS),
        find=_misplaced,
        effects=_effect(
            "2.0", "has no attribute '(Adam|SGD|RMSprop|Adagrad|Adadelta|Adamax|Nadam|layers)'",
            "no TensorFlow 2 has this name there; optimizers are in tf.keras.optimizers, layers in tf.keras.layers",
            "https://www.tensorflow.org/api_docs/python/tf/keras/optimizers",
        ),
        attempt=attempts.misplaced_names,
        instead="Write tf.keras.optimizers or tf.keras.layers before the name.",
    ),
    KnownChange(
        name="batch-input-shape",
        words=("batch_input_shape",),
        find=_batch_shapes,
        effects=_effect(
            "keras 3.0", "Unrecognized keyword arguments passed to .*batch_input_shape",
            "the layers of Keras 3 do not take batch_input_shape=", "https://github.com/keras-team/keras/issues/20106",
        ),
        instead="Begin the model with keras.Input(batch_shape=...).",
        proof=RewriteProof(
            given="import numpy as np\nimport tensorflow as tf\nx = np.ones((2, 4, 3), 'float32')\n"
            "settings = {'kernel_initializer': 'ones', 'recurrent_initializer': 'ones', 'stateful': True}\n",
            before="first = tf.keras.Sequential([\n"
            "    tf.keras.layers.LSTM(2, batch_input_shape=[2, None, 3], **settings),\n"
            "    tf.keras.layers.Dense(1, kernel_initializer='ones'),\n])\n"
            "second = tf.keras.Sequential()\n"
            "second.add(tf.keras.layers.GRU(2, batch_input_shape=(2, 4, 3), **settings))\n"
            "built = [len(one.get_weights()) for one in (first, second)]",
            observe="result = [np.asarray(one(x)).tolist() for one in (first, second, first, second)]"
            " + [list(first.input_shape), list(second.input_shape), built, len(first.layers)]",
            last="2.15",
        ),
    ),
    KnownChange(
        name="tensorflow-on-keras-tensor",
        words=(),
        find=None,
        effects=_effect(
            "keras 3.0", "A KerasTensor (is symbolic|cannot be used as input to a TensorFlow function)"
            "|'str' object has no attribute 'base_dtype'",
            "a function of TensorFlow takes no symbolic tensor of Keras 3",
            "https://keras.io/guides/migrating_to_keras_3/",
        ),
        attempt=attempts.functions_of_tensors,
        instead="Use the function of that name in keras.ops, or put it into a Lambda layer.",
    ),
    KnownChange(
        name="hub-layer",
        words=("KerasLayer",),
        find=under(("tensorflow_hub.KerasLayer",)),
        effects=_effect(
            "keras 3.0", "KerasLayer", "hub.KerasLayer is a layer of Keras 2, which no model of Keras 3 takes",
            "https://github.com/tensorflow/hub/issues/920",
        ),
        instead="Use tf_keras for the whole document.",
    ),
)  # fmt: skip


def _is_tf(view: SourceView, node: cst.CSTNode) -> bool:
    return (view.name(node) or "").startswith("tensorflow.")
