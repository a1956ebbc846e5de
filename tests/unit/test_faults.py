from __future__ import annotations

import contextlib
from typing import Iterator

import pytest

from pytest_kerasch2.checks.common_faults import fault
from pytest_kerasch2.claims.model import Injection
from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.subprocesses.child import named

STATE = {"units": 512}


@contextlib.contextmanager
def _units(number: int, times: int = 1) -> Iterator[None]:
    before = STATE["units"]
    STATE["units"] = number * times
    try:
        yield
    finally:
        STATE["units"] = before


fewer_units = fault("Layers get fewer units.", _units, 2, times=3)
_other_units = fault("Layers get other units.", lambda: _units(1))


def test_a_fault_acts_within_its_block_and_as_often_as_it_is_entered() -> None:
    seen = []
    for _ in range(2):
        with fewer_units():
            seen.append(STATE["units"])
        seen.append(STATE["units"])

    assert seen == [6, 512, 6, 512]


def test_a_fault_ends_where_a_check_raises() -> None:
    with pytest.raises(KeyError), fewer_units():
        raise KeyError("units")

    assert STATE["units"] == 512


def test_a_fault_has_the_name_the_module_and_the_text_of_a_function() -> None:
    assert (fewer_units.__name__, fewer_units.__module__, fewer_units.__doc__) == (
        "fewer_units",
        __name__,
        "Layers get fewer units.",
    )
    assert Injection(_other_units, harmful=True).name == "other_units"


def test_a_child_interpreter_finds_a_fault_by_its_address() -> None:
    injection = Injection(fewer_units, harmful=True, beneath=_other_units)

    assert [named(address) for address in injection.addresses] == [_other_units, fewer_units]


def test_a_fault_without_a_name_is_refused() -> None:
    nameless = fault("Nobody could find it.", _units, 1)

    with pytest.raises(InvalidArgument, match=r"A fault has no name.*'Nobody could find it.'"):
        _ = nameless.__name__
