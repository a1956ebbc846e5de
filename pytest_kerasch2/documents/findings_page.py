"""What is found of documents as one HTML page, without scripts and without network: to read, to send, to print."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import Any, Iterable, Iterator, Mapping, NamedTuple, Sequence

from pytest_kerasch2 import foreign
from pytest_kerasch2.documents import difference_lines, output_lines, releases
from pytest_kerasch2.documents.block_findings import BlockFinding, Cause, DocumentFindings, Word
from pytest_kerasch2.documents.document import DocumentBlock
from pytest_kerasch2.errors import InvalidArgument

ASSETS = Path(__file__).parent / "page_assets"
# Of a block; the whole stands in the document. A page is read by a person and opened by a phone.
MOST_LINES = 400
MOST_SIGNS = 2000
MEANINGS: Mapping[Word, str] = {
    Word.RUNS: "ran as it stands",
    Word.REPAIRED: "failed as it stands, and ran mended",
    Word.FOLLOWS: "fails only because an earlier block did",
    Word.CUT_SHORT: "met its deadline or the memory limit",
    Word.CHANGED: "runs, and means something else than when it was written",
    Word.NEEDS: "lacks data, a package, the network, or a name that no block makes",
    Word.BROKEN: "fails, and no repair is known",
    Word.REPAIRABLE: "fails on this release, and there is a patch",
    Word.NOTHING_FOUND: "no known change",
    Word.NOT_CODE: "printed output, shell, a signature, a fragment, another language",
}
SIGNS: Mapping[Word, str] = {
    Word.RUNS: "✓",
    Word.REPAIRED: "↻",
    Word.FOLLOWS: "↳",
    Word.CUT_SHORT: "◔",
    Word.CHANGED: "≠",
    Word.NEEDS: "?",
    Word.BROKEN: "✗",
    Word.REPAIRABLE: "↻",
    Word.NOTHING_FOUND: "✓",
    Word.NOT_CODE: "·",
}
# What needs nobody's attention, and is shown folded.
QUIET = (Word.RUNS, Word.NOTHING_FOUND, Word.NOT_CODE)
_EFFECTS = {"raises": "Fails", "warns": "Only warns", "silent": "Runs, and means something else"}
_KINDS = {"markdown": "Markdown", "notebook": "Notebook", "script": "Script"}


class CodeLine(NamedTuple):
    """A line of a block as it stands, or of a patch: what stands beside it, its text and how it is shown."""

    margin: str
    text: str
    style: str = ""


class Refusal(NamedTuple):
    """A document that could not be read, and why."""

    path: str
    reason: str


def check_jinja() -> Any:
    """Return the module that makes the page.

    Raises:
        InvalidArgument: Jinja2, which the extra `report` brings, is not installed.
    """
    try:
        import jinja2
    except ImportError as error:
        remedy = "install pytest-kerasch2[report], or leave --html out"
        raise InvalidArgument("The page cannot be made", f"no module {error.name}", remedy) from error
    return jinja2


def render_findings(findings: Sequence[DocumentFindings], refused: Sequence[Refusal], version: str) -> str:
    """Return the page as the text of one HTML file. The same findings give the same text.

    Args:
        findings: of each document.
        refused: documents that could not be read.
        version: of this package.

    Raises:
        InvalidArgument: Jinja2, which the extra `report` brings, is not installed.
    """
    jinja2 = check_jinja()
    from markupsafe import Markup

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(str(ASSETS)), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    style = (ASSETS / "findings.css").read_text(encoding="utf-8")
    documents = [_document(one, f"d{at}") for at, one in enumerate(findings, 1)]
    content = {"documents": documents, "refused": [one._asdict() for one in refused], "plugin": version}
    return str(
        environment.get_template("findings.html").render(
            **foreign.each(content),
            style=Markup(style),
            # No script runs and nothing is fetched, whatever a document smuggles in.
            policy=f"default-src 'none'; style-src {_digest(style)}; base-uri 'none'; form-action 'none'",
        )
    )


def _digest(style: str) -> str:
    # The browser hashes the text between the tags; the template puts a line break on either side.
    digest = hashlib.sha256(f"\n{style}\n".encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _document(findings: DocumentFindings, anchor: str) -> dict[str, Any]:
    document = findings.document
    words = {one.word for one in findings.blocks}
    behind: dict[int, list[BlockFinding]] = {}
    for one in findings.blocks:
        if one.follows is not None:
            behind.setdefault(one.follows, []).append(one)
    met: dict[str, int] = {}
    return {
        "anchor": anchor,
        "path": str(document.path),
        "name": document.path.name,
        "kind": _KINDS[document.kind],
        "size": len(findings.blocks),
        "release": releases.text_of_release(findings.release),
        "executed": findings.executed,
        "conditions": list(findings.conditions),
        "notes": list(findings.notes),
        "counts": [
            {"word": _word_text(word), "style": word.value, "sign": SIGNS[word], "meaning": MEANINGS[word],
             "count": sum(one.word is word for one in findings.blocks)}
            for word in Word if word in words
        ],
        "blocks": [_block(one, anchor, behind.get(one.block.number, []), met) for one in findings.blocks],
    }  # fmt: skip


def _word_text(word: Word) -> str:
    return word.value.replace("_", " ")


def _block(finding: BlockFinding, anchor: str, behind: Sequence[BlockFinding], met: dict[str, int]) -> dict[str, Any]:
    block = finding.block
    causes = {(one.name, one.detail): one for one in finding.causes}.values()
    differences = "\n".join(_dedented(difference_lines.block_lines(finding)))
    return {
        "anchor": f"{anchor}-b{block.number}",
        "document": anchor,
        "number": block.number,
        "place": block.place,
        "word": _word_text(finding.word),
        "style": finding.word.value,
        "sign": SIGNS[finding.word],
        "meaning": MEANINGS[finding.word],
        "quiet": finding.word in QUIET and not causes and not output_lines.differs(finding) and not differences,
        "role": "" if block.runnable else _role_text(block),
        "seconds": "" if finding.seconds is None else f"{finding.seconds:.1f} s",
        "brief": finding.brief,
        "error": finding.error,
        "causes": [_cause(one, met.setdefault(one.name, block.number), block.number) for one in causes],
        "needs": list(finding.needs),
        "notes": list(finding.notes),
        "follows": finding.follows or 0,
        "behind": [{"number": one.block.number, "place": one.block.place} for one in behind],
        "code": [one._asdict() for one in _code(block)],
        "patch": [one._asdict() for one in _patch(finding.patch)],
        "outputs": "\n".join(_dedented(output_lines.block_lines(finding))),
        "differences": differences,
    }


def _dedented(lines: Iterable[str]) -> Iterator[str]:
    return (_cut(line[2:]) for line in lines)


def _role_text(block: DocumentBlock) -> str:
    return "Python that does not parse" if block.problem and block.role.value == "code" else _role(block)


def _role(block: DocumentBlock) -> str:
    other = f"{block.language}, no Python" if block.language and block.role.value == "not_python" else ""
    return other or block.role.value.replace("_", " ")


def _cause(cause: Cause, first: int, number: int) -> dict[str, Any]:
    since = "from the beginning" if cause.since is None else f"since {releases.spelled(cause.since)}"
    until = "" if cause.until is None else f" until {releases.spelled(cause.until)}"
    return {
        "name": cause.name,
        "detail": cause.detail or "as the error says",
        "effect": f"{_EFFECTS[cause.kind]} {since}{until}:",
        "text": _pieces(cause.text),
        "instead": _pieces(cause.instead),
        "source": cause.source,
        # Any other address is shown as text.
        "linked": bool(re.match("https?://", cause.source, re.IGNORECASE)),
        "first": 0 if first == number else first,
    }


def _pieces(text: str) -> list[dict[str, Any]]:
    """Return a sentence in pieces, every second of which stood between backticks and is code."""
    return [{"text": part, "code": at % 2 == 1} for at, part in enumerate(text.split("`")) if part]


def _code(block: DocumentBlock) -> Iterator[CodeLine]:
    for line in block.lines[:MOST_LINES]:
        yield CodeLine(str(line.at), _cut(line.raw))
    if len(block.lines) > MOST_LINES:
        yield CodeLine("", f"and {len(block.lines) - MOST_LINES} more lines, which the document has", "more")


def _patch(lines: Sequence[str]) -> Iterator[CodeLine]:
    for line in lines[:MOST_LINES]:
        sign, text = line[:1], line[2:]
        yield CodeLine(sign, _cut(text), {"-": "old", "+": "new"}.get(sign, ""))
    if len(lines) > MOST_LINES:
        yield CodeLine("", f"and {len(lines) - MOST_LINES} more lines, which --diff has", "more")


def _cut(text: str) -> str:
    return text if len(text) <= MOST_SIGNS else f"{text[:MOST_SIGNS]} … and {len(text) - MOST_SIGNS} more characters"
