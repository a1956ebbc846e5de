"""asv in earnest: `asv continuous` on a small git repository, whose second commit has the change.

asv makes an environment of its own and installs each commit into it. TensorFlow, which takes minutes to install, is
lent to it by a file of paths (asv 0.6.6 takes what `ASV_PYTHONPATH` lends away again); the environment is kept from
trial to trial.
"""

from __future__ import annotations

import json
import site
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any, Mapping

from evaluation import rivals_running
from evaluation.rivals_rules import FACTORS
from evaluation.rivals_running import ROOT, RivalAnswer, Setting, output_of
from evaluation.rivals_workload import BENCHMARKS
from pytest_kerasch2.errors import ChildDied

# Its `setup` is asked before each sample, and so makes nothing anew.
STEPS = """
import planted
from evaluation import rivals_workload


def time_train_on_batch():
    rivals_workload.ready("train_on_batch", planted.SLOWER)()


def time_fit():
    rivals_workload.ready("fit", planted.SLOWER)()


time_train_on_batch.setup = lambda: rivals_workload.ready("train_on_batch", planted.SLOWER)
time_train_on_batch.number = 100
time_fit.setup = lambda: rivals_workload.ready("fit", planted.SLOWER)
time_fit.number = 1
for one in (time_train_on_batch, time_fit):
    one.repeat = (1, 1000000, {seconds})
    one.rounds = {rounds}
    one.timeout = 3600
"""
# Processes of each benchmark and side, which is asv's own number; the sides take turns.
ROUNDS = 2
INSTALL = """
import pathlib, shutil, sysconfig
packages = pathlib.Path(sysconfig.get_path("purelib"))
shutil.copy("planted.py", packages)
(packages / "lent.pth").write_text({lent!r})
"""
BEFORE = "before"
SLOWER_SIGN = "+"


def prepare(folder: Path) -> None:
    """Let asv make its environment, which is kept, before any load runs."""
    place = _place(folder)
    place.mkdir()
    lent = "".join(f"{path}\n" for path in (ROOT, *site.getsitepackages()))
    (place / "install.py").write_text(INSTALL.format(lent=lent), encoding="utf-8")
    _git(place, "init", "--quiet", f"--initial-branch={BEFORE}")
    _commit(place, 0.0, "")
    _write(folder, place, Setting())
    _asv(folder, place, "machine", "--yes")
    # asv 0.6.6 ends with its list of environments as an exit status. Without one, the first trial says why.
    _asv(folder, place, "setup", also=(1,))


def asv(folder: Path, planted: float, setting: Setting, seed: int) -> RivalAnswer:
    """Compare two commits by `asv continuous`, and by `asv compare` what they took with another factor."""
    place = _place(folder)
    after = _branch(place, planted)
    _write(folder, place, setting)
    # It ends with 1 for a benchmark that is worse, and for an error too.
    status = _asv(folder, place, "continuous", BEFORE, after, also=(1,))
    tables = {factor: _red(_asv(folder, place, "compare", BEFORE, after, f"--factor={factor}")) for factor in FACTORS}
    is_slower = "PERFORMANCE DECREASED" in status
    if is_slower != any(tables[FACTORS[0]].values()):
        results = f"continuous: {is_slower}, compare: {tables[FACTORS[0]]}"
        raise ChildDied("asv tells two things of the same samples", results, "look at both by hand")
    sides = [_samples(folder, _git(place, "rev-parse", one)) for one in (BEFORE, after)]
    return RivalAnswer(
        {f"asv {factor:g}": red for factor, red in tables.items()},
        {name: {"median": [statistics.median(side[name]["samples"]) for side in sides]} for name in BENCHMARKS},
        sum(sum(side[name]["samples"]) * side[name]["number"] for side in sides for name in BENCHMARKS),
    )


def _place(folder: Path) -> Path:
    """Return where the repository and the environment of all trials are."""
    return folder.parent / "asv"


def _write(folder: Path, place: Path, setting: Setting) -> None:
    steps = folder / "steps"
    steps.mkdir()
    (steps / "__init__.py").touch()
    text = STEPS.format(seconds=setting.seconds / 2 / ROUNDS, rounds=ROUNDS)
    (steps / "timing.py").write_text(text, encoding="utf-8")
    (folder / "asv.conf.json").write_text(json.dumps(_config(folder, place)), encoding="utf-8")


def _branch(place: Path, planted: float) -> str:
    """Return the branch with the change."""
    branch = f"after-{planted:g}"
    if branch not in _git(place, "branch", "--format=%(refname:short)").split():
        _git(place, "checkout", "--quiet", "-b", branch, BEFORE)
        # A change that plants nothing is a commit too.
        _commit(place, planted, "  # changed")
    return branch


def _commit(place: Path, slower: float, remark: str) -> None:
    rivals_running.change(place, slower, remark)
    _git(place, "add", "--all")
    who = ["-c", "user.name=rivals", "-c", "user.email=rivals@localhost"]
    _git(place, *who, "commit", "--quiet", "--no-verify", "--message=change")


def _git(place: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=place, capture_output=True, text=True, check=True).stdout.strip()


def _config(folder: Path, place: Path) -> Mapping[str, Any]:
    return {
        "version": 1,
        "project": "steps",
        "repo": str(place),
        "branches": [BEFORE],
        "environment_type": "virtualenv",
        "pythons": [f"{sys.version_info.major}.{sys.version_info.minor}"],
        "build_command": [],
        "install_command": ["in-dir={build_dir} python install.py"],
        "uninstall_command": [],
        "benchmark_dir": str(folder / "steps"),
        "env_dir": str(place.parent / "asv-environments"),
        "results_dir": str(folder / "results"),
        "html_dir": str(folder / "html"),
    }


def _asv(folder: Path, place: Path, *words: str, also: tuple[int, ...] = ()) -> str:
    # asv keeps what it knows of the machine in the home folder.
    home = {"HOME": str(place.parent)}
    config = [f"--config={folder / 'asv.conf.json'}"] if words[0] != "machine" else []
    return output_of([sys.executable, "-m", "asv", words[0], *config, *words[1:]], folder, also, **home)


def _red(table: str) -> dict[str, bool]:
    """Return which benchmarks a table of `asv compare` marks as worse."""
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines() if line.startswith("|")]
    signs = {row[-1].rpartition("time_")[2]: row[0] for row in rows if "time_" in row[-1]}
    if set(signs) != set(BENCHMARKS):
        raise ChildDied("asv gives no row of a benchmark", table[-400:], "run it by hand")
    return {name: signs[name] == SLOWER_SIGN for name in BENCHMARKS}


def _samples(folder: Path, commit: str) -> dict[str, dict[str, Any]]:
    """Return of each benchmark what the result file of a commit has."""
    (path,) = (folder / "results").glob(f"*/{commit[:8]}-*.json")
    plain = json.loads(path.read_text(encoding="utf-8"))
    rows = {
        name.rpartition("time_")[2]: dict(zip(plain["result_columns"], values))
        for name, values in plain["results"].items()
    }
    return {name: {"samples": rows[name]["samples"][0], "number": rows[name]["stats_number"][0]} for name in BENCHMARKS}
