"""What a claim on the backend looks at in a child: the first constant of a process, as it is printed."""

from __future__ import annotations

import re

from pytest_kerasch2.chapter import block_texts
from pytest_kerasch2.framework import api
from pytest_kerasch2.subprocesses.job import Job


def first_number() -> str:
    """Return the running number that the example's constant is printed with, or `none`, if nothing was made before."""
    api.require_tensorflow("the printed form of a tf.Tensor")
    names = {"tf": api.tensorflow()}
    exec(block_texts.repaired("constant"), names)
    number = re.search(r"\bid=(\d+)", repr(names["const"]))
    return "none" if number is None else number.group(1)


FIRST_NUMBER = Job(f"{__name__}:first_number", deadline=120.0)
