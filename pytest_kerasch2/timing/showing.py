"""The work of `kerasch2 compare`: what the command line says, and the comparisons that it asks for."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable

from pytest_kerasch2.errors import BadSetting
from pytest_kerasch2.framework import devices
from pytest_kerasch2.gates import distributions
from pytest_kerasch2.gates.pairs import Terms, Verdict
from pytest_kerasch2.timing import arms, comparing
from pytest_kerasch2.timing.comparison import Comparison

# What a self-test plants, and within what a thing is to be the same as itself: a machine on which neither is told by
# the fewest starts is not fit to compare anything.
PLANTED = 0.5
MARGIN = 0.2


def self_tested(chosen: Any, told: Callable[[str], None]) -> bool:
    """Tell whether a comparison can turn red and stay green: one thing with itself, as it is and with a slowdown.

    Where the machine was unfit, it is tried once more.

    Args:
        chosen: as for `compared`; the second thing is not asked for, nor the first where this interpreter is meant.
        told: is called with a line after each start of the processes, and with each verdict.

    Raises:
        BadSetting: it is to keep something, which would be of one of its comparisons alone.
    """
    if chosen.json or chosen.summary or chosen.told_by or chosen.second:
        both = "--self-test, and --json, --summary, --told-by or a second thing"
        raise BadSetting("A self-test keeps nothing, and is of one thing", both, "leave out either")
    first = chosen.first or sys.executable
    right = True
    planted = chosen.slower or PLANTED
    for slower, margin, wanted in ((0.0, MARGIN, Verdict.SAME), (planted, chosen.margin, Verdict.SLOWER)):
        asked = argparse.Namespace(
            **{**vars(chosen), "first": first, "second": first, "slower": slower, "margin": margin}
        )
        found = compared(asked, told)
        if found.verdict is Verdict.UNFIT:
            told("the machine was unfit: once more")
            found = compared(asked, told)
        as_it_should = found.verdict is wanted
        right = right and as_it_should
        what = f"{100 * slower:.0f} % slower" if slower else "with itself"
        told(f"self-test, {what}: {found.verdict.value}, {'as' if as_it_should else 'NOT as'} it should be")
    return right


def summed_up(found: Comparison, path: Path) -> None:
    """Add a table of it to a file in Markdown, such as the summary of a job on GitHub.

    Raises:
        BadSetting: it cannot be written.
    """
    try:
        with path.open("a", encoding="utf-8") as out:
            out.write("\n".join(found.table()) + "\n")
    except OSError as error:
        what = f"{path}: {error.strerror or error}"
        raise BadSetting("A summary cannot be written", what, "name a file that can be written") from error


def compared(chosen: Any, told: Callable[[str], None]) -> Comparison:
    """Compare what the command line names.

    Args:
        chosen: its words, as argparse gives them.
        told: is called with a line after each start of the processes.

    Raises:
        BadSetting: something that was said cannot be used; so said before anything is started.
        FrameworkMissing: there is no SciPy.
    """
    if chosen.first is None or chosen.second is None:
        raise BadSetting("A comparison is of two things", f"{chosen.first} and {chosen.second}", "name both")
    if not 0 <= chosen.slower < 10:
        raise BadSetting("A slowdown cannot be planted", repr(chosen.slower), "say a share, such as 0.05")
    if not chosen.deadline > 0:
        raise BadSetting("A deadline is no time above zero", repr(chosen.deadline), "say seconds, such as 600")
    for place in filter(None, (chosen.json, chosen.summary)):
        if place.is_dir() or not place.absolute().parent.is_dir():
            raise BadSetting("A comparison cannot be kept there", str(place), "name a file in a folder that exists")
    devices.single(chosen.device)
    distributions.stats()
    order = comparing.Order(
        Terms(chosen.error, chosen.margin, chosen.most),
        chosen.suite,
        tuple(chosen.benchmark),
        chosen.device,
        out=chosen.json and chosen.json.absolute(),
        deadline=chosen.deadline,
    )
    with ExitStack() as kept:
        first, second = (kept.enter_context(arms.named(one, Path.cwd())) for one in (chosen.first, chosen.second))
        return comparing.compare(first, replace(second, slower=chosen.slower), order, told)
