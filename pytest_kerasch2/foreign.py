"""Texts of others, such as what a file or a server says, as each language of an output takes them: as text alone.

Whatever does not stand in the code goes through one of these functions on its way out: a terminal obeys control codes,
the runner of a GitHub workflow obeys lines, Markdown and HTML have markup, and Matplotlib sets what stands between two
dollar signs as a formula.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import re
from html import escape
from typing import Any, Callable, Mapping
from urllib.parse import quote

# Controls, marks of direction, signs of no width, halves of pairs, tags and what is no character: they steer a
# terminal, reorder or hide text, or are no UTF-8 or no XML. Line ends and tabs are seen.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff0-\uffff\U000e0000-\U000e0fff]"
)
# Of runner/src/Runner.Worker/ActionCommandManager.cs: what begins a command at the start of a line, where a terminal
# may break one, or, as `##[`, anywhere in it.
_COMMANDS = (
    "add-mask|add-matcher|add-path|debug|echo|endgroup|error|group|internal-set-repo-path|notice|remove-matcher|"
    "save-state|set-env|set-output|stop-commands|warning"
)
_COMMAND = re.compile(rf"(?:(?<!\S):(?=:\S)|:(?=:(?:{_COMMANDS})\b)|#(?=#\[))", re.IGNORECASE)
# Signs that begin or end markup of GitHub's Markdown anywhere in a line, with mentions, formulas and numbers of issues.
_SIGNS = re.compile(r"[&\\|<>*_`\[\]~#@$]|:(?=//)|(?<=ww)w(?=\.)", re.IGNORECASE)
# What begins a list, a heading or a line across at the start of one.
_START = re.compile(r"[-+=](?=[-+=\s]|$)|(?<=\d)[.)](?=\s|$)")
_NUMBER = re.compile(r"\d{1,9}(?=[.)](?:\s|$))")
_HARMLESS = re.compile(r"[\w.,:+/=()\[\]@*~'-]+(?: [\w.,:+/=()\[\]@*~'-]+)*", re.ASCII)


def visible(text: object) -> str:
    """Return a text with each sign that cannot be seen written as its code, as Python would; line ends stay."""
    return _UNSEEN.sub(lambda match: _code(ord(match.group())), str(text))


def _code(number: int) -> str:
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def each(value: Any, how: Callable[[object], str] = visible) -> Any:
    """Return plain data with all of its texts, those of names too, as one of these functions gives them."""
    if isinstance(value, str):
        return how(value)
    if isinstance(value, Mapping):
        return {how(key): each(item, how) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [each(item, how) for item in value]
    return value


def terminal(text: object) -> str:
    """Return a text for one line of a terminal: without control codes, and without commands of a GitHub workflow."""
    line = visible(re.sub(r"\r\n|[\r\n\t\v\f\x85\u2028\u2029]", " ", str(text)))
    return _COMMAND.sub(lambda match: f"{match.group()} ", line)


def in_json(text: str) -> str:
    """Return JSON that is printed: the same data, without commands of a GitHub workflow."""
    return _COMMAND.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def cell(text: object) -> str:
    """Return a text of Markdown in one line, which cannot break out of its table cell or be taken for markup."""
    line = " ".join(visible(re.sub(r"\s", " ", str(text))).split())
    number = _NUMBER.match(line)
    start = _START.match(line, number.end() if number else 0)
    if start is None:
        return _SIGNS.sub(_entity, line)
    before, after = line[: start.start()], line[start.end() :]
    return before + _entity(start) + _SIGNS.sub(_entity, after)


def _entity(match: re.Match[str]) -> str:
    return f"&#{ord(match.group())};"


def code(text: object) -> str:
    """Return a text of Markdown that is shown as code within a line, and stays in its table cell."""
    # In a span of code nothing can be escaped.
    return f"`{text}`" if _HARMLESS.fullmatch(str(text)) else f"<code>{cell(text)}</code>"


def block(text: str, language: str = "") -> list[str]:
    """Return the lines of a block of code in Markdown, which what stands in it cannot end."""
    shown = visible(text.replace("\r\n", "\n")).strip("\n")
    fence = "`" * max(3, *(len(ticks) + 1 for ticks in re.findall("`+", shown) or [""]))
    return [f"{fence}{language}", shown, fence]


def link(words: str, address: object) -> str:
    """Return a link in Markdown to an address that is of the web; of any other, the address as text."""
    if not re.match("https?://", str(address), re.IGNORECASE):
        return f"{cell(words)} {code(address)}"
    return f"[{cell(words)}]({quote(str(address), safe=':/?#@!$&*+,;=%~', errors='replace')})"


def attribute(text: object) -> str:
    """Return a text of HTML or XML, also for between two quotes."""
    return escape(visible(text))


def label(text: object) -> str:
    """Return a text that Matplotlib draws as it is."""
    return visible(text).replace("$", r"\$")


def message(text: object) -> str:
    """Return a text behind a command of a GitHub workflow, whose line ends stay."""
    # https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    return visible(re.sub("\r\n?", "\n", str(text))).replace("%", "%25").replace("\n", "%0A")


def parameter(text: object) -> str:
    """Return the value of a parameter of such a command."""
    return message(text).replace(":", "%3A").replace(",", "%2C")
