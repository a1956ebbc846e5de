"""Known issues of the Keras of its time, up to 2.3, on Theano and CNTK."""

from __future__ import annotations

from typing import Any, Callable

from pytest_kerasch2.backend_choice import EARLY
from pytest_kerasch2.claims.decorators import known_issue

SOURCE = "https://github.com/keras-team/keras/blob/2.3.1/keras"
CNTK = "https://github.com/keras-team/keras/blob/2.2.4/keras/backend/cntk_backend.py"
NO_HINT = "The message names the unknown name, and neither what is accepted nor what to do."


def on_early_keras(place: str, cause: str, symptom: str, **named: Any) -> Callable[[Any], Any]:
    """Return the decorator that records why a claim does not hold there.

    Args:
        place: the file of Keras 2.3.1 that shows it, or an https address.
        cause: as of `KnownIssue`.
        symptom: as of `KnownIssue`.
        **named: `backends`, where it is not both of them, and the other attributes of a `KnownIssue`.
    """
    source = place if place.startswith("https://") else f"{SOURCE}/{place}"
    issue = {"backends": EARLY, **named}
    return known_issue(of="keras", cause=cause, source=source, symptom=symptom, **issue)
