"""What a block is: Python, a console session, printed output, shell, a signature, a fragment, or something else."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Sequence

from pytest_kerasch2.documents import parsing
from pytest_kerasch2.documents.document import BlockLine, Role

PYTHON = {"", "py", "py3", "python", "python3", "ipython", "ipython3", "pycon", "python-repl", "tensorflow", "keras"}
SESSIONS = {"pycon", "python-repl", "doctest"}
SHELLS = {"sh", "bash", "shell", "zsh", "console", "shell-session", "powershell", "cmd", "bat", "dos"}
OUTPUTS = {"text", "txt", "output", "plain", "plaintext", "none", "log"}
MARKDOWN = {"markdown", "md"}
LOST = "its indentation is lost"

_LANGUAGE = re.compile(r"\{?\.?(?:code-cell\}?|code-block\}?|code\}?)?\s*\.?([\w+#-]*)")
_PROMPT_OF_SHELL = re.compile(r"^\s*(?:\$ |C:\\.*>|> ?pip|# (?:pip|apt)|!\s*\w)")
_COMMANDS = re.compile(
    r"^\s*(?:sudo|pip3?|conda|apt(?:-get)?|git|cd|mkdir|ls|wget|curl|docker|export|source|unzip|tar|brew|virtualenv"
    r"|tensorboard|jupyter|python3?|tf_upgrade_v2|nvidia-smi|chmod|cp|mv|rm|cat|echo|kubectl|gcloud|bazel)"
    r"(?:\s+[-\w./~$*<>:=@\"'\[\]{}]+)+\s*\\?$"
)
_PRINTED = re.compile(
    r"^\s*(?:Epoch \d+|Train on \d+|\d+/\d+ \[|\d+/\d+ \S+ \d+s|<tf\.|<tensorflow|<keras|<matplotlib|array\("
    r"|tf\.Tensor\("
    r"|Out\[\d*\]|Model: |Layer \(type\)|_{8,}|={8,}|Total params|Trainable params|Non-trainable|Traceback \(most"
    r"|\w*(?:Error|Exception|Warning): |\[[-+\de. ]+(?:\]|$)|\{'\w+': |\(\d+, ?\d*\)|\(\?, |loss: "
    r"|Downloading |Collecting |Requirement |Successfully |[┏┃┡│└╇]|-{5,}|\d{4}-\d\d-\d\d \d\d:)"
)
_OUTPUT_ANYWHERE = re.compile(
    r"\bnumpy=|dtype=float\d+\)>|\bETA: |- (?:val_)?(?:loss|acc\w*): \d|<\w[\w.]* object at 0x"
)
_VALUE = re.compile(r"^[-+]?[\d.]+(?:[-\w.]*)?$")
# `Test accuracy: 0.98` and `39999: [loss: 0.5]`, as print writes them; names of files side by side, as ls does.
_LABELLED = re.compile(r"^\s*\w[\w ./%#-]*: ?(?:[-\[({<]?\d|Tensor\(|\[?\w[\w ]*: \d)")
_FILES = re.compile(r"^\s*[\w-]+(?:\.[\w.-]+)?(?:\s{2,}[\w-]+(?:\.[\w.-]+)?)+\s*$")
_SIGNATURE = re.compile(r"^(?:@[\w.]+\s*)?(?:class |def )?[\w.]+\((.*)\)(?:\s*->\s*[\w.\[\], ]+)?:?$", re.DOTALL)
_PRINTED_TYPES = ("array", "dict_keys", "dict_values", "dtype", "TensorShape", "OrderedDict")
_STATEMENT = re.compile(
    r"^\s*(?:import |from \w+ import|def |class |for |while |with |if |return\b|print\b|@|[\w.]+\("
    r"|[\w.\[\], ]+ ?[-+*/]?= ?)"
)


@dataclass(frozen=True)
class RoleDecision:
    """What a block is, and how it was read.

    Attributes:
        role: what it is.
        lines: of its Python, in the form that parses.
        notes: what was changed.
        problem: why it does not parse.
        parse: what reading it as Python came to, or None where that was not tried.
    """

    role: Role
    lines: tuple[BlockLine, ...]
    notes: tuple[str, ...] = ()
    problem: str = ""
    parse: parsing.Parsed | None = None


def language_of(info: str) -> str:
    """Return the language that the line of a fence names, in small letters."""
    match = _LANGUAGE.match(info.strip())
    return match.group(1).lower() if match else ""


def decide_role(lines: Sequence[BlockLine], language: str, cell: bool = False) -> RoleDecision:
    """Return what a block is.

    Args:
        lines: as they stand, without what the document puts before them.
        language: that the document names, or an empty text.
        cell: whether it is a cell of a notebook or a part of a script, and so Python unless it says otherwise.
    """
    as_is = tuple(lines)
    if not any(line.text.strip() for line in as_is):
        return RoleDecision(Role.NOT_PYTHON, as_is, problem="it is empty")
    if language in SHELLS and not _is_python_session(as_is):
        return RoleDecision(Role.SHELL, as_is)
    if language not in PYTHON | SHELLS and not (language in SESSIONS | OUTPUTS and parsing.is_session(as_is)):
        return RoleDecision(Role.OUTPUT if language in OUTPUTS else Role.NOT_PYTHON, as_is)
    if parsing.is_session(as_is):
        return _session(as_is)
    return _cell(as_is) if cell else _fence(as_is)


def _is_python_session(lines: Sequence[BlockLine]) -> bool:
    return any(line.text.lstrip().startswith(">>>") for line in lines)


def _session(lines: tuple[BlockLine, ...]) -> RoleDecision:
    outcome = parsing.parsed(parsing.without_prompts(lines))
    if outcome.error is None:
        return RoleDecision(Role.CONSOLE, outcome.lines, outcome.notes, parse=outcome)
    return RoleDecision(Role.CONSOLE, outcome.lines, outcome.notes, f"it does not parse: {outcome.error}", outcome)


def _cell(lines: tuple[BlockLine, ...]) -> RoleDecision:
    outcome = parsing.parsed(lines)
    if outcome.error is None:
        return RoleDecision(Role.CODE, outcome.lines, outcome.notes, parse=outcome)
    changed, notes = parsing.without_magics(lines)
    if notes and all(line.text.strip() in ("pass", "") or _is_comment(line.text) for line in changed):
        return RoleDecision(Role.SHELL, lines, notes)
    outcome = parsing.parsed(changed) if notes else outcome
    problem = "" if outcome.error is None else _problem(outcome)
    return RoleDecision(Role.CODE, outcome.lines, (*notes, *outcome.notes), problem, outcome)


def _is_comment(text: str) -> bool:
    return text.strip().startswith("#")


def _fence(lines: tuple[BlockLine, ...]) -> RoleDecision:
    outcome = parsing.parsed(lines)
    if outcome.error is None and outcome.lines:
        role = _role_of_tree(parsing.tree(parsing.text_of(outcome.lines)))
        return RoleDecision(role, outcome.lines, outcome.notes, "", outcome)
    recognised = _role_of_text([line.text for line in lines if line.text.strip()])
    if recognised is not None:
        return RoleDecision(recognised, lines, parse=outcome)
    magic = _cell(lines)
    if magic.role is Role.SHELL or not magic.problem:
        return magic
    if outcome.lost or outcome.incomplete or outcome.indented:
        return RoleDecision(Role.CODE, lines, outcome.notes, _problem(outcome), outcome)
    return _broken(lines, outcome)


def _problem(outcome: parsing.Parsed) -> str:
    if outcome.lost and not outcome.incomplete:
        return f"{LOST}: {outcome.error}"
    return f"it does not parse: {outcome.error}"


def _broken(lines: tuple[BlockLine, ...], outcome: parsing.Parsed) -> RoleDecision:
    """Return what a block is that does not parse: code with a mistake, a part of code, or no Python at all."""
    written = [line.text for line in lines if line.text.strip()]
    if any(re.search(r"^\s*\.\.\.|\.\.\.\s*$|\[\.\.\.\]|…|^\s*\.\s*$", text) for text in written):
        return RoleDecision(Role.FRAGMENT, lines, outcome.notes, "it leaves something out (...)", outcome)
    statements = [text for text in written if _STATEMENT.match(text)]
    if 2 * len(statements) >= len(written):
        return RoleDecision(Role.CODE, lines, outcome.notes, f"it does not parse: {outcome.error}", outcome)
    role = Role.FRAGMENT if statements else Role.NOT_PYTHON
    if role is Role.NOT_PYTHON and _is_printed(written):
        return RoleDecision(Role.OUTPUT, lines, parse=outcome)
    return RoleDecision(role, lines, outcome.notes, f"it does not parse: {outcome.error}", outcome)


def _is_printed(written: Sequence[str]) -> bool:
    """Whether lines that are no Python look like what a program prints: values with a label, or names of files."""
    if all(_FILES.match(text) for text in written) and any("." in text for text in written):
        return True
    return 2 * sum(bool(_LABELLED.match(text)) for text in written) >= len(written)


def _role_of_text(written: Sequence[str]) -> Role | None:
    """Return what lines are that do not parse, where they can be recognised by themselves."""
    first = written[0]
    if _PROMPT_OF_SHELL.match(first) or all(_COMMANDS.match(text) or _is_comment(text) for text in written):
        return Role.SHELL
    printed = [text for text in written if _PRINTED.match(text) or _OUTPUT_ANYWHERE.search(text)]
    if _PRINTED.match(first) or 3 * len(printed) >= len(written):
        return Role.OUTPUT
    if len(written) == 1 and _VALUE.match(first.strip()):
        return Role.OUTPUT
    whole = " ".join(text.strip() for text in written)
    signature = _SIGNATURE.match(whole) if _is_one_call(whole) else None
    if signature and re.search(r"=|\*|\.\.\.|\bself\b|^$", signature.group(1)) and first.lstrip() == first:
        return Role.SIGNATURE
    return None


def _is_one_call(text: str) -> bool:
    """Whether the first parenthesis of a text ends with its last one."""
    depth, closed = 0, 0
    for sign in text:
        depth += (sign in "([{") - (sign in ")]}")
        closed += sign == ")" and depth == 0
    return depth == 0 and closed == 1


def _role_of_tree(module: ast.Module) -> Role:
    """Return what a block is that parses: a value that was printed parses too, and so do many signatures."""
    if not module.body:
        return Role.CODE
    if all(isinstance(one, ast.Expr) and _is_value(one.value) for one in module.body):
        return Role.OUTPUT
    if all(isinstance(one, ast.Expr) and _is_prose(one.value) for one in module.body):
        return Role.NOT_PYTHON
    if len(module.body) == 1 and isinstance(module.body[0], ast.Expr):
        call = module.body[0].value
        if isinstance(call, ast.Call) and _is_signature(call):
            return Role.SIGNATURE
    return Role.CODE


def _is_value(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.UnaryOp):
        return _is_value(node.operand)
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return all(map(_is_value, node.elts))
    if isinstance(node, ast.Dict):
        return all(one is not None and _is_value(one) for one in [*node.keys, *node.values])
    # `array([1, 2], dtype=float32)`, as NumPy prints itself, and `(60000, 28) (10000, 28)`, which reads as a call.
    return isinstance(node, ast.Call) and (
        isinstance(node.func, (ast.Tuple, ast.List, ast.Constant))
        or (isinstance(node.func, ast.Name) and node.func.id in _PRINTED_TYPES)
    )


def _is_prose(node: ast.expr) -> bool:
    """Whether it is a word of a language that is not written with the letters of Python's own names."""
    return isinstance(node, ast.Name) and not node.id.isascii()


def _is_signature(call: ast.Call) -> bool:
    """Whether a call lists parameters: bare names before `**kwargs`, or two defaults at least, one of which is None."""
    if not all(isinstance(one, (ast.Name, ast.Starred)) for one in call.args):
        return False
    rest = [one.value for one in call.keywords if one.arg is None]
    if any(isinstance(one, ast.Name) and one.id == "kwargs" for one in rest):
        return True
    defaults = [one.value for one in call.keywords if one.arg is not None]
    # `function(x, mean, variance, name=None)`: nobody passes None as the name of an operation.
    if len(call.args) >= 2 and any(one.arg == "name" and _is_none(one.value) for one in call.keywords):
        return True
    if len(defaults) < 2 or not all(map(_is_default, defaults)):
        return False
    return any(map(_is_none, defaults)) or bool(call.args and len(defaults) >= 4)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_default(node: ast.expr) -> bool:
    return isinstance(node, (ast.Constant, ast.UnaryOp)) or (isinstance(node, ast.Tuple) and not node.elts)
