"""The page of `kerasch2 check --html`: what stands in it, and that no document can write anything else into it."""

from __future__ import annotations

import html.parser
import re
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("libcst", reason="code is edited by LibCST, of the extra `documents`")
pytest.importorskip("jinja2", reason="the page is made with Jinja2, of the extra `report`")
if sys.version_info < (3, 9):
    pytest.skip("documents are checked by CPython 3.9 or newer", allow_module_level=True)
from pytest_kerasch2 import cli
from pytest_kerasch2.claims.release import Release
from pytest_kerasch2.documents import findings_page, releases

HOSTILE = "</pre></style><script>window.hacked = 1</script><img src=x onerror=alert(1)><a href='javascript:alert(1)'>"
HEAD = "from tensorflow import keras\n"


class Tags(html.parser.HTMLParser):
    """Collects what a browser would make of a page: tags with their attributes, and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def page_of(folder: Path, *blocks: str, options: tuple[str, ...] = ("--read-only", "--release", "2.21")) -> Tags:
    path = folder / "page.md"
    path.write_text("\n".join(f"```py\n{block}\n```\n" for block in blocks), encoding="utf-8")
    target = folder / "findings.html"
    cli.main(["check", str(path), "--html", str(target), *options])
    return Tags(target.read_text(encoding="utf-8"))


def test_a_block_is_shown_with_place_finding_cause_link_and_patch(tmp_path: Path) -> None:
    tags = page_of(tmp_path, "x = 1", f"{HEAD}keras.optimizers.SGD(lr=0.1)")

    for part in (
        "Markdown, 2 blocks, read and not run, for", "TensorFlow 2.21, Keras 3.15.1", "1 repairable", "Block 2 line 6",
        "optimizer-lr", "Fails since Keras 3.0: the optimizers of Keras 3 take learning_rate= alone",
        "Write learning_rate= instead of lr=.", "- keras.optimizers.SGD(lr=0.1)",
        "+ keras.optimizers.SGD(learning_rate=0.1)",
    ):  # fmt: skip
        assert part in tags.text
    assert [one["href"] for tag, one in tags.tags if tag == "a"] == [
        "https://github.com/keras-team/keras/blob/v3.15.1/keras/src/optimizers/base_optimizer.py"
    ]
    assert [tag for tag, _ in tags.tags if tag in ("del", "ins")] == ["del", "ins"]


def test_what_a_run_has_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "named", lambda text: Release("2.21.0", "3.15.1", "tensorflow"))

    tags = page_of(tmp_path, "a = 1 / 0", "b = a + 1", "print(unknown)", options=("--run",))

    for part in (
        "run block by block on", "The network is off", "A block has 120 s, and the document 8192 MiB.",
        "Trainings are shortened to one epoch", "It raised ZeroDivisionError: division by zero, line 1 of the block",
        "What follows from it block 2 fails only because of this one.", "It fails only because of block 1 .",
        "What it needs unknown, which no block makes",
    ):  # fmt: skip
        assert part in tags.text


def test_a_repaired_block_says_which_blocks_follow_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "named", lambda text: Release("2.21.0", "3.15.1", "tensorflow"))

    tags = page_of(tmp_path, "x = math.pi", "y = x + 1", options=("--run",))

    assert "What follows from it block 2 fails only because of this one." in tags.text


@pytest.mark.parametrize("block", [f'x = "{HOSTILE}"', HOSTILE, f"def f(:\n    {HOSTILE}", f"print(a)  # {HOSTILE}"])
def test_a_document_writes_no_markup(tmp_path: Path, block: str) -> None:
    allowed = {tag for tag, _ in page_of(tmp_path, "x = 1", "print(y)", f"{HEAD}keras.optimizers.SGD(lr=1)").tags}

    tags = page_of(tmp_path, "x = 1", block, f"{HEAD}keras.optimizers.SGD(lr=1)  # {HOSTILE}", f"print(b) # {HOSTILE}")

    assert {tag for tag, _ in tags.tags} - {"article", "li"} <= allowed
    assert "<script>window.hacked = 1</script>" in tags.text
    assert not [one for _, attributes in tags.tags for one in attributes if one.startswith("on")]


def test_a_path_writes_no_markup(tmp_path: Path) -> None:
    folder = tmp_path / "<b onclick=x>"
    folder.mkdir()
    (folder / "<i>.md").write_text("```py\nprint(x)\n```\n", encoding="utf-8")

    cli.main(["check", str(folder / "<i>.md"), "--read-only", "--release", "2.21", "--html", str(tmp_path / "a.html")])

    tags = Tags((tmp_path / "a.html").read_text(encoding="utf-8"))
    assert {tag for tag, _ in tags.tags} & {"i", "script"} == set()
    assert not [one for tag, one in tags.tags if tag == "b" and "onclick" in one]


def test_only_an_address_of_the_web_is_a_link() -> None:
    from pytest_kerasch2.documents.block_findings import Cause

    def cause(source: str) -> dict[str, Any]:
        shown = Cause("name", "raises", "why", None, None, source, "instead")
        return findings_page._cause(shown, 1, 1)

    sources = ["https://a.org/", "javascript:alert(1)", " data:text/html,x"]
    assert [cause(one)["linked"] for one in sources] == [True, False, False]


def test_signs_that_cannot_be_seen_are_shown(tmp_path: Path) -> None:
    assert r"\u202e" in page_of(tmp_path, 'print(x)  # "\u202e"').text


def test_no_script_runs_and_nothing_is_fetched(tmp_path: Path) -> None:
    tags = page_of(tmp_path, "print(x)")

    policy = next(one["content"] for tag, one in tags.tags if one.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/]{43}='; base-uri 'none'; form-action 'none'", policy
    )
    assert not [tag for tag, one in tags.tags if tag in ("script", "img", "link", "iframe") or "src" in one]


def test_a_long_block_and_a_long_line_are_cut(tmp_path: Path) -> None:
    tags = page_of(tmp_path, "\n".join(f"x{at} = 1" for at in range(1000)), f"y = '{'z' * 10_000}'\nprint(w)")

    assert "and 600 more lines, which the document has" in tags.text
    assert "more characters" in tags.text
    assert "x999" not in tags.text


def test_a_refused_document_is_on_the_page(tmp_path: Path) -> None:
    (tmp_path / "bad.ipynb").write_text("{", encoding="utf-8")
    (tmp_path / "good.md").write_text("```py\nx = 1\n```\n", encoding="utf-8")
    names = [str(tmp_path / one) for one in ("bad.ipynb", "good.md")]

    status = cli.main(["check", *names, "--read-only", "--release", "2.21", "--html", str(tmp_path / "a.html")])

    tags = Tags((tmp_path / "a.html").read_text(encoding="utf-8"))
    assert (status, "2 documents" in tags.text) == (2, True)
    assert "Refused. A notebook is not valid JSON" in tags.text


def test_without_jinja_it_is_said_before_anything_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    path = tmp_path / "page.md"
    path.write_text("```py\nx = 1\n```\n", encoding="utf-8")

    status = cli.main(["check", str(path), "--run", "--html", str(tmp_path / "a.html")])

    assert (status, (tmp_path / "a.html").exists()) == (2, False)
    shown = capsys.readouterr()
    assert "Install pytest-kerasch2[report], or leave --html out." in " ".join(shown.err.split())
    assert "run block by block" not in shown.out
