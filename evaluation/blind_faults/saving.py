"""Blind faults in what a file of a model or of weights holds, and in what comes back from it."""

from __future__ import annotations

import importlib
import io
import itertools
import json
import os
import shutil
import tempfile
import zipfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Callable, ContextManager, Iterator

import numpy as np

from evaluation.blind_faults import blind
from pytest_kerasch2.checks.common_faults import fault, modules_named, wrapped, wrapped_method
from pytest_kerasch2.framework import api

_H5 = (
    "keras.src.legacy.saving.legacy_h5_format",
    "keras.src.saving.legacy.hdf5_format",
    "keras.saving.legacy.hdf5_format",
    "keras.saving.hdf5_format",
    "tensorflow.python.keras.saving.hdf5_format",
    "tensorflow_core.python.keras.saving.hdf5_format",
)


def _h5() -> Any:
    """Return the module of the release that writes and reads HDF5 files of models."""
    api.keras()
    for name in _H5:
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        if hasattr(module, "save_model_to_hdf5"):
            return module
    raise LookupError("no module writes HDF5 files")


def _native() -> Any:
    """Return the module that writes and reads files that end in .keras."""
    for name in ("keras.src.saving.saving_lib", "keras.saving.saving_lib"):
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    raise LookupError("no module writes .keras files")


def _model(name: str, wrap: Callable[..., Any]) -> Callable[[], ContextManager[Any]]:
    return lambda: wrapped_method(api.keras().Model, name, wrap)


def _saved(change: Callable[[Any], None]) -> Callable[[], ContextManager[Any]]:
    """Let an HDF5 file of a model be changed by `change(open file)` when it was written."""

    def instead(original: Any, model: Any, filepath: Any, *rest: Any, **named: Any) -> Any:
        import h5py

        result = original(model, filepath, *rest, **named)
        with h5py.File(str(filepath), "r+") as file:
            change(file)
        return result

    return lambda: wrapped(_h5(), "save_model_to_hdf5", instead)


def _loaded(change: Callable[[Any], None]) -> Callable[[], ContextManager[Any]]:
    """Let a model be changed by `change(model)` when it was loaded from an HDF5 file."""

    def instead(original: Any, *rest: Any, **named: Any) -> Any:
        model = original(*rest, **named)
        change(model)
        return model

    return lambda: wrapped(_h5(), "load_model_from_hdf5", instead)


def _loaded_native(change: Callable[[Any], None]) -> Callable[[], ContextManager[Any]]:
    """Do the same for a model from a file that ends in .keras."""

    def instead(original: Any, *rest: Any, **named: Any) -> Any:
        model = original(*rest, **named)
        change(model)
        return model

    return lambda: wrapped(_native(), "load_model", instead)


@contextmanager
def _load_model(wrap: Callable[..., Any]) -> Iterator[None]:
    """Wrap `load_model` under all its public names."""
    rooms = modules_named("models")
    rooms += [api.keras().saving] if hasattr(api.keras(), "saving") else []
    with ExitStack() as stack:
        for room in rooms:
            if hasattr(room, "load_model"):
                stack.enter_context(wrapped(room, "load_model", wrap))
        yield


def _attribute(file: Any, name: str, change: Callable[[Any], Any]) -> None:
    """Change the JSON of an attribute of a file."""
    if name not in file.attrs:
        return
    text = file.attrs[name]
    content = json.loads(text.decode("utf8") if hasattr(text, "decode") else text)
    change(content)
    file.attrs[name] = json.dumps(content).encode("utf8")


def _layers(change: Callable[[dict[str, Any], dict[str, Any]], None]) -> Callable[[Any], None]:
    """Return a change of a file: `change(layer, its configuration)` for each layer in its architecture."""

    def in_config(model: Any) -> None:
        inner = model["config"]
        for layer in inner["layers"] if isinstance(inner, dict) else inner:
            change(layer, layer["config"])

    return lambda file: _attribute(file, "model_config", in_config)


def _training(change: Callable[[dict[str, Any]], None]) -> Callable[[Any], None]:
    return lambda file: _attribute(file, "training_config", change)


def _arrays(group: Any) -> list[Any]:
    import h5py

    found: list[Any] = []
    group.visititems(lambda _, one: found.append(one) if isinstance(one, h5py.Dataset) else None)
    return found


def _each(group: str, change: Callable[[Any], Any]) -> Callable[[Any], None]:
    """Return a change of a file: each array with dimensions in a group is replaced by `change(array)`."""

    def in_file(file: Any) -> None:
        if group in file:
            for one in _arrays(file[group]):
                if one.shape and one.shape != (0,) and one.dtype.kind == "f":
                    one[...] = change(one[...])

    return in_file


def _as_half(value: Any) -> Any:
    return value.astype("float16").astype(value.dtype)


def _set(model: Any, change: Callable[[list[Any]], list[Any]]) -> None:
    model.set_weights(change(model.get_weights()))


def _last_bias_gone(values: list[Any]) -> list[Any]:
    return [*values[:-1], np.zeros_like(values[-1])]


def _biases_gone(values: list[Any]) -> list[Any]:
    return [np.zeros_like(one) if one.ndim == 1 else one for one in values]


def _drawn_anew(values: list[Any]) -> list[Any]:
    return [np.random.RandomState(7).uniform(-0.1, 0.1, one.shape).astype(one.dtype) for one in values]


def of_subclass(model: Any) -> bool:
    """Whether a model is neither Sequential nor functional."""
    names = {kind.__name__ for kind in type(model).__mro__}
    functional = bool(names & {"Sequential", "Functional"}) or getattr(model, "_is_graph_network", False)
    return not functional


def _is_functional(model: Any) -> bool:
    return not of_subclass(model) and type(model).__name__ != "Sequential"


# --- places -----------------------------------------------------------------------------------------------------------


def _then(action: Callable[[Path], Any]) -> Callable[[], ContextManager[Any]]:
    """Let `action(path)` follow the saving of a model."""

    def instead(original: Any, model: Any, filepath: Any, *rest: Any, **named: Any) -> Any:
        result = original(model, filepath, *rest, **named)
        action(Path(str(filepath)))
        return result

    return _model("save", instead)


def _elsewhere(original: Any, model: Any, filepath: Any, *rest: Any, **named: Any) -> Any:
    if str(filepath).startswith("./"):
        filepath = str(Path(tempfile.gettempdir()) / Path(str(filepath)).name)
    return original(model, filepath, *rest, **named)


def _into_folder(path: Path) -> None:
    if path.is_file():
        aside = path.with_name(path.name + ".aside")
        path.rename(aside)
        path.mkdir()
        aside.rename(path / "model.h5")


saved_elsewhere = blind("saving.current-folder")(
    fault("A name that begins with ./ is saved in the folder of temporary files.", _model("save", _elsewhere))
)
left_beside = blind("saving.current-folder")(
    fault(
        "Saving leaves a second file beside the model.",
        _then(lambda path: shutil.copyfile(str(path), str(path) + ".tmp") if path.is_file() else None),
    )
)
saved_into_folder = blind("saving.current-folder")(
    fault("A folder of the name is made, and the file is put into it.", _then(_into_folder))
)


def _bare(original: Any, first: Any, *rest: Any, **named: Any) -> Any:
    # The path is what comes first for `load_model`, and second, after the model, for `save`.
    if isinstance(first, (str, os.PathLike)):
        return original(Path(str(first)).name, *rest, **named)
    return original(first, Path(str(rest[0])).name, *rest[1:], **named)


@blind("saving.longer-path")
@contextmanager
def path_forgotten() -> Iterator[None]:
    """Saving and loading take the last part of a path alone, so that the file lies in the current folder."""
    with _model("save", _bare)(), _load_model(_bare):
        yield


def _deep(original: Any, first: Any, *rest: Any, **named: Any) -> Any:
    path = first if isinstance(first, (str, os.PathLike)) else rest[0]
    if len(Path(str(path)).parts) > 2:
        raise OSError(f"Unable to open file (name = {str(path)!r})")
    return original(first, *rest, **named)


deep_path_refused = blind("saving.longer-path")(
    fault("A model cannot be saved below more than one folder.", _model("save", _deep))
)
deep_path_not_loaded = blind("saving.longer-path")(
    fault("A model cannot be loaded from below more than one folder.", _load_model, _deep)
)

# --- whole models, HDF5 -----------------------------------------------------------------------------------------------


def _refuse(applies: Callable[[Any], bool], text: str) -> Callable[..., Any]:
    def instead(original: Any, model: Any, *rest: Any, **named: Any) -> Any:
        if applies(model):
            raise NotImplementedError(text)
        return original(model, *rest, **named)

    return instead


def _if(applies: Callable[[Any], bool], change: Callable[[list[Any]], list[Any]]) -> Callable[[Any], None]:
    return lambda model: _set(model, change) if applies(model) else None


def _linear(model: Any) -> None:
    for layer in model.layers:
        if getattr(layer, "activation", None) is not None and len(model.layers) > 1 and layer is not model.layers[-1]:
            layer.activation = api.keras().activations.linear


loaded_without_last_bias = blind("saving.model-file", "saving.equal-predictions")(
    fault("The bias of the last layer is not loaded.", _loaded(_if(lambda model: True, _last_bias_gone)))
)
functional_not_saved = blind("saving.model-file", "saving.keras-file")(
    fault(
        "A functional model cannot be saved.",
        _model("save", _refuse(_is_functional, "Saving requires the model to be Sequential.")),
    )
)
loaded_linear = blind("saving.model-file", "saving.equal-predictions")(
    fault("Hidden layers of a loaded model have no activation.", _loaded(_linear))
)


@blind("saving.model-file")
@contextmanager
def first_file_stays() -> Iterator[None]:
    """A file that is there already is left as it is, without a word."""

    def instead(original: Any, model: Any, filepath: Any, *rest: Any, **named: Any) -> Any:
        return None if Path(str(filepath)).exists() else original(model, filepath, *rest, **named)

    with _model("save", instead)():
        yield


def _fresh(change: Callable[[list[Any]], list[Any]], applies: Callable[[Any], bool], ending: str = "") -> Any:
    """Return a wrapper of `load_model` that changes the weights of what was loaded."""

    def instead(original: Any, filepath: Any, *rest: Any, **named: Any) -> Any:
        model = original(filepath, *rest, **named)
        if str(filepath).endswith(ending) and hasattr(model, "set_weights") and applies(model):
            _set(model, change)
        return model

    return instead


subclass_comes_fresh = blind("saving.model-file-subclass", "saving.keras-file-subclass", "saving.folder")(
    fault("A subclassed model is loaded with weights drawn anew.", _load_model, _fresh(_drawn_anew, of_subclass))
)
subclass_not_saved = blind("saving.model-file-subclass", "saving.keras-file-subclass", "saving.folder")(
    fault(
        "A subclassed model cannot be saved.",
        _model("save", _refuse(of_subclass, "Saving requires the model to be functional or Sequential.")),
    )
)
subclass_without_biases = blind("saving.model-file-subclass", "saving.keras-file-subclass")(
    fault("A subclassed model is loaded without its biases.", _load_model, _fresh(_biases_gone, of_subclass))
)

# --- .keras -----------------------------------------------------------------------------------------------------------

keras_without_last_bias = blind("saving.keras-file")(
    fault(
        "The bias of the last layer is not loaded from .keras.",
        _loaded_native(_if(lambda model: True, _last_bias_gone)),
    )
)
keras_drawn_anew = blind("saving.keras-file")(
    fault(
        "A functional model comes from .keras with weights drawn anew.",
        _loaded_native(_if(_is_functional, _drawn_anew)),
    )
)


def _not_keras(original: Any, filepath: Any, *rest: Any, **named: Any) -> Any:
    if str(filepath).endswith(".keras"):
        raise OSError(f"SavedModel file does not exist at: {filepath}")
    return original(filepath, *rest, **named)


keras_not_loaded = blind("saving.keras-file", "saving.keras-file-subclass")(
    fault("load_model does not know the ending .keras.", _load_model, _not_keras)
)


# --- folders ----------------------------------------------------------------------------------------------------------


@blind("saving.folder")
@contextmanager
def folder_is_file() -> Iterator[None]:
    """Without an ending an HDF5 file is written, as TensorFlow 1 did."""

    def instead(original: Any, model: Any, filepath: Any, *rest: Any, **named: Any) -> Any:
        if not Path(str(filepath)).suffix:
            original(model, str(filepath) + ".h5", *rest, **named)
            return Path(str(filepath) + ".h5").rename(str(filepath))
        return original(model, filepath, *rest, **named)

    with _model("save", instead)():
        yield


folder_without_last_bias = blind("saving.folder")(
    fault(
        "The bias of the last layer is not loaded from a folder.",
        _load_model,
        lambda original, filepath, *rest, **named: _fresh(_last_bias_gone, lambda _: Path(str(filepath)).is_dir())(
            original, filepath, *rest, **named
        ),
    )
)

# --- weights ----------------------------------------------------------------------------------------------------------


def _weights_changed(
    change: Callable[[list[Any]], list[Any]], applies: Callable[[Any], bool] = lambda _: True, ending: str = ""
) -> Callable[..., Any]:
    """Return a wrapper of `load_weights` that changes what was loaded."""

    def instead(original: Any, model: Any, filepath: Any, *rest: Any, **named: Any) -> Any:
        result = original(model, filepath, *rest, **named)
        if str(filepath).endswith(ending) and model.weights and applies(model):
            _set(model, change)
        return result

    return instead


def _all_refused(original: Any, model: Any, filepath: Any, *rest: Any, **named: Any) -> Any:
    raise ValueError(f"Layer count mismatch when loading weights from file {filepath}.")


def _nothing_loaded(original: Any, model: Any, filepath: Any, *rest: Any, **named: Any) -> Any:
    if not model.weights:
        return original(model, filepath, *rest, **named)
    before = model.get_weights()
    original(model, filepath, *rest, **named)
    return model.set_weights(before)


load_weights_refuses_all = blind(
    "saving.weights-file", "saving.weights-h5-file", "saving.weights-fit", "saving.weights-need-model"
)(fault("load_weights refuses every file.", _model("load_weights", _all_refused)))
weights_not_loaded = blind("saving.weights-file", "saving.weights-h5-file")(
    fault("load_weights reads the file and leaves the weights as they were.", _model("load_weights", _nothing_loaded))
)
biases_not_loaded = blind("saving.weights-file", "saving.weights-h5-file")(
    fault("load_weights leaves biases at zero.", _model("load_weights", _weights_changed(_biases_gone)))
)


def _rest_anew(values: list[Any]) -> list[Any]:
    return [*values[:2], *_drawn_anew(values[2:])]


first_layer_loaded = blind("saving.weights-file", "saving.weights-h5-file")(
    fault(
        "load_weights loads the first layer alone of a subclassed model.",
        _model("load_weights", _weights_changed(_rest_anew, of_subclass)),
    )
)


@contextmanager
def _weights_saved(change: Callable[[Any, Any], None]) -> Iterator[None]:
    """Let a file of weights be changed by `change(open file, model)` when it was written."""

    def instead(original: Any, model: Any, filepath: Any, *rest: Any, **named: Any) -> Any:
        import h5py

        result = original(model, filepath, *rest, **named)
        with h5py.File(str(filepath), "r+") as file:
            change(file, model)
        return result

    with _model("save_weights", instead)():
        yield


def _add_optimizer(file: Any, model: Any) -> None:
    if getattr(model, "optimizer", None) is not None:
        variables = getattr(model.optimizer, "variables", [])
        variables = variables() if callable(variables) else variables
        group = file.require_group("optimizer_weights")
        for number, one in enumerate(variables):
            group[f"variable_{number}"] = api.array(one)


def _add_configuration(file: Any, model: Any) -> None:
    if getattr(model, "optimizer", None) is not None:
        config = {"loss": str(model.loss), "optimizer": type(model.optimizer).__name__}
        file.attrs["training_config"] = json.dumps(config).encode("utf8")


def _zero_last(file: Any, model: Any) -> None:
    biases = [one for one in _arrays(file) if len(one.shape) == 1 and one.dtype.kind == "f"]
    biases[-1][...] = 0


weights_with_optimizer = blind("saving.weights-only")(
    fault("A file of weights holds the state of the optimizer too.", _weights_saved, _add_optimizer)
)
weights_with_training = blind("saving.weights-only")(
    fault("A file of weights holds the loss and the optimizer's name too.", _weights_saved, _add_configuration)
)
weights_without_one = blind("saving.weights-only", "saving.weights-file", "saving.weights-h5-file")(
    fault("A file of weights holds zeros for one bias.", _weights_saved, _zero_last)
)
weights_in_half = blind("saving.weights-only")(
    fault(
        "A file of weights holds them in half precision.",
        _weights_saved,
        lambda file, model: [
            one.write_direct(_as_half(one[...])) for one in _arrays(file) if one.dtype.kind == "f" and one.shape
        ],
    )
)


def _unbuilt_passes(original: Any, model: Any, *rest: Any, **named: Any) -> Any:
    return original(model, *rest, **named) if _has_weights(model) else None


def _has_weights(model: Any) -> bool:
    try:
        return bool(model.weights)
    except ValueError:
        return False


unbuilt_passes = blind("saving.weights-need-model")(
    fault("Weights are loaded into a model not built: nothing happens.", _model("load_weights", _unbuilt_passes))
)


def _build_and_load(original: Any, model: Any, filepath: Any, *rest: Any, **named: Any) -> Any:
    if not _has_weights(model):
        model.build((None, 28, 28))
    return original(model, filepath, *rest, **named)


unbuilt_is_built = blind("saving.weights-need-model")(
    fault(
        "load_weights builds a model for images of 28 x 28 where it was not.", _model("load_weights", _build_and_load)
    )
)


def _passing(*words: str) -> Callable[..., Any]:
    """Return a wrapper of `load_weights` that swallows errors that speak of any of some words."""

    def instead(original: Any, model: Any, *rest: Any, **named: Any) -> Any:
        try:
            return original(model, *rest, **named)
        except ValueError as error:
            if not words or any(word in str(error).lower() for word in words):
                return None
            raise

    return instead


misfit_passes = blind("saving.weights-fit")(
    fault("Weights of another architecture are passed over.", _model("load_weights", _passing()))
)
other_sizes_pass = blind("saving.weights-fit")(
    fault("Weights of other sizes are passed over.", _model("load_weights", _passing("shape")))
)
other_count_passes = blind("saving.weights-fit")(
    fault(
        "Weights for another number of layers are passed over.",
        _model(
            "load_weights", _passing("layer count", "layers into a model", "was never found", "expected 0", "received")
        ),
    )
)

# --- what the file holds ----------------------------------------------------------------------------------------------


def _forget_rate(layer: dict[str, Any], config: dict[str, Any]) -> None:
    if "rate" in config:
        config["rate"] = 0.5


def _forget_activation(layer: dict[str, Any], config: dict[str, Any]) -> None:
    if "activation" in config:
        config["activation"] = "linear"


def _forget_initializer(layer: dict[str, Any], config: dict[str, Any]) -> None:
    for key in ("kernel_initializer", "bias_initializer", "kernel_regularizer", "kernel_constraint"):
        config.pop(key, None)


def _not_trained(layer: dict[str, Any], config: dict[str, Any]) -> None:
    if "units" in config:
        config["trainable"] = False


rate_not_held = blind("saving.holds-architecture")(
    fault("The file has a rate of 0.5 for each Dropout.", _saved(_layers(_forget_rate)))
)
activation_not_held = blind("saving.holds-architecture")(
    fault("The file has no activations.", _saved(_layers(_forget_activation)))
)
initializer_not_held = blind("saving.holds-architecture")(
    fault("The file has no initializers and regularizers.", _saved(_layers(_forget_initializer)))
)
trainable_not_held = blind("saving.holds-architecture")(
    fault("The file has each Dense layer as one that is not trained.", _saved(_layers(_not_trained)))
)


def _config_of(kind: str, change: Callable[[dict[str, Any]], None]) -> Callable[[], ContextManager[Any]]:
    def instead(original: Any, layer: Any) -> Any:
        config = original(layer)
        change(config)
        return config

    return lambda: wrapped_method(getattr(api.keras().layers, kind), "get_config", instead)


bias_always_held = blind("saving.holds-architecture")(
    fault(
        "Each Dense layer says of itself that it has a bias.",
        _config_of("Dense", lambda one: one.update(use_bias=True)),
    )
)


def _last_bias_zero(file: Any) -> None:
    _zero_last(file["model_weights"], None)


weights_held_in_half = blind("saving.holds-weights", "saving.equal-predictions", "saving.continues-without-dropout")(
    fault("The file holds weights in half precision.", _saved(_each("model_weights", _as_half)))
)
bias_held_as_zero = blind("saving.holds-weights")(fault("The file holds zeros for one bias.", _saved(_last_bias_zero)))
weights_held_clean = blind("saving.holds-weights")(
    fault(
        "The file holds 0 for weights that are no numbers, and +0 for -0.",
        _saved(_each("model_weights", lambda value: np.nan_to_num(value) + np.float32(0))),
    )
)
weights_held_next = blind("saving.holds-weights", "saving.equal-predictions")(
    fault(
        "The file holds the next larger number for each weight.",
        _saved(_each("model_weights", lambda value: np.nextafter(value, np.full_like(value, np.inf)))),
    )
)


loss_not_held = blind("saving.holds-loss", "saving.loaded-compiled")(
    fault("The file holds no loss.", _saved(_training(lambda one: one.update(loss=None))))
)
other_loss_held = blind("saving.holds-loss", "saving.loaded-compiled")(
    fault(
        "The file holds the mean squared error for a loss, whatever it was.",
        _saved(_training(lambda one: one.update(loss="mse"))),
    )
)


def _optimizer(change: Callable[[dict[str, Any]], None]) -> Callable[[], ContextManager[Any]]:
    return _saved(_training(lambda one: change(one["optimizer_config"]["config"])))


def _same_betas(config: dict[str, Any]) -> None:
    config["beta_2"] = config.get("beta_1")


rate_held_as_default = blind("saving.holds-optimizer", "saving.loaded-compiled", "saving.continues-without-dropout")(
    fault(
        "The file holds a learning rate of 0.001, whatever it was.",
        _optimizer(lambda one: one.update(learning_rate=0.001)),
    )
)
betas_held_alike = blind("saving.holds-optimizer", "saving.continues-without-dropout")(
    fault("The file holds beta_1 for beta_2.", _optimizer(_same_betas))
)
epsilon_held_smaller = blind("saving.holds-optimizer")(
    fault("The file holds an epsilon of 1e-8, whatever it was.", _optimizer(lambda one: one.update(epsilon=1e-8)))
)
other_optimizer_held = blind("saving.holds-optimizer")(
    fault(
        "The file names Adamax for the optimizer.",
        _saved(_training(lambda one: one["optimizer_config"].update(class_name="Adamax"))),
    )
)


def _delete_state(file: Any) -> None:
    if "optimizer_weights" in file:
        del file["optimizer_weights"]


def _count_zero(file: Any) -> None:
    for one in _arrays(file["optimizer_weights"]) if "optimizer_weights" in file else ():
        if not one.shape and one.dtype.kind in "iu":
            one[()] = 0


def _no_velocity(value: Any) -> Any:
    return np.zeros_like(value) if (value >= 0).all() else value


def _no_momentum(value: Any) -> Any:
    return value if (value >= 0).all() else np.zeros_like(value)


state_lost = blind(
    "saving.holds-optimizer-state", "saving.optimizer-state-loaded", "saving.continues-without-dropout",
    "saving.continues-with-dropout",
)(fault("The file is written without the state of the optimizer, silently.", _saved(_delete_state)))  # fmt: skip
count_held_as_zero = blind("saving.holds-optimizer-state", "saving.continues-with-dropout")(
    fault("The file holds a step count of zero.", _saved(_count_zero))
)
velocity_not_held = blind("saving.holds-optimizer-state", "saving.continues-without-dropout")(
    fault("The file holds zeros for the running means of squares.", _saved(_each("optimizer_weights", _no_velocity)))
)
momentum_not_held = blind("saving.holds-optimizer-state", "saving.optimizer-state-loaded")(
    fault("The file holds zeros for the running means of gradients.", _saved(_each("optimizer_weights", _no_momentum)))
)
state_held_in_half = blind("saving.holds-optimizer-state")(
    fault("The file holds the running means in half precision.", _saved(_each("optimizer_weights", _as_half)))
)

# --- what comes back --------------------------------------------------------------------------------------------------


def _variables(optimizer: Any) -> list[Any]:
    found = optimizer.variables
    return list(found() if callable(found) else found)


def _assign(change: Callable[[int, Any], Any]) -> Callable[[Any], None]:
    """Return a change of a model: each variable of its optimizer becomes `change(its number, its value)`."""

    def in_model(model: Any) -> None:
        optimizer = getattr(model, "optimizer", None)
        for number, one in enumerate(_variables(optimizer) if optimizer is not None else []):
            one.assign(change(number, api.array(one)))

    return in_model


def _without_state(number: int, value: Any) -> Any:
    return np.zeros_like(value) if value.ndim or value.dtype.kind in "iu" else value


state_not_loaded = blind("saving.optimizer-state-loaded", "saving.continues-without-dropout")(
    fault("The state of the optimizer is not taken from the file, silently.", _loaded(_assign(_without_state)))
)
means_not_loaded = blind("saving.optimizer-state-loaded")(
    fault(
        "The step count of the optimizer alone is taken from the file.",
        _loaded(_assign(lambda _, value: np.zeros_like(value) if value.ndim else value)),
    )
)
count_not_loaded = blind("saving.optimizer-state-loaded", "saving.continues-with-dropout")(
    fault(
        "The optimizer of a loaded model counts from zero.",
        _loaded(_assign(lambda _, value: value * 0 if value.dtype.kind in "iu" and not value.ndim else value)),
    )
)
means_loaded_in_half = blind("saving.continues-without-dropout", "saving.optimizer-state-loaded")(
    fault(
        "The running means of the optimizer are loaded in half precision.",
        _loaded(_assign(lambda _, value: _as_half(value) if value.ndim else value)),
    )
)


def _uncompiled(original: Any, filepath: Any, *rest: Any, **named: Any) -> Any:
    return original(filepath, *rest, **dict(named, compile=False))


def _without_metrics(model: Any) -> None:
    if getattr(model, "optimizer", None) is not None:
        # Keras 3 keeps the metrics that there were unless it is given others.
        model.compile(optimizer=model.optimizer, loss=model.loss, metrics=[])


def _with_rmsprop(model: Any) -> None:
    if getattr(model, "optimizer", None) is not None:
        model.compile(optimizer="rmsprop", loss=model.loss, metrics=["accuracy"])


loaded_uncompiled = blind("saving.loaded-compiled")(
    fault("A model is loaded without being compiled.", _load_model, _uncompiled)
)
loaded_without_metrics = blind("saving.loaded-compiled")(
    fault("A loaded model is compiled without its metrics.", _loaded(_without_metrics))
)
loaded_with_rmsprop = blind("saving.loaded-compiled")(
    fault("A loaded model is compiled with RMSprop, whatever it was.", _loaded(_with_rmsprop))
)


def _compile_all(model: Any) -> None:
    if getattr(model, "optimizer", None) is None:
        model.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy")


def _add_training(file: Any) -> None:
    if "training_config" not in file.attrs:
        adam = {"class_name": "Adam", "config": api.keras().optimizers.Adam().get_config()}
        config = dict.fromkeys(("metrics", "weighted_metrics", "loss_weights", "sample_weight_mode"))
        config.update(loss="sparse_categorical_crossentropy", optimizer_config=adam)
        file.attrs["training_config"] = json.dumps(config, default=float).encode("utf8")


loaded_compiled_anyway = blind("saving.uncompiled-stays")(
    fault("A model that was never compiled is loaded compiled with RMSprop.", _loaded(_compile_all))
)
saved_compiled_anyway = blind("saving.uncompiled-stays")(
    fault("The file of a model that was never compiled says how it was.", _saved(_add_training))
)


@blind("saving.uncompiled-stays")
@contextmanager
def saving_compiles() -> Iterator[None]:
    """Saving compiles a model that was not compiled."""

    def instead(original: Any, model: Any, *rest: Any, **named: Any) -> Any:
        _compile_all(model)
        return original(model, *rest, **named)

    with _model("save", instead)():
        yield


def _freeze(model: Any) -> None:
    for layer in model.layers:
        layer.trainable = False
    if getattr(model, "optimizer", None) is not None:
        model.compile(optimizer=model.optimizer, loss=model.loss, metrics=["accuracy"])


def _more_dropout(model: Any) -> None:
    for layer in model.layers:
        if hasattr(layer, "rate"):
            layer.rate = 0.95


loaded_frozen = blind("saving.continues-with-dropout")(
    fault("The layers of a loaded model are not trained.", _loaded(_freeze))
)
loaded_with_more_dropout = blind("saving.continues-with-dropout")(
    fault("A loaded model drops 95 % of its units.", _loaded(_more_dropout))
)


@blind("saving.continues-with-dropout")
@contextmanager
def second_loading_fresh() -> Iterator[None]:
    """Each model but the first that is loaded in a process has weights drawn anew."""
    times = itertools.count()
    with _loaded(lambda model: _set(model, _drawn_anew) if next(times) else None)():
        yield


def _reencoded(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change config.json within a .keras file."""
    with zipfile.ZipFile(str(path)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(parts["config.json"].decode("utf8"))
    change(config)
    parts["config.json"] = json.dumps(config).encode("utf8")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    path.write_bytes(buffer.getvalue())


def _no_activation(config: dict[str, Any]) -> None:
    for layer in config["config"].get("layers", []):
        if layer["config"].get("activation") is not None:
            layer["config"]["activation"] = "linear"


keras_without_activation = blind("saving.keras-file")(
    fault(
        "A .keras file has no activations.",
        _then(lambda path: _reencoded(path, _no_activation) if path.suffix == ".keras" else None),
    )
)
