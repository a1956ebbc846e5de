"""The rivals put side by side: drawing their values, keeping their trials, and telling of both."""

from __future__ import annotations

import json
import random
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from evaluation import (
    compare_rivals,
    rivals_asv,
    rivals_live,
    rivals_record,
    rivals_report,
    rivals_resampled,
    rivals_running,
    timing_report,
)
from evaluation.rivals_record import Finished, Trial
from evaluation.rivals_resampled import SHAPES, Shape
from evaluation.rivals_rules import OURS, RULES
from evaluation.rivals_running import Setting
from pytest_kerasch2.errors import BadResults, ChildDied, FrameworkMissing, InvalidArgument
from pytest_kerasch2.stats.paired_sequential import ComparisonSettings
from pytest_kerasch2.timing.compare_result import Comparison

# Each block tells its run by its hundreds, its start by its whole part, its process by the next digit.
RUNS = [
    [
        [[100 * run + start + 0.1 * process + 0.001 * block for block in range(10)] for process in range(3)]
        for start in range(starts)
    ]
    for run, starts in enumerate((3, 8, 5))
]
ARM = {"name": "x", "revision": "", "slowdown": 0.0, "environment": {"python": "3.11"}}


def _comparison(scatter: float, starts: int = ComparisonSettings().max_starts) -> Comparison:
    drawn = random.Random(1)
    result = Comparison(ComparisonSettings(), [ARM, ARM], ["fit", "train_on_batch"], complete=True)
    for start in range(starts):
        for name in result.benchmarks:
            level = [0.1 * (1 + scatter * drawn.gauss(0, 1)) for _ in range(3)]
            blocks = [
                {
                    "steps": 10,
                    "seconds": [each * (1 + 0.001 * drawn.random()) for _ in range(10)],
                    "unsynchronised": [0.0] * 10,
                }
                for each in level
            ]
            turns = [[0, 1, 2, 2, 1, 0]] * 5
            result.starts.append({"start": start, "benchmark": name, "load": 0.5, "order": turns, "blocks": blocks})
    return result


def _finished(rival: str, planted: float, number: int, **red: bool) -> Finished:
    rules = {"kerasch2": [OURS], "asv": ["asv 1.1", "asv 1.05"]}[rival]
    return Finished(
        Trial(rival, "busy", planted, number), dict.fromkeys(rules, red), {"measured": 40.0, "all": 90.0}, {}
    )


@pytest.mark.parametrize("seed", range(20))
def test_one_side_ends_before_the_other_begins(seed: int) -> None:
    before, after = rivals_resampled.sides(RUNS, Shape(5, 3), random.Random(seed))

    first, second = (sorted({int(value) for value in side}) for side in (before, after))
    assert len(before) == len(after) == 15
    assert [*first, *second] == list(range(first[0], first[0] + 4))


@pytest.mark.parametrize("seed", range(20))
def test_sides_that_take_turns_lie_around_each_other(seed: int) -> None:
    outer, inner = rivals_resampled.sides(RUNS, Shape(2, 10, in_turns=True), random.Random(seed))

    first = int(outer[0])
    assert [int(value) for value in outer[::10]] == [first, first + 3]
    assert [int(value) for value in inner[::10]] == [first + 1, first + 2]


@pytest.mark.parametrize("shape", [Shape(5, 3), Shape(2, 10, in_turns=True)])
def test_the_starts_of_a_rival_are_of_one_run(shape: Shape) -> None:
    sides = [rivals_resampled.sides(RUNS, shape, random.Random(seed)) for seed in range(200)]

    runs = [{int(value) // 100 for side in both for value in side} for both in sides]
    assert {len(one) for one in runs} == {1}
    # The first run is shorter than what either takes.
    assert set.union(*runs) == {1, 2}


@pytest.mark.parametrize(("scatter", "planted", "red"), [(0.0, 0.0, 0), (0.0, 0.2, 20)])
def test_every_rule_finds_what_is_planted_where_nothing_scatters(scatter: float, planted: float, red: int) -> None:
    rates = list(rivals_resampled.rates([_comparison(scatter)], "idle", planted, 20, 0))

    assert {one.rule for one in rates} == {*RULES, OURS} == {*SHAPES, OURS}
    # The t-test calls the least difference significant, and so also what is none.
    assert {one.suites_red for one in rates if one.rule != "pyperf" or red} == {red}


def test_the_scatter_of_processes_alarms_those_who_compare_one_with_one() -> None:
    rates = {one.rule: one for one in rivals_resampled.rates([_comparison(0.1, 24)], "idle", 0.0, 100, 0)}

    assert rates["pytest-benchmark mean:5%"].suites_red > 20
    assert rates[OURS].suites_red <= 5


def test_what_is_compared_with_another_thing_is_refused(tmp_path: Path) -> None:
    result = _comparison(0.0)
    result.sides = [ARM, {**ARM, "slowdown": 0.05}]
    result.write(tmp_path / "x.json")

    with pytest.raises(InvalidArgument, match="not of one thing and itself"):
        rivals_resampled.null([tmp_path / "x.json"])


def test_too_few_starts_are_refused(tmp_path: Path) -> None:
    _comparison(0.0, 12).write(tmp_path / "x.json")

    with pytest.raises(InvalidArgument, match=r"too few starts.*: 12.*--max-starts 40"):
        rivals_resampled.null([tmp_path / "x.json"])


def test_starts_that_lack_a_benchmark_are_passed_over(tmp_path: Path) -> None:
    result = _comparison(0.0, 16)
    # The second benchmark was decided a start earlier.
    del result.starts[-1]
    for name in ("x.json", "y.json"):
        result.write(tmp_path / name)

    runs = rivals_resampled.null([tmp_path / "x.json", tmp_path / "y.json"])

    assert [[pair["start"] for pair in one.starts] for one in runs] == 2 * [
        [start for start in range(15) for _ in "12"]
    ]


def test_a_rule_that_takes_more_starts_than_any_run_has_is_left_out() -> None:
    short = [_comparison(0.0, 11), _comparison(0.0, 13)]

    rates = list(rivals_resampled.rates(short, "idle", 0.2, 10, 0))

    assert SHAPES["pyperf"].starts == 14
    assert {one.rule for one in rates} == {*RULES, OURS} - {"pyperf"}
    assert {one.suites_red for one in rates} == {10}


def test_files_of_several_environments_are_refused(tmp_path: Path) -> None:
    result = _comparison(0.0)
    result.write(tmp_path / "x.json")
    result.sides = [{**ARM, "environment": {"python": "3.12"}}] * 2
    result.write(tmp_path / "y.json")

    with pytest.raises(InvalidArgument, match="several environments"):
        rivals_resampled.null([tmp_path / "x.json", tmp_path / "y.json"])


def test_a_file_without_its_kind_of_load_is_refused() -> None:
    with pytest.raises(InvalidArgument, match=r"no kind of load.*x\.json.*KIND=FILE"):
        compare_rivals.named(["busy=y.json", "x.json"])


def test_an_early_stop_leaves_about_as_many_trials_of_each() -> None:
    planned = compare_rivals.trials(3, ["asv", "pyperf"], ["idle", "busy"], [0.0, 0.05])

    assert len(set(planned)) == 24
    assert {(one.rival, one.kind, one.planted) for one in planned[:8]} == {
        (one.rival, one.kind, one.planted) for one in planned
    }


@pytest.mark.parametrize(("rivals", "kinds"), [(["hyperfine"], ["idle"]), (["asv"], ["heavy"])])
def test_a_trial_of_an_unknown_name_is_refused(rivals: list[str], kinds: list[str]) -> None:
    with pytest.raises(InvalidArgument, match=r"no such (rival|kind of load).*(hyperfine|heavy).*some of"):
        compare_rivals.trials(1, rivals, kinds, [0.0])


def test_a_rival_that_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rivals_record, "PACKAGES", ("numpy", "no-such-rival"))

    with pytest.raises(FrameworkMissing, match=r"no-such-rival is missing.*\[rivals\]"):
        rivals_record.header(Setting())


def test_a_failed_command_is_reported_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(ChildDied, match="exit status 3: the last words"):
        rivals_running.output_of([sys.executable, "-c", "import sys; print('the last words'); sys.exit(3)"], tmp_path)


def test_a_command_runs_beside_the_change_of_its_project(tmp_path: Path) -> None:
    rivals_running.change(tmp_path, 0.05)

    output = rivals_running.output_of([sys.executable, "-c", "import planted; print(planted.SLOWER)"], tmp_path)

    assert output == "0.05\n"


def test_ours_is_taken_from_live_trials_of_the_same_loads_and_changes() -> None:
    verdicts = {"fit": "same", "train_on_batch": "slower", "predict": "slower"}
    pairs = [{"benchmark": name, "seconds": 2.0} for name in verdicts]
    live = [
        {"kind": kind, "planted": planted, "seed": 3, "verdicts": verdicts, "wall": 300.0, "pairs": pairs}
        for kind in ("idle", "busy")
        for planted in (0.0, 0.05, 0.1)
    ]

    (result,) = rivals_report.ours(live, {"busy"}, {0.05, 0.2})

    assert result.trial == Trial("kerasch2", "busy", 0.05, 3)
    assert result.red == {OURS: {"train_on_batch": True, "fit": False}}
    assert result.seconds == {"measured": 4.0, "all": 300.0}


def test_what_ours_refused_is_no_finding_and_no_quiet_run() -> None:
    verdicts = dict.fromkeys(("fit", "train_on_batch", "predict"), "refused")
    about = {"kind": "idle", "seed": 0, "verdicts": verdicts, "wall": 300.0, "pairs": []}

    result = rivals_report.ours([{**about, "planted": share} for share in (0.0, 0.05)], {"idle"}, {0.0, 0.05})

    assert [(one.trial.planted, any(one.red[OURS].values())) for one in result] == [(0.05, False)]


def test_what_was_kept_is_read_again_but_for_a_line_cut_short(tmp_path: Path) -> None:
    path, settings = tmp_path / "x.jsonl", {"schema": 1, "setting": {"seconds": 20.0}}
    ended = _finished("asv", 0.05, 0, fit=True)
    with rivals_record.appending(path, settings):
        rivals_record.append(path, ended)
    with path.open("a", encoding="utf-8") as stream:
        stream.write('{"trial": {"riv')

    with rivals_record.appending(path, settings) as result:
        rivals_record.append(path, ended)

    assert result == [ended]
    assert rivals_record.read(path)[1] == [ended, ended]


def test_rivals_that_were_asked_otherwise_are_not_mixed(tmp_path: Path) -> None:
    with rivals_record.appending(tmp_path / "x.jsonl", {"schema": 1, "setting": {"seconds": 20.0}}):
        pass

    with pytest.raises(BadResults, match=r"asked otherwise.*20\.0.*now.*5\.0"), rivals_record.appending(
        tmp_path / "x.jsonl", {"schema": 1, "setting": {"seconds": 5.0}}
    ):
        pass


@pytest.mark.parametrize("text", ["", "7\n", '{"schema": 1}\n{"trial": 7}\n', '{"schema": 2}\n'])
def test_a_file_of_something_else_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.jsonl").write_text(text, encoding="utf-8")

    with pytest.raises(BadResults):
        rivals_record.read(tmp_path / "x.jsonl")


def test_the_section_counts_suites_and_benchmarks_with_their_bounds(tmp_path: Path) -> None:
    settings = {"schema": 1, "setting": {"seconds": 20.0, "processes": 20}, "versions": {"asv": "0.6.6"}, "cores": 2}
    path = tmp_path / "x.jsonl"
    with rivals_record.appending(path, {**settings, "python": "3.11.7"}):
        for number in range(10):
            rivals_record.append(path, _finished("asv", 0.0, number, fit=number == 0, train_on_batch=number < 2))
            rivals_record.append(path, _finished("kerasch2", 0.05, number, fit=True, train_on_batch=number < 9))

    output = rivals_report.section(path, tmp_path / "none.json", [])

    # The exact bound of 2 of 10 from above, and of 10 of 10 from below: 0.05 to the power of a tenth.
    assert "| asv 1.1 | 2 of 10 (20 %), ≤ 50.7 % |" in output
    assert "| asv 1.1 | 3 of 20 (15 %), ≤ 34.4 % |" in output
    assert "10 of 10 (100 %), ≥ 74.1 % |" in output
    assert "| asv | 10 | 20 s | 90 s |" in output
    assert "Not resampled yet." in output


@pytest.mark.parametrize(("met", "flagged"), [(["busy"], True), (["busy", "idle"], False)])
def test_a_rival_that_met_fewer_loads_is_named(tmp_path: Path, met: list[str], flagged: bool) -> None:
    settings = {"schema": 1, "setting": {"seconds": 20.0, "processes": 20}, "versions": {"asv": "0.6.6"}, "cores": 2}
    path = tmp_path / "x.jsonl"
    trials = [("kerasch2", "busy"), ("kerasch2", "idle"), *(("asv", kind) for kind in met)]
    with rivals_record.appending(path, {**settings, "python": "3.11.7"}):
        for rival, kind in trials:
            one = _finished(rival, 0.0, 0, fit=False)
            rivals_record.append(path, replace(one, trial=replace(one.trial, kind=kind)))

    output = rivals_report.section(path, tmp_path / "none.json", [])

    assert (
        "not to be held against the others: asv 1.1, asv 1.05." in output,
        "| asv 1.1 | – | 0 of 1 |" in output,
    ) == (
        flagged,
        flagged,
    )


def test_there_is_no_figure_before_a_trial_has_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {
        "schema": 1,
        "setting": {"seconds": 20.0, "processes": 20},
        "versions": {},
        "cores": 2,
        "python": "3.11.7",
    }
    monkeypatch.setattr(compare_rivals, "LIVE", tmp_path / "x.jsonl")
    monkeypatch.setattr(timing_report, "RIVALS", tmp_path / "x.png")
    with rivals_record.appending(tmp_path / "x.jsonl", settings):
        pass

    output = timing_report.rivals()

    assert ("0 trials" in output, "x.png" in output) == (True, False)


def test_the_section_has_what_was_resampled(tmp_path: Path) -> None:
    _comparison(0.0).write(tmp_path / "x.json")
    rivals_resampled.write({"busy": [tmp_path / "x.json"]}, [0.0, 0.2], 10, 0, tmp_path / "out.json")

    output = rivals_report.section(tmp_path / "none.jsonl", tmp_path / "out.json", [])

    assert "Not run in earnest yet." in output
    assert f"busy: {ComparisonSettings().max_starts} starts" in output
    assert "| kerasch2 compare | 0 % | 100 % |" in output
    assert json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["seed"] == 0


def test_what_asv_marks_as_worse_is_read() -> None:
    table = (
        "| Change | Before | After | Ratio | Benchmark (Parameter) |\n|---|---|---|---|---|\n"
        "| + | 1.0±0s | 2.0±0s | 2.00 | timing.time_fit |\n"
        "|  | 1.0±0ms | 1.0±0ms | ~1.20 | timing.time_train_on_batch |\n"
    )

    assert rivals_asv._red(table) == {"fit": True, "train_on_batch": False}


def test_what_pyperf_tells_to_be_slower_is_read() -> None:
    output = (
        "Slower (1):\n- fit: 1 sec -> 2 sec: 2.00x slower\n\nFaster (1):\n- train_on_batch: 2 ms -> 1 ms: 2x faster\n"
    )

    assert rivals_live._slower(output) == {"fit"}


def test_what_pytest_benchmark_tells_to_have_regressed_is_read() -> None:
    output = "\ttest_step[fit] (0001_before) - Field 'mean' has failed PercentageRegressionCheck: 50.0 > 5.0"

    assert [(one["name"], one["field"]) for one in rivals_live.REGRESSED.finditer(output)] == [("fit", "mean")]
