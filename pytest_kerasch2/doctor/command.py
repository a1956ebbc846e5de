"""The findings as lines for a terminal, and as JSON."""

from __future__ import annotations

import json
import textwrap
from typing import Iterator

from pytest_kerasch2 import foreign
from pytest_kerasch2.doctor.findings import Findings

WIDEST = 100
INDENT = 2


def as_json(findings: Findings) -> list[str]:
    """Return the findings as the lines of a JSON document."""
    return foreign.in_json(json.dumps(findings.to_dict(), indent=1)).splitlines()


def lines(findings: Findings, width: int = 80) -> list[str]:
    """Return the findings as lines of a terminal of a width."""
    columns = max(40, min(width, WIDEST))
    return [part for line in _lines(findings) for part in _wrapped(line, columns)]


def _wrapped(line: str, columns: int) -> list[str]:
    indent = " " * (len(line) - len(line.lstrip()) + INDENT)
    # A path or a command is to be copied in one piece.
    return textwrap.wrap(
        line, columns, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    ) or [""]


def _lines(findings: Findings) -> Iterator[str]:
    interpreter = findings.interpreter
    yield "pytest-kerasch2 {plugin} on {implementation} {version}, {platform}".format(**interpreter)
    yield f"  interpreter: {interpreter['executable']}"
    yield f"  environment: {interpreter['environment'] or 'none: this is the system interpreter'}"
    yield from _keras(findings)
    yield "packages"
    yield "  " + ", ".join(f"{name} {version}" for name, version in findings.packages.items() if version)
    yield "folders"
    for one in findings.caches:
        yield f"  {one['what']}: {one['path']}{'' if one['there'] else ' (not there)'}"
    yield "data sets (files found, not verified)"
    yield from (f"  {name}: {place}" for name, place in findings.data.items() if place)
    absent = [name for name, place in findings.data.items() if not place]
    if absent:
        yield f"  not here: {', '.join(absent)}"
    yield f"git {findings.git['version'] or 'is not here'}"
    yield f"  {findings.git['repository'] or findings.git['reason']}"
    yield from _missing(findings)


def _keras(findings: Findings) -> Iterator[str]:
    yield f"backend: {findings.backend['name']}, because {findings.backend['reason']}"
    state = findings.framework
    if state["state"] == "imported":
        yield f"  TensorFlow {state['tensorflow']}, Keras {state['keras']}, imported in {state['seconds']} s"
    else:
        yield f"  {state['state']}: {state['error']}"
    if findings.devices is not None:
        yield f"devices: {', '.join(findings.devices)}"


def _missing(findings: Findings) -> Iterator[str]:
    for title, needed in (("missing, and needed", True), ("missing, and optional", False)):
        those = [one for one in findings.missing if one.needed is needed]
        if those:
            yield title
        for one in those:
            yield f"  {one.what}: {one.why}"
            yield f"    {one.command}"
    yield "ready" if findings.usable else "not ready: see what is needed above"
