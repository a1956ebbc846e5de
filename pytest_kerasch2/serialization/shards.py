"""The index of weights that are saved in several files: ``name.weights.json`` beside ``name_00000.weights.h5`` ...

Keras 3.10 and later write them for ``save_weights(..., max_shard_size=...)``. Keras opens the files that the index
names, and the first one whether it is named or not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pytest_kerasch2.errors import DataDamaged, UnsafeFile
from pytest_kerasch2.serialization.limits import Limits

SUFFIX = ".weights.h5"
TOGETHER = "copy the index and all of its files into one folder, or save the weights again"


def text_of(index: Path, limits: Limits) -> str:
    """Return the text of an index.

    Raises:
        UnsafeFile: it is too large.
        DataDamaged: it is no text.
    """
    if index.stat().st_size > limits.text_bytes:
        raise UnsafeFile("The index of shards is too large", f"at most {limits.text_bytes} bytes", TOGETHER)
    try:
        return index.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DataDamaged("The index of shards is not text", str(error), TOGETHER) from error


def files(source: Path, index: Any, limits: Limits) -> list[Path]:
    """Return the files of an index, each once, all of them in its own folder.

    Args:
        source: the path of the index.
        index: what it holds.
        limits: how many files there may be.

    Raises:
        UnsafeFile: it names a file in another folder, or too many.
        DataDamaged: it is no index, or a file is missing.
    """
    names = sorted({_first(source), *_named(index)})
    if len(names) > limits.members:
        raise UnsafeFile("The index names too many files", f"{len(names)}, at most {limits.members}", TOGETHER)
    return [_checked(source, name) for name in names]


def _first(source: Path) -> str:
    return source.stem.replace(".weights", "") + "_00000" + SUFFIX


def _named(index: Any) -> list[str]:
    listed = index.get("weight_map")
    if not isinstance(listed, dict):
        raise DataDamaged("The index of shards has no weight_map", ", ".join(sorted(index))[:120], TOGETHER)
    names = [name for value in listed.values() for name in (value if isinstance(value, list) else [value])]
    for name in names:
        if not isinstance(name, str) or not name.endswith(SUFFIX) or set(name) & set("/\\:\0"):
            raise UnsafeFile("The index names something that is not a file beside it", repr(name)[:120], TOGETHER)
    return names


def _checked(source: Path, name: str) -> Path:
    path = source.with_name(name)
    if not path.is_file():
        raise DataDamaged("A file that the index of shards names is missing", repr(str(path)), TOGETHER)
    if path.resolve().parent != source.resolve().parent:
        raise UnsafeFile("A file of the index of shards is a link that leads elsewhere", repr(str(path)), TOGETHER)
    return path
