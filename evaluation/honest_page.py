"""Write docs/honest-models.md from the results that `evaluation.zoo` and `evaluation.cheats` have kept.

python -m evaluation.honest_page
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, Callable, Iterable, Sequence

from evaluation import cheats, zoo
from evaluation.cheats import HONEST
from evaluation.zoo import ERROR, NOT_CHECKED, NOT_HERE, REFUSED, TIMED
from evaluation.zoo_entry import ZOO
from pytest_kerasch2.files import write_text

PAGE = Path(__file__).parents[1] / "docs" / "honest-models.md"
VERSIONS = ("tensorflow", "keras", "backend", "python")
INTRODUCTION = """\
# Honest models and cheats

The work check of `step_benchmark` compares the steps that are timed with a reference step. It must not accuse an honest
model, and it must refuse a step that does less than it claims. Both are measured here: on {models} honest models, and
on {kinds} kinds of cheat. The models are in `evaluation/zoo_*.py`, the cheats in `evaluation/cheat_kinds*.py`. Written
by `python -m evaluation.honest_page` from the results in `evaluation/data`; do not edit.

| figure | value |
| --- | ---: |
"""
COMMANDS = """
```sh
python -m evaluation.zoo --seed 0 --seed 1 --seed 2 --rounds 1   # each model with each seed, in another mode each time
python -m evaluation.zoo --only "two layers" --mode fit --seed 2 # one measurement again; --list names all
python -m evaluation.zoo --unusable --kept evaluation/data/unusable.jsonl
python -m evaluation.cheats --each 10
python -m evaluation.honest_page
```

Each command continues where it was stopped: what is in its file of results already is not measured again, but for
refusals of a step benchmark that has changed since. The newest result of each trial counts. Each measurement is that of
the fixture, but for shorter blocks: 0.05 seconds are timed, of which the clock may be 0.3 %.
"""
EXPLAINED = """
*Checked*: the steps were compared with the reference, and agree. *Not checked*: there is no reference, or its own runs
scatter too much to tell anything; the time is reported, and the table and the JSON give the reason. *Not here*: this
Keras does not have what the model needs. *Refused*: no time is reported.
"""


def table(head: Sequence[str], rows: Iterable[Sequence[Any]], numbers: int = 0) -> str:
    """Return a table in Markdown, whose last columns hold numbers."""
    lines = [list(head), *([str(cell).replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows)]
    rule = ["---"] * (len(head) - numbers) + ["---:"] * numbers
    return "\n".join("| " + " | ".join(line) + " |" for line in [lines[0], rule, *lines[1:]]) + "\n"


def newest(results: Iterable[Any], keys: Sequence[str]) -> list[Any]:
    """Return the last result of each trial."""
    return list({tuple(one[key] for key in keys): one for one in results}.values())


def by(results: Iterable[Any], key: Callable[[Any], Any]) -> dict[Any, list[Any]]:
    """Return results in groups, in the order in which their keys come first."""
    groups: dict[Any, list[Any]] = defaultdict(list)
    for one in results:
        groups[key(one)].append(one)
    return dict(groups)


def figures(honest: list[Any], unusable: list[Any], cheated: list[Any]) -> str:
    """Return the rows of the figures that matter."""
    accused = [one for one in honest if one["outcome"] in {REFUSED, ERROR}]
    caught = [one for one in cheated if one["outcome"] == REFUSED]
    rows = [
        ("honest models", len({one["model"] for one in honest})),
        (f"measurements of them, of {planned()[0]} planned, with seeds {seeds(honest)}", len(honest)),
        ("of these refused", len(accused)),
        (f"cheats, of {planned()[1]} planned", len(cheated)),
        ("of these refused", f"{len(caught)} ({share(len(caught), len(cheated))})"),
        ("data and settings that cannot be timed", len(unusable)),
        ("of these refused with the name of what to change", sum(one["good"] for one in unusable)),
    ]
    return "".join(f"| {name} | {value} |\n" for name, value in rows)


def planned() -> tuple[int, int]:
    """Return how many measurements and cheats a whole run has: each model with three seeds, ten models of each kind."""
    return len(list(zoo.trials(ZOO, [], [], [0, 1, 2], 1))), len(list(cheats.trials([], 10, 0)))


def seeds(results: Iterable[Any]) -> str:
    """Return the seeds of results."""
    return ", ".join(map(str, sorted({one["seed"] for one in results})))


def share(part: int, whole: int) -> str:
    """Return a share in per cent."""
    return f"{100 * part / whole:.1f} %" if whole else "-"


def environments(results: Iterable[Any]) -> str:
    """Return the versions that the results depend on, each with its number of measurements."""
    named = Counter(
        f"TensorFlow {one['tensorflow']}, Keras {one['keras']} on {one['backend']}, CPython {one['python']}; "
        f"step benchmark {one['core']}"
        for one in results
    )
    return "".join(f"- {name}: {count} measurements\n" for name, count in named.items())


def zoo_section(honest: list[Any]) -> str:
    """Return the tables of the honest models: by subject, by reason, by model."""
    counted = []
    for subject, group in by(honest, lambda one: one["subject"]).items():
        outcomes = Counter(one["outcome"] for one in group)
        several = [outcomes[name] for name in (TIMED, NOT_CHECKED, NOT_HERE)]
        models = len({one["model"] for one in group})
        counted.append((subject, models, len(group), *several, outcomes[REFUSED] + outcomes[ERROR]))
    head = ("subject", "models", "measurements", TIMED, NOT_CHECKED, NOT_HERE, REFUSED)
    lines = [
        "## Honest models",
        EXPLAINED,
        table(head, counted, 6),
        "### Why a model is not checked\n",
        reasons(honest),
    ]
    lines += ["### Each model\n", each(honest)]
    return "\n".join(lines)


def reasons(honest: list[Any]) -> str:
    """Return why models were not checked, most frequent first."""
    by_reason = by((one for one in honest if one["outcome"] == NOT_CHECKED), lambda one: general(one["message"]))
    rows = [(why, ", ".join(sorted({one["model"] for one in group})), len(group)) for why, group in by_reason.items()]
    return table(("reason", "models", "measurements"), sorted(rows, key=lambda row: -row[2]), 1)


def general(message: str) -> str:
    """Return a message without the numbers of a single run."""
    words = ["N" if any(sign.isdigit() for sign in word) else word for word in message.split()]
    return " ".join(words) or "-"


def each(honest: list[Any]) -> str:
    """Return a row for each model: its modes with how each ended."""
    rows = []
    for (subject, model), group in by(honest, lambda one: (one["subject"], one["model"])).items():
        ended = by(group, lambda one: one["outcome"])
        lines = [f"{outcome}: {', '.join(sorted({one['mode'] for one in some}))}" for outcome, some in ended.items()]
        rows.append((model, subject, "; ".join(sorted(lines)), len(group)))
    return table(("model", "subject", "modes", "measurements"), rows, 1)


def cheat_section(cheated: list[Any], controls: list[Any]) -> str:
    """Return the table of cheats by kind."""
    rows = []
    for (kind, method), group in by(cheated, lambda one: (one["kind"], one["method"])).items():
        caught = [one for one in group if one["outcome"] == REFUSED]
        missed = ", ".join(f"{one['model']} ({one['outcome']})" for one in group if one["outcome"] != REFUSED)
        rows.append((kind, method, missed or "-", len(group), len(caught), share(len(caught), len(group))))
    head = ("cheat", "mode", "not refused", "models", REFUSED, "share")
    ended = Counter(one["outcome"] for one in controls)
    honest = ", ".join(f"{count} {name}" for name, count in ended.items())
    controls_line = f"The models themselves, without a cheat: {honest}.\n" if controls else ""
    return "\n".join(["## Cheats\n", table(head, rows, 3), controls_line, LIMITS])


LIMITS = """\
### What the work check cannot see

- Work that differs by less than the check allows: 5 % of the way that the weights go, more where the reference's own
  runs scatter. A cast of inputs to 16 bits, a metric that is left out or a log that is not written are below that.
- A `train_step`, `test_step` or optimizer of the user's own defines the work; there is nothing to compare it with.
- A plain function (`step_benchmark.step`) does not say what its work is.
- Work that does not change weights and results at all, such as statistics that nobody reads.
"""


def unusable_section(unusable: list[Any]) -> str:
    """Return the messages by which data and settings are refused."""
    rows = [(one["model"], one["mode"], one["message"] or one["outcome"]) for one in unusable]
    return "\n".join(["## What is refused, and with which message\n", table(("what", "mode", "message"), rows)])


def page(honest: list[Any], unusable: list[Any], results: list[Any]) -> str:
    """Return the page."""
    cheated = [one for one in results if one["kind"] != HONEST]
    controls = [one for one in results if one["kind"] == HONEST]
    kinds = len({one["kind"] for one in cheated})
    begun = INTRODUCTION.format(models=len({one["model"] for one in honest}), kinds=kinds)
    ends = (
        figures(honest, unusable, cheated),
        COMMANDS,
        "Measured with:\n",
        environments([*honest, *unusable, *results]),
    )
    sections = zoo_section(honest), unusable_section(unusable), cheat_section(cheated, controls)
    return begun + "\n".join([*ends, *sections])


def main() -> int:
    """Write the page."""
    trial = ("model", "mode", "seed", *VERSIONS)
    honest = newest(zoo.read(zoo.KEPT), trial)
    unusable = newest(zoo.read(zoo.KEPT.with_name("unusable.jsonl")), trial)
    results = newest(zoo.read(cheats.KEPT), ("kind", "method", "model", "seed", *VERSIONS))
    write_text(page(honest, unusable, results), PAGE)
    print(f"{PAGE}: {len(honest)} measurements, {len(results)} cheats and controls, {len(unusable)} refusals")
    return 0


if __name__ == "__main__":
    sys.exit(main())
