"""The chapter typed into one interpreter, block after block, as printed and with the workarounds; runs in a child."""

from __future__ import annotations

import contextlib
import hashlib
import io
import linecache
from pathlib import Path
from typing import Any, Callable, Dict, Iterator

import numpy

from pytest_kerasch2 import folders
from pytest_kerasch2.chapter import block_texts
from pytest_kerasch2.chapter.listings.running import compiled
from pytest_kerasch2.chapter.session import blocks
from pytest_kerasch2.checks.captured import attempt
from pytest_kerasch2.checks.folder import inside
from pytest_kerasch2.data import keras_loaders, registry, synthetic
from pytest_kerasch2.framework import api
from pytest_kerasch2.subprocesses.job import Job

SIZES = {"train": 128, "test": 64}
EXPECTED = ("train_x", "test_x", "train_y", "test_y")
# A hundred epochs of few images, on a machine that may be busy with the other checks.
SESSION = Job("pytest_kerasch2.chapter.session.observations:both", deadline=300.0)
Names = Dict[str, Any]


def both() -> dict[str, list[dict[str, Any]]]:
    """Return what came of each block, see `_typed`: as printed, and with the workarounds of this release put in."""
    api.require_tensorflow("The chapter")
    written = blocks.mended(api.release())
    return {"printed": _session(block_texts.text), "mended": _session(written.__getitem__)}


def _session(text_of: Callable[[str], str]) -> list[dict[str, Any]]:
    names: Names = {"__name__": "__main__"}
    with folders.temporary("session") as folder, _data(folder), inside(folder):
        return [_typed(block, text_of(block), names) for block in blocks.TYPED]


def _typed(block: str, text: str, names: Names) -> dict[str, Any]:
    """Return the block, what its data are before it, what a printed line of it gives there, and its error, or None."""
    before = {name: _described(names.get(name)) for name in blocks.DATA}
    values = {name: digest(names[name]) for name in EXPECTED if names.get(name) is not None}
    line = blocks.PRINTED_LINES.get(block)
    tried = None if line is None else attempt(lambda: eval(line, names))
    place = f"<{block}>"
    # Under a name by which AutoGraph, which reads the source of a function again, can find it.
    linecache.cache[place] = (len(text), None, text.splitlines(keepends=True), place)
    error = None
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compiled(text, place), names)
    # Whatever a block raises is what a reader sees.
    except Exception as raised:
        error = f"{type(raised).__name__}: {str(raised).splitlines()[0][:300] if str(raised) else ''}"
    return {"block": block, "data": before, "values": values, "line": tried, "error": error}


def digest(value: Any) -> str:
    """Return a hash of the values of a tensor or an array."""
    return hashlib.sha256(api.array(value).tobytes()).hexdigest()[:12]


def _described(value: Any) -> str:
    if value is None:
        return "not there"
    if hasattr(value, "dtype"):
        kind = "array" if isinstance(value, numpy.ndarray) else "tensor"
        return f"{kind} of {api.dtype_name(value.dtype)}"
    return repr(value)


def _made_up() -> tuple[dict[str, Any], dict[str, Any]]:
    drawn = numpy.random.RandomState(0)
    images = {part: drawn.randint(0, 256, (count, 28, 28)).astype("uint8") for part, count in SIZES.items()}
    return images, {part: (numpy.arange(count) % 10).astype("uint8") for part, count in SIZES.items()}


def prepared() -> dict[str, str]:
    """Return a hash of what the data are once the first example has prepared them, as NumPy computes it."""
    images, labels = _made_up()
    values = {f"{part}_x": (images[part] / 255.0).astype("float32") for part in SIZES}
    values.update({f"{part}_y": labels[part].astype("int64") for part in SIZES})
    return {name: digest(values[name]) for name in EXPECTED}


@contextlib.contextmanager
def _data(folder: Path) -> Iterator[None]:
    """Let Keras's own loaders find archives on loopback: made-up images, of MNIST few, so that ten epochs are short."""
    mirror = folder / "mirror"
    images, labels = _made_up()
    arrays = [(f"x_{part}", images[part]) for part in SIZES] + [(f"y_{part}", labels[part]) for part in SIZES]
    synthetic.pack_npz(synthetic.paths_of(registry.record_of("mnist"), mirror)[0], arrays)
    synthetic.make(mirror, ["fashion_mnist"])
    with keras_loaders.genuine_loaders(api.tensorflow(), str(mirror), ["mnist", "fashion_mnist"]):
        yield
