"""The corpus of documents is taken from clones, and its labels decide what was right."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_kerasch2.errors import InvalidArgument

if sys.version_info < (3, 9):
    pytest.skip("evaluation runs on CPython 3.9 and newer", allow_module_level=True)

from evaluation import documents, documents_fetch, documents_page
from evaluation.documents_fetch import CorpusDocument

TEXT = b"# A page\n"


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder and return what it prints."""
    name = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    command = ["git", "-C", str(folder), *name, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def listed(tmp_path: Path) -> CorpusDocument:
    """Return a document of a clone that lies in the folder `owner/name`."""
    clone = tmp_path / "owner" / "name"
    clone.mkdir(parents=True)
    git(clone, "init", "-q")
    (clone / "a page.md").write_bytes(TEXT)
    git(clone, "add", "a page.md")
    git(clone, "commit", "-qm", "Add a page")
    digest = hashlib.sha256(TEXT).hexdigest()
    return CorpusDocument(
        "page-md", "owner/name", git(clone, "rev-parse", "HEAD"), "a page.md", "MIT", "markdown", digest
    )


def test_a_document_comes_from_the_commit_that_is_listed(listed: CorpusDocument, tmp_path: Path) -> None:
    (tmp_path / "owner" / "name" / "a page.md").write_text("changed since")

    assert documents_fetch.content_of(listed, tmp_path) == TEXT
    assert listed.file == "page-md.md"


def test_a_document_with_another_hash_is_refused(listed: CorpusDocument, tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="not the file that was listed"):
        documents_fetch.content_of(listed._replace(sha256="0" * 64), tmp_path)


def test_a_clone_that_is_missing_is_named_with_what_to_do(listed: CorpusDocument, tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match=r"github\.com/owner/other"):
        documents_fetch.content_of(listed._replace(repository="owner/other"), tmp_path)


def test_labels_and_corpus_name_the_same_documents() -> None:
    pytest.importorskip("tomllib")

    known, causes = documents_page.labels()
    named = {label for one in known.values() for label in (*one.failures.values(), *one.hidden.values())}

    assert set(known) == {one.name for one in documents_fetch.corpus()}
    assert named <= set(causes)


def test_each_change_that_is_labelled_has_a_release_and_a_link() -> None:
    _, causes = documents_page.labels()

    for name, cause in causes.items():
        if cause["group"] in ("change", "estimator"):
            assert cause["since"], name
            assert cause["source"].startswith("https://"), name


def line(finding: str = "repaired", name: str = "lr", role: str = "code", since: str = "Keras 3.0") -> dict:  # type: ignore[type-arg]
    """Return a line of the journal for a document of two blocks, whose first one has a cause."""
    cause = {"name": name, "since": since, "source": "https://example.org", "kind": "raises"}
    first = {
        "number": 1,
        "role": role,
        "finding": finding,
        "needs": [],
        "causes": [cause],
        "error": "",
        "patched": True,
    }
    second = {**first, "number": 2, "finding": "runs", "causes": [], "role": "code"}
    outcome = {"document": {"kind": "markdown", "blocks": [first, second]}, "seconds": 1.0, "imports": 2, "release": {}}
    return {"name": "page-md", "read": outcome, "run": outcome}


@pytest.fixture
def labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put labels of one document in place of the real ones."""
    cause = {"group": "change", "since": "2.16", "source": "https://example.org", "repair": "another name"}
    document = {"blocks": 2, "failures": {"1": "lr-argument"}}
    amended = {"page-md": "1 was labelled fine"}
    written = {"amended": amended, "causes": {"lr-argument": cause}, "documents": {"page-md": document}}
    file, same = tmp_path / "labels.json", tmp_path / "names.json"
    file.write_text(json.dumps(written))
    same.write_text(json.dumps({"lr-argument": ["lr"]}))
    monkeypatch.setattr(documents_page, "LABELS", file)
    monkeypatch.setattr(documents_page, "NAMES", same)


@pytest.mark.usefixtures("labels")
def test_a_document_that_is_found_as_labelled_is_right_in_all() -> None:
    shares = documents_page.figures({"page-md": line()})

    assert {name: (one.right, one.of) for name, one in shares.items() if one.of} == {
        "roles": (2, 2),
        "code": (2, 2),
        "causes": (1, 1),
        "since": (1, 1),
        "link": (1, 1),
        "repaired": (1, 1),
        "quiet": (1, 1),
        "works": (1, 1),
        "changes": (1, 1),
    }


@pytest.mark.usefixtures("labels")
@pytest.mark.parametrize(
    ("changed", "missed"),
    [
        ({"finding": "broken"}, "repaired"),
        ({"finding": "broken"}, "works"),
        ({"name": "another"}, "causes"),
        ({"since": "2.13"}, "since"),
        ({"role": "output"}, "roles"),
        ({"role": "output"}, "code"),
    ],
)
def test_what_differs_from_the_labels_is_missed(changed: dict[str, str], missed: str) -> None:
    share = documents_page.figures({"page-md": line(**changed)})[missed]

    assert share.right < share.of
    assert share.missed[0].startswith("page-md")


@pytest.mark.usefixtures("labels")
def test_a_finding_in_a_block_that_is_fine_is_a_false_alarm() -> None:
    alarmed = line()
    alarmed["run"]["document"]["blocks"][1].update(finding="broken", error="ValueError")

    assert documents_page.figures({"page-md": alarmed})["quiet"].right == 0


def test_what_is_kept_of_a_block_has_no_text_of_the_document() -> None:
    cause = {"name": "lr", "since": "2.16", "source": "https://example.org", "kind": "raises", "detail": "their words"}
    needs = ["their_name, which no block makes", "a file: their/file.csv", "the package pandas, which is not installed"]
    needs.append("theirs, which only block 3 makes")
    block = {"number": 1, "role": "code", "finding": "needs", "causes": [cause], "needs": needs, "patch": ["- theirs"]}

    kept = documents.facts({**block, "error": "NameError: name 'their_name' is not defined", "notes": ["their"]})

    assert "their" not in json.dumps(kept)
    assert kept["needs"] == ["a name", "a file", "the package pandas, which is not installed", "a name"]


def test_numbers_of_blocks_are_read_with_their_ranges() -> None:
    assert documents_page.numbers("1-3, 7") == [1, 2, 3, 7]
    assert documents_page.numbers("") == []


@pytest.mark.usefixtures("labels")
def test_the_page_has_the_shares_and_what_was_missed() -> None:
    page = documents_page.page({"page-md": line(finding="broken")})

    assert "| first failures with the labelled cause | 1 of 1 (100.0%) |" in page
    assert "- page-md 1: lr-argument; told ['lr'], broken" in page
    assert "| lr-argument | 2.16 | 1 |" in page
    assert "page-md: 1 was labelled fine" in page
