"""What is timed: a training step, and a step of prediction."""

import numpy as np


def benchmarks():
    """Return the suite that `kerasch2 compare --suite steps:benchmarks` times."""
    return {"fit": step, "predict": lambda: {**step(), "mode": "predict"}}


def step():
    """Return what is timed. The model is imported here, so that each revision has its own."""
    import model

    random = np.random.default_rng(0)
    return {
        "model": model.build(),
        "data": (random.random((4096, 784), "float32"), random.integers(0, 10, 4096)),
        "batch_size": 128,
    }
