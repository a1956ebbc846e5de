"""The instructions of a pickle, read before any is obeyed: which ones there are, and how much they can make.

CPython's own unpickler takes memory by numbers that a pickle merely states, such as a place in its memo, and makes an
object of 56 bytes of one byte. The instructions admitted here are those of integers, texts, lists, tuples and
dictionaries, and the few by which NumPy makes an array; all but the integers are counted. Twelve million integers, as
IMDB has, are passed over as runs: Python's own unpickler in pure Python would take half a minute for them.
"""

from __future__ import annotations

import re
import struct
from typing import Callable, Mapping

# Instructions beside integers: IMDB has four for each of 25,000 reviews.
MOST = 1_000_000
# Of those by which arrays are made, an archive has two of each.
MOST_CALLS = 16
# A place in the memo; the unpickler takes 16 bytes for each below the highest.
HIGHEST = 1 << 21
LONGEST_NAME = 200
CUT = "a pickle that cannot be read, because it is cut short"

_INTEGERS = re.compile(rb"(?:K.|M..|J....)+", re.DOTALL)
_CALLS = b"Rb\x93c"
# Instructions without an argument: containers and what fills them, None, truth, marks, memo, call, build.
_BARE = b"](}) eautsN\x85\x86\x87\x88\x89\x94Rb\x93".replace(b" ", b"")
# What a fixed number of bytes follows: version, frame, places in the memo by one byte, floats.
_FIXED: Mapping[int, int] = {0x80: 1, 0x95: 8, ord("q"): 1, ord("h"): 1, ord("G"): 8}
# What a length and so many bytes follow: the format of the length.
_SIZED: Mapping[int, str] = {
    ord("U"): "<B",
    ord("C"): "<B",
    0x8C: "<B",
    0x8A: "<B",
    ord("T"): "<I",
    ord("B"): "<I",
    ord("X"): "<I",
    0x8E: "<Q",
    0x8D: "<Q",
}
_STOP = ord(".")


class RefusedPickle(ValueError):
    """A pickle that holds something other than plain values and NumPy arrays."""


def check(content: bytes) -> None:
    """Require that a pickle has only instructions that are admitted, and no more than an archive can need.

    Raises:
        RefusedPickle: it has another one, or too many, or does not end with its last byte.
    """
    place = count = calls = 0
    while True:
        run = _INTEGERS.match(content, place)
        place = place if run is None else run.end()
        code = content[place] if place < len(content) else -1
        if code == _STOP:
            break
        if code < 0:
            raise RefusedPickle(CUT)
        count += 1
        calls += code in _CALLS
        if count > MOST or calls > MOST_CALLS:
            raise RefusedPickle(f"a pickle of more than {MOST} instructions, or {MOST_CALLS} of those that make arrays")
        place += 1 + _argument(code, content, place + 1)
    if place + 1 != len(content):
        raise RefusedPickle("bytes left over behind a pickle")


def _argument(code: int, content: bytes, place: int) -> int:
    """Return how many bytes the argument of an instruction takes."""
    if code in _BARE:
        return 0
    if code in _FIXED:
        return _FIXED[code]
    read = _READERS.get(code)
    if read is not None:
        return read(content, place)
    if code not in _SIZED:
        raise RefusedPickle(
            "a pickle that cannot be read, because it is cut short"
            if code < 0
            else f"the pickle instruction {bytes([code])!r}"
        )
    width = struct.calcsize(_SIZED[code])
    length = _number(_SIZED[code], content, place)
    if length > len(content) - place - width:
        raise RefusedPickle(f"a pickle that states {length} bytes and does not have them")
    return width + length


def _memo(content: bytes, place: int) -> int:
    index = _number("<I", content, place)
    if index >= HIGHEST:
        raise RefusedPickle(f"a pickle with the place {index} in its memo")
    return 4


def _name(content: bytes, place: int) -> int:
    """Return how long two lines are: a module, and a name in it."""
    end = content.find(b"\n", content.find(b"\n", place, place + LONGEST_NAME) + 1, place + 2 * LONGEST_NAME)
    if end < place or b"\n" not in content[place:end]:
        raise RefusedPickle("a pickle with a name that does not end")
    return end + 1 - place


def _number(form: str, content: bytes, place: int) -> int:
    part = content[place : place + struct.calcsize(form)]
    if len(part) < struct.calcsize(form):
        raise RefusedPickle(CUT)
    return int(struct.unpack(form, part)[0])


_READERS: Mapping[int, Callable[[bytes, int], int]] = {ord("r"): _memo, ord("j"): _memo, ord("c"): _name}
