"""One run of the claims suite under pytest: collect, judge, gather the records, show and write the results file."""

from __future__ import annotations

import contextlib
import gc
import os
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Generator, Iterator, TypeVar

import pytest

from pytest_kerasch2 import folders
from pytest_kerasch2.chapter import check_list
from pytest_kerasch2.chapter.printed_numbers.fixtures import FigureFixtures
from pytest_kerasch2.checks import workarounds as checks_workarounds
from pytest_kerasch2.claims import results
from pytest_kerasch2.claims.decorators import check_of
from pytest_kerasch2.claims.model import Check, Injection, Record
from pytest_kerasch2.claims.outcome import outcome
from pytest_kerasch2.claims.recorder import Recorder
from pytest_kerasch2.claims.release import Release
from pytest_kerasch2.errors import KerasCh2Error
from pytest_kerasch2.fixtures import SHELF
from pytest_kerasch2.framework import api, state, symbolic
from pytest_kerasch2.options import Settings
from pytest_kerasch2.subprocesses.job import Job, value_of
from pytest_kerasch2.subprocesses.job_cache import JobCache
from pytest_kerasch2.suite import collection, environment, interruption, reporting, terminal
from pytest_kerasch2.suite.junit import JunitProperties
from pytest_kerasch2.suite.repeatable import Repeatable
from pytest_kerasch2.suite.selection import Selection
from pytest_kerasch2.suite.unchanged import TAKEN_OVER, UnchangedVerdicts
from pytest_kerasch2.suite.workers import is_distributed, is_worker

T = TypeVar("T")
NAME = "kerasch2-chapter"
RECORDER = pytest.StashKey[Recorder]()
INJECTION = pytest.StashKey[Injection]()
JUDGED = pytest.StashKey[bool]()
# Under these names the controller and its workers hand things to each other.
FOLDER = "kerasch2_folder"
ENVIRONMENT = "kerasch2_environment"
REFUSED = "refused"


def start(config: pytest.Config, settings: Settings) -> None:
    """Let a pytest run verify the chapter: alone where no path was named, beside the named paths otherwise.

    Raises:
        FrameworkMissing: there is neither TensorFlow nor a Keras with another backend to verify it on.
        InvalidArgument, BadResults, DeviceMissing: an option cannot be honoured; said now rather than after the run.
    """
    environment.check_settings(settings)
    environment.check_framework_installed()
    api.use_defaults()
    chapter = str(collection.FOLDER)
    named = config.args if config.args_source is pytest.Config.ArgsSource.ARGS else []
    if not any(chapter in str(Path(path).absolute()) for path in named):
        config.args[:] = [*named, chapter]
    run = ChapterRun(config, settings)
    interruption.begin(config, run.folder)
    config.pluginmanager.register(run, NAME)
    config.pluginmanager.register(Repeatable(run.folder), f"{NAME}-repeatable")
    config.pluginmanager.register(run.selection, f"{NAME}-selection")
    config.pluginmanager.register(JunitProperties(config, run.suite_environment), f"{NAME}-junit")
    config.pluginmanager.register(FigureFixtures(config, settings, run.folder), f"{NAME}-figures")


class ChapterRun:
    """The hooks and private fixtures of the suite; registered only where the suite was asked for."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        """Begin with no records."""
        self.config = config
        self.settings = settings
        self.records: list[Record] = []
        self.injected_runs: list[dict[str, Any]] = []
        self.environment: dict[str, Any] = {}
        self.interrupted = False
        self.selection = Selection(config)
        self.unchanged = UnchangedVerdicts(config, settings)
        self.decided: dict[str, dict[str, Any]] = {}
        self.desk: JobCache | None = None
        self._release: Release | None = None
        self.patch = pytest.MonkeyPatch()
        # Workers share the controller's folder, so that each job runs once in a run.
        shared = getattr(config, "workerinput", {}).get(FOLDER)
        self.folder = Path(shared) if shared else folders.make("run")
        if symbolic.is_in_use(api.installed()):
            self.patch.setenv(symbolic.FLAGS, symbolic.flags(self.folder, os.environ.get(symbolic.FLAGS, "")))

    # -- collection

    def pytest_report_header(self) -> list[str]:
        """Return what is being verified, and on what."""
        if is_worker(self.config):
            return []
        # Of a run in the same surroundings the devices are known; to find them is to import the framework.
        names = self.unchanged.stored.environment.get("devices") if self.unchanged.wanted else None
        return _or_usage_error(lambda: environment.header(self.settings, is_distributed(self.config), names))

    @pytest.hookimpl(hookwrapper=True)
    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> Generator[None, Any, None]:
        """Collect the sections in their own way, and only so."""
        outcome = yield
        if collection.has_claims(file_path):
            outcome.force_result([collection.ChapterModule.from_parent(parent, path=file_path)])
        elif collection.is_of_the_chapter(file_path):
            outcome.force_result([])

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """With --chapter-faults, run each check once for each thing to be injected."""
        check = check_of(metafunc.function)
        if self.settings.faults and check is not None:
            injected = collection.injections_of(check, _or_usage_error(self.release))
            if injected:
                metafunc.parametrize("injected", injected, ids=collection.injection_id, indirect=True)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Refuse claims of one id; put what waits for children last."""
        checks = collection.by_claim_id(items)
        _or_usage_error(lambda: collection.check_unique_ids(checks))
        if self.settings.faults:
            items[:] = collection.one_each(items, self.release)
        items[:] = collection.in_order(items)

    def _without_unchanged(self, items: list[pytest.Item]) -> list[pytest.Item]:
        """Return what is to be run, and take over the verdicts of the other checks."""
        names = {item.nodeid for item in items if collection.check_of_item(item) is not None}
        self.records += self.unchanged.take_over(sorted(names))
        self.selection.known |= set(self.unchanged.taken_over)
        left_out = [item for item in items if item.nodeid in self.unchanged.taken_over]
        if left_out:
            self.config.hook.pytest_deselected(items=left_out)
        return [item for item in items if item.nodeid not in self.unchanged.taken_over]

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Let the child interpreters begin, while the other checks run."""
        if session.config.option.collectonly:
            return
        # Here, where nobody selects any more: of what is left out for other reasons no verdict is wanted.
        session.items[:] = self._without_unchanged(session.items)
        jobs = [job for item in session.items for job in self._jobs(item)]
        if jobs:
            # First of all, so that they go on while this process imports TensorFlow.
            self.desk = JobCache(self.folder)
            self.desk.start(list(dict.fromkeys(jobs)))
        if any(collection.check_of_item(item) for item in session.items):
            # Here rather than within the first check, whose time would be that of the import.
            self._check_devices(session)

    def _check_devices(self, session: pytest.Session) -> None:
        try:
            environment.check_devices(self.settings)
            self.release()
            # The framework's 300,000 objects stay to the end. To look through them at every collection, and again
            # when the interpreter is torn down, takes as long as importing it; so they are never thawed either.
            gc.freeze()
        except KerasCh2Error as error:
            if not is_worker(self.config):
                raise pytest.UsageError(str(error)) from error
            # What a worker raises here is lost on the way; the controller looks for this file.
            (self.folder / REFUSED).write_text(str(error), encoding="utf-8")
            session.items[:] = []

    # -- one check

    @pytest.fixture(autouse=True)
    def injected(self, request: pytest.FixtureRequest) -> Iterator[Injection | None]:
        """Isolate a check, and plant what this run of it is to be tried with."""
        if collection.check_of_item(request.node) is None:
            yield None
            return
        api.tensorflow()
        injected: Injection | None = getattr(request, "param", None)
        before = state.read()
        with _quiet(), contextlib.ExitStack() as layers:
            if injected is not None:
                from pytest_kerasch2.checks.properties import unshrunk

                request.node.stash[INJECTION] = injected
                layers.enter_context(unshrunk())
                for layer in injected.layers:
                    layers.enter_context(layer())
            yield injected
        leaks = state.leaks(before, state.read())
        state.restore(before)
        if injected is None:
            environment.check_no_leaks(leaks)

    @pytest.fixture
    def record(self, request: pytest.FixtureRequest) -> Recorder:
        """The record of this check: compares, raises, and keeps the evidence."""
        stash: pytest.Stash = request.node.stash
        return stash.setdefault(RECORDER, Recorder())

    @pytest.fixture
    def tf(self, injected: Any) -> Any:
        """The module `tensorflow`."""
        return api.tensorflow()

    @pytest.fixture
    def child(self, request: pytest.FixtureRequest) -> Any:
        """What the check's job gave in its child interpreter; of several jobs, a tuple in their order."""
        assert self.desk is not None
        values = tuple(value_of(self.desk.outcome(job)) for job in self._jobs(request.node))
        return values[0] if len(values) == 1 else values

    def _jobs(self, item: pytest.Item) -> list[Job]:
        check = collection.check_of_item(item)
        if check is None or not check.jobs:
            return []
        injected = collection.injection_of(item)
        return [replace(job, injected=injected.addresses) for job in check.jobs] if injected else list(check.jobs)

    # -- judging and gathering

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, None]:
        """Judge a check once it has run, or once it could not be set up."""
        with reporting.untraced(call):
            outcome = yield
        check = collection.check_of_item(item)
        decided = call.when == "call" or (call.when == "setup" and call.excinfo is not None)
        if check is not None and decided and not interruption.was_interrupted(call) and JUDGED not in item.stash:
            self._judge(item, check, call, outcome.get_result())

    def _judge(self, item: pytest.Item, check: Check, call: pytest.CallInfo[None], report_: Any) -> None:
        recorder = item.stash.setdefault(RECORDER, Recorder())
        error = call.excinfo.value if call.excinfo is not None else None
        parameters = collection.parameters_of(item)
        record = reporting.record_of(
            check, recorder, error, self.release(), parameters=parameters, seconds=call.duration
        )
        injected = item.stash.get(INJECTION, None)
        if injected is None:
            record = checks_workarounds.with_workaround(record)
        shown = outcome(record, injected)
        if injected is not None:
            report_.kerasch2_injected = {"name": injected.name, "harmful": injected.harmful}
        path, line, _ = item.reportinfo()
        account = reporting.account_of(record, error, report_.longrepr)
        reporting.show(report_, shown, (str(path), (line or 0) + 1), account)
        report_.kerasch2_record = results.packed(record)
        if call.when == "setup" and shown.word == "passed":
            # An injected fault was detected before the check began, and pytest would now begin it.
            item.stash[JUDGED] = True
            item.runtest = lambda: None  # type: ignore[method-assign]
        item.user_properties += environment.properties(record)

    def release(self) -> Release:
        """Return the release as it was before anything was injected, which may change what the modules say."""
        if self._release is None:
            self._release = api.release()
        return self._release

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Gather the record that a report carries, from this process or from a worker."""
        fields = getattr(report, "kerasch2_record", None)
        if fields is None:
            return
        self.records.append(results.unpacked(fields))
        if report.outcome != "failed":
            self.decided[report.nodeid] = fields
        injected = getattr(report, "kerasch2_injected", None)
        if injected is not None:
            self.injected_runs.append({**injected, "claim": fields["claim"]["id"], "shown": report.outcome})

    # -- the end

    def pytest_keyboard_interrupt(self) -> None:
        """Remember that the results file is not whole, and keep what is decided.

        At once: to wait for the workers takes longer than whoever ends this process may wait.
        """
        self.interrupted = True
        if self.records and not is_worker(self.config):
            self._write_results()

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Stop the children; hand the surroundings to the controller, or write the results file."""
        if self.desk is not None:
            self.desk.close()
        ran_on = self.suite_environment()
        if is_worker(self.config):
            self.config.workeroutput[ENVIRONMENT] = ran_on  # type: ignore[attr-defined]
            self.config.workeroutput[TAKEN_OVER] = sorted(self.unchanged.taken_over)  # type: ignore[attr-defined]
            return
        if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and self.unchanged.taken_over:
            exitstatus = session.exitstatus = pytest.ExitCode.OK
        stopped = bool(session.shouldfail or session.shouldstop)
        self.interrupted = self.interrupted or stopped or exitstatus not in (0, 1)
        refused = self.folder / REFUSED
        if refused.exists():
            self._say_error(refused.read_text(encoding="utf-8"))
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
            return
        self.unchanged.keep(self.decided, self._known_environment())
        self._write_results()

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Hand to a worker where outcomes of children are shared."""
        node.workerinput[FOLDER] = str(self.folder)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: Any) -> None:
        """Take the surroundings from a worker; one that died leaves the results file incomplete."""
        self.records += self.unchanged.take_over(getattr(node, "workeroutput", {}).get(TAKEN_OVER) or ())
        ran_on = getattr(node, "workeroutput", {}).get(ENVIRONMENT) or {}
        read_before = self.environment.get("datasets", {})
        self.environment = {**self.environment, **ran_on}
        self.environment["datasets"] = {**read_before, **ran_on.get("datasets", {})}
        self.interrupted = self.interrupted or bool(error)

    def results(self) -> results.Results:
        """Return the results file of what was gathered so far."""
        ran_on = {**environment.environment_unseen(), **self._known_environment()}
        selected = not self.interrupted and self.selection.is_partial(self.records)
        complete = not self.interrupted and not selected
        ids = [check.claim.id for check in check_list.all_checks()]
        return results.build(self.records, ran_on, complete, selected, check_list.headings(), ids)

    def _known_environment(self) -> dict[str, Any]:
        """Return what this run ran on, with what the run before did whose verdicts are taken over."""
        if not self.unchanged.taken_over:
            return self.environment
        before = self.unchanged.stored.environment
        data = {**before.get("datasets", {}), **self.environment.get("datasets", {})}
        return {**before, **self.environment, "datasets": data}

    def suite_environment(self) -> dict[str, Any]:
        """Return what this run ran on, as far as that is known; of workers, what they told."""
        if len(self.records) > len(self.unchanged.taken_over) and not is_distributed(self.config):
            shelf = self.config.stash.setdefault(SHELF, {})
            self.environment = environment.environment(self.settings, shelf)
        return self.environment

    def _write_results(self) -> None:
        """Write the results file where one is wanted. The exit status is that of the verdicts even if it fails."""
        if self.settings.results is None or self.settings.faults or self.config.option.collectonly:
            return
        try:
            results.write(self.results(), self.settings.results)
        except KerasCh2Error as error:
            self._say_error(str(error))

    def _say_error(self, message: str) -> None:
        self.config.get_terminal_writer().line(f"\nERROR: {message}", red=True)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Show the verdicts section by section, and to GitHub where this runs there."""
        # A worker has a terminal of its own, which nobody sees.
        if self.config.option.collectonly or is_worker(self.config):
            return
        if not self.records:
            for line in self.selection.nearest():
                terminalreporter.write_line(line)
            return
        if self.settings.faults:
            terminal.show_faults(self.records, self.injected_runs, terminalreporter)
        else:
            terminal.show_results(self.results(), terminalreporter, self.settings.results)
            if self.unchanged.sentence():
                terminalreporter.write_line(self.unchanged.sentence())

    def pytest_unconfigure(self) -> None:
        """Remove the folder that the workers shared, and put the environment back."""
        self.patch.undo()
        if not is_worker(self.config):
            folders.remove(self.folder)


def _or_usage_error(call: Callable[[], T]) -> T:
    try:
        return call()
    except KerasCh2Error as error:
        raise pytest.UsageError(str(error)) from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    # The user's `-W error` is about his own tests; a deprecation inside Keras must not change a verdict.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
