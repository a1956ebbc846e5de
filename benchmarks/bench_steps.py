"""The chapter's benchmarks: time per step of its network, in each way in which it can be trained and asked.

    pytest --benchmark             within five minutes on two cores
    pytest --benchmark-full        all batch sizes, on all images of MNIST, and for longer
    pytest --benchmark -k batch --chapter-devices=cpu --benchmark-json=steps.json

Images are those of MNIST where it is at hand, and else the embedded digits, repeated, which have the same shape.
"""

from __future__ import annotations

from typing import Any, Callable, Iterator

import numpy as np
import pytest

from pytest_kerasch2 import fixture_calls, fixtures, models
from pytest_kerasch2.framework import api
from pytest_kerasch2.options import SETTINGS
from pytest_kerasch2.timing import pytest_benchmark_adapter

# What a framework warns of is no matter of time.
pytestmark = pytest.mark.filterwarnings("default")
# The chapter's own.
BATCH = 32
# That of the precisions lies between them.
FEW_BATCHES = (32, 2048, 16384)
ALL_BATCHES = tuple(2**power for power in range(5, 15))
# Images of an epoch where not all are taken. What an epoch costs by itself counts with its steps, so there are many
# steps in one, as far as memory allows.
FEW_IMAGES = 4800
STEPS = 48
MOST_IMAGES = 2 * ALL_BATCHES[-1]
STYLES = [one.name for one in models.STYLES]
# Their epochs are shorter, and so there are more rounds in as much time.
IMAGES_OF_A_TURN, ROUNDS = 2560, 7
# "fit", the way of the chapter, is timed for each style.
WAYS = ("eager", "graph", "xla", "train_on_batch", "fit-many", "pipeline", "evaluate", "predict")
BATCH_OF_PRECISIONS = 512


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Return the batch sizes that were asked for."""
    if "batch_size" in metafunc.fixturenames:
        full = metafunc.config.stash[SETTINGS].full
        metafunc.parametrize("batch_size", ALL_BATCHES if full else FEW_BATCHES)


@pytest.fixture
def images(request: pytest.FixtureRequest) -> Callable[[int], Any]:
    """A function that gives images and labels for an epoch of batches of a size."""
    try:
        dataset = fixtures.prepared(request, "mnist")
    except pytest.skip.Exception:
        # There is none at hand, and no network.
        dataset = fixtures.prepared(request, "digits")
    full = request.config.stash[SETTINGS].full

    def give(batch_size: int) -> Any:
        count = max(min(STEPS * batch_size, MOST_IMAGES), 60000 if full else FEW_IMAGES)
        times = -(-count // len(dataset.x_train))
        x, y = (np.concatenate([part] * times)[:count] for part in (dataset.x_train, dataset.y_train))
        return x, y

    return give


@pytest.fixture
def seconds(request: pytest.FixtureRequest) -> float:
    """Seconds of blocks that count, for each row."""
    return 5.0 if request.config.stash[SETTINGS].full else 1.0


def _compiled(name: str = "sequential-list") -> Any:
    api.fresh_session(0)
    return models.style(name).compiled(api.tensorflow())


@pytest.fixture(scope="module")
def took_turns() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Models of all styles, and what was measured of them, by the device on which they took turns."""
    return {}


@pytest.fixture
def few_images(images: Any) -> Any:
    """Images and labels for an epoch of a style."""
    return tuple(part[:IMAGES_OF_A_TURN] for part in images(BATCH))


@pytest.fixture
def styles(
    request: pytest.FixtureRequest, few_images: Any, seconds: float, device: Any, took_turns: dict[str, Any]
) -> Any:
    """Models of all styles on a device, and what was measured of them there: by whichever asks first, in turns."""
    if device.name not in took_turns:
        api.fresh_session(0)
        style_models = {name: models.style(name).compiled(api.tensorflow()) for name in STYLES}
        how = {"batch_size": BATCH, "device": device.name, "seconds": seconds, "rounds": ROUNDS}
        how["on_timeout"] = lambda: pytest_benchmark_adapter.save_partial_results(request.config)
        with fixture_calls.explained(request):
            took_turns[device.name] = (
                style_models,
                pytest_benchmark_adapter.measure_interleaved(style_models, few_images, group="styles", **how),
            )
    return took_turns[device.name]


@pytest.mark.parametrize("style", STYLES)
def test_style(step_benchmark: Any, few_images: Any, device: Any, styles: Any, style: str) -> None:
    """Each way to write the network, trained by `fit` as the chapter calls it; all of them take turns."""
    style_models, dataset = styles
    step_benchmark(style_models[style], few_images, batch_size=BATCH, device=device.name, measurement=dataset[style])


@pytest.mark.parametrize("way", WAYS)
def test_way(step_benchmark: Any, images: Any, seconds: float, device: Any, way: str) -> None:
    """Each way to do a step."""
    step_benchmark(_compiled(), images(BATCH), batch_size=BATCH, device=device.name, mode=way, seconds=seconds)


def test_batch(step_benchmark: Any, images: Any, seconds: float, device: Any, batch_size: int) -> None:
    """Batches from small to large, by `fit`."""
    step_benchmark(_compiled(), images(batch_size), batch_size=batch_size, device=device.name, seconds=seconds)


@pytest.fixture
def policy(request: pytest.FixtureRequest, device: Any) -> Iterator[str]:
    """The dtype policy of a precision on a device, set for the time of the benchmark."""
    # On a CPU float16 is slow, and its losses need scaling.
    mixed = "mixed_float16" if device.kind == "gpu" else "mixed_bfloat16"
    before = api.policy_name()
    api.set_policy(mixed if request.param == "mixed" else "float32")
    yield request.param
    api.set_policy(before)


@pytest.mark.parametrize("policy", ["float32", "mixed"], indirect=True)
def test_precision(step_benchmark: Any, images: Any, seconds: float, device: Any, policy: str) -> None:
    """Numbers of 32 bits, and of 16 where that is enough."""
    given = images(BATCH_OF_PRECISIONS)
    step_benchmark(_compiled(), given, batch_size=BATCH_OF_PRECISIONS, device=device.name, seconds=seconds)
