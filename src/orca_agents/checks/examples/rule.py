"""Run a writer's hidden rule, or a student's function, in the sandbox on the inputs of an item."""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence
from dataclasses import dataclass

from orca_agents.checks.api import Lab
from orca_agents.sandbox.api import Limits

LONGEST_RULE = 4000
_LIMITS = Limits(wall_s=10, cpu_s=5, memory_mb=256, output_bytes=60_000)
_ALLOWED = frozenset(
    ("re", "string", "math", "json", "itertools", "collections", "functools", "textwrap", "unicodedata", "fractions",
     "decimal", "datetime", "calendar", "operator", "statistics", "typing", "__future__")
)  # fmt: skip
"""Modules that a rule may import: the same input has to give the same output for ever."""


@dataclass(frozen=True)
class Ruled:
    """What a rule makes of each input, in order; or why that cannot be said."""

    outputs: tuple[str, ...] = ()
    problem: str = ""


async def apply_rule(lab: Lab, source: str, inputs: Sequence[str]) -> Ruled:
    """What `def rule(x: str) -> str` makes of texts."""
    return await _run(lab, source, "rule", list(inputs), as_arguments=False)


async def apply_function(lab: Lab, source: str, inputs: Sequence[str]) -> Ruled:
    """What `def f(...)` makes of arguments that are written as in a call; results as Python literals."""
    return await _run(lab, source, "f", list(inputs), as_arguments=True)


def why_no_rule(source: str, name: str, inputs: Sequence[str], outputs: Sequence[str] = ()) -> str | None:
    """What can be said against a rule without running it: no such function, chance in it, or a look-up table."""
    if len(source) > LONGEST_RULE:
        return f"it has {len(source)} characters; {LONGEST_RULE} are the most"
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return f"it is not Python: {error}"
    if not any(isinstance(node, ast.FunctionDef) and node.name == name for node in tree.body):
        return f"it defines no function `{name}`"
    for node in ast.walk(tree):
        modules = [one.name for one in node.names] if isinstance(node, ast.Import) else []
        modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        foreign = [module for module in modules if module.split(".")[0] not in _ALLOWED]
        if foreign:
            return f"it imports {foreign[0]!r}; a rule depends on its input alone"
    told = _told(tree)
    for texts in (inputs, [text for text in outputs if outputs.count(text) == 1]):  # a class may be named in a rule
        looked_up = [text for text in dict.fromkeys(texts) if text in told]
        if len(looked_up) >= 3 and 2 * len(looked_up) > len(set(texts)):
            return f"it looks its examples up ({looked_up[0]!r}, ...) instead of working them out"
    return None


def _told(tree: ast.AST) -> set[str]:
    """What a rule says in so many words: texts, and numbers where something is looked up by them or given for it."""
    told = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            beside = [*node.keys, *node.values]
        elif isinstance(node, ast.Compare) and all(isinstance(op, ast.Eq) for op in node.ops):
            beside = [node.left, *node.comparators]
        else:
            beside = [node.value] if isinstance(node, ast.Return | ast.MatchValue) else []
        told |= {str(one.value) for one in beside if isinstance(one, ast.Constant)}
    return told


def bare_code(text: str) -> str:
    """Code without the Markdown fence around it, otherwise byte for byte."""
    lines = text.strip("\n").splitlines()
    if len(lines) >= 2 and lines[0].strip().startswith("```") and lines[-1].strip() == "```":
        return "\n".join(lines[1:-1])
    return text.strip("\n")


def literal(text: str) -> object:
    """The value of a Python literal. Raises `ValueError`."""
    try:
        return ast.literal_eval(text.strip())
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        raise ValueError(f"{text[:60]!r} is no Python literal") from None


async def _run(lab: Lab, source: str, name: str, inputs: list[str], *, as_arguments: bool) -> Ruled:
    asked = json.dumps({"name": name, "as_arguments": as_arguments, "inputs": inputs})
    ran = await lab.run_python(_HARNESS, files={"rule.txt": source, "asked.json": asked}, limits=_LIMITS)
    if not ran.ok:
        told = (ran.stderr.strip().splitlines() or [f"exit code {ran.exit_code}"])[-1]
        return Ruled(problem=f"it was stopped ({ran.stopped})" if ran.stopped else f"it does not run: {told[:200]}")
    lines = [line for line in ran.stdout.splitlines() if line.startswith(_MARK)]
    if not lines:
        return Ruled(problem="it ended before it was asked anything")
    found = json.loads(lines[-1].removeprefix(_MARK))
    return Ruled(tuple(found["outputs"]), found["problem"])


_MARK = "outputs of the rule: "
_HARNESS = f"""
import ast, io, json, sys

asked = json.load(open("asked.json", encoding="utf-8"))
out, sys.stdout = sys.stdout, io.StringIO()  # what the rule prints is no output
made, problem = [], ""

def call(function, text):
    if asked["as_arguments"]:
        return repr(function(*ast.literal_eval("(" + text + ",)")))
    value = function(text)
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise TypeError("it returns a " + type(value).__name__ + ", not a text")
    return value if isinstance(value, str) else repr(value)

try:
    space = {{"__name__": "rule"}}
    exec(compile(open("rule.txt", encoding="utf-8").read(), "rule", "exec"), space)
    function = space[asked["name"]]
    made = [call(function, text) for text in asked["inputs"]]
    again = [call(function, text) for text in reversed(asked["inputs"])]
    if made != again[::-1]:
        problem = "it gives the same input another output the second time"
except BaseException as error:  # a rule that a model wrote: whatever it raises is told
    problem = "on an input it raises " + type(error).__name__ + ": " + str(error)[:150]
print({_MARK!r} + json.dumps({{"outputs": made if not problem else [], "problem": problem}}), file=out)
"""
