"""Blind faults in what the printed blocks use, in the order of the chapter."""

from __future__ import annotations

import itertools
import sys
import types
from contextlib import contextmanager
from typing import Any, Callable, ContextManager, Iterator
from unittest import mock

import numpy as np

from evaluation.blind_faults import blind
from evaluation.blind_faults.pipelines import all_of, digits_loaded
from evaluation.blind_faults.saving import of_subclass
from pytest_kerasch2.checks.common_faults import fault, modules_named, replaced, wrapped, wrapped_method
from pytest_kerasch2.framework import api


def _model(name: str, wrap: Callable[..., Any]) -> Callable[[], ContextManager[Any]]:
    return lambda: wrapped_method(api.keras().Model, name, wrap)


def _layer(name: str, wrap: Callable[..., Any]) -> Callable[[], ContextManager[Any]]:
    """Let a class of layers be made by `wrap(class, *arguments)`."""
    return lambda: all_of(wrapped(one, name, wrap) for one in modules_named("layers"))


def _refusing(applies: Callable[..., Any], error: type[Exception], text: str) -> Callable[..., Any]:
    """Return a wrapper that raises an error where `applies(*arguments)` says so."""

    def instead(original: Any, *rest: Any, **named: Any) -> Any:
        if applies(*rest, **named):
            raise error(text)
        return original(*rest, **named)

    return instead


def _tf(name: str, wrap: Callable[..., Any]) -> Callable[[], ContextManager[Any]]:
    return lambda: wrapped(api.tensorflow(), name, wrap)


@contextmanager
def _without(owner: Any, name: str) -> Iterator[None]:
    """Let a module be without a name."""
    with replaced(owner, name, None):
        delattr(owner, name)
        yield


def _keras_modules() -> list[Any]:
    """Return `keras`, `tf.keras` and `tensorflow.keras`, as far as they are modules of their own."""
    names = ("keras", "tensorflow.keras", "keras._tf_keras.keras", "keras.api", "keras.api._tf_keras.keras")
    found = [api.keras()] + [sys.modules.get(name) for name in names]
    return list({id(one): one for one in found if one is not None}.values())


def _backends() -> list[Any]:
    found = modules_named("backend") + [one.backend for one in _keras_modules() if hasattr(one, "backend")]
    found += [module for name, module in list(sys.modules.items()) if name.endswith("keras.backend")]
    return list({id(one): one for one in found if one is not None}.values())


def _of_backends(name: str, wrap: Callable[..., Any]) -> Callable[[], ContextManager[Any]]:
    return lambda: all_of(wrapped(one, name, wrap) for one in _backends() if hasattr(one, name))


def _is_tensor(value: Any) -> bool:
    return bool(api.tensorflow().is_tensor(value))


# --- version ----------------------------------------------------------------------------------------------------------


@blind("blocks.version")
@contextmanager
def version_absent() -> Iterator[None]:
    """Keras does not say its version."""
    with all_of(_without(one, "__version__") for one in _keras_modules() if "__version__" in vars(one)):
        yield


version_none = blind("blocks.version")(
    fault(
        "The version of Keras is None.",
        lambda: all_of(replaced(one, "__version__", None) for one in _keras_modules() if hasattr(one, "__version__")),
    )
)
version_empty = blind("blocks.version")(
    fault(
        "The version of Keras is an empty text.",
        lambda: all_of(replaced(one, "__version__", "") for one in _keras_modules() if hasattr(one, "__version__")),
    )
)

# --- precision and backend --------------------------------------------------------------------------------------------

float16_refused = blind("blocks.set-floatx")(
    fault(
        "set_floatx refuses float16.",
        _of_backends("set_floatx", _refusing(lambda value: value == "float16", ValueError, "Unknown floatx type.")),
    )
)
float64_refused = blind("blocks.set-floatx")(
    fault(
        "set_floatx refuses float64.",
        _of_backends("set_floatx", _refusing(lambda value: value == "float64", ValueError, "Unknown floatx type.")),
    )
)
floatx_not_set = blind("blocks.set-floatx")(
    fault("set_floatx does nothing.", _of_backends("set_floatx", lambda original, value: None))
)
floatx_always_single = blind("blocks.set-floatx")(
    fault(
        "set_floatx sets float32 where float16 is asked for.",
        _of_backends("set_floatx", lambda original, value: original("float32" if value == "float16" else value)),
    )
)


@blind("blocks.import-backend")
@contextmanager
def no_backend() -> Iterator[None]:
    """The package keras has no backend."""
    package = sys.modules.get("keras") or api.keras()
    absent = [_without(package, "backend")] if hasattr(package, "backend") else []
    with all_of(absent), mock.patch.dict(sys.modules, {"keras.backend": None}):
        yield


@blind("blocks.import-backend")
@contextmanager
def no_keras() -> Iterator[None]:
    """There is no package keras."""
    api.keras()
    with mock.patch.dict(sys.modules, {"keras": None}):
        yield


@blind("blocks.import-backend")
@contextmanager
def empty_backend() -> Iterator[None]:
    """The backend of the package keras is an empty module."""
    package = sys.modules.get("keras") or api.keras()
    empty = types.ModuleType("keras.backend")
    everywhere = mock.patch.dict(sys.modules, {"keras.backend": empty})
    with everywhere, mock.patch.object(package, "backend", empty, create=True):
        yield


def _constant(wrap: Callable[..., Any]) -> Callable[[], ContextManager[Any]]:
    return _of_backends("constant", wrap)


constant_unnamed = blind("blocks.constant-signature")(
    fault(
        "A constant takes no name.",
        _constant(
            _refusing(
                lambda *rest, **named: "name" in named or len(rest) > 3,
                TypeError,
                "constant() got an unexpected keyword argument 'name'",
            )
        ),
    )
)
constant_shape_first = blind("blocks.constant-signature")(
    fault(
        "A constant takes its shape before its type.",
        _constant(
            lambda original, value, shape=None, dtype=None, name=None: original(
                value, dtype=dtype, shape=shape, name=name
            )
        ),
    )
)
constant_shape_needed = blind("blocks.constant-signature")(
    fault(
        "A constant needs a shape.",
        _constant(
            _refusing(lambda *rest, **named: "shape" not in named and len(rest) < 3, TypeError, "missing 'shape'")
        ),
    )
)
constant_of_integers = blind("blocks.constant-signature")(
    fault(
        "The default of dtype is int32.",
        _constant(
            lambda original, value, dtype="int32", shape=None, name=None: original(
                value, dtype=dtype, shape=shape, name=name
            )
        ),
    )
)
constant_by_text = blind("blocks.constant")(
    fault(
        "A constant takes the name of a type, not the type of TensorFlow.",
        _constant(
            _refusing(
                lambda *rest, **named: not isinstance(named.get("dtype", ""), (str, type(None))),
                TypeError,
                "dtype must be a string",
            )
        ),
    )
)
constant_by_tuple = blind("blocks.constant")(
    fault(
        "A constant takes a tuple for its shape, not a list.",
        _constant(_refusing(lambda *rest, **named: isinstance(named.get("shape"), list), TypeError, "unhashable list")),
    )
)
no_constant = blind("blocks.constant", "blocks.constant-signature")(
    fault(
        "The backend has no function for constants.",
        lambda: all_of(_without(one, "constant") for one in _backends() if "constant" in vars(one)),
    )
)

# --- data -------------------------------------------------------------------------------------------------------------

digits_in_four = blind("blocks.load-mnist")(
    fault("load_data of MNIST gives four arrays in one tuple.", digits_loaded, lambda parts: (*parts[0], *parts[1]))
)
digits_in_three = blind("blocks.load-mnist", "blocks.functional-data")(
    fault("load_data of MNIST gives a third pair, for validation.", digits_loaded, lambda parts: (*parts, parts[1]))
)
digits_swapped = blind("blocks.load-mnist")(
    fault("load_data of MNIST gives the test set first.", digits_loaded, lambda parts: (parts[1], parts[0]))
)
digits_as_lists = blind("blocks.functional-data", "blocks.preparation")(
    fault(
        "load_data of MNIST gives lists.",
        digits_loaded,
        lambda parts: tuple(tuple(list(one) for one in part) for part in parts),
    )
)


def _as_tensors(parts: Any) -> Any:
    constant = api.tensorflow().constant
    return tuple(tuple(constant(one) for one in part) for part in parts)


digits_as_tensors = blind("blocks.functional-data", "blocks.preparation")(
    fault("load_data of MNIST gives tensors of uint8, which nothing divides by 255.0.", digits_loaded, _as_tensors)
)


@blind("blocks.functional-data")
@contextmanager
def digits_once() -> Iterator[None]:
    """MNIST can be loaded once in a process: the file stays locked."""
    times = itertools.count()

    def change(parts: Any) -> Any:
        if next(times):
            raise OSError("Resource temporarily unavailable: mnist.npz")
        return parts

    with digits_loaded(change):
        yield


_NO_LIBRARY = (
    "the block sets two numbers, and calls nothing of the library; what fit takes by default, it only remarks on"
)


def _with_default(size: int) -> Callable[[], ContextManager[Any]]:
    return _model(
        "fit",
        lambda original, model, *rest, **named: original(model, *rest, **dict({"batch_size": size}, **named)),
    )


@blind("blocks.training-numbers", undetectable=_NO_LIBRARY)
@contextmanager
def other_batch_by_default() -> Iterator[None]:
    """The default of fit is 64 images in a batch, not 32 as the block says."""
    with _with_default(64)():
        yield


@blind("blocks.training-numbers", undetectable=_NO_LIBRARY)
@contextmanager
def smaller_batch_by_default() -> Iterator[None]:
    """The default of fit is 16 images in a batch."""
    with _with_default(16)():
        yield


cast_refuses_arrays = blind("blocks.preparation")(
    fault(
        "tf.cast refuses arrays of NumPy.",
        _tf("cast", _refusing(lambda x, *_, **__: isinstance(x, np.ndarray), TypeError, "expected a Tensor")),
    )
)
cast_refuses_int64 = blind("blocks.preparation")(
    fault(
        "tf.cast cannot cast to int64 from uint8.",
        _tf(
            "cast",
            _refusing(
                lambda x, dtype=None, *_, **__: getattr(x, "dtype", None) == np.uint8,
                TypeError,
                "Cast uint8 to int64 is not supported",
            ),
        ),
    )
)
cast_idle = blind("blocks.preparation")(
    fault(
        "tf.cast leaves arrays of NumPy as they are.",
        _tf(
            "cast", lambda original, x, *rest, **named: x if isinstance(x, np.ndarray) else original(x, *rest, **named)
        ),
    )
)

# --- the first model --------------------------------------------------------------------------------------------------

flatten_needs_shape = blind("blocks.first-model", "blocks.second-model")(
    fault(
        "Flatten needs the shape of its input.",
        _layer("Flatten", _refusing(lambda *_, **named: not named, TypeError, "missing argument: 'input_shape'")),
    )
)
dense_refuses_functions = blind("blocks.first-model")(
    fault(
        "Dense takes the name of an activation alone.",
        _layer(
            "Dense",
            _refusing(lambda *_, **named: callable(named.get("activation")), TypeError, "activation must be a string"),
        ),
    )
)


def _sequential(wrap: Callable[..., Any]) -> Callable[[], ContextManager[Any]]:
    return lambda: all_of(wrapped(one, "Sequential", wrap) for one in modules_named("models"))


sequential_refuses_list = blind("blocks.first-model")(
    fault(
        "Sequential takes no list of layers.",
        _sequential(
            _refusing(lambda *rest, **_: bool(rest), TypeError, "takes 1 positional argument but 2 were given")
        ),
    )
)
sequential_refuses_nothing = blind("blocks.second-model")(
    fault(
        "Sequential has to be given layers.",
        _sequential(_refusing(lambda *rest, **_: not rest, TypeError, "missing 1 required argument: 'layers'")),
    )
)
sequential_loses_last = blind("blocks.first-model")(
    fault(
        "Sequential leaves out the last layer of its list.",
        _sequential(
            lambda original, *rest, **named: (
                original(*(one[:-1] for one in rest), **named)
                if rest and isinstance(rest[0], list) and len(rest[0]) > 1
                else original(*rest, **named)
            )
        ),
    )
)
adam_needs_rate = blind("blocks.compile", "blocks.functional-training", "blocks.pipeline-training")(
    fault(
        "Adam has no default for its learning rate.",
        lambda: all_of(
            wrapped(one, "Adam", _refusing(lambda *rest, **named: not rest and not named, TypeError, "learning_rate?"))
            for one in modules_named("optimizers")
        ),
    )
)
compile_refuses_named_loss = blind("blocks.compile", "blocks.pipeline-training")(
    fault(
        "compile refuses the name of a loss.",
        _model(
            "compile",
            _refusing(lambda *_, **named: isinstance(named.get("loss"), str), ValueError, "Unknown loss function"),
        ),
    )
)
compile_refuses_accuracy = blind("blocks.compile", "blocks.second-model", "blocks.subclass-training")(
    fault(
        "compile refuses 'accuracy' among the metrics.",
        _model(
            "compile",
            _refusing(lambda *_, **named: "accuracy" in (named.get("metrics") or []), ValueError, "Unknown metric"),
        ),
    )
)
fit_refuses_tensors = blind("blocks.fit", "blocks.second-fit")(
    fault(
        "fit refuses tensors.",
        _model(
            "fit",
            _refusing(lambda model, x=None, *_, **__: _is_tensor(x), ValueError, "Failed to find data adapter"),
        ),
    )
)
fit_refuses_long_labels = blind("blocks.fit", "blocks.second-fit", "blocks.subclass-training")(
    fault(
        "fit refuses labels of int64.",
        _model(
            "fit",
            _refusing(
                lambda model, x=None, y=None, *_, **__: "int64" in str(getattr(y, "dtype", "")),
                TypeError,
                "Expected int32, got int64",
            ),
        ),
    )
)
fit_renamed_epochs = blind("blocks.fit", "blocks.functional-training")(
    fault(
        "fit calls the number of rounds nb_epoch, as Keras 1 did.",
        _model("fit", _refusing(lambda *_, **named: "epochs" in named, TypeError, "unexpected argument 'epochs'")),
    )
)


@blind("blocks.second-fit")
@contextmanager
def second_fit_fails() -> Iterator[None]:
    """Each model but the first that is trained in a process fails to create its variables."""
    seen: list[Any] = []

    def instead(original: Any, model: Any, *rest: Any, **named: Any) -> Any:
        if seen and seen[0] is not model:
            raise ValueError("tf.function-decorated function tried to create variables on non-first call")
        seen.append(model)
        return original(model, *rest, **named)

    with _model("fit", instead)():
        yield


fit_refuses_batch_size = blind("blocks.second-fit")(
    fault(
        "fit has no batch_size.",
        _model("fit", _refusing(lambda *_, **named: "batch_size" in named, TypeError, "unexpected 'batch_size'")),
    )
)
evaluate_needs_batch_size = blind("blocks.evaluate", "blocks.second-evaluate", "blocks.subclass-training")(
    fault(
        "evaluate has no default for the size of a batch.",
        _model(
            "evaluate", _refusing(lambda *_, **named: "batch_size" not in named, ValueError, "batch_size is required")
        ),
    )
)
evaluate_refuses_tensors = blind("blocks.evaluate", "blocks.second-evaluate")(
    fault(
        "evaluate refuses tensors.",
        _model(
            "evaluate",
            _refusing(lambda model, x=None, *_, **__: _is_tensor(x), ValueError, "Failed to find data adapter"),
        ),
    )
)


@blind("blocks.second-evaluate")
@contextmanager
def second_evaluate_fails() -> Iterator[None]:
    """Each model but the first that is evaluated in a process is not found in the graph."""
    seen: list[Any] = []

    def instead(original: Any, model: Any, *rest: Any, **named: Any) -> Any:
        if seen and seen[0] is not model:
            raise ValueError("Tensor is not an element of this graph")
        seen.append(model)
        return original(model, *rest, **named)

    with _model("evaluate", instead)():
        yield


def _add(applies: Callable[..., Any], text: str) -> Callable[[], ContextManager[Any]]:
    return lambda: wrapped_method(api.keras().Sequential, "add", _refusing(applies, TypeError, text))


add_needs_shape = blind("blocks.second-model")(
    fault(
        "The first layer that is added has to know its input.",
        _add(
            lambda model, layer, *_: not model.layers and type(layer).__name__ == "Flatten",
            "The first layer in a Sequential model must get an `input_shape` argument.",
        ),
    )
)
add_once = blind("blocks.second-model")(
    fault(
        "One layer of a kind can be added, the second is refused.",
        _add(
            lambda model, layer, *_: any(type(one) is type(layer) for one in model.layers),
            "All layers should have unique names.",
        ),
    )
)

# --- functional and subclassed ----------------------------------------------------------------------------------------


def _input(wrap: Callable[..., Any]) -> Callable[[], ContextManager[Any]]:
    return lambda: all_of(wrapped(one, "Input", wrap) for one in _keras_modules() if hasattr(one, "Input"))


input_needs_batch = blind("blocks.functional-model")(
    fault(
        "Input demands the size of a batch.",
        _input(_refusing(lambda *_, **named: "batch_size" not in named, ValueError, "Please provide batch_size")),
    )
)
input_flat = blind("blocks.functional-model", "blocks.subclass-definition")(
    fault(
        "Input takes shapes of one dimension.",
        _input(_refusing(lambda shape=None, *_, **__: len(shape or ()) > 1, ValueError, "Input must be a vector")),
    )
)
dense_unnamed = blind("blocks.functional-model", "blocks.subclass-definition")(
    fault(
        "Dense takes no name.",
        _layer("Dense", _refusing(lambda *_, **named: "name" in named, TypeError, "unexpected keyword 'name'")),
    )
)


@blind("blocks.functional-model")
@contextmanager
def model_without_keywords() -> Iterator[None]:
    """Model takes its inputs and outputs under the names input and output, as Keras 1 did."""
    wrap = _refusing(lambda *_, **named: "inputs" in named, TypeError, "unexpected keyword argument 'inputs'")
    with all_of(wrapped(one, "Model", wrap) for one in _keras_modules() if hasattr(one, "Model")):
        yield


fit_refuses_double = blind("blocks.functional-training")(
    fault(
        "fit refuses images of float64.",
        _model(
            "fit",
            _refusing(
                lambda model, x=None, *_, **__: "float64" in str(getattr(x, "dtype", "")),
                TypeError,
                "Expected float32, got float64",
            ),
        ),
    )
)
evaluate_refuses_arrays = blind("blocks.functional-training")(
    fault(
        "evaluate refuses arrays of NumPy.",
        _model(
            "evaluate",
            _refusing(lambda model, x=None, *_, **__: isinstance(x, np.ndarray), ValueError, "expected a tensor"),
        ),
    )
)


def _subclassed(model: Any, *_: Any, **__: Any) -> bool:
    return of_subclass(model)


@blind("blocks.subclass-definition")
@contextmanager
def model_final() -> Iterator[None]:
    """Model is a function that makes models, and no class to be subclassed."""

    def instead(original: Any, *rest: Any, **named: Any) -> Any:
        return original(*rest, **named)

    with all_of(wrapped(one, "Model", instead) for one in _keras_modules() if hasattr(one, "Model")):
        yield


predictions_reserved = blind("blocks.subclass-definition")(
    fault(
        "A model has a property of its own that is called predictions.",
        _model(
            "__setattr__",
            _refusing(
                lambda model, name, *_: name == "predictions", AttributeError, "Can't set the attribute 'predictions'"
            ),
        ),
    )
)
subclass_not_trained = blind("blocks.subclass-training")(
    fault(
        "fit refuses subclassed models.",
        _model("fit", _refusing(_subclassed, NotImplementedError, "subclassed models cannot be trained")),
    )
)
subclass_not_evaluated = blind("blocks.subclass-training")(
    fault(
        "evaluate refuses subclassed models.",
        _model("evaluate", _refusing(_subclassed, NotImplementedError, "subclassed models cannot be evaluated")),
    )
)

# --- pipelines --------------------------------------------------------------------------------------------------------


def _operator(name: str, wrap: Callable[..., Any]) -> Callable[[], ContextManager[Any]]:
    return lambda: wrapped_method(api.tensorflow().data.Dataset, name, wrap)


def _slices(applies: Callable[[Any], Any], text: str) -> Callable[[], ContextManager[Any]]:
    def context() -> ContextManager[Any]:
        owner = api.tensorflow().data.Dataset
        refusing = _refusing(applies, TypeError, text)
        original = owner.from_tensor_slices
        return replaced(owner, "from_tensor_slices", staticmethod(lambda *rest, **_: refusing(original, *rest)))

    return context


def _cardinality(data: Any) -> int:
    return int(api.tensorflow().data.experimental.cardinality(data))


slices_of_one = blind("blocks.training-pipeline", "blocks.test-pipeline")(
    fault(
        "from_tensor_slices takes one array, not a tuple.",
        _slices(lambda arrays: isinstance(arrays, tuple), "expected an array, got a tuple"),
    )
)
slices_of_arrays = blind("blocks.training-pipeline", "blocks.test-pipeline")(
    fault(
        "from_tensor_slices takes arrays of NumPy alone.",
        _slices(lambda arrays: isinstance(arrays, tuple) and _is_tensor(arrays[0]), "expected arrays of NumPy"),
    )
)
flip_needs_channels = blind("blocks.training-pipeline")(
    fault(
        "The flip refuses images without channels.",
        lambda: wrapped(
            api.tensorflow().image,
            "random_flip_left_right",
            _refusing(lambda image, *_, **__: image.shape.ndims < 4, ValueError, "'image' must have four dimensions"),
        ),
    )
)
buffer_too_large = blind("blocks.training-pipeline", "blocks.test-pipeline")(
    fault(
        "shuffle refuses a buffer that is larger than the data set.",
        _operator(
            "shuffle",
            _refusing(
                lambda data, size, *_, **__: 0 < _cardinality(data) < size, ValueError, "buffer_size is too large"
            ),
        ),
    )
)
map_one_argument = blind("blocks.training-pipeline")(
    fault(
        "map gives its function images and labels in one tuple.",
        _operator(
            "map",
            _refusing(
                lambda data, function, *_, **__: (
                    getattr(function, "__code__", None) is not None and function.__code__.co_argcount == 2
                ),
                TypeError,
                "<lambda>() missing 1 required positional argument: 'y'",
            ),
        ),
    )
)
repeat_once_more = blind("blocks.test-pipeline")(
    fault(
        "repeat refuses a data set that repeats already.",
        _operator(
            "repeat",
            _refusing(lambda data, *_, **__: _cardinality(data) == -1, ValueError, "the data set is infinite"),
        ),
    )
)
fit_refuses_steps = blind("blocks.pipeline-training")(
    fault(
        "fit has no steps_per_epoch.",
        _model("fit", _refusing(lambda *_, **named: "steps_per_epoch" in named, TypeError, "unexpected argument")),
    )
)


@blind("blocks.pipeline-training")
@contextmanager
def tensor_without_length() -> Iterator[None]:
    """A tensor has no length."""
    owner = type(api.tensorflow().constant([1]))

    def instead(original: Any, tensor: Any) -> Any:
        raise TypeError("object of type 'EagerTensor' has no len()")

    with wrapped_method(owner, "__len__", instead):
        yield


fit_refuses_datasets = blind("blocks.pipeline-training")(
    fault(
        "fit refuses data sets.",
        _model(
            "fit",
            _refusing(
                lambda model, x=None, *_, **__: isinstance(x, api.tensorflow().data.Dataset),
                ValueError,
                "Failed to find data adapter",
            ),
        ),
    )
)

# --- files ------------------------------------------------------------------------------------------------------------

save_refuses_h5 = blind("blocks.save-model")(
    fault(
        "save refuses names that end in .h5.",
        _model(
            "save",
            _refusing(
                lambda model, path, *_, **__: str(path).endswith(".h5"), ValueError, "Invalid filepath extension"
            ),
        ),
    )
)
save_refuses_relative = blind("blocks.save-model")(
    fault(
        "save refuses names that begin with a dot.",
        _model(
            "save", _refusing(lambda model, path, *_, **__: str(path).startswith("."), OSError, "not an absolute path")
        ),
    )
)
saves_nothing = blind("blocks.save-model")(fault("save writes nothing.", _model("save", lambda *_, **__: None)))


def _load_model(wrap: Callable[..., Any]) -> Callable[[], ContextManager[Any]]:
    return lambda: all_of(wrapped(one, "load_model", wrap) for one in modules_named("models"))


no_load_model = blind("blocks.load-model")(
    fault(
        "keras.models has no load_model.",
        lambda: all_of(_without(one, "load_model") for one in modules_named("models")),
    )
)
load_model_refuses_h5 = blind("blocks.load-model")(
    fault(
        "load_model refuses names that end in .h5.",
        _load_model(
            _refusing(lambda path, *_, **__: str(path).endswith(".h5"), ValueError, "File format not supported")
        ),
    )
)
load_model_gives_nothing = blind("blocks.load-model")(
    fault("load_model gives nothing back.", _load_model(lambda *_, **__: None))
)
save_weights_refuses_h5 = blind("blocks.save-weights")(
    fault(
        "save_weights refuses names that end in .h5.",
        _model(
            "save_weights",
            _refusing(lambda model, path, *_, **__: str(path).endswith(".h5"), ValueError, "must end in .weights.json"),
        ),
    )
)
saves_no_weights = blind("blocks.save-weights")(
    fault("save_weights writes nothing.", _model("save_weights", lambda *_, **__: None))
)
load_weights_refuses_h5 = blind("blocks.load-weights")(
    fault(
        "load_weights refuses names that end in .h5.",
        _model(
            "load_weights",
            _refusing(lambda model, path, *_, **__: str(path).endswith(".h5"), ValueError, "File format not supported"),
        ),
    )
)


def _foreign(model: Any, path: Any, *_: Any, **__: Any) -> bool:
    import h5py

    with h5py.File(str(path), "r") as file:
        return "layer_names" in file.attrs


old_weights_refused = blind("blocks.load-weights")(
    fault(
        "load_weights refuses files as Keras 2 wrote them.",
        _model("load_weights", _refusing(_foreign, ValueError, "unsupported file of weights")),
    )
)


def _idle_weights(original: Any, model: Any, *rest: Any, **named: Any) -> Any:
    return None


weights_left = blind("blocks.load-weights")(fault("load_weights does nothing.", _model("load_weights", _idle_weights)))
fashion_in_four = blind("blocks.load-fashion")(
    fault(
        "load_data of Fashion-MNIST gives four arrays in one tuple.",
        digits_loaded,
        lambda parts: (*parts[0], *parts[1]),
        name="fashion_mnist",
    )
)


@blind("blocks.load-fashion")
@contextmanager
def fashion_renamed() -> Iterator[None]:
    """Fashion-MNIST goes by another name."""
    with all_of(_without(one, "fashion_mnist") for one in modules_named("datasets")):
        yield


@blind("blocks.load-fashion")
@contextmanager
def fashion_is_digits() -> Iterator[None]:
    """load_data of Fashion-MNIST gives the digits of MNIST."""
    mnist = api.keras().datasets.mnist
    with digits_loaded(lambda parts: mnist.load_data(), name="fashion_mnist"):
        yield
