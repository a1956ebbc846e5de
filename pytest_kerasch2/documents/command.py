"""`kerasch2 check`: read documents, say what is found, and write what was asked for."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Iterable, Sequence, TextIO

from pytest_kerasch2 import files, foreign
from pytest_kerasch2.claims.release import Release
from pytest_kerasch2.documents import (
    block_findings,
    document_lines,
    findings_page,
    other_release,
    reading,
    releases,
)
from pytest_kerasch2.documents.block_findings import OPEN, WRONG, DocumentFindings
from pytest_kerasch2.documents.findings_page import Refusal
from pytest_kerasch2.documents.other_release import OtherRelease
from pytest_kerasch2.errors import InvalidArgument, KerasCh2Error

if TYPE_CHECKING:
    from pytest_kerasch2.documents.running_interpreter import RunningInterpreter

WRONG_STATUS = 1
REFUSED_STATUS = 2
OPEN_STATUS = 3
UNTRUSTED = "A document is code of somebody else, which runs on this machine as you, in a folder and a home of its own."


@dataclass(frozen=True)
class CheckRequest:
    """What the command line asks for.

    Attributes:
        documents: the files.
        read_only: whether nothing is run.
        may_run: whether they may be run without a question.
        release: that they are read for; None is the one that is installed.
        json: where the findings are written as data.
        diff: where the patches are written as one diff.
        html: where the findings are written as a page.
        python: the interpreter in which the documents run, or its environment; None is this one.
        fix: whether a mended copy is written beside each.
        in_place: whether each is overwritten with its mended text.
        full: whether trainings are not shortened.
        deadline: seconds for each block.
        memory: MiB for each document.
        against: the release with which it is compared, such as `tensorflow==2.0.0`.
        against_python: an interpreter that has that release.
    """

    documents: Sequence[Path]
    read_only: bool = False
    may_run: bool = False
    release: str | None = None
    json: Path | None = None
    diff: Path | None = None
    html: Path | None = None
    python: Path | None = None
    fix: bool = False
    in_place: bool = False
    full: bool = False
    deadline: float = 120.0
    memory: int = 8192
    against: str | None = None
    against_python: Path | None = None

    @property
    def compares(self) -> bool:
        """Whether the documents run on another release too."""
        return self.against is not None or self.against_python is not None

    def outputs(self) -> list[Path]:
        """Return the files that are written at named places."""
        return [one for one in (self.json, self.diff, self.html) if one is not None]


def check(request: CheckRequest, say: Callable[[Iterable[str]], None], width: int, version: str) -> int:
    """Check documents; return the exit status.

    Args:
        request: what is asked for.
        say: prints lines.
        width: of the terminal.
        version: of this package, for the data.

    Raises:
        InvalidArgument: an option cannot be used, or no document can be read.
    """
    _check(request)
    if request.python is not None:
        from pytest_kerasch2.documents import running_interpreter

        with running_interpreter.opened(request.python) as python:
            say([f"The documents are checked for {python.text}."])
            return _check_each(request, python.release, python, say, width, version)
    return _check_each(request, releases.named(request.release), None, say, width, version)


def _check_each(
    request: CheckRequest,
    release: Release,
    python: RunningInterpreter | None,
    say: Callable[[Iterable[str]], None],
    width: int,
    version: str,
) -> int:
    request = _consented(request, say)
    with contextlib.ExitStack() as stack:
        other = None
        if request.compares:
            say(_announced(request))
            other = stack.enter_context(other_release.opened(request.against, request.against_python))
        findings, refused = _each(request, release, (python, other), say, width)
    _write(request, findings, say)
    if request.html is not None:
        files.write_text(findings_page.render_findings(findings, refused, version), request.html)
    if request.json is not None:
        data = block_findings.to_dict(findings, release, version)
        files.write_text(json.dumps(foreign.each(data), indent=1) + "\n", request.json)
    return status(findings, bool(refused))


def _announced(request: CheckRequest) -> list[str]:
    if request.against_python is not None:
        return []
    return [f"{request.against} is installed into a temporary environment, which may take minutes."]


def _each(
    request: CheckRequest,
    release: Release,
    interpreters: tuple[RunningInterpreter | None, OtherRelease | None],
    say: Callable[[Iterable[str]], None],
    width: int,
) -> tuple[list[DocumentFindings], list[Refusal]]:
    """Return what is found of each document, and why some are refused."""
    findings: list[DocumentFindings] = []
    refused: list[Refusal] = []
    for path in request.documents:
        try:
            one = _findings(path, request, release, *interpreters)
        except KerasCh2Error as error:
            refused.append(Refusal(str(path), str(error)))
            say([f"{path}: refused", f"  {error}", ""])
            continue
        findings.append(one)
        say([*document_lines.lines(one, width), ""])
    return findings, refused


def _check(request: CheckRequest) -> None:
    if request.read_only and request.may_run:
        raise InvalidArgument("A document is either read or run", "--read-only and --run", "leave one of them out")
    if request.may_run and request.release is not None:
        remedy = "leave --release out, or add --read-only"
        raise InvalidArgument("A document is run on the release that is installed", "--run and --release", remedy)
    if request.python is not None and request.release is not None:
        remedy = "leave one of them out"
        raise InvalidArgument("The release is the one that the interpreter has", "--python and --release", remedy)
    if request.fix and request.in_place:
        remedy = "leave one of them out"
        raise InvalidArgument("A mended document is either a copy or the document", "--fix and --in-place", remedy)
    if request.compares:
        if not request.may_run or request.read_only:
            raise InvalidArgument("Releases are compared by running", "--against without --run", "add --run")
        other_release.check(request.against, request.against_python)
    if not request.deadline > 0 or request.memory <= 0:
        raise InvalidArgument(
            "A limit is not positive", f"{request.deadline} s, {request.memory} MiB", "write one above 0"
        )
    if request.html is not None:
        findings_page.check_jinja()
    files.check_outputs(request.outputs(), request.documents)


def _findings(
    path: Path, request: CheckRequest, release: Release, python: RunningInterpreter | None, other: OtherRelease | None
) -> DocumentFindings:
    from pytest_kerasch2.documents import diagnosing

    document = reading.read_document(path)
    diagnosis = diagnosing.diagnose(document, release)
    if not request.may_run or not document.runnable:
        return diagnosing.read_only(diagnosis, release)
    from pytest_kerasch2.documents import document_run, execution

    settings = execution.RunSettings(deadline=request.deadline, memory=request.memory, full=request.full)
    if python is not None:
        settings = replace(settings, interpreter=str(python.path), package=str(python.package))
    return document_run.run_document(diagnosis, release, settings, _Progress(path, sys.stderr), other)


class _Progress:
    """Shows on one line of a terminal how many blocks are done, and about how long the rest takes."""

    def __init__(self, path: Path, stream: TextIO) -> None:
        self.path = path
        self.stream = stream
        self.began = time.monotonic()
        self.name = ""

    def __call__(self, name: str, done: int, total: int) -> None:
        if not self.stream.isatty():
            return
        if name != self.name:
            self.name, self.began = name, time.monotonic()
        left = (time.monotonic() - self.began) / done * (total - done)
        text = f"{self.path.name}, {name}: {done} of {total} blocks, about {left:.0f} s left"
        self.stream.write("\r\x1b[K" + (foreign.terminal(text) if done < total else ""))
        self.stream.flush()


def _consented(request: CheckRequest, say: Callable[[Iterable[str]], None]) -> CheckRequest:
    """Return the request with what may be done: a document is run only if somebody says so."""
    if request.read_only:
        return request
    if not request.may_run:
        asked = sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty() and request.release is None
        if not asked:
            say(["Nothing is run without --run; the documents are only read."])
            return replace(request, read_only=True)
        say([UNTRUSTED])
        sys.stdout.write("Run it? [y/N] ")
        sys.stdout.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            say(["They are only read."])
            return replace(request, read_only=True)
    from pytest_kerasch2.documents import execution

    say([f"{UNTRUSTED} {execution.network_text()}"])
    return replace(request, may_run=True)


def status(findings: Sequence[DocumentFindings], refused: bool) -> int:
    """Return the exit status: 1 where something is wrong, 2 where a document is refused, 3 where it is left open."""
    words = {one.word for document in findings for one in document.blocks}
    if refused:
        return REFUSED_STATUS
    if words & set(WRONG):
        return WRONG_STATUS
    return OPEN_STATUS if words & set(OPEN) else 0


def _write(request: CheckRequest, findings: Sequence[DocumentFindings], say: Callable[[Iterable[str]], None]) -> None:
    from pytest_kerasch2.documents import patching

    if request.diff is not None:
        parts = [patching.diff(one.document, one.new_text, _name(one.document.path)) for one in findings]
        files.write_text("".join(line for part in parts for line in part), request.diff)
    for one in findings:
        if not (request.fix or request.in_place) or not one.is_patched:
            continue
        path = one.document.path if request.in_place else mended_path(one.document.path)
        files.write_bytes(patching.encoded(one.document, one.new_text), path)
        say([f"{one.document.path}: the mended text is in {path}"])


def _name(path: Path) -> str:
    return path.name if path.is_absolute() else path.as_posix()


def mended_path(path: Path) -> Path:
    """Return where the mended copy of a document is written: beside it, with `.mended` before its ending."""
    return path.with_name(f"{path.stem}.mended{path.suffix}")
