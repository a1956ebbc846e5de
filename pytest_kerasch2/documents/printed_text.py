"""A printed text as what can be compared: words without numbers, and each number with its kind.

What a terminal no longer shows, log lines, and what differs by release in the way things print themselves are left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterator

from pytest_kerasch2.documents import model_summaries

SHAPE, COUNT, MEASURED = "shape", "count", "measured"
# Where a number was.
SIGN = "\u25a1"
# Digits from which on a number may differ by one in its last place: the last digit of a float32 is chance.
ENOUGH_DIGITS = 3
# Below it a number is what rounding has left of nothing.
NOTHING = 1e-12
# Beyond it, or below its inverse, a number is what memory held by chance, as that of `np.empty`.
CHANCE = 1e100

_CODES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LOG = re.compile(
    r"^\s*(?:(?:WARNING|INFO|ERROR|DEBUG)\b.*|[IWEF]\d{4} .*|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d.*|.*\b\w*Warning: .*"
    r"|\s*(?:_?warnings\.)?warn\(.*|Instructions for updating:.*|Downloading data from .*|Train on \d+ .*"
    r"|CPU times: .*|Wall time: .*|Parser\s*: .*|Compiler\s*: .*|\d[\d.]* ?.?s ± .* per loop .*)$"
)
_PROGRESS = re.compile(
    r"^\s*\d+/(?:\d+|Unknown)\b\s*(?:\[[=>.\s]*\]|[━╸╺ ]+)?.*?(?:ETA|\d+(?:\.\d+)?\s?[mun\u00b5]?s\b|━|\[=)"
)
_DOWNLOAD = re.compile(r"^\s*\d+/\d+ \[[=>.]+\]( - (ETA: )?\d+\w+(:\d+)?( \d+\w+/step)?)?\s*$")
_METRIC = re.compile(r"\b([A-Za-z]\w*): ([-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?|nan|inf))")

_SECONDS = r"(?:ms|us|ns|\u00b5s|\u03bcs|s|sec|secs|seconds?|min|minutes?|h|hours?)"
# What is reported and never judged, and what stands in its place.
_NOT_JUDGED = (
    (re.compile(r"\b0x[0-9a-fA-F]{4,}\b"), "<address>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?\b"), "<date>"),
    (re.compile(r"\b\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?\b"), "<time>"),
    (
        re.compile(rf"[-+]?\b\d+(?:\.\d+)?(?:e[-+]?\d+)?\s?{_SECONDS}(?:/(?:step|sample|epoch|batch|it))?\b(?!\()"),
        "<time>",
    ),
    (re.compile(r"\b\d+(?:\.\d+)?\s?[KMGT]i?B(?:/s)?\b"), "<size>"),
    (re.compile(r"(?i)\b(version\W{0,3}|v)\d+(?:\.\d+)*[\w.+-]*"), "<version>"),
    (re.compile(r"(?<![\w.])\d+\.\d+\.\d+(?:[\w.+-]*\w)?"), "<version>"),
    (re.compile(r"(?:(?<![\w/])/(?:tmp|home|root|Users|content|var|usr|opt|kaggle|mnt)|~)/[^\s'\",)\]]*"), "<path>"),
    (re.compile(r"\b(?=\w*\d)(?=\w*[a-f])[0-9a-f]{16,}\b"), "<id>"),
    (re.compile(r"(?<=[A-Za-z])_\d+\b(?!\.)"), ""),
)
# How releases of Python, IPython, NumPy, TensorFlow and Keras print the same thing.
_STYLES = (
    (re.compile(r"^(?:Out|In) ?\[\d*\]: ?", re.MULTILINE), ""),
    (re.compile(r"\bid=\d+, ?"), ""),
    (re.compile(r"<(?:[\w.]+\.)?(\w+)(?: object)?(?: name=[^<>]*)? at <address>>"), r"<\1>"),
    (re.compile(r"<(?:[\w.]+\.)?(\w+) name=[^<>]*>"), r"<\1>"),
    (
        re.compile(
            r"<(?:bound method|function|built-in function) (?:__main__\.|<lambda>)?([\w.]*)[^<>]*(?:<[^<>]*>)?[^<>]*>"
        ),
        r"<function \1>",
    ),
    (re.compile(r"<class '(?:[\w.]+\.)?(\w+)'>"), r"<class \1>"),
    (re.compile(r"\bnp\.(?:float|int|uint|str|bool|complex)\w*\(([^()]*)\)"), r"\1"),
    (re.compile(r"\bnp\.(True|False)_"), r"\1"),
    (re.compile(r"\bb'"), "'"),
    (re.compile(r"(?<=[(, ])tf\.(\w+)"), r"\1"),
    (re.compile(r"<(?:tf\.)?Variable '[^']*' "), "<Variable "),
    (re.compile(r"<tf\.Variable: |<Variable path=[^,>]*, "), "<Variable "),
    (re.compile(r"\bTensorShape\((\[[^\]]*\]|\([^)]*\))\)"), r"TensorShape \1"),
    (re.compile(r", dtype=(?:bool|object|int64)(?=\))|(?<=[\]]), shape=\([\d, ]*\)(?=[,)])"), ""),
    (re.compile(r"\bu(?=')"), ""),
    (re.compile(r"\bDimension\((\d+|None)\)"), r"\1"),
)  # fmt: skip
_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w])(?!\.\d)")
_TUPLE = re.compile(r"(?<!\w)\((?:None|\?|\d+)(?:, ?(?:None|\?|\d+))*,?\)|\[None(?:, ?(?:None|\d+))*\]")
_SHAPED = re.compile(r"(?:shape=|shape:? ?|TensorShape )[(\[]?[^)\]]*[)\]]?|params \d+")
CUT = re.compile(r"^\s*(?:\.\.\.|\[\.\.\.\]|…|\[…\])\s*$", re.MULTILINE)

# Words of which one cannot stand for another.
_EXACT = ({"float16", "bfloat16", "float32", "float64"}, {"True", "False"})


@dataclass(frozen=True)
class PrintedNumber:
    """A number of a printed text.

    Attributes:
        text: as it stands there.
        kind: `shape`, `count` for another integer, or `measured`.
    """

    text: str
    kind: str

    @property
    def value(self) -> float:
        """Return its value."""
        return float(self.text)

    @property
    def decimals(self) -> int:
        """Return how many digits stand behind the point, less its exponent."""
        mantissa, _, exponent = self.text.lower().partition("e")
        return len(mantissa.partition(".")[2]) - int(exponent or 0)

    @property
    def digits(self) -> int:
        """Return how many digits count."""
        return len(re.sub(r"\D", "", self.text.lower().partition("e")[0]).lstrip("0"))

    @property
    def is_chance(self) -> bool:
        """Whether it is so large, or so small, that nobody has computed it."""
        return abs(self.value) > CHANCE or 0 < abs(self.value) < 1 / CHANCE

    @property
    def unsigned(self) -> PrintedNumber:
        """Return it without its sign."""
        return PrintedNumber(self.text.lstrip("+-"), self.kind)

    def agrees(self, other: PrintedNumber) -> bool:
        """Whether both may be the same number, each printed to its own digits."""
        if self.value == other.value:
            return True
        if MEASURED not in (self.kind, other.kind):
            return False
        if max(abs(self.value), abs(other.value)) < NOTHING:
            return True
        decimals = min(self.decimals, other.decimals)
        difference = abs(round(self.value, decimals) - round(other.value, decimals))
        unit = 10.0**-decimals
        return difference <= (1.01 if min(self.digits, other.digits) >= ENOUGH_DIGITS else 0.01) * unit


@dataclass(frozen=True)
class ComparableText:
    """A printed text as what can be compared.

    Attributes:
        words: without numbers, each of which has left a sign.
        numbers: in their order.
        summarised: whether a model's summary was in it.
        training: whether the lines of a training or an evaluation were in it.
    """

    words: str
    numbers: tuple[PrintedNumber, ...] = ()
    summarised: bool = False
    training: bool = False


def final_state(text: str) -> str:
    """Return what a terminal shows in the end: without its codes, and of a line that was written over the last."""
    lines = _CODES.sub("", text.replace("\r\n", "\n")).split("\n")
    return "\n".join(next((part for part in reversed(line.split("\r")) if part.strip()), "") for line in lines)


def comparable(text: str) -> ComparableText:
    """Return what can be compared of a printed text."""
    shown = final_state(text)
    lines = list(_kept_lines(shown))
    training = any(line.startswith("training ") for line in lines)
    reduced = model_summaries.without_tables("\n".join(lines))
    summarised = reduced.startswith("model summary") or "\nmodel summary" in reduced
    for pattern, instead in (*_NOT_JUDGED, *_STYLES):
        reduced = pattern.sub(instead, reduced)
    reduced = " ".join(reduced.split())
    # NumPy aligns the numbers of an array by blanks.
    reduced = re.sub(r"(?<=[\[(]) +| +(?=[\]),])", "", reduced)
    shapes = [match.span() for pattern in (_TUPLE, _SHAPED) for match in pattern.finditer(reduced)]
    numbers = tuple(_number(match, shapes) for match in _NUMBER.finditer(reduced))
    return ComparableText(_NUMBER.sub(SIGN, reduced), numbers, summarised, training)


def is_exact(one: str, other: str) -> bool:
    """Whether two texts differ in nothing but types of floats and truth values; the rest may be how things print."""
    left, right = re.findall(r"\w+|\W", one), re.findall(r"\w+|\W", other)
    differing = [pair for pair in zip(left, right) if pair[0] != pair[1]]
    return len(left) == len(right) and all(any(set(pair) <= words for words in _EXACT) for pair in differing)


def _number(match: re.Match[str], shapes: list[tuple[int, int]]) -> PrintedNumber:
    text = match.group()
    if not re.fullmatch(r"[-+]?\d+", text):
        return PrintedNumber(text, MEASURED)
    in_shape = any(start <= match.start() < end for start, end in shapes)
    return PrintedNumber(text, SHAPE if in_shape else COUNT)


def _kept_lines(text: str) -> Iterator[str]:
    """Yield the lines that count: no log, and of the steps of a training the last of each epoch."""
    waiting: str | None = None
    for line in text.split("\n"):
        if _DOWNLOAD.match(line) or _LOG.match(line):
            continue
        if _PROGRESS.match(line):
            waiting = line
            continue
        if waiting is not None:
            yield _training(waiting)
            waiting = None
        yield line.rstrip()
    if waiting is not None:
        yield _training(waiting)


def _training(line: str) -> str:
    # Releases order the metrics, and count the steps, in other ways.
    return " ".join(
        ["training", *(f"{name}: {value}" for name, value in sorted(_METRIC.findall(line)) if name != "ETA")]
    )
