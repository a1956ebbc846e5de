"""The public fixtures: each is a line or two around a function or context manager that works without pytest too.

Nothing heavy is imported before a fixture is asked for.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

import pytest

from pytest_kerasch2.arguments import check_call
from pytest_kerasch2.errors import KerasCh2Error, NotApplicable
from pytest_kerasch2.fixture_calls import explained, own_lines, parameter
from pytest_kerasch2.options import SETTINGS
from pytest_kerasch2.third_party import warnings_shown
from pytest_kerasch2.variables import VARIABLES

SHELF = pytest.StashKey[Dict[str, Any]]()
SHOWN = pytest.StashKey[List[Any]]()
# Kept here in words, so that naming them imports nothing; `tests/meta` compares them with the rooms.
STYLE_NAMES = ("sequential-list", "sequential-add", "functional", "subclass")
FORMAT_NAMES = ("h5", "keras", "saved-model", "export", "weights-h5", "weights-h5-long")
FEW_IMAGES = 128


@dataclass(frozen=True)
class SavedModel:
    """A model, the file or folder it was saved to, and the `serialization.formats.Format` that wrote it."""

    model: Any
    path: Path
    format: Any


def data_set(request: pytest.FixtureRequest, name: str) -> Any:
    """Return the data set of that name, read once in a session."""
    from pytest_kerasch2.data import sources

    shelf = request.config.stash.setdefault(SHELF, {})
    if name not in shelf:
        settings = request.config.stash[SETTINGS]
        try:
            with warnings_shown():
                shelf[name] = sources.load(name, mirror=settings.mirror, offline=settings.offline)
        except KerasCh2Error as error:
            # Kept too: what the network did not give once is not waited for again by every test.
            shelf[name] = error
    with explained(request):
        if isinstance(shelf[name], KerasCh2Error):
            raise shelf[name].with_traceback(None)
    return shelf[name]


@pytest.fixture
def mnist(request: pytest.FixtureRequest) -> Any:
    """MNIST: x_train (60000, 28, 28) uint8 grey 0..255, y_train (60000,) uint8 digit; x_test, y_test of 10000."""
    return data_set(request, "mnist")


@pytest.fixture
def fashion_mnist(request: pytest.FixtureRequest) -> Any:
    """Fashion-MNIST: shapes and types of MNIST; labels are ten kinds of clothing."""
    return data_set(request, "fashion_mnist")


@pytest.fixture
def cifar10(request: pytest.FixtureRequest) -> Any:
    """CIFAR-10: x_train (50000, 32, 32, 3) uint8 RGB 0..255, y_train (50000, 1) uint8 class; tests of 10000."""
    return data_set(request, "cifar10")


@pytest.fixture
def cifar100(request: pytest.FixtureRequest) -> Any:
    """CIFAR-100, fine labels: x_train (50000, 32, 32, 3) uint8 RGB 0..255, y_train (50000, 1) class of 100."""
    return data_set(request, "cifar100")


@pytest.fixture
def imdb(request: pytest.FixtureRequest) -> Any:
    """IMDB reviews: x_train (25000,) lists of word ranks, y_train (25000,) 0 negative or 1 positive; tests alike."""
    return data_set(request, "imdb")


@pytest.fixture
def reuters(request: pytest.FixtureRequest) -> Any:
    """Reuters newswires: x_train (8982,) lists of word ranks, y_train (8982,) topic of 46; tests of 2246."""
    return data_set(request, "reuters")


@pytest.fixture
def boston_housing(request: pytest.FixtureRequest) -> Any:
    """Boston housing: x_train (404, 13) float features, y_train (404,) price in 1000 dollars; 102 tests."""
    return data_set(request, "boston_housing")


@pytest.fixture
def california_housing(request: pytest.FixtureRequest) -> Any:
    """California housing (Keras 3): x_train (16512, 8) features, y_train (16512,) value in dollars; tests of 4128."""
    return data_set(request, "california_housing")


@pytest.fixture(scope="session")
def archives(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A function from a data set's name to a folder, laid out like a mirror, with a stand-in of true shape in it."""
    from functools import lru_cache

    from pytest_kerasch2.data import synthetic

    folder = tmp_path_factory.mktemp("archives")

    # Made when first asked for, and once in a session: the largest of them take a second each.
    @lru_cache(maxsize=None)
    def archive(name: str) -> Path:
        synthetic.make(folder, [name])
        return folder

    def ask(*given: Any, **how: Any) -> Path:
        __tracebackhide__ = True
        with explained(request):
            check_call("archives", archive.__wrapped__, given, how)
            return archive(*given, **how)

    return ask


@pytest.fixture
def digits(request: pytest.FixtureRequest) -> Any:
    """The real handwritten digits that scikit-learn carries, brought to 28 x 28; needs no network, and is not MNIST."""
    return data_set(request, "digits")


@pytest.fixture
def prepared_mnist(request: pytest.FixtureRequest) -> Any:
    """MNIST as the chapter prepares it: images float32 from 0 to 1, labels int64."""
    return prepared(request, "mnist")


@pytest.fixture
def prepared_digits(request: pytest.FixtureRequest) -> Any:
    """The embedded digits, prepared as the chapter prepares MNIST: images float32 from 0 to 1, labels int64."""
    return prepared(request, "digits")


def prepared(request: pytest.FixtureRequest, name: str) -> Any:
    """Return a data set with the chapter's preparation, made once in a session."""
    from pytest_kerasch2.data import preprocessing

    shelf = request.config.stash.setdefault(SHELF, {})
    key = f"{name} prepared"
    if key not in shelf:
        shelf[key] = preprocessing.prepared(data_set(request, name))
    return shelf[key]


@pytest.fixture
def accuracy_gate(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """A function that tells a regression from an unlucky seed, with stated error rates; see `accuracy.gate.run_gate`.

    It takes a reference and one of `model`, `train` and `results`, and returns a `GateDecision`; its `.require()` fails
    the test.
    """
    from pytest_kerasch2.accuracy import command, gate

    def ask(*given: Any, **how: Any) -> Any:
        __tracebackhide__ = True
        with explained(request), own_lines(request):
            check_call("accuracy_gate", gate.run_gate, given, how)
            load_data = how.pop("load_data", partial(prepared, request))
            how.update(load_data=load_data, title=request.node.nodeid, environ=VARIABLES)
            return command.run_gate_with_summary(*given, **how)

    return ask


@pytest.fixture
def step_benchmark(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """A function that times the steps of a compiled model, and refuses a time that cannot be believed.

    It takes what `timing.pytest_benchmark_adapter.record_model` does. `step_benchmark.step(function, items=...)` times
    a step of any other loop, see `timing.function_steps.measure`. Each measurement has a row and a record in
    pytest-benchmark's table and JSON; `name` names it.
    """
    from pytest_kerasch2 import step_records
    from pytest_kerasch2.timing import function_steps, pytest_benchmark_adapter

    def measure(called: str, takes: Any, record: Any, *given: Any, name: str | None = None, **how: Any) -> Any:
        __tracebackhide__ = True
        with explained(request), own_lines(request):
            check_call(called, takes, given, how, inner=("benchmark", "on_timeout"))
            benchmark = step_records.benchmark_fixture(request)
            full_name = step_records.begin_measurement(request, benchmark, name)
            save = partial(pytest_benchmark_adapter.save_partial_results, request.config)
            row = record(benchmark, *given, on_timeout=save, **how)
        request.config.stash.setdefault(SHOWN, []).append(replace(row, name=full_name))
        return row.measurement

    ask = partial(
        measure, "step_benchmark", pytest_benchmark_adapter.record_model, pytest_benchmark_adapter.record_model
    )
    step = partial(measure, "step_benchmark.step", function_steps.measure, pytest_benchmark_adapter.record_function)
    ask.step = step  # type: ignore[attr-defined]
    return ask


@pytest.fixture
def device(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Each device there is, or chosen by --chapter-devices: the test's work is placed on it; `.wait()` drains it."""
    from pytest_kerasch2.framework import devices

    with explained(request):
        chosen = devices.usable(getattr(request, "param", None), request.config.stash[SETTINGS].devices)
    with chosen.placed():
        yield chosen
        with explained(request):
            chosen.wait()


@pytest.fixture
def keras_state() -> Iterator[None]:
    """Process-wide state of Keras and the interpreter, put back after the test."""
    from pytest_kerasch2.framework import state

    with state.isolated():
        yield


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """An empty folder of this test alone."""
    return tmp_path


def _style(name: str) -> Any:
    from pytest_kerasch2 import models

    return models.style(name)


@pytest.fixture
def model_style(request: pytest.FixtureRequest) -> Any:
    """Each of the chapter's four ways to write the network: `.build(tf)`, `.compiled(tf)`, `.trained(tf, data)`."""
    with explained(request):
        return _style(parameter(request, STYLE_NAMES))


@pytest.fixture
def sequential_list_style() -> Any:
    """The first way: a list of layers given to `Sequential`."""
    return _style("sequential-list")


@pytest.fixture
def sequential_add_style() -> Any:
    """The second way: layers added to a `Sequential` one by one."""
    return _style("sequential-add")


@pytest.fixture
def functional_style() -> Any:
    """The functional API: layers called on tensors."""
    return _style("functional")


@pytest.fixture
def subclass_style() -> Any:
    """A subclass of `Model` with its own `call`."""
    return _style("subclass")


@pytest.fixture
def built_model(model_style: Any, request: pytest.FixtureRequest) -> Any:
    """The network in each style, with its weights made, not compiled."""
    from pytest_kerasch2 import models

    with explained(request):
        return models.built(model_style.build(_tensorflow()))


@pytest.fixture
def compiled_model(model_style: Any, request: pytest.FixtureRequest) -> Any:
    """The network in each style, compiled as the chapter compiles it."""
    with explained(request):
        return model_style.compiled(_tensorflow())


@pytest.fixture
def trained_model(model_style: Any, request: pytest.FixtureRequest) -> Any:
    """The network in each style after four steps of 32 real digits each."""
    few = _few_digits(request)
    with explained(request):
        return model_style.trained(_tensorflow(), few, steps=FEW_IMAGES // 32)


@pytest.fixture
def pipeline_as_printed(request: pytest.FixtureRequest) -> Any:
    """A function (x, y) -> training data set, built by the chapter's chain of operators in the order printed."""
    return _pipeline(request, "as_printed")


@pytest.fixture
def pipeline_as_meant(request: pytest.FixtureRequest) -> Any:
    """A function (x, y) -> training data set that does what the chapter says: shuffles images, flips each by itself."""
    return _pipeline(request, "as_meant")


def _pipeline(request: pytest.FixtureRequest, name: str) -> Callable[..., Any]:
    with explained(request):
        from pytest_kerasch2.models import pipeline

        function, tf = getattr(pipeline, name), _tensorflow()

    def make(*given: Any, **how: Any) -> Any:
        __tracebackhide__ = True
        with explained(request), own_lines(request):
            check_call(f"pipeline_{name}", function, given, how, inner=("tf",))
            return function(tf, *given, **how)

    return make


@pytest.fixture
def saved_model(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """A briefly trained functional model saved in each format this release writes: `.model`, `.path`, `.format`."""
    from pytest_kerasch2.models import Network
    from pytest_kerasch2.serialization import formats

    few = _few_digits(request)
    with explained(request):
        tf, form = _tensorflow(), formats.form(parameter(request, FORMAT_NAMES))
        if form not in formats.available(tf):
            raise NotApplicable(f"This release does not write the format {form.name}", "", "take one of the others")
        # Activations by name: those printed are functions, which Keras 3 writes to a file and cannot read back.
        network = Network().with_strings()
        model = _style("functional").trained(tf, few, steps=FEW_IMAGES // 32, network=network)
        return SavedModel(model, form.save(model, form.path(tmp_path)), form)


def _few_digits(request: pytest.FixtureRequest) -> tuple[Any, Any]:
    # Not by the fixtures of these names, which a project may override with its own.
    data = prepared(request, "digits")
    return data.x_train[:FEW_IMAGES], data.y_train[:FEW_IMAGES]


def _tensorflow() -> Any:
    from pytest_kerasch2.framework import api

    return api.tensorflow()
