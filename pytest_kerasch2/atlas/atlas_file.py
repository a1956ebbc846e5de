"""The file of the atlas: names of all walked releases, each with what it is on which of them, compressed.

It holds three texts, which are searched and not parsed, since a lookup needs few of many thousand names:

- `signatures`: a line for each, its parameters separated by tabs;
- `names`: a line for each name, in their order, with its states separated by tabs;
- a state is `FIRST-LAST:KIND...`, the places of releases and what the name is on them: a letter of `walking`, for a
  function the place of its signature, for a class also those of its bases; `=PLACE` is another name of the same thing.
"""

from __future__ import annotations

import functools
import json
import lzma
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Mapping, Sequence

from pytest_kerasch2 import json_files
from pytest_kerasch2.errors import BadAtlas

ATLAS = Path(__file__).with_name("atlas.json.xz")
SCHEMA = 1
# Bytes of the file, and of what it holds.
SIZE = 3 * 2**19
SIZE_OF_TEXT = 48 * 2**20
_LIMITS = json_files.JsonLimits(size=SIZE_OF_TEXT, values=5_000_000)
_REMEDY = "install pytest-kerasch2 again, or make the file anew with `python -m matrix atlas`"


@dataclass(frozen=True)
class WalkedColumn:
    """A release that was walked.

    Attributes:
        name: of the column of the matrix.
        label: for people.
        series: of the column: tensorflow, keras, paired, legacy or backend.
        doors: `tf`, `keras`, or both.
        tensorflow: its version, or None.
        keras: version of the package keras, or None where there is none.
        inside: version of what `tf.keras` is, or None where it does not show it.
    """

    name: str
    label: str
    series: str
    doors: tuple[str, ...]
    tensorflow: str | None = None
    keras: str | None = None
    inside: str | None = None


@dataclass(frozen=True)
class State:
    """What a name is on a range of releases.

    Attributes:
        first: place of the first release; `last` of the last one.
        kind: a letter of `walking`.
        signature: place of the signature, or None.
        bases: places of the names of the classes that a class has its members from, after itself.
        is_open: whether a class may have members that no walk sees.
        same_as: place of the name under which the thing is described, or None.
    """

    first: int
    last: int
    kind: str
    signature: int | None = None
    bases: tuple[int, ...] = ()
    is_open: bool = False
    same_as: int | None = None


@dataclass(frozen=True, eq=False)
class AtlasData:
    """All names of the releases that were walked.

    Attributes:
        releases: in the order of the compatibility table.
        signatures: a line for each.
        lines: of the names.
    """

    releases: tuple[WalkedColumn, ...]
    signatures: Sequence[str] = field(repr=False)
    lines: Sequence[str] = field(repr=False)

    @functools.cached_property
    def places(self) -> Mapping[str, int]:
        """Return the place of each name."""
        return {line[: line.index("\t")]: at for at, line in enumerate(self.lines)}

    def name(self, place: int) -> str:
        """Return the name at a place.

        Raises:
            BadAtlas: there is none.
        """
        if not 0 <= place < len(self.lines):
            raise BadAtlas("An atlas of names is damaged", f"it has no name {place}", _REMEDY)
        return self.lines[place].partition("\t")[0]

    def state(self, name: str, release: int) -> State | None:
        """Return what a name is on a release, or None.

        Raises:
            BadAtlas: what is kept of it cannot be read.
        """
        place = self.places.get(name)
        if place is None:
            return None
        try:
            # Only the range that is asked for is read: most names have several.
            for text in self.lines[place].split("\t")[1:]:
                first, _, rest = text.partition("-")
                if int(first) <= release <= int(rest.partition(":")[0]):
                    return _state(text)
        except ValueError as error:
            raise BadAtlas("An atlas of names is damaged", f"{name}: {error}", _REMEDY) from error
        return None

    def parameters(self, place: int | None) -> tuple[str, ...] | None:
        """Return the parameters of a signature, or None where no walk saw them.

        Raises:
            BadAtlas: there is no such signature.
        """
        if place is None:
            return None
        if not 0 <= place < len(self.signatures):
            raise BadAtlas("An atlas of names is damaged", f"it has no signature {place}", _REMEDY)
        text = self.signatures[place]
        return None if text == "?" else tuple(text.split("\t")) if text else ()


def _state(text: str) -> State:
    ends, _, what = text.partition(":")
    first, _, last = ends.partition("-")
    if what.startswith("="):
        return State(int(first), int(last), "=", same_as=int(what[1:]))
    signature, _, bases = what[1:].partition(";")
    is_open = bases.endswith("!")
    return State(
        int(first), int(last), what[:1], int(signature) if signature else None,
        tuple(int(one) for one in bases.rstrip("!").split(",") if one), is_open,
    )  # fmt: skip


def read_atlas(path: Path = ATLAS) -> AtlasData:
    """Return the atlas that a file holds.

    Raises:
        BadAtlas: it is missing, cut, too large or of another schema.
    """
    try:
        with path.open("rb") as stream:
            packed = stream.read(SIZE + 1)
        if len(packed) > SIZE:
            raise BadAtlas("An atlas of names is too large", f"{path.name}: more than {SIZE} bytes", _REMEDY)
        unpacker = lzma.LZMADecompressor(memlimit=256 * 2**20)
        content = unpacker.decompress(packed, SIZE_OF_TEXT)
        if not unpacker.eof:
            raise BadAtlas("An atlas of names is cut, or too large", path.name, _REMEDY)
        return _read(json_files.parse_json(content, _LIMITS))
    except (OSError, lzma.LZMAError, json_files.BadJson) as error:
        raise BadAtlas("An atlas of names cannot be read", f"{path.name}: {error}", _REMEDY) from error
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        if isinstance(error, BadAtlas):
            raise
        raise BadAtlas("An atlas of names is damaged", f"{path.name}: {error}", _REMEDY) from error


def _read(content: Any) -> AtlasData:
    if content["schema"] != SCHEMA:
        raise BadAtlas("An atlas of names is of another schema", repr(content["schema"])[:40], _REMEDY)
    releases = tuple(WalkedColumn(**{**one, "doors": tuple(one["doors"])}) for one in content["releases"])
    signatures, lines = content["signatures"].split("\n"), content["names"].split("\n")
    if not releases or not all("\t" in line for line in lines):
        raise BadAtlas("An atlas of names is damaged", "a name has no releases", _REMEDY)
    return AtlasData(releases, signatures, lines)


@functools.lru_cache(maxsize=1)
def shipped() -> AtlasData:
    """Return the atlas of this package, which is read when it is asked for and then kept."""
    return read_atlas()


def pack(data: AtlasData) -> bytes:
    """Return the bytes of the file."""
    content = {
        "schema": SCHEMA,
        "releases": [dict(vars(one)) for one in data.releases],
        "signatures": "\n".join(data.signatures),
        "names": "\n".join(data.lines),
    }
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    return lzma.compress(text.encode("utf-8"), preset=9 | lzma.PRESET_EXTREME)
