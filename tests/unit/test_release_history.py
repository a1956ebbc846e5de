"""The release history: what is kept, what is still to be done, what the lines come to, and the document of them."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import pytest

if sys.version_info < (3, 11):
    pytest.skip("scripts of the benchmarks are run by CPython 3.11 or newer", allow_module_level=True)
pytest.importorskip("scipy", reason="intervals are SciPy's, of the extra `accuracy`")
if sys.platform == "win32":
    pytest.skip("the interpreters of these tests are scripts", allow_module_level=True)

from evaluation import release_history, release_history_kept, release_history_picture, release_history_report
from evaluation.release_history import Unmeasured, Wish
from evaluation.release_history_rows import history, jumps, series
from matrix import columns, environments, paths
from matrix.columns import Column
from matrix.errors import Unfinished
from pytest_kerasch2.errors import BadResults, ChildDied, InvalidArgument
from pytest_kerasch2.timing import compare
from pytest_kerasch2.timing.timed_processes import ComparedSide
from tests.builders.release_history_lines import STEP, line
from tests.builders.stand_in_interpreter import interpreter

RELEASES = columns.read(paths.RELEASES)
MODES = ["fit", "graph", "train_on_batch", "predict"]


def _measured(tmp_path: Path, **given: Any) -> dict[str, Any]:
    settings = {"benchmarks": MODES, **given}
    sides = [ComparedSide("old", interpreter(tmp_path / "old", benchmarks=MODES), tmp_path)]
    sides.append(ComparedSide("new", interpreter(tmp_path / "new", **{"seed": 1, **settings}), tmp_path))
    return release_history.measured(sides, "0 new 0", 0.1)


def test_a_start_has_blocks_of_both_processes_in_every_mode(tmp_path: Path) -> None:
    result = _measured(tmp_path, ratio=1.5)

    ratios = {name: math.exp(release_history_kept.log_ratio(mode)) for name, mode in result["modes"].items()}
    assert ratios == pytest.approx(dict.fromkeys(MODES, 1.5), rel=0.03)


def test_both_take_turns_there_and_back(tmp_path: Path) -> None:
    result = _measured(tmp_path)

    turns = [turn for mode in result["modes"].values() for turn in mode["order"]]
    assert (set(turns), len(turns)) == ({"0110", "1001"}, 4 * compare.MIN_ROUNDS)


def test_a_line_names_no_machine(tmp_path: Path) -> None:
    result = _measured(tmp_path)

    assert [(facts["keras"], "node" in facts) for facts in result["versions"]] == [("2.15.0", False)] * 2


def test_what_a_release_refuses_is_told_of_the_mode_alone(tmp_path: Path) -> None:
    result = _measured(tmp_path, owes=[0.5])

    assert {mode["reason"] for mode in result["modes"].values()} == {
        "The clock stopped before the work was done: new: 50.0 % of a block was done after its clock had stopped"
    }


def test_a_mode_that_ends_the_process_leaves_the_others_to_new_ones(tmp_path: Path) -> None:
    result = _measured(tmp_path, dies="block")

    assert {mode["reason"] for mode in result["modes"].values()} == {
        "A timed process has ended: new: exit status 1: the last words"
    }
    # One for each mode, because each of them ended it.
    assert (tmp_path / "new" / "starts").read_text(encoding="utf-8") == "xxxx"


def test_a_common_arm_that_ends_stops_it(tmp_path: Path) -> None:
    old, new = (interpreter(tmp_path / name, dies="block" if name == "old" else "") for name in ("old", "new"))

    with pytest.raises(ChildDied, match="old: exit status 1"):
        release_history.measured([ComparedSide("old", old, tmp_path), ComparedSide("new", new, tmp_path)], "0", 0.1)


def test_a_release_that_does_not_start_is_not_measured(tmp_path: Path) -> None:
    with pytest.raises(Unmeasured, match="new: exit status 1"):
        _measured(tmp_path, dies="about")


def test_a_reason_names_no_place_of_this_machine() -> None:
    error = Unfinished("Its environment does not install", "no wheel in /home/me/wheels", "see tf2.15.log")

    assert release_history.why(error) == "Its environment does not install: no wheel in …"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "history.jsonl"


@pytest.fixture
def had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was made and removed, of interpreters that only say times; that of tf2.14 cannot be had."""
    done: list[str] = []

    def side(_: Any, column: Column, package: Path) -> ComparedSide:
        done.append(f"made {column.environment}")
        if column.environment == "tf2.14":
            raise Unfinished("Its environment does not install", "no network")
        return ComparedSide(column.environment, interpreter(tmp_path / column.environment, benchmarks=MODES), package)

    monkeypatch.setattr(release_history, "arm_of", side)
    monkeypatch.setattr(release_history, "give_up_what_leads_astray", lambda column: None)
    monkeypatch.setattr(environments, "remove", lambda column: done.append(f"removed {column.environment}"))
    return done


def test_each_column_is_made_once_and_removed_after_it_and_the_common_one_last(out: Path, had: list[str]) -> None:
    release_history.record(RELEASES, Wish(("tf2.21", "tf2.15"), starts=2, seconds=0.1, remove=True, out=out))

    assert had == ["made tf2.21", "made tf2.15", "removed tf2.15", "removed tf2.21"]
    kept = [(one["column"], one["start"], one["seed"]) for one in release_history_kept.read(out)]
    assert kept == [(name, at, f"0 {name} {at}") for name in ("tf2.15", "tf2.21") for at in (0, 1)]


def test_a_column_that_cannot_be_had_is_kept_with_the_reason(
    out: Path, had: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    release_history.record(RELEASES, Wish(("tf2.14", "tf2.15"), starts=2, seconds=0.1, out=out))

    lines = release_history_kept.read(out)
    assert [one.get("reason") for one in lines] == ["Its environment does not install: no network", None, None]
    assert "[2/4, " in capsys.readouterr().out


def test_what_is_there_is_not_measured_again(out: Path) -> None:
    release_history_kept.keep(line("tf2.15", 1), out)

    result = release_history.to_do(RELEASES, Wish(("tf2.15", "tf2.14"), starts=3, out=out))

    assert [(column.environment, starts) for column, starts in result] == [("tf2.14", [0, 1, 2]), ("tf2.15", [0, 2])]


@pytest.mark.parametrize("other", [{"pins": "older"}, {"plugin": "0.0.1"}, {"suite": 0}, {"against_pins": "older"}])
def test_what_is_of_other_pins_or_of_another_plugin_is(out: Path, other: dict[str, Any]) -> None:
    out.write_text(json.dumps({**line("tf2.15"), **other}) + "\n", encoding="utf-8")

    result = release_history.to_do(RELEASES, Wish(("tf2.15",), starts=1, out=out))

    assert [starts for _, starts in result] == [[0]]


def test_a_release_that_could_not_be_had_is_tried_again(out: Path) -> None:
    release_history_kept.keep({**release_history_kept.of("tf2.15", "tf2.21"), "reason": "no network"}, out)

    assert release_history.to_do(RELEASES, Wish(("tf2.15",), starts=1, out=out))


@pytest.mark.parametrize("wish", [Wish(("theano",)), Wish(against="cntk"), Wish(("tf9",)), Wish(against="tf9")])
def test_a_release_that_cannot_be_timed_is_refused(wish: Wish) -> None:
    with pytest.raises(InvalidArgument):
        release_history.to_do(RELEASES, wish)


def test_all_but_those_that_a_copy_verifies_are_to_be_done(out: Path) -> None:
    result = release_history.to_do(RELEASES, Wish(out=out))

    expected = [one.environment for one in RELEASES.columns if not one.is_backported]
    assert [one.environment for one, _ in result] == expected


def test_a_line_takes_the_place_of_why_there_was_none_and_of_other_pins(out: Path) -> None:
    about = release_history_kept.of("tf2.15", "tf2.21")
    stale = {**line("tf2.15", 2), "pins": "older"}
    kept = [line("tf2.14"), line("tf2.15", against="tf2.20")]
    given = [{"schema": 1, **about, "reason": "no network"}, stale, *kept]
    out.write_text("".join(json.dumps(one) + "\n" for one in given), encoding="utf-8")

    release_history_kept.keep(line("tf2.15", 1), out)

    assert release_history_kept.read(out) == [*kept, line("tf2.15", 1)]


@pytest.mark.parametrize("text", ["{", "[]", '{"schema": 7}'])
def test_a_damaged_line_is_refused_by_its_number(out: Path, text: str) -> None:
    out.write_text(json.dumps(line("tf2.15")) + "\n" + text + "\n", encoding="utf-8")

    with pytest.raises(BadResults, match=r"line 2 of history\.jsonl"):
        release_history_kept.read(out)


def _jumps(*lines: dict[str, Any]) -> list[Any]:
    result = history(RELEASES, lines, "tf2.21")
    return [jump for _, rows in series(RELEASES, result) for jump in jumps(result, rows)]


def test_a_step_is_the_ratio_times_that_of_the_common_arm() -> None:
    result = history(RELEASES, [line("tf2.15", fit=1.5)], "tf2.21")

    assert result.image(result.rows["tf2.15"]) == pytest.approx(1.5 * STEP / 32 * 1e6)


def test_an_interval_is_by_what_the_starts_of_all_scatter() -> None:
    result = history(RELEASES, [line("tf2.14"), *(line("tf2.15", at, fit=1 + at / 10) for at in range(3))], "tf2.21")

    several, single = (result.span(result.rows[name], "fit") for name in ("tf2.15", "tf2.14"))
    assert several is not None
    assert single is not None
    assert several.low < 1 < several.estimate < 1.2 < several.high
    # By the same scatter, one start tells less than three.
    assert math.log(single.high / single.low) == pytest.approx(math.sqrt(3) * math.log(several.high / several.low))


def test_there_is_no_interval_where_no_release_was_started_twice() -> None:
    result = history(RELEASES, [line("tf2.14"), line("tf2.15")], "tf2.21")

    assert result.span(result.rows["tf2.14"], "fit") is None


@pytest.mark.parametrize(
    ("ratio", "names"),
    [(1.19, []), (1.21, ["tf2.14 to tf2.15"]), (1 / 1.19, []), (1 / 1.21, ["tf2.14 to tf2.15"])],
)
def test_a_jump_is_more_than_a_fifth_up_or_down(ratio: float, names: list[str]) -> None:
    assert [jump.name for jump in _jumps(line("tf2.14"), line("tf2.15", fit=ratio))] == names


def test_neighbours_are_of_one_series_and_one_backend() -> None:
    given = [line("tf2.15"), line("keras3.15-jax", fit=2.0), line("keras3.12-torch", fit=4.0)]

    assert _jumps(*given, line("tf2.16-legacy", fit=3.0))[0].name == "tf2.15 to tf2.16-legacy"
    assert _jumps(*given) == []


@pytest.mark.parametrize(
    ("parts", "phrase"),
    [
        ({"graph": 1.5, "train_on_batch": 1.5}, "It is the step itself:"),
        ({"graph": 1.25, "train_on_batch": 1.5}, "It is the step itself in part"),
        ({"graph": 1.9, "train_on_batch": 1.5}, "changed the other way"),
        ({"graph": 1.0, "train_on_batch": 1.5}, "around a step, in `train_on_batch` too"),
        ({"graph": 1.0, "train_on_batch": 1.0}, "what `fit` does around its steps"),
        ({"graph": "needs TensorFlow"}, "not told apart"),
    ],
)
def test_which_part_moved(parts: dict[str, Any], phrase: str) -> None:
    (jump,) = _jumps(line("tf2.14"), line("tf2.15", fit=1.5, **parts))

    assert phrase in release_history_report.where(jump)


def _page(*lines: dict[str, Any], notes: dict[str, str] | None = None) -> str:
    return release_history_report.page(RELEASES, history(RELEASES, lines, "tf2.21"), notes or {})


def test_a_row_has_its_ratio_with_an_interval_and_those_of_its_parts() -> None:
    result = _page(*(line("tf2.15", at, fit=[1.9, 2.0, 2.1][at], graph=1.0, predict=0.5) for at in range(3)))

    row = "| TensorFlow 2.15 | 2.15.0 | 3.11.7 | 125 | 2.00 (1.76 to 2.26) | 1.00 | 1.00 | 0.50 | 50 % |"
    assert row in result


def test_a_jump_without_a_note_says_so_and_one_with_it_has_it() -> None:
    lines = [line("tf2.13"), line("tf2.14", fit=1.5), line("tf2.15")]

    result = _page(*lines, notes={"tf2.13 to tf2.14": "The loop was written anew."})

    assert result.count("Cause: The loop was written anew.") == 1
    assert result.count("Cause: **not looked into yet**.") == 1


def test_what_was_not_measured_is_said() -> None:
    result = _page(line("tf2.15", graph="no graph"), line("tf2.14", fit="too slow"))

    assert "- TensorFlow 2.14: too slow\n" in result
    assert "- TensorFlow 2.13: not measured yet\n" in result
    assert "- TensorFlow 2.15, by hand: no graph" in result


@pytest.fixture
def docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(release_history_kept, "PLACE", tmp_path / "history.jsonl")
    monkeypatch.setattr(release_history_report, "NOTES", tmp_path / "notes.json")
    monkeypatch.setattr(release_history_report, "PLACE", tmp_path / "release-history.md")
    monkeypatch.setattr(release_history_picture, "PLACE", tmp_path / "release-history.png")
    return tmp_path


def test_without_data_there_is_no_document(docs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = release_history.main(["report", "--so-far"])

    assert (status, list(docs.iterdir())) == (2, [])
    error = capsys.readouterr().err
    assert ("There is no release history" in error, "nothing measured against tf2.21." in error) == (True, True)


def test_where_columns_are_missing_there_is_none_unless_it_is_asked_for(
    docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib", reason="pictures need pytest-kerasch2[plots]")
    release_history_kept.keep(line("tf2.15"), release_history_kept.PLACE)

    assert (release_history.main(["report"]), (docs / "release-history.md").exists()) == (2, False)
    assert "nothing of tf2.0, tf2.1," in capsys.readouterr().err
    assert release_history.main(["report", "--so-far"]) == 0
    assert (docs / "release-history.md").exists()


@pytest.mark.parametrize("text", ["{", "[]", '{"a": 1}'])
def test_notes_that_are_no_texts_are_refused(docs: Path, text: str) -> None:
    path = docs / "notes.json"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(BadResults, match=r"notes\.json"):
        release_history_report.notes_of(path)


def test_a_note_of_no_jump_is_named() -> None:
    result = history(RELEASES, [line("tf2.14"), line("tf2.15", fit=1.5)], "tf2.21")

    assert release_history_report.unused(RELEASES, result, {"tf2.14 to tf2.15": "", "tf2.0 to tf2.1": ""}) == [
        "tf2.0 to tf2.1"
    ]


def test_the_picture_is_drawn_also_where_parts_are_missing() -> None:
    pytest.importorskip("matplotlib", reason="pictures need pytest-kerasch2[plots]")
    lines = [*(line("tf2.15", at, fit=1 + at / 10) for at in range(3)), line("tf2.14", fit=2.0, graph="none")]

    result = release_history_picture.drawn(RELEASES, history(RELEASES, lines, "tf2.21"))

    assert result.startswith(b"\x89PNG")
