"""Room on a small disk: what uv keeps of the largest packages is given up when little is left."""

from __future__ import annotations

import shutil
import subprocess

from matrix import installer, paths

# Bytes that the next two environments may take, unpacked in uv's cache. With 5 GB here, twelve of the largest, two at a
# time into an empty cache, left 3.5 GB of a disk of 12 GB free at the least.
ROOM = 6_000_000_000
# By far the largest; the rest of all columns together is smaller than one of them.
LARGEST = ("tensorflow", "tensorflow-cpu", "torch", "jaxlib", "cntk")


def make_room() -> None:
    """Where less than `ROOM` is free, drop the largest packages from uv's cache: they are fetched again when needed."""
    if shutil.disk_usage(paths.MADE).free < ROOM:
        command = [installer.uv(), "cache", "clean", "--quiet", *LARGEST]
        # No harm if it fails: then there is as much room as before.
        subprocess.run(command, env=installer.surroundings(), capture_output=True, check=False)
