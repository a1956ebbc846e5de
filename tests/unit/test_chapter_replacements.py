from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_kerasch2.chapter import workarounds as chapter_workarounds
from pytest_kerasch2.chapter.configuration import workarounds as configuration_workarounds
from pytest_kerasch2.chapter.pipelines import workarounds as pipelines_workarounds
from pytest_kerasch2.chapter.saving import workarounds as saving_workarounds
from pytest_kerasch2.checks import workarounds as checks_workarounds
from pytest_kerasch2.claims.model import Claim, KnownIssue, Record, Verdict, Workaround
from pytest_kerasch2.errors import NotApplicable

ROOMS = (chapter_workarounds, configuration_workarounds, pipelines_workarounds, saving_workarounds)
ALL = {name: one for room in ROOMS for name, one in vars(room).items() if isinstance(one, Workaround)}


def _number(names: dict[str, Any], record: Any) -> None:
    record.equal("the number", expected=5, actual=names["number"])


FIVE = Workaround("number = five\n", lambda tf: {"five": 5}, _number)
RECORD = Record(
    Claim("a.b", "It is so.", "Somewhere", "code"),
    Verdict.BROKEN,
    ("gone",),
    KnownIssue("it moved", "https://example.org", "gone", workaround=FIVE),
)


@pytest.mark.parametrize("name", sorted(ALL))
def test_the_proof_of_each_fails_where_its_lines_do_nothing(name: str) -> None:
    done = checks_workarounds.tried(replace(ALL[name], write="pass\n", address=None))

    # None where the release lacks what the lines speak of, as JAX lacks tf.data
    assert done is None or not done.worked


def test_lines_that_do_what_was_promised_work() -> None:
    done = checks_workarounds.tried(FIVE)

    assert done is not None
    assert (done.worked, done.write, done.evidence) == (True, "number = five\n", ("the number: 5",))


@pytest.mark.parametrize(
    ("write", "expected"),
    [
        ("number = 6\n", "the number: 6, not 5"),
        ("number = 5 / 0\n", "ZeroDivisionError: division by zero"),
        ("number =\n", "SyntaxError"),
    ],
)
def test_lines_that_do_not_say_what_was_seen(write: str, expected: str) -> None:
    done = checks_workarounds.tried(replace(FIVE, write=write))

    assert done is not None
    assert (done.worked, expected in done.evidence[-1]) == (False, True)


def test_a_proof_that_looks_at_nothing_proves_nothing() -> None:
    done = checks_workarounds.tried(replace(FIVE, proof=lambda names, record: None))

    assert done is not None
    assert not done.worked


def test_what_is_not_here_is_no_failure() -> None:
    def missing(tf: Any) -> dict[str, Any]:
        raise NotApplicable("No tf.data without TensorFlow")

    assert checks_workarounds.tried(replace(FIVE, given=missing)) is None


def test_files_and_words_are_left_nowhere(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    before = sorted(Path.cwd().iterdir())

    checks_workarounds.tried(replace(FIVE, write="number = five\nprint(number)\nopen('five', 'w').close()\n"))

    assert (sorted(Path.cwd().iterdir()), capfd.readouterr().out) == (before, "")


@pytest.mark.parametrize(
    ("record", "ran"),
    [
        (RECORD, True),
        (replace(RECORD, verdict=Verdict.HELD), False),
        (replace(RECORD, known_issue=None), False),
        (replace(RECORD, known_issue=KnownIssue("it moved", "https://example.org", "gone")), False),
    ],
)
def test_only_what_is_broken_and_has_one_runs_its_workaround(record: Record, ran: bool) -> None:
    assert (checks_workarounds.with_workaround(record).tried is not None) is ran
