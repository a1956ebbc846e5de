from __future__ import annotations

from typing import Any, Sequence

import pytest

from pytest_kerasch2.report.lines import Line, lines, shortened, spans
from tests.unit.test_report_compatibility_table import column, table

LABELS = ["TensorFlow 2.0", "TensorFlow 2.1", "TensorFlow 2.2", "TensorFlow 2.3"]
NAMES = [f"{label.split()[1]}/2.4.0/tensorflow" for label in LABELS]


def _line(absent: Sequence[int] = ()) -> Line:
    columns: list[Any] = []
    before = None
    for place, (name, label) in enumerate(zip(NAMES, LABELS)):
        if place in absent:
            columns.append(column("", label, absent="not installable"))
        else:
            columns.append(column(name, label, before))
            before = name
    return lines(table(columns, []))[0]


def test_columns_of_a_series_make_a_line() -> None:
    columns = [column("a/1/x", "A", series="p"), column("b/1/x", "B", series="q"), column("c/1/x", "C", series="p")]

    rows = lines(table(columns, []))

    assert [(line.title, [one["label"] for one in line.columns]) for line in rows] == [("p", ["A", "C"]), ("q", ["B"])]


@pytest.mark.parametrize(
    ("labels", "short"),
    [
        (LABELS, ["2.0", "2.1", "2.2", "2.3"]),
        (["Keras 3.0 on TensorFlow 2.16", "Keras 3.1 on TensorFlow 2.16"], ["3.0", "3.1"]),
        (["Keras 3.15 on JAX", "Keras 2.3 on Theano"], ["3.15 on JAX", "2.3 on Theano"]),
        (["TensorFlow 2.16, new Keras", "TensorFlow 2.17, new Keras"], ["2.16", "2.17"]),
        (["Keras", "Keras 3"], ["Keras", "Keras 3"]),
        (["Keras 3"], ["Keras 3"]),
        (["Keras 3", "Keras 3"], ["Keras 3", "Keras 3"]),
    ],
)
def test_a_label_is_told_without_what_all_have_in_common(labels: list[str], short: list[str]) -> None:
    assert shortened(labels) == short


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ("hhhh", {"h": ""}),
        ("hhbb", {"h": "2.0–2.1", "b": "2.2–2.3"}),
        ("hbhh", {"h": "2.0, 2.2–2.3", "b": "2.1"}),
        ("hh h", {"h": "2.0–2.1, 2.3"}),
        ("    ", {}),
    ],
)
def test_equal_neighbours_are_told_as_a_span(verdicts: str, expected: dict[str, str]) -> None:
    keys = {name: verdict for name, verdict in zip(NAMES, verdicts) if verdict != " "}

    assert spans(_line(), keys) == expected


def test_a_span_does_not_reach_over_a_release_without_a_results_file() -> None:
    keys = {NAMES[0]: "h", NAMES[2]: "h", NAMES[3]: "b"}

    assert spans(_line(absent=[1]), keys) == {"h": "2.0, 2.2", "b": "2.3"}


def test_a_release_without_a_results_file_does_not_keep_a_line_from_being_whole() -> None:
    keys = {NAMES[0]: "h", NAMES[2]: "h", NAMES[3]: "h"}

    assert spans(_line(absent=[1]), keys) == {"h": ""}


def test_a_span_does_not_reach_from_one_backend_to_another() -> None:
    columns = [column("-/3.15.1/jax", "Keras on JAX"), column("-/3.15.1/torch", "Keras on torch")]
    columns.append(column("-/2.3.1/theano", "Keras on Theano"))
    line = lines(table(columns, []))[0]

    shown = spans(line, {"-/3.15.1/jax": "h", "-/3.15.1/torch": "h", "-/2.3.1/theano": "b"})

    assert shown == {"h": "JAX, torch", "b": "Theano"}
