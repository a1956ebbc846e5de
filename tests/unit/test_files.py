"""One way to write a file: whole or not at all, and never in the place of what is no regular file."""

from __future__ import annotations

import os
import re
import stat
import threading
from pathlib import Path

import pytest

from pytest_kerasch2 import files
from pytest_kerasch2.errors import CannotWrite, InvalidArgument, KerasCh2Error

POSIX = pytest.mark.skipif(os.name != "posix", reason="links, pipes and modes are those of POSIX")
FULL = Path("/dev/full")


def test_a_new_file_gets_the_usual_mode(tmp_path: Path) -> None:
    usual = tmp_path / "usual"
    usual.touch()

    files.write_text("é\n", tmp_path / "new.txt")

    assert (tmp_path / "new.txt").read_bytes() == "é\n".encode()
    assert (tmp_path / "new.txt").stat().st_mode == usual.stat().st_mode


@POSIX
def test_an_existing_file_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "secret.json"
    path.touch()
    path.chmod(0o600)

    files.write_text("{}", path)

    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("{}", 0o600)


@POSIX
def test_a_symbolic_link_stays_and_its_target_is_written(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    link = tmp_path / "latest.json"
    link.symlink_to(tmp_path / "kept" / "today.json")

    files.write_text("{}", link)

    assert link.is_symlink()
    assert (tmp_path / "kept" / "today.json").read_text() == "{}"


@POSIX
def test_a_pipe_is_written_and_stays_a_pipe(tmp_path: Path) -> None:
    path, read = tmp_path / "pipe", []
    os.mkfifo(str(path))
    reader = threading.Thread(target=lambda: read.append(path.read_text()))
    reader.start()

    # It cannot be opened for writing before somebody reads.
    for _ in range(100):
        try:
            files.write_text("{}", path)
            break
        except CannotWrite:
            reader.join(0.05)
    reader.join(5)

    assert read == ["{}"]
    assert stat.S_ISFIFO(path.stat().st_mode)


@POSIX
def test_a_pipe_that_nobody_reads_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(str(tmp_path / "pipe"))

    with pytest.raises(CannotWrite):
        files.check_writable(tmp_path / "pipe")


@POSIX
def test_a_device_is_written_and_not_replaced() -> None:
    files.write_text("{}", Path(os.devnull))

    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_named() -> None:
    with pytest.raises(CannotWrite, match="/dev/full: No space left"):
        files.write_text("{}", FULL)


@pytest.mark.parametrize("write", [lambda path: files.write_text("{}", path), files.check_writable])
@pytest.mark.parametrize("name", ["", "missing/a.json", "file/a.json", "a\0b", "x" * 300])
def test_what_cannot_be_written_is_refused_and_leaves_nothing(tmp_path: Path, write: object, name: str) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(CannotWrite):
        write(tmp_path / name)  # type: ignore[operator]

    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_what_stood_there_still_stands_where_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    path.write_text("before")

    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(CannotWrite, match="No space left"):
        files.write_text("after", path)

    assert ([one.name for one in tmp_path.iterdir()], path.read_text()) == (["a.json"], "before")


def test_a_check_leaves_nothing_behind(tmp_path: Path) -> None:
    files.check_writable(tmp_path / "a.json")

    assert list(tmp_path.iterdir()) == []


@POSIX
def test_a_temporary_name_cannot_be_foreseen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = []
    real = os.open

    def spy(path: str, *rest: int) -> int:
        names.append(Path(path).name)
        return real(path, *rest)

    monkeypatch.setattr(os, "open", spy)
    files.write_text("1", tmp_path / "a.json")
    files.write_text("2", tmp_path / "a.json")

    parts = [name for name in names if name.endswith(".part")]
    drawn = [re.fullmatch(r".*-([0-9a-f]{16})\.part", name) for name in parts]
    assert len({one[1] for one in drawn if one}) == 2


def test_an_unwritable_place_is_also_an_os_error() -> None:
    assert issubclass(CannotWrite, KerasCh2Error)
    assert issubclass(CannotWrite, OSError)
    assert str(CannotWrite("A file cannot be written", "here", "move")) == ("A file cannot be written: here. Move.")


def test_a_journal_is_read_as_it_was_appended_to(tmp_path: Path) -> None:
    journal = files.Journal(tmp_path / "new.jsonl")

    journal.append({"seed": 0, "é": [1.5, None]})
    journal.append({"seed": 1}, {"seed": 2})

    assert journal.read() == [{"seed": 0, "é": [1.5, None]}, {"seed": 1}, {"seed": 2}]
    assert files.Journal(tmp_path / "none.jsonl").read() == []


@pytest.mark.parametrize("cut", ["", '{"se', '{"seed": 1}'])
def test_a_line_of_a_journal_that_a_kill_cut_short_is_left_out_and_written_over(tmp_path: Path, cut: str) -> None:
    journal = files.Journal(tmp_path / "cut.jsonl")
    journal.path.write_text('{"seed": 0}\n' + cut, encoding="utf-8")

    before = journal.read()
    journal.append({"seed": 2})

    assert (before, journal.read()) == ([{"seed": 0}], [{"seed": 0}, {"seed": 2}])


def test_a_value_that_json_does_not_have_is_not_written(tmp_path: Path) -> None:
    journal = files.Journal(tmp_path / "x.jsonl")

    with pytest.raises(ValueError, match="JSON compliant"):
        journal.append({"seed": 0}, {"loss": float("nan")})

    assert not journal.path.exists()


def test_a_journal_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "held.jsonl"
    with files.Journal(path).held():
        with pytest.raises(CannotWrite, match=r"Another process writes this file.*held\.jsonl"):
            files.Journal(path).held().__enter__()
        files.Journal(path).append(1)

    with files.Journal(path).held():
        files.Journal(path).append(2)

    assert (files.Journal(path).read(), sorted(tmp_path.iterdir())) == ([1, 2], [path])


def test_a_journal_where_nothing_can_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite, match="cannot be written"):
        files.Journal(tmp_path).append(1)
    with pytest.raises(CannotWrite, match="cannot be written"):
        files.Journal(tmp_path / "missing" / "x.jsonl").append(1)


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        (["a.json", "new/../a.json"], "Two outputs are to be written into one file"),
        (["b.md", "in.json"], r"An output would overwrite an input: .*in\.json"),
        (["b.md", "link.json"], r"An output would overwrite an input: .*link\.json"),
        (["nowhere/a.json"], r"An output cannot be written: .*nowhere is not a folder"),
        (["new"], r"An output cannot be written: .*new is a folder"),
    ],
)
@POSIX
def test_outputs_are_checked_before_the_work(tmp_path: Path, outputs: list[str], message: str) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "in.json").touch()
    (tmp_path / "link.json").symlink_to("in.json")

    with pytest.raises(InvalidArgument, match=message):
        files.check_outputs([tmp_path / name for name in outputs], [tmp_path / "in.json"])


def test_outputs_of_their_own_pass_the_check_and_are_not_made(tmp_path: Path) -> None:
    files.check_outputs([tmp_path / "a.json", tmp_path / "b.md"], [tmp_path / "c.json"])

    assert list(tmp_path.iterdir()) == []
