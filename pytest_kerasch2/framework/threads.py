"""How many threads the framework computes with: a setting that must be made before its first operation."""

from __future__ import annotations

import os

from pytest_kerasch2.framework import api

# So many trainings fit beside each other as there are cores, and the numbers of none depend on how many that are.
EACH = 1
_XLA = f"--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads={EACH}"


def limit() -> None:
    """Let each operation of this process use one thread; without effect where the framework has begun to compute."""
    # JAX reads it while it starts.
    if not api.is_loaded():
        os.environ["XLA_FLAGS"] = " ".join(filter(None, [os.environ.get("XLA_FLAGS", ""), _XLA]))
    if not api.runs_on_tensorflow():
        return
    config = api.tensorflow().config.threading
    try:
        config.set_intra_op_parallelism_threads(EACH)
        config.set_inter_op_parallelism_threads(EACH)
    except RuntimeError:
        # Its context is there already, in a process that trained before: with these settings.
        pass
