"""What is told of comparisons that were made: of made-up trials, whose scatter is known."""

from __future__ import annotations

import functools
import json
import math
import random
from pathlib import Path
from typing import Any

import pytest

from evaluation import compare_live, compare_picture, compare_report, timing_report
from pytest_kerasch2.errors import InvalidMeasurement
from pytest_kerasch2.stats.paired_sequential import ComparisonSettings

pytest.importorskip("scipy", reason="distributions are SciPy's, of the extra `accuracy`")
NAMES = ("fit", "predict")
STARTS = ComparisonSettings().max_starts


def _trial(seed: int, scatter: float, **changes: Any) -> dict[str, Any]:
    drawn = random.Random(seed)
    pairs = [
        {
            "start": start,
            "benchmark": name,
            "seconds": 2.0,
            "ratio": drawn.gauss(0, scatter),
            "null": drawn.gauss(0, scatter),
        }
        for start in range(STARTS)
        for name in NAMES
    ]
    usual = {
        "kind": "idle",
        "planted": 0.0,
        "seed": seed,
        "turns": compare_live.TURNS,
        "terms": compare_live._settings(ComparisonSettings()),
    }
    about = {"verdicts": dict.fromkeys(NAMES, "same"), "starts": STARTS, "measured": 48.0, "wall": 200.0}
    return {**usual, **about, "pairs": pairs, **changes}


@pytest.fixture(scope="module")
def pool() -> list[compare_report.Start]:
    return compare_report.starts_of([_trial(seed, 0.01) for seed in range(8)])["idle"]


@pytest.fixture
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """A section of which the resampled rates are not looked at, and so are those of a few runs."""
    monkeypatch.setattr(compare_report, "rates", functools.partial(compare_report.rates, runs=20))
    monkeypatch.setattr(compare_report, "quick_rates", functools.partial(compare_report.quick_rates, runs=20))
    monkeypatch.setattr(compare_report, "coverage", functools.partial(compare_report.coverage, trials=20))


def test_honest_starts_alone_are_drawn_from() -> None:
    result = compare_report.starts_of([_trial(0, 0.01), _trial(1, 0.01, planted=0.05), _trial(2, 0.01, kind="busy")])

    assert {kind: len(starts) for kind, starts in result.items()} == {"idle": STARTS, "busy": STARTS}


def test_a_start_without_all_benchmarks_is_not_drawn_from() -> None:
    trial = _trial(0, 0.01)
    # The second one was decided after six.
    trial["pairs"] = [one for one in trial["pairs"] if one["benchmark"] == NAMES[0] or one["start"] < 6]

    assert len(compare_report.starts_of([trial])["idle"]) == 6


def test_roles_are_drawn_of_which_each_has_the_same_processes(pool: list[compare_report.Start]) -> None:
    drawn = random.Random(0)
    start = {"fit": (0.1, 0.3, 2.0)}

    result = {compare_report.exchanged(start, drawn)["fit"] for _ in range(100)}

    # The logarithms of the three are 0, 0.25 and 0.3: any of them may be the second, and any other the first.
    expected = [(0.1, 0.3), (0.1, -0.3), (0.175, 0.25), (0.175, -0.25), (-0.275, 0.05), (-0.275, -0.05)]
    assert sorted((round(ratio, 9), round(null, 9)) for ratio, null, _ in result) == sorted(expected)


@pytest.mark.usefixtures("few_draws")
def test_a_false_faster_verdict_is_reported() -> None:
    trials = [_trial(0, 0.01), _trial(1, 0.01, verdicts={"fit": "same", "predict": "faster"})]

    text = compare_report.section(trials, [])

    assert "Honest runs: 2, with 4 verdicts; 0 of the runs red" in text
    assert ", 1 with something that was told to be faster" in text


@pytest.mark.usefixtures("few_draws")
def test_a_refused_honest_run_is_reported_and_has_no_verdict() -> None:
    refused = _trial(
        1, 0.01, verdicts=dict.fromkeys(NAMES, "refused"), measured=0.0, why="The clock stopped.", pairs=[]
    )

    text = compare_report.section([_trial(0, 0.01), refused], [])

    assert "Honest runs: 1, with 2 verdicts" in text
    assert "One more honest run (idle, seed 1) told nothing: The clock stopped. It was asked of each process" in text
    assert "| 0 % | idle | 2 | 0 | 0 | 2 | 0 | 0 | 2 | 48 s |" in text


def test_starts_of_all_loads_are_a_pool_where_those_of_one_are_too_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare_report, "FEWEST", 2 * STARTS)

    result = compare_report.pools_of([_trial(0, 0.01), _trial(1, 0.01, kind="busy")])

    assert {kind: len(pool) for kind, pool in result.items()} == {"all": 2 * STARTS}


def test_quick_looks_at_equal_code_are_seldom_red(pool: list[compare_report.Start]) -> None:
    results = compare_report.quick_rates(pool, 6, random.Random(0), runs=400)

    # Five of a hundred may be; of 400, 38 are more than three standard deviations above that.
    assert results[0.0]["slower"] < 38
    assert results[0.1]["slower"] > 380


def test_what_was_found_later_is_not_found_within_the_time() -> None:
    result = {"by": {6: 10, 8: 20, 11: 30, 16: 40}}

    assert [compare_report.by_then(result, starts) for starts in (5.9, 6, 10.9, 99)] == [0, 10, 20, 40]


def test_of_nothing_planted_few_runs_are_red(pool: list[compare_report.Start]) -> None:
    result = compare_report.rates(pool, 0.0, random.Random(0), runs=300)

    assert result.get("slower", 0) <= 6


def test_what_is_ten_times_the_scatter_is_found(pool: list[compare_report.Start]) -> None:
    result = compare_report.rates(pool, 0.1, random.Random(0), runs=100)

    # What was unfit is not red.
    assert result["slower"] + result.get("unfit", 0) == 100
    assert result["by"][STARTS] == result["slower"]


def test_an_interval_of_95_percent_covers_about_so_often(pool: list[compare_report.Start]) -> None:
    covered, of = compare_report.coverage(pool, random.Random(0), trials=500)[STARTS]

    assert 0.9 < covered / of < 0.99


def test_a_line_that_was_cut_short_is_passed_over_and_written_over(tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    path.write_text(json.dumps(_trial(0, 0.01)) + '\n{"kind": "id', encoding="utf-8")

    compare_live.append(_trial(1, 0.01), path)

    assert [one["seed"] for one in compare_live.read(path)] == [0, 1]


def test_trials_with_other_settings_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"

    compare_live.append(_trial(0, 0.01, turns={"seconds": 60}), path)

    assert compare_live.read(path) == []


def test_trials_with_other_blocks_are_reported_and_not_counted(tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    red = dict.fromkeys(NAMES, "slower")
    compare_live.append(_trial(0, 0.01, planted=0.05, turns={"seconds": 60}, verdicts={**red, "fit": "same"}), path)
    compare_live.append(_trial(1, 0.01, planted=0.05, verdicts=red), path)

    result = compare_report.section(compare_live.read(path), compare_live.otherwise(path))

    assert "Of benchmarks that were 5 % slower, 2 of 2 found" in result
    assert "Not counted, of before: 1 runs (60 s of a benchmark in a start; of a round counts the sum)" in result
    assert "Told slower: 1 of 2 at 5 % planted." in result


@pytest.mark.usefixtures("few_draws")
def test_the_section_names_each_kind_of_load() -> None:
    rendered = compare_report.section(
        [_trial(seed, 0.01, kind=kind) for seed in range(2) for kind in ("idle", "memory")]
    )

    assert "| 0 % | idle | 2 | 0 | 0 | 4 | 0 | 0 | 0 | 48 s | 200 s |" in rendered
    assert f"| memory | {2 * STARTS} |" in rendered


def test_what_was_planted_is_counted_by_benchmarks_and_by_seconds() -> None:
    verdicts = [dict(zip(NAMES, words)) for words in (("slower", "slower"), ("slower", "same"))]
    trials = [_trial(seed, 0.01, planted=0.05, verdicts=one) for seed, one in enumerate(verdicts)]
    # One was decided after eight starts of two seconds.
    trials[1]["pairs"] = [one for one in trials[1]["pairs"] if one["benchmark"] == NAMES[1] or one["start"] < 8]

    assert compare_report.spent_until_found(trials, 0.05) == [16.0, 2.0 * STARTS, 2.0 * STARTS, math.inf]
    rendered = compare_report.section(trials)
    assert "Of benchmarks that were 5 % slower, 3 of 4 found (19.4 % at least), 3 of them within 60 s" in rendered
    assert "Nothing was compared with itself yet" in rendered


def test_what_is_refused_is_kept_and_counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*given: Any) -> None:
        raise InvalidMeasurement("The clock stopped before the work was done", "half", "wait")

    monkeypatch.setattr(compare_live.compare, "compare", refuse)

    compare_live.append(compare_live.trial("idle", 0.05, 0), tmp_path / "kept.jsonl")

    (kept,) = compare_live.read(tmp_path / "kept.jsonl")
    assert "The clock stopped" in kept["why"]
    # Whoever asked has not been told of a slowdown that was there.
    assert compare_report.spent_until_found([kept], 0.05) == [math.inf] * 3
    assert "| 5 % | idle | 1 | 0 | 0 | 0 | 0 | 0 | 3 |" in compare_report.section([kept])


def test_a_slowdown_is_planted_into_each_benchmark_as_often(
    monkeypatch: pytest.MonkeyPatch, pool: list[compare_report.Start]
) -> None:
    planted: list[str] = []
    judged = compare_report.judged

    def noted(starts: Any, into: str, *how: Any) -> Any:
        planted.append(into)
        return judged(starts, into, *how)

    monkeypatch.setattr(compare_report, "judged", noted)

    compare_report.rates(pool, 0.05, random.Random(0), runs=10)

    assert [planted.count(name) for name in NAMES] == [5, 5]


def test_the_picture_has_what_was_live_and_what_was_resampled(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="pictures are of the extra `plots`")
    trials = [_trial(seed, 0.01) for seed in range(2)] + [
        _trial(2, 0.01, planted=0.05, verdicts=dict.fromkeys(NAMES, "slower"))
    ]

    compare_picture.draw(trials, tmp_path / "power.svg")

    text = (tmp_path / "power.svg").read_text(encoding="utf-8")
    labels = ("5 % slower, 2 live", "5 % slower, 2,000 resampled", "10 % slower, 2,000 resampled")
    assert [label for label in labels if f">{label}<" in text] == list(labels)


def test_the_picture_tells_in_words_what_was_found_in_time() -> None:
    result, missed = (dict.fromkeys(NAMES, verdict) for verdict in ("slower", "undecided"))
    trials = [_trial(0, 0.01, planted=0.05, verdicts=result), _trial(1, 0.01, planted=0.1, verdicts=missed)]

    rendered = compare_picture.description(trials)

    assert rendered == (
        "Of benchmarks that are slower by 5 %, 2 of 2 within 60 s. "
        "Of benchmarks that are slower by 10 %, 0 of 2 within 20 s."
    )


def test_what_was_not_measured_is_said_with_its_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(timing_report, "PARTS", [(tmp_path / "none", lambda: "", "This: `python -m this`")])

    assert "## Not measured yet\n\n- This: `python -m this`" in timing_report.page()
