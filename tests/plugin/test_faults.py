from __future__ import annotations

from typing import Any

BODY = """
class World:
    value = 5

@contextmanager
def wrong_value():
    with mock.patch.object(World, 'value', 6):
        yield

@contextmanager
def no_value():
    with mock.patch.object(World, 'value', None):
        yield

@contextmanager
def same_value():
    with mock.patch.object(World, 'value', 5.0):
        yield

@contextmanager
def five():
    with mock.patch.object(World, 'value', 5):
        yield
"""


def test_a_caught_fault_and_an_unmoved_variation_pass(small: Any) -> None:
    small.section(
        BODY
        + "@about('value')\n@detects(wrong_value)\n@tolerates(same_value)\n"
        + "def value(record):\n    record.equal('value', expected=5, actual=World.value)\n"
    )

    result = small.pytest("--chapter-faults")

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        ["injected faults detected: 1 of 1*", "*left the verdict: 1 of 1", "*able to fail here: 1 of 1"]
    )


def test_a_fault_that_is_not_caught_fails(small: Any) -> None:
    small.section(BODY + "@about('value')\n@detects(wrong_value)\ndef value(record):\n    record.saw('nothing')\n")

    result = small.pytest("--chapter-faults")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*`wrong_value` was not caught*", "*not shown here: small.value"])


def test_a_check_that_falls_over_has_not_caught_the_fault(small: Any) -> None:
    small.section(
        BODY
        + "@about('value')\n@detects(no_value)\n"
        + "def value(record):\n    record.equal('next', expected=6, actual=World.value + 1)\n"
    )

    result = small.pytest("--chapter-faults")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*`no_value` made the check fall over*TypeError*"])


def test_a_variation_that_moves_the_verdict_fails(small: Any) -> None:
    small.section(
        BODY
        + "@about('value')\n@tolerates(wrong_value)\n"
        + "def value(record):\n    record.equal('value', expected=5, actual=World.value)\n"
    )

    result = small.pytest("--chapter-faults")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*benign change `wrong_value` was taken for a fault*"])


def test_a_claim_broken_here_is_tried_on_top_of_its_cure(small: Any) -> None:
    small.section(
        BODY.replace("value = 5\n", "value = 4\n")
        + "@about('value')\n@known_issue(cause='it is 4', source='https://example.org', symptom='4')\n"
        + "@detects(wrong_value)\n@fixed_by(five)\n"
        + "def value(record):\n    record.equal('value', expected=5, actual=World.value)\n"
    )

    result = small.pytest("--chapter-faults", "-v")

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*tolerates five*PASSED*", "*detects wrong_value*PASSED*"])


def test_what_is_planted_reaches_the_child(small: Any) -> None:
    small.section(
        BODY
        + "def asked():\n    return World.value\n"
        + "@about('value')\n@detects(wrong_value)\n@tolerates(same_value)\n"
        + "@in_subprocess(Job('small_chapter.section:asked'))\n"
        + "def value(child, record):\n    record.equal('value', expected=5, actual=child)\n"
    )

    result = small.pytest("--chapter-faults")

    result.assert_outcomes(passed=2)


def test_a_fault_that_kills_the_child_is_caught(small: Any) -> None:
    small.section(
        BODY
        + "@contextmanager\ndef deadly():\n    os.abort() if os.environ.get('IN_CHILD') else None\n    yield\n\n"
        + "def asked():\n    return World.value\n"
        + "@about('value')\n@detects(deadly)\n"
        + "@in_subprocess(Job('small_chapter.section:asked', environment={'IN_CHILD': 'yes'}))\n"
        + "def value(child, record):\n    record.equal('value', expected=5, actual=child)\n"
    )

    result = small.pytest("--chapter-faults")

    result.assert_outcomes(passed=1)


def test_a_fault_is_tried_on_one_of_the_parameters(small: Any) -> None:
    small.section(
        BODY
        + "@about('value')\n@pytest.mark.parametrize('number', [1, 2, 3])\n"
        + "@detects(wrong_value)\n@tolerates(same_value)\n"
        + "def value(record, number):\n    record.equal('value', expected=5, actual=World.value)\n"
    )

    small.pytest("--chapter-faults").assert_outcomes(passed=2)


def test_what_is_broken_anyway_and_has_no_cure_shows_nothing(small: Any) -> None:
    small.section(
        BODY
        + "@about('value')\n@known()\n@detects(wrong_value)\n@tolerates(same_value)\n"
        + "def value(record):\n    record.equal('value', expected=7, actual=World.value)\n"
    )

    result = small.pytest("--chapter-faults")

    result.assert_outcomes(skipped=2)
    result.stdout.fnmatch_lines(["injected faults detected: 0 of 1 (1 could not be tried on this release)"])
