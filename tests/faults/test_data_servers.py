"""Servers that answer in ways no server should, and files that are none: each ends in time, by one kind of error."""

from __future__ import annotations

import os
import struct
import sys
import time
from pathlib import Path

import pytest

from evaluation import bad_servers
from pytest_kerasch2.data import archives, opcodes, pickles, sources
from pytest_kerasch2.data.registry import record_of
from pytest_kerasch2.errors import DataDamaged

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")

# What is quick, and what failed before: numbers of `python -m evaluation.bad_servers`.
NAMES = (
    "sound",
    "length b'\\xb2'",
    "length b'999999999999'",
    "a head that never ends",
    "a field that never ends",
    "fields without end, slowly",
    "continue, slowly",
    "the size of a chunk without end",
    "a trailer without end",
    "status 404 with control codes",
    "status 404 of 60,000 letters",
)


def test_a_download_ends_in_time_whatever_a_server_sends() -> None:
    chosen = [case for case in bad_servers.cases() if case.name in NAMES]

    actual = bad_servers.all_judged(chosen)

    assert ([line for line in actual if line["wrong"]], len(actual)) == ([], len(NAMES))


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes in folders there")
def test_a_pipe_in_a_mirror_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "mnist.npz")

    began = time.monotonic()
    with pytest.raises(DataDamaged, match="not a regular file"):
        sources.load("mnist", mirror=tmp_path)

    assert time.monotonic() - began < 10


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no such device")
def test_a_device_in_a_mirror_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "mnist.npz").symlink_to("/dev/zero")

    with pytest.raises(DataDamaged, match="not a regular file"):
        archives.read_npz(tmp_path / "mnist.npz", record_of("mnist").stored)


@pytest.mark.parametrize(
    "content",
    [
        b"\x82\x01.",
        b"\x83\x01\x00.",
        b"\x84\x01\x00\x00\x00.",
        b"Pid\n.",
        b"Q.",
        b"(i__main__\nx\n.",
        b"(cos\nsystem\no.",
        b"\x81.",
        b"\x92.",
        b"2.",
        b"]r\xff\xff\xff\xff.",
        b"T\xff\xff\xff\x7fx.",
        b"\x8e" + struct.pack("<Q", 2**62) + b".",
        b"c" + b"x" * 1000,
        b"]" * 2_000_000 + b".",
        b"(" * 2_000_000 + b".",
        b"]q\x00" + b"R" * 20 + b".",
        b"N.N.",
        b"\x80",
        b"L1L\n.",
        b"I1\n.",
    ],
    ids=lambda content: repr(content[:12]),
)
def test_an_instruction_that_no_array_needs_is_refused_before_it_is_obeyed(content: bytes) -> None:
    with pytest.raises(opcodes.RefusedPickle):
        opcodes.check(content)


def test_a_list_that_stands_there_many_times_is_refused() -> None:
    import io
    import pickle

    import numpy as np

    one = list(range(1000))
    array = np.empty(50, dtype=object)
    array[:] = [one] * 50

    with pytest.raises(pickles.RefusedPickle, match="twice"):
        pickles.lists_of(io.BytesIO(pickle.dumps(array, protocol=3)))


def test_an_error_of_the_family_says_what_a_server_sent_without_its_control_codes() -> None:
    (case,) = [case for case in bad_servers.cases() if case.name == "status 404 with control codes"]

    judgement = bad_servers.judged(case)

    assert "\\u001b[31mred" in str(judgement["said"])
