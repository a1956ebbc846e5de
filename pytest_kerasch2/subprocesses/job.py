"""What to run in a child interpreter, and what came of it: plain data that travels as JSON."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field
from typing import Any, Iterable, Mapping

from pytest_kerasch2 import errors

CHILD_HOME = "KERASCH2_CHILD_HOME"
"""Environment variable of a child interpreter that names the home made for it."""

_REMEDY = "run the function by itself to see the whole story; a limit can be raised where the job is made"
_STACK = re.compile(r"most recent call (first|last)")
LIMITS = ("deadline", "memory_mib", "address_mib", "processor_seconds")
_TARGET = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")


@dataclass(frozen=True, eq=False)
class Job:
    """One function call for a fresh interpreter; two jobs are equal when they ask for the same thing.

    Attributes:
        target: ``package.module:function``; what it returns must be JSON, or NumPy numbers and arrays.
        arguments: positional arguments, JSON values only (a tuple arrives as a list).
        environment: variables to set in the child; None removes one.
        deadline: seconds after which the child and all its processes are killed.
        memory_mib: resident memory in MiB beyond which they are killed.
        address_mib: address space in MiB that the target may take beyond what its module has taken; where the system
            keeps such a limit, an allocation beyond it fails. None sets no limit.
        processor_seconds: seconds of processor time after which the target is killed, where the system keeps such a
            limit; unlike a deadline it does not run while the machine is busy with others. None sets no limit.
        injected: ``package.module:factory`` of context managers to enter before the target is called.
        place: place in the line of those jobs that may share one interpreter; None for a job that needs its own.
        launcher: words of a command that starts the interpreter, such as one that takes the network from it.
        interpreter: of another environment; an empty text means this one.
        package: the folder with a copy of this package, and nothing else, from which that one imports it.

    Raises:
        errors.InvalidArgument: a name is not ``module:function``, an argument is no JSON value, or a limit is not
            positive.
    """

    target: str
    arguments: tuple[Any, ...] = ()
    environment: Mapping[str, str | None] = field(default_factory=dict)
    deadline: float = 60.0
    memory_mib: int = 4096
    address_mib: int | None = None
    processor_seconds: int | None = None
    injected: tuple[str, ...] = ()
    place: int | None = None
    launcher: tuple[str, ...] = ()
    interpreter: str = ""
    package: str = ""

    def __post_init__(self) -> None:
        """Refuse what could not run, here, where the mistake was made."""
        for name in (self.target, *self.injected):
            if not _TARGET.fullmatch(name):
                raise errors.InvalidArgument(
                    f"A job must name a function, got {name!r}", "", "write it as package.module:function"
                )
        limits = {name: getattr(self, name) for name in LIMITS}
        broken = [f"{name} {value!r}" for name, value in limits.items() if value is not None and not value > 0]
        if broken:
            raise errors.InvalidArgument(f"The limits of a job must be above 0, got {', '.join(broken)}")
        try:
            self.as_json()
        except (TypeError, ValueError) as error:
            raise errors.InvalidArgument("An argument of a job is not JSON", str(error), "pass plain values") from error

    def as_json(self) -> str:
        """Return the job as JSON text, the same for equal jobs."""
        fields = {**self.__dict__, "environment": dict(self.environment)}
        return json.dumps(fields, sort_keys=True)

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Job:
        """Return the job whose JSON text holds these."""
        sequences = {name: tuple(fields[name]) for name in ("arguments", "injected", "launcher")}
        return cls(**{**fields, **sequences})

    @property
    def key(self) -> str:
        """Return a digest of everything that the job asks for, good as a file name."""
        return hashlib.sha256(self.as_json().encode()).hexdigest()[:32]

    def __eq__(self, other: object) -> bool:
        """Compare what is asked for."""
        return isinstance(other, Job) and self.as_json() == other.as_json()

    def __hash__(self) -> int:
        """Hash what is asked for."""
        return hash(self.as_json())


@dataclass(frozen=True)
class JobOutcome:
    """What came of a job.

    Attributes:
        value: what the target returned.
        error: ``type``, ``message`` and ``where`` of an exception it raised, with ``parts`` for errors of our family.
        killed_by: what ended the child before it could answer, such as ``signal SIGABRT`` or ``deadline of 60 s``.
        seconds: wall time from start to end.
        stderr_tail: the last lines that the child wrote to standard error.
        target: which function was called.
    """

    value: Any = None
    error: dict[str, Any] | None = None
    killed_by: str | None = None
    seconds: float = 0.0
    stderr_tail: tuple[str, ...] = ()
    target: str = ""

    @property
    def answered(self) -> bool:
        """Return whether the target returned."""
        return self.error is None and self.killed_by is None

    def as_json(self) -> str:
        """Return the outcome as JSON text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> JobOutcome:
        """Return the outcome that was written as JSON; raises ValueError, TypeError or KeyError where it is none."""
        fields = json.loads(text)
        fields["stderr_tail"] = tuple(fields["stderr_tail"])
        return cls(**fields)


def lines(jobs: Iterable[Job]) -> list[tuple[Job, ...]]:
    """Return the jobs in lines, each for one interpreter: those that may share one in the order of their places."""
    by_environment: dict[str, list[Job]] = {}
    for job in dict.fromkeys(jobs):
        alike = json.dumps([dict(job.environment), job.injected, job.launcher, job.interpreter], sort_keys=True)
        by_environment.setdefault(job.key if job.place is None else alike, []).append(job)
    return [tuple(sorted(line, key=lambda job: job.place or 0)) for line in by_environment.values()]


def value_of(outcome: JobOutcome) -> Any:
    """Return what the target returned.

    Raises:
        errors.KerasCh2Error: the target raised an error of our family: the same class, with the same three parts.
        errors.ChildDied: the child was killed or crashed, or the target raised anything else.
    """
    if outcome.answered:
        return outcome.value
    tail = last_words(outcome.stderr_tail)
    if outcome.killed_by is not None or outcome.error is None:
        details = f"{outcome.killed_by} after {outcome.seconds:.1f} s" + (f"; it last wrote: {tail}" if tail else "")
        raise errors.ChildDied(f"The child that ran {outcome.target} died", details, _REMEDY)
    family = getattr(errors, outcome.error["type"].rpartition(".")[2], None)
    if "parts" in outcome.error and isinstance(family, type) and issubclass(family, errors.KerasCh2Error):
        raise family(*outcome.error["parts"])
    details = "{type}: {message}, in {where}".format(**outcome.error)
    raise errors.ChildDied(f"{outcome.target} raised an error in its child", details, _REMEDY)


def last_words(tail: tuple[str, ...]) -> str:
    """Return what a dying child said, in one line: its last three lines before the stack, and the innermost frame."""
    stack = next((at for at, line in enumerate(tail) if _STACK.search(line)), len(tail))
    frames = [line.strip() for line in tail[stack:] if line.strip().startswith("File ")]
    return " | ".join([line.strip() for line in tail[max(0, stack - 3) : stack]] + frames[:1])
