"""Read a document: Markdown, a notebook or a script, told by its name, or by what it holds."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Callable, Mapping

from pytest_kerasch2.documents import decoding, joining, markdown_reader, notebook_reader, output_blocks, script_reader
from pytest_kerasch2.documents.document import Decoded, Document, DocumentBlock
from pytest_kerasch2.errors import InvalidArgument

KINDS: Mapping[str, str] = {
    ".ipynb": "notebook",
    ".py": "script",
    ".md": "markdown",
    ".markdown": "markdown",
    ".mdown": "markdown",
    ".mkd": "markdown",
    ".myst": "markdown",
    ".rmd": "markdown",
    ".qmd": "markdown",
}
_READERS: Mapping[str, Callable[[str], tuple[DocumentBlock, ...]]] = {
    "markdown": markdown_reader.blocks_of,
    "notebook": notebook_reader.blocks_of,
    "script": script_reader.blocks_of,
}


def check_extra() -> None:
    """Refuse to check a document where the extra `documents` is missing.

    Raises:
        InvalidArgument: a package that it brings is not installed.
    """
    for name in ("markdown_it", "libcst"):
        try:
            importlib.import_module(name)
        except ImportError as error:
            remedy = 'run pip install "pytest-kerasch2[documents]" on CPython 3.9 or newer'
            raise InvalidArgument("Checking a document needs a package", f"{name} is missing", remedy) from error


def read_document(path: Path) -> Document:
    """Return a document.

    Raises:
        InvalidArgument: it cannot be read, or is no document of a known kind.
    """
    content = decoding.read_bytes(path)
    kind = KINDS.get(path.suffix.lower()) or _kind_of(content, path)
    decoded = decoding.decode(content, script=kind == "script")
    blocks = joining.joined(_READERS[kind](decoded.text)) if decoded.text.strip() else ()
    if kind == "markdown":
        # A cell of a notebook is code; a fence may be anything.
        blocks = output_blocks.with_outputs(blocks)
    notes = decoded.notes if blocks else (*decoded.notes, _why_empty(decoded))
    return Document(path, kind, blocks, decoded, notes)


def _why_empty(decoded: Decoded) -> str:
    return "it has no block of code" if decoded.text.strip() else "it is empty"


def _kind_of(content: bytes, path: Path) -> str:
    if content.lstrip().startswith(b"{") and b'"cells"' in content:
        return "notebook"
    remedy = f"name a file that ends with {', '.join(sorted(KINDS))}"
    raise InvalidArgument("The kind of a document cannot be told", str(path), remedy)
