"""The chapter's preparation: pixels scaled to 0..1 as float32, labels as int64."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from pytest_kerasch2.errors import InvalidArgument

if TYPE_CHECKING:
    from typing import Any

    import numpy.typing as npt

    from pytest_kerasch2.data.sources import DataSet


@dataclasses.dataclass(frozen=True, eq=False)
class PreparedData:
    """A data set ready for the chapter's networks: images float32 in 0..1, labels int64; all four read-only."""

    name: str
    x_train: npt.NDArray[np.float32]
    y_train: npt.NDArray[np.int64]
    x_test: npt.NDArray[np.float32]
    y_test: npt.NDArray[np.int64]
    digest: str


def scaled(images: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Return images of bytes divided by 255, float32, 0 to 1, without a float64 copy on the way.

    The outcome equals, bit for bit, that of dividing in float64 and casting, which is how the chapter prints it.

    Raises:
        InvalidArgument: the array does not hold bytes.
    """
    if images.dtype != np.uint8:
        raise InvalidArgument(
            f"images must be an array of bytes, got one of type {images.dtype} and shape {images.shape}",
            "",
            "take a data set of images: mnist, fashion_mnist, cifar10, cifar100 or digits",
        )
    result = np.empty(images.shape, dtype=np.float32)
    np.divide(images, np.float32(255), out=result, dtype=np.float32)
    return result


def labelled(labels: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Return class labels as int64, shape unchanged.

    Raises:
        InvalidArgument: the labels are no integers.
    """
    if labels.dtype.kind not in "iu":
        raise InvalidArgument(
            f"labels must be integers, got an array of type {labels.dtype}",
            "",
            "take a data set with classes, not one with prices",
        )
    return labels.astype(np.int64)


def prepared(data: DataSet) -> PreparedData:
    """Return a data set's arrays prepared as the chapter does it; ``digest`` is that of the raw arrays.

    Raises:
        InvalidArgument: not a data set of images in classes.
    """
    x_train, x_test = scaled(data.x_train), scaled(data.x_test)
    y_train, y_test = labelled(data.y_train), labelled(data.y_test)
    for flags in (x_train.flags, y_train.flags, x_test.flags, y_test.flags):
        flags.writeable = False
    return PreparedData(data.name, x_train, y_train, x_test, y_test, data.digest)
