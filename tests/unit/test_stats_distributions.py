"""Where the distributions come from."""

from __future__ import annotations

import subprocess
import sys

import pytest

# In a process of its own: a limit holds for all that follows, and SciPy must not be there already.
SCRIPT = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (256 * 2**20, 256 * 2**20))
from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.stats import distributions
try:
    distributions.stats()
except InvalidArgument as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the limit does not hold, or is not there")
def test_too_little_address_space_is_said_before_scipy_asks_for_it() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60, check=False)

    assert (done.stdout.count("too little address space"), done.stdout.count("256 MiB")) == (1, 1)
