"""The page about the corpus: how often a role, a cause and a repair are what a person had written down before."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterator, Mapping, Sequence

LABELS = Path(__file__).with_name("documents_labels.json")
NAMES = Path(__file__).with_name("documents_names.json")
# Groups of causes that no rewrite of code can mend.
BEYOND = ("data", "package", "estimator", "name", "document")
CODE = ("code", "console")
# What MLEModernizer reports, arXiv 2602.07195: 5,492 of 7,402 notebooks brought back.
STUDY = 0.742


def numbers(text: str) -> list[int]:
    """Return the numbers that a text such as `1-3, 7` names."""
    found: list[int] = []
    for part in filter(None, (one.strip() for one in text.split(","))):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


@dataclass(frozen=True)
class DocumentLabels:
    """What a person wrote down of one document, before the command ran.

    Attributes:
        blocks: how many it has.
        roles: of each block, by number: those that are right.
        failures: cause of each first failure, by block.
        follows: blocks that fail because of an earlier one.
        needs: names that no block makes, by block.
        hidden: causes that show only once an earlier one is mended, by block.
        silent: causes that raise nothing, by block.
        open: blocks of which it could not be told.
        beyond: blocks that no mend of their own failure brings to run, since an earlier block lacks data or a name.
    """

    blocks: int
    roles: Mapping[int, tuple[str, ...]]
    failures: Mapping[int, str]
    follows: frozenset[int]
    needs: Mapping[int, Sequence[str]]
    hidden: Mapping[int, str]
    silent: Mapping[int, str]
    open: frozenset[int]
    beyond: frozenset[int]

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> DocumentLabels:
        """Return the labels that a file has."""
        roles: dict[int, tuple[str, ...]] = dict.fromkeys(range(1, data["blocks"] + 1), ("code",))
        for names, where in data.get("roles", {}).items():
            roles.update({number: tuple(names.split("|")) for number in numbers(where)})
        by_block = {
            name: {int(block): value for block, value in data.get(name, {}).items()}
            for name in ("failures", "needs", "hidden", "silent")
        }
        sets = {name: frozenset(numbers(data.get(name, ""))) for name in ("follows", "open", "beyond")}
        return cls(data["blocks"], roles, **by_block, **sets)  # type: ignore[arg-type]

    @property
    def fine(self) -> list[int]:
        """Return the blocks that run, and mean what they meant."""
        named = {*self.failures, *self.needs, *self.hidden, *self.silent, *self.follows, *self.open}
        return [number for number, roles in self.roles.items() if set(roles) <= set(CODE) and number not in named]


@dataclass
class Share:
    """A share, and what was missed."""

    right: int = 0
    of: int = 0
    missed: list[str] = field(default_factory=list)

    def add(self, right: bool, what: str) -> None:
        """Count one more."""
        self.right += right
        self.of += 1
        if not right:
            self.missed.append(what)

    def __str__(self) -> str:
        """Return it as a reader wants it."""
        return f"{self.right} of {self.of} ({self.right / self.of:.1%})" if self.of else "none"


def labels() -> tuple[dict[str, DocumentLabels], dict[str, Any]]:
    """Return the labels of all documents, and the causes that they name."""
    data = json.loads(LABELS.read_text(encoding="utf-8"))
    return {name: DocumentLabels.of(one) for name, one in data["documents"].items()}, data["causes"]


def amendments() -> dict[str, str]:
    """Return what was corrected in the labels, by the document or the cause."""
    return dict(json.loads(LABELS.read_text(encoding="utf-8"))["amended"])


def names() -> dict[str, list[str]]:
    """Return, for each cause of the labels, the changes of the command that are the same."""
    return dict(json.loads(NAMES.read_text(encoding="utf-8"))) if NAMES.exists() else {}


def same_release(labelled: str, told: str | None) -> bool:
    """Whether two ways to write a release are the same; Keras 3.0 came with TensorFlow 2.16."""
    return normal(labelled) == normal(told or "")


def normal(release: str) -> str:
    """Return a release as the number of TensorFlow, where it has one."""
    short = release.replace("TensorFlow ", "")
    return {"Keras 3.0": "2.16", "Keras 2.3": "2.0"}.get(short, short)


def cases(line: Mapping[str, Any], how: str = "run") -> dict[int, dict[str, Any]]:
    """Return what was found of each block, by number; nothing where the command had no answer."""
    document = line[how]["document"]
    return {} if document is None else {block["number"]: block for block in document["blocks"]}


def is_cause(label: str, block: Mapping[str, Any], same: Mapping[str, Sequence[str]]) -> bool:
    """Whether a block has the labelled cause."""
    return any(one["name"] in same.get(label, (label,)) for one in block["causes"])


def figures(lines: Mapping[str, Mapping[str, Any]]) -> dict[str, Share]:
    """Return each share, with what was missed."""
    known, causes = labels()
    same = names()
    shares = {name: Share() for name in ROWS}
    for name, line in lines.items():
        if name not in known:
            continue
        one = known[name]
        _count_roles(shares, name, one, cases(line, "read"))
        _count_causes(shares, name, one, cases(line), causes, same)
        _count_alarms(shares, name, one, cases(line))
        _count_documents(shares, name, one, line)
    return shares


ROWS = {
    "roles": "blocks with the right role",
    "code": "blocks rightly told to be code to run, or not",
    "causes": "first failures with the labelled cause",
    "since": "of these, with the labelled release",
    "link": "of these, with a link",
    "hidden": "causes behind another failure that are found",
    "silent": "silent changes that are found",
    "needs": "blocks that need data or a package, and are told so",
    "names": "blocks that need a name that nothing makes, and are told so",
    "repaired": "first failures due to a change, where what they use is there, that are repaired and executed",
    "quiet": "blocks labelled fine in which nothing is found",
    "works": "documents that failed as they stand, and run to the end when mended",
    "changes": "the same, of those that lack no data, package, Estimator or name",
}


def _count_roles(shares: dict[str, Share], name: str, one: DocumentLabels, found: Mapping[int, Any]) -> None:
    for number, right in one.roles.items():
        role = found[number]["role"] if number in found else "nothing"
        shares["roles"].add(role in right, f"{name} {number}: {role}, not {' or '.join(right)}")
        allowed = {each in CODE for each in right}
        shares["code"].add((role in CODE) in allowed, f"{name} {number}: {role}")


def _count_causes(
    shares: dict[str, Share],
    name: str,
    one: DocumentLabels,
    found: Mapping[int, Any],
    causes: Mapping[str, Any],
    same: Mapping[str, Sequence[str]],
) -> None:
    nothing: dict[str, Any] = {"causes": [], "finding": "nothing", "needs": []}
    for number, label in one.failures.items():
        block, what = found.get(number, nothing), f"{name} {number}: {label}"
        group = causes[label]["group"]
        told = f"{what}; told {[each['name'] for each in block['causes']]}, {block['finding']}"
        if group in ("data", "package"):
            shares["needs"].add(block["finding"] == "needs", told)
        elif group in ("change", "estimator"):
            right = is_cause(label, block, same)
            shares["causes"].add(right, told)
            if right:
                matching = [each for each in block["causes"] if each["name"] in same.get(label, (label,))]
                release = any(same_release(causes[label]["since"], each["since"]) for each in matching)
                shares["since"].add(release, f"{what}; {[each['since'] for each in matching]}")
                shares["link"].add(any(each["source"] for each in matching), what)
            if group == "change" and number not in one.beyond:
                shares["repaired"].add(block["finding"] == "repaired", told)
    for kind in ("hidden", "silent"):
        for number, label in getattr(one, kind).items():
            shares[kind].add(is_cause(label, found.get(number, nothing), same), f"{name} {number}: {label}")
    for number in one.needs:
        shares["names"].add(found.get(number, nothing)["finding"] == "needs", f"{name} {number}")


def _count_alarms(shares: dict[str, Share], name: str, one: DocumentLabels, found: Mapping[int, Any]) -> None:
    for number in one.fine:
        block = found.get(number)
        if block is None:
            continue
        # An import that is missing, or a mark that a converter changed, is mended without a cause: no alarm.
        mended = block["finding"] == "repaired" and not block["causes"]
        quiet = mended or block["finding"] in ("runs", "nothing_found") or _ran_mended(block)
        told = f"{name} {number}: {block['finding']} {[each['name'] for each in block['causes']]} {block['needs']}"
        shares["quiet"].add(quiet, f"{told} {block['error']}")


def _ran_mended(block: Mapping[str, Any]) -> bool:
    """Whether a block failed because of an earlier one, and ran as it stands once that was mended."""
    return bool(block["finding"] == "follows" and not block["error"])


def _count_documents(shares: dict[str, Share], name: str, one: DocumentLabels, line: Mapping[str, Any]) -> None:
    _, causes = labels()
    if not one.failures and not one.needs:
        return
    found = cases(line)
    words = Counter(block["finding"] for block in found.values())
    runs = ("runs", "repaired", "changed", "not_code")
    works = bool(found) and all(block["finding"] in runs or _ran_mended(block) for block in found.values())
    shares["works"].add(works, f"{name}: {dict(words)}")
    if not one.needs and not any(causes[label]["group"] in BEYOND for label in one.failures.values()):
        shares["changes"].add(works, f"{name}: {dict(words)}")


def costs(lines: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield the rows about time."""
    run = [line["run"] for line in lines.values() if line["run"]["document"]]
    blocks = [len(one["document"]["blocks"]) for one in run]
    if not run:
        return
    per = 50 / sum(blocks)
    yield f"| imports of TensorFlow for a document | {sum(one['imports'] for one in run) / len(run):.2f} |"
    yield f"| imports of TensorFlow for 50 blocks | {sum(one['imports'] for one in run) * per:.2f} |"
    yield f"| seconds to run 50 blocks | {sum(one['seconds'] for one in run) * per:.0f} |"
    read = [line["read"] for line in lines.values() if line["read"]["document"]]
    seconds = sum(one["seconds"] for one in read) * per
    yield f"| seconds to read 50 blocks, with the start of the command | {seconds:.1f} |"


def revision() -> str:
    """Return the commit of the tree that is measured here."""
    command = ["git", "-C", str(Path(__file__).parent), "log", "-1", "--format=commit %h"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    return done.stdout.decode().strip() or "an unknown commit"


def page(lines: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the page."""
    known, causes = labels()
    shares = figures(lines)
    release = next((line["run"]["release"] for line in lines.values() if line["run"]["release"]), None) or {}
    amended = "; ".join(f"{name}: {text}" for name, text in amendments().items())
    blocks = sum(one.blocks for name, one in known.items() if name in lines)
    text = [
        "# How often a document's check is right",
        "",
        "Written by `python -m evaluation.documents`, "
        f"on TensorFlow {release.get('tensorflow')}, Keras {release.get('keras')}, of the code of {revision()}.",
        "",
        f"{len(lines)} of {len(known)} public documents were checked, {blocks} blocks. "
        "`evaluation/documents_corpus.toml` lists them by repository, commit, path and licence; nothing of them is "
        "kept here. The role of each block and the cause of each first failure were written down by hand in "
        "`evaluation/documents_labels.json` before `kerasch2 check` ran on them for the first time, without looking at "
        "its rules. Which of its changes is which label (`evaluation/documents_names.json`) was written afterwards, "
        f"and runs showed some labels to be wrong ({amended}). After the first run of twelve documents, rules were "
        "mended by what it had missed: the figures are those of mended rules on documents that they were mended by.",
        "",
        "| share | measured |",
        "| --- | --- |",
        *(f"| {ROWS[name]} | {share} |" for name, share in shares.items()),
        *costs(lines),
        "",
        "A published study brings back 74.2 % of old notebooks with a language model, where the score of the notebook",
        "returns; *run to the end* here means that no block raises, with trainings shortened and absent data made up.",
        "Other work ran on the machine: seconds are upper bounds.",
        "",
        "## What was missed",
    ]
    for name, share in shares.items():
        if share.missed:
            text += ["", f"{ROWS[name][0].upper()}{ROWS[name][1:]}: {len(share.missed)} missed.", ""]
            text += [f"- {one}" for one in share.missed]
    text += ["", "## The causes that were labelled", "", "| cause | since | first failures |", "| --- | --- | ---: |"]
    counted = Counter(label for name in lines for label in known[name].failures.values() if name in known)
    text += [f"| {name} | {causes[name]['since'] or ''} | {number} |" for name, number in counted.most_common()]
    return "\n".join(text) + "\n"
