"""Where data sets may lie on this machine; nothing is read, made or imported to say so."""

from __future__ import annotations

import contextlib
import getpass
import os
import pathlib
import tempfile

MIRROR_VARIABLE = "KERASCH2_MIRROR"


def keras_caches() -> tuple[pathlib.Path, ...]:
    """Return the folders where Keras keeps data sets for this user: under KERAS_HOME, under the home; maybe none.

    Keras 3 obeys KERAS_HOME, Keras 2 does not, so both are looked into.
    """
    homes = []
    if os.environ.get("KERAS_HOME"):
        homes.append(pathlib.Path(os.environ["KERAS_HOME"]))
    # This user may have no home at all (KeyError on CPython 3.7), and so no cache.
    with contextlib.suppress(RuntimeError, KeyError):
        homes.append(pathlib.Path.home() / ".keras")
    return tuple(home / "datasets" for home in homes if home.is_absolute())


def store_path(temporary: str | None = None) -> pathlib.Path:
    """Return the folder for downloads, of this user alone, which need not be there yet.

    Args:
        temporary: the folder for what is temporary, by default the system's.
    """
    user = str(os.getuid()) if hasattr(os, "getuid") else getpass.getuser()
    return pathlib.Path(temporary or tempfile.gettempdir()) / f"kerasch2-data-{user}"
