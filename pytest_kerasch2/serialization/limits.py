"""How much a model file may hold before it is refused unread."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 2**20


@dataclass(frozen=True)
class Limits:
    """Upper bounds; the defaults are far above the chapter's network and any honest model of its kind.

    Attributes:
        array_bytes: bytes that one array may declare.
        total_bytes: bytes that all arrays may declare together.
        expansion: declared or unpacked bytes per byte on disk, where there is compression.
        objects: groups and arrays in one file.
        attributes: attributes of one object.
        all_attributes: attributes in one file.
        depth: groups inside groups, and lists or objects inside one another in a configuration.
        text_bytes: bytes of one configuration, and of all names together.
        nodes: values in one configuration.
        members: files in one archive.
        seconds: processor time of a look into a file, beside what it takes to read it.
        memory_mib: memory that a look may take, beside that of Python with h5py.
    """

    array_bytes: int = 1024 * MIB
    total_bytes: int = 4096 * MIB
    expansion: int = 200
    objects: int = 20000
    attributes: int = 1000
    all_attributes: int = 50000
    depth: int = 64
    text_bytes: int = 16 * MIB
    nodes: int = 500000
    members: int = 1000
    seconds: int = 4
    memory_mib: int = 200
