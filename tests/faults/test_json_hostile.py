"""Files of ours that nobody would write: read within a bounded time, or refused by an error of the family."""

from __future__ import annotations

import json
import random
import re
import time
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("scipy", reason="a gate needs SciPy, of the extra `accuracy`")

from evaluation.foreign_files import KINDS, reference
from pytest_kerasch2.accuracy import copies
from pytest_kerasch2.accuracy import reference as references
from pytest_kerasch2.accuracy.runs import TrainingRun
from pytest_kerasch2.errors import BadResults, InvalidArgument, KerasCh2Error
from pytest_kerasch2.json_files import BadJson, parse_json
from pytest_kerasch2.report import merging

VALUES = {
    "nested 100,000 deep": "[" * 100_000 + "]" * 100_000,
    "objects 100,000 deep": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "half of a character": '"\\ud800"',
    "10**400": "1" + "0" * 400,
    "5,000 digits": "9" * 5000,
    "NaN": "NaN",
    "-Infinity": "-Infinity",
    "1e999": "1e999",
    "a name twice": '{"a": 1, "a": 2}',
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_value_that_is_not_within_the_limits_is_refused_wherever_it_stands(
    kind: str, value: str, tmp_path: Path
) -> None:
    path = tmp_path / KINDS[kind].name
    text = KINDS[kind].text(KINDS[kind].make())
    path.write_text(text.replace('"0.1.0"', value).replace('"seed": 0', f'"seed": {value}'), encoding="utf-8")

    with pytest.raises(KerasCh2Error):
        KINDS[kind].read(path)


def test_a_version_of_5000_digits_is_refused(tmp_path: Path) -> None:
    plain = KINDS["results"].make()
    plain["environment"]["tensorflow"] = "9" * 5000
    path = tmp_path / "tf.json"
    path.write_text(json.dumps(plain), encoding="utf-8")

    with pytest.raises(InvalidArgument, match="version must"):
        merging.merge([path])


def test_the_first_name_that_stands_twice_among_many_is_found_at_once() -> None:
    names = ", ".join(f'"{number}": 0' for number in range(100_000))

    began = time.monotonic()
    with pytest.raises(BadJson, match="'99999' stands twice"):
        parse_json(f'{{{names}, "99999": 1}}')

    assert time.monotonic() - began < 10


def _run(seed: int, draw: random.Random) -> TrainingRun:
    return TrainingRun(seed, others=(("val_loss", tuple(draw.random() for _ in range(3))),))


def test_4000_seeds_are_read_and_compared_without_looking_at_all_pairs(tmp_path: Path) -> None:
    draw = random.Random(0)
    path = tmp_path / "reference.jsonl"
    lines = [reference()[0], *(_run(seed, draw).to_dict() for seed in range(4_000))]
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")

    began = time.process_time()
    groups = copies.find_copies(references.read(path).runs)

    # All pairs are eight million, which take minutes; of 20,000 seeds they take hours.
    assert (groups, time.process_time() - began < 40) == ([], True)


@pytest.mark.parametrize("seed", range(20))
def test_the_same_copies_are_found_as_by_looking_at_all_pairs(seed: int) -> None:
    draw = random.Random(seed)
    runs = [_run(number, draw) for number in range(30)]
    for number in draw.sample(range(30), 12):
        runs[number] = TrainingRun(number, others=draw.choice(runs).others)

    groups = copies._groups(runs, ())

    apart: list[list[TrainingRun]] = []
    for run in runs:
        here = next((group for group in apart if copies.are_copies(group[0], run)), None)
        if here is None:
            apart.append([run])
        else:
            here.append(run)
    assert groups == [group for group in apart if len(group) > 1]


def test_what_a_refusal_quotes_is_bounded(tmp_path: Path) -> None:
    plain: dict[str, Any] = {**KINDS["results"].make(), "x" * 100_000: 1}
    path = tmp_path / "results.json"
    path.write_text(json.dumps(plain), encoding="utf-8")

    with pytest.raises(BadResults) as caught:
        KINDS["results"].read(path)

    assert len(str(caught.value)) < 2000


@pytest.mark.parametrize("number", [5e-324, 1e300, 10**300], ids=["least", "most", "integer"])
@pytest.mark.parametrize("name", ["seconds", "steps", "batch_size"])
@pytest.mark.parametrize("kind", ["comparison", "steps"])
def test_a_number_that_nobody_can_have_measured_is_refused(kind: str, name: str, number: float, tmp_path: Path) -> None:
    path = tmp_path / KINDS[kind].name
    text = KINDS[kind].text(KINDS[kind].make())
    # The first number under this name, of a list or by itself.
    spoilt = re.sub(rf'("{name}": (?:\[\s*)?)[\d.e-]+', lambda match: f"{match[1]}{number!r}", text, count=1)
    path.write_text(spoilt, encoding="utf-8")
    if spoilt == text:
        pytest.skip("it has no such number")

    with pytest.raises(KerasCh2Error):
        KINDS[kind].read(path)
