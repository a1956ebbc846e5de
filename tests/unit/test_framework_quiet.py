"""Imports without chatter, and homes that are put back."""

from __future__ import annotations

import os
import warnings

import pytest

from pytest_kerasch2.framework import import_environment


def test_environment_is_put_back_also_after_an_error(monkeypatch):
    monkeypatch.setenv("KERASCH2_T1", "old")
    monkeypatch.delenv("KERASCH2_T2", raising=False)

    def fails():
        with import_environment.environment({"KERASCH2_T1": None, "KERASCH2_T2": "new"}):
            assert "KERASCH2_T1" not in os.environ
            assert os.environ["KERASCH2_T2"] == "new"
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()

    assert os.environ["KERASCH2_T1"] == "old"
    assert "KERASCH2_T2" not in os.environ


@pytest.mark.parametrize("name", ["plain", "with space", "ÿü-ñ", "n" * 200])
def test_private_home_is_there_and_put_back(tmp_path, monkeypatch, name):
    monkeypatch.setenv("HOME", "/theirs")
    monkeypatch.delenv("KERAS_HOME", raising=False)

    with import_environment.private_home(tmp_path / name) as home:
        assert home.is_dir()
        assert os.environ["HOME"] == os.environ["KERAS_HOME"] == str(tmp_path / name)

    assert os.environ["HOME"] == "/theirs"
    assert "KERAS_HOME" not in os.environ


def test_private_home_works_without_any_home(tmp_path, monkeypatch):
    monkeypatch.delenv("HOME", raising=False)

    with import_environment.private_home(tmp_path / "h"):
        pass

    assert "HOME" not in os.environ


def test_silence_keeps_descriptor_two_and_gives_its_lines(capfd):
    with import_environment.silence() as lines:
        os.write(2, b"2026-01-01 00:00:00.1: I tensorflow/core: chatter\n2026-01-01 00:00:00.2: E tensorflow: bad\n")
        warnings.warn("old NumPy", FutureWarning, stacklevel=1)
    os.write(2, b"after\n")

    assert capfd.readouterr().err == "after\n"
    assert import_environment.real_errors(lines) == ["2026-01-01 00:00:00.2: E tensorflow: bad"]


def test_silence_gives_the_lines_also_when_the_block_raises(capfd):
    kept = []

    def fails():
        with import_environment.silence() as lines:
            kept.append(lines)
            os.write(2, b"the reason\n")
            raise ImportError

    with pytest.raises(ImportError):
        fails()

    assert kept == [["the reason"]]
    assert capfd.readouterr().err == ""


def test_silence_puts_the_warning_filters_back():
    before = list(warnings.filters)

    with import_environment.silence():
        warnings.simplefilter("error")

    assert warnings.filters == before


@pytest.mark.parametrize(
    ("line", "real"),
    [
        ("E0000 00:00:1.2  3 cuda_dnn.cc:8] something", True),
        ("F0000 00:00:1.2  3 x.cc:8] check failed", True),
        ("I0000 00:00:1.2  3 port.cc:153] oneDNN custom operations are on", False),
        ("E0000 00:00:1.2  3 x.cc] Unable to register cuDNN factory: already registered", False),
    ],
)
def test_what_counts_as_a_real_error(line, real):
    assert import_environment.real_errors([line]) == ([line] if real else [])


def test_own_keras_home_is_one_empty_folder():
    home = import_environment.own_keras_home()

    assert home.is_dir()
    assert home == import_environment.own_keras_home()
