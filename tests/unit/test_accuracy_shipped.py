from __future__ import annotations

from pathlib import Path

import pytest

from pytest_kerasch2.accuracy import reference
from pytest_kerasch2.accuracy.settings import Recipe
from pytest_kerasch2.errors import BadReference, InvalidArgument

# So many seeds at least: of the chapter's own release, which has no quick way to train, fewer.
SEEDS = {"mnist-tensorflow-2.0": 20, "digits-tensorflow-2.21": 200}
SEEDS_OF_A_PIPELINE = 10
SEEDS_OF_OTHERS = 60


@pytest.mark.parametrize("name", reference.bundled_names())
def test_each_is_whole_and_of_the_printed_training(name: str) -> None:
    actual = reference.load_bundled(name)
    recipe = actual.description.recipe

    assert isinstance(recipe, Recipe)
    least = SEEDS_OF_OTHERS if recipe.feed == "arrays" else SEEDS_OF_A_PIPELINE
    assert (recipe, len(actual.runs) >= SEEDS.get(name, least)) == (Recipe(feed=recipe.feed), True)


@pytest.mark.parametrize("name", reference.bundled_names())
def test_each_is_called_by_what_it_is_of(name: str) -> None:
    subject = reference.load_bundled(name).description
    version = subject.environment["tensorflow" if subject.environment["backend"] == "tensorflow" else "keras"]
    feed = str(subject.recipe.to_dict()["feed"])

    minor = ".".join(str(version).split(".")[:2])
    fed = [] if feed == "arrays" else [feed]
    assert name == "-".join([subject.data["name"], *fed, subject.environment["backend"], minor])


def test_no_file_is_shipped_without_its_hash() -> None:
    assert sorted(path.stem for path in reference.FOLDER.glob("*.jsonl")) == list(reference.bundled_names())


def test_a_changed_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = reference.bundled_names()[0]
    text = (reference.FOLDER / f"{name}.jsonl").read_text(encoding="utf-8")
    (tmp_path / f"{name}.jsonl").write_text(text.replace("0.98", "0.99", 1), encoding="utf-8")
    monkeypatch.setattr(reference, "FOLDER", tmp_path)

    with pytest.raises(BadReference, match="was changed"):
        reference.load_bundled(name)


def test_one_that_is_not_shipped_is_named() -> None:
    with pytest.raises(InvalidArgument, match="There is no reference "):
        reference.load_bundled("mnist-tensorflow-1.0")
