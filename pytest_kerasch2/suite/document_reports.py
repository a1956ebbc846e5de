"""What is shown of the blocks of documents that were tests: by pytest, in JUnit, and on GitHub."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, Iterator, Mapping, Sequence

from pytest_kerasch2 import files, foreign
from pytest_kerasch2.claims.release import Release
from pytest_kerasch2.documents import document_lines, releases
from pytest_kerasch2.documents.block_findings import OPEN, WRONG, BlockFinding, Word
from pytest_kerasch2.documents.document import Document
from pytest_kerasch2.errors import CannotWrite
from pytest_kerasch2.report import github
from pytest_kerasch2.variables import VARIABLES

WIDTH = 100


def properties(finding: BlockFinding, line: int) -> list[tuple[str, str]]:
    """Return what JUnit keeps of a block."""
    causes = dict.fromkeys(one.name for one in finding.causes)
    return [
        ("kerasch2_finding", finding.word.value),
        ("kerasch2_line", str(line)),
        *([("kerasch2_causes", ", ".join(causes))] if causes else []),
    ]


def reason(finding: BlockFinding, document: Document) -> str:
    """Return why a block is skipped, in one line."""
    if finding.word is Word.FOLLOWS:
        first = next((one for one in document.blocks if one.number == finding.follows), None)
        earlier = "an earlier block" if first is None else f"block {first.number} ({first.place})"
        return f"fails only because of {earlier}"
    text = f"needs {', '.join(finding.needs)}" if finding.word is Word.NEEDS else f"cut short: {finding.error}"
    return foreign.terminal(text)


def account(finding: BlockFinding, place: str) -> str:
    """Return what is found of a block that fails: in brief for pytest's own summary, in full, and where."""
    _, *lines = document_lines.block_lines(finding, WIDTH)
    brief = f"{finding.word.value}: {finding.brief}"
    return "\n".join(foreign.terminal(one) for one in [brief, *lines, "", f"{place}: {finding.word.value}"])


def packed(finding: BlockFinding, path: Path, line: int) -> dict[str, Any]:
    """Return what the end of a run shows of a block, as plain data that travels from a worker."""
    _, *lines = document_lines.block_lines(finding, WIDTH)
    return {**finding.to_dict(), "path": str(path), "line": line, "place": finding.block.place, "text": lines}


def show(reports: Sequence[Mapping[str, Any]], release: Release, terminalreporter: Any) -> None:
    """Print how many findings of each kind there are, and tell GitHub where this is one of its steps."""
    terminalreporter.section("documents")
    ordered = sorted(reports, key=lambda one: (one["path"], one["number"]))
    for path, counts in _counts(ordered).items():
        terminalreporter.write_line(foreign.terminal(f"{path}: {counts}"))
    if not github.runs_here(VARIABLES):
        return
    for line in commands(ordered, VARIABLES):
        terminalreporter.write_line(line)
    name = VARIABLES.get("GITHUB_STEP_SUMMARY", "")
    try:
        if name:
            files.append_text(summary(ordered, release), Path(name))
    except CannotWrite as error:
        terminalreporter.write_line(f"The step summary is not written. {error}", red=True)


def _counts(reports: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    counted: dict[str, Counter[str]] = {}
    for one in reports:
        counted.setdefault(one["path"], Counter())[one["finding"]] += 1
    return {
        path: ", ".join(f"{counts[word.value]} {_word(word.value)}" for word in Word if counts[word.value])
        for path, counts in counted.items()
    }


def _word(finding: str) -> str:
    return finding.replace("_", " ")


def commands(reports: Sequence[Mapping[str, Any]], environ: Mapping[str, str]) -> list[str]:
    """Return a workflow command for each block that fails or is left open, and a notice for each document."""
    lines = []
    for one in reports:
        word = Word(one["finding"])
        level = "error" if word in WRONG else "warning" if word in OPEN else ""
        if level:
            place = f"file={foreign.parameter(_relative(one['path'], environ))},line={one['line']}"
            title = foreign.parameter(f"block {one['number']}: {_word(one['finding'])}")
            lines.append(f"::{level} {place},title={title}::{foreign.message(_text(one))}")
    for path, counts in _counts(reports).items():
        name = foreign.parameter(_relative(path, environ))
        lines.append(f"::notice file={name},title=Document::{foreign.message(counts)}")
    return lines


def _text(report: Mapping[str, Any]) -> str:
    return "\n".join(str(one) for one in report["text"]).strip() or _word(report["finding"])


def _relative(path: str, environ: Mapping[str, str]) -> str:
    """Return the path below the checkout, as GitHub takes it; of a file elsewhere, the path."""
    root = Path(environ.get("GITHUB_WORKSPACE") or Path.cwd())
    return Path(path).relative_to(root).as_posix() if root in Path(path).parents else path


def summary(reports: Sequence[Mapping[str, Any]], release: Release) -> str:
    """Return what the summary of a step shows: a table of the blocks of each document, and the patches."""
    return "\n".join(_summary(reports, release)) + "\n"


def _summary(reports: Sequence[Mapping[str, Any]], release: Release) -> Iterator[str]:
    for path, counts in _counts(reports).items():
        own = [one for one in reports if one["path"] == path]
        yield from (f"## {foreign.cell(Path(path).name)}", "")
        yield from (f"{foreign.cell(releases.text_of_release(release))}: {foreign.cell(counts)}", "")
        yield from ("| block | place | finding | why |", "| --: | --- | --- | --- |")
        for one in own:
            yield f"| {one['number']} | {one['place']} | {_word(one['finding'])} | {_why(one)} |"
        yield ""
        for one in own:
            if one["patch"]:
                yield f"Block {one['number']}, {one['place']}:"
                yield from ("", *foreign.block("\n".join(one["patch"]), "diff"), "")


def _why(report: Mapping[str, Any]) -> str:
    causes = {one["name"]: one for one in report["causes"]}.values()
    shown = [f"{foreign.link(one['name'], one['source'])}: {foreign.cell(one['text'])}" for one in causes]
    shown += [f"needs {foreign.cell(one)}" for one in report["needs"]]
    if report["follows"] is not None:
        shown.append(f"because of block {report['follows']}")
    return "; ".join(shown) or foreign.cell(report["error"])
