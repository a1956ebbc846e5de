"""One tox environment for each release in matrix/releases.toml: `tox run -e tf2.15 -- -k weights`."""

from __future__ import annotations

from typing import Any, Iterable

from tox.config.loader.memory import MemoryLoader
from tox.plugin import impl

from matrix import columns, paths

_COLUMNS = columns.read(paths.RELEASES).columns


@impl
def tox_extend_envs() -> Iterable[str]:
    """Return the names of the environments."""
    return [column.environment for column in _COLUMNS]


@impl
def tox_add_core_config(core_conf: Any, state: Any) -> None:
    """Describe each of them; what it does stands in tox.ini, in the section `column`."""
    for column in _COLUMNS:
        loader = MemoryLoader(base=["column"], description=f"verify the chapter on {column.label}")
        state.conf.memory_seed_loaders[column.environment].append(loader)
