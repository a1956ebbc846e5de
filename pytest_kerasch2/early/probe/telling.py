"""What the facts share: drawn images, captured print-outs, errors in one line, numbers that are JSON."""

import contextlib
import io
import re
from typing import Any, Callable, Dict, Tuple

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def described(error: BaseException) -> str:
    """Return an error as `Type: first line of its message`."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return ": ".join([type(error).__name__, *lines[:1]])


def plain(value: Any) -> Any:
    """Turn NumPy's numbers and arrays into JSON values."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError("a fact is a " + type(value).__name__ + ", which is not JSON")


def attempt(call: Callable[..., Any], *arguments: Any) -> Dict[str, Any]:
    """Return `{"value": ...}`, or `{"error": "Type: first line"}` where the call raises."""
    try:
        return {"value": call(*arguments)}
    except Exception as error:
        return {"error": described(error)}


def message(call: Callable[[], Any]) -> Dict[str, Any]:
    """Return `kind` and `text` of the error that a call raises, without stacks; both None where it raises nothing."""
    try:
        call()
    except Exception as error:
        text = re.split(r"\n+\[CALL STACK\]|\nApply node that caused|\nBacktrace when", str(error))[0]
        return {"kind": type(error).__name__, "text": text}
    return {"kind": None, "text": None}


def numbers(shape: Tuple[int, ...], seed: int, least: float = -1.0) -> Any:
    """Return float32 numbers from `least` to 1, the same every time."""
    import numpy

    return numpy.random.RandomState(seed).uniform(least, 1, shape).astype("float32")


def drawn(count: int, seed: int = 5) -> Tuple[Any, Any]:
    """Return images (count, 28, 28) float32 in 0..1 and labels (count,) int64 0..9 that a network can learn."""
    import numpy

    random = numpy.random.RandomState(seed)
    patterns = random.uniform(0, 1, (10, 28, 28))
    labels = numpy.arange(count) % 10
    noise = random.uniform(0, 1, (count, 28, 28))
    return (0.6 * patterns[labels] + 0.4 * noise).astype("float32"), labels.astype("int64")


def printed(call: Callable[[], Any]) -> Tuple[Any, str]:
    """Return what a call returns, and what it leaves on a terminal: without colours and overwritten lines."""
    paper = io.StringIO()
    with contextlib.redirect_stdout(paper):
        value = call()
    text = _COLOURS.sub("", paper.getvalue()).replace("\x08", "")
    return value, "\n".join(line.rpartition("\r")[2] for line in text.split("\n"))


def apart(one: Any, other: Any) -> float:
    """Return the greatest distance between two arrays; 1e308 where their shapes differ or a number is none."""
    import numpy

    first, second = numpy.asarray(one, dtype="float64"), numpy.asarray(other, dtype="float64")
    if first.shape != second.shape or not numpy.isfinite(first - second).all():
        return 1e308
    return float(numpy.max(numpy.abs(first - second))) if first.size else 0.0


def same_bits(ones: Any, others: Any) -> bool:
    """Return whether two lists of arrays are equal in number, types, shapes and bytes."""
    import numpy

    pairs = [(numpy.asarray(a), numpy.asarray(b)) for a, b in zip(ones, others)]
    equal = [a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes() for a, b in pairs]
    return len(ones) == len(others) and all(equal)
