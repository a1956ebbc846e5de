"""One run on an early Keras under pytest: ask its interpreter, judge each claim, show and write the results file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Generator, Iterable, Iterator

import filelock
import pytest

from pytest_kerasch2 import __version__, files, folders
from pytest_kerasch2.chapter import check_list
from pytest_kerasch2.claims import results
from pytest_kerasch2.claims.model import Check, Injection, Record
from pytest_kerasch2.claims.outcome import outcome
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.early import errands, suite
from pytest_kerasch2.early.asking import Interpreter, ask
from pytest_kerasch2.early.facts import Facts, Told
from pytest_kerasch2.early.faults import Fault
from pytest_kerasch2.errors import InvalidArgument, KerasCh2Error
from pytest_kerasch2.options import Settings
from pytest_kerasch2.suite import environment as suite_environment
from pytest_kerasch2.suite import interruption
from pytest_kerasch2.suite import reporting as suite_reporting
from pytest_kerasch2.suite import terminal as suite_terminal

NAME = "kerasch2-early"
PLACE = Path(suite.__file__)
ENGINE = "KERAS_BACKEND"
# Under these names the controller and its workers hand things to each other.
FOLDER, DATASETS = "kerasch2_early_folder", "datasets"


def start(config: pytest.Config, settings: Settings) -> None:
    """Let a pytest run verify the chapter on the Keras of another interpreter.

    Raises:
        InvalidArgument, FrameworkMissing, FrameworkBroken: the interpreter cannot be used, or devices were named,
            between which there is no choice over there; said before anything long begins.
        BadResults: the results file could not be written where it is wanted.
    """
    suite_environment.check_settings(settings)
    if settings.devices is not None:
        found, remedy = f"--chapter-devices={settings.devices}", "leave it out: an early Keras is verified on the CPU"
        raise InvalidArgument("Devices cannot be chosen beside --chapter-python", found, remedy)
    run = EarlyRun(config, settings)
    interruption.begin(config, run.folder)
    try:
        run.introduce()
    except BaseException:
        if not run.is_worker():
            run.remove()
        raise
    named = config.args if config.args_source is pytest.Config.ArgsSource.ARGS else []
    if not any(str(PLACE) == str(Path(path.split("::")[0]).absolute()) for path in named):
        config.args[:] = [*named, str(PLACE)]
    config.pluginmanager.register(run, NAME)


class EarlyFile(pytest.File):
    """The suite as one file of claims."""

    run: EarlyRun

    def collect(self) -> Iterator[pytest.Item]:
        """Yield an item for each claim or, with --chapter-faults, for each thing to be injected around its check."""
        for check, decide in suite.checks(self.run.who.engine):
            for injected in self.run.injections_of(check):
                name = check.claim.id + (f"[detects {injected.name}]" if injected else "")
                item: Any = EarlyItem.from_parent(self, name=name)
                item.check, item.decide, item.injected, item.record = check, decide, injected, Recorder()
                yield item


class EarlyItem(pytest.Item):
    """One claim, decided by the facts that were told."""

    check: Check
    decide: suite.Decide
    injected: Injection | None
    record: Recorder

    def runtest(self) -> None:
        """Let the check decide."""
        facts = self.parent.run.facts_with(self.injected)  # type: ignore[union-attr]
        self.decide(facts, self.record)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where the check stands."""
        code = self.decide.__code__
        return Path(code.co_filename), code.co_firstlineno - 1, self.name


class EarlyRun:
    """The hooks of a run; registered only where an interpreter was named."""

    who: errands.Surroundings

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        """Begin with nothing asked."""
        self.config = config
        self.settings = settings
        self.records: list[Record] = []
        self.injected_runs: list[dict[str, Any]] = []
        self.interrupted = False
        self._facts: Facts | None = None
        self._faulty: dict[Fault, dict[str, Told]] = {}
        shared = getattr(config, "workerinput", {}).get(FOLDER)
        self.folder = Path(shared) if shared else folders.make("early")

    # -- asking

    def introduce(self) -> None:
        """Ask the interpreter what it is."""
        assert self.settings.python is not None
        interpreter = Interpreter(self.settings.python, self.folder)
        self.who, self.interpreter = errands.introduced(interpreter, os.environ.get(ENGINE, ""))

    def facts(self) -> Facts:
        """Return all facts; of several workers the first asks, and the others wait for what it was told."""
        if self._facts is None:
            told = self.folder / "facts.json"
            with filelock.FileLock(str(self.folder / "facts.lock")):
                if not told.exists():
                    facts, read = errands.gather(self.interpreter, self.settings)
                    files.write_text(json.dumps({"facts": facts.told, DATASETS: read}), told)
            self._facts = Facts(json.loads(told.read_text(encoding="utf-8"))["facts"])
        return self._facts

    def facts_with(self, injected: Injection | None) -> Facts:
        """Return the facts as they are, or with something injected in them or in the interpreter."""
        facts = self.facts()
        for layer in () if injected is None else injected.layers:
            facts = layer(facts, self._asked_anew)
        return facts

    def _asked_anew(self, fault: Fault) -> dict[str, Told]:
        if fault not in self._faulty:
            self._faulty[fault] = ask(errands.equip(self.interpreter), fault.facts, injected=[fault.function])
        return self._faulty[fault]

    def injections_of(self, check: Check) -> Iterable[Injection | None]:
        """Return what is injected around a check: nothing, or with --chapter-faults each of its faults."""
        if not self.settings.faults:
            return [None]
        known = check.known_issue(self.who.release)
        beneath = check.fix if known is not None else None
        return [Injection(one, harmful=True, beneath=beneath) for one in check.faults]

    # -- collection

    def pytest_report_header(self) -> list[str]:
        """Say what is being verified."""
        return [f"chapter on: {self.who.engine}, Python {self.who.python} of {self.settings.python}"]

    @pytest.hookimpl(hookwrapper=True)
    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> Generator[None, Any, None]:
        """Collect the suite in its own way, and only so."""
        outcome = yield
        if file_path == PLACE:
            file: Any = EarlyFile.from_parent(parent, path=file_path)
            file.run = self
            outcome.force_result([file])

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Ask for the facts before the first claim, whose time would be that of the asking."""
        wanted = any(isinstance(item, EarlyItem) for item in session.items)
        if not wanted or session.config.option.collectonly:
            return
        try:
            self.facts()
        except (KerasCh2Error, OSError) as error:
            raise pytest.UsageError(f"The interpreter could not be asked: {error}") from error

    # -- judging and gathering

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, None]:
        """Judge a claim once its check has run."""
        with suite_reporting.untraced(call):
            outcome = yield
        if isinstance(item, EarlyItem) and call.when == "call":
            self._judge(item, call, outcome.get_result())

    def _judge(self, item: EarlyItem, call: pytest.CallInfo[None], report_: Any) -> None:
        if interruption.was_interrupted(call):
            return
        error = call.excinfo.value if call.excinfo is not None else None
        record = suite_reporting.record_of(
            item.check, item.record, error, self.who.release, parameters="", seconds=call.duration
        )
        shown = outcome(record, item.injected)
        if item.injected is not None:
            report_.kerasch2_injected = {"name": item.injected.name, "harmful": True}
        path, line, _ = item.reportinfo()
        suite_reporting.show(
            report_, shown, (str(path), line + 1), suite_reporting.account_of(record, error, report_.longrepr)
        )
        report_.kerasch2_record = results.packed(record)
        item.user_properties += suite_environment.properties(record)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Gather the record that a report carries, from this process or from a worker."""
        plain = getattr(report, "kerasch2_record", None)
        if plain is None:
            return
        self.records.append(results.unpacked(plain))
        injected = getattr(report, "kerasch2_injected", None)
        if injected is not None:
            self.injected_runs.append({**injected, "claim": plain["claim"]["id"], "shown": report.outcome})

    # -- the end

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Hand to a worker where the facts are shared."""
        node.workerinput[FOLDER] = str(self.folder)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: Any) -> None:
        """Remember that a worker which died leaves the results file incomplete."""
        self.interrupted = self.interrupted or bool(error)

    def pytest_keyboard_interrupt(self) -> None:
        """Remember that the results file is not whole."""
        self.interrupted = True

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Write the results file."""
        stopped = bool(session.shouldfail or session.shouldstop)
        self.interrupted = self.interrupted or stopped or exitstatus not in (0, 1)
        unwanted = self.is_worker() or self.settings.faults or self.config.option.collectonly
        if self.settings.results is None or unwanted:
            return
        try:
            results.write(self.results(), self.settings.results)
        except KerasCh2Error as error:
            self.config.get_terminal_writer().line(f"\nERROR: {error}", red=True)

    def results(self) -> results.Results:
        """Return the results file of what was gathered so far."""
        told = self.folder / "facts.json"
        read = json.loads(told.read_text(encoding="utf-8"))[DATASETS] if told.exists() else {}
        environment = {
            "plugin": __version__,
            "tensorflow": self.who.release.tensorflow,
            "keras": self.who.release.keras,
            "backend": self.who.release.backend,
            "python": self.who.python,
            "numpy": self.who.numpy,
            "platform": self.who.platform,
            "devices": ["cpu:0"],
            "datasets": read,
        }
        return results.build(self.records, environment, complete=not self.interrupted, sections=check_list.headings())

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Show the verdicts section by section, or how many injected faults were caught."""
        if not self.records:
            return
        if self.settings.faults:
            suite_terminal.show_faults(self.records, self.injected_runs, terminalreporter)
        else:
            suite_terminal.show_results(self.results(), terminalreporter, self.settings.results)

    def pytest_unconfigure(self) -> None:
        """Remove the folder of this run."""
        if not self.is_worker():
            self.remove()

    def remove(self) -> None:
        """Remove what was written for asking."""
        folders.remove(self.folder)

    def is_worker(self) -> bool:
        """Return whether this process is one of several that share the work."""
        return hasattr(self.config, "workerinput")
