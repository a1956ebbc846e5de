"""Faults, benign changes and fixes around tf.data's operators, the flip, and `fit`."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Callable, ContextManager, Iterator

from pytest_kerasch2.checks.common_faults import replaced, wrapped_method
from pytest_kerasch2.framework import api
from pytest_kerasch2.models import pipeline


def _operator(name: str, wrap: Callable[..., Any]) -> ContextManager[None]:
    """Return a block in which an operator of data sets is `wrap(original, data set, *its arguments)`."""
    return wrapped_method(api.tensorflow().data.Dataset, name, wrap)


def _slices(wrap: Callable[..., Any]) -> ContextManager[None]:
    owner = api.tensorflow().data.Dataset
    original = owner.from_tensor_slices
    return replaced(owner, "from_tensor_slices", staticmethod(lambda tensors, *more: wrap(original, tensors)))


def _flip(instead: Callable[..., Any]) -> ContextManager[None]:
    return replaced(api.tensorflow().image, "random_flip_left_right", instead)


def slices_are_whole() -> ContextManager[None]:
    """Arrays become one single element instead of one per image."""
    return _slices(lambda original, tensors: api.tensorflow().data.Dataset.from_tensors(tensors))


def slices_lose_one() -> ContextManager[None]:
    """The first image does not become an element."""
    return _slices(lambda original, tensors: original(tensors).skip(1))


def slices_prefetched() -> ContextManager[None]:
    """Elements are fetched ahead, in the same order."""
    return _slices(lambda original, tensors: original(tensors).prefetch(2))


def batch_drops_remainder() -> ContextManager[None]:
    """What does not fill a batch is dropped."""
    return _operator("batch", lambda original, data, size, *_, **__: original(data, size, drop_remainder=True))


def batch_of_twice_the_size() -> ContextManager[None]:
    """A batch holds twice as many images as asked for."""
    return _operator("batch", lambda original, data, size, *more, **named: original(data, size * 2, *more, **named))


def batch_prefetched() -> ContextManager[None]:
    """Batches are fetched ahead, in the same order."""
    return _operator("batch", lambda original, *more, **named: original(*more, **named).prefetch(2))


def shuffle_does_nothing() -> ContextManager[None]:
    """What is shuffled keeps its order."""
    return _operator("shuffle", lambda original, data, *_, **__: data)


def shuffle_once_for_all() -> ContextManager[None]:
    """What is shuffled comes in the same order in every pass."""
    once = {"reshuffle_each_iteration": False}
    return _operator("shuffle", lambda original, data, size, **named: original(data, size, **{**named, **once}))


def shuffle_gives_an_iterator() -> ContextManager[None]:
    """What is shuffled is no data set any more, so that nothing can be chained to it."""
    return _operator("shuffle", lambda original, *more, **named: iter(original(*more, **named)))


def shuffle_with_a_larger_buffer() -> ContextManager[None]:
    """The buffer is twice as large, where half would have been enough."""
    return _operator("shuffle", lambda original, data, size, **named: original(data, size * 2, **named))


def shuffle_takes_batches_apart() -> ContextManager[None]:
    """What is shuffled are the images: batches are taken apart, and made anew of the shuffled images."""

    def apart(original: Any, data: Any, size: int, **named: Any) -> Any:
        return original(data.unbatch(), size, **named).batch(pipeline.BATCH_SIZE)

    return _operator("shuffle", apart)


def map_does_nothing() -> ContextManager[None]:
    """A function that is mapped is not called."""
    return _operator("map", lambda original, data, function, **named: data)


def map_mixes_labels() -> ContextManager[None]:
    """What is mapped gives each image the label of the one before it."""

    def mixed(original: Any, data: Any, function: Any, **named: Any) -> Any:
        roll = api.tensorflow().roll
        return original(original(data, function, **named), lambda image, label: (image, roll(label, 1, 0)))

    return _operator("map", mixed)


def map_prefetched() -> ContextManager[None]:
    """What is mapped is fetched ahead, in the same order."""
    return _operator("map", lambda original, *more, **named: original(*more, **named).prefetch(2))


def repeat_once() -> ContextManager[None]:
    """A repeated data set ends after its first pass."""
    return _operator("repeat", lambda original, data, count=None: original(data, 1))


def repeat_thrice() -> ContextManager[None]:
    """A repeated data set ends after its third pass."""
    return _operator("repeat", lambda original, data, count=None: original(data, 3))


def repeat_goes_on_elsewhere() -> ContextManager[None]:
    """A repeated data set begins again at its second element."""
    return _operator("repeat", lambda original, data, count=None: original(data.skip(1), count))


def repeat_by_number() -> ContextManager[None]:
    """The repetition without an end is asked for by its number, -1."""
    return _operator("repeat", lambda original, data, count=None: original(data, -1 if count is None else count))


def flip_never() -> ContextManager[None]:
    """The coin always falls on the same side: no image is flipped."""
    return _flip(lambda image, seed=None: image)


def flip_always() -> ContextManager[None]:
    """The coin always falls on the other side: every batch is flipped."""
    return _flip(lambda image, seed=None: api.tensorflow().reverse(image, [1]))


def flip_darkens() -> ContextManager[None]:
    """The flip gives the images at half their brightness."""
    return _flip(lambda image, seed=None: image * 0.5)


def flip_each_by_itself() -> ContextManager[None]:
    """Images get the channel axis that they lack, so that each is flipped left to right on its own coin."""
    original = api.tensorflow().image.random_flip_left_right

    def each(image: Any, seed: Any = None) -> Any:
        if len(image.shape) != 3:
            return original(image, seed=seed)
        tf = api.tensorflow()
        return tf.squeeze(original(tf.expand_dims(image, -1), seed=seed), -1)

    return _flip(each)


def flip_two_of_a_batch() -> ContextManager[None]:
    """Of each batch two images, drawn by lot, are flipped left to right."""

    def two(image: Any, seed: Any = None) -> Any:
        tf = api.tensorflow()
        count = tf.shape(image)[0]
        chosen = tf.random.shuffle(tf.range(count), seed=seed) < 2
        return tf.where(tf.reshape(chosen, [-1, 1, 1]), tf.reverse(image, [2]), image)

    return _flip(two)


def flip_without_channels() -> ContextManager[None]:
    """Our own flip forgets the channel axis, and is the printed one again."""
    return replaced(
        pipeline, "flip_each", lambda tf, image, seed=None: tf.image.random_flip_left_right(image, seed=seed)
    )


def _for_test(instead: Callable[..., Any]) -> ContextManager[None]:
    return replaced(pipeline, "as_printed_for_test", instead)


def test_data_repeated() -> ContextManager[None]:
    """The line that repeats the training data repeats the test data."""
    return _for_test(lambda tf, train, x, y, **_: pipeline.as_meant_for_test(tf, x, y).shuffle(99).repeat())


def test_data_once() -> ContextManager[None]:
    """The test data set holds the test images once."""
    return _for_test(lambda tf, train, x, y, **_: pipeline.as_meant_for_test(tf, x, y))


def test_data_from_training() -> ContextManager[None]:
    """The test data set is the training data set as it stands."""
    return _for_test(lambda tf, train, x, y, **_: train)


def test_data_flipped() -> ContextManager[None]:
    """The test images are mirrored."""

    def mirrored(tf: Any, train: Any, x: Any, y: Any, **_: Any) -> Any:
        batches = pipeline.as_meant_for_test(tf, x, y)
        return batches.map(lambda image, label: (tf.reverse(image, [2]), label)).repeat()

    return _for_test(mirrored)


@contextmanager
def _fit(wrap: Callable[..., Any], name: str = "fit") -> Iterator[None]:
    with wrapped_method(api.keras().Model, name, wrap):
        yield


def fit_takes_one_step() -> ContextManager[None]:
    """An epoch ends after its first step."""
    return _fit(lambda original, model, x, *more, **named: original(model, x, *more, **{**named, "steps_per_epoch": 1}))


def fit_learns_nothing() -> ContextManager[None]:
    """After training the weights are what they were before."""

    def idle(original: Any, model: Any, *more: Any, **named: Any) -> Any:
        before = model.get_weights()
        history = original(model, *more, **named)
        model.set_weights(before)
        return history

    return _fit(idle)


def fit_skips_last_batch() -> ContextManager[None]:
    """Of a data set, `fit` leaves out the smaller last batch."""

    def skipping(original: Any, model: Any, x: Any, *more: Any, **named: Any) -> Any:
        whole = not isinstance(x, api.tensorflow().data.Dataset)
        return original(model, x if whole else x.take(3), *more, **named)

    return _fit(skipping)


def fit_leaves_out_batch_size() -> ContextManager[None]:
    """With a data set, `fit` passes over the batch size."""

    def passed_over(original: Any, model: Any, *more: Any, batch_size: Any = None, **named: Any) -> Any:
        return original(model, *more, **named)

    return _fit(passed_over)


def fit_takes_iterators() -> ContextManager[None]:
    """An iterator over a data set goes through a generator, which `fit` takes on every release."""

    def generated(original: Any, model: Any, x: Any, *more: Any, **named: Any) -> Any:
        if not hasattr(x, "__next__"):
            return original(model, x, *more, **named)
        generator = ((image.numpy(), label.numpy()) for image, label in x)
        return original(model, generator, *more, **named)

    return _fit(generated)


def _endless(x: Any) -> bool:
    tf = api.tensorflow()
    return isinstance(x, tf.data.Dataset) and int(tf.data.experimental.cardinality(x)) == -1


def fit_ends_by_itself() -> ContextManager[None]:
    """Without a number of steps, `fit` takes four from an endless data set and is content."""

    def content(original: Any, model: Any, x: Any, *more: Any, **named: Any) -> Any:
        ends = _endless(x) and named.get("steps_per_epoch") is None
        return original(model, x.take(4) if ends else x, *more, **named)

    return _fit(content)


def fit_asks_for_steps() -> ContextManager[None]:
    """Without a number of steps, `fit` refuses an endless data set, as Keras 2 does."""

    def asking(original: Any, model: Any, x: Any, *more: Any, **named: Any) -> Any:
        if _endless(x) and named.get("steps_per_epoch") is None:
            raise ValueError("When passing an infinitely repeating dataset, you must specify `steps_per_epoch`.")
        return original(model, x, *more, **named)

    return _fit(asking)


def evaluate_sees_one_batch() -> ContextManager[None]:
    """`evaluate` looks at the first batch alone."""
    return _fit(lambda original, model, x, **named: original(model, x.take(1), **named), "evaluate")
