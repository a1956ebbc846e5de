"""The line of the file at which a block stands, also in a notebook, whose cells stand in JSON."""

from __future__ import annotations

import json

from pytest_kerasch2.documents.document import Document


def file_lines(document: Document) -> dict[int, int]:
    """Return the line of the file, from 1, by the number of each block.

    Of a cell that is not found in the JSON as it is written, that is the line of the cell before it.
    """
    if document.kind != "notebook":
        return {block.number: block.line for block in document.blocks}
    text, place, lines = document.decoded.text, 0, {}
    for block in document.blocks:
        first = next((line.raw for line in block.lines if line.raw.strip()), "")
        # Quoted as JSON, whole and in pieces alike, with letters beyond ASCII as they are or as their codes.
        hits = [text.find(f'"{json.dumps(first, ensure_ascii=keeps)[1:-1]}', place) for keeps in (False, True)]
        at = min((one for one in hits if one >= 0), default=-1)
        place = at if first and at >= 0 else place
        lines[block.number] = text.count("\n", 0, place) + 1
        place += 1
    return lines
