"""Blind faults of the section on data sets."""

from __future__ import annotations

import contextlib
from contextlib import contextmanager
from typing import Any, Iterator

from evaluation.blind_faults import blind
from evaluation.blind_faults.library import data_sets, everywhere, loading, twins, without
from pytest_kerasch2.checks.common_faults import fault, replaced

ALL = ("boston_housing", "cifar10", "cifar100", "fashion_mnist", "imdb", "mnist", "reuters")


@contextmanager
def _gone(name: str) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for module in twins("datasets"):
            if hasattr(module, name):
                stack.enter_context(without(module, name))
        yield


@contextmanager
def _is(name: str, other: str) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for module in twins("datasets"):
            stack.enter_context(replaced(module, name, getattr(module, other)))
        yield


@contextmanager
def _without_loader(name: str) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for module in data_sets(name):
            stack.enter_context(without(module, "load_data"))
        yield


@contextmanager
def _replaced_loader(names: Any, make: Any) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for name in names:
            for module in data_sets(name):
                stack.enter_context(replaced(module, "load_data", make(module.load_data)))
        yield


@contextmanager
def _given(names: Any, change: Any) -> Iterator[None]:
    """Let the loaders give what `change` makes of their two pairs."""

    def load(original: Any, *arguments: Any, **named: Any) -> Any:
        return change(*original(*arguments, **named))

    with contextlib.ExitStack() as stack:
        for name in names:
            stack.enter_context(everywhere(data_sets(name), "load_data", load))
        yield


def _both(change: Any) -> Any:
    """Return a change of both parts, from one of a part."""

    def changed(x_train: Any, y_train: Any, x_test: Any, y_test: Any) -> Any:
        return (*change(x_train, y_train), *change(x_test, y_test))

    return changed


def _images(change: Any) -> Any:
    return _both(lambda x, y: (change(x), y))


def _labels(change: Any) -> Any:
    return _both(lambda x, y: (x, change(y)))


def _test_only(change: Any) -> Any:
    return lambda x_train, y_train, x_test, y_test: (x_train, y_train, *change(x_test, y_test))


def _train_only(change: Any) -> Any:
    return lambda x_train, y_train, x_test, y_test: (*change(x_train, y_train), x_test, y_test)


def _objects(change: Any) -> Any:
    """Return a change of each list in an object array."""

    def changed(lists: Any) -> Any:
        result = lists.copy()
        for index, one in enumerate(lists):
            result[index] = change(one)
        return result

    return changed


def _to_array(one: Any) -> Any:
    import numpy

    return numpy.array(one)


def _moved(count: int) -> Any:
    """Return a change that moves examples from the training part into the test part, or back."""

    def changed(x_train: Any, y_train: Any, x_test: Any, y_test: Any) -> Any:
        import numpy

        x, y = numpy.concatenate([x_train, x_test]), numpy.concatenate([y_train, y_test])
        cut = len(x_train) - count
        return x[:cut], y[:cut], x[cut:], y[cut:]

    return changed


def _rolled(labels: Any) -> Any:
    import numpy

    return numpy.roll(labels, 1, axis=0)


def _reshaped(images: Any) -> Any:
    return images.transpose(0, 3, 1, 2).reshape(images.shape)


@contextmanager
def _emptied(name: str) -> Iterator[None]:
    import types

    with contextlib.ExitStack() as stack:
        for module in twins("datasets"):
            stack.enter_context(replaced(module, name, types.ModuleType(name)))
        yield


@contextmanager
def _same_loader(name: str, other: str) -> Iterator[None]:
    loader = data_sets(other)[0].load_data
    with _replaced_loader([name], lambda original: loader):
        yield


# named, count, accessor
no_reuters = blind("datasets.named", "datasets.count")(fault("keras.datasets has no reuters.", _gone, "reuters"))
imdb_without_loader = blind("datasets.named", "datasets.accessor")(
    fault("The module imdb is there, without load_data.", _without_loader, "imdb")
)
boston_is_nothing = blind("datasets.named")(
    fault(
        "boston_housing is a name that stands for nothing: an empty module in its place.",
        lambda: _emptied("boston_housing"),
    )
)
cifar100_is_cifar10 = blind("datasets.count")(
    fault("cifar100 is another name of the module cifar10.", _is, "cifar100", "cifar10")
)
fashion_loads_mnist = blind("datasets.count")(
    fault("load_data of fashion_mnist is that of mnist.", lambda: _same_loader("fashion_mnist", "mnist"))
)


@blind("datasets.accessor")
@contextmanager
def boston_needs_a_path() -> Iterator[None]:
    """boston_housing.load_data cannot be called without a path."""

    def make(original: Any) -> Any:
        def load_data(path: str, test_split: float = 0.2, seed: int = 113) -> Any:
            return original(path, test_split, seed)

        return load_data

    with _replaced_loader(["boston_housing"], make):
        yield


@blind("datasets.accessor")
@contextmanager
def cifar100_needs_a_mode() -> Iterator[None]:
    """cifar100.load_data has to be told whether fine or coarse labels are wanted, by a TypeError of its own."""

    def make(original: Any) -> Any:
        def load_data(label_mode: Any = None) -> Any:
            if label_mode is None:
                raise TypeError("load_data() needs a label_mode: 'fine' or 'coarse'.")
            return original(label_mode)

        return load_data

    with _replaced_loader(["cifar100"], make):
        yield


# quartet
examples_then_labels = blind("datasets.quartet")(
    fault(
        "load_data gives a pair of examples and a pair of labels.",
        _given,
        ALL,
        lambda train, test: ((train[0], test[0]), (train[1], test[1])),
    )
)
flat_quartet = blind("datasets.quartet")(
    fault("load_data gives the four arrays in a row.", _given, ALL, lambda train, test: (*train, *test))
)
validation_pair = blind("datasets.quartet")(
    fault("load_data gives a third pair, for validation.", _given, ALL, lambda train, test: (train, test, test))
)
test_before_training = blind("datasets.quartet")(
    fault(
        "load_data of reuters and boston_housing gives the test pair first.",
        _given,
        ("reuters", "boston_housing"),
        lambda train, test: (test, train),
    )
)
labels_before_examples = blind("datasets.quartet")(
    fault(
        "The test pair of imdb and cifar10 is labels, then examples.",
        _given,
        ("imdb", "cifar10"),
        lambda train, test: (train, (test[1], test[0])),
    )
)

# boston_housing
boston_rounded_up = blind("datasets.boston-housing")(
    fault("boston_housing keeps one row more for training: 405 and 101.", loading, "boston_housing", _moved(-1))
)
boston_single = blind("datasets.boston-housing")(
    fault(
        "The features of boston_housing are float32.", loading, "boston_housing", _images(lambda x: x.astype("float32"))
    )
)
boston_whole_prices = blind("datasets.boston-housing")(
    fault(
        "The prices of boston_housing are rounded to whole thousands.",
        loading,
        "boston_housing",
        _labels(lambda y: y.round()),
    )
)
boston_mispaired = blind("datasets.boston-housing")(
    fault("Each row of boston_housing has the price of the row before it.", loading, "boston_housing", _labels(_rolled))
)
boston_feature_twice = blind("datasets.boston-housing")(
    fault(
        "The last feature of boston_housing is the first one again.",
        loading,
        "boston_housing",
        _images(lambda x: x[:, [*range(12), 0]]),
    )
)

# cifar10 and cifar100
cifar10_reshaped = blind("datasets.cifar10")(
    fault(
        "The planes of cifar10 are reshaped into 32 x 32 x 3 where they must be transposed.",
        loading,
        "cifar10",
        _images(_reshaped),
    )
)
cifar10_flat_labels = blind("datasets.cifar10")(
    fault(
        "The test labels of cifar10 are flat, not a column.",
        loading,
        "cifar10",
        _test_only(lambda x, y: (x, y.ravel())),
    )
)
cifar10_blue_first = blind("datasets.cifar10")(
    fault("The colours of cifar10 come blue first.", loading, "cifar10", _images(lambda x: x[..., ::-1]))
)
cifar10_sideways = blind("datasets.cifar10")(
    fault(
        "The images of cifar10 lie on their side: rows and columns are exchanged.",
        loading,
        "cifar10",
        _images(lambda x: x.transpose(0, 2, 1, 3)),
    )
)
cifar10_wide_labels = blind("datasets.cifar10")(
    fault("The test labels of cifar10 are int64.", loading, "cifar10", _test_only(lambda x, y: (x, y.astype("int64"))))
)


def _batch_lost(images: Any, labels: Any) -> Any:
    images, labels = images.copy(), labels.copy()
    images[40_000:], labels[40_000:] = images[:10_000], labels[:10_000]
    return images, labels


cifar10_batch_twice = blind("datasets.cifar10")(
    fault("The last batch of cifar10 is read from the file of the first.", loading, "cifar10", _train_only(_batch_lost))
)
cifar100_reshaped = blind("datasets.cifar100")(
    fault(
        "The planes of the test part of cifar100 are reshaped where they must be transposed.",
        loading,
        "cifar100",
        _test_only(lambda x, y: (_reshaped(x), y)),
    )
)
cifar100_narrow_labels = blind("datasets.cifar100")(
    fault("The labels of cifar100 are uint8.", loading, "cifar100", _labels(lambda y: y.astype("uint8")))
)
cifar100_float_images = blind("datasets.cifar100")(
    fault(
        "The test images of cifar100 are float32, scaled to 0 to 1.",
        loading,
        "cifar100",
        _test_only(lambda x, y: ((x / 255).astype("float32"), y)),
    )
)


@blind("datasets.cifar100")
@contextmanager
def cifar100_coarse() -> Iterator[None]:
    """cifar100 loads the twenty coarse labels, unless told otherwise."""

    def load(original: Any, label_mode: str = "coarse") -> Any:
        return original(label_mode)

    with everywhere(data_sets("cifar100"), "load_data", load):
        yield


# fashion_mnist and mnist
fashion_sideways = blind("datasets.fashion-mnist")(
    fault(
        "The images of fashion_mnist are read column by column.",
        loading,
        "fashion_mnist",
        _images(lambda x: x.transpose(0, 2, 1)),
    )
)


def _header_read(images: Any) -> Any:
    import numpy

    return numpy.roll(images.reshape(-1), 8).reshape(images.shape)


fashion_header_short = blind("datasets.fashion-mnist")(
    fault(
        "The images of fashion_mnist are read from byte 8 of the file: all are shifted by eight pixels.",
        loading,
        "fashion_mnist",
        _images(_header_read),
    )
)
fashion_wide_labels = blind("datasets.fashion-mnist")(
    fault(
        "The labels of the test part of fashion_mnist are int64.",
        loading,
        "fashion_mnist",
        _test_only(lambda x, y: (x, y.astype("int64"))),
    )
)
fashion_labels_shifted = blind("datasets.fashion-mnist")(
    fault("The labels of fashion_mnist are read one byte late.", loading, "fashion_mnist", _labels(_rolled))
)
fashion_channel = blind("datasets.fashion-mnist")(
    fault("The images of fashion_mnist are 28 x 28 x 1.", loading, "fashion_mnist", _images(lambda x: x[..., None]))
)
mnist_signed = blind("datasets.mnist")(
    fault("The images of mnist are int8.", loading, "mnist", _images(lambda x: x.astype("int8")))
)
mnist_label_column = blind("datasets.mnist")(
    fault("The labels of mnist are a column.", loading, "mnist", _labels(lambda y: y.reshape(-1, 1)))
)
mnist_mispaired = blind("datasets.mnist")(
    fault(
        "Each image of the test part of mnist has the label of the one before.",
        loading,
        "mnist",
        _test_only(lambda x, y: (x, _rolled(y))),
    )
)
mnist_validation_held_back = blind("datasets.mnist")(
    fault("mnist holds 5,000 images of training back and gives them to the test part.", loading, "mnist", _moved(5_000))
)

# imdb and reuters
imdb_arrays = blind("datasets.imdb")(
    fault("The reviews of imdb are arrays, not lists.", loading, "imdb", _images(_objects(_to_array)))
)
imdb_plain_lists = blind("datasets.imdb")(
    fault(
        "The test reviews of imdb are a list of lists, not an object array.",
        loading,
        "imdb",
        _test_only(lambda x, y: (list(x), y)),
    )
)
imdb_float_words = blind("datasets.imdb")(
    fault(
        "The words of imdb are floats.", loading, "imdb", _images(_objects(lambda one: [float(word) for word in one]))
    )
)
imdb_bool_labels = blind("datasets.imdb")(
    fault("The labels of imdb are bool.", loading, "imdb", _labels(lambda y: y.astype("bool")))
)
imdb_mispaired = blind("datasets.imdb")(
    fault("The reviews of imdb are shuffled, and their labels are not.", loading, "imdb", _images(lambda x: x[::-1]))
)
imdb_cut = blind("datasets.imdb")(
    fault(
        "Reviews of imdb are cut after 200 words, unasked.", loading, "imdb", _images(_objects(lambda one: one[:200]))
    )
)
reuters_tenth = blind("datasets.reuters")(
    fault("reuters keeps a tenth for the test: 10,105 and 1,123.", loading, "reuters", _moved(-1_123))
)
reuters_narrow_labels = blind("datasets.reuters")(
    fault("The test labels of reuters are int32.", loading, "reuters", _test_only(lambda x, y: (x, y.astype("int32"))))
)
reuters_text = blind("datasets.reuters")(
    fault(
        "The words of reuters are their numbers as text.",
        loading,
        "reuters",
        _images(_objects(lambda one: [str(word) for word in one])),
    )
)
reuters_mispaired = blind("datasets.reuters")(
    fault("The labels of reuters are those of the newswire before.", loading, "reuters", _labels(_rolled))
)
reuters_tuples = blind("datasets.reuters")(
    fault(
        "The training newswires of reuters are tuples.",
        loading,
        "reuters",
        _train_only(lambda x, y: (_objects(tuple)(x), y)),
    )
)

# mnist-content


def _bright_lost(images: Any, labels: Any) -> Any:
    return images.clip(0, 254), labels


def _nines_lost(images: Any, labels: Any) -> Any:
    return images, labels.clip(0, 8)


mnist_dim_test = blind("datasets.mnist-content")(
    fault("The test images of mnist reach grey 254 only.", loading, "mnist", _test_only(_bright_lost))
)
mnist_no_nines = blind("datasets.mnist-content")(
    fault("The nines in the test part of mnist are labelled 8.", loading, "mnist", _test_only(_nines_lost))
)
mnist_from_one = blind("datasets.mnist-content")(
    fault(
        "The labels of mnist's training part count from 1 to 10.",
        loading,
        "mnist",
        _train_only(lambda x, y: (x, y + 1)),
    )
)
mnist_black_and_white = blind("datasets.mnist-content")(
    fault(
        "The images of mnist are black or white, 0 or 255, and nothing between.",
        loading,
        "mnist",
        _images(lambda x: ((x > 127) * 255).astype(x.dtype)),
    )
)
mnist_half_scale = blind("datasets.mnist-content")(
    fault("The greys of mnist's test part are halved.", loading, "mnist", _test_only(lambda x, y: (x // 2, y)))
)
