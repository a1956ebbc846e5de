"""The metrics of a curve by their names: which one a margin refers to, and whether more of it is better."""

from __future__ import annotations

import difflib
import functools
import re
from dataclasses import dataclass
from typing import Any, Iterable, Sequence

from pytest_kerasch2.errors import InvalidArgument

HIGHER, LOWER = "higher", "lower"
DIRECTIONS = (HIGHER, LOWER)
# Names of a metric whose values are shares, from 0 to 1.
SHARES = (
    "accuracy acc auc aucpr aucroc auprc auroc f1 fbeta precision recall sensitivity specificity iou miou dice jaccard"
    " map ndcg mrr hits"
)
MORE_IS_BETTER = (
    f"{SHARES} f1score r2 bleu rouge meteor psnr ssim kappa mcc correlation corr pearson spearman similarity"
    " reward rewards return likelihood elbo positives negatives variance"
)
LESS_IS_BETTER = (
    "loss losses error errors mse mae rmse mape msle rmsle perplexity ppl nll bpc bpb bpd dim"
    " crossentropy xentropy xent bce cce scce ce entropy"
    " divergence kl kld hinge poisson logcosh wer cer eer fid brier ece distance deviance cost regret"
)
WORDS = {**dict.fromkeys(MORE_IS_BETTER.split(), HIGHER), **dict.fromkeys(LESS_IS_BETTER.split(), LOWER)}
# Of two words the last one says it, as in `auc_loss`; these turn it round.
OPPOSITES = frozenset({"neg", "negative", "false", "inverse", "minus"})
VALIDATION = frozenset({"val", "valid", "validation", "test", "eval", "evaluation", "dev", "holdout"})
# What a history holds beside its metrics; it says how the training went on, not how well.
NO_METRIC = frozenset(
    {"lr", "epoch", "epochs", "step", "steps", "iteration", "iterations", "seed", "seconds"}
    | {"time", "times", "duration", "elapsed", "walltime", "timestamp"}
)
SCHEDULES = frozenset({"learning_rate", "learningrate", "weight_decay", "batch_size", "momentum"})
# One word in two parts.
JOINED = (
    ("io_u", "iou"),
    ("cross_entropy", "crossentropy"),
    ("f_1", "f1"),
    ("r_2", "r2"),
    ("log_likelihood", "likelihood"),
)
ALIASES = {
    "loss": ("loss",),
    "accuracy": (
        "accuracy",
        "acc",
        "sparse_categorical_accuracy",
        "categorical_accuracy",
        "binary_accuracy",
    ),
}
# Names of the four series that every reference of the chapter has, by the names that a history may have for them.
NAMES = {
    **ALIASES,
    **{f"test_{name}": (f"test_{name}", *(f"val_{alias}" for alias in aliases)) for name, aliases in ALIASES.items()},
}


@dataclass(frozen=True)
class Metric:
    """The metric that a margin refers to.

    Attributes:
        name: of its curve.
        direction: `higher` where more of it is better, else `lower`.
    """

    name: str
    direction: str

    @property
    def more_is_better(self) -> bool:
        """Whether a larger value is a better one."""
        return self.direction == HIGHER


@functools.lru_cache(maxsize=1024)
def words(name: str) -> tuple[str, ...]:
    """Return the words of a metric's name in lower case, without the numbers that Keras counts names with."""
    text = re.sub(r"([a-z])([A-Z])", r"\1_\2", name)
    joined = re.sub(r"[^0-9a-z]+", "_", text.lower())
    for parts, whole in JOINED:
        joined = re.sub(rf"(^|_){parts}(_|$)", rf"\1{whole}\2", joined)
    return tuple(word for word in joined.split("_") if word and not word.isdigit())


def is_metric(name: str) -> bool:
    """Whether a curve of this name says how well a training goes; a learning rate, a time or a count does not."""
    parts = words(name)
    scheduled = any(schedule in "_".join(parts) for schedule in SCHEDULES)
    return not scheduled and "lr" not in parts and (not parts or parts[-1] not in NO_METRIC)


def is_validation(name: str) -> bool:
    """Whether a curve is of data that the training does not see."""
    return words(name)[:1] != () and words(name)[0] in VALIDATION


def is_loss(name: str) -> bool:
    """Whether a curve is a loss."""
    return "loss" in words(name)[-1:]


def is_share(name: str) -> bool:
    """Whether values of a metric are known to lie from 0 to 1."""
    parts = words(name)
    return not OPPOSITES.intersection(parts) and not is_loss(name) and _last(parts) in set(SHARES.split())


def direction(name: str) -> str | None:
    """Return which values of a metric are better by its name, or None where the name does not say."""
    parts = words(name)
    word = _last(parts)
    if word is None:
        return None
    turned = bool(OPPOSITES.intersection(parts[: parts.index(word) + 1])) and word not in ("likelihood",)
    likelihood = word == "likelihood" and bool(OPPOSITES.intersection(parts))
    return _other(WORDS[word]) if turned or likelihood else WORDS[word]


def _last(parts: Sequence[str]) -> str | None:
    """Return the last word that says what a metric is."""
    return next((word for word in reversed(parts) if word in WORDS), None)


def _other(way: str) -> str:
    return LOWER if way == HIGHER else HIGHER


def choose_metric(text: Any, names: Iterable[str]) -> Metric:
    """Return the metric that is asked for by `NAME` or `NAME:higher|lower`, or the default where None is.

    Args:
        text: what the user wrote.
        names: of the curves that there are.

    Raises:
        InvalidArgument: it is not written so, there is no such curve, or its direction is not known.
    """
    curves = list(names)
    if text is None:
        return default_metric(curves)
    if not isinstance(text, str) or not text.strip():
        raise InvalidArgument(
            f"metric must be the name of a curve, got {text!r}", remedy='write it as "val_auc:higher"'
        )
    name, way = _parted(text.strip(), curves)
    chosen = find_curve(name, curves)
    way = way or direction(chosen)
    if way is None:
        curve = keras_name(chosen)
        remedy = f'write metric="{curve}:higher" where more of it is better, or metric="{curve}:lower"'
        raise InvalidArgument(f"The name of the metric {name!r} does not say which way is better", remedy=remedy)
    return Metric(chosen, way)


def _parted(text: str, curves: Sequence[str]) -> tuple[str, str | None]:
    name, colon, way = text.rpartition(":")
    if not colon or text in curves:
        return text, None
    if way.strip().lower() not in DIRECTIONS:
        remedy = f'write metric="{name}:higher" or metric="{name}:lower"'
        raise InvalidArgument(f"The direction of a metric must be higher or lower, got {text!r}", remedy=remedy)
    return name.strip(), way.strip().lower()


def find_curve(name: str, curves: Sequence[str]) -> str:
    """Return the curve that a name means: its own, that of another name for it, or one that Keras counted.

    Raises:
        InvalidArgument: there is none; the message lists those that there are.
    """
    also = [ours for ours, aliases in NAMES.items() if name in aliases and ours in curves]
    counted = [one for one in curves if without_counts(one) == without_counts(name)]
    matches = [name] if name in curves else also or counted
    if len(matches) == 1:
        return matches[0]
    shown_names = [keras_name(one) for one in curves]
    near = difflib.get_close_matches(name, shown_names, 1, 0.4)
    meant = f'write metric="{near[0]}"' if near else "name one of these"
    raise InvalidArgument(
        f"There is no curve of the metric {name!r}", f"the curves are {', '.join(shown_names)}", meant
    )


def without_counts(name: str) -> str:
    """Return a name without the numbers by which Keras tells apart metrics and layers of one process."""
    return re.sub(r"_\d+(?=_|$)", "", name)


def keras_name(name: str) -> str:
    """Return the name of a curve as Keras writes it."""
    return f"val_{name[5:]}" if name in ("test_loss", "test_accuracy") else name


def default_metric(names: Sequence[str]) -> Metric:
    """Return the metric that a margin refers to unless another is named.

    It is the accuracy on validation data; without one the last validation metric whose direction is known, a loss only
    where there is nothing else; and without validation data the same of the training's own metrics.

    Raises:
        InvalidArgument: no direction is known.
    """
    if "test_accuracy" in names:
        return Metric("test_accuracy", HIGHER)
    for validation in (True, False):
        among = [name for name in names if is_validation(name) is validation and direction(name) is not None]
        better = [name for name in among if not is_loss(name)]
        losses = [name for name in among if name in ("test_loss", "loss")] or among
        if better or losses:
            name = (better or losses)[-1]
            return Metric(name, str(direction(name)))
    first = keras_name(names[-1]) if names else "val_auc"
    remedy = f'write metric="{first}:higher" where more of it is better, or metric="{first}:lower"'
    listed = ", ".join(map(keras_name, names))
    raise InvalidArgument("The names of these metrics do not say which way is better", listed, remedy)


def align_names(names: Sequence[str], others: Sequence[str]) -> dict[str, str]:
    """Return the names of a curve's series by those of the curves it is compared with.

    In one process Keras counts what is made without a name: `auc`, then `auc_1`; and the losses of unnamed outputs,
    `dense_1_loss`, then `dense_4_loss`. Such names mean the same where there are as many of them.
    """
    aligned = {name: name for name in names}
    groups: dict[str, tuple[list[str], list[str]]] = {}
    for place, group in enumerate((names, others)):
        for name in group:
            groups.setdefault(without_counts(name), ([], []))[place].append(name)
    for here, there in groups.values():
        if len(here) == len(there) and set(here) != set(there):
            aligned.update(zip(sorted(here, key=_numbers), sorted(there, key=_numbers)))
    return aligned


def _numbers(name: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"_(\d+)(?=_|$)", name))
