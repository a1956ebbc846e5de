"""What surrounds a run of the suite: refusals at the start, header, environment, JUnit properties."""

from __future__ import annotations

import platform
from typing import Any, Mapping, Sequence

from pytest_kerasch2 import __version__, files
from pytest_kerasch2.claims.model import Record
from pytest_kerasch2.claims.release import ABSENT, Release
from pytest_kerasch2.errors import BadResults, FrameworkMissing, InvalidArgument, KerasCh2Error
from pytest_kerasch2.framework import api, devices
from pytest_kerasch2.options import Settings


class StateLeaked(KerasCh2Error):
    """A check changed process-wide state and did not put it back."""


def check_no_leaks(leaks: Sequence[Any]) -> None:
    """Require that a check left nothing behind; what it left has been put back already.

    Raises:
        StateLeaked: naming each thing with its value before and after.
    """
    if leaks:
        detail = "; ".join(str(leak) for leak in leaks)
        raise StateLeaked("A check left process-wide state changed", detail, "let it put back what it changes")


def check_settings(settings: Settings) -> None:
    """Require that what the options name can be used, before anything long begins.

    Raises:
        BadResults: the results file could not be written where it is wanted.
        InvalidArgument: the mirror or the place of trainings is not a folder, or a device word is unknown.
    """
    from pytest_kerasch2.data import sources

    if settings.results is not None:
        _check_writable(settings)
    if settings.trainings is not None and settings.trainings.exists() and not settings.trainings.is_dir():
        detail = f"--chapter-trainings={settings.trainings} is not a folder"
        raise InvalidArgument(
            "The curves of trainings cannot be kept", detail, "name a folder, which is made where it is missing"
        )
    if settings.devices is not None:
        devices.kinds(settings.devices)
    if settings.mirror is not None:
        sources.check_mirror(settings.mirror)


def check_framework_installed() -> None:
    """Require something to verify the chapter on, told from what is installed; imports nothing.

    Raises:
        FrameworkMissing: there is no TensorFlow, and no Keras 3 that was told to run on another backend.
    """
    release = api.installed()
    if release is None or (release.tensorflow == ABSENT and release.backend == "tensorflow"):
        keras = "" if release is None else f", and Keras {release.keras} that was not told to do without"
        raise FrameworkMissing(
            "The chapter cannot be verified without TensorFlow",
            f"no distribution of it in this environment{keras}",
            'install it with `pip install "pytest-kerasch2[tensorflow]"`, or set KERAS_BACKEND to jax or torch'
            " where Keras 3 is installed with it, or to theano where Keras 2.3 is",
        )


def check_devices(settings: Settings) -> None:
    """Require TensorFlow, or the Keras without it, and the devices that were asked for; imports it.

    Raises:
        FrameworkMissing, FrameworkBroken: it cannot be had.
        DeviceMissing: a device that was asked for is not there.
    """
    api.tensorflow()
    api.release()
    devices.choose(settings.devices)


def _check_writable(settings: Settings) -> None:
    path = settings.results
    assert path is not None
    why = files.why_not(path)
    if why is not None:
        raise BadResults(
            "The results file cannot be written",
            f"--chapter-results={path}: {why}",
            "name a file in a folder that exists and can be written",
        )


def header(settings: Settings, distributed: bool, device_names: Sequence[str] | None = None) -> list[str]:
    """Return the lines at the head of pytest's output: release, backend, devices, data.

    With workers this process imports neither TensorFlow nor Keras, and leaves the devices to the summary.

    Args:
        settings: of the run.
        distributed: whether it has workers.
        device_names: of the devices, where a run before has found them.
    """
    release = api.installed()
    assert release is not None
    seen = "found by the workers" if distributed else ", ".join(device_names or _device_names(settings))
    tensorflow = "" if release.tensorflow == ABSENT else f"TensorFlow {release.tensorflow}, "
    return [
        f"chapter on: {tensorflow}Keras {release.keras}, backend {release.backend}",
        f"devices: {seen}; MNIST: {_mnist_place(settings)}",
    ]


def _device_names(settings: Settings) -> list[str]:
    return [device.name for device in devices.choose(settings.devices)]


def _mnist_place(settings: Settings) -> str:
    from pytest_kerasch2.data import registry, sources

    (archive,) = registry.record_of("mnist").archives
    mirrors = [settings.mirror] if settings.mirror is not None else []
    for folder in (*mirrors, *sources.keras_caches()):
        for name in (archive.file, *archive.cached_as):
            if (folder / name).exists():
                return str(folder / name)
    return "not on this machine" + (", and the network is forbidden" if settings.offline else "; fetched when needed")


def environment(settings: Settings, shelf: Mapping[str, Any]) -> dict[str, Any]:
    """Return the results file's account of what the run ran on; asks the imported framework.

    Args:
        settings: the options.
        shelf: what was read in this run, data sets among it, by name.
    """
    import numpy

    release = api.release()
    return {
        **environment_unseen(),
        "tensorflow": release.tensorflow,
        "keras": release.keras,
        "backend": release.backend,
        "numpy": numpy.__version__,
        "devices": _device_names(settings),
        "trained": settings.accuracy,
        "datasets": {
            name: {"source": data.source, "sha256": data.digest}
            for name, data in sorted(shelf.items())
            if hasattr(data, "source")
        },
    }


def environment_unseen() -> dict[str, Any]:
    """Return the same as far as it is known without importing a framework: for a run whose workers all died."""
    release = api.installed() or Release(ABSENT, ABSENT, ABSENT)
    return {
        "plugin": __version__,
        "tensorflow": release.tensorflow,
        "keras": release.keras,
        "backend": release.backend,
        "python": platform.python_version(),
        "numpy": ABSENT,
        "platform": f"{platform.system()}-{platform.machine()}",
        "devices": [],
        "datasets": {},
    }


def properties(record: Record) -> list[tuple[str, str]]:
    """Return what JUnit keeps of a record."""
    cause = [("kerasch2_cause", record.known_issue.cause)] if record.known_issue is not None else []
    return [
        ("kerasch2_claim", record.claim.id),
        ("kerasch2_section", record.claim.section),
        ("kerasch2_verdict", record.verdict.value),
        *cause,
        # A reader of such a file takes the last of several properties of one name.
        *((f"kerasch2_evidence{number if number > 1 else ''}", line) for number, line in enumerate(record.evidence, 1)),
    ]
