from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Callable

import pytest

from pytest_kerasch2.accuracy import plot
from pytest_kerasch2.accuracy.decision import GateVerdict
from pytest_kerasch2.accuracy.summary import summaries_by_series
from pytest_kerasch2.errors import FrameworkMissing, InvalidArgument
from pytest_kerasch2.report import pictures
from tests.builders.gate_decisions import (
    curve_of,
    decided,
    failed,
    passed,
    reference_of,
    strayed,
    undecided,
    untrained,
)

pytest.importorskip("scipy", reason="decisions need pytest-kerasch2[accuracy]")
matplotlib = pytest.importorskip("matplotlib", reason="pictures need pytest-kerasch2[plots]")

Texts = Callable[[Any], "list[str]"]
# As a part of the height of a panel.
LINE_HEIGHT = 0.05
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def svg(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Any], str]:
    """A function that draws what it is given, once in this module."""

    @lru_cache(maxsize=None)
    def drawn(build: Callable[[], Any]) -> str:
        path = tmp_path_factory.mktemp("drawn") / "a.svg"
        plot.write(*build(), path)
        return path.read_text(encoding="utf-8")

    return drawn


@pytest.fixture
def texts(svg: Callable[[Any], str]) -> Texts:
    """A function that gives the texts of a picture."""
    return lambda built: [one.text or "" for one in ElementTree.fromstring(svg(built)).iter(f"{SVG}text")]


@pytest.fixture
def coarse(monkeypatch: pytest.MonkeyPatch) -> None:
    """PNGs of fewer dots, which are drawn sooner."""
    monkeypatch.setattr(pictures, "DOTS_PER_INCH", 60)


def _ringed(path: Path) -> bool:
    """Return whether the colour of the rings is in a PNG."""
    from matplotlib.image import imread

    red, green, blue = (int(plot.CHANGED[at : at + 2], 16) for at in (1, 3, 5))
    pixels = (imread(str(path))[..., :3] * 255).round()
    return bool((pixels == [red, green, blue]).all(axis=-1).any())


@pytest.mark.parametrize(("build", "verdict"), [(passed, "pass"), (failed, "fail"), (undecided, "undecided")])
def test_the_decisions_made_up_here_are_those_that_are_meant(build: Callable[[], Any], verdict: str) -> None:
    assert build()[1].verdict is GateVerdict(verdict)


@pytest.mark.usefixtures("coarse")
@pytest.mark.parametrize("build", [passed, failed, untrained])
def test_a_png_is_an_image_with_rings_where_something_changed(tmp_path: Path, build: Callable[[], Any]) -> None:
    plot.write(*build(), tmp_path / "a.png")

    assert _ringed(tmp_path / "a.png") is (build is failed)


@pytest.mark.parametrize("build", [passed, failed, undecided, untrained, strayed])
def test_an_svg_has_a_ring_for_each_alarm(svg: Callable[[Any], str], build: Callable[[], Any]) -> None:
    rings = re.findall(r'id="alarm-(\w+)-(\d+)"', svg(build))

    expected = {(alarm.point.series, str(alarm.point.epoch)) for alarm in build()[1].alarms}
    assert (set(rings), len(rings)) == (expected, len(expected))


def test_its_panels_say_in_how_many_epochs_something_changed(texts: Texts) -> None:
    assert [text for text in texts(failed) if text.startswith(("Training", "Test"))] == [
        "Training loss: 3 of 3 epochs changed",
        "Training accuracy: no change seen",
        "Test loss: no change seen",
        "Test accuracy: no change seen",
    ]


@pytest.mark.parametrize("build", [passed, failed, undecided, untrained])
def test_its_title_is_the_verdict_and_the_reason(texts: Texts, build: Callable[[], Any]) -> None:
    shown = " ".join(texts(build)).partition("Accuracy gate: ")[2]

    words = build()[1].reason.split(": ", 1)[1]
    assert f"{words[:1].upper()}{words[1:]}" in shown


def test_an_svg_is_read_out_as_its_evidence(svg: Callable[[Any], str]) -> None:
    root = ElementTree.fromstring(svg(failed))

    label = root.attrib["aria-label"]
    assert (root.attrib["role"], [line in label for line in failed()[1].evidence]) == ("img", [True] * 7)


def test_what_decides_a_pass_is_explained(texts: Texts) -> None:
    keys = {"to pass: within 3 points", "test accuracy, its interval", "mean of the 2 new trainings"}

    assert keys <= set(texts(passed))


def test_before_any_training_the_usual_alone_is_drawn_and_that_is_said(texts: Texts) -> None:
    every = texts(untrained)

    keys = [text for text in every if text in ("chance", "usual, by 30 seeds") or "new" in text or "interval" in text]
    lines = [text for text in every if "nothing trained" in text or "the mean of 10 trainings" in text]
    assert (keys, len(lines)) == (["chance", "usual, by 30 seeds"], 5)


def test_one_training_that_alone_lies_off_is_explained(texts: Texts) -> None:
    notes = [plot.STRAY in texts(build) for build in (strayed, passed, failed)]

    assert notes == [True, False, False]


def test_the_band_is_that_of_the_alarms() -> None:
    distribution, decision = failed()

    actual = {one.point: one for points in summaries_by_series(distribution, decision).values() for one in points}

    shown = [(actual[one.point].low, actual[one.point].high, actual[one.point].actual) for one in decision.alarms]
    assert shown == [(one.low, one.high, one.actual) for one in decision.alarms] != []


@pytest.mark.parametrize("build", [passed, failed, undecided, strayed])
def test_beyond_the_band_lie_the_alarms_and_what_one_training_alone_says(build: Callable[[], Any]) -> None:
    points = [one for points in summaries_by_series(*build()).values() for one in points]

    outside = [one for one in points if one.actual is not None and not one.low <= one.actual <= one.high]
    assert outside == [one for one in points if one.changed or one.stray]


@pytest.mark.usefixtures("coarse")
@pytest.mark.parametrize("name", ["a.PNG", "a.svg"])
def test_the_same_decision_gives_the_same_bytes_whatever_the_users_settings(tmp_path: Path, name: str) -> None:
    (tmp_path / "again").mkdir()
    plot.write(*failed(), tmp_path / name)

    with matplotlib.rc_context({"axes.facecolor": "red", "savefig.dpi": 10, "svg.hashsalt": "other"}):
        plot.write(*failed(), tmp_path / "again" / name)
        kept = matplotlib.rcParams["axes.facecolor"]

    assert (tmp_path / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    assert kept == "red"


@pytest.mark.usefixtures("coarse")
def test_no_global_state_of_figures_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)

    plot.write(*passed(), tmp_path / "a.png")

    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def _one_epoch() -> Any:
    return decided(curve_of(101, 1), curve_of(102, 1), reference=reference_of(epochs=1))


def _many_epochs() -> Any:
    return decided(curve_of(101, 200, loss=0.5), reference=reference_of(epochs=200))


def _few_seeds() -> Any:
    return decided(curve_of(101), reference=reference_of(seeds=5, scatter=0.5))


def _perfect() -> Any:
    ideal = {"loss": 0.0, "accuracy": 0.0, "test_loss": 0.0, "test_accuracy": 0.0}
    return decided(curve_of(101, **ideal), curve_of(102, **ideal))


def _without_loss() -> Any:
    odd = curve_of(102)
    return decided(curve_of(101), replace(odd, test_loss=(0.0, *odd.test_loss[1:])), margin=0.03)


def _hopeless() -> Any:
    return decided(curve_of(101, accuracy=4.9, test_accuracy=10, loss=1e9))


@pytest.mark.parametrize(
    "build", [passed, failed, untrained, _one_epoch, _many_epochs, _few_seeds, _perfect, _without_loss, _hopeless]
)
def test_each_axis_has_numbers_enough_that_do_not_overlap(build: Callable[[], Any]) -> None:
    import matplotlib.figure

    panels = plot.figure(matplotlib, *build()).axes

    for panel in panels:
        _, heights = panel.transAxes.inverted().transform(panel.transData.transform(_up(panel))).T
        assert ((heights > 0) & (heights < 1)).sum() >= 3
        assert abs(heights[1:] - heights[:-1]).min() > LINE_HEIGHT
        assert 1 <= len(panel.get_xticks()) <= 12


def _up(panel: Any) -> list[tuple[float, float]]:
    return [(1.0, value) for value in panel.get_yticks()]


@pytest.mark.parametrize("build", [_one_epoch, _many_epochs, _few_seeds, _perfect, _hopeless])
def test_what_seldom_comes_is_drawn_too(svg: Callable[[Any], str], build: Callable[[], Any]) -> None:
    assert len(ElementTree.fromstring(svg(build)).findall(f"{SVG}g")) == 1


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("a.pdf", "A picture must be a .png or .svg file, got 'a.pdf'."),
        ("a", "A picture must be a .png or .svg file, got 'a'."),
        ("nowhere/a.png", "nowhere is not a folder"),
        ("folder.svg", "cannot be written: A file"),
    ],
)
def test_a_place_that_is_none_is_refused(tmp_path: Path, place: str, expected: str) -> None:
    (tmp_path / "folder.svg").mkdir()

    with pytest.raises(InvalidArgument) as caught:
        plot.write(*passed(), tmp_path / place)

    assert expected.replace(": A file", f": {tmp_path / place}") in str(caught.value)
    assert [one.name for one in tmp_path.iterdir()] == ["folder.svg"]


def _breaks(*ignored: Any) -> Any:
    raise OSError(28, "No space left on device")


@pytest.mark.usefixtures("coarse")
@pytest.mark.parametrize(
    ("owner", "name", "kind"), [(plot, "figure", OSError), (Path, "replace", InvalidArgument)], ids=["draw", "rename"]
)
def test_what_stood_there_still_stands_where_drawing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, kind: type[Exception]
) -> None:
    (tmp_path / "a.png").write_bytes(b"older")
    monkeypatch.setattr(owner, name, _breaks)

    with pytest.raises(kind, match="No space left on device"):
        plot.write(*passed(), tmp_path / "a.png")

    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("a.png", b"older")]


def test_without_matplotlib_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)

    with pytest.raises(FrameworkMissing, match=r'Run pip install "pytest-kerasch2\[plots\]"\.'):
        plot.write(*passed(), tmp_path / "a.png")

    assert list(tmp_path.iterdir()) == []
