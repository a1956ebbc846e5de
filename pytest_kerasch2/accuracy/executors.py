"""Who does many trainings: the cores of this machine, or, past one machine, a cluster of Dask or Ray.

joblib spreads them in each case. Each run is given as soon as it is done, so that whoever asked loses none that was.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import pickle
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Callable, Iterator, Sequence

from pytest_kerasch2 import ending
from pytest_kerasch2.accuracy.runs import TrainingRun
from pytest_kerasch2.errors import FrameworkMissing, InvalidArgument, KerasCh2Error, TrainingFailed
from pytest_kerasch2.framework import import_environment
from pytest_kerasch2.subprocesses.job import CHILD_HOME, Job, value_of
from pytest_kerasch2.subprocesses.runner import run

Work = Callable[[int], TrainingRun]
# Seconds in which a cluster must answer, and seconds in which its first worker must be there.
ANSWER = 30
WORKERS = 30
# Workers of Ray that may die one after the other without one training between them; Dask counts by itself.
DEATHS = 3
ASKED = "RAY_NUM_REDIS_GET_RETRIES"
DASK = 'run pip install "pytest-kerasch2[cluster]"'
RAY = 'run pip install "pytest-kerasch2[accuracy]" "ray[client]"'
REMEDY = "look at the log of its workers; what is done is kept, and the same command goes on from there"
DIED = "look for what ended it, such as too little memory; what is done is kept, and the same command goes on"
# None that a training should meet: who asks may take long, and the child ends with the worker.
DEADLINE = 7 * 86_400.0
MEMORY_MIB = 2**30
# A training is an ordinary process of this user, who has data sets and settings in these places.
PASSED_ON = ("HOME", "USERPROFILE", "KERAS_HOME", "TMPDIR", "TEMP", "TMP", CHILD_HOME)


def run_trainings(work: Work, seeds: Sequence[int], *, jobs: int | None, cluster: str | None) -> Iterator[TrainingRun]:
    """Yield the runs in the order in which they end.

    Args:
        work: trains one seed; it is sent to other processes, and so must be importable there.
        seeds: which.
        jobs: trainings at a time; None for one a core, or for as many as the cluster takes.
        cluster: where it answers: a Dask scheduler, such as `tcp://host:8786`, also written `dask://tcp://host:8786`;
            or a Ray cluster, such as `ray://host:10001`, or `ray` for the one that this machine is part of. None for
            this machine alone.

    Raises:
        FrameworkMissing: joblib, Dask or Ray is not installed.
        InvalidArgument: no cluster answers there, or it has no workers.
        TrainingFailed: the cluster gave a training up, or a process that trains has died.
    """
    if not seeds:
        return
    _imported("joblib", 'run pip install "pytest-kerasch2[accuracy]"')
    if cluster is None:
        at_once = jobs or local_jobs()
        try:
            yield from _flowing(work, seeds, backend=_local_backend(), n_jobs=at_once, pre_dispatch=at_once)
        except BrokenProcessPool as error:
            message = " ".join(str(error).split())[:300].rstrip(".")
            raise TrainingFailed("A process that trains has died", message, DIED) from error
        return
    by = _by_ray if cluster.split("://")[0] == "ray" else _by_dask
    with _explained(cluster):
        yield from by(functools.partial(train_in_subprocess, work), seeds, jobs, cluster)


def local_jobs() -> int:
    """Return how many trainings this machine does at a time: one a core."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _local_backend() -> Any:
    """Return joblib's backend for this machine, whose workers end with this process.

    joblib's own wait five minutes for work from a process that was killed, and train to the end before.
    """
    from joblib._parallel_backends import LokyBackend

    class Ending(LokyBackend):  # type: ignore[misc]
        def configure(self, *given: Any, **how: Any) -> Any:
            return super().configure(*given, **how, initializer=ending.with_parent, initargs=(os.getpid(),))

    return Ending()


def _flowing(work: Work, seeds: Sequence[int], **how: Any) -> Iterator[TrainingRun]:
    joblib = importlib.import_module("joblib")
    major, minor = (int(part) for part in joblib.__version__.split(".")[:2])
    # Unordered, so that none waits in memory for a slower one; joblib for CPython 3.7 knows the order of asking alone.
    ordering = "generator_unordered" if (major, minor) >= (1, 4) else "generator"
    parallel = joblib.Parallel(return_as=ordering, batch_size=1, **how)
    yield from parallel(joblib.delayed(work)(seed) for seed in seeds)


def _in_parts(work: Work, seeds: Sequence[int], at_once: int, **how: Any) -> Iterator[TrainingRun]:
    """Yield the runs of so many seeds at once, when all of these are done."""
    joblib = importlib.import_module("joblib")
    for first in range(0, len(seeds), at_once):
        part = seeds[first : first + at_once]
        yield from joblib.Parallel(batch_size=1, **how)(joblib.delayed(work)(seed) for seed in part)


def _by_dask(work: Work, seeds: Sequence[int], jobs: int | None, cluster: str) -> Iterator[TrainingRun]:
    distributed = _imported("distributed", DASK)
    address = cluster[len("dask://") :] if cluster.startswith("dask://") else cluster
    try:
        client = distributed.Client(address, timeout=ANSWER, set_as_default=False)
    # What is no address is a ValueError, or worse where it holds no host.
    except (OSError, ValueError, TypeError) as error:
        raise _unreachable(cluster, error) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=WORKERS)
        except (OSError, distributed.TimeoutError) as error:
            happened = f"The cluster {cluster} has no workers after {WORKERS} s"
            raise InvalidArgument(happened, remedy="start some with dask worker") from error
        backend = _dask_backend(client)
        # The scheduler holds what waits, for workers that come later too; those of one that dies it gives to another.
        how = {"backend": backend, "pre_dispatch": jobs or "all"}
        if backend.supports_return_generator:
            yield from _flowing(work, seeds, **how)
        else:
            # joblib 1.3, of CPython 3.7.
            yield from _in_parts(work, seeds, jobs or backend.effective_n_jobs(-1), **how)


def _dask_backend(client: Any) -> Any:
    """Return joblib's backend for Dask, which reports each training that is given up, and works with one worker too.

    joblib itself (1.4 to 1.6 at least) hears only of what ends in a worker, and so waits for ever for a training
    whose workers died too often, or that no worker could read.
    """
    from joblib._dask import DaskDistributedBackend

    class Reporting(DaskDistributedBackend):  # type: ignore[misc]
        def effective_n_jobs(self, n_jobs: int) -> int:
            # Of one worker alone, joblib would take all trainings away, to this process; others may come yet.
            return max(2, int(super().effective_n_jobs(n_jobs)))

        def submit(self, func: Any, callback: Any = None) -> Any:
            return _reporting(super().submit(func, callback), callback)

        # The same, as joblib before 1.6 calls it.
        def apply_async(self, func: Any, callback: Any = None) -> Any:
            return _reporting(super().apply_async(func, callback), callback)

        def retrieve_result_callback(self, out: Any) -> Any:
            return out.result() if isinstance(out, Future) else super().retrieve_result_callback(out)

    return Reporting(client=client)


def _reporting(future: Future[Any], callback: Any) -> Future[Any]:
    future.add_done_callback(lambda done: callback(done) if done.exception() else None)
    return future


def _by_ray(work: Work, seeds: Sequence[int], jobs: int | None, cluster: str) -> Iterator[TrainingRun]:
    # Ray asks twenty times, for 40 s each, where a cluster was that died; it reads this while it is imported.
    with import_environment.environment({ASKED: os.environ.get(ASKED, "1")}):
        ray = _imported("ray", RAY)
    backends = _imported("ray.util.joblib.ray_backend", RAY)

    class Flowing(backends.RayBackend):  # type: ignore[misc, name-defined]
        # Ray's own gives all at the end, although what it inherits from joblib could give each at once.
        supports_return_generator = True

    waiting, deaths = list(seeds), 0
    with _ray(ray, cluster):
        while waiting:
            # A core each, without which Ray would put all of them on one node.
            backend = Flowing(ray_remote_args={"num_cpus": 1})
            how = {"backend": backend, "n_jobs": _cores(ray, jobs), "pre_dispatch": "all"}
            try:
                for run in _flowing(work, tuple(waiting), **how):
                    waiting.remove(run.seed)
                    deaths = 0
                    yield run
            # Ray gives what a dead worker had to nobody else.
            except ray.exceptions.RayActorError:
                deaths += 1
                if deaths == DEATHS:
                    raise


@contextlib.contextmanager
def _ray(ray: Any, cluster: str) -> Iterator[None]:
    """Stay connected to a cluster of Ray; to one that this process is connected to already, beyond that."""
    begun = not ray.is_initialized()
    try:
        if begun:
            ray.init("auto" if cluster == "ray" else cluster, log_to_driver=False)
    except (OSError, ValueError, RuntimeError) as error:
        raise _unreachable(cluster, error) from error
    try:
        yield
    finally:
        if begun:
            ray.shutdown()


def _cores(ray: Any, jobs: int | None) -> int:
    """Return how many trainings a cluster of Ray does at a time; joblib would do a single one here instead.

    Raises:
        InvalidArgument: it is one.
    """
    cores = int(ray.cluster_resources().get("CPU", 0))
    at_once = min(cores, jobs or cores)
    if at_once < 2:
        happened = f"A Ray cluster must train at least two seeds at a time: it has {cores} cores, jobs is {jobs}"
        raise InvalidArgument(happened, remedy="train without it")
    return at_once


@contextlib.contextmanager
def _explained(cluster: str) -> Iterator[None]:
    """Raise what a cluster says of a training that it gave up as one line.

    Raises:
        TrainingFailed: with that line.
    """
    try:
        yield
    except KerasCh2Error:
        raise
    except Exception as error:
        message = " ".join(f"{cluster}: {type(error).__name__}: {error}".split())[:300].rstrip(".")
        raise TrainingFailed("The cluster gave up a training", message, REMEDY) from error


def _unreachable(cluster: str, error: BaseException) -> InvalidArgument:
    message = " ".join(f"{cluster}: {error}".split())[:300].rstrip(".")
    return InvalidArgument("No cluster answers", message, "give the address of a Dask scheduler, or of a Ray cluster")


def _imported(name: str, remedy: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = name.split(".")[0]
        happened = f"Trainings are spread by {package}, which is not installed"
        raise FrameworkMissing(happened, str(error), remedy) from error


def train_in_subprocess(work: Callable[[int], TrainingRun], seed: int) -> TrainingRun:
    """Return what a function gives of a seed in a fresh interpreter.

    Raises:
        KerasCh2Error: as the function does.
        ChildDied: the interpreter died, or the function raised anything else.
    """
    packed = pickle.dumps((work, seed)).hex()
    places = {name: os.environ.get(name) for name in PASSED_ON}
    here = os.getcwd()  # noqa: PTH109  # as a text it is sent
    job = Job(f"{__name__}:run_pickled", (packed, here), places, DEADLINE, MEMORY_MIB)
    return _unpickled(value_of(run(job)))  # type: ignore[no-any-return]


def run_pickled(packed: str, folder: str) -> str:
    """Do it, in that interpreter, and give the run as text."""
    # From where a function of somebody's own is imported.
    os.chdir(folder)
    work, seed = _unpickled(packed)
    return pickle.dumps(work(seed)).hex()


def _unpickled(text: str) -> Any:
    return pickle.loads(bytes.fromhex(text))
