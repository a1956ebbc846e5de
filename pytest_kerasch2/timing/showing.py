"""The work of `kerasch2 compare`: what the command line says, and the comparison that it asks for."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable

from pytest_kerasch2.errors import BadSetting
from pytest_kerasch2.framework import devices
from pytest_kerasch2.gates import distributions
from pytest_kerasch2.gates.pairs import Terms
from pytest_kerasch2.timing import arms, comparing
from pytest_kerasch2.timing.comparison import Comparison


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
    out = chosen.json and chosen.json.absolute()
    if out is not None and (out.is_dir() or not out.parent.is_dir()):
        raise BadSetting("A comparison cannot be kept there", str(chosen.json), "name a file in a folder that exists")
    devices.single(chosen.device)
    distributions.stats()
    order = comparing.Order(
        Terms(chosen.error, chosen.margin, chosen.most),
        chosen.suite,
        tuple(chosen.benchmark),
        chosen.device,
        out=out,
    )
    with ExitStack() as kept:
        first, second = (kept.enter_context(arms.named(one, Path.cwd())) for one in (chosen.first, chosen.second))
        return comparing.compare(first, replace(second, slower=chosen.slower), order, told)
