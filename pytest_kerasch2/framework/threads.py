"""How many threads the framework computes with: a setting that must be made before its first operation."""

from __future__ import annotations

import os
import sys
from typing import Any

from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.framework import api

# So many trainings fit beside each other as there are cores, and the numbers of none depend on how many that are.
EACH = 1
_XLA = f"--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads={EACH}"


def limit() -> None:
    """Let each operation of this process use one thread.

    Raises:
        InvalidArgument: the framework computes here already, with other threads; what is trained here would be told
            wrongly.
    """
    flags = os.environ.get("XLA_FLAGS", "")
    if _XLA not in flags:
        if "jax" in sys.modules and not api.runs_on_tensorflow():
            raise _too_late()
        # JAX reads it while it starts, here or in a process that is started from here.
        os.environ["XLA_FLAGS"] = " ".join(filter(None, [flags, _XLA]))
    if api.runs_on_tensorflow():
        _limit_tensorflow()
        return
    # Imported only now, with what JAX reads in its place.
    api.tensorflow()
    if "torch" in sys.modules:
        torch: Any = sys.modules["torch"]
        torch.set_num_threads(EACH)


def _limit_tensorflow() -> None:
    config = api.tensorflow().config.threading
    try:
        # Setting what is set already is no error.
        config.set_intra_op_parallelism_threads(EACH)
        config.set_inter_op_parallelism_threads(EACH)
    except RuntimeError as error:
        raise _too_late() from error


def _too_late() -> InvalidArgument:
    reason = "the framework has begun to compute"
    return InvalidArgument("The threads of this process are set already", reason, "calibrate in a process of its own")
