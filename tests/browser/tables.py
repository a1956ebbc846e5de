"""A small compatibility table with everything in it that the page has to show."""

from __future__ import annotations

from typing import Any, Sequence

HELD, BROKEN = "held", "broken"
SPAN = {"since": "2.15", "until": None}
INSTEAD = {"write": "adam = tf.optimizers.Adam()\nnetwork.compile(adam)\n", "worked": True, "evidence": ["ran"]}
CAUSE = {"cause": "the name moved to `optimizers`", **SPAN, "source": "https://example.org/why?a=1&b=2"}
# What must not act as markup, end the data, reorder the line or fail to be written.
HOSTILE = (
    "</script><script>window.hacked = true</script><!-- <img src=x onerror='window.hacked = true'>",
    "\"quotes\" & 'quotes' & {{ braces }} \\u003c",
    "left \u202edlorw\u202c right \u2028 \ud800 \x00",
    "x" * 5000,
)
EVERYWHERE = ("2.14/2.14.0/tensorflow", "2.15/2.15.0/tensorflow", "2.16/3.15.1/tensorflow", "-/3.15.1/jax")
OLD, MIDDLE, NEW, JAX = EVERYWHERE


def table() -> dict[str, Any]:
    """Return a table of five claims on five releases: one of them interrupted, one that could not be had."""
    return {
        "schema": 2,
        "plugin": "0.1.0",
        "releases": [
            _release(OLD, "tf2.14", "tensorflow", None, "TensorFlow 2.14"),
            _release(MIDDLE, "tf2.15", "tensorflow", OLD, "TensorFlow 2.15"),
            {**_release(NEW, "tf2.16", "tensorflow", MIDDLE, "TensorFlow 2.16"), "complete": False},
            _release(JAX, "jax", "backend", None, "Keras on JAX"),
            {
                "name": "",
                "environment": "cntk",
                "series": "backend",
                "before": None,
                "label": "Keras on CNTK",
                "absent": "its wheel wants <libmpi.so.12>",
            },
        ],
        "claims": [
            claim("features.steady", "Features", [outcome(HELD, EVERYWHERE)]),
            claim(
                "features.flips",
                "Features",
                [
                    outcome(HELD, [OLD], evidence=["as it was"]),
                    outcome(
                        BROKEN,
                        [MIDDLE, NEW],
                        evidence=["AttributeError: no Adam"],
                        known_issue=CAUSE,
                        workarounds=[INSTEAD],
                    ),
                    outcome("not_applicable", [JAX], evidence=["there is no TensorFlow here"]),
                ],
            ),
            claim("features.hostile", "Features", [outcome(BROKEN, EVERYWHERE, HELD, evidence=list(HOSTILE))]),
            claim(
                "saving.unread",
                "Saving and loading",
                [outcome("inconclusive", [OLD, MIDDLE, JAX], remedy="name a mirror")],
            ),
            claim("appendix.last", 'Appendix <b>&"', [outcome(HELD, EVERYWHERE)]),
        ],
    }


def _release(name: str, environment: str, series: str, before: str | None, label: str) -> dict[str, Any]:
    tensorflow, keras, backend = name.split("/")
    return {
        "name": name,
        "environment": environment,
        "series": series,
        "before": before,
        "label": label,
        "complete": True,
        "tensorflow": tensorflow,
        "keras": keras,
        "backend": backend,
        "python": "3.11.7",
        "numpy": "1.26.4",
        "platform": "Linux-x86_64",
        "counts": {"held": 3, "broken": 1, "not_applicable": 0, "inconclusive": 1},
    }


def claim(name: str, section: str, outcomes: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a row of the table."""
    return {
        "id": name,
        "section": section,
        "statement": f"What {name} states.",
        "kind": "code",
        "outcomes": outcomes,
    }


def outcome(verdict: str, releases: Sequence[str], expected: str | None = None, **more: Any) -> dict[str, Any]:
    """Return what was seen of a claim on releases."""
    fields = {"evidence": ["as seen"], "known_issue": None, "workarounds": [], "remedy": "", **more}
    return {"verdict": verdict, "expected": expected or verdict, **fields, "releases": list(releases)}
