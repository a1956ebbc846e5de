"""The one who looks: comparisons that raise when a claim does not hold and keep what they saw as evidence."""

from __future__ import annotations

import re
from typing import Any, Callable

from pytest_kerasch2.errors import ClaimBroken, KerasCh2Error

# Longer evidence is cut: a whole array in a results file helps nobody.
LONGEST = 400


class Recorder:
    """Collects evidence for one check.

    Each comparison raises `ClaimBroken` where the claim does not hold, so that no answer can be thrown away by mistake.
    """

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._seen: list[str] = []

    @property
    def evidence(self) -> tuple[str, ...]:
        """Return what was seen so far, in order."""
        return tuple(self._seen)

    def saw(self, text: str) -> None:
        """Keep one line of evidence that decides nothing by itself."""
        self._seen.append(steady(text))

    def equal(self, what: str, *, expected: Any, actual: Any) -> None:
        """Require `actual == expected`, of the same type family (True is not 1)."""
        alike = isinstance(expected, bool) == isinstance(actual, bool)
        self._judge(what, bool(alike and expected == actual), expected, actual)

    def close(self, what: str, *, expected: float, actual: float, within: float) -> None:
        """Require `|actual - expected| <= within` (absolute); not-a-number is never close."""
        self._judge(what, abs(float(actual) - float(expected)) <= within, f"{expected!r} within {within!r}", actual)

    def at_most(self, what: str, *, limit: float, actual: float) -> None:
        """Require `actual <= limit`."""
        self._judge(what, float(actual) <= float(limit), f"at most {limit!r}", actual)

    def at_least(self, what: str, *, limit: float, actual: float) -> None:
        """Require `actual >= limit`."""
        self._judge(what, float(actual) >= float(limit), f"at least {limit!r}", actual)

    def contains(self, what: str, *, expected: Any, actual: Any) -> None:
        """Require that `expected` is in `actual` (a text, a sequence, a mapping or a set)."""
        self._judge(what, expected in actual, f"{expected!r} in it", actual)

    def absent(self, what: str, *, unwanted: Any, actual: Any) -> None:
        """Require that `unwanted` is not in `actual`."""
        self._judge(what, unwanted not in actual, f"no {unwanted!r} in it", actual)

    def matches(self, what: str, *, pattern: str, actual: str) -> None:
        """Require that the regular expression is found in the text."""
        self._judge(what, re.search(pattern, actual) is not None, f"text matching {pattern!r}", actual)

    def same_bits(self, what: str, *, expected: Any, actual: Any) -> None:
        """Require two arrays of equal dtype, shape and bytes (so that NaN equals itself and -0.0 is not 0.0)."""
        import numpy

        one, other = numpy.asarray(expected), numpy.asarray(actual)
        alike = one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
        self._judge(what, alike, f"the same bits as {_outline(one)}", _outline(other))

    def differ(self, what: str, *, one: Any, other: Any) -> None:
        """Require two arrays that are not equal bit for bit: for showing that something did change."""
        import numpy

        first, second = numpy.asarray(one), numpy.asarray(other)
        alike = first.shape == second.shape and first.tobytes() == second.tobytes()
        self._judge(what, not alike, f"other values than {_outline(first)}", _outline(second))

    def all_true(self, what: str, *, mask: Any) -> None:
        """Require that every element of a mask is true, and that there is at least one."""
        import numpy

        flags = numpy.asarray(mask, dtype=bool)
        self._judge(what, flags.size > 0 and bool(flags.all()), "all", f"{int(flags.sum())} of {flags.size}")

    def true(self, what: str, *, holds: bool, found: Any) -> None:
        """Require a condition that no other comparison names; `found` is what was seen."""
        self._judge(what, bool(holds), "so", found)

    def runs(self, what: str, call: Callable[[], Any]) -> Any:
        """Return what the call returns; require that it raises nothing."""
        try:
            value = call()
        except KerasCh2Error:
            raise
        except Exception as error:
            self.saw(f"{what}: {described(error)}")
            raise ClaimBroken(f"{what} does not run", steady(described(error))) from error
        self.saw(f"{what}: runs")
        return value

    def raises(self, what: str, kinds: tuple[type[BaseException], ...], call: Callable[[], Any]) -> BaseException:
        """Return the error that the call raises; require that it is one of `kinds`."""
        try:
            value = call()
        except KerasCh2Error:
            raise
        except kinds as error:
            self.saw(f"{what}: {described(error)}")
            return error
        expectation = " or ".join(kind.__name__ for kind in kinds)
        self.saw(f"{what}: no error, but {value!r}")
        raise ClaimBroken(f"{what} raises nothing", steady(f"the value {value!r}"), f"expected {expectation}")

    def always(self, what: str, cases: int, generated: Callable[[], Any]) -> None:
        """Require that a property holds for all of its generated cases, each of which has a `Recorder` of its own.

        Args:
            what: what holds.
            cases: how many cases the property generates at the most.
            generated: the property, which raises `ClaimBroken` for the smallest case that breaks it.
        """
        try:
            generated()
        except ClaimBroken as error:
            self.saw(f"{what}: {error.happened}: {error.found}")
            raise
        self.saw(f"{what}: in every one of up to {cases} generated cases")

    def _judge(self, what: str, holds: bool, expected: Any, actual: Any) -> None:
        seen = actual if isinstance(actual, str) and isinstance(expected, str) else repr(actual)
        expectation = expected if isinstance(expected, str) and isinstance(actual, str) else repr(expected)
        if holds:
            self.saw(f"{what}: {seen}" if seen == expectation else f"{what}: {seen} ({expectation})")
            return
        self.saw(f"{what}: {seen}, not {expectation}")
        raise ClaimBroken(f"{what} is not as claimed", steady(f"{seen}; the claim says {expectation}"))


def described(error: BaseException) -> str:
    """Return an error as `Type: first line of its message`."""
    lines = str(error).strip().splitlines()
    first = next((line.strip() for line in lines if line.strip()), "")
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


# A folder with its owner in its name; see `folders`.
_OWNED = r"[a-z]+-\d+-\d+-[0-9a-f]{8}-\w+"


def steady(text: str) -> str:
    """Return the text without what differs between runs (addresses, temporary folders, tensor ids), cut to a length."""
    text = re.sub(r"0x[0-9a-fA-F]{6,}", "0x...", text)
    text = re.sub(r"(/[\w.+@-]+)+/pytest-\d+(/popen-gw\d+)?(/[\w.@-]+\d)?(?=/|\b)", "<scratch>", text)
    text = re.sub(rf"(/[\w.+@-]+)+/kerasch2-({_OWNED}|(\w+-)?\w{{6,}})(/asked-\w+)?", "<scratch>", text)
    # TensorFlow loads it when it is first asked for something, and by then it has another name.
    text = re.sub(r"module '(keras\._tf_keras|(tf_)?keras\.api\._v2)\.keras'", "module 'tensorflow.keras'", text)
    # Where packages are installed is a matter of the machine.
    text = re.sub(r"(/[\w.+@~-]+)+/(?=site-packages/)", "", text)
    text = re.sub(r"[A-Za-z]:(\\[\w .+@~-]+)+\\(?=site-packages\\)", "", text)
    text = re.sub(r"after \d+\.\d s", "after ... s", text)
    text = re.sub(r"\bid=\d+", "id=...", text)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def _outline(array: Any) -> str:
    import hashlib

    digest = hashlib.sha256(array.tobytes()).hexdigest()[:12]
    return f"{array.dtype} {array.shape} sha256 {digest}"
