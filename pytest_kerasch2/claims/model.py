"""The words of the results file as plain data: claim, known issue, verdict, check and its record."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Callable, Sequence

from pytest_kerasch2.claims.release import ABSENT, Release, within

KINDS = ("code", "output", "prose", "table", "figure")


class Verdict(str, Enum):
    """What a check decided. The order is from worst to best: a claim takes the worst of its checks."""

    BROKEN = "broken"
    INCONCLUSIVE = "inconclusive"
    NOT_APPLICABLE = "not_applicable"
    HELD = "held"


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict of a claim from those of its checks."""
    order = list(Verdict)
    return min(verdicts, key=order.index)


@dataclass(frozen=True)
class Claim:
    """One statement of the chapter that a machine can decide, in our own words.

    Attributes:
        id: `section.short-name`, unique over the suite.
        statement: the sentence that is true or not.
        section: the heading under which the chapter says it.
        kind: where it stands: one of `KINDS`.
    """

    id: str
    statement: str
    section: str
    kind: str

    def __post_init__(self) -> None:
        """Refuse what could not be looked up later."""
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*\.[a-z0-9]+(-[a-z0-9]+)*", self.id):
            raise ValueError(f"a claim's id is `section.short-name` in small letters, not {self.id!r}")
        if self.kind not in KINDS:
            raise ValueError(f"a claim's kind is one of {', '.join(KINDS)}, not {self.kind!r}")


@dataclass(frozen=True)
class Workaround:
    """What a reader writes where a claim is broken, instead of what the chapter prints; run where it is needed.

    Attributes:
        write: the lines of Python, as they are typed.
        given: makes the names that the lines find, from the module `tensorflow`: the chapter's own, such as `train_x`.
        proof: shows with a `Recorder`, from the names that the lines leave, that they do what the chapter promised.
        block: the block of the chapter in whose place the lines stand; None where they stand beside one.
        address: `module:NAME` of a workaround that is run in an interpreter of its own, since it may end the process or
            cannot be undone in it; None where it is run among the checks.
    """

    write: str
    given: Callable[[Any], dict[str, Any]]
    proof: Callable[[dict[str, Any], Any], None]
    block: str | None = None
    address: str | None = None


@dataclass(frozen=True)
class KnownIssue:
    """A known, sourced reason why a claim is broken on some releases.

    Attributes:
        cause: why, in one sentence.
        source: where that can be read.
        symptom: a regular expression that the evidence must match, so that nothing else is excused.
        since: first release with it, inclusive, at the precision given; None means from the beginning.
        until: last release with it, inclusive; None means up to now.
        of: which version `since` and `until` speak of, `tensorflow`, `keras` or `numpy`.
        only: parts of the check's parameters to which it is limited (`subclass`); empty means all.
        backends: the backends on which alone there is such a cause (`jax`, `torch`); empty means all.
        with_keras: first Keras with which a range of TensorFlow is meant; None means any, tf_keras among them.
        workaround: what a reader writes on these releases; None where no line of the chapter depends on the claim.
    """

    cause: str
    source: str
    symptom: str
    since: str | None = None
    until: str | None = None
    of: str = "tensorflow"
    only: tuple[str, ...] = ()
    backends: tuple[str, ...] = ()
    with_keras: str | None = None
    workaround: Workaround | None = None

    def __post_init__(self) -> None:
        """Refuse a reason that nobody could follow up."""
        if not self.source.startswith("https://"):
            raise ValueError(f"a known issue's source is an https address, not {self.source!r}")
        if self.of not in ("tensorflow", "keras", "numpy"):
            raise ValueError(f"a known issue is of tensorflow, keras or numpy, not {self.of!r}")
        re.compile(self.symptom)

    def applies(self, release: Release, parameters: str) -> bool:
        """Return whether this release, and this parameter id of the check, are meant."""
        if self.only and not any(part in parameters for part in self.only):
            return False
        return self.speaks_of(release)

    def speaks_of(self, release: Release) -> bool:
        """Return whether this release is meant, with whatever parameters of the check."""
        if self.backends and release.backend not in self.backends:
            return False
        if self.with_keras is not None and not within(release.keras, self.with_keras, None):
            return False
        return within(getattr(release, self.of, ABSENT), self.since, self.until)

    def to_dict(self) -> dict[str, str | None]:
        """Return what the results file says of it."""
        named = {"tensorflow": "", "keras": "Keras ", "numpy": "NumPy "}[self.of]
        return {
            "cause": self.cause,
            "since": None if self.since is None else named + self.since,
            "until": None if self.until is None else named + self.until,
            "source": self.source,
        }


@dataclass(frozen=True)
class Check:
    """The code that decides a claim, with all that stands beside it.

    Attributes:
        claim: what it decides.
        known_issues: known reasons for `broken`.
        faults: injected faults; each must turn the check `broken`.
        benign_changes: each must leave the check `held`.
        fix: what makes a claim hold that is broken here, so that its faults can still be detected.
        jobs: what must be run in a child interpreter first, `name -> subprocesses.job.Job`.
        pending: why no check decides this claim; empty when one does.
        trains: whether it needs ten epochs of training.
    """

    claim: Claim
    known_issues: tuple[KnownIssue, ...] = ()
    faults: tuple[Callable[..., Any], ...] = ()
    benign_changes: tuple[Callable[..., Any], ...] = ()
    fix: Callable[..., Any] | None = None
    jobs: tuple[Any, ...] = ()
    pending: str = ""
    trains: bool = False

    def known_issue(self, release: Release, parameters: str = "") -> KnownIssue | None:
        """Return the first known issue that speaks of this release, or None."""
        return next((one for one in self.known_issues if one.applies(release, parameters)), None)


@dataclass(frozen=True)
class WorkaroundRun:
    """What came of a workaround that was run: its lines, whether they did what was promised, and what was seen."""

    write: str
    worked: bool
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class Record:
    """What one run of one check gave: the grain from which a results file is made.

    Attributes:
        seconds: wall time of setting up and running it.
        remedy: what to do about `inconclusive`.
        tried: the workaround that was run because the claim is broken here, or None.
        failure: what is wrong with a file or a setting of the user's, which fails though it decides nothing.
        compared: whether a comparison of the check broke the claim, or the death of its interpreter did.
    """

    claim: Claim
    verdict: Verdict
    evidence: tuple[str, ...]
    known_issue: KnownIssue | None = None
    remedy: str = ""
    seconds: float = 0.0
    parameters: str = field(default="", compare=False)
    tried: WorkaroundRun | None = None
    failure: str = ""
    compared: bool = True


@dataclass(frozen=True)
class Injection:
    """What is injected around one run of a check: a fault, a benign change or a fix, and perhaps a fix below it.

    Attributes:
        factory: the context manager factory.
        harmful: whether the check must turn broken.
        beneath: the fix that is entered first, for a claim that is broken on this release, or None.
        is_fix: whether the factory itself is a fix.
    """

    factory: Callable[..., Any]
    harmful: bool
    beneath: Callable[..., Any] | None = None
    is_fix: bool = False

    @property
    def name(self) -> str:
        """Return the name by which it is listed."""
        return str(self.factory.__name__).strip("_")

    @property
    def fixed(self) -> bool:
        """Whether a fix makes the claim hold in this run."""
        return self.is_fix or self.beneath is not None

    @property
    def layers(self) -> tuple[Callable[..., Any], ...]:
        """Return the factories of all that is injected, in the order of entering."""
        return (self.factory,) if self.beneath is None else (self.beneath, self.factory)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Return the same as `module:function`, by which a child injects it too."""
        return tuple(f"{layer.__module__}:{layer.__name__}" for layer in self.layers)
