"""Files that were written with the words of schema 1."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_kerasch2.claims import results
from pytest_kerasch2.claims.schema_1 import upgraded
from pytest_kerasch2.report import compatibility_table
from tests.unit import test_claims_results

ROOT = Path(__file__).parents[2]
BACK = {"known_issue": "deviation", "workarounds": "instead", "inconclusive": "could_not_tell"}


def _old(plain: Any) -> Any:
    """Return a file of schema 2 as schema 1 wrote it: its own texts have none of these words."""
    if isinstance(plain, dict):
        return {BACK.get(key, key): 1 if key == "schema" else _old(value) for key, value in plain.items()}
    return [_old(one) for one in plain] if isinstance(plain, list) else BACK.get(plain, plain)


def test_results_of_schema_1_are_read_in_the_words_of_schema_2(tmp_path: Path) -> None:
    now = results.build(test_claims_results.RECORDS, test_claims_results.ENVIRONMENT)
    (tmp_path / "old.json").write_text(json.dumps(_old(now)), encoding="utf-8")

    assert results.read(tmp_path / "old.json") == now


def test_a_table_of_schema_1_is_read_in_the_words_of_schema_2(tmp_path: Path) -> None:
    now = compatibility_table.read(ROOT / "docs" / "compatibility.json")
    (tmp_path / "old.json").write_text(json.dumps(_old(now)), encoding="utf-8")

    assert compatibility_table.read(tmp_path / "old.json") == now


def test_evidence_that_is_such_a_word_stays() -> None:
    old = {"schema": 1, "claims": [{"verdict": "could_not_tell", "evidence": ["could_not_tell"], "remedy": "instead"}]}

    (claim,) = upgraded(old)["claims"]

    assert claim == {"verdict": "inconclusive", "evidence": ["could_not_tell"], "remedy": "instead"}


@pytest.mark.parametrize("plain", [None, [], "1", {}, {"schema": True}, {"schema": 3, "instead": []}, {"schema": [1]}])
def test_anything_else_stays_as_it_is(plain: Any) -> None:
    assert upgraded(plain) == plain
