"""Comparisons of processes that only say how long their blocks took."""

from __future__ import annotations

import contextlib
import json
import math
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Iterator, Sequence

import pytest

from pytest_kerasch2 import cli
from pytest_kerasch2.errors import BadResults, ChildDied, InvalidArgument, InvalidMeasurement
from pytest_kerasch2.stats.paired_sequential import MIN_STARTS, ComparisonSettings, SpeedVerdict
from pytest_kerasch2.timing import compare, compare_result, timed_processes
from pytest_kerasch2.timing.compare import ComparisonPlan
from pytest_kerasch2.timing.compare_result import Comparison
from pytest_kerasch2.timing.timed_processes import ComparedSide
from tests.builders.stand_in_interpreter import interpreter

pytest.importorskip("scipy", reason="distributions are SciPy's, of the extra `accuracy`")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the interpreters of these tests are scripts")


def _side(folder: Path, name: str, **given: Any) -> ComparedSide:
    return ComparedSide(name, interpreter(folder / name, **given), folder)


def _compared(first: ComparedSide, second: ComparedSide, out: Path | None = None, **how: Any) -> Comparison:
    return compare.compare(first, second, ComparisonPlan(ComparisonSettings(), out=out, **how), lambda line: None)


def _verdicts(comparison: Comparison) -> dict[str, Any]:
    return {name: one and one.verdict for name, one in comparison.judgements().items()}


@pytest.mark.parametrize(
    ("ratio", "verdict"), [(1.1, SpeedVerdict.SLOWER), (1.0, SpeedVerdict.SAME), (0.9, SpeedVerdict.FASTER)]
)
def test_each_benchmark_is_decided(tmp_path: Path, ratio: float, verdict: SpeedVerdict) -> None:
    comparison = _compared(_side(tmp_path, "old"), _side(tmp_path, "new", ratio=ratio, seed=1))

    assert (_verdicts(comparison), comparison.verdict) == ({"fit": verdict, "predict": verdict}, verdict)


def test_it_ends_as_soon_as_all_are_decided(tmp_path: Path) -> None:
    comparison = _compared(_side(tmp_path, "old"), _side(tmp_path, "new", ratio=1.5, seed=1))

    assert (comparison.complete, max(one["start"] for one in comparison.starts) < MIN_STARTS) == (True, True)


def test_what_scatters_too_much_is_undecided(tmp_path: Path) -> None:
    comparison = _compared(_side(tmp_path, "old", scatter=0.1), _side(tmp_path, "new", scatter=0.1, seed=1))

    assert comparison.verdict is SpeedVerdict.UNDECIDED
    assert max(one["start"] for one in comparison.starts) == ComparisonSettings().max_starts - 1


def test_injected_slowdown_is_detected(tmp_path: Path) -> None:
    first, second = _side(tmp_path, "old"), _side(tmp_path, "new", seed=1)

    comparison = _compared(first, ComparedSide(second.name, second.python, second.folder, slowdown=0.1))

    assert comparison.verdict is SpeedVerdict.SLOWER


def test_some_benchmarks_alone(tmp_path: Path) -> None:
    comparison = _compared(_side(tmp_path, "old"), _side(tmp_path, "new", seed=1), benchmarks=("predict",))

    assert comparison.benchmarks == ["predict"]


def test_every_process_has_two_blocks_in_each_round_there_and_back(tmp_path: Path) -> None:
    comparison = _compared(_side(tmp_path, "old"), _side(tmp_path, "new", seed=1))

    turns = [turn for pair in comparison.starts for turn in pair["order"]]
    assert all(turn == turn[::-1] and sorted(turn) == [0, 0, 1, 1, 2, 2] for turn in turns)
    # Each of them goes first sometimes.
    assert {turn[0] for turn in turns} == {0, 1, 2}


def test_processes_that_take_the_same_give_the_same_comparison(tmp_path: Path) -> None:
    places = [tmp_path / "once", tmp_path / "again"]
    for place in places:
        place.mkdir()

    comparisons = [
        _compared(_side(place, "old"), _side(place, "new", seed=1), benchmarks=("predict",)) for place in places
    ]

    once, again = ([(one["order"], one["blocks"]) for one in process.starts] for process in comparisons)
    assert once == again


@pytest.mark.parametrize(
    ("given", "how", "error", "message"),
    [
        ({"dies": "block"}, {}, ChildDied, "new: exit status 1: the last words"),
        ({"refuses": "block"}, {}, InvalidMeasurement, "The clock stopped"),
        ({"owes": [0.04]}, {}, InvalidMeasurement, "fit of new: 4.0 % of a block was done after its clock had stopped"),
        ({"facts": {"node": "there"}}, {}, InvalidArgument, "node: here and there"),
        ({"facts": {"plugin": "9"}}, {}, InvalidArgument, "plugin: 0.1.0 and 9"),
        ({"benchmarks": ["other"]}, {}, InvalidArgument, "none in common"),
        ({}, {"benchmarks": ("fit", "nope")}, InvalidArgument, "nope; both have fit, predict"),
    ],
)
def test_what_cannot_be_compared_is_said(
    tmp_path: Path, given: Any, how: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        _compared(_side(tmp_path, "old"), _side(tmp_path, "new", **given), **how)


@pytest.mark.parametrize("owes", [[0.02], [0.0, 0.5, 0.0, 0.0]], ids=["a little", "in one process of four"])
def test_one_unsynchronised_process_is_not_an_error(tmp_path: Path, owes: Sequence[float]) -> None:
    comparison = _compared(_side(tmp_path, "old"), _side(tmp_path, "new", owes=owes, seed=1))

    assert comparison.verdict is SpeedVerdict.SAME


def test_unsynchronised_time_of_all_processes_is_refused_after_three_starts(tmp_path: Path) -> None:
    with pytest.raises(InvalidMeasurement):
        _compared(_side(tmp_path, "old"), _side(tmp_path, "new", owes=[0.5]))

    assert (tmp_path / "new" / "starts").read_text(encoding="utf-8") == "xxx"


def test_both_baseline_processes_must_be_synchronised(tmp_path: Path) -> None:
    with pytest.raises(InvalidMeasurement, match="fit of old"):
        _compared(_side(tmp_path, "old", owes=[0.5]), _side(tmp_path, "new", seed=1))


def test_what_is_decided_is_timed_no_more(tmp_path: Path) -> None:
    first, second = _side(tmp_path, "old"), _side(tmp_path, "new", scatter={"fit": 0.1, "predict": 0.003}, seed=1)

    comparison = _compared(first, second)

    counts = Counter(pair["benchmark"] for pair in comparison.starts)
    assert (counts["fit"], counts["predict"] < counts["fit"]) == (ComparisonSettings().max_starts, True)


@pytest.mark.parametrize(("kinds", "by"), [(("step", "step"), "step"), (("step", "call"), "epoch")])
def test_all_are_stopped_at_places_of_one_kind(tmp_path: Path, kinds: Sequence[str], by: str) -> None:
    first, second = (_side(tmp_path, f"of {place}", by=kind) for place, kind in enumerate(kinds))

    _compared(first, second)

    asked = {(tmp_path / f"of {place}" / "by").read_text(encoding="utf-8") for place in range(2)}
    assert asked == {by}


def test_what_is_around_lasts_while_blocks_are_timed_and_not_while_processes_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = False
    orders: set[tuple[str, bool]] = set()
    send = timed_processes.TimedProcess.send

    @contextlib.contextmanager
    def around() -> Iterator[None]:
        nonlocal inside
        inside = True
        yield
        inside = False

    def noted(worker: timed_processes.TimedProcess, do: str, **order: Any) -> None:
        orders.add((do, inside))
        send(worker, do, **order)

    monkeypatch.setattr(timed_processes.TimedProcess, "send", noted)
    _compared(_side(tmp_path, "old"), _side(tmp_path, "new", ratio=1.5, seed=1), during_blocks=around)

    assert {do for do, within in orders if within} == {"pace", "blocks", "block"}
    # A last order lets a run end, and is of no block.
    assert {do for do, within in orders if not within} == {"about", "open", "block"}


def test_candidate_is_compared_with_both_baseline_processes() -> None:
    pair = {"blocks": [{"steps": 10, "seconds": [seconds] * 4} for seconds in (1.0, 6.0, 4.0)]}

    comparison = [
        compare_result.log_ratio(pair, place) for place in (compare_result.CANDIDATE, compare_result.BASELINE_REPEAT)
    ]

    # The mean of the logarithms of 1 and 4 is that of 2; the first with itself is 4 to 1.
    assert comparison == pytest.approx([math.log(3), math.log(4)])


def test_of_the_two_blocks_of_a_round_the_quicker_counts() -> None:
    # In each round one of the two was disturbed, there or back, and in each process by something else.
    seconds = [[1.0, 9.0, 5.0, 1.0], [2.0, 3.0, 70.0, 2.0], [1.0, 2.0, 4.0, 1.0]]
    pair = {"blocks": [{"steps": 10, "seconds": process} for process in seconds]}

    assert compare_result.log_ratio(pair, compare_result.CANDIDATE) == pytest.approx(math.log(2))


def test_each_start_is_kept_and_tells_the_same_elsewhere(tmp_path: Path) -> None:
    out = tmp_path / "kept.json"

    comparison = _compared(_side(tmp_path, "old"), _side(tmp_path, "new", ratio=1.1, seed=1), out)

    assert compare_result.read_comparison(out).lines() == comparison.lines()


def test_what_was_measured_before_it_was_stopped_is_kept(tmp_path: Path) -> None:
    out = tmp_path / "kept.json"

    def on_progress(line: str) -> None:
        if line.startswith("start 3"):
            raise KeyboardInterrupt

    order = ComparisonPlan(ComparisonSettings(), out=out)
    with pytest.raises(KeyboardInterrupt):
        compare.compare(_side(tmp_path, "old", scatter=0.1), _side(tmp_path, "new", scatter=0.1), order, on_progress)

    kept = compare_result.read_comparison(out)
    assert (kept.complete, len(kept.starts)) == (False, 6)


def _stopped(tmp_path: Path, out: Path, after: int, **how: Any) -> tuple[ComparedSide, ComparedSide]:
    """Stop a comparison after so many starts, and return its sides."""
    sides = _side(tmp_path, "old", scatter=0.1), _side(tmp_path, "new", scatter=0.1)

    def on_progress(line: str) -> None:
        if line.startswith(f"start {after}"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compare.compare(*sides, _short(out, **how), on_progress)
    return sides


def _short(out: Path, **how: Any) -> ComparisonPlan:
    """Return a plan with the fewest starts that are looked at."""
    return ComparisonPlan(ComparisonSettings(max_starts=MIN_STARTS), out=out, **how)


def test_a_stopped_comparison_goes_on_where_it_was(tmp_path: Path) -> None:
    out = tmp_path / "kept.json"
    sides = _stopped(tmp_path, out, after=3)
    before = compare_result.read_comparison(out).starts

    comparison = compare.compare(*sides, _short(out), lambda line: None)

    numbers = [one["start"] for one in comparison.starts if one["benchmark"] == "fit"]
    assert (comparison.starts[: len(before)], numbers) == (before, list(range(len(numbers))))
    assert comparison.complete


@pytest.mark.parametrize("change", [{"seed": 1}, {"benchmarks": ("fit",)}])
def test_what_is_not_the_same_comparison_begins_anew(tmp_path: Path, change: Any) -> None:
    out = tmp_path / "kept.json"
    sides = _stopped(tmp_path, out, after=3)
    before = compare_result.read_comparison(out).starts

    comparison = compare.compare(*sides, _short(out, **change), lambda line: None)

    assert comparison.starts[0]["blocks"] != before[0]["blocks"]


def test_a_comparison_that_ended_is_not_gone_on_with(tmp_path: Path) -> None:
    out = tmp_path / "kept.json"
    sides = _side(tmp_path, "old"), _side(tmp_path, "new", ratio=1.5, seed=1)
    first = _compared(*sides, out)

    again = _compared(*sides, out)

    assert (len(again.starts), again.starts != first.starts) == (len(first.starts), True)


def _quick(tmp_path: Path, ratio: float, seconds: float = 600.0, most: int = MIN_STARTS) -> Comparison:
    """Return a quick look that ends by its number of starts, unless its seconds are over first."""
    settings = ComparisonSettings(0.05, max_starts=most, quick_seconds=seconds)
    sides = _side(tmp_path, "old"), _side(tmp_path, "new", ratio=ratio, seed=1)
    return compare.compare(*sides, ComparisonPlan(settings), lambda line: None)


@pytest.mark.parametrize(
    ("ratio", "verdict"), [(1.1, SpeedVerdict.SLOWER), (1.0, SpeedVerdict.NOT_SLOWER), (0.9, SpeedVerdict.NOT_SLOWER)]
)
def test_a_quick_look_tells_slower_from_not_slower(tmp_path: Path, ratio: float, verdict: SpeedVerdict) -> None:
    assert _verdicts(_quick(tmp_path, ratio)) == {"fit": verdict, "predict": verdict}


def test_a_quick_look_says_by_how_much_it_is_not_slower(tmp_path: Path) -> None:
    comparison = _quick(tmp_path, 1.0)

    judgement = comparison.judgements()["fit"]
    assert judgement is not None
    assert f"not slower by more than {100 * (judgement.ratio.high - 1):.1f} %" in comparison.lines()[1]


def test_a_quick_look_ends_when_its_time_is_over(tmp_path: Path) -> None:
    comparison = _quick(tmp_path, 1.5, seconds=1.0, most=1000)

    assert 0 < len(comparison.starts) < 2 * 1000


def test_a_quick_look_without_time_for_four_starts_decides_nothing(tmp_path: Path) -> None:
    comparison = _quick(tmp_path, 1.5, seconds=1e-6)

    assert (len(comparison.starts), comparison.verdict) == (2, SpeedVerdict.UNDECIDED)


def test_a_quick_look_that_was_stopped_decides_nothing(tmp_path: Path) -> None:
    comparison = _quick(tmp_path, 1.5)

    comparison.complete = False

    assert _verdicts(comparison) == {"fit": None, "predict": None}


def test_the_pace_is_measured_by_the_first_start_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    ask = timed_processes.TimedProcess.ask

    def noted(process: timed_processes.TimedProcess, do: str, **order: Any) -> Any:
        asked.append(do)
        return ask(process, do, **order)

    monkeypatch.setattr(timed_processes.TimedProcess, "ask", noted)

    _compared(_side(tmp_path, "old"), _side(tmp_path, "new", seed=1), benchmarks=("fit",))

    assert asked.count("pace") == 3


def _without_arms(path: Path) -> str:
    plain = json.loads(path.read_text(encoding="utf-8"))
    return json.dumps({name: value for name, value in plain.items() if name != "sides"})


@pytest.mark.parametrize(
    ("spoil", "expected_message"),
    [
        (lambda path: path.read_text(encoding="utf-8")[:500], "The comparison file cannot be read"),
        (_without_arms, "The comparison file does not match schema 4"),
    ],
)
def test_a_damaged_file_is_refused_by_name(tmp_path: Path, spoil: Any, expected_message: str) -> None:
    out = tmp_path / "kept.json"
    _compared(_side(tmp_path, "old"), _side(tmp_path, "new", ratio=1.5, seed=1), out)
    out.write_text(spoil(out), encoding="utf-8")

    with pytest.raises(BadResults, match=rf"{expected_message}.*kept\.json"):
        compare_result.read_comparison(out)


@pytest.mark.parametrize(("name", "other"), [("min_agreeing", 0.6), ("round_value", "the sum of both")])
def test_a_file_decided_by_another_rule_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, other: object
) -> None:
    out = tmp_path / "kept.json"
    Comparison(
        ComparisonSettings(), [{"name": "a", "revision": "", "slowdown": 0, "environment": {}}] * 2, ["fit"]
    ).write(out)
    monkeypatch.setitem(compare_result.RULE, name, other)

    with pytest.raises(BadResults, match="decided by another rule"):
        compare_result.read_comparison(out)


def test_unchecked_work_is_reported_once(tmp_path: Path) -> None:
    check = {"why_not": "it has several losses"}
    first, second = (
        _side(tmp_path, name, ratio=ratio, work_check=check) for name, ratio in (("old", 1.0), ("new", 1.5))
    )

    comparison = _compared(first, second)

    assert sum("its work was not checked: it has several losses" in line for line in comparison.lines()) == 2


def test_what_is_printed_when_an_interpreter_starts_is_no_answer(tmp_path: Path) -> None:
    comparison = _compared(_side(tmp_path, "old", prints="7"), _side(tmp_path, "new", ratio=1.5, prints="hello"))

    assert comparison.verdict is SpeedVerdict.SLOWER


def test_a_process_that_gives_no_answer_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timed_processes, "WATCH_INTERVAL", 0.05)

    with pytest.raises(InvalidMeasurement, match=r"new: block had not ended after 1 s"):
        _compared(_side(tmp_path, "old"), _side(tmp_path, "new", hangs="block"), deadline=1.0)


def test_a_baseline_that_differs_from_its_repeat_is_an_unfit_machine(tmp_path: Path) -> None:
    comparison = _compared(_side(tmp_path, "old"), _side(tmp_path, "new", seed=1))
    for pair in comparison.starts:
        process = pair["blocks"][compare_result.BASELINE_REPEAT]
        process["seconds"] = [1.2 * one for one in process["seconds"]]
    out = tmp_path / "unfit.json"
    comparison.write(out)

    assert cli.main(["compare", "--from-json", str(out)]) == 4
