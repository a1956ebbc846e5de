"""What is done today instead of an accuracy gate, so that both can be put side by side on the same trainings.

All of them look at the test accuracy after the last epoch and at nothing else, and all are asked with as many trainings
as the gate took:

- a fixed threshold: the mean must lie above it;
- MLPerf's reference convergence points (`rcp_checker.py` of mlcommons/logging): a one-sided t-test at 5 % against the
  reference without its best and its worst seed, where both samples are taken to scatter as that does. MLPerf compares
  the epochs to a target, and guards against too few of them; here the test accuracy is compared, and guarded against a
  drop. MLPerf drops the best and the worst of the new ones too, which two trainings cannot spare: it is done from three
  on;
- mean +- 3 sigma of the reference: each training must lie within.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Sequence

import numpy as np

from pytest_kerasch2.accuracy.reference import Reference
from pytest_kerasch2.accuracy.runs import TrainingRun
from pytest_kerasch2.stats import distributions

if TYPE_CHECKING:
    # Not in the NumPy of old releases.
    import numpy.typing as npt


RCP_ERROR = 0.05
SIGMAS = 3.0
# Of a few new trainings none is dropped.
FEWEST_TO_DROP = 3
# The rate of false alarms that the gate promises, by which a threshold is tuned.
TUNED_TO = 0.01


@dataclass(frozen=True)
class Rivals:
    """The rivals, made ready for a reference.

    Attributes:
        threshold: below which the mean of the new test accuracies is an alarm.
        places: the test accuracies of the reference after the last epoch.
    """

    threshold: float
    places: npt.NDArray[np.float64]

    def fixed(self, accuracies: Sequence[float]) -> bool:
        """Return whether the mean lies below the threshold."""
        return not float(np.mean(accuracies)) > self.threshold

    def rcp(self, accuracies: Sequence[float]) -> bool:
        """Return whether MLPerf's test, turned to a drop of accuracy, rejects."""
        kept = np.sort(self.places)[1:-1]
        new = np.sort(accuracies)[1:-1] if len(accuracies) >= FEWEST_TO_DROP else np.asarray(accuracies)
        error = float(kept.std()) * (1 / len(new) + 1 / len(kept)) ** 0.5
        critical = float(distributions.stats().t.isf(RCP_ERROR, len(new) + len(kept) - 2))
        return bool((kept.mean() - new.mean()) / error >= critical)

    def sigmas(self, accuracies: Sequence[float]) -> bool:
        """Return whether one of them lies beyond three deviations of the mean."""
        off = np.abs(np.asarray(accuracies) - self.places.mean())
        return bool((off > SIGMAS * self.places.std(ddof=1)).any())


def rivals(reference: Reference, threshold: float) -> Rivals:
    """Make the rivals ready."""
    return Rivals(threshold, np.array(last(reference.runs)))


def last(runs: Sequence[TrainingRun]) -> list[float]:
    """Return the test accuracies after the last epoch."""
    return [run.test_accuracy[-1] for run in runs]


def round_threshold(reference: Reference) -> float:
    """Return what people write: the round number of per cent below what the reference has in the middle."""
    return int(100 * float(np.median(last(reference.runs))) - 0.5) / 100


def tuned(means: Sequence[float]) -> float:
    """Return the best threshold there can be: the highest that these honest means pass but for one in a hundred.

    Nobody can have it, because it is chosen by the very trainings that it judges.
    """
    ordered = sorted(means)
    return ordered[int(TUNED_TO * len(ordered))] - 1e-9
