"""Answers from the atlas: since when a name is gone, where the thing lives now, and which parameters changed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterator, Sequence

from pytest_kerasch2.atlas import atlas_file
from pytest_kerasch2.atlas.atlas_file import AtlasData, State, WalkedColumn
from pytest_kerasch2.claims.release import Release, numbers
from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.suggestions import close_to

LONGEST = 200
_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_KERAS_3 = (3, 0)
# What a release has and no walk looked into; and kinds of which it may be said that they are gone.
_UNSEEN = ("x", "o")
_CLAIMED = ("m", "c", "f", "v", "i")
_OLD = re.compile(r"\.(compat|raw_ops|legacy)\.")


@dataclass(frozen=True)
class Entry:
    """What a name is on one release.

    Attributes:
        kind: a letter of `walking`; `x` where it may be there and no walk saw it.
        title: the name under which it is described.
        parameters: with their defaults, or None.
    """

    kind: str
    title: str = ""
    parameters: tuple[str, ...] | None = None

    @property
    def is_seen(self) -> bool:
        """Whether a walk saw what it is."""
        return self.kind not in _UNSEEN


@dataclass(frozen=True)
class Boundary:
    """Between which two releases of a series something changed.

    Attributes:
        before: the last release that was walked before the change.
        after: the first one behind it.
        unwalked: releases between them that no walk saw.
    """

    before: str
    after: str
    unwalked: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return since when, and no more than what was walked."""
        if not self.unwalked:
            return self.after
        first, last = self.unwalked[0], self.unwalked[-1]
        between = f"{first} was" if first == last else f"{first} to {last} were"
        return f"{self.after} at the latest; {between} not walked"


@dataclass(frozen=True)
class Gone:
    """A name, or a parameter of one, that a release lacks and an earlier one had.

    Attributes:
        name: as it is written, with a short door.
        parameter: or an empty text.
        series: `TensorFlow` or `Keras`.
        boundary: between the last release that had it and the first that did not.
        until: the last release without it, or None where no later one has it again.
        home: where the same thing lives on the release that is asked for, or an empty text.
        how: why that is the same: `object` for another name of it on `boundary.before`, or `signature`.
        source: where it can be read that it was there.
        kind: what it was, as a letter of `walking`; of a member of a class `p` or `a` where it is no method.
    """

    name: str
    parameter: str
    series: str
    boundary: Boundary
    until: str | None
    home: str
    how: str
    source: str
    kind: str


def normal(name: str) -> str:
    """Return a name with the door as the atlas writes it: `tf` for `tensorflow` and `tf.compat.v2`.

    Raises:
        InvalidArgument: it is no name with dots, or of another package.
    """
    text = name.strip()
    remedy = "write a name with its dots, such as tf.keras.losses.mean_squared_error"
    if len(text) > LONGEST or not _NAME.fullmatch(text):
        raise InvalidArgument("A name cannot be read", repr(text[:60]), remedy)
    for long in ("tensorflow.compat.v2", "tf.compat.v2", "tensorflow"):
        if text == long or text.startswith(f"{long}."):
            text = f"tf{text[len(long) :]}"
    if text.split(".")[0] not in ("tf", "keras"):
        raise InvalidArgument("A name is not of TensorFlow or Keras", repr(text[:60]), remedy)
    return text


def resolve(data: AtlasData, name: str, place: int) -> Entry | None:
    """Return what a name is on a release, or None where the walk saw that it is not there."""
    state = data.state(name, place)
    if state is not None:
        title = name
        if state.same_as is not None:
            title = data.name(state.same_as)
            state = data.state(title, place)
        return None if state is None else Entry(state.kind, title, data.parameters(state.signature))
    above, dot, last = name.rpartition(".")
    if not dot:
        return None
    parent = resolve(data, above, place)
    if parent is None or parent.kind in ("m", "i"):
        return None
    return _member(data, parent.title, last, place) if parent.kind == "c" else Entry("x")


def _member(data: AtlasData, title: str, last: str, place: int) -> Entry | None:
    """Return a member of a class, its own or that of a base."""
    state = data.state(title, place)
    classes = [title, *(data.name(one) for one in (state.bases if state else ()))]
    is_open = state is None
    for one in classes:
        member = data.state(f"{one}.{last}", place)
        if member is not None:
            return Entry(member.kind, f"{one}.{last}", data.parameters(member.signature))
        of_class: State | None = data.state(one, place)
        is_open = is_open or of_class is None or of_class.is_open
    return Entry("x") if is_open else None


def chain(data: AtlasData, series: str, door: str) -> list[int]:
    """Return the places of the releases of a series that have a door, in their order.

    Args:
        data: the atlas.
        series: `TensorFlow`, with its own Keras up to 2.15; `Keras`, of 3.0 and later; or `tf_keras`.
        door: `tf` or `keras`.
    """
    rows = [(at, one) for at, one in enumerate(data.releases) if door in one.doors]
    if series == "TensorFlow":
        return [at for at, one in rows if one.series == "tensorflow"]
    if series == "tf_keras":
        return [at for at, one in rows if one.series == "legacy"] if door == "tf" else []
    own = {version_of(one, "Keras"): at for at, one in rows if one.series == "tensorflow" and _keras(one) >= _KERAS_3}
    own.update({version_of(one, "Keras"): at for at, one in rows if one.series == "keras"})
    return [own[version] for version in sorted(own, key=numbers)]


def _keras(one: WalkedColumn) -> tuple[int, ...]:
    return tuple(numbers(one.keras)) if one.keras else (0,)


def version_of(release: WalkedColumn, series: str) -> str:
    """Return the minor version by which a release is named in a series."""
    version = (release.keras if series == "Keras" else release.tensorflow) or "0"
    return ".".join(version.split(".")[:2])


def boundary(data: AtlasData, series: str, before: int, after: int) -> Boundary:
    """Return between which releases a change lies."""
    first, last = (version_of(data.releases[one], series) for one in (before, after))
    major, minor = numbers(first)[:2]
    between: tuple[str, ...] = ()
    if numbers(last)[0] == major:
        between = tuple(f"{major}.{one}" for one in range(minor + 1, numbers(last)[1]))
    return Boundary(first, last, between)


def targets(data: AtlasData, release: Release, name: str) -> list[int]:
    """Return the places of what was walked of a release; nothing where it was not walked.

    A name of Keras is looked for with the TensorFlow that is asked for and with the Keras.
    """
    of_keras = name.startswith(("keras.", "tf.keras")) or name == "keras"
    door = name.split(".")[0]
    minor = ".".join(release.tensorflow.split(".")[:2])
    keras = ".".join(release.keras.split(".")[:2])
    three = numbers(keras) >= _KERAS_3
    if not release.tensorflow[:1].isdigit():
        return [at for at in chain(data, "Keras", door) if version_of(data.releases[at], "Keras") == keras]
    series = "TensorFlow" if three or numbers(minor) < (2, 16) else "tf_keras"
    places = [at for at in chain(data, series, door) if version_of(data.releases[at], series) == minor]
    if not places or not of_keras or not three:
        return places
    if any(version_of(data.releases[at], "Keras") == keras for at in places):
        return places
    more = [at for at in chain(data, "Keras", door) if version_of(data.releases[at], "Keras") == keras]
    return [*places, *more] if more else []


def gone(data: AtlasData, name: str, release: Release, parameter: str = "") -> Gone | None:
    """Return since when a release lacks a name, or a parameter of it, that an earlier one had; or None.

    None is also the answer where a walk did not see it: what is not sure is not said.

    Args:
        data: the atlas.
        name: in the form of `normal`.
        release: that is meant.
        parameter: of the name.
    """
    places = targets(data, release, name)
    if not places or any(_has(data, name, at, parameter) is not False for at in places):
        return None
    for series, order in _orders(data, name, places):
        at = order.index(max(one for one in order if one in places))
        had = [one for one in order[:at] if _has(data, name, one, parameter)]
        if had:
            return _gone(data, name, parameter, (series, order, had[-1]), places[0])
    return None


def _orders(data: AtlasData, name: str, places: Sequence[int]) -> Iterator[tuple[str, list[int]]]:
    """Yield the series in which a name may have gone before a release, the finest first."""
    door = name.split(".")[0]
    for series in ("Keras", "TensorFlow", "tf_keras"):
        order = chain(data, series, door)
        if series == "Keras" and not name.startswith(("keras.", "tf.keras.")):
            continue
        if series == "Keras" and not any(one in places for one in order):
            # TensorFlow releases of one Keras: the column with the same version of it stands in the series.
            versions = {version_of(data.releases[at], series) for at in places if _keras(data.releases[at]) >= _KERAS_3}
            same = [at for at in order if version_of(data.releases[at], series) in versions]
            order = [*order[: order.index(same[-1])], places[0]] if same else []
        if series == "tf_keras":
            order = [at for at in chain(data, "TensorFlow", door) if not _is_three(data, at)] + order
        if any(one in places for one in order):
            yield series, order


def _is_three(data: AtlasData, place: int) -> bool:
    return _keras(data.releases[place]) >= _KERAS_3


def _has(data: AtlasData, name: str, place: int, parameter: str) -> bool | None:
    """Whether a release has a name, or a parameter of it; None where no walk saw it."""
    entry = resolve(data, name, place)
    if not parameter:
        if entry is None:
            return False
        return True if entry.kind in (*_CLAIMED, "p", "a") else None
    if entry is None or entry.parameters is None:
        return None
    names = [one.partition("=")[0] for one in entry.parameters]
    if parameter in names:
        return True
    return None if any(one.startswith("**") for one in names) else False


def _gone(data: AtlasData, name: str, parameter: str, seen: tuple[str, Sequence[int], int], target: int) -> Gone | None:
    series, order, last = seen
    behind = order[order.index(last) + 1 :]
    first = next((one for one in behind if _has(data, name, one, parameter) is False), None)
    if first is None:
        return None
    again = next((one for one in behind[behind.index(first) :] if _has(data, name, one, parameter)), None)
    until = None
    if again is not None:
        until = version_of(data.releases[order[order.index(again) - 1]], series)
    home, how = ("", "") if parameter else home_of(data, name, last, target)
    words = "TensorFlow" if series == "tf_keras" else series
    return Gone(
        name, parameter, words, boundary(data, series, last, first), until, home, how,
        _source_of(data, name, last, bool(parameter)), getattr(resolve(data, name, last), "kind", "x"),
    )  # fmt: skip


def _source_of(data: AtlasData, name: str, place: int, of_parameter: bool) -> str:
    entry = resolve(data, name, place)
    if name.startswith("keras.") and resolve(data, f"tf.{name}", place) is None:
        # Of an implementation, such as keras.engine, which no list of public names has.
        return f"https://github.com/keras-team/keras/tree/v{data.releases[place].keras}/keras"
    described = f"{name}.__init__" if of_parameter and entry is not None and entry.kind == "c" else name
    return source(data.releases[place], described)


def home_of(data: AtlasData, name: str, last: int, target: int) -> tuple[str, str]:
    """Return where a thing lives on a release, and why it is the same: `object` or `signature`.

    Args:
        data: the atlas.
        name: under which it was known.
        last: place of a release that had it.
        target: place of the release that is asked for.
    """
    entry = resolve(data, name, last)
    if entry is None or entry.kind not in ("c", "f") or data.state(name, last) is None:
        return "", ""
    same = [one for one in _names_of(data, entry.title, last) if _is_there(data, one, target)]
    if same:
        return min(same, key=lambda one: _distance(name, one)), "object"
    if not entry.parameters:
        return "", ""
    door = ("keras.", "tf.keras.") if name.startswith(("keras.", "tf.keras.")) else ("tf.",)
    alike = [
        one for one in _ending(data, name[name.rfind(".") :])
        if one.startswith(door) and not _OLD.search(one) and _is_there(data, one, target)
        and _is_alike(resolve(data, one, target), entry)
    ]  # fmt: skip
    if len({_title(data, one, target) for one in alike}) != 1:
        return "", ""
    return min(alike, key=lambda one: _distance(name, one)), "signature"


def _is_alike(one: Entry | None, other: Entry) -> bool:
    return one is not None and one.kind == other.kind and one.parameters == other.parameters


def _names_of(data: AtlasData, title: str, place: int) -> list[str]:
    """Return all public names that lead to what is described under a title."""
    needle = f":={data.places[title]}"
    names = [title, *(line[: line.index("\t")] for line in data.lines if needle in line)]
    return [one for one in names if one[0] != "~" and _title(data, one, place) == data.places[title]]


def _ending(data: AtlasData, ending: str) -> list[str]:
    """Return the public names that end so."""
    needle = f"{ending}\t"
    names = (line[: line.index("\t")] for line in data.lines if needle in line)
    return [one for one in names if one[0] != "~" and one.endswith(ending)]


def _is_there(data: AtlasData, name: str, place: int) -> bool:
    state = data.state(name, place)
    return state is not None and state.kind in ("c", "f", "=")


def _title(data: AtlasData, name: str, place: int) -> int | None:
    state = data.state(name, place)
    if state is None:
        return None
    return data.places[name] if state.same_as is None else state.same_as


def _distance(name: str, other: str) -> tuple[bool, bool, bool, int, str]:
    """Order other names of a thing: those near the one that is written come first."""
    door = name.startswith("tf.keras.") == other.startswith("tf.keras.") and name[:3] == other[:3]
    near = name.rpartition(".")[0] == other.rpartition(".")[0]
    return not door, bool(_OLD.search(other)), not near, len(other), other


def source(release: WalkedColumn, name: str) -> str:
    """Return the address of the list of names, in the sources of a release, that has a name."""
    parts = name.split(".")
    of_keras = parts[0] == "keras" or parts[:2] == ["tf", "keras"]
    keras = release.keras or ""
    if of_keras and keras and numbers(keras) >= (3, 4):
        # The folders of the interface are written by a program and kept in the repository since 3.4.
        door = "keras/api/_tf_keras/keras" if parts[0] == "tf" else "keras/api"
        inner = [one for one in parts[parts.index("keras") + 1 : -1] if one.islower()]
        return f"https://github.com/keras-team/keras/blob/v{keras}/{'/'.join([door, *inner])}/__init__.py"
    if of_keras and keras and numbers(keras) >= _KERAS_3:
        return f"https://github.com/keras-team/keras/tree/v{keras}/keras"
    at = parts.index("keras") if of_keras else 0
    inner = ["keras" if of_keras else "tensorflow", *parts[at + 1 : -1]]
    if of_keras:
        inner = ["tensorflow", *inner]
    file = ".".join(re.sub("([A-Z])", r"-\1", one).lower() for one in inner) + ".pbtxt"
    if of_keras and keras and numbers(keras) >= (2, 6):
        return f"https://github.com/keras-team/keras/blob/v{keras}/keras/api/golden/v2/{file}"
    version = re.sub(r"-?rc", "-rc", release.tensorflow or "")
    return f"https://github.com/tensorflow/tensorflow/blob/v{version}/tensorflow/tools/api/golden/v2/{file}"


def suggested(data: AtlasData, name: str) -> list[str]:
    """Return names that one that no release has may have been meant to be."""
    above, _, last = name.rpartition(".")
    while above and above not in data.places:
        above, _, last = above.rpartition(".")
    siblings = [one for one in data.places if one.startswith(f"{above}.") and "." not in one[len(above) + 1 :]]
    near = close_to(last, [one[len(above) + 1 :] for one in siblings])
    ending = f".{name.rpartition('.')[2]}"
    elsewhere = sorted((one for one in data.places if one.endswith(ending) and one[0] != "~"), key=_rank_of_suggestion)
    return list(dict.fromkeys([*(f"{above}.{one}" for one in near), *elsewhere[:2]]))[:3]


def _rank_of_suggestion(name: str) -> tuple[bool, int, str]:
    return bool(_OLD.search(name)), len(name), name


def shipped() -> AtlasData:
    """Return the atlas of this package."""
    return atlas_file.shipped()


@dataclass(frozen=True)
class Span:
    """Releases of a series, one behind the other, that have a name.

    Attributes:
        since: the first of them, such as `2.0`.
        until: the last of them.
        kind: what it is on the last of them, as a letter of `walking`.
    """

    since: str
    until: str
    kind: str


@dataclass(frozen=True)
class ParameterChange:
    """What changed in the parameters of a name between two releases that were walked one after the other.

    Attributes:
        boundary: between which.
        lost: parameters that went.
        gained: parameters that came.
        defaults: parameter, default before, default after; an empty text where there is none.
    """

    boundary: Boundary
    lost: tuple[str, ...]
    gained: tuple[str, ...]
    defaults: tuple[tuple[str, str, str], ...]

    @property
    def text(self) -> str:
        """Return it in words."""
        parts = [f"lost {', '.join(self.lost)}"] if self.lost else []
        parts += [f"gained {', '.join(self.gained)}"] if self.gained else []
        parts += [f"default of {name}: {old or 'none'} became {new or 'none'}" for name, old, new in self.defaults]
        return "; ".join(parts) or "the order of its parameters changed"


@dataclass(frozen=True)
class NameHistory:
    """What a name is on the releases of a series.

    Attributes:
        series: `TensorFlow`, `Keras` or `tf_keras`.
        walked: its releases that were walked, in their order.
        spans: those that have the name.
        gone: since when it is gone, or None where the newest has it or none ever had.
        changes: of its parameters.
    """

    series: str
    walked: tuple[str, ...]
    spans: tuple[Span, ...]
    gone: Boundary | None
    changes: tuple[ParameterChange, ...]


def lookup(name: str, data: AtlasData | None = None) -> tuple[NameHistory, ...]:
    """Return what a name is on the releases of each series that has its door.

    Args:
        name: with its dots, as it is written in code.
        data: the atlas; that of this package by default.

    Raises:
        InvalidArgument: it is no name of a framework.
        BadAtlas: the atlas cannot be read.
    """
    names = shipped() if data is None else data
    short = normal(name)
    histories = []
    for series in ("TensorFlow", "Keras", "tf_keras"):
        order = chain(names, series, short.split(".")[0])
        if order and (series == "TensorFlow" or short.startswith(("keras.", "tf.keras."))):
            histories.append(_history(names, short, series, order))
    return tuple(histories)


def has_gaps(history: NameHistory) -> bool:
    """Whether releases of a series were not walked, between those that were."""
    pairs = [tuple(numbers(one)[:2]) for one in history.walked]
    return any(old[0] == new[0] and new[1] > old[1] + 1 for old, new in zip(pairs, pairs[1:]))


def newest(data: AtlasData) -> Release:
    """Return the newest TensorFlow that was walked."""
    last = data.releases[chain(data, "TensorFlow", "tf")[-1]]
    return Release(last.tensorflow or "", last.keras or last.inside or "", "tensorflow")


def _history(data: AtlasData, name: str, series: str, order: Sequence[int]) -> NameHistory:
    entries = [resolve(data, name, at) for at in order]
    versions = [version_of(data.releases[at], series) for at in order]
    spans: list[Span] = []
    for at, entry in enumerate(entries):
        if entry is None:
            continue
        continues = at > 0 and entries[at - 1] is not None and bool(spans)
        since = spans.pop().since if continues else versions[at]
        spans.append(Span(since, versions[at], entry.kind))
    last = max((at for at, entry in enumerate(entries) if entry is not None), default=None)
    left = None
    if last is not None and last + 1 < len(order):
        left = boundary(data, series, order[last], order[last + 1])
    changes = []
    pairs = zip(order, order[1:], entries, entries[1:])
    for before, after, old, new in pairs:
        change = _change(old, new, boundary(data, series, before, after))
        if change is not None:
            changes.append(change)
    return NameHistory(series, tuple(versions), tuple(spans), left, tuple(changes))


def _change(old: Entry | None, new: Entry | None, where: Boundary) -> ParameterChange | None:
    if old is None or new is None or old.parameters is None or new.parameters is None:
        return None
    if old.parameters == new.parameters:
        return None
    before, after = (dict(one.partition("=")[::2] for one in entry.parameters or ()) for entry in (old, new))
    return ParameterChange(
        where,
        tuple(one for one in before if one not in after and one != "*"),
        tuple(one for one in after if one not in before and one != "*"),
        tuple((one, before[one], after[one]) for one in before if one in after and before[one] != after[one]),
    )
