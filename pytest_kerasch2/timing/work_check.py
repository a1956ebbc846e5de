"""The work check: whether steps do the work that they are timed for, by how they move the weights.

A speed counts only if what was done is right. What is dropped and how images are shuffled differs from run to run, and
so several runs of the reference step tell how much: a way to do steps is refused where it lies far outside of that, two
times in turn. Where there is no reference step, the result says why nothing was checked.
"""

from __future__ import annotations

import itertools
import math
import statistics
import time
from dataclasses import dataclass
from typing import Any, Callable, Iterator, Mapping, Sequence

import numpy as np

from pytest_kerasch2.errors import InvalidMeasurement
from pytest_kerasch2.timing import output_check, reference_loop, training_check
from pytest_kerasch2.timing.benchmark_data import Batch
from pytest_kerasch2.timing.modes import BatchLoop, Mode
from pytest_kerasch2.timing.reference_loop import NoReference, ReferenceSteps
from pytest_kerasch2.timing.workload import Workload, assign_values, copy_of, training_variables, variables_restored

# A run has so many steps, or fewer where they would take more images: it is to cost little beside what is timed.
MAX_STEPS = 25
MAX_IMAGES = 8_000
# Of one batch again and again, each step is an epoch, which costs many times as much; and they scatter less.
MAX_SINGLE_BATCH_STEPS = 10
# Seconds for all runs, about: slow steps are checked by shorter runs, and not at all where one step each takes longer.
TOTAL_SECONDS, MAX_SECONDS = 20.0, 60.0
# Passes over the data by which values are checked.
OUTPUT_REPEATS = 6
# Batches on which the loss is computed after a run.
LOSS_BATCHES = 4
REFERENCE_RUNS = 6
CHECKED_RUNS = 2
# Runs that chance sets apart are this much nearer to each other, as a share, where they leave out what is drawn.
MAX_ALIKE = 0.7
# Weights begin by so little apart in each run, with numbers of 32 bits and of 16: what rounding alone can do, where it
# decides the way, as at an optimum, is part of the scatter.
PERTURBATION = {False: 1e-6, True: 1e-3}
# Numbers of the way that are compared, at most: of large models some of each weight.
MAX_COMPARED = 500_000
NO_MOVEMENT = "reference steps move no weight, or end in what is no number"


@dataclass(frozen=True)
class WorkCheck:
    """The result of a work check.

    Attributes:
        steps: of a run.
        off: how far the checked steps deviate from reference steps, as shares: along their path, in its length, in its
            weights, and in the loss; or in the returned values.
        allowed: how large each deviation may be.
        why_not: why nothing was checked.
    """

    steps: int = 0
    off: Mapping[str, float] | None = None
    allowed: Mapping[str, float] | None = None
    why_not: str = ""

    @property
    def outcome(self) -> str:
        """Return `checked`, or `not checked` with the reason."""
        return f"not checked: {self.why_not}" if self.off is None else "checked"

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        if self.off is None or self.allowed is None:
            return {"why_not": self.why_not}
        return {"steps": self.steps, "off": dict(self.off), "allowed": dict(self.allowed)}


def check_work(workload: Workload, mode: Mode, run: Any) -> WorkCheck:
    """Check that steps do the work of reference steps; the model is restored.

    Args:
        workload: whose first step is done.
        mode: of the steps.
        run: does them; those of a mode that does whole epochs are done anew, with some of the data.

    Raises:
        InvalidArgument: the data are no numbers.
        InvalidMeasurement: they do something else.
    """
    try:
        if not mode.trains:
            output_check.check_reference(workload.model, mode)
            batch = reference_loop.last_batches(workload, 1)
            count = min(
                _max_steps(workload),
                _affordable_repeats(lambda: output_check.reference_outputs(batch, mode), OUTPUT_REPEATS),
            )
            return WorkCheck(*output_check.check_outputs(reference_loop.last_batches(workload, count), mode))
        reason = reference_loop.why_no_reference(workload.model) or (
            "" if workload.trained_weights else "no weight of the model is trained"
        )
        return WorkCheck(why_not=reason) if reason else _check_training(workload, mode, run)
    except NoReference as error:
        return WorkCheck(why_not=str(error))
    except InvalidMeasurement:
        # What is no number makes all the difference.
        training_check.check_data(workload)
        raise


def _max_steps(workload: Workload) -> int:
    return max(1, min(MAX_STEPS, MAX_IMAGES // workload.batch_size, workload.distinct_batches))


def _check_training(workload: Workload, mode: Mode, run: Any) -> WorkCheck:
    step = ReferenceSteps(workload)
    count = _affordable_steps(workload, step)
    check = _check_paths(workload, mode, run, step, count, rolled=True)
    if check.why_not == NO_MOVEMENT and not isinstance(run, BatchLoop):
        # There are targets that belong to their inputs, and to no others.
        check = _check_paths(workload, mode, run, step, count, rolled=False)
    return check


def _check_paths(
    workload: Workload, mode: Mode, run: Any, step: ReferenceSteps, count: int, *, rolled: bool
) -> WorkCheck:
    rng = np.random.RandomState(0)
    few = reference_loop.last_batches(workload, min(count, _max_steps(workload)), rolled)
    if isinstance(run, BatchLoop):
        return _compare_runs(few, mode, run, step, count, rng=rng)
    # An order that nobody knows scatters the runs; of a single batch, seen again and again, there is none.
    single = _compare_runs(
        reference_loop.last_batches(workload, 1, rolled), mode, run, step, min(count, MAX_SINGLE_BATCH_STEPS), rng=rng
    )
    if few.batches == 1:
        return single
    several = _compare_runs(few, mode, run, step, count // few.batches * few.batches, rng=rng)
    return several if single.why_not else single


def _affordable_steps(workload: Workload, step: ReferenceSteps) -> int:
    """Return how many steps a run may have: fewer of slow ones, and more where several make one update.

    Raises:
        NoReference: a single one takes too long.
    """

    def once() -> None:
        step([workload.batch(0)])
        workload.finish()

    with variables_restored(workload.model):
        afforded = _affordable_repeats(once, REFERENCE_RUNS + CHECKED_RUNS)
    return min(afforded, max(_max_steps(workload), 2 * steps_per_update(workload.model)))


def _affordable_repeats(once: Callable[[], Any], runs: int) -> int:
    """Return how many times so many runs may each do something that they begin with once more.

    Raises:
        NoReference: once takes too long.
    """
    once()
    began = time.perf_counter()
    once()
    each = max(time.perf_counter() - began, 1e-6)
    if each * runs > MAX_SECONDS:
        raise NoReference(f"a reference step takes {each:.1f} s, too long to be repeated")
    return max(1, int(TOTAL_SECONDS / (each * runs)))


def steps_per_update(model: Any) -> int:
    """Return how many steps an optimizer gathers for an update."""
    return int(getattr(getattr(model, "optimizer", None), "gradient_accumulation_steps", None) or 1)


def _compare_runs(
    few: Workload, mode: Mode, run: Any, step: ReferenceSteps, count: int, *, rng: np.random.RandomState
) -> WorkCheck:
    """Compare runs of so many steps with reference runs; a deviation is measured once more.

    Raises:
        InvalidMeasurement: they do something else, both times.
    """
    for again in (True, False):
        runs = _runs(few, mode, run, step, count, rng)
        references, others = runs[:REFERENCE_RUNS], runs[REFERENCE_RUNS:]
        distances = [float(np.linalg.norm(one.path)) for one in references]
        if not all(0 < one < math.inf for one in distances):
            return WorkCheck(why_not=NO_MOVEMENT)
        deviations, limits = deviations_of(references, others), limits_of(references)
        if isinstance(run, BatchLoop):
            deviations["scatter"], limits["scatter"] = excess_similarity(references, others), MAX_ALIKE
        try:
            return _judge(count, deviations, limits)
        except InvalidMeasurement:
            # An honest step is so far off by chance once in thousands, and so not twice.
            if not again:
                raise
    raise AssertionError("one of the two has returned or raised")


def _runs(
    few: Workload, mode: Mode, run: Any, step: ReferenceSteps, count: int, rng: np.random.RandomState
) -> list[RunResult]:
    """Return what runs of the reference did, and after them those of the way that is to be shown."""
    with variables_restored(few.model):
        # What Keras 3 draws from is not restored between runs, so that they show what chance does.
        begin = _trained_variables(few.model)
        rewind = list(map(copy_of, begin))
        runs = []
        for place in range(REFERENCE_RUNS + CHECKED_RUNS):
            assign_values(begin, rewind)
            _perturb(few, rng)
            runs.append(_run_once(few, mode, run, step if place < REFERENCE_RUNS else None, count, rng=rng))
    return runs


def _perturb(few: Workload, rng: np.random.RandomState) -> None:
    share = PERTURBATION[output_check.is_half(few.model)]
    assign_values(few.trained_weights, [_perturbed(copy_of(one), share, rng) for one in few.trained_weights])


def _perturbed(value: Any, share: float, rng: np.random.RandomState) -> Any:
    return value * (1 + share * rng.standard_normal(value.shape)).astype(value.dtype)


def _run_once(
    few: Workload, mode: Mode, run: Any, step: ReferenceSteps | None, count: int, *, rng: np.random.RandomState
) -> RunResult:
    """Do a run of so many steps, by hand or in the way that is to be shown, and give what it did."""
    before, batches = _weight_vector(few), [few.batch(place) for place in range(few.batches)]
    if isinstance(run, BatchLoop):
        batches, place = run.upcoming(count), run.done
    if step is not None:
        step(batches if isinstance(run, BatchLoop) else _batches_of_run(few, mode, count, rng))
        if mode.whole_epochs:
            reference_loop.finish_training(few.model)
    elif isinstance(run, BatchLoop):
        run(count)
        # All runs are of the same batches.
        run.done = place
    else:
        # Where a seed is set, Keras draws the same order in each call: if one were odd, all would be.
        workload = few if mode.feed else reference_loop.shuffled(few, rng)
        reference_loop.attempt(lambda: (mode.remake or mode.make)(workload)(count))
    few.finish()
    looked_at: Sequence[Batch] = batches[:LOSS_BATCHES]
    after, loss = _weight_vector(few), reference_loop.attempt(lambda: reference_loop.mean_loss(few.model, looked_at))
    moved = [new - old for new, old in zip(after, before)]
    return RunResult(np.concatenate(moved), loss, tuple(map(len, moved)))


def _batches_of_run(few: Workload, mode: Mode, count: int, rng: np.random.RandomState) -> Iterator[Batch]:
    if mode.feed:
        return iter(list(mode.feed(few, count)))
    return reference_loop.epochs(few, count // few.batches, rng)


def _judge(steps: int, deviations: Mapping[str, float], limits: Mapping[str, float]) -> WorkCheck:
    if not limits["along"] <= MAX_ALLOWED:
        return WorkCheck(why_not=f"runs of {steps} steps by hand scatter too much: chance allows {limits['along']:.2f}")
    names = {"along": "their path", "far": "the length of their path", "weights": "the path of each weight"}
    names.update(loss="the loss after them", scatter="the distance of one run from another")
    wrong = [
        f"{names[name]} is {100 * deviations[name]:.0f} % off, where chance explains {100 * limits[name]:.0f}"
        for name in deviations
        if not deviations[name] <= limits[name]
    ]
    if wrong:
        problem = f"after {steps} steps, {'; '.join(wrong)}"
        remedy = "let a step train on its whole batch, or set verify=False if it is meant to do other work"
        raise InvalidMeasurement("The steps do other work than reference steps", problem, remedy)
    return WorkCheck(steps, deviations, limits)


def _trained_variables(model: Any) -> list[Any]:
    return [one for one in training_variables(model) if "seed_generator" not in str(one.name)]


def _weight_vector(workload: Workload) -> list[Any]:
    weights = [np.ravel(copy_of(one)).astype("float64") for one in workload.trained_weights]
    stride = max(1, sum(map(len, weights)) // MAX_COMPARED)
    return [one[::stride] for one in weights] or [np.zeros(0)]


# Shares by which a run may be off at least: what another order of additions does is much less.
MIN_ALLOWED = {"along": 0.05, "far": 0.05, "weights": 0.05, "loss": 0.1}
# Of what runs by hand scatter, so much is allowed: by six of them, an honest one is so far off about once in a
# thousand, and so less than once in a hundred thousand two times in turn.
ALLOWED_DEVIATIONS = 6.0
# Where chance allows more than this, nothing is proved.
MAX_ALLOWED = 0.5


@dataclass(frozen=True)
class RunResult:
    """What a run did.

    Attributes:
        path: how the weights moved, all of them in one vector.
        loss: on its images after it.
        sizes: of the parts of the way that belong to one weight each; one part where there are none.
    """

    path: Any
    loss: float
    sizes: tuple[int, ...] = ()


def deviations_of(references: Sequence[RunResult], runs: Sequence[RunResult]) -> dict[str, float]:
    """Return by what share runs are off from those by hand, on the mean."""
    usual, values = _features(references, references), _features(runs, references)
    return {name: abs(statistics.mean(values[name]) - statistics.mean(usual[name])) for name in usual}


def limits_of(references: Sequence[RunResult]) -> dict[str, float]:
    """Return by what share they may be off."""
    usual = _features(references, references)
    return {
        name: max(MIN_ALLOWED[name], ALLOWED_DEVIATIONS * statistics.stdev(values)) for name, values in usual.items()
    }


def excess_similarity(references: Sequence[RunResult], runs: Sequence[RunResult]) -> float:
    """Return how much nearer to each other runs are than any two of the reference, as a share; zero if they are not.

    Of steps in which nothing is drawn, which all go the same way, it is zero too. It tells nothing of epochs: where a
    seed is set, Keras draws the same order in each call of `fit`.
    """
    least, usual = _smallest_distance(references), float(np.linalg.norm(np.mean([one.path for one in references], 0)))
    if least < MIN_ALLOWED["far"] * usual or not least:
        return 0.0
    return max(0.0, 1 - _smallest_distance(runs) / least)


def _smallest_distance(runs: Sequence[RunResult]) -> float:
    pairs = itertools.combinations(runs, 2)
    return min((float(np.linalg.norm(one.path - other.path)) for one, other in pairs), default=math.inf)


def _features(runs: Sequence[RunResult], references: Sequence[RunResult]) -> dict[str, list[float]]:
    """Return for each run how far it went along the usual way, in all, and from it, and the logarithm of its loss.

    The distance from the usual way is one in which each weight counts alike, however little it moves.

    What is usual is the mean of runs by hand, as many for each: one by hand is not compared with itself.
    """
    features: dict[str, list[float]] = {"along": [], "far": [], "weights": [], "loss": []}
    scale = _weight_scale(references)
    for run in runs:
        others = [one for one in references if one is not run][1 - len(references) :]
        mean = np.mean([one.path for one in others], 0)
        features["along"].append(float(run.path @ mean / (mean @ mean)))
        features["far"].append(float(np.linalg.norm(run.path) / np.mean([np.linalg.norm(one.path) for one in others])))
        features["weights"].append(float(np.linalg.norm((run.path - mean) * scale)))
        # A loss that is zero or less has no share by which it is off.
        usual = [one.loss for one in (run, *others)]
        features["loss"].append(math.log(usual[0] / statistics.mean(usual[1:])) if min(usual) > 0 else 0.0)
    return features


def _weight_scale(references: Sequence[RunResult]) -> Any:
    """Return factors of the way by which each weight moves alike, all by one, and those that scatter by none."""
    ways = np.stack([one.path for one in references])
    mean, sizes = ways.mean(0), references[0].sizes or (ways.shape[1],)
    parts = [slice(end - size, end) for size, end in zip(sizes, np.cumsum(sizes))]
    norms = [float(np.linalg.norm(mean[part])) for part in parts]
    scatter = [float(np.mean(np.linalg.norm(ways[:, part] - mean[part], axis=1))) for part in parts]
    factors = [1 / norm if norm and by <= MAX_ALLOWED * norm else 0.0 for norm, by in zip(norms, scatter)]
    return np.repeat(factors, sizes) / max(1.0, np.count_nonzero(factors) ** 0.5)
