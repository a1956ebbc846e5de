"""What a block makes and prints on another release beside this one: structure exactly, numbers by repeats."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Iterator, Mapping, Sequence

from pytest_kerasch2.documents import printed_text
from pytest_kerasch2.documents.execution import BlockRun
from pytest_kerasch2.documents.printed_text import PrintedNumber

STRUCTURE, NUMBER, TEXT, PRINTED, REPEATS, OUTCOME = "structure", "number", "text", "printed", "repeats", "outcome"
DIFFERS, INCONCLUSIVE = "differs", "inconclusive"
OUTPUT = "printed output"
# Relative and absolute: what float32 leaves open.
CLOSE, NOTHING = 1e-5, 1e-7
MOST_SHOWN = 160
ONCE = "it was run once on each release"
MOST_DIFFERENCES = 20
_INNER = ("of", "weights", "optimizer")
_STRUCTURES = ("kind", "of", "class", "name", "dtype", "shape", "shapes", "length", "keys", "parameters", "layers",
               "epochs")  # fmt: skip


@dataclass(frozen=True)
class Leaf:
    """One thing that is known of a name.

    Attributes:
        kind: `structure`, `number`, `text` or `printed`.
        value: plain data; of a number, all numbers of the value.
    """

    kind: str
    value: Any

    def equals(self, other: Leaf) -> bool:
        """Whether both are the same, within rounding."""
        if self.kind != other.kind:
            return False
        if self.kind == NUMBER:
            return len(self.value) == len(other.value) and all(map(_close, self.value, other.value))
        return bool(self.value == other.value)

    @property
    def shown(self) -> str:
        """Return it for a reader."""
        if self.kind == NUMBER:
            return ", ".join(_shown(one) for one in self.value[:4]) + (", ..." if len(self.value) > 4 else "")
        text = self.value if isinstance(self.value, str) else json.dumps(self.value)
        return text.replace(printed_text.SIGN, "#")[:MOST_SHOWN]


def _shown(one: Any) -> str:
    return f"{float(one.text if isinstance(one, PrintedNumber) else one):.6g}"


def _close(one: Any, other: Any) -> bool:
    if isinstance(one, PrintedNumber) and isinstance(other, PrintedNumber):
        return one.agrees(other)
    if isinstance(one, str) or isinstance(other, str):
        return bool(one == other)
    return bool(abs(one - other) <= CLOSE * max(abs(one), abs(other)) + NOTHING)


@dataclass(frozen=True)
class ReleaseDifference:
    """Something that is another one on another release.

    Attributes:
        name: that the block binds, or `printed output`, or an empty text for how the block ends.
        path: of the part of it that differs, such as `optimizer.settings.learning_rate`.
        kind: `structure`, `number`, `text`, `printed`, `repeats` where only one release gives the same twice, or
            `outcome` where the block runs on one release alone.
        there: on the other release.
        here: on this one.
        verdict: `differs` or `inconclusive`.
        reason: why it is inconclusive.
        explained: the name of the known change that explains it, or an empty text.
        mended: what the mended document does: `remains`, `removed`, or `new` where only that one differs so.
    """

    name: str
    path: str
    kind: str
    there: str
    here: str
    verdict: str = DIFFERS
    reason: str = ""
    explained: str = ""
    mended: str = "remains"

    def to_dict(self) -> dict[str, str]:
        """Return it as plain data."""
        return dict(vars(self))

    @property
    def what(self) -> str:
        """Return what differs, for a reader."""
        if not self.name:
            return "the block"
        parts = [self.name, *(part for part in self.path.split(".") if part not in ("kind", "numbers", "text"))]
        return ".".join(filter(None, parts)).replace(".[", "[")


def leaves(run: BlockRun) -> dict[tuple[str, str], Leaf]:
    """Return all that is known of what a block made and printed, by name and path."""
    leaves_of: dict[tuple[str, str], Leaf] = {}
    for name, one in dict(run.value.get("observed") or {}).items():
        leaves_of.update({(name, path): leaf for path, leaf in _leaves(one, "")})
    printed = printed_text.comparable(str(run.value.get("printed") or ""))
    leaves_of[OUTPUT, ""] = Leaf(PRINTED, printed.words)
    leaves_of[OUTPUT, "numbers"] = Leaf(NUMBER, list(printed.numbers))
    return leaves_of


def _leaves(one: Mapping[str, Any], path: str) -> Iterator[tuple[str, Leaf]]:
    for key, value in one.items():
        inner = f"{path}.{key}" if path else key
        if key == "settings":
            yield from _settings(value, inner)
        elif key == "numbers":
            yield inner, Leaf(NUMBER, list(value))
        elif key == "text":
            yield inner, Leaf(TEXT, printed_text.comparable(str(value)).words)
            yield f"{inner}.numbers", Leaf(NUMBER, list(printed_text.comparable(str(value)).numbers))
        elif key == "items":
            for at, item in enumerate(value):
                yield from _leaves(item, f"{path}[{at}]")
        elif key in _INNER and isinstance(value, dict):
            parts = value if key == "of" else {"": value}
            for name, item in parts.items():
                yield from _leaves(item, ".".join(filter(None, (path if key == "of" else inner, str(name)))))
        elif key in _STRUCTURES:
            yield inner, Leaf(STRUCTURE, value)


def _settings(value: Any, path: str) -> Iterator[tuple[str, Leaf]]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _settings(one, f"{path}.{key}")
    elif isinstance(value, list):
        for at, one in enumerate(value):
            yield from _settings(one, f"{path}[{at}]")
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield path, Leaf(NUMBER, [value])
    else:
        yield path, Leaf(STRUCTURE, value)


@dataclass(frozen=True)
class SideRuns:
    """The runs of a block on one release.

    Attributes:
        first: the first one.
        again: one with the same seeds, or None.
        other: one with other seeds, or None.
    """

    first: BlockRun
    again: BlockRun | None = None
    other: BlockRun | None = None


def compare(there: SideRuns, here: SideRuns, doubt: str = "") -> list[ReleaseDifference]:
    """Return what differs of a block between another release and this one.

    Args:
        there: its runs on the other release.
        here: its runs on this one.
        doubt: why numbers say nothing; empty if they do.
    """
    if there.first.ran != here.first.ran:
        shown = [_ending(one.first) for one in (there, here)]
        return [ReleaseDifference("", "", OUTCOME, shown[0], shown[1])]
    if not there.first.ran:
        return []
    one, other = leaves(there.first), leaves(here.first)
    differences = []
    skipped: set[tuple[str, str]] = set()
    for key in [*one, *(key for key in other if key not in one)]:
        if _is_below(key, skipped):
            continue
        if key in one and key in other and one[key].equals(other[key]):
            continue
        if key in one and key in other:
            skipped.update(_not_comparable(key))
            differences.append(_judged(key, there, here, doubt))
        elif _counts_alone(key, one, other):
            differences.append(ReleaseDifference(*key, NUMBER, one[key].shown, "not there"))
    return _without_doubles(differences)[:MOST_DIFFERENCES]


def _not_comparable(key: tuple[str, str]) -> set[tuple[str, str]]:
    """Return what is not compared where this differs: the parts of a thing of another kind."""
    last = key[1].rpartition(".")[2]
    if last in ("kind", "length", "class", "layers"):
        return {(key[0], _above(key[1]))}
    return {(key[0], f"{_above(key[1])}.numbers".lstrip("."))} if last in ("shape", "shapes") else set()


def _above(path: str) -> str:
    return path.rpartition(".")[0]


def _is_below(key: tuple[str, str], skipped: set[tuple[str, str]]) -> bool:
    return any(
        key[0] == name and (not path or key[1] == path or key[1].startswith((f"{path}.", f"{path}[")))
        for name, path in skipped
    )


def _counts_alone(
    key: tuple[str, str], there: Mapping[tuple[str, str], Leaf], here: Mapping[tuple[str, str], Leaf]
) -> bool:
    """Whether a setting of an optimizer that only the other release knows does something there."""
    leaf = there.get(key)
    name, rate = key[0], f"{_above(key[1])}.learning_rate["
    if any(other[0] == name and other[1].startswith(rate) for other in here):
        # A schedule does what there are settings for elsewhere.
        return False
    kind = there.get((key[0], "kind"))
    of_optimizer = "optimizer.settings" in key[1] or (kind is not None and kind.value == "optimizer")
    return bool(of_optimizer and leaf is not None and leaf.kind == NUMBER and leaf.value[0])


def _without_doubles(differences: Sequence[ReleaseDifference]) -> list[ReleaseDifference]:
    """Return differences without the numbers of a text whose words differ already."""
    texts = {(one.name, one.path) for one in differences if one.kind in (TEXT, PRINTED)}
    return [one for one in differences if not (one.path.endswith("numbers") and (one.name, _above(one.path)) in texts)]


def _ending(run: BlockRun) -> str:
    if run.ran:
        return "runs"
    if run.error is not None:
        return f"fails: {run.error['type']}: {str(run.error['message']).strip()[:MOST_SHOWN]}"
    return f"ended by: {run.killed_by}" if run.killed_by else "was not run"


def _judged(key: tuple[str, str], there: SideRuns, here: SideRuns, doubt: str) -> ReleaseDifference:
    one, other = leaves(there.first)[key], leaves(here.first)[key]
    difference = ReleaseDifference(*key, one.kind, one.shown, other.shown)
    if one.kind == STRUCTURE:
        return difference
    # A text that a training decides is another one with other seeds.
    if one.kind == NUMBER and doubt:
        return _inconclusive(difference, doubt)
    if there.again is None or here.again is None:
        return _inconclusive(difference, ONCE)
    steady = [_equal(key, there.first, there.again), _equal(key, here.first, here.again)]
    if steady == [True, False] or steady == [False, True]:
        words = ["the same in two runs" if one else "another one in each of two runs" for one in steady]
        return ReleaseDifference(*key, REPEATS, words[0], words[1])
    if not all(steady):
        return _inconclusive(difference, "it differs from run to run, in two runs on each release")
    if any(side.other is not None and not _equal(key, side.first, side.other) for side in (there, here)):
        return _inconclusive(difference, "it depends on the seed, of which two were run on each release")
    if one.kind == PRINTED and not printed_text.is_exact(one.value, other.value):
        return _inconclusive(difference, "it may be how the releases print it")
    return difference


def _inconclusive(difference: ReleaseDifference, reason: str) -> ReleaseDifference:
    return ReleaseDifference(
        difference.name, difference.path, difference.kind, difference.there, difference.here, INCONCLUSIVE, reason
    )


def _equal(key: tuple[str, str], one: BlockRun, other: BlockRun) -> bool:
    first, second = leaves(one).get(key), leaves(other).get(key)
    return first is not None and second is not None and first.equals(second)
