"""Rules that a task sets for a program and that can be seen in its text: what it must and must not use, its length."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from orca_agents.checks.code.python_code import CodeProblem, Function, dotted, parse

KINDS = ("forbids", "requires", "max_lines")
CONSTRUCTS = ("loops", "recursion", "comprehensions", "classes", "globals")
NOTATION = (
    "`forbids: NAME` or `requires: NAME`, where NAME is a module (itertools), a function or method (sorted, eval, "
    f".sort) or one of {', '.join(CONSTRUCTS)}; `max_lines: NUMBER`"
)


class RuleProblem(ValueError):
    """A line is no rule; says why."""


def read_rule(line: str) -> tuple[str, str]:
    """The kind and the value of a rule. Raises `RuleProblem`."""
    kind, colon, value = (part.strip() for part in line.partition(":"))
    value = value.strip("`\"' ").removesuffix("()").lstrip(".")
    if not colon or kind not in KINDS or not value:
        raise RuleProblem(f"{line!r} is no rule; write {NOTATION}")
    if kind == "max_lines" and not value.isdecimal():
        raise RuleProblem(f"{line!r}: behind max_lines belongs a number")
    if kind != "max_lines" and not all(part.isidentifier() for part in value.split(".")):
        raise RuleProblem(f"{line!r}: behind {kind} belongs one name; write {NOTATION}")
    return kind, value


def why_broken(code: str, rules: Iterable[str]) -> str | None:
    """Which of the rules the code does not keep to."""
    lines = tuple(rules)
    if not lines:
        return None
    try:
        tree = parse(code)
    except CodeProblem as problem:
        return f"the code cannot be read: {problem}"
    used = names_used(tree)
    for line in lines:
        kind, value = read_rule(line)
        if kind == "max_lines":
            written = len({node.lineno for node in ast.walk(tree) if isinstance(node, ast.stmt)})
            if written > int(value):
                return f"it has {written} lines with statements, more than the {value} that the task allows"
        elif (kind == "forbids") == (value in used):
            return f"it uses `{value}`, which the task forbids" if kind == "forbids" else f"it does not use `{value}`"
    return None


def names_used(tree: ast.Module) -> set[str]:
    """Every name, attribute and module that a program uses, with their dotted forms, and its `CONSTRUCTS`."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(part for alias in node.names for part in _prefixes(alias.name))
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update(_prefixes(node.module))
            found.update(name for alias in node.names for name in (alias.name, f"{node.module}.{alias.name}"))
        elif isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.update(name for name in (node.attr, dotted(node)) if name)
        elif isinstance(node, ast.For | ast.AsyncFor | ast.While):
            found.add("loops")
        elif isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            found.add("comprehensions")
        elif isinstance(node, ast.ClassDef):
            found.add("classes")
        elif isinstance(node, ast.Global):
            found.add("globals")
        if isinstance(node, Function) and _calls_itself(node):
            found.add("recursion")
    return found


def _prefixes(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[: at + 1]) for at in range(len(parts))]


def _calls_itself(function: Function) -> bool:
    return any(
        isinstance(node, ast.Call) and dotted(node.func).split(".")[-1] == function.name
        and dotted(node.func) in (function.name, f"self.{function.name}", f"cls.{function.name}")
        for node in ast.walk(function)
    )  # fmt: skip
