"""Warnings of frameworks and of the standard library, while we build, train, time or save.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import contextlib
import functools
import re
import sys
import warnings
from typing import Any, Iterator, Pattern

# The modules to which such a warning is ascribed: our own, those of the frameworks, and of what they bring.
FOREIGN = (
    *("pytest_kerasch2", "tensorflow", "tensorflow_core", "tensorboard", "keras", "tf_keras", "jax", "jaxlib", "torch"),
    *("keras_preprocessing", "keras_applications", "tensorflow_estimator", "tensorflow_io_gcs_filesystem", "absl"),
    *("numpy", "scipy", "sklearn", "joblib", "h5py", "ml_dtypes", "optree", "namex", "gast", "astunparse", "wrapt"),
    *("google.protobuf", "flatbuffers", "opt_einsum", "termcolor", "six", "sympy", "networkx", "mpmath", "functorch"),
    *("rich", "markdown", "werkzeug", "filelock", "fastjsonschema", "matplotlib", "PIL", "pkg_resources", "setuptools"),
    *("distributed", "dask", "cloudpickle", "threadpoolctl", "pytest_benchmark", "cpuinfo", "triton", "packaging"),
)
# Of the standard library where this Python cannot list it.
STANDARD = (
    *(
        "abc",
        "ast",
        "asyncio",
        "collections",
        "concurrent",
        "contextlib",
        "copyreg",
        "ctypes",
        "distutils",
        "functools",
    ),
    *(
        "gzip",
        "http",
        "imp",
        "importlib",
        "inspect",
        "json",
        "logging",
        "multiprocessing",
        "os",
        "pickle",
        "random",
        "re",
    ),
    *(
        "shutil",
        "socket",
        "ssl",
        "subprocess",
        "sys",
        "tarfile",
        "tempfile",
        "threading",
        "typing",
        "unittest",
        "urllib",
    ),
    *("warnings", "weakref", "zipfile"),
)


@functools.lru_cache(maxsize=None)
def _pattern() -> Pattern[str]:
    names = {*FOREIGN, *getattr(sys, "stdlib_module_names", STANDARD)} - {"__main__"}
    return re.compile(rf"(?:{'|'.join(map(re.escape, sorted(names)))})(?:\.|$)")


@contextlib.contextmanager
def warnings_shown() -> Iterator[None]:
    """Show what would be an error, such as under `-W error`, where third parties warn; the user's own stay errors.

    A filter that names modules stays as it is: then it is meant.
    """
    with warnings.catch_warnings():
        pattern = _pattern()
        filters: list[Any] = []
        for one in warnings.filters:
            action, message, category, module, line = one
            if action == "error" and module is None:
                filters.append(("default", message, category, pattern, line))
            filters.append(one)
        # What `catch_warnings` has just copied; by `filterwarnings` it would also overrule what is to be ignored.
        warnings.filters[:] = filters  # type: ignore[index]
        yield
