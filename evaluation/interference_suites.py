"""The suites that are run: packages whose source distributions have their tests, and plugins of pytest among them."""

from __future__ import annotations

from dataclasses import dataclass

# What this plugin depends on, and so is in both environments.
DEPENDENCIES = (
    *("pytest", "pytest-benchmark", "hypothesis", "numpy", "h5py", "rich", "filelock", "fastjsonschema", "psutil"),
    *("pytest-xdist", "setuptools", "wheel"),
)


@dataclass(frozen=True)
class Suite:
    """A package, and how its tests are run.

    Attributes:
        name, version: on the package index.
        arguments: of pytest, in the folder of its source distribution.
        needs: what its tests need besides.
        why: what it has in common with this plugin; empty where it is there for being well known.
    """

    name: str
    version: str
    arguments: tuple[str, ...]
    needs: tuple[str, ...] = ()
    why: str = ""


ITSELF = "it runs pytest inside its tests, and this plugin with it"
SUITES = (
    Suite("attrs", "26.1.0", ("tests",), ("cloudpickle",)),
    Suite("cachetools", "8.0.2", ("tests",)),
    Suite("click", "8.5.1", ("tests",), why="every warning is an error"),
    Suite("einops", "0.8.2", ("einops/tests",), why="it has frameworks for its subject"),
    Suite("itsdangerous", "2.2.0", ("tests",), ("freezegun",), "every warning is an error"),
    Suite("jinja2", "3.1.6", ("tests",), ("trio",), "every warning is an error"),
    Suite("markupsafe", "3.0.4", ("tests",), why="every warning is an error"),
    Suite("more-itertools", "11.2.1", ("tests/test_recipes.py",), why="its tests are of unittest"),
    Suite("packaging", "26.4", ("tests", "-m", "not property"), ("pretend", "tomli-w")),
    Suite("pluggy", "1.7.0", ("testing",), why="pytest calls hooks with it"),
    Suite("pytest-asyncio", "1.5.0", ("tests",), why=ITSELF),
    Suite("pytest-benchmark", "5.3.1", ("tests/test_benchmark.py",), ("freezegun", "pygal"), ITSELF),
    Suite("pytest-mock", "3.17.0", ("tests",), why=ITSELF),
    Suite("toolz", "1.2.0", ("toolz/tests",)),
)
