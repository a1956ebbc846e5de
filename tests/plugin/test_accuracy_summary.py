"""The fixture `accuracy_gate` tells a workflow what it decided."""

from __future__ import annotations

import json

import pytest

from pytest_kerasch2.accuracy import reference
from tests.builders.gate_decisions import curve_of, reference_of
from tests.plugin.conftest import Small

pytest.importorskip("scipy", reason="decisions need pytest-kerasch2[accuracy]")


def test_a_decision_stands_in_the_step_summary_under_the_name_of_its_test(small: Small) -> None:
    earlier = reference_of()
    with reference.appending(small.path / "known.jsonl", earlier.description):
        for run in earlier.runs:
            reference.append(small.path / "known.jsonl", run)
    (small.path / "new.json").write_text(
        json.dumps([curve_of(seed).to_dict() for seed in (101, 102)]), encoding="utf-8"
    )
    small.pytester.makepyfile(
        test_mine="""
        import json

        def test_mine(accuracy_gate):
            with open("new.json") as stream:
                assert accuracy_gate("known.jsonl", results=json.load(stream), margin=0.03).passed
        """
    )
    place = small.path / "summary.md"

    small.pytest("test_mine.py", GITHUB_STEP_SUMMARY=str(place)).assert_outcomes(passed=1)

    first = place.read_text(encoding="utf-8").splitlines()[0]
    assert first == "### ✓ Accuracy gate: pass (test&#95;mine.py::test&#95;mine)"
