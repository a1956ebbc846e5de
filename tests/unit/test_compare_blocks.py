"""The archive of the blocks of trials: what is added, what is given back, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluation import compare_blocks
from pytest_kerasch2.errors import BadResults
from pytest_kerasch2.stats.paired_sequential import ComparisonSettings
from pytest_kerasch2.timing.compare_result import Comparison

ARM = {"name": "x", "revision": "", "slowdown": 0.0, "environment": {}}


def _trial(path: Path, complete: bool = True) -> bytes:
    trials = Comparison(ComparisonSettings(), [ARM, ARM], ["fit"], complete=complete)
    blocks = [{"steps": 1, "seconds": [0.1] * 2, "unsynchronised": [0.0] * 2}] * 3
    trials.starts.append({"start": 0, "benchmark": "fit", "load": 0.5, "order": [[0, 1, 2, 2, 1, 0]], "blocks": blocks})
    trials.write(path)
    return path.read_bytes()


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Return where an archive is to be."""
    return tmp_path / "kept" / "blocks.zip"


@pytest.fixture(autouse=True)
def kept(archive: Path) -> None:
    """Make the folder of the archive."""
    archive.parent.mkdir()


def test_trials_in_which_nothing_was_planted_are_given_back_with_their_kind(tmp_path: Path, archive: Path) -> None:
    trial = _trial(tmp_path / "busy-0-3.json")
    _trial(tmp_path / "busy-0.05-3.json")
    compare_blocks.keep(tmp_path, archive)

    with compare_blocks.honest(archive) as trials:
        read = [(kind, path.read_bytes()) for kind, path in trials]

    assert read == [("busy", trial)]


def test_a_trial_that_did_not_end_is_not_added(tmp_path: Path, archive: Path) -> None:
    _trial(tmp_path / "busy-0-3.json")
    _trial(tmp_path / "busy-0-4.json", complete=False)

    assert compare_blocks.keep(tmp_path, archive) == ["busy-0-3.json"]


def test_what_is_added_stands_beside_what_is_there(tmp_path: Path, archive: Path) -> None:
    _trial(tmp_path / "busy-0-3.json")
    compare_blocks.keep(tmp_path, archive)
    (tmp_path / "busy-0-3.json").rename(tmp_path / "idle-0-3.json")

    compare_blocks.keep(tmp_path, archive)

    with compare_blocks.honest(archive) as trials:
        assert [kind for kind, _ in trials] == ["busy", "idle"]


def test_the_same_trials_are_the_same_archive(tmp_path: Path, archive: Path) -> None:
    _trial(tmp_path / "busy-0-3.json")
    compare_blocks.keep(tmp_path, archive)
    before = archive.read_bytes()

    compare_blocks.keep(tmp_path, archive)

    assert archive.read_bytes() == before


def test_an_archive_that_is_none_is_refused_and_left_as_it_is(tmp_path: Path, archive: Path) -> None:
    _trial(tmp_path / "busy-0-3.json")
    archive.write_bytes(b"cut short")

    with pytest.raises(BadResults, match="Blocks of comparisons cannot be read"):
        compare_blocks.keep(tmp_path, archive)

    assert archive.read_bytes() == b"cut short"


def test_that_there_is_none_is_said(archive: Path) -> None:
    with pytest.raises(BadResults, match=r"compare_blocks FOLDER"), compare_blocks.honest(archive):
        pass
