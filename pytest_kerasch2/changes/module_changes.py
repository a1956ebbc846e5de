"""Modules and names that moved or went: of TensorFlow 1, NumPy, and what was never public in Keras."""

from __future__ import annotations

from typing import Iterator

import libcst as cst

from pytest_kerasch2.changes import edits
from pytest_kerasch2.changes.finding import GIVEN, Find, imported, module_of
from pytest_kerasch2.changes.known_change import Effect, KnownChange, Occurrence, RewriteProof
from pytest_kerasch2.changes.source_view import Edit, SourceView
from pytest_kerasch2.claims.model import KnownIssue

_COMPATIBILITY = "https://www.tensorflow.org/guide/migrate/tf1_vs_tf2"
_NUMPY_1_24 = "https://numpy.org/doc/stable/release/1.24.0-notes.html"
_NUMPY_2_0 = "https://numpy.org/doc/stable/numpy_2_0_migration_guide.html"
_TF_1 = (
    "ConfigProto", "GPUOptions", "InteractiveSession", "Print", "Session", "app", "assign", "contrib", "diag", "div",
    "enable_eager_execution", "flags", "get_default_graph", "get_variable", "gfile", "global_variables_initializer",
    "log", "logging", "matrix_inverse", "placeholder", "py_func", "python_io", "random_normal", "random_uniform",
    "reset_default_graph", "set_random_seed", "sparse_placeholder", "to_float", "to_int32", "to_int64",
    "truncated_normal", "variable_scope", "train.AdamOptimizer", "train.GradientDescentOptimizer",
    "train.MomentumOptimizer", "train.RMSPropOptimizer", "train.AdagradOptimizer", "train.Saver",
    "image.resize_images", "nn.softmax_cross_entropy_with_logits_v2", "summary.FileWriter", "summary.merge_all",
    "metrics.accuracy",
)  # fmt: skip
_TF_1_NAMES = {f"tensorflow.{one}" for one in _TF_1}
_BUILTINS = ("int", "float", "object", "str", "complex")
_NUMPY_2 = {
    "Inf": "inf", "Infinity": "inf", "infty": "inf", "PINF": "inf", "NaN": "nan", "float_": "float64",
    "complex_": "complex128", "unicode_": "str_", "string_": "bytes_", "product": "prod", "cumproduct": "cumprod",
    "alltrue": "all", "sometrue": "any", "round_": "round",
}  # fmt: skip
_UTILS = (
    "CustomObjectScope", "Sequence", "get_custom_objects", "get_file", "model_to_dot", "normalize", "plot_model",
    "to_categorical",
)  # fmt: skip
_ENGINE = {"Layer": "layers", "InputSpec": "layers", "Input": "layers", "InputLayer": "layers", "Model": "models"}
_PUBLIC = (
    "activations", "applications", "backend", "callbacks", "constraints", "datasets", "initializers", "layers",
    "losses", "metrics", "models", "optimizers", "preprocessing", "regularizers", "utils",
)  # fmt: skip
_code = cst.Module([]).code_for_node


def _tf_1(view: SourceView) -> Iterator[Occurrence]:
    for node in view.imports:
        for full in imported(node):
            if full in _TF_1_NAMES or full.startswith(("tensorflow.contrib", "tensorflow.examples")):
                yield Occurrence(node, (), full)
    for attribute in view.attributes:
        if view.name(attribute) in _TF_1_NAMES:
            yield Occurrence(attribute, (), view.name(attribute) or "")


def _numpy_builtins(*names: str) -> Find:
    """Return what finds aliases of built-in types; without an edit where the code has a name of its own like it."""

    def find(view: SourceView) -> Iterator[Occurrence]:
        for node in view.attributes:
            full = view.name(node) or ""
            if full.startswith("numpy.") and full[6:] in names:
                name = full[6:]
                edit = ((node, edits.ReplaceWith(name)),) if view.is_builtin(node, name) else ()
                yield Occurrence(node, edit, f"np.{name}")

    return find


def _numpy_2(view: SourceView) -> Iterator[Occurrence]:
    for node in view.attributes:
        full = view.name(node) or ""
        if full.startswith("numpy.") and full[6:] in _NUMPY_2:
            new = _NUMPY_2[full[6:]]
            edit = ((node, edits.RenameAttribute(new)),) if node.attr.value == full[6:] else ()
            yield Occurrence(node, edit, f"np.{full[6:]}")


def _preprocessing(view: SourceView) -> Iterator[Occurrence]:
    """Yield imports of `keras.preprocessing` and of the package `keras_preprocessing`."""
    for node in view.imports:
        if not isinstance(node, cst.ImportFrom):
            continue
        module = _code(node.module) if node.module is not None else ""
        first, _, rest = module.partition(".")
        names = [] if isinstance(node.names, cst.ImportStar) else [str(one.evaluated_name) for one in node.names]
        within = rest if first == "keras_preprocessing" else rest.partition("preprocessing.")[2]
        is_package = module in ("keras.preprocessing", "keras_preprocessing") and set(names) <= _PARTS and names
        is_part = within in _PARTS and module in (f"keras.preprocessing.{within}", f"keras_preprocessing.{within}")
        if is_package or is_part:
            new = f"tensorflow.keras.preprocessing.{within}" if is_part else "tensorflow.keras.preprocessing"
            edit: tuple[tuple[cst.CSTNode, Edit], ...] = ((node, edits.ImportFromModule(new)),) if names else ()
            yield Occurrence(node, edit, module)


_PARTS = {"image", "text", "sequence"}


def _private(view: SourceView) -> Iterator[Occurrence]:
    """Yield imports from `tensorflow.python.keras`, of which most have a public place."""
    for node in view.imports:
        if isinstance(node, cst.Import):
            if any(one.startswith("tensorflow.python.keras") for one in imported(node)):
                yield Occurrence(node, (), "tensorflow.python.keras")
            continue
        module = _code(node.module) if node.module is not None else ""
        if not module.startswith("tensorflow.python"):
            continue
        names = [] if isinstance(node.names, cst.ImportStar) else [str(one.evaluated_name) for one in node.names]
        part = module[len("tensorflow.python.keras.") :]
        if module == "tensorflow.python.keras" and names and set(names) <= {*_PUBLIC, "Sequential", "Model", "Input"}:
            yield Occurrence(node, ((node, edits.ImportFromModule("tensorflow.keras")),), module)
        elif module == "tensorflow.python" and names == ["keras"]:
            yield Occurrence(node, ((node, edits.ImportFromModule("tensorflow")),), module)
        elif module.startswith("tensorflow.python.keras"):
            public = part in _PUBLIC and names and not any(one.startswith("_") for one in names)
            edit = ((node, edits.ImportFromModule(f"tensorflow.keras.{part}")),) if public else ()
            yield Occurrence(node, edit, module)


def _engine(view: SourceView) -> Iterator[Occurrence]:
    for node in view.imports:
        if not isinstance(node, cst.ImportFrom) or isinstance(node.names, cst.ImportStar):
            continue
        module = module_of(node)
        if module != "keras.engine" and not module.startswith("keras.engine."):
            continue
        places = {_ENGINE.get(str(one.evaluated_name)) for one in node.names}
        place = places.pop() if len(places) == 1 else None
        door = _code(node.module).partition("keras.engine")[0] if node.module is not None else ""
        edit = ((node, edits.ImportFromModule(f"{door}keras.{place}")),) if place else ()
        yield Occurrence(node, edit, module)


def _utils(view: SourceView) -> Iterator[Occurrence]:
    for node in view.imports:
        if not isinstance(node, cst.ImportFrom) or isinstance(node.names, cst.ImportStar):
            continue
        module = module_of(node)
        if module not in ("keras.utils.vis_utils", "keras.utils.generic_utils", "keras.utils.data_utils"):
            continue
        all_known = all(one.evaluated_name in _UTILS for one in node.names)
        door = _code(node.module).partition("keras.utils")[0] if node.module is not None else ""
        edit = ((node, edits.ImportFromModule(f"{door}keras.utils")),) if all_known else ()
        yield Occurrence(node, edit, module)


def _keras_optimizers(view: SourceView) -> Iterator[Occurrence]:
    for node in view.imports:
        if isinstance(node, cst.ImportFrom) and node.module is not None and _code(node.module) == "keras.optimizers":
            yield Occurrence(node, (), "keras.optimizers")


def _policies(view: SourceView) -> Iterator[Occurrence]:
    """Yield names of `tf.keras.mixed_precision.experimental`."""
    prefix = "keras.mixed_precision.experimental."
    new = {"set_policy": "set_global_policy", "Policy": "Policy", "LossScaleOptimizer": "LossScaleOptimizer"}
    for node in view.attributes:
        full = view.keras_name(node) or ""
        inner = node.value
        if full.startswith(prefix) and full.count(".") == 3:
            name = new.get(node.attr.value)
            written = isinstance(inner, cst.Attribute) and inner.attr.value == "experimental"
            # The arguments of the optimizer are other ones.
            all_known = name is not None and written and name != "LossScaleOptimizer"
            edit = ((node, edits.ReplaceWith(f"{_code(inner.value)}.{name}")),) if all_known else ()  # type: ignore[attr-defined]
            yield Occurrence(node, edit, full)


def _strategies(view: SourceView) -> Iterator[Occurrence]:
    for call in view.calls:
        if view.method(call) == "experimental_run_v2":
            yield Occurrence(call, ((call.func, edits.RenameAttribute("run")),), "experimental_run_v2()")


def _effect(
    since: str, symptom: str, cause: str, source: str, kind: str = "raises", until: str | None = None
) -> Effect:
    of, _, number = since.rpartition(" ")
    issue = KnownIssue(
        of=of or "tensorflow", since=number, until=until, symptom=symptom, cause=cause, source=source
    )  # fmt: skip
    return Effect(issue, kind)


CHANGES = (
    KnownChange(
        name="tensorflow-1-name",
        words=("tensorflow", "tf"),
        find=_tf_1,
        effects=(
            _effect(
                "2.0", r"module 'tensorflow(_core)?(\.\w+)*' has no attribute '("
                + "|".join(sorted({one.rpartition(".")[2] for one in _TF_1}))
                + r")'|No module named 'tensorflow\.(contrib|examples)",
                "this is a name of TensorFlow 1", _COMPATIBILITY,
            ),
        ),
        instead="Write it in TensorFlow 2; tf.compat.v1 still has most old names.",
    ),
    KnownChange(
        name="numpy-builtin-alias",
        words=("numpy",),
        find=_numpy_builtins(*_BUILTINS),
        effects=(
            _effect(
                "numpy 1.24", r"module 'numpy' has no attribute '(int|float|object|str|complex)'",
                "NumPy has no names of its own for the types of Python since 1.24", _NUMPY_1_24,
            ),
        ),
        instead="Write int, float, object, str or complex.",
        # TensorFlow 2.6 is here with NumPy 1.19, and 2.9 with 1.26.
        proof=RewriteProof(
            given="import numpy as np\n", last="2.6",
            before="values = [np.zeros(2, np.int), np.ones(2, dtype=np.float), np.array(['a', None], np.object), "
            "np.array([3], np.str), np.array([2], np.complex)]",
            observe="result = [[one.dtype.kind, one.dtype.itemsize, [str(each) for each in one]] for one in values]",
        ),
    ),
    KnownChange(
        name="numpy-bool-alias",
        words=("numpy",),
        find=_numpy_builtins("bool"),
        effects=(
            # NumPy 2.0 has `np.bool` again.
            _effect(
                "numpy 1.24", "module 'numpy' has no attribute 'bool'", "NumPy has no np.bool from 1.24 to 1.26",
                _NUMPY_1_24, until="1.26",
            ),
        ),
        instead="Write bool.",
        proof=RewriteProof(
            given="import numpy as np\n", last="2.6", before="values = np.array([0, 1], np.bool)",
            observe="result = [values.dtype.kind, values.tolist()]",
        ),
    ),
    KnownChange(
        name="numpy-2-name",
        words=("numpy",),
        find=_numpy_2,
        effects=(
            _effect(
                "numpy 2.0",
                r"`np\.\w+` was removed in the NumPy 2\.0|'numpy' has no attribute '(product|cumproduct|in1d|trapz)'",
                "NumPy 2.0 has one name for each function and type", _NUMPY_2_0,
            ),
        ),
        instead="Write the name that is left, such as np.inf, np.nan, np.float64 or np.prod.",
        proof=RewriteProof(
            given="import numpy as np\n", last="2.16", first="2.16",
            before="values = [np.Inf, -np.PINF, np.infty, float(np.isnan(np.NaN)), float(np.float_(0.5)), "
            "float(np.product([2, 3])), np.cumproduct([2, 3]).tolist(), bool(np.alltrue([1, 0])), "
            "bool(np.sometrue([1, 0])), float(np.round_(1.6)), np.dtype(np.unicode_).kind, np.dtype(np.string_).kind, "
            "np.dtype(np.complex_).kind]",
            observe="result = [str(one) for one in values]",
        ),
    ),
    KnownChange(
        name="keras-preprocessing",
        words=("preprocessing",),
        find=_preprocessing,
        effects=(
            _effect(
                "2.9", r"cannot import name '\w+' from 'keras\.preprocessing|keras_preprocessing"
                r"|module 'keras\.preprocessing\.\w+' has no attribute",
                "keras.preprocessing has not all that tensorflow.keras.preprocessing has, and keras_preprocessing is "
                "no longer installed with TensorFlow",
                "https://github.com/keras-team/keras/blob/v2.9.0/keras/preprocessing/image.py", until="2.15",
            ),
            _effect(
                "keras 3.0", r"cannot import name '\w+' from 'keras\.preprocessing|keras_preprocessing"
                r"|No module named 'keras\.preprocessing|module 'keras\.preprocessing(\.\w+)?' has no attribute",
                "the generators and tokenizers are in tensorflow.keras.preprocessing alone",
                "https://github.com/keras-team/keras/blob/v3.15.1/keras/src/legacy/preprocessing/image.py",
            ),
        ),
        instead="Import from tensorflow.keras.preprocessing; new code uses preprocessing layers.",
        proof=RewriteProof(
            given="import numpy as np\n", last="2.6",
            before="from keras.preprocessing.image import ImageDataGenerator\n"
            "from keras.preprocessing import sequence\n"
            "from keras_preprocessing.text import Tokenizer\n"
            "images = next(ImageDataGenerator(rescale=0.5).flow(np.ones((2, 4, 4, 3)), batch_size=2))\n"
            "tokens = Tokenizer()\ntokens.fit_on_texts(['a b', 'b c'])\n"
            "padded = sequence.pad_sequences(tokens.texts_to_sequences(['a b c', 'b']), maxlen=4)",
            observe="result = [np.asarray(images).tolist(), padded.tolist()]",
        ),
    ),
    KnownChange(
        name="private-keras",
        words=("tensorflow.python",),
        find=_private,
        effects=(
            _effect(
                "2.5", r"tensorflow\.python\.keras",
                "tensorflow.python.keras was never public, and is an old copy of Keras since 2.6",
                "https://github.com/tensorflow/tensorflow/releases/tag/v2.6.0", "warns", until="2.15",
            ),
            _effect(
                "keras 3.0", r"tensorflow\.python\.keras",
                "tensorflow.python.keras is an old copy of Keras 2, whose layers no model of Keras 3 takes",
                "https://github.com/tensorflow/tensorflow/releases/tag/v2.6.0",
            ),
        ),
        instead="Import from tensorflow.keras.",
        proof=RewriteProof(
            given=GIVEN, last="2.15",
            before="from tensorflow.python.keras.layers import Dense\n"
            "layer = Dense(2, kernel_initializer='ones')\nmodel = tf.keras.Sequential([layer])",
            observe="result = np.asarray(model(x)).tolist()",
        ),
    ),
    KnownChange(
        name="keras-engine",
        words=("engine",),
        find=_engine,
        effects=(
            _effect(
                "2.5", r"No module named '(tensorflow\.)?keras\.engine|cannot import name '\w+' from 'keras\.engine",
                "keras.engine was never public, lost names with each release, and is gone since 2.13",
                "https://github.com/keras-team/keras/issues/14665",
            ),
        ),
        instead="Import Layer, InputSpec and Input from keras.layers, and Model from keras.models.",
        proof=RewriteProof(
            given="import numpy as np\n", last="2.12",
            before="from keras.engine.base_layer import Layer\nfrom keras.engine.training import Model\n"
            "class Double(Layer):\n    def call(self, inputs):\n        return 2 * inputs",
            observe="result = [np.asarray(Double()(np.ones((1, 3), 'float32'))).tolist(), Model.__name__]", first="2.6",
        ),
    ),
    KnownChange(
        name="moved-utils",
        words=("_utils",),
        find=_utils,
        effects=(
            _effect(
                "2.11", r"No module named 'keras\.utils\.(vis|generic|data)_utils"
                r"|cannot import name '\w+' from 'keras\.utils\.(vis|generic|data)_utils",
                "the modules below keras.utils were never public, and are gone since 2.13",
                "https://github.com/keras-team/keras/issues/18363",
            ),
        ),
        instead="Import from keras.utils.",
        proof=RewriteProof(
            given="import numpy as np\n", last="2.10", first="2.9",
            before="from keras.utils.generic_utils import CustomObjectScope\n"
            "from keras.utils.data_utils import Sequence, get_file\nfrom keras.utils.vis_utils import plot_model",
            observe="every = (CustomObjectScope, get_file, plot_model)\n"
            "result = [one.__name__.lower().replace('_', '') for one in every]",
        ),
    ),
    KnownChange(
        name="keras-optimizers-before-2-9",
        words=("keras.optimizers",),
        find=_keras_optimizers,
        effects=(
            _effect(
                "2.5", r"cannot import name '\w+' from 'keras\.optimizers'",
                "the package keras has its optimizers in tensorflow.keras alone",
                "https://github.com/keras-team/keras/blob/v2.6.0/keras/optimizers.py", until="2.8",
            ),
        ),
        instead="Import from tensorflow.keras.optimizers.",
    ),
    KnownChange(
        name="mixed-precision-experimental",
        words=("mixed_precision",),
        find=_policies,
        effects=(
            _effect(
                "2.9", r"mixed_precision' has no attribute 'experimental'|from 'tensorflow\.keras\.mixed_precision",
                "the policies are in tf.keras.mixed_precision since TensorFlow 2.4",
                "https://www.tensorflow.org/guide/mixed_precision",
            ),
        ),
        instead="Write tf.keras.mixed_precision.set_global_policy and tf.keras.mixed_precision.Policy.",
        proof=RewriteProof(
            given="import numpy as np\nimport tensorflow as tf\n", last="2.6", first="2.5",
            before="tf.keras.mixed_precision.experimental.set_policy('mixed_float16')\n"
            "policy = tf.keras.mixed_precision.experimental.Policy('mixed_float16')",
            observe="layer = tf.keras.layers.Dense(2, kernel_initializer='ones')\n"
            "out = layer(np.ones((1, 3), 'float32'))\n"
            "out = np.asarray(out)\n"
            "result = [policy.compute_dtype, policy.variable_dtype, out.dtype.name, out.tolist()]\n"
            "place = tf.keras.mixed_precision\n"
            "getattr(place, 'set_global_policy', None) or place.experimental.set_policy('float32')\n"
            "getattr(place, 'set_global_policy', str)('float32')",
        ),
    ),
    KnownChange(
        name="strategy-run",
        words=("experimental_run_v2",),
        find=_strategies,
        effects=(
            _effect(
                "2.5", "has no attribute 'experimental_run_v2'", "a strategy has run alone",
                "https://www.tensorflow.org/api_docs/python/tf/distribute/Strategy",
            ),
        ),
        instead="Write strategy.run.",
        proof=RewriteProof(
            given="import tensorflow as tf\nstrategy = tf.distribute.get_strategy()\n", last="2.0", first="2.5",
            before="values = (tf.constant(3.0), tf.constant(1.0))\n"
            "value = strategy.experimental_run_v2(lambda a, b: a - b, args=values)",
            observe="result = float(value)",
        ),
    ),
)  # fmt: skip
