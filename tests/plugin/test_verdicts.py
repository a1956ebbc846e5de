from __future__ import annotations

from typing import Any

import pytest

HELD = "record.equal('the value', expected=5, actual=5)"
BROKEN = "record.equal('the value', expected=6, actual=5)"


@pytest.mark.parametrize(
    ("marks", "body", "outcome", "verdict"),
    [
        ("", HELD, "passed", "held"),
        ("@known()\n", HELD, "failed", "held"),
        ("@known(until='2.2')\n", HELD, "passed", "held"),
        ("", BROKEN, "failed", "broken"),
        ("@known()\n", BROKEN, "xfailed", "broken"),
        ("@known(since='2.16')\n", BROKEN, "failed", "broken"),
        ("@known(symptom='AttributeError')\n", BROKEN, "failed", "broken"),
        ("", "raise NotApplicable('No such thing here')", "skipped", "not_applicable"),
        ("", "raise Inconclusive('No data', '', 'fetch it')", "skipped", "inconclusive"),
        ("", "raise DataDamaged('MNIST is damaged', 'junk', 'mend it')", "failed", "inconclusive"),
        ("", "pytest.skip('not today')", "skipped", "inconclusive"),
        ("", "raise ZeroDivisionError('odd')", "failed", "broken"),
        ("", "pass", "failed", "inconclusive"),
    ],
)
def test_outcome_and_verdict(small: Any, marks: str, body: str, outcome: str, verdict: str) -> None:
    small.section(f"@about('value')\n{marks}def value(record):\n    {body}\n")

    result, results = small.results()

    result.assert_outcomes(**{outcome: 1})
    assert [claim["verdict"] for claim in results["claims"]] == [verdict]


def test_a_run_as_recorded_ends_with_zero_and_another_with_one(small: Any) -> None:
    small.section(f"@about('value')\n@known()\ndef value(record):\n    {BROKEN}\n")
    as_recorded = small.run()
    small.section(f"@about('value')\ndef value(record):\n    {BROKEN}\n")

    otherwise = small.run()

    assert (as_recorded.ret, otherwise.ret) == (0, 1)


def test_a_missing_fixture_value_becomes_the_verdict_of_the_claim(small: Any) -> None:
    small.section("@about('data')\ndef data(mnist, record):\n    record.saw('never')\n")

    result, results = small.results("--chapter-offline")

    result.assert_outcomes(skipped=1)
    assert (results["claims"][0]["verdict"], "--chapter-mirror" in results["claims"][0]["remedy"]) == (
        "inconclusive",
        True,
    )


def test_checks_of_one_claim_make_one_entry(small: Any) -> None:
    small.section(
        """
        @about('value')
        @pytest.mark.parametrize('number', [1, 2, 3])
        def value(record, number):
            record.at_most('number', limit=3, actual=number)

        @extends(value)
        def wider(record):
            record.saw('all numbers')
        """
    )

    _, results = small.results()

    assert [(claim["id"], claim["checks"]) for claim in results["claims"]] == [("small.value", 4)]


def test_the_table_tells_what_is_broken_and_why(small: Any) -> None:
    small.section(f"@about('value')\n@known()\ndef value(record):\n    {BROKEN}\n")

    result = small.run()

    result.stdout.fnmatch_lines(
        ["*Broken, and why*", "*small.value", "*It is so.*", "*it moved*", "*https://example.org/why*"]
    )


def test_a_leak_is_reported_by_name_and_put_back(small: Any) -> None:
    small.section(
        """
        @about('leak')
        def leak(record):
            os.environ['KERASCH2_LEFT_BEHIND'] = 'yes'
            record.saw('done')

        @about('next')
        def next(record):
            record.absent('environment', unwanted='KERASCH2_LEFT_BEHIND', actual=sorted(os.environ))
        """
    )

    result = small.run()

    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*StateLeaked*environment variables*KERASCH2_LEFT_BEHIND*"])


def test_two_claims_of_one_id_are_refused_before_anything_runs(small: Any) -> None:
    small.section(
        """
        @about('same', 'One.')
        def one(record): ...
        @about('same', 'Another.')
        def another(record): ...
        """
    )

    result = small.run()

    result.stderr.fnmatch_lines(["*ERROR: Two claims carry the same id*'small.same': 'One.' and 'Another.'*"])
    assert result.ret == pytest.ExitCode.USAGE_ERROR


def test_a_child_that_dies_costs_its_claim_alone(small: Any) -> None:
    small.section(
        """
        def dies():
            os.abort()

        @about('child')
        @in_subprocess(Job('small_chapter.section:dies', deadline=30.0))
        def child_dies(child, record):
            record.saw('never')

        @about('other')
        def other(record):
            record.saw('still here')
        """
    )

    result, results = small.results()

    actual = {claim["id"]: claim for claim in results["claims"]}
    result.assert_outcomes(passed=1, errors=1)
    assert "SIGABRT" in actual["small.child"]["evidence"][-1]


def test_a_child_that_hangs_is_killed_at_its_deadline(small: Any) -> None:
    small.section(
        """
        def hangs():
            time.sleep(600)

        @about('child')
        @in_subprocess(Job('small_chapter.section:hangs', deadline=3.0))
        def child_hangs(child, record):
            record.saw('never')
        """
    )

    _, results = small.results()

    assert "deadline of 3 s" in results["claims"][0]["evidence"][-1]


def test_a_child_that_answers_is_read_by_all_its_claims(small: Any) -> None:
    small.section(
        """
        def counted():
            with open(os.environ['COUNT'], 'a') as stream:
                stream.write('x')
            return {'answer': 5}

        JOB = Job('small_chapter.section:counted')

        @about('one')
        @in_subprocess(JOB)
        def one(child, record):
            record.equal('answer', expected=5, actual=child['answer'])

        @about('two')
        @in_subprocess(JOB)
        def two(child, record):
            record.equal('answer', expected=5, actual=child['answer'])
        """
    )
    count = small.path / "count"

    result = small.run(COUNT=str(count))

    result.assert_outcomes(passed=2)
    assert count.read_text() == "x"


def test_a_data_set_that_is_missing_is_looked_for_once(small: Any) -> None:
    small.section(
        """
        from pytest_kerasch2.data import sources
        LOOKS = []

        def looks(name, **where):
            LOOKS.append(name)
            raise DataMissing('MNIST is not there', '', 'fetch it')

        sources.load = looks

        @about('first')
        def first(mnist, record): ...

        @about('second')
        def second(mnist, record): ...

        @about('third')
        def third(record):
            record.equal('looks', expected=['mnist'], actual=LOOKS)
        """
    )

    small.run().assert_outcomes(passed=1, skipped=2)
