"""Lay the corpus of public documents into a folder, from clones of their repositories; nothing is downloaded.

    python -m evaluation.documents_fetch --clones CLONES FOLDER

A clone of `owner/name` is looked for in CLONES under `owner/name`, `owner+name` and `owner+name/repo`, with a work tree
or without. What is laid down has the sha256 that `documents_corpus.toml` names, else nothing is.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from pytest_kerasch2.errors import InvalidArgument, KerasCh2Error
from pytest_kerasch2.files import write_bytes

CORPUS = Path(__file__).with_name("documents_corpus.toml")
ENDINGS = {"markdown": ".md", "notebook": ".ipynb", "script": ".py"}


class CorpusDocument(NamedTuple):
    """One document of the corpus, as it is listed."""

    name: str
    repository: str
    commit: str
    path: str
    licence: str
    kind: str
    sha256: str

    @property
    def file(self) -> str:
        """Return the name of its file in the folder."""
        return self.name + ENDINGS[self.kind]


def corpus(listed: Path = CORPUS) -> tuple[CorpusDocument, ...]:
    """Return the documents that a list names."""
    # In the standard library from CPython 3.11 on; mypy reads this file as for 3.9.
    toml: Any = importlib.import_module("tomllib")
    return tuple(CorpusDocument(**one) for one in toml.loads(listed.read_text(encoding="utf-8"))["document"])


def clone_of(repository: str, clones: Path) -> Path:
    """Return the git folder of a repository.

    Raises:
        InvalidArgument: there is none.
    """
    plus = repository.replace("/", "+")
    for folder in (clones / repository, clones / plus / "repo", clones / plus):
        for git in (folder / ".git", folder):
            if (git / "HEAD").is_file():
                return git
    remedy = f"git clone https://github.com/{repository} {clones / repository}"
    raise InvalidArgument("A repository of the corpus is missing", repository, remedy)


def content_of(document: CorpusDocument, clones: Path) -> bytes:
    """Return the bytes of a document.

    Raises:
        InvalidArgument: its clone or its commit is missing, or the content is not what was listed.
    """
    command = ["git", "-C", str(clone_of(document.repository, clones)), "show", f"{document.commit}:{document.path}"]
    shown = subprocess.run(command, capture_output=True, check=False)
    if shown.returncode:
        found = shown.stderr.decode("utf-8", "replace").strip()
        raise InvalidArgument(f"{document.name} cannot be read", found, f"fetch commit {document.commit}")
    found = hashlib.sha256(shown.stdout).hexdigest()
    if found != document.sha256:
        raise InvalidArgument(f"{document.name} is not the file that was listed", found, f"expected {document.sha256}")
    return shown.stdout


def main(arguments: list[str]) -> int:
    """Write each document into the folder; return 2 where one is missing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clones", type=Path, required=True, help="folder of clones")
    options = parser.parse_args(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    try:
        for document in corpus():
            write_bytes(content_of(document, options.clones), options.folder / document.file)
    except KerasCh2Error as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{len(corpus())} documents in {options.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
