from __future__ import annotations

import re
import warnings

import pytest

from pytest_kerasch2.third_party import warnings_shown


def _warn_from(module: str, text: str = "old") -> None:
    """Warn as code of a module does."""
    warnings.warn_explicit(text, DeprecationWarning, f"{module}.py", 1, module=module, registry={})


@pytest.mark.parametrize("module", ["keras.src.saving", "tensorflow.python", "numpy", "h5py._hl", "pytest_kerasch2.x"])
def test_a_warning_of_a_third_party_is_shown_and_no_error(module: str) -> None:
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("error")
        with warnings_shown():
            _warn_from(module)

    assert [str(one.message) for one in shown] == ["old"]


@pytest.mark.parametrize("module", ["test_mine", "__main__", "kerasible", "numpy_of_mine.x"])
def test_a_warning_of_the_users_own_code_stays_an_error(module: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with warnings_shown(), pytest.raises(DeprecationWarning):
            _warn_from(module)


def test_what_is_to_be_ignored_stays_ignored() -> None:
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", DeprecationWarning)
        with warnings_shown():
            _warn_from("keras")

    assert shown == []


def test_a_filter_that_names_a_module_is_meant() -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("error", module=re.escape("keras"))
        with warnings_shown(), pytest.raises(DeprecationWarning):
            _warn_from("keras")


def test_afterwards_the_filters_are_as_they_were() -> None:
    before = list(warnings.filters)

    with warnings_shown():
        pass

    assert warnings.filters == before


def test_a_warning_of_the_standard_library_is_no_error() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with warnings_shown():
            _warn_from("importlib._bootstrap")
