"""The releases of a compatibility table as lines, and where along a line something is so: `2.0–2.15`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Hashable, Mapping, Sequence

from pytest_kerasch2.report.compatibility_table import Column, Table

TITLES = {
    "": ("Releases", "the results files given, by version"),
    "tensorflow": ("TensorFlow", "each TensorFlow with the newest Keras that it takes"),
    "keras": ("Keras 3", "every minor version of Keras 3 on one TensorFlow"),
    "paired": ("Paired", "each TensorFlow since 2.17 with the Keras of its own release day"),
    "legacy": ("Legacy Keras", "each TensorFlow since 2.16 with tf_keras, which is Keras 2"),
    "backend": ("Other backends", "Keras without TensorFlow's backend"),
}


@dataclass(frozen=True)
class Line:
    """The columns of one series, in the order of the table.

    Attributes:
        columns: those without a results file too.
        short: for each column its label without the words that all labels of the line have in common.
    """

    series: str
    columns: tuple[Column, ...]
    short: tuple[str, ...]

    @property
    def title(self) -> str:
        """Return the heading; a series that nobody has described is headed by its own name."""
        return TITLES.get(self.series, (self.series, ""))[0]

    @property
    def meaning(self) -> str:
        """Return what the releases of the line have in common, in a few words."""
        return TITLES.get(self.series, ("", self.series))[1]


def lines(table: Table) -> tuple[Line, ...]:
    """Return the lines of a table, in the order in which they first appear."""
    groups: dict[str, list[Column]] = {}
    for column in table["releases"]:
        groups.setdefault(column["series"], []).append(column)
    return tuple(
        Line(series, tuple(columns), tuple(shortened([column["label"] for column in columns])))
        for series, columns in groups.items()
    )


def shortened(labels: Sequence[str]) -> list[str]:
    """Return the labels without the words that all begin or end with.

    >>> shortened(["Keras 3.0 on TensorFlow 2.16", "Keras 3.1 on TensorFlow 2.16"])
    ['3.0', '3.1']
    """
    split = [label.split() for label in labels]
    for end, rest in ((0, slice(1, None)), (-1, slice(None, -1))):
        while len(set(labels)) > 1 and all(len(words) > 1 for words in split) and len({w[end] for w in split}) == 1:
            split = [words[rest] for words in split]
    # What stood between a word that is left and one that is not, as in `TensorFlow 2.16, Keras of its day`.
    return [" ".join(words).strip(",;:") for words in split]


def spans(line: Line, keys: Mapping[str, Hashable]) -> dict[Any, str]:
    """Return for each key the releases that have it, as text: `2.0–2.15, 2.18`; empty where all of the line have it.

    A span never reaches over a release without a results file, nor from one backend to another.

    Args:
        keys: the name of a release -> what is so there; a release that is left out was not looked at.
    """
    by_key: dict[Any, list[tuple[int, int]]] = {}
    for place, column in enumerate(line.columns):
        key = keys.get(column["name"])
        if key is None:
            continue
        key_spans = by_key.setdefault(key, [])
        if key_spans and key_spans[-1][1] == place - 1 and column["before"] == line.columns[place - 1]["name"]:
            key_spans[-1] = (key_spans[-1][0], place)
        else:
            key_spans.append((place, place))
    if len(by_key) == 1 and all(column["name"] in keys for column in line.columns if "absent" not in column):
        return dict.fromkeys(by_key, "")
    return {key: ", ".join(_words(line, *ends) for ends in key_spans) for key, key_spans in by_key.items()}


def _words(line: Line, first: int, last: int) -> str:
    return line.short[first] if first == last else f"{line.short[first]}–{line.short[last]}"
