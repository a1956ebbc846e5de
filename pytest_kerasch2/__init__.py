"""A pytest plugin that tells whether what a Keras chapter says is true on the TensorFlow you have.

Everything in `__all__` is public: it is documented, and changes only with a note in the changelog. A name is imported
when it is first used, so that this import costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_kerasch2 import errors, models
    from pytest_kerasch2.accuracy.decision import GateDecision
    from pytest_kerasch2.accuracy.gate import run_gate as gate_accuracy
    from pytest_kerasch2.accuracy.reference import Reference
    from pytest_kerasch2.accuracy.reference import read as read_reference
    from pytest_kerasch2.claims.decorators import (
        claim,
        detects,
        extends,
        fixed_by,
        in_subprocess,
        known_issue,
        pending,
        tolerates,
        trains,
    )
    from pytest_kerasch2.claims.model import KnownIssue, Verdict, Workaround
    from pytest_kerasch2.claims.recorder import Recorder
    from pytest_kerasch2.claims.release import Release
    from pytest_kerasch2.claims.results import read as read_results
    from pytest_kerasch2.data.preprocessing import PreparedData
    from pytest_kerasch2.data.preprocessing import prepared as prepare_data
    from pytest_kerasch2.data.sources import DataSet
    from pytest_kerasch2.data.sources import load as load_data
    from pytest_kerasch2.fixtures import SavedModel
    from pytest_kerasch2.framework.devices import Device
    from pytest_kerasch2.framework.devices import present as present_devices
    from pytest_kerasch2.framework.state import isolated as isolated_state
    from pytest_kerasch2.models.catalogue import ModelStyle
    from pytest_kerasch2.models.network import Network
    from pytest_kerasch2.report.compatibility_table import read as read_table
    from pytest_kerasch2.serialization.contents import Contents as ModelContents
    from pytest_kerasch2.serialization.contents import StoredArray
    from pytest_kerasch2.serialization.digest_files import check_digest, write_digest
    from pytest_kerasch2.serialization.formats import Format
    from pytest_kerasch2.serialization.formats import available as available_formats
    from pytest_kerasch2.serialization.formats import form as model_format
    from pytest_kerasch2.serialization.inspection import inspect as inspect_model
    from pytest_kerasch2.serialization.limits import Limits as InspectionLimits
    from pytest_kerasch2.timing.measurement import Measurement

__version__ = "0.1.0"

# Where each public name is: a module, and the name there if it is another one.
_HOMES = {
    "DataSet": "data.sources",
    "Device": "framework.devices",
    "Format": "serialization.formats",
    "GateDecision": "accuracy.decision",
    "InspectionLimits": "serialization.limits:Limits",
    "KnownIssue": "claims.model",
    "Measurement": "timing.measurement",
    "ModelContents": "serialization.contents:Contents",
    "ModelStyle": "models.catalogue",
    "Network": "models.network",
    "PreparedData": "data.preprocessing",
    "Recorder": "claims.recorder",
    "Reference": "accuracy.reference",
    "Release": "claims.release",
    "SavedModel": "fixtures",
    "StoredArray": "serialization.contents",
    "Verdict": "claims.model",
    "Workaround": "claims.model",
    "available_formats": "serialization.formats:available",
    "check_digest": "serialization.digest_files",
    "claim": "claims.decorators",
    "detects": "claims.decorators",
    "errors": "errors:",
    "extends": "claims.decorators",
    "fixed_by": "claims.decorators",
    "gate_accuracy": "accuracy.gate:run_gate",
    "in_subprocess": "claims.decorators",
    "inspect_model": "serialization.inspection:inspect",
    "isolated_state": "framework.state:isolated",
    "known_issue": "claims.decorators",
    "load_data": "data.sources:load",
    "model_format": "serialization.formats:form",
    "models": "models:",
    "pending": "claims.decorators",
    "prepare_data": "data.preprocessing:prepared",
    "present_devices": "framework.devices:present",
    "read_reference": "accuracy.reference:read",
    "read_results": "claims.results:read",
    "read_table": "report.compatibility_table:read",
    "tolerates": "claims.decorators",
    "trains": "claims.decorators",
    "write_digest": "serialization.digest_files",
}

__all__ = [
    "DataSet",
    "Device",
    "Format",
    "GateDecision",
    "InspectionLimits",
    "KnownIssue",
    "Measurement",
    "ModelContents",
    "ModelStyle",
    "Network",
    "PreparedData",
    "Recorder",
    "Reference",
    "Release",
    "SavedModel",
    "StoredArray",
    "Verdict",
    "Workaround",
    "__version__",
    "available_formats",
    "check_digest",
    "claim",
    "detects",
    "errors",
    "extends",
    "fixed_by",
    "gate_accuracy",
    "in_subprocess",
    "inspect_model",
    "isolated_state",
    "known_issue",
    "load_data",
    "model_format",
    "models",
    "pending",
    "prepare_data",
    "present_devices",
    "read_reference",
    "read_results",
    "read_table",
    "tolerates",
    "trains",
    "write_digest",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used.

    Raises:
        AttributeError: it is not public.
    """
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, other, attribute = _HOMES[name].partition(":")
    value = importlib.import_module(f"{__name__}.{module}")
    if not other or attribute:
        value = getattr(value, attribute or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
