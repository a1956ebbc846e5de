"""Blind faults in data sets, in the flip, and in training and evaluation on data sets."""
# What stands between tf.data and Keras has no types that hold on every release, hence Any.

from __future__ import annotations

import itertools
import sys
from contextlib import ExitStack, contextmanager
from typing import Any, Callable, ContextManager, Iterator

import numpy as np

from evaluation.blind_faults import blind
from pytest_kerasch2.checks.common_faults import fault, replaced, wrapped, wrapped_method
from pytest_kerasch2.framework import api


def _operator(name: str, wrap: Callable[..., Any]) -> Callable[[], ContextManager[Any]]:
    return lambda: wrapped_method(api.tensorflow().data.Dataset, name, wrap)


def _slices(change: Callable[..., Any]) -> Callable[[], ContextManager[Any]]:
    """Let `from_tensor_slices` be `change(original, arrays)`."""

    def context() -> ContextManager[Any]:
        owner = api.tensorflow().data.Dataset
        original = owner.from_tensor_slices
        return replaced(owner, "from_tensor_slices", staticmethod(lambda arrays, **named: change(original, arrays)))

    return context


def _flip(instead: Callable[..., Any]) -> Callable[[], ContextManager[Any]]:
    """Let `random_flip_left_right` be `instead(original, images)`."""
    return lambda: wrapped(
        api.tensorflow().image, "random_flip_left_right", lambda original, images, **_: instead(original, images)
    )


def _model(name: str, wrap: Callable[..., Any]) -> Callable[[], ContextManager[Any]]:
    return lambda: wrapped_method(api.keras().Model, name, wrap)


def _is_dataset(value: Any) -> bool:
    return isinstance(value, api.tensorflow().data.Dataset)


def _pairs(value: Any) -> bool:
    """Whether these are images, floats, with labels, not what Keras itself keeps in data sets."""
    return isinstance(value, (tuple, list)) and len(value) == 2 and hasattr(value[0], "dtype")


# --- from_tensor_slices -----------------------------------------------------------------------------------------------

last_slice_lost = blind("pipeline.from-tensor-slices", "pipeline.test-images")(
    fault(
        "from_tensor_slices leaves out the last image.",
        _slices(lambda original, arrays: original(tuple(one[:-1] for one in arrays) if _pairs(arrays) else arrays)),
    )
)
labels_one_late = blind("pipeline.from-tensor-slices")(
    fault(
        "from_tensor_slices gives each image the label of the one before it.",
        _slices(
            lambda original, arrays: original(
                (arrays[0], np.roll(np.asarray(arrays[1]), 1, axis=0)) if _pairs(arrays) else arrays
            )
        ),
    )
)
slices_as_half = blind("pipeline.from-tensor-slices")(
    fault(
        "from_tensor_slices keeps floating point numbers in half precision, under their own type.",
        _slices(
            lambda original, arrays: original(
                tuple(
                    np.asarray(one).astype("float16").astype(np.asarray(one).dtype)
                    if np.asarray(one).dtype.kind == "f"
                    else one
                    for one in arrays
                )
                if _pairs(arrays)
                else arrays
            )
        ),
    )
)


def _half(original: Any, arrays: Any) -> Any:
    whole = original(arrays)
    return whole.take(len(np.asarray(arrays[0])) // 2) if _pairs(arrays) else whole


half_the_slices = blind("pipeline.test-images")(
    fault("from_tensor_slices gives the first half of the images alone.", _slices(_half))
)


@blind("pipeline.test-images", "pipeline.test-unflipped")
@contextmanager
def later_slices_mirrored() -> Iterator[None]:
    """Whatever is made by from_tensor_slices after the first data set has mirrored images."""
    times = itertools.count()

    def change(original: Any, arrays: Any) -> Any:
        if _pairs(arrays) and np.ndim(arrays[0]) >= 3 and next(times):
            images = np.asarray(arrays[0])
            arrays = (images[:, :, ::-1], arrays[1])
        return original(arrays)

    with _slices(change)():
        yield


# --- batch ------------------------------------------------------------------------------------------------------------

rest_dropped = blind("pipeline.batches", "pipeline.test-images")(
    fault(
        "batch drops what is left over.",
        _operator("batch", lambda original, data, size, *_, **__: original(data, size, drop_remainder=True)),
    )
)
every_other_first = blind("pipeline.batches")(
    fault(
        "batch takes every other image first, and then the ones between.",
        _operator(
            "batch",
            lambda original, data, *rest, **named: original(
                data.shard(2, 0).concatenate(data.shard(2, 1)), *rest, **named
            ),
        ),
    )
)


def _reversed_batches(original: Any, data: Any, *rest: Any, **named: Any) -> Any:
    tf = api.tensorflow()
    return original(data, *rest, **named).map(lambda *parts: tuple(tf.reverse(one, [0]) for one in parts))


batches_reversed = blind("pipeline.batches")(
    fault("batch puts the images into each batch in reverse.", _operator("batch", _reversed_batches))
)


def _first_short(original: Any, data: Any, size: Any, *_: Any, **__: Any) -> Any:
    return original(data.take(size - 1), size).concatenate(original(data.skip(size - 1), size))


first_batch_short = blind("pipeline.batches")(
    fault("The first batch has one image less.", _operator("batch", _first_short))
)


# --- shuffle ----------------------------------------------------------------------------------------------------------


def _rotated(original: Any, data: Any, *_: Any, **__: Any) -> Any:
    tf = api.tensorflow()

    def turned(_: Any) -> Any:
        first = tf.random.uniform([], 1, 8, dtype=tf.int64)
        return data.skip(first).concatenate(data.take(first))

    return tf.data.Dataset.range(1).flat_map(turned)


shuffle_rotates = blind("pipeline.shuffles", "pipeline.shuffles-images", "pipeline.as-meant")(
    fault("shuffle begins at a random place, and goes on in the order there was.", _operator("shuffle", _rotated))
)
shuffle_same_each_pass = blind("pipeline.shuffles", "pipeline.as-meant")(
    fault(
        "shuffle brings about the same order in each pass.",
        _operator(
            "shuffle", lambda original, data, size, *_, **__: original(data, size, reshuffle_each_iteration=False)
        ),
    )
)
shuffle_of_neighbours = blind("pipeline.shuffles", "pipeline.as-meant")(
    fault(
        "shuffle draws from the next two, however large its buffer.",
        _operator("shuffle", lambda original, data, size, *rest, **named: original(data, 2, *rest, **named)),
    )
)


def _with_replacement(original: Any, data: Any, size: Any, *rest: Any, **named: Any) -> Any:
    shuffled = original(data, size, *rest, **named)
    return shuffled.take(1).concatenate(shuffled.skip(1))


shuffle_with_repeats = blind("pipeline.shuffles")(
    fault(
        "shuffle takes the first from one order and the rest from another: one comes twice, and another one never.",
        _operator("shuffle", _with_replacement),
    )
)


def _in_reverse(original: Any, data: Any, *_: Any, **__: Any) -> Any:
    # As far as a data set of known size can be reversed by its own operators.
    tf = api.tensorflow()
    count = min(int(tf.data.experimental.cardinality(data)), 40)
    joined = data.skip(count)
    for index in range(count):
        joined = data.skip(index).take(1).concatenate(joined)
    return joined


shuffle_reverses = blind("pipeline.shuffles")(
    fault("shuffle puts the first forty into reverse, in each pass.", _operator("shuffle", _in_reverse))
)
shuffle_idle = blind("pipeline.shuffles-images", "pipeline.test-unflipped")(
    fault("shuffle does nothing.", _operator("shuffle", lambda original, data, *_, **__: data))
)


def _apart(original: Any, data: Any, *rest: Any, **named: Any) -> Any:
    tf = api.tensorflow()
    spec = tf.nest.flatten(tf.compat.v1.data.get_output_types(data))
    if len(spec) != 2:
        return original(data, *rest, **named)
    return tf.data.Dataset.zip(
        (original(data.map(lambda x, y: x), *rest, **named), original(data.map(lambda x, y: y), *rest, **named))
    )


shuffled_apart = blind("pipeline.labels-unchanged", "pipeline.as-meant")(
    fault("shuffle brings images and labels into orders of their own.", _operator("shuffle", _apart))
)


@blind("pipeline.test-unflipped")
@contextmanager
def first_shuffle_alone() -> Iterator[None]:
    """Whatever is shuffled after the first data set stays in its order."""
    times = itertools.count()

    def once(original: Any, data: Any, *rest: Any, **named: Any) -> Any:
        return data if next(times) else original(data, *rest, **named)

    with _operator("shuffle", once)():
        yield


# --- chains -----------------------------------------------------------------------------------------------------------

shuffle_gives_iterator = blind("pipeline.chaining")(
    fault(
        "shuffle gives an iterator over a data set back.",
        _operator("shuffle", lambda original, *rest, **named: iter(original(*rest, **named))),
    )
)


def _no_batches(original: Any, data: Any, *rest: Any, **named: Any) -> Any:
    if "Batch" in type(data).__name__:
        raise TypeError("shuffle expects single elements, not batches")
    return original(data, *rest, **named)


shuffle_refuses_batches = blind("pipeline.chaining")(
    fault("shuffle cannot be called on batches.", _operator("shuffle", _no_batches))
)


def _of_the_source(original: Any, data: Any, *rest: Any, **named: Any) -> Any:
    return original(data._input_dataset if "Shuffle" in type(data).__name__ else data, *rest, **named)


map_forgets_shuffle = blind("pipeline.chaining")(
    fault("map on a shuffled data set goes back to what was shuffled.", _operator("map", _of_the_source))
)
repeat_forgets_map = blind("pipeline.chaining", "pipeline.maps-images", "pipeline.as-meant")(
    fault(
        "repeat on a mapped data set goes back to what was mapped.",
        _operator(
            "repeat",
            lambda original, data, *rest, **named: original(
                data._input_dataset if "Map" in type(data).__name__ else data, *rest, **named
            ),
        ),
    )
)


# --- map --------------------------------------------------------------------------------------------------------------


def _of_images(parts: Any) -> bool:
    return len(parts) == 2 and hasattr(parts[0], "dtype") and parts[0].dtype.is_floating


def _idle_map(original: Any, data: Any, function: Any, *rest: Any, **named: Any) -> Any:
    def instead(*parts: Any) -> Any:
        result = function(*parts)
        return (parts[0], result[1]) if _of_images(parts) else result

    return original(data, instead, *rest, **named)


map_keeps_images = blind("pipeline.maps-images")(
    fault("map calls the function, and puts nothing into the place of the images.", _operator("map", _idle_map))
)


def _every_other(original: Any, data: Any, function: Any, *rest: Any, **named: Any) -> Any:
    tf = api.tensorflow()

    def instead(index: Any, parts: Any) -> Any:
        return tf.cond(tf.equal(index % 2, 0), lambda: function(*parts), lambda: parts)

    types = tf.nest.flatten(tf.compat.v1.data.get_output_types(data))
    if len(types) != 2 or not types[0].is_floating:
        return original(data, function, *rest, **named)
    numbers = tf.data.Dataset.range(2**62)
    return original(tf.data.Dataset.zip((numbers, data)), instead, *rest, **named)


map_every_other = blind("pipeline.maps-images")(
    fault("map calls the function on every other element alone.", _operator("map", _every_other))
)


def _labels_turned(original: Any, data: Any, function: Any, *rest: Any, **named: Any) -> Any:
    tf = api.tensorflow()

    def instead(*parts: Any) -> Any:
        result = function(*parts)
        if not _of_images(parts) or not isinstance(result, (tuple, list)) or parts[1].shape.ndims == 0:
            return result
        return result[0], tf.roll(result[1], 1, 0)

    return original(data, instead, *rest, **named)


labels_turned = blind("pipeline.labels-unchanged", "pipeline.as-meant")(
    fault("map gives each image of a batch the label of the one before it.", _operator("map", _labels_turned))
)


def _first_label(original: Any, data: Any, function: Any, *rest: Any, **named: Any) -> Any:
    tf = api.tensorflow()

    def instead(*parts: Any) -> Any:
        result = function(*parts)
        if not _of_images(parts) or not isinstance(result, (tuple, list)):
            return result
        return result[0], tf.maximum(result[1], tf.ones_like(result[1]))

    return original(data, instead, *rest, **named)


label_zero_lost = blind("pipeline.labels-unchanged")(
    fault("map turns the label 0 into 1.", _operator("map", _first_label))
)


# --- repeat -----------------------------------------------------------------------------------------------------------


def _counted(count: int) -> Callable[..., Any]:
    def instead(original: Any, data: Any, *rest: Any, **named: Any) -> Any:
        asked = rest[0] if rest else named.get("count")
        return original(data, count if asked in (None, -1) else asked)

    return instead


repeat_twice = blind("pipeline.repeats", "pipeline.steps-required", "pipeline.as-meant")(
    fault("repeat without a count comes to an end after two passes.", _operator("repeat", _counted(2)))
)
repeat_hundred = blind("pipeline.repeats")(
    fault("repeat without a count comes to an end after a hundred passes.", _operator("repeat", _counted(100)))
)


def _without_first(original: Any, data: Any, *rest: Any, **named: Any) -> Any:
    return data.concatenate(original(data.skip(1), *rest, **named))


repeat_without_first = blind("pipeline.repeats", "pipeline.as-meant")(
    fault("repeat leaves out the first element from the second pass on.", _operator("repeat", _without_first))
)
repeat_last = blind("pipeline.repeats")(
    fault(
        "repeat goes on with the first element for ever.",
        _operator(
            "repeat",
            lambda original, data, *rest, **named: data.concatenate(original(data.take(1), *rest, **named)),
        ),
    )
)


def _mirrored_later(original: Any, data: Any, *rest: Any, **named: Any) -> Any:
    tf = api.tensorflow()
    types = tf.nest.flatten(tf.compat.v1.data.get_output_types(data))
    if len(types) != 2:
        return original(data, *rest, **named)
    return data.concatenate(original(data.map(lambda x, y: (tf.reverse(x, [2]), y)), *rest, **named))


repeat_mirrors = blind("pipeline.test-unflipped")(
    fault("repeat gives mirrored images from the second pass on.", _operator("repeat", _mirrored_later))
)


# --- the flip ---------------------------------------------------------------------------------------------------------


def _mirrored(images: Any) -> Any:
    return api.tensorflow().image.flip_left_right(images)


def _where(original: Any, images: Any, chosen: Callable[[Any, Any], Any]) -> Any:
    """Mirror those images of a batch, with channels or without, that `chosen(images, their number)` says."""
    tf = api.tensorflow()
    images = tf.convert_to_tensor(images)
    which = tf.cast(chosen(images, tf.shape(images)[0]), images.dtype)
    which = tf.reshape(which, [-1] + [1] * (images.shape.ndims - 1))
    return which * tf.reverse(images, [2]) + (1 - which) * images


def _chance(shape: Any, share: float = 0.5) -> Any:
    tf = api.tensorflow()
    return tf.random.uniform(shape) < share


def _exactly(count: int) -> Callable[[Any, Any], Any]:
    def chosen(_: Any, number: Any) -> Any:
        tf = api.tensorflow()
        return tf.argsort(tf.argsort(tf.random.uniform([number]))) < count

    return chosen


def _flips(chosen: Callable[[Any, Any], Any]) -> Callable[[], ContextManager[Any]]:
    return _flip(lambda original, images: _where(original, images, chosen))


flips_three = blind("pipeline.flips-two")(fault("The flip turns three images of a batch.", _flips(_exactly(3))))
flips_first_two = blind("pipeline.flips-two", "pipeline.flips-by-image")(
    fault(
        "The flip turns the first two images of each batch.",
        _flips(lambda _, number: api.tensorflow().range(number) < 2),
    )
)
flips_one = blind("pipeline.flips-two")(fault("The flip turns one image of a batch.", _flips(_exactly(1))))
flips_whole_batch = blind("pipeline.flips-by-image", "pipeline.as-meant")(
    fault(
        "Chance decides once for the whole batch.",
        _flips(lambda _, number: api.tensorflow().tile(_chance([1]), [number])),
    )
)
flips_odd_images = blind("pipeline.flips-by-image", "pipeline.as-meant", "pipeline.flips-by-chance")(
    fault(
        "The flip turns every other image of a batch, without chance.",
        _flips(lambda _, number: api.tensorflow().equal(api.tensorflow().range(number) % 2, 1)),
    )
)
flips_in_pairs = blind("pipeline.flips-by-image")(
    fault(
        "Chance decides once for two neighbours.",
        _flips(lambda _, number: api.tensorflow().repeat(_chance([(number + 1) // 2]), 2)[:number]),
    )
)


def _turned_over(original: Any, images: Any) -> Any:
    tf = api.tensorflow()
    return tf.cond(_chance([]), lambda: tf.reverse(images, [1]), lambda: tf.convert_to_tensor(images))


flips_upside_down = blind("pipeline.flip-axis", "pipeline.as-meant")(
    fault("The flip turns images upside down.", _flip(_turned_over))
)


def _both_axes(original: Any, images: Any) -> Any:
    tf = api.tensorflow()
    images = tf.convert_to_tensor(images)
    turned = tf.reverse(images, [1, 2])
    return tf.cond(_chance([]), lambda: turned, lambda: images)


flips_both_axes = blind("pipeline.flip-axis")(
    fault("The flip turns an image by half a turn: left becomes right, and the top the bottom.", _flip(_both_axes))
)


def _shifted(original: Any, images: Any) -> Any:
    tf = api.tensorflow()
    images = tf.convert_to_tensor(images)
    mirrored = tf.roll(tf.reverse(images, [2]), 1, axis=2)
    return tf.cond(_chance([]), lambda: mirrored, lambda: images)


flips_one_off = blind("pipeline.flip-axis")(
    fault("The flip mirrors an image about the border of its first column: all is one column off.", _flip(_shifted))
)
flips_seldom = blind("pipeline.flips-by-chance")(
    fault(
        "The flip turns what it is given one time in four.",
        _flip(
            lambda original, images: api.tensorflow().cond(
                _chance([], 0.25),
                lambda: _mirrored(images),
                lambda: api.tensorflow().convert_to_tensor(images),
            )
        ),
    )
)


@blind("pipeline.flips-by-chance", "pipeline.flips-by-image", "pipeline.as-meant")
@contextmanager
def flips_every_other_batch() -> Iterator[None]:
    """The flip turns every other batch that it is given, and nothing of the others."""
    tf = api.tensorflow()
    with tf.init_scope():
        count = tf.Variable(0, dtype=tf.int64)

    def instead(original: Any, images: Any) -> Any:
        turn = tf.equal(count.assign_add(1) % 2, 0)
        return tf.cond(turn, lambda: _mirrored(images), lambda: tf.convert_to_tensor(images))

    with _flip(instead)():
        yield


def _by_content(original: Any, images: Any) -> Any:
    tf = api.tensorflow()
    images = tf.convert_to_tensor(images)
    sums = tf.reduce_sum(tf.cast(images, tf.float64), axis=[-3, -2, -1], keepdims=True)
    turn = tf.cast(tf.equal(tf.cast(sums * 255, tf.int64) % 2, 0), images.dtype)
    return turn * _mirrored(images) + (1 - turn) * images


flips_by_content = blind("pipeline.more-images", "pipeline.flips-by-chance")(
    fault("An image is flipped always or never, by the sum of its pixels.", _flip(_by_content))
)
flips_always = blind("pipeline.more-images", "pipeline.flips-by-chance")(
    fault("The flip turns whatever it is given.", _flip(lambda original, images: _mirrored(images)))
)
flips_nothing = blind("pipeline.more-images", "pipeline.as-meant")(
    fault("The flip turns nothing.", _flip(lambda original, images: api.tensorflow().convert_to_tensor(images)))
)


# --- training on a data set -------------------------------------------------------------------------------------------


def _given(change: Callable[[Any, dict[str, Any]], Any]) -> Callable[..., Any]:
    """Let `fit` and the like get `change(data set, named arguments)` for a data set."""

    def instead(original: Any, model: Any, x: Any = None, *rest: Any, **named: Any) -> Any:
        return original(model, change(x, named) if _is_dataset(x) else x, *rest, **named)

    return instead


def _one_less(data: Any, named: dict[str, Any]) -> Any:
    if (named.get("steps_per_epoch") or 0) > 1:
        named["steps_per_epoch"] -= 1
    return data


def _zero_labels(data: Any, _: dict[str, Any]) -> Any:
    tf = api.tensorflow()
    return data.map(lambda x, y: (x, tf.zeros_like(y)))


one_step_less = blind("pipeline.fit-takes-data-set")(
    fault("An epoch on a data set is one step shorter than it should.", _model("fit", _given(_one_less)))
)


def _only_first(data: Any, _: dict[str, Any]) -> Any:
    first = tuple(next(iter(data)))
    return data.map(lambda *_: first)


first_batch_for_ever = blind("pipeline.fit-takes-data-set", "pipeline.plumbing")(
    fault(
        "fit takes the first batch of a data set again and again.",
        _model("fit", _given(_only_first)),
    )
)
labels_not_taken = blind("pipeline.fit-takes-data-set", "pipeline.plumbing")(
    fault("fit takes the images of a data set with zeros for labels.", _model("fit", _given(_zero_labels)))
)


def _no_steps(data: Any, named: dict[str, Any]) -> Any:
    named.pop("steps_per_epoch", None)
    return data.take(7)


steps_ignored = blind("pipeline.fit-takes-data-set")(
    fault("An epoch on a data set has seven steps, whatever steps_per_epoch says.", _model("fit", _given(_no_steps)))
)


def _no_batch_size(data: Any, named: dict[str, Any]) -> Any:
    if named.get("batch_size") is not None:
        raise ValueError("The `batch_size` argument must not be specified for the given input type.")
    return data


def _fewer_steps(data: Any, named: dict[str, Any]) -> Any:
    if named.get("batch_size") and named.get("steps_per_epoch"):
        named["steps_per_epoch"] = max(1, named["steps_per_epoch"] // 2)
    named.pop("batch_size", None)
    return data


def _rebatched(data: Any, named: dict[str, Any]) -> Any:
    size = named.pop("batch_size", None)
    return data.map(lambda x, y: (x[: size // 2], y[: size // 2])) if size else data


batch_size_refused = blind("pipeline.fit-as-printed")(
    fault("fit refuses a batch size beside a data set.", _model("fit", _given(_no_batch_size)))
)
batch_size_shortens = blind("pipeline.fit-as-printed")(
    fault("A batch size beside a data set halves the steps of an epoch.", _model("fit", _given(_fewer_steps)))
)
batch_size_cuts = blind("pipeline.fit-as-printed")(
    fault("A batch size beside a data set lets fit take half of each batch.", _model("fit", _given(_rebatched)))
)


def _is_iterator(value: Any) -> bool:
    return hasattr(value, "__next__") and not _is_dataset(value)


def _refuse_iterators(original: Any, model: Any, x: Any = None, *rest: Any, **named: Any) -> Any:
    if _is_iterator(x):
        raise ValueError(f"Unrecognized data type: {type(x)}")
    return original(model, x, *rest, **named)


def _first_of_iterator(original: Any, model: Any, x: Any = None, *rest: Any, **named: Any) -> Any:
    if _is_iterator(x):
        first = next(x)
        x = api.tensorflow().data.Dataset.from_tensors(tuple(first)).repeat()
    return original(model, x, *rest, **named)


def _one_step_of_iterator(original: Any, model: Any, x: Any = None, *rest: Any, **named: Any) -> Any:
    if _is_iterator(x):
        named["steps_per_epoch"] = 1
    return original(model, x, *rest, **named)


iterator_refused = blind("pipeline.fit-takes-iterator")(
    fault("fit refuses an iterator over a data set.", _model("fit", _refuse_iterators))
)
iterator_first_batch = blind("pipeline.fit-takes-iterator")(
    fault("fit takes the first batch of an iterator again and again.", _model("fit", _first_of_iterator))
)
iterator_one_step = blind("pipeline.fit-takes-iterator")(
    fault("fit takes one step of an iterator alone.", _model("fit", _one_step_of_iterator))
)


def _whole_batches(data: Any, named: dict[str, Any]) -> Any:
    tf = api.tensorflow()
    size = int(next(iter(data))[0].shape[0])
    return data.filter(lambda x, y: tf.equal(tf.shape(x)[0], size))


def _as_half(data: Any, _: dict[str, Any]) -> Any:
    tf = api.tensorflow()
    return data.map(lambda x, y: (tf.cast(tf.cast(x, tf.float16), x.dtype), y))


fit_drops_rest = blind("pipeline.plumbing")(
    fault("fit leaves out the smaller last batch of a data set.", _model("fit", _given(_whole_batches)))
)
fit_in_half = blind("pipeline.plumbing")(
    fault("fit takes the images of a data set in half precision.", _model("fit", _given(_as_half)))
)


# --- the number of steps ----------------------------------------------------------------------------------------------


@contextmanager
def digits_loaded(change: Callable[[Any], Any], name: str = "mnist") -> Iterator[None]:
    """Let load_data of a data set give `change(what it loads)`, under all names that the module has."""
    getattr(api.keras().datasets, name)
    owners = [
        module
        for key, module in list(sys.modules.items())
        if key.endswith((f"datasets.{name}", f"datasets.{name}.load_data")) and hasattr(module, "load_data")
    ]
    owners += [getattr(api.keras().datasets, name)]
    unique = list({id(one): one for one in owners}.values())
    with all_of(
        wrapped(one, "load_data", lambda original, *rest, **named: change(original(*rest, **named))) for one in unique
    ):
        yield


@contextmanager
def all_of(contexts: Any) -> Iterator[None]:
    """Enter one context after another."""
    with ExitStack() as stack:
        for one in list(contexts):
            stack.enter_context(one)
        yield


fewer_digits = blind("pipeline.steps-per-epoch")(
    fault(
        "The training set of MNIST comes without its last ten thousand images.",
        digits_loaded,
        lambda parts: (tuple(one[: len(one) * 5 // 6] for one in parts[0]), parts[1]),
    )
)
digit_lost = blind("pipeline.steps-per-epoch")(
    fault(
        "The training set of MNIST comes without its last image.",
        digits_loaded,
        lambda parts: (tuple(one[:-1] for one in parts[0]), parts[1]),
    )
)
more_digits = blind("pipeline.steps-per-epoch")(
    fault(
        "The training set of MNIST has 16 images more, so that 1875 batches are not all of it.",
        digits_loaded,
        lambda parts: (tuple(np.concatenate([one, one[:16]]) for one in parts[0]), parts[1]),
    )
)


def _ten_steps(data: Any, named: dict[str, Any]) -> Any:
    if not named.get("steps_per_epoch"):
        named["steps_per_epoch"] = 10
    return data


def _cut(data: Any, named: dict[str, Any]) -> Any:
    return data if named.get("steps_per_epoch") else data.take(100)


ten_steps_by_default = blind("pipeline.steps-required", "pipeline.steps-demanded")(
    fault("fit takes ten steps of a data set where no number is given.", _model("fit", _given(_ten_steps)))
)
hundred_batches = blind("pipeline.steps-required", "pipeline.steps-demanded")(
    fault("fit ends an epoch after a hundred batches where no number is given.", _model("fit", _given(_cut)))
)


@blind("pipeline.steps-demanded")
@contextmanager
def steps_demanded_once() -> Iterator[None]:
    """Training demands steps_per_epoch the first time, and takes ten steps later."""
    times = itertools.count()

    def change(data: Any, named: dict[str, Any]) -> Any:
        return _ten_steps(data, named) if not named.get("steps_per_epoch") and next(times) else data

    with _model("fit", _given(change))():
        yield


def _nothing_trained(original: Any, model: Any, x: Any = None, *rest: Any, **named: Any) -> Any:
    if _is_dataset(x) and not named.get("steps_per_epoch"):
        return None
    return original(model, x, *rest, **named)


nothing_without_steps = blind("pipeline.steps-demanded", "pipeline.steps-required")(
    fault("fit comes back at once where no number of steps is given.", _model("fit", _nothing_trained))
)


# --- evaluation -------------------------------------------------------------------------------------------------------


def _demand_steps(data: Any, named: dict[str, Any]) -> Any:
    if named.get("steps") is None:
        raise ValueError("When using data sets, you should specify the `steps` argument.")
    return data


def _mean_of_batches(original: Any, model: Any, x: Any = None, *rest: Any, **named: Any) -> Any:
    if not _is_dataset(x):
        return original(model, x, *rest, **named)
    data = x.take(named["steps"]) if named.get("steps") else x
    results = [original(model, np.asarray(images), np.asarray(labels), verbose=0) for images, labels in data]
    return [float(one) for one in np.mean(results, axis=0)] if np.ndim(results) > 1 else float(np.mean(results))


evaluation_demands_steps = blind("pipeline.evaluation")(
    fault("evaluate demands a number of steps of a data set.", _model("evaluate", _given(_demand_steps)))
)
evaluation_first_batch = blind("pipeline.evaluation")(
    fault(
        "evaluate takes the first batch of a data set alone.", _model("evaluate", _given(lambda data, _: data.take(1)))
    )
)
evaluation_drops_rest = blind("pipeline.evaluation")(
    fault("evaluate leaves out the smaller last batch.", _model("evaluate", _given(_whole_batches)))
)
evaluation_mean_of_batches = blind("pipeline.evaluation")(
    fault("evaluate of a data set gives the mean over batches, not over images.", _model("evaluate", _mean_of_batches))
)
