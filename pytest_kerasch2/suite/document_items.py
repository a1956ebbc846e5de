"""`pytest --chapter-document`: each block of code of a document as a test, all from one run of the document."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Generator, Iterator

import filelock
import pytest

from pytest_kerasch2 import files, folders, foreign
from pytest_kerasch2.claims.release import Release
from pytest_kerasch2.documents import command, reading, releases
from pytest_kerasch2.documents.block_findings import BlockFinding, Word
from pytest_kerasch2.documents.document import RUNNABLE, Document, DocumentBlock
from pytest_kerasch2.documents.file_lines import file_lines
from pytest_kerasch2.errors import KerasCh2Error
from pytest_kerasch2.options import Settings
from pytest_kerasch2.suite import document_reports, interruption
from pytest_kerasch2.suite.workers import is_worker

NAME = "kerasch2-documents"
FOLDER = "kerasch2_documents"
FAILS = (Word.REPAIRED, Word.CHANGED, Word.BROKEN)


def start(config: pytest.Config, settings: Settings) -> None:
    """Let a pytest run make tests of the blocks of documents: alone where no path was named, beside them otherwise.

    Raises:
        InvalidArgument: there is no TensorFlow and no Keras.
    """
    run = DocumentsRun(config, settings, releases.named(None))
    named = config.args if settings.chapter or config.args_source is pytest.Config.ArgsSource.ARGS else []
    there = {str(Path(path.partition("::")[0]).absolute()) for path in named}
    config.args[:] = [*named, *(str(path) for path in run.documents if str(path) not in there)]
    if not config.pluginmanager.has_plugin(interruption.NAME):
        interruption.begin(config, run.folder)
    config.pluginmanager.register(run, NAME)


class BlockFailed(Exception):
    """A block does not do what the document says."""


class DocumentFile(pytest.File):
    """A document. It is read here, and run when its first block is."""

    def collect(self) -> Iterator[DocumentItem]:
        """Yield each block that is Python."""
        try:
            document = reading.read_document(self.path)
        except KerasCh2Error as error:
            raise self.CollectError(str(error)) from error
        lines = file_lines(document)
        for block in document.blocks:
            if block.role in RUNNABLE:
                # No brackets: pytest takes what stands in them for parameters.
                yield DocumentItem.from_parent(
                    self, name=f"block-{block.number}", document=document, block=block, line=lines[block.number]
                )


class DocumentItem(pytest.Item):
    """A block of a document."""

    def __init__(self, *, document: Document, block: DocumentBlock, line: int, **settings: Any) -> None:
        """Remember the block and the line of the file where it stands."""
        super().__init__(**settings)
        self.document = document
        self.block = block
        self.line = line
        self.finding: BlockFinding | None = None

    def runtest(self) -> None:
        """Fail or skip as is found of the block in the run of its document.

        Raises:
            BlockFailed: it does not do what the document says.
        """
        run: Any = self.config.pluginmanager.get_plugin(NAME)
        self.finding = run.finding_of(self.document, self.block)
        self.user_properties += document_reports.properties(self.finding, self.line)
        if self.finding.word in FAILS:
            raise BlockFailed(self.finding.word.value)
        if self.finding.word is not Word.RUNS:
            pytest.skip(document_reports.reason(self.finding, self.document))

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """Return what is found of the block, and no traceback of ours."""
        if isinstance(excinfo.value, BlockFailed) and self.finding is not None:
            return document_reports.account(self.finding, f"{self._shown_path()}:{self.line}")
        if isinstance(excinfo.value, KerasCh2Error):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def _shown_path(self) -> Path:
        folder = self.config.invocation_params.dir
        return self.path.relative_to(folder) if folder in self.path.parents else self.path

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return the document and the line, from 0, where the block stands."""
        return self.path, self.line - 1, f"{self.path.name}, {self.block.place} (block {self.block.number})"


class DocumentsRun:
    """The hooks; registered only where a document was named."""

    def __init__(self, config: pytest.Config, settings: Settings, release: Release) -> None:
        """Begin with nothing run."""
        self.config = config
        self.release = release
        self.documents = list(dict.fromkeys(settings.documents))
        # Workers share the controller's folder, so that each document runs once in a run.
        shared = getattr(config, "workerinput", {}).get(FOLDER)
        self.folder = Path(shared) if shared else folders.make("documents")
        self.results: dict[Path, dict[int, Any]] = {}
        self.reports: list[dict[str, Any]] = []

    def pytest_report_header(self) -> list[str]:
        """Return which documents are run, on what, and that they are code of somebody else."""
        if is_worker(self.config):
            return []
        from pytest_kerasch2.documents import execution

        names = ", ".join(path.name for path in self.documents)
        on = releases.text_of_release(self.release)
        return [foreign.terminal(f"documents on {on}: {names}"), f"{command.UNTRUSTED} {execution.network_text()}"]

    @pytest.hookimpl(hookwrapper=True)
    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> Generator[None, Any, None]:
        """Collect a document in its own way, and only so: a script is not to be imported into this process."""
        outcome = yield
        if file_path in self.documents:
            outcome.force_result([DocumentFile.from_parent(parent, path=file_path)])

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out a document that a named folder brings a second time."""
        seen: dict[Any, pytest.Item] = {}
        for item in items:
            seen.setdefault(item.nodeid if isinstance(item, DocumentItem) else item, item)
        items[:] = seen.values()

    def finding_of(self, document: Document, block: DocumentBlock) -> BlockFinding:
        """Return what is found of a block; its document is run for that, once."""
        if document.path not in self.results:
            name = hashlib.sha256(str(document.path).encode("utf-8", "surrogateescape")).hexdigest()[:32]
            file = self.folder / f"{name}.json"
            with filelock.FileLock(str(self.folder / f"{name}.lock")):
                if not file.exists():
                    files.write_text(json.dumps(self._run(document)), file)
            data = json.loads(file.read_text(encoding="utf-8"))
            self.results[document.path] = {one["number"]: one for one in data["blocks"]}
        return BlockFinding.from_dict(block, self.results[document.path][block.number])

    def _run(self, document: Document) -> dict[str, Any]:
        from pytest_kerasch2.documents import diagnosing, document_run, execution

        diagnosis = diagnosing.diagnose(document, self.release)
        findings = document_run.run_document(diagnosis, self.release, execution.RunSettings(), lambda *_: None)
        return findings.to_dict()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, None]:
        """Add to the report of a block its place in the document, and the time that the block took."""
        outcome = yield
        if not isinstance(item, DocumentItem) or item.finding is None or call.when != "call":
            return
        report = outcome.get_result()
        if report.outcome == "skipped":
            path, line, _ = item.reportinfo()
            report.longrepr = (str(path), line + 1, document_reports.reason(item.finding, item.document))
        if item.finding.seconds is not None:
            report.duration = item.finding.seconds
        report.kerasch2_block = document_reports.packed(item.finding, item.path, item.line)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Gather what a report says of a block, from this process or from a worker."""
        block = getattr(report, "kerasch2_block", None)
        if block is not None:
            self.reports.append(block)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Hand to a worker where the results of documents are shared."""
        node.workerinput[FOLDER] = str(self.folder)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Count the findings of each document, and tell GitHub where this is one of its steps."""
        if self.reports and not is_worker(self.config):
            document_reports.show(self.reports, self.release, terminalreporter)

    def pytest_unconfigure(self) -> None:
        """Remove the folder that the workers shared."""
        if not is_worker(self.config):
            folders.remove(self.folder)
