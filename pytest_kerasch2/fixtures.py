"""The public fixtures: each is a line or two around a function or context manager that works without pytest too.

Nothing heavy is imported before a fixture is asked for.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

import pytest

from pytest_kerasch2.errors import CouldNotTell, KerasCh2Error, NotApplicable
from pytest_kerasch2.options import SETTINGS

SHELF = pytest.StashKey[Dict[str, Any]]()
SHOWN = pytest.StashKey[List[Any]]()
# Kept here in words, so that naming them imports nothing; `tests/meta` compares them with the rooms.
STYLE_NAMES = ("sequential-list", "sequential-add", "functional", "subclass")
FORMAT_NAMES = ("h5", "keras", "saved-model", "export", "weights-h5", "weights-h5-long")
FEW_IMAGES = 128


@dataclass(frozen=True)
class SavedModel:
    """A model, the file or folder it was saved to, and the `roundtrip.formats.Format` that wrote it."""

    model: Any
    path: Path
    format: Any


@contextlib.contextmanager
def told(request: pytest.FixtureRequest) -> Iterator[None]:
    """Give what is missing as a skip, and any other error of ours as a failure without a traceback.

    A check of the chapter gets the error itself, because its verdict depends on the kind.
    """
    try:
        yield
    except KerasCh2Error as error:
        if request.config.pluginmanager.hasplugin("kerasch2-chapter"):
            raise
        if isinstance(error, (CouldNotTell, NotApplicable)):
            pytest.skip(str(error))
        # Not with what it comes from, which pytest would print as a second failure with the same text.
        raise pytest.fail.Exception(str(error), pytrace=False) from None


def data_set(request: pytest.FixtureRequest, name: str) -> Any:
    """Give the data set of that name, read once in a session."""
    from pytest_kerasch2.data import sources

    shelf = request.config.stash.setdefault(SHELF, {})
    if name not in shelf:
        settings = request.config.stash[SETTINGS]
        try:
            shelf[name] = sources.load(name, mirror=settings.mirror, offline=settings.offline)
        except KerasCh2Error as error:
            # Kept too: what the network did not give once is not waited for again by every test.
            shelf[name] = error
    with told(request):
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
def archives(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A function from a data set's name to a folder, laid out like a mirror, with a stand-in of true shape in it."""
    from functools import lru_cache

    from pytest_kerasch2.data import standins

    folder = tmp_path_factory.mktemp("archives")

    # Made when first asked for, and once in a session: the largest of them take a second each.
    @lru_cache(maxsize=None)
    def made(name: str) -> Path:
        standins.make(folder, [name])
        return folder

    return made


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
    """Give a data set with the chapter's preparation, made once in a session."""
    from pytest_kerasch2.data import prepare

    shelf = request.config.stash.setdefault(SHELF, {})
    key = f"{name} prepared"
    if key not in shelf:
        shelf[key] = prepare.prepared(data_set(request, name))
    return shelf[key]


@pytest.fixture
def accuracy_gate(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """A function that tells a regression from an unlucky seed, with stated error rates; see `accuracy.asking.ask`.

    It takes a reference, and a `model`, a `train` or `results`, and gives a `Decision`: `.require()` fails the test.
    """
    from functools import partial

    from pytest_kerasch2.accuracy import showing

    def ask(reference: Any, **how: Any) -> Any:
        how = {"data_named": partial(prepared, request), **how}
        with told(request):
            return showing.summarised(reference, request.node.nodeid, os.environ, **how)

    return ask


@pytest.fixture
def step_benchmark(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """A function that times the steps of a compiled model, and refuses a time that cannot be believed.

    It takes what `timing.recording.recorded` does, and gives what pytest-benchmark's table and JSON then hold.
    `step_benchmark.step(function, items=...)` times a step of any other loop; see `timing.looping.measure`.
    """
    from functools import partial

    from pytest_kerasch2.timing import recording

    def timed(record: Callable[..., Any], *what: Any, **how: Any) -> Any:
        __tracebackhide__ = True
        with told(request):
            keeper = recording.keeper(request)
            try:
                row = record(keeper, *what, given_up=lambda: recording.keep(request.config), **how)
            except Exception as error:
                # What the model itself raises; pytest's --full-trace shows how it came to be called.
                whole = error.__traceback__ if request.config.getoption("fulltrace", False) else recording.beyond(error)
                raise error.with_traceback(whole)  # noqa: B904 - it is the same error
        request.config.stash.setdefault(SHOWN, []).append(replace(row, name=request.node.nodeid))
        return row.found

    ask = partial(timed, recording.recorded)
    ask.step = partial(timed, recording.recorded_step)  # type: ignore[attr-defined]
    return ask


def parametrize_devices(metafunc: pytest.Metafunc) -> None:
    """Give a test that asks for `device` one run for each device that was chosen, or present."""
    from pytest_kerasch2.framework import devices

    settings = metafunc.config.stash[SETTINGS]
    try:
        chosen = devices.choose(settings.devices)
    except KerasCh2Error as error:
        # Of what is raised while tests are collected, this alone is shown by its message, without a traceback.
        raise pytest.Collector.CollectError(str(error)) from error
    metafunc.parametrize("device", chosen, ids=[one.name for one in chosen], indirect=True)


@pytest.fixture
def device(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Each device present, or chosen by --chapter-devices: the test's work is placed on it; `.wait()` drains it."""
    with request.param.placed():
        yield request.param
        request.param.wait()


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


@pytest.fixture(params=STYLE_NAMES)
def model_style(request: pytest.FixtureRequest) -> Any:
    """Each of the chapter's four ways to write the network: `.build(tf)`, `.compiled(tf)`, `.trained(tf, data)`."""
    return _style(request.param)


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

    return models.built(model_style.build(_tensorflow(request)))


@pytest.fixture
def compiled_model(model_style: Any, request: pytest.FixtureRequest) -> Any:
    """The network in each style, compiled as the chapter compiles it."""
    return model_style.compiled(_tensorflow(request))


@pytest.fixture
def trained_model(model_style: Any, prepared_digits: Any, request: pytest.FixtureRequest) -> Any:
    """The network in each style after four steps of 32 real digits each."""
    few = prepared_digits.x_train[:FEW_IMAGES], prepared_digits.y_train[:FEW_IMAGES]
    return model_style.trained(_tensorflow(request), few, steps=FEW_IMAGES // 32)


@pytest.fixture
def pipeline_as_printed(request: pytest.FixtureRequest) -> Any:
    """A function (x, y) -> training data set, built by the chapter's chain of operators in the order printed."""
    from functools import partial

    from pytest_kerasch2.models import pipeline

    return partial(pipeline.as_printed, _tensorflow(request))


@pytest.fixture
def pipeline_as_meant(request: pytest.FixtureRequest) -> Any:
    """A function (x, y) -> training data set that does what the chapter says: shuffles images, flips each by itself."""
    from functools import partial

    from pytest_kerasch2.models import pipeline

    return partial(pipeline.as_meant, _tensorflow(request))


@pytest.fixture(params=FORMAT_NAMES)
def saved_model(request: pytest.FixtureRequest, scratch: Path, prepared_digits: Any) -> Any:
    """A briefly trained functional model saved in each format this release writes: `.model`, `.path`, `.format`."""
    from pytest_kerasch2.models import Network
    from pytest_kerasch2.roundtrip import formats

    with told(request):
        tf = _tensorflow(request)
        form = formats.form(request.param)
        if form not in formats.available(tf):
            raise NotApplicable("This release does not write the format", form.name, "take one of the others")
        few = prepared_digits.x_train[:FEW_IMAGES], prepared_digits.y_train[:FEW_IMAGES]
        # Activations by name: those printed are functions, which Keras 3 writes to a file and cannot read back.
        network = Network().with_strings()
        model = _style("functional").trained(tf, few, steps=FEW_IMAGES // 32, network=network)
        return SavedModel(model, form.save(model, form.path(scratch)), form)


def _tensorflow(request: pytest.FixtureRequest) -> Any:
    from pytest_kerasch2.framework import api

    with told(request):
        return api.tensorflow()
