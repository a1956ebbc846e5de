from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest
from markdown_it import MarkdownIt

from pytest_kerasch2.accuracy import command, gate, summary
from pytest_kerasch2.accuracy.command import GateRequest
from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.report import markdown, pictures
from tests.builders.gate_decisions import (
    EPOCHS,
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

Made = Callable[[], Any]


def _texts(page: str, inside: str) -> list[str]:
    """Return the texts of all elements of one kind, as a reader of Markdown finds them."""
    tokens = MarkdownIt().enable("table").parse(page)
    pairs = zip(tokens, tokens[1:])
    return [text.content for opening, text in pairs if opening.type == f"{inside}_open"]


def _cells(page: str) -> list[str]:
    return _texts(page, "td")


@pytest.mark.parametrize(
    ("build", "heading"),
    [
        (passed, "✓ Accuracy gate: pass"),
        (failed, "✗ Accuracy gate: fail"),
        (undecided, "? Accuracy gate: undecided after 2 trainings"),
        (untrained, "? Accuracy gate: undecided, before any training"),
    ],
)
def test_the_heading_is_the_verdict_with_its_sign(build: Made, heading: str) -> None:
    page = summary.page(*build())

    assert _texts(page, "heading") == [heading]


@pytest.mark.parametrize("name", ["tests/test_a.py::test_it[a|b]", "</details><b>*a*_b_`c`", "two\n\n# lines"])
def test_a_name_is_no_markup(name: str) -> None:
    page = summary.page(*passed(), title=name)

    parsed = MarkdownIt().enable("table").parse(page)
    inline = next(after for before, after in zip(parsed, parsed[1:]) if before.type == "heading_open")
    assert [(child.type, child.content) for child in inline.children or [] if child.type != "text_special"] == [
        ("text", f"✓ Accuracy gate: pass ({' '.join(name.split())})")
    ]


@pytest.mark.parametrize("build", [passed, undecided, untrained, strayed])
def test_all_evidence_is_told(build: Made) -> None:
    page = summary.page(*build())

    assert [line[2:] for line in page.splitlines() if line.startswith("- ")] == list(build()[1].evidence)


def test_of_many_alarms_a_few_are_told_in_words() -> None:
    built, decision = decided(curve_of(101, loss=0.5, test_loss=0.5, test_accuracy=0.5))

    lines = [line for line in summary.page(built, decision).splitlines() if line.startswith("- ")]

    assert (len(decision.alarms), lines[-1]) == (9, "- and 4 more, marked ◆ below")
    assert [line[2:] for line in lines[4:-1]] == [markdown.cell(str(alarm)) for alarm in decision.alarms[1:5]]


@pytest.mark.parametrize("build", [passed, failed, undecided, untrained, strayed])
def test_each_epoch_is_a_row_with_a_cell_for_each_series(build: Made) -> None:
    cells = _cells(summary.page(*build()))

    assert [cells[at] for at in range(0, len(cells), 5)] == [str(epoch) for epoch in range(1, EPOCHS + 1)]


@pytest.mark.parametrize("build", [passed, failed, undecided, untrained, strayed])
def test_alarms_are_marked_where_they_are(build: Made) -> None:
    cells = _cells(summary.page(*build()))

    marked = {(at % 5, at // 5 + 1) for at, cell in enumerate(cells) if "◆**" in cell}
    columns = ("", "loss", "accuracy", "test_loss", "test_accuracy")
    assert marked == {(columns.index(alarm.point.series), alarm.point.epoch) for alarm in build()[1].alarms}


def test_a_cell_tells_what_was_found_and_what_is_usual() -> None:
    distribution, decision = failed()
    first = min(decision.alarms, key=lambda alarm: alarm.point.epoch)

    cell = _cells(summary.page(distribution, decision))[1]

    usual = f"usual {first.expected:.4g}, chance {first.low:.4g} to {first.high:.4g}"
    assert cell == f"**{first.actual:.4g} ◆** `·◆·[····┊····]···`<br>{usual}"


def test_one_training_that_alone_lies_off_is_marked_otherwise() -> None:
    cells = [cell for cell in _cells(summary.page(*strayed())) if "◇" in cell or "◆" in cell]

    assert [cell.split("<br>")[0] for cell in cells] == ["0.8762 ◇ `···[····┊····]··◇`"]


@pytest.mark.parametrize(
    ("off", "strip"),
    [
        (0.0, "···[····●····]···"),
        (0.5, "···[····┊·●··]···"),
        (-1.0, "···[●···┊····]···"),
        (1.01, "···[····┊····]●··"),
        (-1.6, "·●·[····┊····]···"),
        (99.0, "···[····┊····]··●"),
    ],
)
def test_a_strip_shows_where_the_new_ones_lie(off: float, strip: str) -> None:
    assert summary._strip(off, "●") == strip


def test_a_better_accuracy_lies_to_the_right() -> None:
    built, decision = decided(curve_of(101, test_accuracy=0.3, test_loss=0.3))

    _, _, _, loss, accuracy = _cells(summary.page(built, decision))[:5]

    assert (loss.split("`")[1].index("◆"), accuracy.split("`")[1].index("◆")) == (0, 16)


@pytest.mark.parametrize(("build", "opened"), [(passed, False), (failed, True), (undecided, True)])
def test_the_table_is_open_unless_all_is_well(build: Made, opened: bool) -> None:
    assert ("<details open>" in summary.page(*build())) is opened


def test_before_any_training_nothing_is_said_to_be_found() -> None:
    page = summary.page(*untrained())

    assert ("●" in page, "Chance is where the mean of 10 trainings would lie by chance" in page) == (False, True)


def test_of_a_long_curve_some_epochs_are_shown_and_all_alarms() -> None:
    long = curve_of(101, 100)
    odd = tuple(value / (4 if epoch in (50, 70) else 1) for epoch, value in enumerate(long.loss))
    built, decision = decided(long.__class__(**{**long.to_dict(), "loss": odd}), reference=reference_of(epochs=100))

    page = summary.page(built, decision)

    shown = [int(cell) for cell in _cells(page)[::5]]
    alarms = sorted(alarm.point.epoch for alarm in decision.alarms)
    assert (alarms, len(shown), {1, 51, 71, 100} <= set(shown)) == ([51, 71], 28, True)
    assert "Not every epoch is shown" in page


def test_a_summary_is_appended_to_what_other_steps_wrote(tmp_path: Path) -> None:
    place = tmp_path / "summary.md"
    place.write_text("before\n", encoding="utf-8")

    for build in (passed, failed):
        command.append_summary(*build(), "a name", {"GITHUB_STEP_SUMMARY": str(place)})

    pages = [summary.page(*build(), title="a name") for build in (passed, failed)]
    assert place.read_text(encoding="utf-8") == "before\n" + "".join(pages)


def test_outside_of_a_workflow_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    command.append_summary(*passed(), "a name", {"GITHUB_STEP_SUMMARY": ""})

    assert list(tmp_path.iterdir()) == []


def test_a_summary_that_cannot_be_written_is_warned_of(tmp_path: Path) -> None:
    place = tmp_path / "nowhere" / "summary.md"

    with pytest.warns(UserWarning, match=r"The step summary cannot be written: .*summary\.md: No such file"):
        command.append_summary(*passed(), "a name", {"GITHUB_STEP_SUMMARY": str(place)})


def test_what_is_asked_with_a_summary_is_what_asking_gives(tmp_path: Path) -> None:
    how: dict[str, Any] = {"results": [curve_of(101), curve_of(102)], "margin": 0.03, "alpha": 0.02}
    place = tmp_path / "summary.md"

    decision = command.run_gate_with_summary(reference_of(), "a name", {"GITHUB_STEP_SUMMARY": str(place)}, **how)

    text = place.read_text(encoding="utf-8")
    shown = ("### ✓ Accuracy gate: pass (a name)" in text, "margin 3.00 points: " in text, "2 % of" in text)
    assert (decision, shown) == (gate.run_gate(reference_of(), **how), (True, True, True))


@pytest.mark.parametrize("place", ["a.pdf", "nowhere/a.png"])
def test_a_picture_that_could_not_be_written_is_refused_before_anything_is_trained(tmp_path: Path, place: str) -> None:
    question = GateRequest("no such reference", plot=[tmp_path / place])

    with pytest.raises(InvalidArgument, match="A picture"):
        command.run_command(question)


def test_a_decision_is_shown_in_every_way_that_was_asked_for(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="pictures need pytest-kerasch2[plots]")
    distribution, decision = passed()
    question = GateRequest("a name", json=tmp_path / "a.json", plot=[tmp_path / f"a{one}" for one in pictures.SUFFIXES])

    environ = {"GITHUB_STEP_SUMMARY": str(tmp_path / "a.md")}
    command.show(decision, reference_of(), distribution.settings, question, environ)

    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.json", "a.md", "a.png", "a.svg"]
