"""Suggest what a misspelt word was meant to be.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import difflib
from typing import Iterable

# Alike by so much, from 0 to 1: two letters in the wrong order, or one too many, in a word of six.
LIKENESS = 0.6
MOST = 2


def close_to(word: str, words: Iterable[str], likeness: float = LIKENESS, most: int = MOST) -> list[str]:
    """Return the known words that a misspelt one is most like, the best first.

    >>> close_to("calibrat", ["calibrate", "gate"])
    ['calibrate']
    """
    by_letters = {one.lower(): one for one in words}
    matches = difflib.get_close_matches(word.lower()[:200], by_letters, most, likeness)
    return [by_letters[one] for one in matches]


def did_you_mean(word: str, words: Iterable[str], before: str = "") -> str:
    """Return a question that names the known words that are meant, or an empty text where none is alike.

    Args:
        word: as it was written.
        words: those that are understood.
        before: is put before the question, such as a blank or a semicolon.

    >>> did_you_mean("predct", ["fit", "predict"])
    'did you mean predict?'
    """
    matches = close_to(word, words)
    return f"{before}did you mean {' or '.join(matches)}?" if matches else ""
