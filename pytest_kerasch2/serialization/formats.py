"""The formats a model can be saved in, each with the same two verbs."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any, Callable, Iterator

from pytest_kerasch2 import folders
from pytest_kerasch2.errors import InvalidArgument, KerasCh2Error
from pytest_kerasch2.framework import api
from pytest_kerasch2.serialization import unknown
from pytest_kerasch2.serialization.digest_files import check_digest, digest_file, write_digest
from pytest_kerasch2.serialization.inspection import inspect
from pytest_kerasch2.serialization.names import Names
from pytest_kerasch2.third_party import warnings_shown

MODEL = "model"
WEIGHTS = "weights"


@dataclass(frozen=True)
class Format:
    """One way to put a model, or its weights alone, on disk.

    Attributes:
        name: how options, test ids and reports call it.
        suffix: what a file name has to end in, empty for a folder.
        holds: ``"model"`` for architecture, weights and training state, ``"weights"`` for weights alone.
        writer: writes a model to a path that does not exist yet, with Keras's own means.
        reader: see ``load``.
        folder: whether the result is a folder.
    """

    name: str
    suffix: str
    holds: str
    writer: Callable[[Any, str], None]
    reader: Callable[[Any, str, Any, Any, bool], Any]
    folder: bool = False

    def path(self, folder: Any, stem: str = "model") -> Path:
        """Return the path of a model of that name in a folder."""
        return Path(folder) / f"{stem}{self.suffix}"

    def save(self, model: Any, path: Any, *, digest: bool = False) -> Path:
        """Write the model and give its path; under that name stands the old file, or the new one, never a part.

        Keras itself empties the old file first and then writes in place. Here it writes beside the target, and the
        result is moved over it. A folder cannot replace another in one step, so for folders the old one is moved aside
        first and removed at the end.

        Args:
            model: what to write.
            path: where to.
            digest: whether to write its SHA-256 beside it, as ``model.h5.sha256``. One that stands there is renewed.

        Raises:
            InvalidArgument: the name has the wrong suffix, its folder does not exist, or a folder is to have a digest.
        """
        target = Path(path)
        self._check(target)
        beside = digest_file(target)
        if digest and self.folder:
            raise InvalidArgument(
                f"The format {self.name} writes a folder, which has no digest", "", "leave out digest=True"
            )
        folders.sweep(target.parent)
        staging = folders.make("saving", beside=target)
        try:
            fresh = staging / f"new{self.suffix}"
            with _compile_config_kept(model), warnings_shown():
                self.writer(model, str(fresh))
            if target.is_dir():
                target.replace(staging / "old")
            renewed = beside.is_file()
            if renewed:
                # A kill in between leaves no digest rather than a wrong one.
                beside.replace(staging / "digest")
            fresh.replace(target)
        finally:
            folders.remove(staging)
        if digest or renewed:
            write_digest(target)
        return target

    def load(
        self,
        tf: Any,
        path: Any,
        *,
        into: Any = None,
        custom_objects: Any = None,
        trusted: bool = False,
        digest: bool = False,
    ) -> Any:
        """Return the model, after a look into the file that refuses what could do harm.

        It loads what this Keras itself wrote, what is registered with it in this process, and what ``custom_objects``
        name. Of anything else the error says whether ``custom_objects`` or ``trusted`` helps.

        Args:
            tf: the module ``tensorflow``, or the module ``keras``.
            path: what ``save`` wrote, or Keras did.
            into: for weights alone: the built model that receives them and is given back.
            custom_objects: names that Keras has to be told: a dictionary of classes and functions.
            trusted: leaves the look into the file out, and lets Keras run the code of Lambda layers. A folder is a
                program, which cannot be looked into, and loads only so.
            digest: whether a file without a digest beside it is refused; one that stands there is compared in any case.

        Raises:
            InvalidArgument: there is nothing under that name, weights were to be loaded into no model, or there is no
                digest.
            UnsafeFile: the file could run code or read other files, or names what nobody here knows.
            DataDamaged: the file is not whole, or not what its digest says.
        """
        source = Path(path)
        if not source.exists():
            raise InvalidArgument(f"There is no file {str(source)!r} to load", "", "save first, or correct the path")
        if self.holds == WEIGHTS and into is None:
            raise InvalidArgument(f"The format {self.name} has weights alone", "", "give a built model as into=")
        check_digest(source, demanded=digest)
        if trusted:
            return self._read(tf, source, into, custom_objects, trusted)
        keras = getattr(tf, "keras", tf)
        # Own classes and functions that the caller names are his own, so they are no danger.
        contents = inspect(source, allowed=custom_objects or {}, keras=keras)
        custom = unknown.with_full_names(contents, Names(keras, custom_objects or {}))
        try:
            return self._read(tf, source, into, custom, trusted)
        except KerasCh2Error:  # some of them are such errors too
            raise
        except (TypeError, ValueError) as error:
            unknown.explain(contents, Names(keras, custom or {}), error)
            raise

    def _read(self, tf: Any, source: Path, into: Any, custom_objects: Any, trusted: bool) -> Any:
        with warnings_shown():
            return self.reader(tf, str(source), into, custom_objects, trusted)

    def _check(self, target: Path) -> None:
        if not target.name.endswith(self.suffix):
            raise InvalidArgument(
                f"The name {target.name!r} does not fit the format {self.name}", "", f"end it in {self.suffix}"
            )
        if not target.parent.is_dir():
            raise InvalidArgument(f"The folder {str(target.parent)!r} does not exist", "", "create it first")
        if target.exists() and target.is_dir() != self.folder:
            kind = "a folder" if target.is_dir() else "a file"
            raise InvalidArgument("The place to save to is taken", f"{kind} named {target.name}", "choose another name")


@contextlib.contextmanager
def _compile_config_kept(model: Any) -> Iterator[None]:
    """Keep Keras 3 from forgetting the optimizer of a model that is saved twice.

    Seen in Keras 3.15.1: writing ``.h5`` pops ``optimizer`` out of the model's own compile configuration
    (``legacy/saving/saving_utils.py``, ``model_metadata``); a ``.keras`` file written afterwards names no optimizer,
    and is loaded with RMSprop and an empty state.
    """
    holder = getattr(model, "_compile_config", None)
    config = getattr(holder, "config", None)
    before = dict(config) if isinstance(config, dict) else None
    try:
        yield
    finally:
        if before is not None and isinstance(config, dict):
            config.update(before)


def _write_model(model: Any, path: str) -> None:
    model.save(path)


def _write_weights(model: Any, path: str) -> None:
    model.save_weights(path)


def _write_export(model: Any, path: str) -> None:
    model.export(path)


def _read_model(tf: Any, path: str, into: Any, custom_objects: Any, trusted: bool) -> Any:
    del into
    load_model = getattr(tf, "keras", tf).models.load_model
    # Up to TensorFlow 2.12 there is no safe mode: what a file holds always runs.
    takes_it = "safe_mode" in signature(load_model).parameters
    return load_model(path, custom_objects=custom_objects, **({"safe_mode": False} if trusted and takes_it else {}))


def _read_weights(tf: Any, path: str, into: Any, custom_objects: Any, trusted: bool) -> Any:
    del tf, custom_objects, trusted
    into.load_weights(path)
    return into


def _read_export(tf: Any, path: str, into: Any, custom_objects: Any, trusted: bool) -> Any:
    del into, custom_objects, trusted
    # A SavedModel is TensorFlow's; where Keras runs without it, this says so.
    return (tf if hasattr(tf, "keras") else api.tensorflow()).saved_model.load(path)


FORMATS: tuple[Format, ...] = (
    Format("h5", ".h5", MODEL, _write_model, _read_model),
    Format("keras", ".keras", MODEL, _write_model, _read_model),
    Format("saved-model", "", MODEL, _write_model, _read_model, folder=True),
    # What is exported comes back as a bare object whose serve() predicts; it cannot be trained.
    Format("export", "", MODEL, _write_export, _read_export, folder=True),
    Format("weights-h5", ".h5", WEIGHTS, _write_weights, _read_weights),
    Format("weights-h5-long", ".weights.h5", WEIGHTS, _write_weights, _read_weights),
)
"""All formats; ``weights-h5`` has the chapter's file name, ``weights-h5-long`` the one that Keras 3 insists on."""


def form(name: str) -> Format:
    """Return the format of that name.

    Raises:
        InvalidArgument: there is none.
    """
    for one in FORMATS:
        if one.name == name:
            return one
    raise InvalidArgument(f"There is no format {name!r}", "", "use one of " + ", ".join(f.name for f in FORMATS))


def available(tf: Any) -> tuple[Format, ...]:
    """Return the formats that the release at hand can write, by what it offers and not by its number.

    Up to TensorFlow 2.15 every name goes; ``.keras`` is then HDF5 up to 2.12 and a zip archive from 2.13. With Keras 3,
    ``save`` refuses folders and ``save_weights`` refuses all but ``.weights.h5``. What is exported is TensorFlow's.

    Args:
        tf: the module ``tensorflow``, or the module ``keras``.
    """
    names = {"h5", "keras", "weights-h5-long"}
    # Keras 3 alone has ``keras.ops``; TensorFlow up to 2.15 carries Keras 2 under the same name.
    keras = getattr(tf, "keras", tf)
    if not hasattr(keras, "ops"):
        names |= {"saved-model", "weights-h5"}
    if hasattr(keras.Model, "export") and api.runs_on_tensorflow():
        names.add("export")
    return tuple(one for one in FORMATS if one.name in names)
