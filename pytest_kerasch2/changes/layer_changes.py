"""Layers and models: shapes, states, arguments, and what their insides were."""

from __future__ import annotations

import re
from typing import Iterator

import libcst as cst

from pytest_kerasch2.changes import attempts, edits
from pytest_kerasch2.changes.finding import GIVEN, keyword_of
from pytest_kerasch2.changes.known_change import Effect, Failure, KnownChange, Occurrence, RewriteProof
from pytest_kerasch2.changes.source_view import SourceView, dotted
from pytest_kerasch2.claims.model import KnownIssue

_TAG = "https://github.com/keras-team/keras/blob/v3.15.1/keras/src"
_ISSUE = "https://github.com/keras-team/keras/issues/18467"
_GUIDE = "https://keras.io/guides/migrating_to_keras_3/"
_WEIGHTS = ("weights", "variables", "trainable_weights", "trainable_variables", "non_trainable_weights")
_code = cst.Module([]).code_for_node


def _shapes(view: SourceView) -> Iterator[Occurrence]:
    """Yield `x.shape.as_list()`, `x.get_shape()` and `input_shape.as_list()` of what is known to be of Keras."""
    return (one for one in all_shapes(view) if _is_symbolic(view, one.node))


def all_shapes(view: SourceView) -> Iterator[Occurrence]:
    """Yield shapes as lists of anything: tensors of TensorFlow have them still, and lose nothing by the rewrite."""
    for call in view.calls:
        func = call.func
        if not isinstance(func, cst.Attribute) or call.args or func.attr.value not in ("as_list", "get_shape"):
            continue
        base = func.value
        if func.attr.value == "get_shape":
            # What calls `as_list` on it is rewritten as a whole.
            if not _is_called_on(view, call) and not view.is_foreign(base):
                yield Occurrence(call, ((call, edits.ReplaceWith(f"{_code(base)}.shape")),), "get_shape()")
            continue
        shape = _shape(base)
        simple = shape is not None and view.is_builtin(call, "list")
        yield Occurrence(call, ((call, edits.ReplaceWith(f"list({shape})")),) if simple else (), "as_list()")


def _shapes_on_line(view: SourceView, failure: Failure) -> Iterator[Occurrence]:
    return (one for one in all_shapes(view) if view.spans(one.node, failure.line))


def _shape(base: cst.BaseExpression) -> str | None:
    if isinstance(base, cst.Call) and isinstance(base.func, cst.Attribute) and base.func.attr.value == "get_shape":
        return f"{_code(base.func.value)}.shape"
    last = base.attr.value if isinstance(base, cst.Attribute) else getattr(base, "value", "")
    return _code(base) if isinstance(last, str) and last.endswith("shape") else None


def _is_symbolic(view: SourceView, call: cst.Call) -> bool:
    """Whether the shape that a call is of is one of Keras: of an input, of what a layer returns, or given to build."""
    assert isinstance(call.func, cst.Attribute)
    base = call.func.value
    if isinstance(base, cst.Call) and isinstance(base.func, cst.Attribute):
        base = base.func.value
    if dotted(base) == "input_shape":
        return True
    if isinstance(base, cst.Attribute) and base.attr.value == "shape":
        base = base.value
    if isinstance(base, cst.Attribute) and base.attr.value in ("output", "input"):
        return True
    value = view.value_of(base)
    if not isinstance(value, cst.Call):
        return False
    maker = value.func.func if isinstance(value.func, cst.Call) else value.func
    full = view.keras_name(maker) or ""
    return full in ("keras.Input", "keras.layers.Input") or (
        isinstance(value.func, cst.Call) and full.startswith("keras.layers.")
    )


def _is_called_on(view: SourceView, inner: cst.Call) -> bool:
    return any(
        isinstance(one.func, cst.Attribute) and one.func.value is inner and one.func.attr.value == "as_list"
        for one in view.calls
    )


def _layer_shapes(view: SourceView) -> Iterator[Occurrence]:
    """Yield `layer.output_shape` of what is known to be a layer; a model has it still."""
    for node in view.attributes:
        which = node.attr.value
        if which in ("output_shape", "input_shape") and _is_layer(view, node.value):
            new = f"{_code(node.value)}.{which.partition('_')[0]}.shape"
            yield Occurrence(node, ((node, edits.ReplaceWith(new)),), f"layer.{which}")


def _is_layer(view: SourceView, node: cst.BaseExpression) -> bool:
    """Whether an expression is one of the layers of a model."""
    if isinstance(node, cst.Subscript) and isinstance(node.value, cst.Attribute):
        index = node.slice[0].slice if len(node.slice) == 1 else None
        return node.value.attr.value == "layers" and isinstance(index, cst.Index)
    if isinstance(node, cst.Call):
        return view.method(node) == "get_layer"
    if isinstance(node, cst.Name):
        over = view.looped_over(node)
        if over is not None:
            return isinstance(over, cst.Attribute) and over.attr.value == "layers"
        value = view.value_of(node)
        return value is not None and not isinstance(value, cst.Name) and _is_layer(view, value)
    return False


def _weight_names(view: SourceView) -> Iterator[Occurrence]:
    for node in view.attributes:
        over = view.looped_over(node.value) if isinstance(node.value, cst.Name) else None
        if node.attr.value == "name" and isinstance(over, cst.Attribute) and over.attr.value in _WEIGHTS:
            yield Occurrence(node, (), f"{over.attr.value}: name")


def _model_states(view: SourceView) -> Iterator[Occurrence]:
    for call in view.calls:
        if view.method(call) != "reset_states" or call.args or not isinstance(call.func, cst.Attribute):
            continue
        model = call.func.value
        if not view.is_model(model) or dotted(model) is None:
            continue
        # The layers in a wrapper or in a model of the model are not among its layers.
        nested = re.search(r"Bidirectional|RNN\(", view.code)
        form = '[layer.reset_states() for layer in {0}.layers if hasattr(layer, "reset_states")]'
        edit = ((call, edits.ReplaceWith(form.format(_code(model)))),) if not nested else ()
        yield Occurrence(call, edit, "reset_states()")


def _inputs(view: SourceView) -> Iterator[Occurrence]:
    """Yield `Input(shape=(3))`, whose shape is a number."""
    for call in view.calls:
        if (view.keras_name(call.func) or "") not in ("keras.Input", "keras.layers.Input"):
            continue
        shape = edits.argument(call, "shape", 0)
        if shape is not None and isinstance(shape.value, cst.Integer):
            number = shape.value.value
            yield Occurrence(call, ((call, edits.SetArgument("shape", 0, f"({number},)")),), f"shape={number}")


def _single_layers(view: SourceView) -> Iterator[Occurrence]:
    """Yield `Sequential(layer)`, with a layer of Keras in the place of the list of layers."""
    for call in view.calls:
        if (view.keras_name(call.func) or "") not in ("keras.Sequential", "keras.models.Sequential"):
            continue
        layers = edits.argument(call, "layers", 0)
        value = None if layers is None else layers.value
        maker = value if isinstance(value, cst.Call) or value is None else view.value_of(value)
        if isinstance(maker, cst.Call) and (view.keras_name(maker.func) or "").startswith("keras.layers."):
            assert value is not None
            yield Occurrence(call, ((value, edits.ReplaceWith(f"[{_code(value)}]")),), _code(maker.func))


def _flags(view: SourceView) -> Iterator[Occurrence]:
    """Yield `model(x, True)`, of models whose class is one of Keras: then it is `training=`."""
    for call in view.calls:
        name = dotted(call.func)
        values = view.values_of(name or "")
        maker = [view.keras_name(one.func) or "" for one in values if isinstance(one, cst.Call)]
        all_known = bool(values) and len(maker) == len(values)
        if not all_known or any(one not in _CLASSES for one in maker) or len(call.args) != 2:
            continue
        flag = call.args[1]
        if flag.keyword is None and not flag.star and _code(flag.value) in ("True", "False"):
            yield Occurrence(call, ((call, edits.NameArguments(("", "training"))),), "training by position")


def _variables(view: SourceView) -> Iterator[Occurrence]:
    """Yield `self.w = tf.Variable(...)` in a layer or a model of the code's own."""
    for node in view.written:
        call = view.given_to(node)
        if not isinstance(call, cst.Call) or view.name(call.func) != "tensorflow.Variable" or _is_local(node):
            continue
        own = view.class_of(call)
        if own is None or not _is_layer_class(view, own):
            continue
        tensorflow = view.imported_as("tensorflow", view.line(call))
        names = [_keyword(one) for one in call.args]
        simple = tensorflow is not None and names.count("") <= 1 and _is_tensor(call)
        simple = simple and set(names) <= {"", "initial_value", "trainable", "dtype", "name"}
        by_name = edits.NameArguments(("",), {"initial_value": "initializer"})
        done = ((call, by_name), (call.func, edits.ReplaceWith(f"{tensorflow}.keras.Variable")))
        yield Occurrence(call, done if simple else (), _code(node))


def _is_tensor(variable: cst.Call) -> bool:
    """Whether a variable begins as what a function returns, as `tf.zeros` does: of a number the type may be another."""
    value = edits.argument(variable, "initial_value", 0)
    return value is not None and isinstance(value.value, cst.Call) and "int" not in _code(variable)


def _is_local(node: cst.CSTNode) -> bool:
    return not (isinstance(node, cst.Attribute) and dotted(node.value) == "self")


def _keyword(one: cst.Arg) -> str:
    return "*" if one.star else "" if one.keyword is None else one.keyword.value


def _is_layer_class(view: SourceView, node: cst.ClassDef) -> bool:
    bases = [view.keras_name(one.value) or "" for one in node.bases]
    return any(one in ("keras.Model", "keras.models.Model", "keras.layers.Layer") for one in bases)


def _output_shapes(view: SourceView, failure: Failure) -> Iterator[Occurrence]:
    """Yield `layer.compute_output_shape(shape)` on the line: a call on an input of that shape tells the same."""
    tensorflow = view.imported_as("tensorflow", failure.line)
    for call in view.calls:
        shape = edits.argument(call, "input_shape", 0)
        if view.method(call) == "compute_output_shape" and shape is not None and view.spans(call, failure.line):
            assert isinstance(call.func, cst.Attribute)
            new = f"{_code(call.func.value)}({tensorflow}.keras.Input(batch_shape={_code(shape.value)})).shape"
            simple = tensorflow is not None and len(call.args) == 1
            yield Occurrence(call, ((call, edits.ReplaceWith(new)),) if simple else (), "compute_output_shape()")


_CLASSES = (
    "keras.Sequential", "keras.Model", "keras.models.Sequential", "keras.models.Model", "keras.layers.Dropout",
    "keras.layers.BatchNormalization",
)  # fmt: skip


def _keras_3(symptom: str, cause: str, source: str, kind: str = "raises", since: str = "3.0") -> Effect:
    return Effect(KnownIssue(of="keras", since=since, symptom=symptom, cause=cause, source=source), kind)


CHANGES = (
    KnownChange(
        name="shape-as-list",
        words=("as_list", "get_shape"),
        find=_shapes,
        effects=(
            _keras_3(
                "'tuple' object has no attribute 'as_list'|'KerasTensor' object has no attribute 'get_shape'",
                "the shapes of Keras 3 are tuples", f"{_TAG}/backend/common/keras_tensor.py",
            ),
        ),
        attempt=_shapes_on_line,
        instead="Write list(x.shape).",
        proof=RewriteProof(
            given=f"{GIVEN}inner = tf.keras.Input((3,))\n", last="2.15",
            before="class Named(tf.keras.layers.Layer):\n"
            "    def build(self, input_shape):\n        self.sizes = input_shape.as_list()\n"
            "    def call(self, inputs):\n        return inputs\n"
            "layer = Named()\nlayer(x)\n"
            "shapes = [inner.shape.as_list(), inner.get_shape().as_list(), "
            "layer.sizes, tuple(inner.get_shape())]",
            observe="result = [list(one) for one in shapes]",
        ),
    ),
    KnownChange(
        name="layer-output-shape",
        words=("output_shape", "input_shape"),
        find=_layer_shapes,
        effects=(
            _keras_3(
                "object has no attribute '(output|input)_shape'",
                "a layer of Keras 3 has no output_shape and input_shape",
                f"{_TAG}/layers/layer.py",
            ),
        ),
        instead="Write layer.output.shape, or layer.compute_output_shape(shape).",
        proof=RewriteProof(
            given=f"{GIVEN}model.add(tf.keras.layers.Dense(2, name='last'))\n", last="2.15",
            before="shapes = [layer.output_shape for layer in model.layers] + [model.layers[0].input_shape, "
            "model.get_layer('last').input_shape]",
            observe="result = [list(one) for one in shapes]",
        ),
    ),
    KnownChange(
        name="sequential-of-one-layer",
        words=("Sequential",),
        find=_single_layers,
        effects=(
            _keras_3(
                r"'(Dense|Flatten|Embedding|Lambda|LSTM|GRU|Conv\dD)' object is not iterable",
                "Sequential of Keras 3 takes a list of layers alone",
                f"{_TAG}/models/sequential.py",
            ),
        ),
        instead="Put the layer into a list.",
        proof=RewriteProof(
            given=GIVEN, last="2.15",
            before="model = tf.keras.Sequential(tf.keras.layers.Dense(2, kernel_initializer='ones', input_shape=(3,)))",
            observe="result = model(x).numpy().tolist()",
        ),
    ),
    KnownChange(
        name="names-of-weights",
        words=_WEIGHTS,
        find=_weight_names,
        effects=(
            _keras_3(
                "(?!)",
                "the name of a weight is `kernel`, without its layer and `:0`; what looks for a name finds none",
                f"{_TAG}/backend/common/variables.py", "silent",
            ),
        ),
        instead="Use weight.path, which has the name of the layer.",
    ),
    KnownChange(
        name="reset-states-of-model",
        words=("reset_states",),
        find=_model_states,
        effects=(
            _keras_3(
                "'(Sequential|Functional|Model)' object has no attribute 'reset_states'",
                "a model of Keras 3 has no reset_states", _ISSUE,
            ),
        ),
        instead="Reset the state of each layer that has one.",
        proof=RewriteProof(
            given="import numpy as np\nimport tensorflow as tf\n"
            "start = tf.keras.Input(batch_shape=(1, 2, 3))\n"
            "settings = {'kernel_initializer': 'ones', 'recurrent_initializer': 'ones'}\n"
            "end = tf.keras.layers.LSTM(2, stateful=True, **settings)(start)\n"
            "model = tf.keras.Model(start, end)\nx = np.ones((1, 2, 3), 'float32')\n",
            before="first = np.asarray(model(x)).tolist()\nsecond = np.asarray(model(x)).tolist()\n"
            "model.reset_states()\n"
            "third = np.asarray(model(x)).tolist()",
            observe="result = [first, second, third, first == second]", last="2.15",
        ),
    ),
    KnownChange(
        name="input-shape-number",
        words=("Input",),
        find=_inputs,
        effects=(
            _keras_3("Cannot convert '\\d+' to a shape", "a shape is a tuple: (3) is a number, and (3,) a shape",
                     f"{_TAG}/layers/core/input_layer.py"),
        ),
        instead="Write shape=(3,).",
        proof=RewriteProof(
            given="import tensorflow as tf\n", last="2.15",
            before="inputs = [tf.keras.Input(shape=(3)), tf.keras.layers.Input(4, name='one')]",
            observe="result = [list(one.shape) for one in inputs]",
        ),
    ),
    KnownChange(
        name="training-by-position",
        words=("True", "False"),
        find=_flags,
        effects=(
            _keras_3(
                "Only input tensors may be passed as positional arguments",
                "a layer and a model of Keras 3 take inputs alone by position", f"{_TAG}/layers/layer.py",
            ),
        ),
        attempt=attempts.flags,
        instead="Write training=True.",
        proof=RewriteProof(
            given="import numpy as np\nimport tensorflow as tf\nx = np.ones((2, 3), 'float32')\n"
            "norm = tf.keras.layers.BatchNormalization(momentum=0.5)\n"
            "model = tf.keras.Sequential([tf.keras.layers.BatchNormalization(momentum=0.5)])\n",
            before="values = [norm(x, True), norm(x, False), model(x, True), model(x, False)]",
            observe="result = [np.asarray(one).tolist() for one in values]", last="2.15",
        ),
    ),
    KnownChange(
        name="leaky-relu-alpha",
        words=("alpha",),
        find=keyword_of(r"keras\.layers\.LeakyReLU", "alpha", edits.RenameKeyword("alpha", "negative_slope")),
        effects=(
            _keras_3(
                "Argument `alpha` is deprecated", "the slope of LeakyReLU is called negative_slope in Keras 3",
                f"{_TAG}/layers/activations/leaky_relu.py", "warns",
            ),
        ),
        instead="Write negative_slope=.",
        proof=RewriteProof(
            given="import tensorflow as tf\n", last="2.15", first="2.16",
            before="layer = tf.keras.layers.LeakyReLU(alpha=0.25)",
            observe="result = float(layer(tf.constant([-1.0]))[0])",
        ),
    ),
    KnownChange(
        name="insides-of-layers",
        words=(),
        find=None,
        effects=(
            _keras_3(
                "object has no attribute '(updates|add_update|state_updates|get_(input|output)_at|inbound_nodes|"
                "outbound_nodes|(input|output)_names|stateful|_keras_shape|read_value|total_loss)'"
                r"|passed to \w+: \{'(dynamic|time_major|fused|virtual_batch_size)'"
                "|Iterating over a symbolic KerasTensor|'ResourceVariable' object is not callable",
                "this was an inside of the layers and models of Keras 2, which Keras 3 has not", _GUIDE,
            ),
        ),
        instead="See the migration guide: metrics are made in __init__ and updated in call, states are variables.",
    ),
    KnownChange(
        name="add-metric",
        words=(),
        find=None,
        effects=(
            _keras_3(
                r"`add_metric\(\)` method is deprecated|add_metric\(\) got an unexpected"
                r"|has no attribute 'add_metric'",
                "a layer and a model of Keras 3 have no add_metric", f"{_TAG}/layers/layer.py",
            ),
        ),
        instead="Make a metric in __init__, and update it in call.",
    ),
    KnownChange(
        name="output-shape-of-own-layer",
        words=(),
        find=None,
        effects=(
            _keras_3(
                "does not have a `compute_output_shape` method implemented"
                r"|should implement `def compute_output_shape\(self, input_shape\)`",
                "Keras 3 does not find the shape of what an own layer returns by calling it", f"{_TAG}/layers/layer.py",
            ),
        ),
        attempt=_output_shapes,
        instead="Call the layer on an Input of that shape, or write compute_output_shape.",
    ),
    KnownChange(
        name="model-without-weights-is-saved",
        words=(),
        find=None,
        effects=(
            # Run on Keras 3.0.5, which saves a file without weights, and on 3.15.1.
            _keras_3(
                "You are (saving|loading weights into) a model that has not yet been built",
                "a model has no weights before its first call, and Keras 3 does not save it then",
                "https://github.com/keras-team/keras/blob/v3.15.1/keras/src/saving/saving_api.py",
            ),
        ),
        instead="Call the model on data first, or its build(shape).",
    ),
    KnownChange(
        name="variable-of-tensorflow",
        words=("Variable",),
        find=_variables,
        effects=(
            _keras_3(
                "(?!)",
                "a tf.Variable of a layer is no weight of it in Keras 3: it is not trained, not counted and not saved",
                f"{_TAG}/layers/layer.py", "silent",
            ),
        ),
        instead="Use self.add_weight, or tf.keras.Variable.",
        proof=RewriteProof(
            given="import numpy as np\nimport tensorflow as tf\nx = np.arange(6.0).reshape(2, 3).astype('float32')\n",
            before="class Linear(tf.keras.layers.Layer):\n"
            "    def __init__(self):\n        super().__init__()\n"
            "        self.w = tf.Variable(initial_value=tf.ones((3, 2)), trainable=True)\n"
            "        self.b = tf.Variable(tf.zeros((2,)))\n"
            "        self.total = tf.Variable(initial_value=tf.zeros((2,)), trainable=False, dtype='float32')\n"
            "    def call(self, inputs):\n"
            "        self.total.assign_add(tf.reduce_sum(inputs, axis=0)[:2])\n"
            "        return tf.matmul(inputs, self.w) + self.b + self.total\n"
            "layer = Linear()\nvalues = [layer(x), layer(x)]\n"
            "model = tf.keras.Sequential([layer])\nmodel.compile('sgd', 'mse')\n"
            "model.fit(x, x[:, :2], batch_size=2, epochs=2, verbose=0)",
            observe="result = [np.asarray(one).tolist() for one in values]"
            " + [len(layer.weights), len(layer.trainable_weights)]"
            " + [np.asarray(one).tolist() for one in (layer.w, layer.b, layer.total)]",
            last="2.15", first="2.16",
        ),
    ),
    KnownChange(
        name="lambda-layer-is-not-loaded",
        words=(),
        find=None,
        effects=(
            Effect(
                KnownIssue(
                    since="2.13", symptom=r"(Requested the deserialization of a|The `\{?\w+\}?` of this) `?Lambda",
                    cause="a Lambda layer with a function of Python is code, which loading refuses to make from a file",
                    source=f"{_TAG}/layers/core/lambda_layer.py",
                )
            ),
        ),
        instead="Give the Lambda a named function that is registered, or load with safe_mode=False what you trust.",
    ),
    KnownChange(
        name="gradients-of-backend",
        words=(),
        find=None,
        effects=(
            Effect(
                KnownIssue(
                    since="2.0", symptom="tf.gradients is not supported when eager execution is enabled",
                    cause="TensorFlow 2 has no graph in which gradients could be looked up",
                    source="https://www.tensorflow.org/guide/autodiff",
                )
            ),
        ),
        instead="Use tf.GradientTape.",
    ),
)  # fmt: skip
