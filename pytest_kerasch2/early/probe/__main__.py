"""Find the facts that an order names, one after the other, and tell each as soon as it is known."""

import importlib
import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any, Dict, List, Optional

from .telling import described, plain

ORDER = "order.json"
TOLD = "told.jsonl"


def fact(name: str) -> Dict[str, Any]:
    """Return `{"value": ...}` for a fact called `module.function`, or `{"error": "Type: first line"}`."""
    module, _, function = name.partition(".")
    try:
        found = getattr(importlib.import_module("probe." + module), function)()
        return {"value": json.loads(json.dumps(found, default=plain))}
    except Exception as error:  # whoever ordered the fact decides what an error means
        return {"error": described(error)}


def main(folder: str) -> None:
    """Do what the order in a folder asks for, then end at once: how an interpreter is torn down is no fact."""
    order = json.loads((Path(folder) / ORDER).read_text(encoding="utf-8"))
    with (Path(folder) / TOLD).open("w", encoding="utf-8") as told:
        planting = plant(order["injected"])
        for name in order["facts"] if planting is None else ():
            # The name goes first, so that it is known what was being looked at when the interpreter died.
            _line(told, {"begun": name})
            _line(told, {"fact": name, **fact(name)})
        for name in order["facts"] if planting is not None else ():
            _line(told, {"fact": name, "not_injected": planting})
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def plant(names: List[str]) -> Optional[str]:
    """Call functions of the module `injected`, and give what one of them raised: nothing is told of half a fault."""
    try:
        for name in names:
            getattr(importlib.import_module("probe.injected"), name)()
    except Exception as error:
        return described(error)
    return None


def end_with_parent() -> None:
    """End, compilers and all, as soon as nobody holds the other end of our input: who asked is gone."""
    sys.stdin.read()
    if hasattr(os, "killpg"):
        os.killpg(os.getpgid(0), signal.SIGKILL)
    os._exit(1)


def _line(stream: Any, value: Dict[str, Any]) -> None:
    stream.write(json.dumps(value) + "\n")
    stream.flush()


if __name__ == "__main__":
    threading.Thread(target=end_with_parent, daemon=True).start()
    main(sys.argv[1])
