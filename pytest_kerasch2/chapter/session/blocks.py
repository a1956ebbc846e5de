"""The blocks of a session: which are typed, and what a release needs in place of those that it does not run."""

from __future__ import annotations

from pytest_kerasch2.chapter import block_texts, check_list
from pytest_kerasch2.claims.release import Release

TYPED = tuple(block for block in block_texts.TEXTS if block not in block_texts.SIGNATURES)
"""In reading order. What is printed of a signature is not typed."""
DATA = ("train_x", "train_y", "test_x", "test_y", "epochs", "batch_size")
"""The names under which the examples share their data and settings."""

PRINTED_LINES = {"subclass-training": "len(train_x.numpy()) // batch_size"}
"""Lines that are tried as printed where the session with workarounds reaches their block."""


def mended(release: Release) -> dict[str, str]:
    """Return each block as a reader writes it on a release: as printed, or the workaround that stands in its place.

    The workarounds are those of the known issues that speak of this release; of several for one block the first of a
    claim about that block itself is taken.
    """
    typed = {block: block_texts.text(block) for block in TYPED}
    checks = sorted(check_list.all_checks(), key=lambda check: not check.claim.id.startswith("blocks."))
    taken = set()
    for check in checks:
        for issue in check.known_issues:
            workaround = issue.workaround
            if workaround is None or workaround.block in taken or not issue.speaks_of(release):
                continue
            if workaround.block is not None:
                typed[workaround.block] = workaround.write
                taken.add(workaround.block)
    return typed


def page(release: Release) -> str:
    """Return the chapter's code as one file that runs to the end on a release."""
    written = mended(release)
    return "\n".join(f"# {block}\n{text.strip()}\n" for block, text in written.items())
