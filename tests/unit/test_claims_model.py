from __future__ import annotations

import sys
from types import ModuleType

import pytest

from pytest_kerasch2.claims.decorators import (
    check_of,
    claim,
    detects,
    extends,
    fixed_by,
    known_issue,
    pending,
    tolerates,
)
from pytest_kerasch2.claims.model import Claim, KnownIssue, Verdict, worst
from pytest_kerasch2.claims.release import Release, within
from pytest_kerasch2.errors import InvalidArgument

NEWEST = Release("2.21.0", "3.15.1", "tensorflow")
OLDEST = Release("2.0.0", "2.2.4-tf", "tensorflow")


def _known_issue(**changes: object) -> KnownIssue:
    return KnownIssue(**{"cause": "it moved", "source": "https://example.org", "symptom": "gone", **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("version", "since", "until", "expected"),
    [
        ("2.15.1", "2.15", "2.15", True),
        ("2.15.1", None, "2.15", True),
        ("2.16.2", None, "2.15", False),
        ("2.9.3", "2.10", None, False),
        ("2.10.1", "2.10", None, True),
        ("2.2.4-tf", None, "2.3", True),
        ("3.11.2", "3.11.3", None, False),
        ("2.15.0.post1", "2.15.0", "2.15.0", True),
        ("-", None, None, False),
    ],
)
def test_a_version_is_within_bounds_at_their_own_precision(
    version: str, since: str | None, until: str | None, expected: bool
) -> None:
    assert within(version, since, until) is expected


def test_a_version_that_begins_with_no_number_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="'nightly'"):
        within("nightly", "2.0", None)


def test_a_release_is_named_by_minor_patch_and_backend() -> None:
    assert NEWEST.name == "2.21/3.15.1/tensorflow"


def test_a_release_without_tensorflow_is_named_with_a_dash() -> None:
    assert Release("-", "3.15.1", "jax").name == "-/3.15.1/jax"


def test_a_known_issue_of_keras_looks_at_the_version_of_keras() -> None:
    issue = _known_issue(since="3.0", of="keras")

    assert (issue.applies(NEWEST, ""), issue.applies(OLDEST, "")) == (True, False)


def test_a_known_issue_may_be_limited_to_a_parameter() -> None:
    issue = _known_issue(only=("subclass",))

    assert (issue.applies(NEWEST, "subclass"), issue.applies(NEWEST, "functional")) == (True, False)


@pytest.mark.parametrize(("backend", "expected"), [("jax", True), ("torch", False), ("tensorflow", False)])
def test_a_known_issue_may_be_limited_to_a_backend(backend: str, expected: bool) -> None:
    issue = _known_issue(of="keras", since="3.0", backends=("jax",))

    assert issue.applies(Release("-", "3.15.1", backend), "") is expected


def test_a_known_issue_of_a_backend_still_has_its_range() -> None:
    issue = _known_issue(of="keras", until="3.12", backends=("jax",))

    assert not issue.applies(Release("-", "3.15.1", "jax"), "")


def test_a_known_issue_of_no_backend_is_of_all() -> None:
    issue = _known_issue(of="keras", since="3.0")

    assert all(issue.applies(Release("-", "3.15.1", backend), "") for backend in ("jax", "torch"))


@pytest.mark.parametrize("changes", [{"source": "somewhere"}, {"of": "scipy"}, {"symptom": "("}])
def test_a_known_issue_that_nobody_could_follow_up_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(Exception, match=r"https|tensorflow, keras or numpy|parenthesis|subpattern"):
        _known_issue(**changes)


@pytest.mark.parametrize("bad", ["nodot", "Two.Words", "a.b.c", "a b.c", ""])
def test_a_claim_whose_id_could_not_be_looked_up_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match=r"section\.short-name"):
        Claim(bad, "s", "s", "code")


def test_a_claim_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="'rumour'"):
        Claim("a.b", "s", "s", "rumour")


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([Verdict.HELD, Verdict.BROKEN, Verdict.INCONCLUSIVE], Verdict.BROKEN),
        ([Verdict.HELD, Verdict.NOT_APPLICABLE, Verdict.INCONCLUSIVE], Verdict.INCONCLUSIVE),
        ([Verdict.HELD, Verdict.NOT_APPLICABLE], Verdict.NOT_APPLICABLE),
        ([Verdict.HELD, Verdict.HELD], Verdict.HELD),
    ],
)
def test_a_claim_takes_the_worst_verdict_of_its_checks(verdicts: list[Verdict], expected: Verdict) -> None:
    assert worst(verdicts) is expected


def _fault() -> None: ...


def _harmless() -> None: ...


def test_the_decorators_of_a_check_stand_together() -> None:
    @claim("a.b", "It is so.", "prose", section="Somewhere")
    @known_issue(cause="it moved", source="https://example.org", symptom="gone", since="2.16")
    @detects(_fault)
    @tolerates(_harmless)
    @fixed_by(_harmless)
    def check() -> None: ...

    actual = check_of(check)

    assert actual is not None
    assert (actual.claim.id, actual.faults, actual.benign_changes, actual.fix) == (
        "a.b",
        (_fault,),
        (_harmless,),
        _harmless,
    )


def test_deviations_keep_the_order_in_which_they_stand() -> None:
    @claim("a.b", "It is so.", "prose", section="Somewhere")
    @known_issue(cause="first", source="https://example.org", symptom="x", until="2.2")
    @known_issue(cause="second", source="https://example.org", symptom="x")
    def check() -> None: ...

    actual = check_of(check)

    assert actual is not None
    assert [one.cause for one in actual.known_issues] == ["first", "second"]
    assert actual.known_issue(NEWEST, "") is actual.known_issues[1]


def test_a_function_without_a_claim_is_no_check() -> None:
    @detects(_fault)
    def half_done() -> None: ...

    assert check_of(half_done) is None


def test_a_generalisation_shares_the_claim() -> None:
    @claim("a.b", "It is so.", "prose", section="Somewhere")
    def check() -> None: ...

    @extends(check)
    @detects(_fault)
    def wider() -> None: ...

    first, second = check_of(check), check_of(wider)

    assert first is not None
    assert second is not None
    assert first.claim is second.claim


def test_nothing_generalises_a_function_without_a_claim() -> None:
    with pytest.raises(ValueError, match="carries no claim"):
        extends(_fault)


def test_a_pending_claim_says_why() -> None:
    @claim("a.b", "It is so.", "figure", section="Somewhere")
    @pending("takes ten epochs")
    def check() -> None: ...

    actual = check_of(check)

    assert actual is not None
    assert actual.pending == "takes ten epochs"


@pytest.mark.parametrize(("keras", "meant"), [("3.15.1", True), ("3.0.5", True), ("2.16.0", False)])
def test_a_range_of_tensorflow_can_be_limited_to_a_generation_of_keras(keras: str, meant: bool) -> None:
    issue = KnownIssue("why", "https://example.org", "x", since="2.16", until="2.16", with_keras="3.0")

    assert issue.applies(Release("2.16.2", keras, "tensorflow"), "") is meant


def test_a_claim_without_a_section_takes_the_nearest_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, section in (("book", "The book"), ("book.part", None), ("book.part.claims", None)):
        module = ModuleType(name)
        if section is not None:
            module.SECTION = section  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, name, module)

    def check() -> None:
        pass

    check.__module__ = "book.part.claims"
    far = check_of(claim("a.b", "It is so.", "prose")(check))
    monkeypatch.setattr(sys.modules["book.part"], "SECTION", "The part", raising=False)
    near = check_of(claim("a.b", "It is so.", "prose")(check))

    assert far is not None
    assert near is not None
    assert (far.claim.section, near.claim.section) == ("The book", "The part")


def test_a_claim_without_any_section_is_refused() -> None:
    with pytest.raises(InvalidArgument, match=r"claim\(\) needs a section.*Pass section="):

        @claim("a.b", "It is so.", "prose")
        def check() -> None:
            pass
