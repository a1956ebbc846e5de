"""What the trainer of references takes, beside each way in which Keras itself can execute the same `fit`.

    python -m evaluation.accuracy_trainer NAME       about ten minutes of one core, on each release; NAME is its label
    python -m evaluation.accuracy_trainer --report   writes docs/trainer-speed.md of all that was measured

First each way trains two epochs from the same seed, and its losses are held against those of the printed `fit`, bit by
bit. Then all ways train an epoch in turn, several times. Last the trainer and the quickest way that keeps the numbers
do the whole training in turn, there and back, from making the model to its last epoch; that way once with the test
images looked at after each epoch by Keras's own `validation_data`, as the trainer looks at them, and once without. The
ratio to the first is the figure, because it is the same work; the other stands beside it. Results go to
evaluation/data/trainer-NAME.json. MNIST is looked for where KERASCH2_MIRROR says, and fetched otherwise.
"""

from __future__ import annotations

import argparse
import functools
import inspect
import json
import math
import os
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Mapping, Sequence

from pytest_kerasch2 import models
from pytest_kerasch2.accuracy import training
from pytest_kerasch2.accuracy.settings import Recipe
from pytest_kerasch2.data import preprocessing, sources
from pytest_kerasch2.files import write_text
from pytest_kerasch2.framework import api, threads
from pytest_kerasch2.models.catalogue import LOSS

DATA = Path(__file__).parent / "data"
PLACE = Path(__file__).parent.parent / "docs" / "trainer-speed.md"
AS_PRINTED = "one step a call, as printed"
# What `compile` is given; where a release does not take it, the way is not there.
WAYS: Mapping[str, Mapping[str, Any]] = {
    AS_PRINTED: {},
    "16 steps a call": {"steps_per_execution": 16},
    f"{training.STEPS_AT_ONCE} steps a call": {"steps_per_execution": training.STEPS_AT_ONCE},
    "an epoch a call": {"steps_per_execution": 1875},
    "compiled by XLA": {"jit_compile": True},
    "compiled by XLA, 125 steps a call": {"jit_compile": True, "steps_per_execution": 125},
}
ARMS = ("trainer", "Keras looking", "Keras not looking")
SEED = 3
RECIPE = Recipe()
ASKED = 1.05
HEAD = """<!-- Written by `python -m evaluation.accuracy_trainer --report`, from what that script measured. -->
# How quick the trainer is

`kerasch2 calibrate` and the accuracy gate train the printed network step by step as the printed `fit` does, and look at
the test images after each epoch. This is what that takes beside the quickest way in which Keras does the same steps
with the same numbers and looks too, by `validation_data`, and beside that way without looking: all do the whole
training in turn, there and back, from making the model to the last of its ten epochs, each with one thread. At most
1.05 times the first is asked for. An epoch of each way is a median of epochs trained in turn; a way *keeps the numbers*
if the losses and accuracies of two epochs are those of the printed `fit` bit by bit.

```sh
python -m evaluation.accuracy_trainer NAME
```
"""


@dataclass(frozen=True)
class Way:
    """One way to execute `fit`: its losses and accuracies, and the seconds of single epochs."""

    name: str
    numbers: Sequence[float]
    epochs: Sequence[float]


@functools.lru_cache(maxsize=1)
def mnist() -> Any:
    """Return the prepared MNIST."""
    mirror = os.environ.get("KERASCH2_MIRROR")
    return preprocessing.prepared(sources.load("mnist", mirror=Path(mirror) if mirror else None))


def compiled(how: Mapping[str, Any]) -> Any:
    """Return the printed network, compiled for one way of execution."""
    tf = api.tensorflow()
    model = models.style(RECIPE.style).build(tf)
    model.compile(optimizer=tf.keras.optimizers.Adam(), loss=LOSS, metrics=["accuracy"], **how)
    return model


def fitted(model: Any, epochs: int, **more: Any) -> Mapping[str, Sequence[float]]:
    """Train for some epochs; give the losses and accuracies."""
    data = mnist()
    given = {"batch_size": RECIPE.batch_size, "epochs": epochs, "verbose": 0, **more}
    history = model.fit(data.x_train, data.y_train, **given).history
    return {"loss": history["loss"], "accuracy": history["accuracy"]}


def offered() -> dict[str, Mapping[str, Any]]:
    """Return the ways that this release has."""
    taken = set(inspect.signature(api.keras().Model.compile).parameters)
    return {name: how for name, how in WAYS.items() if taken.issuperset(how)}


def ways(rounds: int) -> list[Way]:
    """Return for each way its numbers and its epochs."""
    results: dict[str, Any] = {}
    numbers: dict[str, list[float]] = {}
    for name, how in offered().items():
        api.fresh_session(SEED)
        results[name] = compiled(how)
        outcome = fitted(results[name], 2)
        numbers[name] = [float(value) for series in outcome.values() for value in series]
        print(f"{name}: loss {numbers[name][1]:.7f} after two epochs", flush=True)
    epochs: dict[str, list[float]] = {name: [] for name in results}
    for number in range(rounds):
        # Each round in the other direction, so that none always follows the same one.
        for name in list(results)[:: 1 if number % 2 else -1]:
            epochs[name].append(seconds(functools.partial(fitted, results[name], 1)))
        print(f"round {number + 1} of {rounds}", flush=True)
    return [Way(name, numbers[name], epochs[name]) for name in results]


def seconds(work: Callable[[], Any]) -> float:
    """Return how long something takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def alone(how: Mapping[str, Any], *, looks: bool) -> None:
    """Do the whole training in one of Keras's ways, and let Keras look at the test images after each epoch, or not."""
    api.fresh_session(SEED)
    data = mnist()
    look = {"validation_data": (data.x_test, data.y_test), "validation_batch_size": training.TESTED_AT_ONCE}
    fitted(compiled(how), RECIPE.epochs, **(look if looks else {}))


def trainings(how: Mapping[str, Any], count: int) -> list[list[float]]:
    """Return the seconds of the trainer, of one way that looks, and of it without looking, in turn."""
    arms: list[Callable[[], Any]] = [
        lambda: training.train(RECIPE, mnist(), SEED),
        lambda: alone(how, looks=True),
        lambda: alone(how, looks=False),
    ]
    results = []
    for number in range(count):
        order = range(len(arms)) if number % 2 == 0 else reversed(range(len(arms)))
        took = {place: seconds(arms[place]) for place in order}
        results.append([took[place] for place in range(len(arms))])
        text = ", ".join(f"{name} {one:.1f} s" for name, one in zip(ARMS, results[-1]))
        print(f"round {number + 1} of {count}: {text}", flush=True)
    return results


def measured(rounds: int, count: int) -> dict[str, Any]:
    """Measure all of it on this release."""
    threads.limit()
    release = api.release()
    result = ways(rounds)
    printed = result[0].numbers
    kept = [way for way in result if way.numbers == printed]
    quickest = min(kept, key=lambda way: statistics.median(way.epochs))
    whole = trainings(WAYS[quickest.name], count)
    return {
        "environment": {"tensorflow": release.tensorflow, "keras": release.keras, "backend": release.backend},
        "ways": [{"name": way.name, "same": way.numbers == printed, "epochs": list(way.epochs)} for way in result],
        "quickest": quickest.name,
        "trainings": whole,
    }


def ratio(whole: Sequence[Sequence[float]], other: int) -> tuple[float, float, float]:
    """Return the geometric mean of the ratios of the trainer to another, and two standard errors below and above."""
    logs = [math.log(one[0] / one[other]) for one in whole]
    mean = sum(logs) / len(logs)
    error = statistics.stdev(logs) / math.sqrt(len(logs))
    return math.exp(mean), math.exp(mean - 2 * error), math.exp(mean + 2 * error)


def page() -> str:
    """Return the page of all that was measured."""
    lines = [HEAD]
    for path in sorted(DATA.glob("trainer-*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        facts = content["environment"]
        on = f"Keras {facts['keras']} on {facts['backend']}"
        lines.append(f"## {on if facts['tensorflow'] == '-' else 'TensorFlow ' + facts['tensorflow'] + ', ' + on}\n")
        lines += ["| Way of Keras | epoch, s | keeps the numbers |", "| --- | ---: | --- |"]
        for way in content["ways"]:
            same = "yes" if way["same"] else "no"
            lines.append(f"| {way['name']} | {statistics.median(way['epochs']):.2f} | {same} |")
        whole = content["trainings"]
        (looking, low, high), (without, *_) = ratio(whole, 1), ratio(whole, 2)
        reached = "reached" if looking <= ASKED else "**not reached**"
        epochs = min(len(way["epochs"]) for way in content["ways"])
        lines.append(f"\nOf {epochs} {'epoch' if epochs == 1 else 'epochs'} a way: `--rounds {epochs}`.")
        line = (
            f"Trainer against {content['quickest']}, which looks too: **{looking:.3f}** ({low:.3f} to {high:.3f}, two"
        )
        lines.append(f"\n{line} standard errors of {len(whole)} rounds): {reached}. Without looking: {without:.3f}.\n")
    return "\n".join(lines)


def main() -> int:
    """Do what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="?", help="label of this release")
    parser.add_argument("--rounds", type=int, default=5, help="epochs of each way (default: 5)")
    parser.add_argument("--trainings", type=int, default=4, help="whole trainings of each, two at least (default: 4)")
    parser.add_argument("--report", action="store_true", help="measure nothing, write the page")
    given = parser.parse_args()
    if given.name:
        if given.rounds < 1 or given.trainings < 2:
            parser.error("one round and two trainings are the least")
        measurement = measured(given.rounds, given.trainings)
        write_text(json.dumps(measurement, indent=1) + "\n", DATA / f"trainer-{given.name}.json")
    if given.report:
        write_text(page(), PLACE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
