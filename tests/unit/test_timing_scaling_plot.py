from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any, Sequence

import pytest

from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.timing import scaling, scaling_plot
from pytest_kerasch2.timing.benchmark_summary import BenchmarkRow
from pytest_kerasch2.timing.scaling_plot import NO_CPU, NO_GPU, WORDS
from tests.builders.benchmark_rows import CPU, GPU, NO_LAW

matplotlib = pytest.importorskip("matplotlib", reason="pictures need pytest-kerasch2[plots]")
SVG = "{http://www.w3.org/2000/svg}"


def _texts(folder: Path, rows: Sequence[BenchmarkRow]) -> list[str]:
    scaling_plot.draw(scaling.step_curves(rows), ["where it comes from"], folder / "a.svg")
    return [one.text or "" for one in ElementTree.parse(folder / "a.svg").iter(f"{SVG}text")]


@pytest.mark.parametrize(("rows", "message"), [((*CPU, *GPU), None), (CPU, NO_GPU), (GPU, NO_CPU)])
def test_a_half_that_was_not_measured_says_so(tmp_path: Path, rows: Any, message: str | None) -> None:
    texts = _texts(tmp_path, rows)

    # In its panel, and among what is told above.
    drawn_texts = [one for one in (NO_GPU, f"{NO_GPU}.", NO_CPU, f"{NO_CPU}.") if one in texts]
    assert drawn_texts == ([] if message is None else [message, f"{message}."])


@pytest.mark.parametrize(
    ("rows", "words"), [((*CPU, *GPU), {"law", "least", "crossing"}), (CPU, {"law", "least"}), (NO_LAW, {"least"})]
)
def test_what_is_not_there_is_not_explained(tmp_path: Path, rows: Any, words: set[str]) -> None:
    texts = _texts(tmp_path, rows)

    assert {name for name, word in WORDS.items() if word in texts} == words


def test_sentences_stand_in_the_figure_and_in_its_description(tmp_path: Path) -> None:
    texts = _texts(tmp_path, (*CPU, *GPU))

    spoken = ElementTree.parse(tmp_path / "a.svg").getroot().get("aria-label") or ""
    sentences = ("gpu:0 overtakes cpu:0 between batches of 32 and 256.", "where it comes from")
    assert [(any(one in text for text in texts), one in spoken) for one in sentences] == [(True, True)] * 2


def test_the_crossing_is_marked_between_both_batches() -> None:
    import matplotlib.figure

    panel = scaling_plot.figure(matplotlib, scaling.step_curves([*CPU, *GPU]), []).axes[0]

    (band,) = [one for one in panel.patches if one.get_label() == "crossing"]
    assert (band.get_x(), band.get_x() + band.get_width()) == (32, 256)


@pytest.mark.parametrize("rows", [CPU, GPU, (*CPU, *GPU), NO_LAW])
def test_each_axis_of_times_has_several_numbers(rows: Any) -> None:
    import matplotlib.figure

    panel = scaling_plot.figure(matplotlib, scaling.step_curves(rows), []).axes[0]

    low, high = panel.get_ylim()
    assert sum(low < one < high for one in panel.get_yticks()) >= 2


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    drawn = []
    for name in ("a.svg", "b.svg"):
        scaling_plot.draw(scaling.step_curves(CPU), [], tmp_path / name)
        drawn.append((tmp_path / name).read_bytes())

    assert drawn[0] == drawn[1]


def test_a_single_size_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="No network was timed with several batch sizes"):
        scaling_plot.draw(scaling.step_curves(CPU[:1]), [], tmp_path / "a.png")

    assert list(tmp_path.iterdir()) == []
