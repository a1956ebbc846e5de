"""What each of Keras's built-in data sets is: archives, hashes, arrays, units and licence, as frozen records.

The archive names, origins and hashes were read from ``keras/src/datasets/*.py`` of Keras 2.15.0 and 3.15.1 and from
``tensorflow_core/python/keras/datasets/*.py`` of TensorFlow 2.0.0, which agree on all of them. Keras gives no hash for
the four files of Fashion-MNIST: the MD5 sums here are those that Zalando publishes beside the files (README of
zalandoresearch/fashion-mnist, repeated in torchvision's ``FashionMNIST.resources``).
"""

from __future__ import annotations

import dataclasses

from pytest_kerasch2.errors import InvalidArgument

_GOOGLE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
_TORONTO = "https://www.cs.toronto.edu/~kriz/"
_LOADERS = "keras/src/datasets/{}.py of Keras 3.15.1; the same in Keras 2.15.0 and TensorFlow 2.0.0"


@dataclasses.dataclass(frozen=True)
class ArrayFacts:
    """One named array: its shape, its type, its meaning and unit, and the SHA-256 of its bytes where that is known.

    ``dtype`` is a NumPy name; "float" stands for either width, and "lists" for an object array of lists of integers.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    meaning: str
    sha256: str | None = None


@dataclasses.dataclass(frozen=True)
class Archive:
    """One file of a data set: its name in a mirror, its origin, its hash, and its names in a cache of Keras.

    ``file`` and ``cached_as`` are relative to the mirror and to the folder ``datasets`` of the cache.
    """

    file: str
    origin: str
    cached_as: tuple[str, ...]
    sha256: str | None = None
    md5: str | None = None

    @property
    def published(self) -> tuple[str, str]:
        """Return the hash that is known of this file as (algorithm, hexadecimal digest)."""
        return ("sha256", self.sha256) if self.sha256 else ("md5", self.md5 or "")


@dataclasses.dataclass(frozen=True)
class DataRecord:
    """One data set: its archives, the arrays stored in them, and the arrays that ``load_data()`` makes of those.

    ``layout`` names the reader ("npz", "idx", "batches"), ``postprocessing`` what is done to the stored arrays.
    ``since`` is the first major version of Keras that has the data set.
    """

    name: str
    title: str
    layout: str
    postprocessing: str
    archives: tuple[Archive, ...]
    stored: tuple[ArrayFacts, ...]
    arrays: tuple[ArrayFacts, ...]
    classes: int | None
    licence: str
    source: str
    since: int = 2

    @property
    def arrays_are_known(self) -> bool:
        """Return whether the arrays themselves can be identified, whichever archive carried them."""
        return all(facts.sha256 for facts in self.stored)


def _archive(file: str, sha256: str) -> Archive:
    return Archive(file=file, origin=_GOOGLE + file, cached_as=(file,), sha256=sha256)


def _tarball(file: str, folder: str, sha256: str) -> Archive:
    # Keras 2 keeps the archive as FOLDER.tar.gz, Keras 3 from 3.6 as FOLDER-target_archive.
    return Archive(file, _TORONTO + file, (folder + ".tar.gz", folder + "-target_archive", folder + "_archive"), sha256)


def _fashion(file: str, md5: str) -> Archive:
    # In a folder of their own: the files of MNIST's original distribution have the very same names.
    inside = "fashion-mnist/" + file
    return Archive(file=inside, origin=_GOOGLE + file, cached_as=(inside,), md5=md5)


def _quartet(
    rows: tuple[int, int], item: tuple[int, ...], dtype: str, label: str, *, column: bool = False
) -> tuple[tuple[str, tuple[int, ...], str], ...]:
    tail = (1,) if column else ()
    return tuple(
        (f"{letter}_{part}", (count, *shape), kind)
        for part, count in (("train", rows[0]), ("test", rows[1]))
        for letter, shape, kind in (("x", item, dtype), ("y", tail, label))
    )


def _facts(
    quartet: tuple[tuple[str, tuple[int, ...], str], ...], x: str, y: str, sha256: dict[str, str] | None = None
) -> tuple[ArrayFacts, ...]:
    digests = sha256 or {}
    return tuple(
        ArrayFacts(name, shape, dtype, x if name.startswith("x") else y, digests.get(name))
        for name, shape, dtype in quartet
    )


def _boston() -> DataRecord:
    x, y = (
        "13 attributes of a housing tract, each in its own unit",
        "median value of owned homes, in thousands of dollars",
    )
    return DataRecord(
        name="boston_housing",
        title="Boston housing prices (StatLib, 1978)",
        layout="npz",
        postprocessing="shuffled",
        archives=(_archive("boston_housing.npz", "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"),),
        stored=(ArrayFacts("x", (506, 13), "float64", x), ArrayFacts("y", (506,), "float64", y)),
        arrays=_facts(_quartet((404, 102), (13,), "float64", "float64"), x, y),
        classes=None,
        licence="none stated; from the StatLib library of Carnegie Mellon University",
        source=_LOADERS.format("boston_housing"),
    )


def _california() -> DataRecord:
    x = "median income, house age, rooms, bedrooms, population, occupancy, latitude, longitude of a block group"
    y = "median house value, in dollars"
    return DataRecord(
        name="california_housing",
        title="California housing prices (census of 1990)",
        layout="npz",
        postprocessing="shuffled",
        archives=(
            _archive("california_housing.npz", "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"),
        ),
        # Keras names no dtype for these two, and its archive was not at hand: either width is taken.
        stored=(ArrayFacts("x", (20640, 8), "float", x), ArrayFacts("y", (20640,), "float", y)),
        arrays=_facts(_quartet((16512, 4128), (8,), "float", "float"), x, y),
        classes=None,
        licence="none stated; from the StatLib library of Carnegie Mellon University",
        source="keras/src/datasets/california_housing.py of Keras 3.15.1; Keras 2 does not have it",
        since=3,
    )


def _cifar(name: str, classes: int, archive: Archive, batches: tuple[tuple[str, int], ...], label: str) -> DataRecord:
    x, y = "RGB images, intensity 0 to 255, channels last", f"class, 0 to {classes - 1}, as a column"
    return DataRecord(
        name=name,
        title=f"{name.upper()}: colour images of 32 x 32 pixels in {classes} classes",
        layout="batches",
        postprocessing="images",
        archives=(archive,),
        stored=tuple(ArrayFacts(batch, (rows, 3072), "uint8", "red, then green, then blue") for batch, rows in batches),
        arrays=_facts(_quartet((50000, 10000), (32, 32, 3), "uint8", label, column=True), x, y),
        classes=classes,
        licence="none stated; Krizhevsky (2009) asks to be cited",
        source=_LOADERS.format(name),
    )


def _cifar10() -> DataRecord:
    digest = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
    archive = _tarball("cifar-10-python.tar.gz", "cifar-10-batches-py", digest)
    names = [f"cifar-10-batches-py/data_batch_{number}" for number in range(1, 6)] + ["cifar-10-batches-py/test_batch"]
    return _cifar("cifar10", 10, archive, tuple((name, 10000) for name in names), "uint8")


def _cifar100() -> DataRecord:
    digest = "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"
    archive = _tarball("cifar-100-python.tar.gz", "cifar-100-python", digest)
    # int64, although the docstring of Keras says uint8: the labels come from a list and are never cast.
    batches = (("cifar-100-python/train", 50000), ("cifar-100-python/test", 10000))
    return _cifar("cifar100", 100, archive, batches, "int64")


def _fashion_mnist() -> DataRecord:
    quartet = _quartet((60000, 10000), (28, 28), "uint8", "uint8")
    facts = _facts(quartet, "greyscale images, intensity 0 to 255", "kind of clothing, 0 to 9")
    return DataRecord(
        name="fashion_mnist",
        title="Fashion-MNIST: clothes, 28 x 28 pixels, in 10 classes",
        layout="idx",
        postprocessing="as stored",
        # In the order of `arrays`.
        archives=(
            _fashion("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
            _fashion("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
            _fashion("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
            _fashion("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
        ),
        stored=facts,
        arrays=facts,
        classes=10,
        licence="MIT (Zalando SE)",
        source=_LOADERS.format("fashion_mnist"),
    )


def _imdb() -> DataRecord:
    quartet = _quartet((25000, 25000), (), "lists", "int64")
    facts = _facts(quartet, "a review as a list of word ranks", "0 for a bad review, 1 for a good one")
    return DataRecord(
        name="imdb",
        title="IMDB film reviews",
        layout="npz",
        postprocessing="reviews",
        archives=(_archive("imdb.npz", "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"),),
        stored=facts,
        arrays=facts,
        classes=2,
        licence="none stated; Maas and others (2011) ask to be cited",
        source=_LOADERS.format("imdb"),
    )


def _mnist() -> DataRecord:
    sums = {
        "x_train": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
        "y_train": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
        "x_test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
        "y_test": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
    }
    quartet = _quartet((60000, 10000), (28, 28), "uint8", "uint8")
    facts = _facts(quartet, "greyscale images, intensity 0 (paper) to 255 (ink)", "the digit, 0 to 9", sums)
    return DataRecord(
        name="mnist",
        title="MNIST: handwritten digits, 28 x 28 pixels (LeCun, Cortes and Burges)",
        layout="npz",
        postprocessing="as stored",
        archives=(_archive("mnist.npz", "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"),),
        stored=facts,
        arrays=facts,
        classes=10,
        licence="CC BY-SA 3.0",
        source=_LOADERS.format("mnist"),
    )


def _reuters() -> DataRecord:
    x, y = "a newswire as a list of word ranks", "topic, 0 to 45"
    return DataRecord(
        name="reuters",
        title="Reuters newswires",
        layout="npz",
        postprocessing="newswires",
        archives=(_archive("reuters.npz", "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"),),
        stored=(ArrayFacts("x", (11228,), "lists", x), ArrayFacts("y", (11228,), "int64", y)),
        arrays=_facts(_quartet((8982, 2246), (), "lists", "int64"), x, y),
        classes=46,
        licence="none stated; for research only (Reuters-21578)",
        source=_LOADERS.format("reuters"),
    )


RECORDS: tuple[DataRecord, ...] = (
    _boston(),
    _california(),
    _cifar10(),
    _cifar100(),
    _fashion_mnist(),
    _imdb(),
    _mnist(),
    _reuters(),
)
NAMES: tuple[str, ...] = tuple(record.name for record in RECORDS)


def record_of(name: str) -> DataRecord:
    """Return the record of a data set.

    Raises:
        InvalidArgument: there is no data set of that name.
    """
    for record in RECORDS:
        if record.name == name:
            return record
    raise InvalidArgument(f"There is no data set {name!r}", "", "use one of " + ", ".join((*NAMES, "digits")))
