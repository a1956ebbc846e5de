"""Each injected leak of the interpreter's state is named and put back; a clean block is silent."""

from __future__ import annotations

import gc
import logging
import os
import random
import socket
import sys
import threading
import warnings
from concurrent import futures

import pytest

from pytest_kerasch2.framework import interpreter_state, state
from pytest_kerasch2.framework.state_item import UNKNOWN, Item, compared, nothing_new, same_objects


def plant_logger():
    logging.getLogger().addHandler(logging.NullHandler())
    logging.getLogger().setLevel(logging.CRITICAL)


def plant_numpy_errors():
    np = pytest.importorskip("numpy")
    np.seterr(all="raise")


def plant_numpy_print():
    np = pytest.importorskip("numpy")
    np.set_printoptions(precision=2)


def draw_numpy():
    np = pytest.importorskip("numpy")
    np.random.random()


LEAKS = {
    "environment variables": lambda: os.environ.update(KERASCH2_LEAK="1"),
    "current folder": lambda: os.chdir(os.sep),
    "warning filters": lambda: warnings.simplefilter("ignore", BytesWarning),
    "loggers": plant_logger,
    "sys.path": lambda: sys.path.append("/leak"),
    "recursion limit": lambda: sys.setrecursionlimit(sys.getrecursionlimit() + 7),
    "garbage collection": gc.disable,
    "socket timeout": lambda: socket.setdefaulttimeout(12.5),
    "random state of Python": random.random,
    "random state of NumPy": draw_numpy,
    "NumPy error handling": plant_numpy_errors,
    "NumPy print options": plant_numpy_print,
}


@pytest.fixture(autouse=True)
def numpy_loaded():
    pytest.importorskip("numpy")


@pytest.fixture(autouse=True)
def as_before():
    with state.isolated():
        yield


def names(before, after):
    return [difference.name for difference in state.differences(before, after)]


def test_every_item_of_the_interpreter_has_a_planted_leak():
    assert {item.name for item in interpreter_state.ITEMS} == {*LEAKS, "open threads", "open files"}


@pytest.mark.parametrize("name", sorted(LEAKS))
def test_a_planted_leak_is_named_alone_and_put_back(name):
    before = state.read()

    LEAKS[name]()

    assert names(before, state.read()) == [name]
    assert state.restore(before) == ()
    assert names(before, state.read()) == []


@pytest.mark.parametrize("name", sorted(LEAKS))
def test_isolated_puts_back_also_after_an_error(name):
    before = state.read()

    def fails():
        with state.isolated():
            LEAKS[name]()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()

    assert names(before, state.read()) == []


def test_a_clean_block_differs_in_nothing():
    assert names(state.read(), state.read()) == []


def test_spent_state_is_a_difference_and_no_leak():
    before = state.read()
    random.random()
    after = state.read()

    assert names(before, after) == ["random state of Python"]
    assert state.leaks(before, after) == ()


def test_a_changed_and_a_removed_variable_are_told(monkeypatch):
    monkeypatch.setenv("KERASCH2_A", "old")
    monkeypatch.setenv("KERASCH2_B", "gone")
    before = state.read()
    os.environ["KERASCH2_A"] = "new"
    del os.environ["KERASCH2_B"]

    (difference,) = state.leaks(before, state.read())

    assert str(difference) == "environment variables: ['KERASCH2_A', 'KERASCH2_B'] -> ['KERASCH2_A']"
    state.restore(before)
    assert (os.environ["KERASCH2_A"], os.environ["KERASCH2_B"]) == ("old", "gone")


def test_variables_of_the_runner_are_not_ours(monkeypatch):
    before = state.read()
    monkeypatch.setenv("PYTEST_CURRENT_TEST", "another phase")

    assert names(before, state.read()) == []


def test_an_open_thread_is_named_until_it_ends():
    before, release = state.read(), threading.Event()
    thread = threading.Thread(target=release.wait, name="left-over")
    thread.start()

    (difference,) = state.leaks(before, state.read())
    release.set()
    thread.join()

    assert "left-over" in difference.after
    assert names(before, state.read()) == []


def test_the_threads_of_a_pool_end_when_it_likes_and_are_no_leak():
    before = state.read()
    with futures.ThreadPoolExecutor(1) as pool:
        pool.submit(int).result()

        assert names(before, state.read()) == []


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="open files are read from /proc")  # noqa: PTH112
def test_an_open_file_is_named_until_it_is_closed(tmp_path):
    before = state.read()
    with (tmp_path / "left.txt").open("w"):
        (difference,) = state.leaks(before, state.read())

    assert "left.txt" in difference.after
    assert names(before, state.read()) == []


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="open files are read from /proc")  # noqa: PTH112
@pytest.mark.parametrize("folder", ["/proc", "/proc/self/task", "/dev"])
def test_a_list_of_processes_that_is_being_read_is_no_leak(folder):
    before = state.read()
    descriptor = os.open(folder, os.O_RDONLY)

    leaks = state.leaks(before, state.read())

    os.close(descriptor)
    assert leaks == ()


def test_what_ended_by_itself_is_no_leak():
    assert nothing_new({"a": 2, "b": 1}, {"a": 1})
    assert not nothing_new({"a": 1}, {"a": 2})


def test_objects_are_compared_by_identity():
    class Equal:
        def __eq__(self, other):
            return True

        __hash__ = None

    assert not same_objects({"a": Equal()}, {"a": Equal()})
    assert same_objects({"a": 1}, {"a": 1})
    assert not same_objects({"a": 1}, {"b": 1})


def test_unknown_differs_from_nothing():
    item = Item("x", lambda: None)

    assert compared(item, UNKNOWN, 1) is None
    assert compared(item, 1, UNKNOWN) is None
    assert compared(item, 1, 2).name == "x"


def test_long_readings_are_cut():
    difference = compared(Item("x", lambda: None), "a", "b" * 1000)

    assert len(difference.after) == 160
    assert difference.after.endswith("...")


def test_a_removed_folder_can_be_read_and_left(tmp_path):
    if os.name != "posix":
        pytest.skip("a folder in use cannot be removed there")
    before = state.read()
    (tmp_path / "gone").mkdir()
    os.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()

    assert names(before, state.read()) == ["current folder"]
    assert state.restore(before) == ()
