"""What authors of public notebooks wrote when a release broke their code, beside what `kerasch2 check` would write.

    python -m evaluation.authors_repairs CLONES             writes docs/authors-repairs.md
    python -m evaluation.authors_repairs CLONES --show      prints each pair too, which is never committed

CLONES holds a clone, with its history, of each repository of `documents_corpus.toml`. A repair is a line of code that a
commit wrote another way, so that what a release took away is no longer in it, as `REPAIRS` says. The file as it was
before the commit is read, not run, for TensorFlow 2.21, and the line that a patch makes of the same line is put beside
the author's.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import Iterator, NamedTuple, Sequence

from evaluation import documents_fetch
from pytest_kerasch2.claims.release import ReleaseWithNumPy
from pytest_kerasch2.documents import diagnosing, reading
from pytest_kerasch2.errors import KerasCh2Error
from pytest_kerasch2.files import write_text

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "authors-repairs.md"
RELEASE = ReleaseWithNumPy("2.21.0", "3.15.1", "tensorflow", "2.4.6")
KINDS = ("ipynb", "md", "py")
# Commits of one repository that are looked at for one kind of repair.
MOST = 150
# What stands in the line before a repair and no longer behind it, and what then stands there.
REPAIRS: dict[str, tuple[str, str]] = {
    "lr=": (r"(SGD|Adam|RMSprop|Adagrad|Adadelta|Adamax|Nadam)\(.*\blr ?=", r"learning_rate ?="),
    "optimizer.lr": (r"optimizer\.lr\b", r"learning_rate"),
    "name of a file of weights": (r"ckpt|checkpoint|weights|\.h5|save|load|cp", r"\.weights\.h5"),
    "name of a file of a model": (r"save|load_model|model|\.h5", r"\.keras['\"]"),
    "predict_classes": (r"predict_classes", r"predict\("),
    "fit_generator and its kin": (r"(fit|evaluate|predict)_generator", r"\.(fit|evaluate|predict)\("),
    "experimental.preprocessing": (
        r"experimental\.preprocessing|experimental import preprocessing",
        r"layers|tf\.keras",
    ),
    "set_seed": (r"tf\.random\.set_seed", r"set_random_seed"),
    "aliases of NumPy": (r"np\.(object|int|bool|float|complex|str|infty|Inf)\b", r""),
    "reset_states": (r"reset_states\(", r"reset_state\("),
    "experimental_run_v2": (r"experimental_run_v2", r"\.run\("),
    "mixed_precision.experimental": (
        r"mixed_precision\.experimental|mixed_precision import experimental",
        r"mixed_prec",
    ),
    "save_format=": (r"save_format ?=", r"save"),
    "period=": (r"\bperiod ?=", r"save_freq"),
    "acc in a history": (r"history\[['\"](val_)?acc['\"]\]", r"accuracy"),
    "to_yaml": (r"to_yaml|from_yaml", r"json"),
}


INTRODUCTION = """\
Written by `python -m evaluation.authors_repairs CLONES`. A repair is a line of code that an author of one of the
repositories in `evaluation/documents_corpus.toml` wrote another way in its history, so that what a release took away is
no longer in it. The file as it was before that commit was read by `kerasch2 check`, for TensorFlow 2.21, and not run.
*Equal*: the same line, but for blanks and quotes. *Other*: a patch of the same line, written another way. *Told*: the
cause without a patch."""


class Pair(NamedTuple):
    """A line that an author wrote another way.

    Attributes:
        kind: of the repair, as in `REPAIRS`.
        place: repository, commit and path.
        before: the line as it was.
        after: as the author wrote it.
    """

    kind: str
    place: tuple[str, str, str]
    before: str
    after: str


def git(clone: Path, *arguments: str) -> str:
    """Return what a command of git prints."""
    done = subprocess.run(["git", "-C", str(clone), *arguments], capture_output=True, check=False)
    return done.stdout.decode("utf-8", "replace")


def commits(clone: Path, pattern: str) -> list[str]:
    """Return the commits that changed a line with a pattern, the newest first."""
    paths = [f"*.{kind}" for kind in KINDS]
    listed = git(clone, "log", "--no-merges", "--diff-filter=M", "--format=%H", f"-G{pattern}", "-E", "--", *paths)
    return listed.split()[:MOST]


def code_of(text: str, path: str) -> list[str]:
    """Return the lines of code of a file: of a notebook those of its cells."""
    if not path.endswith(".ipynb"):
        return text.splitlines()
    with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
        cells = json.loads(text)["cells"]
        sources = ["".join(one["source"]) for one in cells if one["cell_type"] == "code"]
        return "\n".join(sources).splitlines()
    return []


def replaced(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield lines and what was written in the place of each: of as many lines in order, else the most similar one."""
    for kind, low, high, first, last in difflib.SequenceMatcher(None, before, after, False).get_opcodes():
        if kind != "replace":
            continue
        if high - low == last - first:
            yield from zip(before[low:high], after[first:last])
            continue
        for line in before[low:high]:
            alike = difflib.get_close_matches(line, after[first:last], 1, 0.5)
            if alike:
                yield line, alike[0]


def repairs(name: str, clone: Path) -> Iterator[Pair]:
    """Yield the repairs of a repository, each once."""
    seen: set[tuple[str, str, str]] = set()
    for kind, (old, new) in REPAIRS.items():
        pattern = re.sub(r"\\b|\?:", "", old) if "name of" not in kind else new
        for commit in commits(clone, pattern):
            for path in git(clone, "diff-tree", "--no-commit-id", "--name-only", "-r", commit).splitlines():
                if path.rpartition(".")[2] not in KINDS:
                    continue
                texts = [code_of(git(clone, "show", f"{commit}{of}:{path}"), path) for of in ("^", "")]
                for before, after in replaced(*texts):
                    key = (path, before.strip(), after.strip())
                    if is_repair(kind, old, new, before, after) and key not in seen:
                        seen.add(key)
                        yield Pair(kind, (name, commit, path), before, after)


def is_repair(kind: str, old: str, new: str, before: str, after: str) -> bool:
    """Whether a line was written another way because of what a release took away."""
    if before.lstrip().startswith("#") or not re.search(old, before) or not re.search(new, after):
        return False
    if "name of" in kind:
        return not re.search(new, before)
    return not re.search(old, after)


def patched(clone: Path, place: tuple[str, str, str]) -> tuple[dict[str, str], set[str]]:
    """Return what the command makes of the lines of a file as it was, and the lines for which it tells a cause."""
    _, commit, path = place
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"page.{path.rpartition('.')[2]}"
        file.write_text(git(clone, "show", f"{commit}^:{path}"), encoding="utf-8")
        try:
            diagnosis = diagnosing.diagnose(reading.read_document(file), RELEASE)
        except (KerasCh2Error, ValueError, RecursionError):
            return {}, set()
    lines: dict[str, str] = {}
    told: set[str] = set()
    for block in diagnosis.document.runnable:
        own = block.code.splitlines()
        new = diagnosis.codes.get(block.number)
        if new is not None:
            lines.update({before.strip(): after for before, after in replaced(own, new.splitlines())})
        for cause in diagnosis.causes.get(block.number, ()):
            if cause.line is not None and cause.line <= len(own):
                told.add(own[cause.line - 1].strip())
    return lines, told


def bare(line: str) -> str:
    """Return a line without what makes no difference: blanks, the kind of quotes, a comma at its end, a comment."""
    return re.sub(r"\s+", "", re.sub(r"\s#.*$", "", line)).rstrip(",").replace("'", '"')


def compared(clones: Path) -> Iterator[tuple[Pair, str, str]]:
    """Yield each repair with `equal`, `other`, `told` or `missed`, and the line that is written here."""
    names = sorted({one.repository for one in documents_fetch.corpus()})
    for name in names:
        clone = documents_fetch.clone_of(name, clones)
        kept: dict[tuple[str, str, str], tuple[dict[str, str], set[str]]] = {}
        for pair in repairs(name, clone):
            if pair.place not in kept:
                kept[pair.place] = patched(clone, pair.place)
            lines, told = kept[pair.place]
            line = lines.get(pair.before.strip(), "")
            word = "missed"
            if line:
                word = "equal" if bare(line) == bare(pair.after) else "other"
            elif pair.before.strip() in told:
                word = "told"
            yield pair, word, line


def page(outcomes: dict[str, Counter[str]], commits_of: dict[str, set[tuple[str, str]]]) -> str:
    """Return the page."""
    total: Counter[str] = sum(outcomes.values(), Counter())
    rows = [
        f"| {kind} | {len(commits_of[kind])} | {sum(counted.values())} | {counted['equal']} | {counted['other']} "
        f"| {counted['told']} | {counted['missed']} |"
        for kind, counted in sorted(outcomes.items(), key=lambda pair: -sum(pair[1].values()))
    ]
    patched_lines, every = total["equal"] + total["other"], sum(total.values())
    most = max(1, every)
    return "\n".join(
        [
            "# What authors wrote, beside what a check writes",
            "",
            *INTRODUCTION.splitlines(),
            "",
            f"**{every} repairs: {100 * patched_lines / most:.0f} % are found and patched, and "
            f"{100 * total['equal'] / max(1, patched_lines):.0f} % of these patches are the author's line; "
            f"{100 * (patched_lines + total['told']) / most:.0f} % are at least told.**",
            "",
            "| what was repaired | commits | lines | equal | other | told | missed |",
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
            *rows,
            "",
        ]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare all repairs, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m evaluation.authors_repairs", description=__doc__)
    parser.add_argument("clones", type=Path)
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args(arguments)
    outcomes: dict[str, Counter[str]] = defaultdict(Counter)
    commits_of: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for pair, word, line in compared(options.clones):
        outcomes[pair.kind][word] += 1
        commits_of[pair.kind].add(pair.place[:2])
        if options.show:
            told = [pair.before, pair.after, line]
            sys.stdout.write(f"{word}\t{pair.kind}\t{' '.join(pair.place)}\n" + "".join(f"    {one}\n" for one in told))
            sys.stdout.flush()
    write_text(page(outcomes, commits_of), PAGE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
