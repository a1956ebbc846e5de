"""What stands in for the module ``tensorflow`` where Keras 3 runs on another backend."""

from __future__ import annotations

from typing import Any

from pytest_kerasch2.errors import NotApplicable


class WithoutTensorFlow:
    """Has the module ``keras`` under ``keras``, as TensorFlow has, and nothing else of TensorFlow.

    Nothing is emulated: whoever asks for a name of TensorFlow's speaks of TensorFlow, and is told that it is not here.
    """

    def __init__(self, keras: Any) -> None:
        """Stand in for the TensorFlow of this Keras."""
        self.keras = keras

    def __getattr__(self, name: str) -> Any:
        """Refuse every other name; `hasattr` and a default of `getattr` are refused too, for they ask the same.

        Raises:
            NotApplicable: always, but for the names that Python itself looks for in any object.
        """
        if name.startswith("__"):
            raise AttributeError(name)
        raise not_here(f"tf.{name}", self.keras)


def not_here(what: str, keras: Any) -> NotApplicable:
    """Return the error that says that something is TensorFlow's, and which Keras runs here without it."""
    here = f"this is Keras {keras.__version__} on {keras.backend.backend()}, not on TensorFlow"
    return NotApplicable(f"{what} speaks of TensorFlow", here, "let Keras run on TensorFlow to have it decided")
