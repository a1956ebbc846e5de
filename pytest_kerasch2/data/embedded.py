"""The handwritten digits of scikit-learn in the form of MNIST: the data set "digits", which never stands in for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_kerasch2.data.registry import ArrayFacts
from pytest_kerasch2.errors import DataMissing

if TYPE_CHECKING:
    from typing import Any

    import numpy.typing as npt

ORIGIN = "sklearn.datasets.load_digits"
LICENCE = "CC BY 4.0 (Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI repository)"
TRAINING = 1500
_IMAGE = "greyscale images, intensity 0 (paper) to 255 (ink), 8 x 8 pixels enlarged threefold with a margin of 2"
FACTS: tuple[ArrayFacts, ...] = (
    ArrayFacts("x_train", (1500, 28, 28), "uint8", _IMAGE),
    ArrayFacts("y_train", (1500,), "uint8", "the digit, 0 to 9"),
    ArrayFacts("x_test", (297, 28, 28), "uint8", _IMAGE),
    ArrayFacts("y_test", (297,), "uint8", "the digit, 0 to 9"),
)


def enlarged(images: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Return images of 8 x 8 pixels, 0 to 16, as 28 x 28 bytes, 0 to 255.

    Each pixel becomes a square of three by three, two pixels of paper go round the whole, and v becomes v * 255 / 16
    rounded to the nearest. Nothing is interpolated, so the original can be had back from the result.
    """
    # Sixteenths are exact in uint16, and no image needs a wider copy.
    levels = ((images.astype(np.uint16) * 255 + 8) // 16).astype(np.uint8)
    tripled = levels.repeat(3, axis=1).repeat(3, axis=2)
    return np.pad(tripled, ((0, 0), (2, 2), (2, 2)), mode="constant")


def digits() -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    """Return x_train, y_train, x_test and y_test: the first 1500 digits and the last 297, in scikit-learn's order.

    The order is by writer, so that no writer's hand is in both parts, bar one at the border.

    Raises:
        DataMissing: scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits  # type: ignore[import-untyped,unused-ignore]
    except ImportError as error:
        raise DataMissing(
            "The embedded digits are not on this machine",
            f"{type(error).__name__}: {error}",
            "install scikit-learn, which the extra `digits` of this package asks for",
        ) from error
    bunch = load_digits()
    x, y = enlarged(bunch.images), bunch.target.astype(np.uint8)
    return x[:TRAINING], y[:TRAINING], x[TRAINING:], y[TRAINING:]
