"""Runs of the matrix on interpreters that only write results files: what is kept, what is empty, what is said."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Mapping

import pytest

if sys.version_info < (3, 9):
    pytest.skip("the matrix is run by CPython 3.9 or newer", allow_module_level=True)

from matrix import columns, disk, figures, paths, scheduler, sources, verify
from matrix.columns import Releases
from pytest_kerasch2.errors import BadTable
from tests.builders import fake_matrix
from tests.builders.fake_matrix import column, run, table

Runs = Callable[[], "list[str]"]


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    """A place of its own for all that a run makes; gives what was run, as lines."""
    return fake_matrix.stand_in(tmp_path, monkeypatch)


def test_all_columns_are_run_and_merged(runs: Runs) -> None:
    status = run(column("2.14"), column("2.15"))

    assert (status, runs()) == (0, ["tf2.14 datasets dtypes", "tf2.15 datasets dtypes"])
    assert [one["environment"] for one in table()["releases"]] == ["tf2.14", "tf2.15"]


def test_figures_are_trained_for_alone_and_kept(runs: Runs) -> None:
    status = figures.train(Releases("2026-01-01", (column("2.15"), column("2.16"))), ["tf2.16"])

    assert (status, runs(), sorted(path.name for path in paths.FIGURES.iterdir())) == (
        0,
        ["tf2.16 trained printed_numbers"],
        ["tf2.16.json"],
    )


@pytest.mark.parametrize(
    "variables",
    [{"ABSENT": "1"}, {"OFFLINE": "1"}, {"STATUS": "3"}, {"OPEN": "1"}, {"OPEN": "1", "BITS": "1"}, {"STATUS": "2"}],
)
def test_figures_that_were_kept_stay_where_training_does_not_end(runs: Runs, variables: Mapping[str, str]) -> None:
    releases = Releases("2026-01-01", (column("2.16", **variables),))
    paths.FIGURES.mkdir()
    paths.figures("tf2.16").write_text("kept", encoding="utf-8")

    status = figures.train(releases, ["tf2.16"])

    assert (status > 0, paths.figures("tf2.16").read_text(encoding="utf-8")) == (True, "kept")


def test_stopped_no_further_release_is_trained(runs: Runs) -> None:
    releases = Releases("2026-01-01", (column("2.15", STATUS="2"), column("2.16")))

    status = figures.train(releases, ["tf2.15", "tf2.16"])

    assert (status, runs()) == (130, ["tf2.15 trained printed_numbers"])


def test_a_run_that_a_signal_ended_has_failed(runs: Runs) -> None:
    releases = Releases("2026-01-01", (column("2.15", STATUS="-9"), column("2.16")))

    assert figures.train(releases, ["tf2.15", "tf2.16"]) == 1


def test_figures_of_another_release_are_left_out_of_the_table(runs: Runs, capsys: pytest.CaptureFixture[str]) -> None:
    figures.train(Releases("2026-01-01", (column("2.16", TF="2.15.0"),)), ["tf2.16"])

    run(column("2.16", FIGURES="printed_numbers"))

    assert [one["trained"] for one in table()["releases"]] == [False]
    assert "figures of tf2.16 are left out" in capsys.readouterr().out


def test_the_table_takes_the_figures_of_its_columns(runs: Runs) -> None:
    listed = (column("2.15", FIGURES="printed_numbers"), column("2.16", FIGURES="printed_numbers"))
    run(*listed)
    figures.train(Releases("2026-01-01", listed), ["tf2.16"])

    run(*listed, only_table=True)

    assert [one["trained"] for one in table()["releases"]] == [False, True]


def test_what_has_not_changed_is_not_run_again(runs: Runs) -> None:
    run(column("2.15"))

    run(column("2.15"))

    assert runs() == ["tf2.15 datasets dtypes"]


def test_a_run_without_mnist_is_not_the_last_word(runs: Runs) -> None:
    run(column("2.15", NO_MNIST="1"))

    run(column("2.15", NO_MNIST="1"))

    assert len(runs()) == 2


def test_a_results_file_that_was_damaged_is_made_anew(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    run(column("2.15"))
    paths.results("tf2.15").write_text("{", encoding="utf-8")

    status = run(column("2.15"))

    assert (status, runs()) == (0, ["tf2.15 datasets dtypes"] * 2)


def test_force_runs_it_again(runs: Runs) -> None:
    run(column("2.15"))

    run(column("2.15"), force=True)

    assert len(runs()) == 2


def test_only_the_column_that_changed_is_run(runs: Runs) -> None:
    run(column("2.14"), column("2.15"))

    run(column("2.14"), replace(column("2.15"), requires=("tensorflow==2.15.0", "numpy<2")))

    assert runs().count("tf2.14 datasets dtypes") == 1
    assert runs().count("tf2.15 datasets dtypes") == 2


def test_a_changed_section_alone_is_run(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    run(column("2.15"))
    changed = sources.Sources("plugin", {"datasets": "1", "dtypes": "2"})
    monkeypatch.setattr(sources, "read", lambda package: changed)

    run(column("2.15"))

    assert runs() == ["tf2.15 datasets dtypes", "tf2.15 dtypes"]


def test_after_a_failure_all_sections_are_run(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    run(column("2.15", STATUS="1"))
    changed = sources.Sources("plugin", {"datasets": "1", "dtypes": "2"})
    monkeypatch.setattr(sources, "read", lambda package: changed)

    run(column("2.15", STATUS="1"))

    assert runs() == ["tf2.15 datasets dtypes"] * 2


def test_a_part_is_merged_into_the_results_file(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    run(column("2.15"))
    changed = sources.Sources("plugin", {"datasets": "1", "dtypes": "2"})
    monkeypatch.setattr(sources, "read", lambda package: changed)

    run(column("2.15"))

    assert {one["id"] for one in table()["claims"]} == {"datasets.description", "dtypes.default"}


def test_an_unexplained_verdict_is_one_and_its_results_counts(runs: Runs, capsys: pytest.CaptureFixture[str]) -> None:
    status = run(column("2.15", STATUS="1"))

    assert (status, "not as recorded: dtypes.default" in capsys.readouterr().out) == (1, True)
    assert paths.results("tf2.15").exists()


def test_it_is_remembered_while_nothing_changes(runs: Runs) -> None:
    run(column("2.15", STATUS="1"))

    assert run(column("2.15", STATUS="1")) == 1


def test_a_column_that_cannot_be_had_is_empty_and_says_why(runs: Runs) -> None:
    status = run(column("2.14"), column("2.15", ABSENT="1"))

    assert (status, "no CPython 3.11" in table()["releases"][1]["absent"]) == (0, True)


def test_a_column_that_can_be_had_again_is_no_longer_absent(runs: Runs) -> None:
    run(column("2.14"), column("2.15", ABSENT="1"))

    run(column("2.14"), column("2.15"))

    assert not paths.absence("tf2.15").exists()


def test_an_old_results_does_not_stand_for_a_column_that_is_gone(runs: Runs) -> None:
    run(column("2.14"), column("2.15"))

    run(column("2.14"), column("2.15", ABSENT="1"))

    assert not paths.results("tf2.15").exists()


def test_an_environment_that_does_not_import_is_absent_not_broken(runs: Runs) -> None:
    status = run(column("2.14"), column("2.15", STATUS="4", IMPORT="ImportError: libx.so"))

    text = paths.absence("tf2.15").read_text(encoding="utf-8")
    assert (status, "cannot import tensorflow" in text, "ImportError: libx.so" in text) == (0, True, True)


def test_a_run_without_a_results_file_fails(runs: Runs) -> None:
    status = run(column("2.14"), column("2.15", STATUS="3"))

    text = paths.absence("tf2.15").read_text(encoding="utf-8")
    assert (status, "exit status 3" in text) == (1, True)


def test_what_does_not_install_today_loses_nothing_and_fails(runs: Runs, capsys: pytest.CaptureFixture[str]) -> None:
    run(column("2.14"), column("2.15"))
    before = table()

    status = run(column("2.14"), column("2.15", OFFLINE="1"))

    assert (status, paths.results("tf2.15").exists(), table()) == (1, True, before)
    assert "1 columns are of other files than today's, such as tf2.15" in capsys.readouterr().out


def test_no_table_mixes_columns_of_old_files_and_new(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    run(column("2.14"), column("2.15"))
    (paths.DOCS / "compatibility.json").unlink()
    changed = sources.Sources("plugin", {"datasets": "1", "dtypes": "2"})
    monkeypatch.setattr(sources, "read", lambda package: changed)

    run(column("2.14"), column("2.15"), names=("tf2.15",))

    assert not (paths.DOCS / "compatibility.json").exists()


def test_a_table_to_check_against_is_read_before_the_runs(runs: Runs, tmp_path: Path) -> None:
    with pytest.raises(BadTable, match="nowhere"):
        run(column("2.15"), check=tmp_path / "nowhere.json")

    assert runs() == []


def test_no_place_of_this_machine_gets_into_the_table(runs: Runs) -> None:
    run(column("2.14"), column("2.15", STATUS="3"))

    assert "the last words of … and …" in paths.absence("tf2.15").read_text(encoding="utf-8")


def test_of_a_run_that_does_not_end_the_log_is_shown(
    runs: Runs, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "DEADLINE", 0.5)

    status = run(column("2.14"), column("2.15", WAIT="60"))

    assert (status, "| the last words of /a/place" in capsys.readouterr().out) == (1, True)


def test_without_all_columns_no_table_is_written(runs: Runs, capsys: pytest.CaptureFixture[str]) -> None:
    run(column("2.14"), column("2.15"), names=("tf2.15",))

    assert "no table is written: 1 columns have not been run, such as tf2.14" in capsys.readouterr().out
    assert not (paths.DOCS / "compatibility.json").exists()


def test_only_the_table_is_made_of_what_is_there(runs: Runs) -> None:
    run(column("2.14"), column("2.15"), names=("tf2.15",))

    run(column("2.14"), column("2.15"), only_table=True)

    assert len(runs()) == 1
    assert ["absent" in one for one in table()["releases"]] == [True, False]


def test_a_column_as_in_the_committed_table_passes(runs: Runs) -> None:
    run(column("2.14"), column("2.15"))

    assert run(column("2.14"), column("2.15"), names=("tf2.15",), check=paths.DOCS / "compatibility.json") == 0


def test_a_verdict_that_differs_from_the_committed_table_fails(runs: Runs, capsys: pytest.CaptureFixture[str]) -> None:
    kept = paths.DOCS / "compatibility.json"
    run(column("2.14"), column("2.15"))
    kept.write_text(
        kept.read_text(encoding="utf-8").replace('"verdict": "held"', '"verdict": "broken"'), encoding="utf-8"
    )

    status = run(column("2.14"), column("2.15"), names=("tf2.15",), check=kept)

    assert (status, "differs: " in capsys.readouterr().out) == (1, True)


def test_a_column_to_be_checked_that_cannot_be_had_fails(runs: Runs) -> None:
    run(column("2.14"), column("2.15"))

    gone = column("2.15", ABSENT="1")

    assert run(column("2.14"), gone, names=("tf2.15",), check=paths.DOCS / "compatibility.json") == 1


def test_environments_are_removed_where_that_is_asked_for(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    paths.make()
    for name in ("tf2.15", "tf2.14"):
        paths.environment(name).mkdir()
    monkeypatch.setattr(disk, "make_room", lambda: None)

    run(column("2.15"), remove=True)

    assert [path.name for path in paths.ENVIRONMENTS.iterdir()] == ["tf2.14"]


def test_a_stopped_run_keeps_what_is_done(runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    end = scheduler.ProgressDisplay.end

    def end_and_stop(self: Any, outcome: Any) -> None:
        end(self, outcome)
        raise KeyboardInterrupt

    monkeypatch.setattr(scheduler.ProgressDisplay, "end", end_and_stop)

    began = time.monotonic()
    status = run(column("2.14"), column("2.15", WAIT="100"))

    assert (status, time.monotonic() - began < 30) == (scheduler.INTERRUPTED, True)
    assert [paths.results(name).exists() for name in ("tf2.14", "tf2.15")] == [True, False]


def test_no_fewer_than_one_job_is_refused(runs: Runs) -> None:
    with pytest.raises(columns.InvalidArgument, match="so few jobs"):
        run(column("2.15"), jobs=0)
