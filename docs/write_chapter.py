"""Writes the chapter's code as it runs on each release, docs/chapter: `python docs/write_chapter.py`.

It needs no TensorFlow. Releases for which the code is the same share a file, which has the name of the newest of them
that is released.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Mapping, Sequence

from pytest_kerasch2.chapter.session import blocks
from pytest_kerasch2.claims.release import Release
from pytest_kerasch2.files import write_text

HERE = Path(__file__).parent
PLACE = HERE / "chapter"
TABLE = HERE / "compatibility.json"
HEAD = '''"""The code of the chapter, each block as printed or with its workaround: it runs on

{releases}.

Written by `python docs/write_chapter.py`; docs/chapter/index.md says on which of these it was run.
"""

'''
INDEX = """# The chapter's code for your release

Each file is the code of the whole chapter, in its order and with its names. Blocks that do not run on a release are
replaced by their workaround. The claim `session.with-workarounds` runs it from beginning to end, with few images.

| Release | Code | Runs to the end |
| --- | --- | --- |
{rows}

Written by `python docs/write_chapter.py`; do not edit.
"""


def files() -> dict[str, str]:
    """Return the text of each file by its name, the index among them."""
    columns = [one for one in json.loads(TABLE.read_text(encoding="utf-8"))["releases"] if _has_tensorflow(one)]
    alike: dict[str, list[Mapping[str, Any]]] = {}
    for column in columns:
        release = Release(column["tensorflow"], column["keras"], column["backend"])
        alike.setdefault(blocks.page(release), []).append(column)
    names = {page: _name(group) for page, group in alike.items()}
    rows = {column["label"]: names[page] for page, group in alike.items() for column in group}
    written = {names[page]: HEAD.format(releases=_labels(group)) + page for page, group in alike.items()}
    ran = _verdicts()
    index = "\n".join(
        f"| {one['label']} | [{rows[one['label']]}]({rows[one['label']]}) | {ran.get(one['name'], 'not run yet')} |"
        for one in columns
    )
    return {**written, "index.md": INDEX.format(rows=index)}


def _verdicts() -> dict[str, str]:
    """Return what the table says of the code on each release: `yes` where it ran to the end."""
    claims = json.loads(TABLE.read_text(encoding="utf-8"))["claims"]
    outcomes = next(one["outcomes"] for one in claims if one["id"] == "session.with-workarounds")
    words = {"held": "yes", "broken": "no"}
    return {name: words.get(one["verdict"], "not decided") for one in outcomes for name in one["releases"]}


def _has_tensorflow(column: Mapping[str, Any]) -> bool:
    # On another backend `tf`, of which most blocks speak, is not there.
    return bool(column["backend"] == "tensorflow")


def _labels(group: Sequence[Mapping[str, Any]]) -> str:
    return ",\n".join(str(one["label"]) for one in group)


def _name(group: Sequence[Mapping[str, Any]]) -> str:
    released = [one for one in group if one["series"] == "tensorflow" and "rc" not in one["label"]]
    label = (released or group)[-1]["label"].lower()
    return "-".join("".join(one if one.isalnum() or one == "." else " " for one in label).split()) + ".py"


def main() -> None:
    """Write all of them, and remove those that no release has any more."""
    PLACE.mkdir(exist_ok=True)
    written = files()
    for path in PLACE.iterdir():
        if path.name not in written:
            path.unlink()
    for name, text in written.items():
        write_text(text, PLACE / name)


if __name__ == "__main__":
    main()
