"""Runs of the matrix on interpreters that only write ledgers: what is kept, what is empty, what is said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Mapping

import pytest

if sys.version_info < (3, 9):
    pytest.skip("the matrix is run by CPython 3.9 or newer", allow_module_level=True)

from matrix import columns, disk, environments, figures, installer, merging, places, running, sources
from matrix.columns import Column, Releases
from matrix.environments import Environment, Maker
from matrix.errors import Absent, NotBuilt, Unfinished
from matrix.processes import Processes
from matrix.running import Wish
from pytest_kerasch2.errors import BadSetting, BadTable

# Stands in for the interpreter of a column: it takes pytest's command line and writes a ledger of two sections.
STAND_IN = """#!{python}
import json, os, sys, time
if sys.argv[1] == "-c":
    sys.exit(os.environ.get("IMPORT"))
names = [argument.split("/")[-1][:-3] for argument in sys.argv if argument.endswith(".py")]
names = names or ["datasets", "dtypes", *os.environ.get("FIGURES", "").split()]
made = [argument.split("=", 1)[1] for argument in sys.argv if argument.startswith("--chapter-ledger=")][0]
trained = ["trained"] if "--chapter-accuracy" in sys.argv else []
with open(os.environ["RUNS"], "a") as stream:
    stream.write(" ".join([os.environ["NAME"], *trained, *names]) + "\\n")
print("the last words of /a/place and https://a.host/x")
wait = float(os.environ.get("WAIT", "0"))
time.sleep(wait)
status = int(os.environ.get("STATUS", "0"))
environment = dict(plugin="0.1.0", tensorflow=os.environ["TF"], keras="2.15.0", backend="tensorflow", python="3.11.7",
                   numpy="1.26.4", platform="Linux-x86_64", devices=["cpu:0"], trained=bool(trained),
                   datasets=dict() if "NO_MNIST" in os.environ else dict(mnist=dict(source="mirror", sha256="00")))
ids = dict(datasets="datasets.description", dtypes="dtypes.default", figures="functional.test-figures")
def entry(name):
    kind = "figure" if name == "figures" else "prose"
    told = kind == "prose" or trained and "OPEN" not in os.environ
    # As a time is told, and as equal bits are, without training.
    verdict = "broken" if status == 1 else "held" if told or "BITS" in os.environ else "could_not_tell"
    evidence = ["seen", "curves: 12, trained by this run"] if told and kind == "figure" else ["seen"]
    return dict(id=ids[name], section="Data types", statement="It is so.", kind=kind, verdict=verdict, expected="held",
                evidence=evidence, deviation=None, instead=[], remedy="", checks=1, seconds=0.1)
if status < 2:
    ledger = dict(schema=1, complete=True, environment=environment, claims=[entry(name) for name in names])
    open(made, "w").write(json.dumps(ledger))
sys.exit(status)
"""


def _column(minor: str, **variables: str) -> Column:
    name = f"tf{minor}"
    shared = {"NAME": name, "TF": f"{minor}.0", **variables}
    return Column(name, f"TensorFlow {minor}", "tensorflow", "3.11", (f"tensorflow=={minor}.0",), shared)


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A place of its own for all that a run makes; gives what was run, as lines."""
    made = {"ENVIRONMENTS": "envs", "LEDGERS": "ledgers", "STATES": "states", "LOGS": "logs", "WORK": "work"}
    for word, folder in {
        **made,
        "WHEELS": "wheels",
        "DOCS": "docs",
        "PINS": "pins",
        "FIGURES": "figures",
        "TRAININGS": "kept",
    }.items():
        monkeypatch.setattr(places, word, tmp_path / folder)
    monkeypatch.setattr(places, "MADE", tmp_path)
    monkeypatch.setenv("RUNS", str(tmp_path / "runs.txt"))
    (tmp_path / "docs").mkdir()
    chapter = tmp_path / "installed" / "lib" / "python3.11" / "site-packages" / "pytest_kerasch2" / "chapter"
    chapter.mkdir(parents=True)
    python = tmp_path / "installed" / "bin" / "python"
    python.parent.mkdir()
    python.write_text(STAND_IN.format(python=sys.executable), encoding="utf-8")
    python.chmod(0o755)

    def make(self: Maker, column: Column, log: Path, environ: Mapping[str, str]) -> Environment:
        if "ABSENT" in column.variables:
            raise Absent("There is no CPython 3.11", "none", "install one")
        if "OFFLINE" in column.variables:
            raise Unfinished("Its environment does not install", "no network", "run it again")
        return Environment(python, None, environments.variables(column, environ))

    monkeypatch.setattr(Maker, "make", make)
    monkeypatch.setattr(environments, "build_wheel", lambda folder, processes, log: folder / "plugin.whl")
    plugin = sources.Sources("plugin", {"datasets": "1", "dtypes": "1"})
    monkeypatch.setattr(sources, "read", lambda package: plugin)
    claims = {"datasets": frozenset({"datasets.description"}), "dtypes": frozenset({"dtypes.default"})}
    monkeypatch.setattr(merging, "claims_of", lambda sections: claims)

    def lines() -> list[str]:
        path = tmp_path / "runs.txt"
        return sorted(path.read_text(encoding="utf-8").splitlines()) if path.exists() else []

    return lines


def _run(*listed: Column, names: tuple[str, ...] = (), **wish: Any) -> int:
    path = places.MADE / "releases.toml"
    text = "".join(
        f'[[release]]\nenvironment = "{one.environment}"\nlabel = "{one.label}"\nseries = "{one.series}"\n'
        for one in listed
    )
    path.write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(places, "RELEASES", path)
        return running.run(Releases("2026-01-01", "3.11", (), listed), names, Wish(**{"jobs": 1, **wish}))


def _table() -> Any:
    return json.loads((places.DOCS / "truth-table.json").read_text(encoding="utf-8"))


def test_all_columns_are_run_and_merged(runs: Any) -> None:
    status = _run(_column("2.14"), _column("2.15"))

    assert (status, runs()) == (0, ["tf2.14 datasets dtypes", "tf2.15 datasets dtypes"])
    assert [one["environment"] for one in _table()["releases"]] == ["tf2.14", "tf2.15"]


def test_figures_are_trained_for_alone_and_kept(runs: Any) -> None:
    status = figures.train(Releases("2026-01-01", "3.11", (), (_column("2.15"), _column("2.16"))), ["tf2.16"])

    assert (status, runs(), sorted(path.name for path in places.FIGURES.iterdir())) == (
        0,
        ["tf2.16 trained figures"],
        ["tf2.16.json"],
    )


@pytest.mark.parametrize(
    "variables",
    [{"ABSENT": "1"}, {"OFFLINE": "1"}, {"STATUS": "3"}, {"OPEN": "1"}, {"OPEN": "1", "BITS": "1"}, {"STATUS": "2"}],
)
def test_figures_that_were_kept_stay_where_training_does_not_end(runs: Any, variables: Mapping[str, str]) -> None:
    releases = Releases("2026-01-01", "3.11", (), (_column("2.16", **variables),))
    places.FIGURES.mkdir()
    places.figures("tf2.16").write_text("kept", encoding="utf-8")

    status = figures.train(releases, ["tf2.16"])

    assert (status > 0, places.figures("tf2.16").read_text(encoding="utf-8")) == (True, "kept")


def test_stopped_no_further_release_is_trained(runs: Any) -> None:
    releases = Releases("2026-01-01", "3.11", (), (_column("2.15", STATUS="2"), _column("2.16")))

    status = figures.train(releases, ["tf2.15", "tf2.16"])

    assert (status, runs()) == (130, ["tf2.15 trained figures"])


def test_a_run_that_a_signal_ended_has_failed(runs: Any) -> None:
    releases = Releases("2026-01-01", "3.11", (), (_column("2.15", STATUS="-9"), _column("2.16")))

    assert figures.train(releases, ["tf2.15", "tf2.16"]) == 1


def test_figures_of_another_release_are_left_out_of_the_table(runs: Any, capsys: pytest.CaptureFixture[str]) -> None:
    figures.train(Releases("2026-01-01", "3.11", (), (_column("2.16", TF="2.15.0"),)), ["tf2.16"])

    _run(_column("2.16", FIGURES="figures"))

    assert [one["trained"] for one in _table()["releases"]] == [False]
    assert "figures of tf2.16 are left out" in capsys.readouterr().out


def test_a_release_that_cannot_run_the_plugin_is_not_trained(runs: Any) -> None:
    releases = Releases("2026-01-01", "3.11", (), (replace(_column("2.16"), host=True),))

    with pytest.raises(BadSetting, match=r"tf2\.16"):
        figures.train(releases, ["tf2.16"])


def test_the_table_takes_the_figures_of_its_columns(runs: Any) -> None:
    listed = (_column("2.15", FIGURES="figures"), _column("2.16", FIGURES="figures"))
    _run(*listed)
    figures.train(Releases("2026-01-01", "3.11", (), listed), ["tf2.16"])

    _run(*listed, only_table=True)

    assert [one["trained"] for one in _table()["releases"]] == [False, True]


def test_what_has_not_changed_is_not_run_again(runs: Any) -> None:
    _run(_column("2.15"))

    _run(_column("2.15"))

    assert runs() == ["tf2.15 datasets dtypes"]


def test_a_run_without_mnist_is_not_the_last_word(runs: Any) -> None:
    _run(_column("2.15", NO_MNIST="1"))

    _run(_column("2.15", NO_MNIST="1"))

    assert len(runs()) == 2


def test_a_ledger_that_was_damaged_is_made_anew(runs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _run(_column("2.15"))
    places.ledger("tf2.15").write_text("{", encoding="utf-8")

    status = _run(_column("2.15"))

    assert (status, runs()) == (0, ["tf2.15 datasets dtypes"] * 2)


def test_force_runs_it_again(runs: Any) -> None:
    _run(_column("2.15"))

    _run(_column("2.15"), force=True)

    assert len(runs()) == 2


def test_only_the_column_that_changed_is_run(runs: Any) -> None:
    _run(_column("2.14"), _column("2.15"))

    _run(_column("2.14"), replace(_column("2.15"), requires=("tensorflow==2.15.0", "numpy<2")))

    assert runs().count("tf2.14 datasets dtypes") == 1
    assert runs().count("tf2.15 datasets dtypes") == 2


def test_a_changed_section_alone_is_run(runs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _run(_column("2.15"))
    changed = sources.Sources("plugin", {"datasets": "1", "dtypes": "2"})
    monkeypatch.setattr(sources, "read", lambda package: changed)

    _run(_column("2.15"))

    assert runs() == ["tf2.15 datasets dtypes", "tf2.15 dtypes"]


def test_after_a_failure_all_sections_are_run(runs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _run(_column("2.15", STATUS="1"))
    changed = sources.Sources("plugin", {"datasets": "1", "dtypes": "2"})
    monkeypatch.setattr(sources, "read", lambda package: changed)

    _run(_column("2.15", STATUS="1"))

    assert runs() == ["tf2.15 datasets dtypes"] * 2


def test_a_part_is_merged_into_the_ledger(runs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _run(_column("2.15"))
    changed = sources.Sources("plugin", {"datasets": "1", "dtypes": "2"})
    monkeypatch.setattr(sources, "read", lambda package: changed)

    _run(_column("2.15"))

    assert {one["id"] for one in _table()["claims"]} == {"datasets.description", "dtypes.default"}


def test_an_unexplained_verdict_is_one_and_its_ledger_counts(runs: Any, capsys: pytest.CaptureFixture[str]) -> None:
    status = _run(_column("2.15", STATUS="1"))

    assert (status, "not as recorded: dtypes.default" in capsys.readouterr().out) == (1, True)
    assert places.ledger("tf2.15").exists()


def test_it_is_remembered_while_nothing_changes(runs: Any) -> None:
    _run(_column("2.15", STATUS="1"))

    assert _run(_column("2.15", STATUS="1")) == 1


def test_a_column_that_cannot_be_had_is_empty_and_says_why(runs: Any) -> None:
    status = _run(_column("2.14"), _column("2.15", ABSENT="1"))

    assert (status, "no CPython 3.11" in _table()["releases"][1]["absent"]) == (0, True)


def test_a_column_that_can_be_had_again_is_no_longer_absent(runs: Any) -> None:
    _run(_column("2.14"), _column("2.15", ABSENT="1"))

    _run(_column("2.14"), _column("2.15"))

    assert not places.absence("tf2.15").exists()


def test_an_old_ledger_does_not_stand_for_a_column_that_is_gone(runs: Any) -> None:
    _run(_column("2.14"), _column("2.15"))

    _run(_column("2.14"), _column("2.15", ABSENT="1"))

    assert not places.ledger("tf2.15").exists()


def test_an_environment_that_does_not_import_is_absent_not_broken(runs: Any) -> None:
    status = _run(_column("2.14"), _column("2.15", STATUS="4", IMPORT="ImportError: libx.so"))

    said = places.absence("tf2.15").read_text(encoding="utf-8")
    assert (status, "cannot import tensorflow" in said, "ImportError: libx.so" in said) == (0, True, True)


def test_a_run_without_a_ledger_fails(runs: Any) -> None:
    status = _run(_column("2.14"), _column("2.15", STATUS="3"))

    said = places.absence("tf2.15").read_text(encoding="utf-8")
    assert (status, "exit status 3" in said) == (1, True)


def test_what_does_not_install_today_loses_nothing_and_fails(runs: Any, capsys: pytest.CaptureFixture[str]) -> None:
    _run(_column("2.14"), _column("2.15"))
    table = _table()

    status = _run(_column("2.14"), _column("2.15", OFFLINE="1"))

    assert (status, places.ledger("tf2.15").exists(), _table()) == (1, True, table)
    assert "1 columns are of other files than today's, such as tf2.15" in capsys.readouterr().out


def test_no_table_mixes_columns_of_old_files_and_new(runs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _run(_column("2.14"), _column("2.15"))
    (places.DOCS / "truth-table.json").unlink()
    changed = sources.Sources("plugin", {"datasets": "1", "dtypes": "2"})
    monkeypatch.setattr(sources, "read", lambda package: changed)

    _run(_column("2.14"), _column("2.15"), names=("tf2.15",))

    assert not (places.DOCS / "truth-table.json").exists()


def test_a_table_to_check_against_is_read_before_the_runs(runs: Any, tmp_path: Path) -> None:
    with pytest.raises(BadTable, match="nowhere"):
        _run(_column("2.15"), check=tmp_path / "nowhere.json")

    assert runs() == []


def test_no_place_of_this_machine_gets_into_the_table(runs: Any) -> None:
    _run(_column("2.14"), _column("2.15", STATUS="3"))

    assert "the last words of … and …" in places.absence("tf2.15").read_text(encoding="utf-8")


def test_without_all_columns_no_table_is_written(runs: Any, capsys: pytest.CaptureFixture[str]) -> None:
    _run(_column("2.14"), _column("2.15"), names=("tf2.15",))

    assert "no table is written: 1 columns have not been run, such as tf2.14" in capsys.readouterr().out
    assert not (places.DOCS / "truth-table.json").exists()


def test_only_the_table_is_made_of_what_is_there(runs: Any) -> None:
    _run(_column("2.14"), _column("2.15"), names=("tf2.15",))

    _run(_column("2.14"), _column("2.15"), only_table=True)

    assert len(runs()) == 1
    assert ["absent" in one for one in _table()["releases"]] == [True, False]


def test_a_column_as_in_the_committed_table_passes(runs: Any) -> None:
    _run(_column("2.14"), _column("2.15"))

    assert _run(_column("2.14"), _column("2.15"), names=("tf2.15",), check=places.DOCS / "truth-table.json") == 0


def test_a_verdict_that_differs_from_the_committed_table_fails(runs: Any, capsys: pytest.CaptureFixture[str]) -> None:
    table = places.DOCS / "truth-table.json"
    _run(_column("2.14"), _column("2.15"))
    table.write_text(
        table.read_text(encoding="utf-8").replace('"verdict": "held"', '"verdict": "broken"'), encoding="utf-8"
    )

    status = _run(_column("2.14"), _column("2.15"), names=("tf2.15",), check=table)

    assert (status, "differs: " in capsys.readouterr().out) == (1, True)


def test_a_column_to_be_checked_that_cannot_be_had_fails(runs: Any) -> None:
    _run(_column("2.14"), _column("2.15"))

    gone = _column("2.15", ABSENT="1")

    assert _run(_column("2.14"), gone, names=("tf2.15",), check=places.DOCS / "truth-table.json") == 1


def test_environments_are_removed_where_that_is_asked_for(runs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    places.make()
    for name in ("tf2.15", "tf2.15-host", "tf2.14"):
        places.environment(name).mkdir()
    monkeypatch.setattr(disk, "make_room", lambda: None)

    _run(_column("2.15"), remove=True)

    assert [path.name for path in places.ENVIRONMENTS.iterdir()] == ["tf2.14"]


def test_the_cache_is_left_alone_while_there_is_room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(places, "MADE", tmp_path)
    monkeypatch.setattr(disk, "ROOM", 0)
    monkeypatch.setattr(installer, "uv", lambda: pytest.fail("uv is not needed"))

    disk.make_room()


def test_a_full_disk_gives_up_the_largest_packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said = tmp_path / "said.txt"
    program = tmp_path / "uv"
    program.write_text(f'#!/bin/sh\necho "$@" > {said}\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(places, "MADE", tmp_path)
    monkeypatch.setattr(disk, "ROOM", float("inf"))
    monkeypatch.setattr(installer, "uv", lambda: str(program))

    disk.make_room()

    assert said.read_text(encoding="utf-8").startswith("cache clean --quiet tensorflow ")


def test_a_stopped_run_keeps_what_is_done(runs: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    end = running.Board.end

    def end_and_stop(self: Any, outcome: Any) -> None:
        end(self, outcome)
        raise KeyboardInterrupt

    monkeypatch.setattr(running.Board, "end", end_and_stop)

    began = time.monotonic()
    status = _run(_column("2.14"), _column("2.15", WAIT="100"))

    assert (status, time.monotonic() - began < 30) == (running.INTERRUPTED, True)
    assert [places.ledger(name).exists() for name in ("tf2.14", "tf2.15")] == [True, False]


def test_no_fewer_than_one_job_is_refused(runs: Any) -> None:
    with pytest.raises(columns.BadSetting, match="so few jobs"):
        _run(_column("2.15"), jobs=0)


def test_a_program_past_its_deadline_is_ended_with_its_children(tmp_path: Path) -> None:
    command = ["sh", "-c", f"sleep 300 & echo $! > {tmp_path / 'child'}; wait"]

    with pytest.raises(Unfinished, match="did not end in time"):
        Processes().run(command, tmp_path / "log", environ=os.environ, folder=tmp_path, deadline=3.0)

    child = int((tmp_path / "child").read_text(encoding="utf-8"))
    assert any(_is_gone(child) or time.sleep(0.1) for _ in range(100))


def _is_gone(process: int) -> bool:
    # One that was killed stays a zombie until its new parent has looked at it.
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False
    ).stdout
    return not state.strip() or state.startswith("Z")


def test_a_column_with_a_host_asks_the_other_interpreter(tmp_path: Path) -> None:
    from matrix import verifying

    environment = Environment(tmp_path / "host" / "bin" / "python", tmp_path / "old" / "bin" / "python", {})

    command = verifying.command_for(environment, tmp_path, tmp_path / "ledger.json")

    assert f"--chapter-python={tmp_path}/old/bin/python" in command
    assert command[0] == f"{tmp_path}/host/bin/python"


def test_the_users_own_settings_of_keras_do_not_reach_a_run() -> None:
    found = environments.variables(_column("2.15"), {"KERAS_BACKEND": "jax", "PYTHONPATH": "/x", "HOME": "/h"})

    assert ("KERAS_BACKEND" in found, "PYTHONPATH" in found, found["HOME"]) == (False, False, "/h")


def test_a_missing_shared_library_leaves_a_column_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "WORK", tmp_path)
    column = replace(_column("2.15"), libraries={"libold.so.1": "libnowhere.so.99"})

    with pytest.raises(Absent, match=r"A shared library is missing\. Found: libnowhere\.so\.99"):
        environments.variables(column, {})


def test_wheels_for_pip_are_wheels_for_uv() -> None:
    assert installer.wheels({"PIP_FIND_LINKS": "a b"}) == "a,b"


def test_own_wheels_go_before_the_index_of_torch() -> None:
    assert installer.to_torch("cpu", {"UV_FIND_LINKS": "wheels"}) == []


def test_without_wheels_uv_knows_where_torch_lies() -> None:
    assert installer.to_torch("cpu", {}) == ["--torch-backend", "cpu"]


def test_pins_that_are_missing_leave_a_column_absent(runs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    maker = Maker(Releases("2026-01-01", "3.11", (), ()), Path("x.whl"), "", Processes())

    with pytest.raises(Absent, match=r"no file nowhere\.txt.*python -m matrix pin nowhere"):
        maker.make(replace(_column("2.15"), environment="nowhere"), Path("log"), {})


def test_a_plugin_that_does_not_build_is_no_fault_of_a_column(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installer, "uv", lambda: "false")

    with pytest.raises(NotBuilt, match="The plugin does not build"):
        environments.build_wheel(tmp_path, Processes(), tmp_path / "log")


def test_a_hint_is_not_what_was_wrong() -> None:
    assert environments.publishable("error: no such package\nhint: try again\n") == "error: no such package"
