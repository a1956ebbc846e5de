"""Hostile texts in every field of every file of ours, and what is shown of them in each language.

    python -m evaluation.hostile_texts                 all
    python -m evaluation.hostile_texts --case 1234     one of them again, and where it differs

Of each output it is asked whether it is built as that of a harmless word in the same field: the same elements of
Markdown, HTML and SVG, the same commands of a GitHub workflow, and no sign that steers a terminal. Appends each case to
evaluation/data/hostile-texts.jsonl, and goes on there when started again.
"""

from __future__ import annotations

import argparse
import collections
import json
import re
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Callable, Iterator, NamedTuple

from evaluation import journal
from evaluation.foreign_files import KINDS, Kind
from pytest_kerasch2.errors import KerasCh2Error
from pytest_kerasch2.files import Journal

DATA = Path(__file__).parent / "data" / "hostile-texts.jsonl"
PACKAGE = journal.PACKAGE
HARMLESS = "harmless"
# What must begin so, as the address of a source.
PREFIXES = ("", "https://example.org/", "module:")
TEXTS = (
    # Terminals
    "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x1b]8;;http://evil.example\x07click\x1b]8;;\x07", "\x1b[2J\x1b[H",
    "\x1b]52;c;ZXZpbA==\x07", "\x1bP+q544e\x1b\\", "\x9b31mC1", "\x9d0;title\x9c", "back\x08\x08\x08\x08over",
    "return\rover", "nul\x00", "bell\x07", "del\x7f", "form\x0cfeed", "vertical\x0btab", "next\x85line",
    "\u202eright to left", "\u2066isolate\u2069", "zero\u200bwidth", "line\u2028separator", "tag\U000e0041",
    "filler\u3164", "\ufeffmark", "soft\u00adhyphen", "\ufffe", "tab\tstop", "many\n\n\nlines",
    # Commands of a GitHub workflow
    "\n::error title=x::owned", "::error::owned", "  ::warning::owned", "##[error]owned", "a ##[group]owned",
    "\r\n::add-mask::held", "::stop-commands::token", "::set-output name=a::b", "%0A::error::owned",
    "\n::set-env name=PATH::/evil", "\n::ADD-PATH::/evil", "\u2028::error::owned", "t.py::error::owned",
    # Markdown
    "a | b | c", "\n| --- |", "# heading", "\n# heading", "- item", "1. item", "12) item", "> quote", "---", "===",
    "```\ncode", "~~~", "`code`", "``a`b``", "*bold* __bold__", "~~gone~~", "[text](http://evil.example)",
    "![image](http://evil.example/x.png)", "](javascript:alert(1))", "[^1]: note", "<http://evil.example>",
    "http://evil.example", "www.evil.example", "me@evil.example", "@everyone", "#1 and GH-1", "$x^2$ and $$y$$",
    "$`x`$", "\\", "\\| a", "&lt;b&gt;", "&#60;b&#62;", "- [x] done", "    indented", ":---:", "+", "a\n\nb",
    "``` ~~~ ```` `", ") | x", "%20 %7C %",
    # HTML and XML
    "<script>alert(1)</script>", "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<b>",
    "<!-- ", "-->", "]]>", "<![CDATA[", "</details>", "</code>", "<br>", '" onmouseover="alert(1)',
    "' onclick='alert(1)", "</svg>", "<?xml?>", "&amp;", "&", "<",
    # Templates, markup of rich, formulas, formats
    "{{ 7*7 }}", "{% raw %}", "[bold red]x[/]", "[/]", "[link=http://evil.example]x[/link]", "\\[red]", "$\\frac{$",
    "$\\alpha$", "$", "$$", "\\$", "{0} {name}", "%s %(a)s", "_hidden", "{", "}",
    # Long and strange
    "x" * 5000, "é" * 300, "漢字", "🙂", "e\u0301", "\ud83d\ude42".encode("utf-16", "surrogatepass").decode("utf-16"),
)  # fmt: skip
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffe]")
RUN = re.compile(
    r"^\s*::(?:error|warning|notice|debug|group|endgroup|add-mask|add-path|set-env|set-output|save-state|echo"
    r"|stop-commands|add-matcher|remove-matcher)\b.*?::|##\[",
    re.IGNORECASE | re.MULTILINE,
)


class Case(NamedTuple):
    """A text in place of one of a file, wherever that stands in it."""

    number: int
    kind: str
    field: str
    text: str


def cases() -> list[Case]:
    """Return all cases."""
    results = []
    for kind in KINDS:
        for field in free(KINDS[kind]):
            results += [(kind, field, text) for text in TEXTS]
    return [Case(number, *one) for number, one in enumerate(results)]


def texts_of(value: Any) -> Iterator[str]:
    """Return the texts of plain data, and its names."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from texts_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts_of(item)


def replaced(value: Any, old: str, new: str) -> Any:
    """Return the same data with one text in the place of another, as a name too."""
    if isinstance(value, str):
        return new if value == old else value
    if isinstance(value, dict):
        return {new if name == old else name: replaced(item, old, new) for name, item in value.items()}
    return [replaced(item, old, new) for item in value] if isinstance(value, list) else value


def prefix_of(kind: Kind, field: str, folder: Path) -> str | None:
    """Return with what a text must begin to be read in a field, or None where others than its own are refused."""
    for prefix in PREFIXES:
        path = folder / kind.name
        path.write_text(kind.text(replaced(kind.make(), field, prefix + HARMLESS)), encoding="utf-8")
        try:
            kind.read(path)
        except KerasCh2Error:
            continue
        return prefix
    return None


def free(kind: Kind) -> list[str]:
    """Return the texts of a sound file of a kind in whose place others may stand."""
    with tempfile.TemporaryDirectory() as folder:
        result = dict.fromkeys(texts_of(kind.make()))
        return [one for one in result if one and prefix_of(kind, one, Path(folder)) is not None]


# -- how an output is built


def built(language: str, text: str) -> Any:
    """Return the skeleton of an output, which its texts cannot change."""
    return BUILDERS[language](text)


def _terminal(text: str) -> Any:
    return {"commands": RUN.findall(text), "unseen": UNSEEN.findall(text)}


def _commands(text: str) -> Any:
    begun = [line.split("::")[1].split(" ")[0] for line in text.split("\n") if line.lstrip().startswith("::")]
    parameters = [line.split("::")[1].count(",") for line in text.split("\n")]
    return {"begun": begun, "parameters": parameters, "unseen": UNSEEN.findall(text)}


def _markdown(text: str) -> Any:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    results: list[Any] = []
    for token in parser.parse(text):
        if token.type != "inline":
            content = token.content if token.type == "html_block" else ""
            results.append((token.type, token.tag, token.info, content))
        for inner in token.children or ():
            if inner.type not in ("text", "text_special", "code_inline"):
                address = str(inner.attrs.get("href", inner.attrs.get("src", "")))[:8]
                results.append((inner.type, inner.tag, inner.content, address))
    # What is shown as code is a span, or an element where that could end it.
    skeleton = [one for one in results if one[0] != "html_inline" or one[2] not in ("<code>", "</code>")]
    # GitHub makes links of these, formulas, mentions and numbers of issues; code and addresses are left alone.
    outside = re.sub(r"```+.*?```+|`[^`\n]*`|\]\([^)\s]*\)|&#\d+;", "", text, flags=re.DOTALL)
    return {"skeleton": skeleton, "github": re.findall(r"[$@]|#\d|://|www\.", outside), "unseen": UNSEEN.findall(text)}


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Any] = []
        self.data = ""
        self._within = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.found.append((tag, sorted(given), given.get("class")))
        self._within = tag if given.get("id") == "data" else ""

    def handle_endtag(self, tag: str) -> None:
        self.found.append(f"/{tag}")
        self._within = ""

    def handle_comment(self, data: str) -> None:
        self.found.append("comment")

    def handle_decl(self, decl: str) -> None:
        self.found.append("declaration")

    def handle_data(self, data: str) -> None:
        if self._within:
            self.data += data


def _html(text: str) -> Any:
    tags = _Tags()
    tags.feed(text)
    tags.close()
    json.loads(tags.data)
    return {"tags": tags.found, "unseen": UNSEEN.findall(text)}


def _svg(text: str) -> Any:
    # Wider texts move others, and more of them are broken over lines: which elements there are is what counts.
    root = ElementTree.fromstring(text)
    return {"tags": sorted({one.tag for one in root.iter()}), "unseen": UNSEEN.findall(text.replace("\n", " "))}


BUILDERS: dict[str, Callable[[str], Any]] = {
    "terminal": _terminal,
    "commands": _commands,
    "markdown": _markdown,
    "html": _html,
    "svg": _svg,
}


def outputs(kind: Kind, field: str, text: str) -> list[tuple[str, str]] | None:
    """Return what is shown of a file with a text in a field; None where it is refused."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / kind.name
        path.write_text(kind.text(replaced(kind.make(), field, text)), encoding="utf-8")
        try:
            kind.read(path)
        except KerasCh2Error as error:
            return [("terminal", str(error))]
        return list(kind.show(path, folder))


def judged(case: Case, baselines: dict[tuple[str, str], list[Any]]) -> dict[str, Any]:
    """Return what came of a case: the languages, and where one is built otherwise than with a harmless word."""
    kind = KINDS[case.kind]
    if (case.kind, case.field) not in baselines:
        with tempfile.TemporaryDirectory() as folder:
            prefix = prefix_of(kind, case.field, Path(folder)) or ""
        baselines[case.kind, case.field] = [prefix, outputs(kind, case.field, prefix + HARMLESS)]
    prefix, harmless = baselines[case.kind, case.field]
    try:
        shown = outputs(kind, case.field, prefix + case.text) or []
    except Exception as error:
        return {"languages": [], "wrong": [f"{type(error).__name__}: {error}"[:500]]}
    wrong = []
    for place, (language, text) in enumerate(shown):
        clean = not any(built(language, text)[name] for name in ("unseen", "commands") if name in built(language, text))
        same = len(shown) != len(harmless) or built(language, text) == built(language, harmless[place][1])
        if not (clean and same):
            wrong.append(f"{language}, output {place}")
    if len(shown) not in (1, len(harmless)):
        wrong.append(f"{len(shown)} outputs in place of {len(harmless)}")
    return {"languages": [language for language, _ in shown], "wrong": wrong}


def revision() -> str:
    """Return a hash of the code on which an output depends."""
    rooms = ("accuracy", "claims", "data", "report", "timing")
    ours = (PACKAGE / f"{name}.py" for name in ("cli", "errors", "foreign", "json_files"))
    here = Path(__file__).parent
    asked = (here / f"{name}.py" for name in ("damaged_files", "foreign_files", "hostile_texts"))
    inner = sorted(path for room in rooms for ending in ("py", "json") for path in (PACKAGE / room).glob(f"*.{ending}"))
    return journal.revision([*inner, *ours, *asked])


def table(lines: list[dict[str, Any]]) -> Iterator[str]:
    """Return the counts of what was done, as lines."""
    yield "| file | texts | outputs | built otherwise |"
    yield "| --- | ---: | ---: | ---: |"
    counts: dict[str, list[int]] = collections.defaultdict(lambda: [0, 0, 0])
    for line in lines:
        for name in (line["kind"], "all"):
            for place, number in enumerate((1, len(line["languages"]), len(line["wrong"]))):
                counts[name][place] += number
    yield from (f"| {name} | {' | '.join(map(str, one))} |" for name, one in sorted(counts.items()))


def main() -> int:
    """Do what was asked for; return 1 where an output is built otherwise."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", type=int, metavar="N", help="one case alone, shown")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="one of so many (all)")
    parser.add_argument("--out", type=Path, default=DATA)
    given = parser.parse_args()
    every = cases()
    if given.case is not None:
        case = every[given.case]
        print(case)
        judgement = judged(case, {})
        for language, text in outputs(KINDS[case.kind], case.field, case.text) or ():
            print(f"== {language}\n{text[:800]!r}")
        print(judgement)
        return bool(judgement["wrong"])
    now = revision()
    done = journal.keep(given.out, now)
    names = {line["case"] for line in done}
    missing = [case for case in every[:: given.every] if case.number not in names]
    progress = journal.Progress(len(missing), sys.stderr)
    baselines: dict[tuple[str, str], list[Any]] = {}
    for case in missing:
        line = {"case": case.number, "kind": case.kind, **judged(case, baselines), "revision": now}
        Journal(given.out).append(line)
        done.append(line)
        if line["wrong"] or case.number % 100 == 0:
            progress.step(f"case {case.number}, {case.kind}: {line['wrong']}")
        else:
            progress.done += 1
    print("\n".join(table(done)))
    return any(line["wrong"] for line in done)


if __name__ == "__main__":
    sys.exit(main())
