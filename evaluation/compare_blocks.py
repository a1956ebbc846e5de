"""The blocks of trials of `compare_live`, of which its option --blocks leaves a folder: all are in one archive.

python -m evaluation.compare_live --trials 8 --blocks FOLDER
python -m evaluation.compare_blocks FOLDER    adds those that ended to data/compare-blocks.zip
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Iterator

from pytest_kerasch2.errors import BadResults, KerasCh2Error
from pytest_kerasch2.files import write_bytes
from pytest_kerasch2.timing import compare_result

KEPT = Path(__file__).parent / "data" / "compare-blocks.zip"
# An archive says of a file when it was written, which is no matter: the same files are the same archive.
EPOCH = (1980, 1, 1, 0, 0, 0)


def keep(folder: Path, archive: Path = KEPT) -> list[str]:
    """Add the trials of a folder that ended, beside those that are there or in their place; give their names.

    Raises:
        BadResults: a file is no comparison, or the archive is none.
    """
    kept = _files(archive) if archive.exists() else {}
    ended = {
        path.name: path.read_bytes()
        for path in sorted(folder.glob("*.json"))
        if compare_result.read_comparison(path).complete
    }
    kept.update(ended)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_LZMA) as packed:
        for name in sorted(kept):
            packed.writestr(zipfile.ZipInfo(name, EPOCH), kept[name], zipfile.ZIP_LZMA)
    write_bytes(stream.getvalue(), archive)
    return list(ended)


@contextlib.contextmanager
def honest(archive: Path = KEPT) -> Iterator[list[tuple[str, Path]]]:
    """Unpack the trials in which nothing was planted, for as long as they are read; give each with its kind of load.

    Raises:
        BadResults: there is no such archive.
    """
    with tempfile.TemporaryDirectory(prefix="kerasch2-blocks-") as folder:
        paths = []
        for name, content in _files(archive).items():
            kind, planted, _ = name.split("-")
            if float(planted) == 0:
                path = Path(folder, name)
                path.write_bytes(content)
                paths.append((kind, path))
        yield paths


def _files(archive: Path) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(archive) as packed:
            return {name: packed.read(name) for name in packed.namelist()}
    except (OSError, zipfile.BadZipFile) as error:
        remedy = "write one by python -m evaluation.compare_blocks FOLDER"
        raise BadResults("Blocks of comparisons cannot be read", f"{archive}: {error}", remedy) from error


def main() -> int:
    """Keep those of a folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="of compare_live --blocks")
    given = parser.parse_args()
    if not given.folder.is_dir():
        parser.error(f"{given.folder} is not a folder")
    try:
        print(f"kept in {KEPT.name}: {', '.join(keep(given.folder)) or 'none had ended'}")
    except KerasCh2Error as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
