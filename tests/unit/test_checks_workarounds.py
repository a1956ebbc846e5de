from __future__ import annotations

import contextlib
import sys
import types

import pytest

from pytest_kerasch2.checks import workarounds
from pytest_kerasch2.claims.model import Workaround
from pytest_kerasch2.framework import api, state
from pytest_kerasch2.subprocesses import runner
from pytest_kerasch2.subprocesses.job import Job, JobOutcome


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> Workaround:
    """A workaround with an address; its lines are refused in this process, and TensorFlow is not started."""
    workaround = Workaround(
        "value = 3\n",
        lambda tf: {},
        lambda names, record: record.equal("value", expected=3, actual=names["value"]),
        address="of_a_test:APART",
    )
    module = types.ModuleType("of_a_test")
    module.APART = workaround  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "of_a_test", module)
    monkeypatch.setattr(api, "tensorflow", lambda: None)
    monkeypatch.setattr(state, "isolated", contextlib.nullcontext)
    workarounds.tried.cache_clear()
    return workaround


def test_one_with_an_address_is_run_in_an_interpreter_of_its_own(
    apart: Workaround, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Job] = []
    monkeypatch.setattr(runner, "run", lambda job: asked.append(job) or JobOutcome(value=[True, ["seen there"]]))

    run = workarounds.tried(apart)

    assert run is not None
    assert (run.worked, run.evidence, asked[0].arguments) == (True, ("seen there",), ("of_a_test:APART",))


def test_one_whose_interpreter_dies_did_not_work(apart: Workaround, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "run", lambda job: JobOutcome(killed_by="signal SIGSEGV"))

    run = workarounds.tried(apart)

    assert run is not None
    assert not run.worked
    assert "SIGSEGV" in run.evidence[0]


def test_what_an_address_names_is_run_and_looked_at(apart: Workaround) -> None:
    assert workarounds.tried_at("of_a_test:APART") == (True, ("value: 3",))
