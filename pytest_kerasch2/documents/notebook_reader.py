"""The code cells of a Jupyter notebook, of the formats 3 and 4."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Iterator

from pytest_kerasch2.documents import roles
from pytest_kerasch2.documents.document import BlockLine, DocumentBlock, Role, StoredOutput
from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.json_files import BadJson, JsonLimits, parse_json

# Outputs may be pictures of megabytes.
LIMITS = JsonLimits(size=33 * 2**20, values=4_000_000)
# Magics of a whole cell under which it is Python still.
_PYTHON_MAGICS = re.compile(r"^%%(?:time|timeit|capture|prun|memit|notify|skip_if_no_gpu)\b")
# Characters of a stored output that are read.
MOST_STORED = 100_000
_REMEDY = "open it in Jupyter and save it again, or name another file"


def cells_of(data: Any) -> list[dict[str, Any]]:
    """Return the cells of a notebook.

    Raises:
        InvalidArgument: it has none.
    """
    cells = data.get("cells") if isinstance(data, dict) else None
    if cells is None and isinstance(data, dict) and isinstance(data.get("worksheets"), list):
        cells = [cell for sheet in data["worksheets"] if isinstance(sheet, dict) for cell in sheet.get("cells", [])]
    if not isinstance(cells, list):
        raise InvalidArgument("A notebook has no cells", "JSON without `cells`", _REMEDY)
    return [cell for cell in cells if isinstance(cell, dict)]


def source_of(cell: dict[str, Any]) -> str:
    """Return the source of a cell."""
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        return "".join(part for part in source if isinstance(part, str))
    return source if isinstance(source, str) else ""


def parse(text: str) -> Any:
    """Return the data of a notebook.

    Raises:
        InvalidArgument: it is not JSON.
    """
    try:
        return parse_json(text, LIMITS, on_constant=lambda name: None)
    except BadJson as error:
        raise InvalidArgument("A notebook is not valid JSON", str(error), _REMEDY) from error


def blocks_of(text: str) -> tuple[DocumentBlock, ...]:
    """Return the blocks of a notebook: its code cells.

    Raises:
        InvalidArgument: it is no notebook.
    """
    data = parse(text)
    language = _language(data)
    return tuple(_blocks(data, language))


def _language(data: Any) -> str:
    metadata = data.get("metadata") if isinstance(data, dict) else None
    for part in ("language_info", "kernelspec"):
        about = metadata.get(part) if isinstance(metadata, dict) else None
        name = about.get("name") or about.get("language") if isinstance(about, dict) else None
        if isinstance(name, str) and part == "language_info":
            return name.lower()
    return "python"


def _blocks(data: Any, language: str) -> Iterator[DocumentBlock]:
    number = 0
    for at, cell in enumerate(cells_of(data), 1):
        if cell.get("cell_type") != "code":
            continue
        number += 1
        source = source_of(cell).replace("\r\n", "\n").replace("\r", "\n")
        lines = tuple(BlockLine(one, one, line) for line, one in enumerate(source.rstrip("\n").split("\n"), 1))
        yield replace(_block(lines, language), number=number, cell=at, stored=tuple(_stored(cell.get("outputs"))))


def _stored(outputs: Any) -> Iterator[StoredOutput]:
    """Yield the texts that a cell has stored: what it wrote, and the value of its last expression; no pictures."""
    written: list[str] = []
    problem = ""
    for one in outputs if isinstance(outputs, list) else ():
        kind = one.get("output_type") if isinstance(one, dict) else None
        if kind == "stream" and one.get("name", one.get("stream", "stdout")) == "stdout":
            written.append(_text(one.get("text")))
        elif kind in ("execute_result", "pyout"):
            data = one.get("data", one)
            yield StoredOutput(
                "value", _text(data.get("text/plain", data.get("text"))) if isinstance(data, dict) else ""
            )
        elif kind in ("error", "pyerr"):
            problem = "the document shows an error there"
    if written or problem:
        yield StoredOutput("stream", "".join(written), problem=problem)


def _text(value: Any) -> str:
    parts = value if isinstance(value, list) else [value]
    return "".join(part for part in parts if isinstance(part, str))[:MOST_STORED]


def _block(lines: tuple[BlockLine, ...], language: str) -> DocumentBlock:
    first = lines[0].text
    if first.startswith("%%") and not _PYTHON_MAGICS.match(first):
        name = first[2:].split(" ")[0]
        role = Role.SHELL if name in ("bash", "sh", "shell", "script", "cmd", "system") else Role.NOT_PYTHON
        return DocumentBlock(0, lines, role, name, notes=(f"not run: %%{name}",))
    notes: tuple[str, ...] = ()
    if first.startswith("%%"):
        notes = (f"not run: {first[:60]}",)
        lines = (replace(lines[0], text="pass"), *lines[1:])
    outcome = roles.decide_role(lines, language, cell=True)
    return DocumentBlock(
        0, outcome.lines, outcome.role, language, notes=(*notes, *outcome.notes), problem=outcome.problem
    )
