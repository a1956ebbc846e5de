"""The examination: what is found, and what of it is missing."""

from __future__ import annotations

from typing import Any, Iterator, Mapping

from pytest_kerasch2.doctor import backends, importing, surroundings
from pytest_kerasch2.doctor.findings import Findings, Missing
from pytest_kerasch2.errors import InvalidArgument
from pytest_kerasch2.framework import packages

# Without these nothing works: they are dependencies of this package.
NEEDED = ("pytest", "pytest-benchmark", "numpy", "hypothesis", "rich", "filelock", "fastjsonschema", "psutil")
# What an extra brings, and what for.
EXTRAS = (
    ("pytest-xdist", "workers", "pytest -n"),
    ("scipy", "accuracy", "accuracy_gate, kerasch2 gate and kerasch2 compare"),
    ("joblib", "accuracy", "kerasch2 calibrate"),
    ("matplotlib", "plots", "--plot"),
    ("jinja2", "report", "kerasch2 table --html"),
    ("scikit-learn", "digits", "the data set digits"),
    ("argcomplete", "completion", "completion by the shell"),
)
# Brings what an extra of the same name names.
BACKENDS = ("tensorflow", "jax", "torch")


def examined(deadline: float = 120.0, quick: bool = False) -> Findings:
    """Examine this interpreter and what surrounds it; nothing is written.

    Args:
        deadline: seconds for the import of the framework, after which it is ended.
        quick: import no framework.

    Raises:
        InvalidArgument: the deadline is no time above zero.
    """
    if not deadline > 0:
        raise InvalidArgument(f"deadline must be a number of seconds above 0, got {deadline!r}")
    versions, backend = surroundings.versions(), backends.chosen()
    framework = _framework(deadline, quick)
    data, git = surroundings.data(), surroundings.of_git()
    missing = [
        *_packages(versions),
        *_frameworks(framework, backend["name"]),
        *_extras(versions),
        *_others(data, git, framework),
    ]
    return Findings(
        interpreter=surroundings.interpreter(),
        packages=versions,
        backend=backend,
        framework={name: one for name, one in framework.items() if name != "devices"},
        devices=framework.get("devices"),
        caches=surroundings.caches(),
        data=data,
        git=git,
        missing=sorted(missing, key=lambda one: not one.needed),
    )


def _framework(deadline: float, quick: bool) -> dict[str, Any]:
    if packages.installed() is None:
        return {"state": "missing", "error": "neither TensorFlow nor Keras is installed"}
    if quick:
        return {"state": "not tried", "error": "--quick"}
    return importing.imported(deadline)


def _packages(versions: Mapping[str, str | None]) -> Iterator[Missing]:
    for name in NEEDED:
        if not versions[name]:
            why = "not installed, though this package depends on it"
            yield Missing(name, why, f"pip install {name}", needed=True)


def _frameworks(framework: Mapping[str, Any], backend: str) -> Iterator[Missing]:
    state = framework["state"]
    name = backend if backend in BACKENDS else "tensorflow"
    install = f'pip install "pytest-kerasch2[{name}]"'
    others = [one for one in BACKENDS if one != name and not _lacks(one)]
    if state == "missing":
        yield Missing("a framework", framework["error"], install, needed=True)
    elif state != "imported" and _lacks(name):
        why = "Keras is to run on it, and it is not installed"
        # It is the default where nothing else is said.
        command = f"set KERAS_BACKEND={others[0]}, which is installed, or {install}" if others else install
        yield Missing(name, why, command, needed=True)
    elif state == "broken":
        remedy = framework.get("remedy") or f"pip install --force-reinstall {name}"
        yield Missing(f"a Keras on {name} that can be imported", framework["error"], remedy, needed=True)


def _lacks(backend: str) -> bool:
    return not any(map(packages.version_of, backends.DISTRIBUTIONS[backend]))


def _extras(versions: Mapping[str, str | None]) -> Iterator[Missing]:
    for name, extra, use in EXTRAS:
        if not versions[name]:
            yield Missing(name, f"not installed; for {use}", f'pip install "pytest-kerasch2[{extra}]"')


def _others(data: Mapping[str, str | None], git: Mapping[str, Any], framework: Mapping[str, Any]) -> Iterator[Missing]:
    if data["mnist"] is None:
        why = "in no mirror, cache or store; it is downloaded at the first use"
        yield Missing("MNIST", why, "set KERASCH2_MIRROR to a folder with mnist.npz where there is no network")
    if git["version"] is None:
        yield Missing("git", "not on PATH; for kerasch2 compare of two revisions", "install git")
    elif git.get("shallow"):
        why = "this clone is shallow; kerasch2 compare needs the older revisions"
        yield Missing("the history of this repository", why, "git fetch --unshallow")
