"""Look at Python code without running it: what it defines, imports and uses, and what a stub of it looks like."""

from __future__ import annotations

import ast
import builtins
import copy
import warnings
from collections.abc import Iterator

LONGEST = 40_000
"""Longest code that is looked at, in characters."""
MOST_LINES = 1500
"""Most lines of it: two programs that are compared line by line stay comparable in a moment."""
DEEPEST = 100
"""Deepest nesting of its tree: code that people write stays far below, and what walks through the tree has an end."""
REFUSES = "refuses everything"
STUBS = {
    REFUSES: "raise _Refused",
    "returns nothing": "return None",
    "returns what it is given": "return {first}",
}
"""What programs do that do nothing, by what is said of them."""
_REFUSED = (
    "class _Refused(PermissionError, FileNotFoundError, ValueError, KeyError, IndexError, TypeError,\n"
    "               ZeroDivisionError, OverflowError, NotImplementedError): pass"
)
"""What a program raises that refuses everything: whichever error a test waits for, it comes."""
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
Function = ast.FunctionDef | ast.AsyncFunctionDef


class CodeProblem(ValueError):
    """The code is no Python; says what is wrong, and where."""


def parse(code: str) -> ast.Module:
    """The code as a tree. Raises `CodeProblem`."""
    if len(code) > LONGEST or code.count("\n") > MOST_LINES:
        raise CodeProblem(f"it is longer than {LONGEST:,} characters or {MOST_LINES:,} lines")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a backslash that escapes nothing is no concern here
            tree = ast.parse(code)
    except SyntaxError as error:
        raise CodeProblem(f"line {error.lineno}: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise CodeProblem(f"{type(error).__name__}: {error}") from None
    level: list[ast.AST] = [tree]
    for _ in range(DEEPEST):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return tree
    raise CodeProblem("it is nested too deeply")


def why_no_python(code: str) -> str | None:
    """Why the code cannot be read, or `None`."""
    try:
        parse(code)
    except CodeProblem as problem:
        return str(problem)
    return None


def definitions(tree: ast.Module) -> dict[str, Definition]:
    """The functions and classes of the top level that are not private, by name."""
    return {node.name: node for node in tree.body if isinstance(node, Definition) and not node.name.startswith("_")}


def names_bound(tree: ast.Module) -> set[str]:
    """Every name that the top level defines, assigns or imports."""
    found: set[str] = set()
    for node in _top_level(tree.body):
        if isinstance(node, Definition):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found.update(name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name))
    return found


def why_lacking(code: ast.Module, interface: ast.Module) -> str | None:
    """What of an interface the code does not define, or defines with other parameters."""
    bound, own = names_bound(code), definitions(code)
    for name, wanted in definitions(interface).items():
        if name not in bound:
            return f"it does not define `{name}`"
        there = own.get(name)
        if isinstance(wanted, ast.ClassDef) and isinstance(there, ast.ClassDef):
            if reason := _why_class_lacking(there, wanted):
                return reason
        elif isinstance(wanted, Function) and isinstance(there, Function) and (odd := _why_other(there, wanted)):
            return f"`{name}` {odd}"
        elif isinstance(wanted, ast.ClassDef) != isinstance(there, ast.ClassDef) and there is not None:
            return f"`{name}` should be a {'class' if isinstance(wanted, ast.ClassDef) else 'function'}"
    return None


def stub(interface: ast.Module, body: str) -> str:
    """A program that defines everything in the interface and does nothing: each body is `body`, one of `STUBS`."""
    kept: list[ast.stmt] = [ast.ImportFrom("__future__", [ast.alias("annotations")], 0)]
    kept += ast.parse(_REFUSED).body if body == STUBS[REFUSES] else []
    bound = set(dir(builtins))
    for node in copy.deepcopy(interface).body:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            bound.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
            kept.append(node)
        elif isinstance(node, ast.ClassDef):
            kept.append(_stub_class(node, body, bound))
            bound.add(node.name)
        elif isinstance(node, Function):
            kept.append(_stub_function(node, body))
            bound.add(node.name)
        elif isinstance(node, ast.Assign) and _is_plain(node.value):
            kept.append(node)
    return ast.unparse(ast.fix_missing_locations(ast.Module(kept, [])))


def same_program(a: ast.Module, b: ast.Module) -> bool:
    """Whether two programs are the same but for docstrings, comments and layout."""
    return ast.dump(_undocumented(a)) == ast.dump(_undocumented(b))


def undocumented(tree: ast.Module) -> list[str]:
    """The public functions, classes and methods that have no docstring."""
    found = []
    for name, node in definitions(tree).items():
        if ast.get_docstring(node) is None:
            found.append(name)
        if isinstance(node, ast.ClassDef):
            found += [
                f"{name}.{part.name}"
                for part in node.body
                if isinstance(part, Function) and not part.name.startswith("_") and ast.get_docstring(part) is None
            ]
    return found


def with_first(code: str, statement: str) -> str:
    """The code with one more statement, before all but its docstring and its `__future__`. Raises `CodeProblem`."""
    at = 0
    for number, node in enumerate(parse(code).body):
        is_docstring = number == 0 and _is_text(node)
        if is_docstring or (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
            at = node.end_lineno or at
    lines = code.splitlines(keepends=True)
    before = "".join(lines[:at])
    before += "" if not before or before.endswith("\n") else "\n"
    return f"{before}{statement}\n{''.join(lines[at:])}"


def modules_imported(tree: ast.AST) -> set[str]:
    """The modules that are imported anywhere, by their dotted names."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
    return found


def is_bare(node: ast.stmt) -> bool:
    """Whether a definition holds nothing but `...`, `pass`, docstrings and others such: a signature."""
    return all(
        isinstance(part, ast.Pass | ast.AnnAssign | ast.Assign)
        or (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))
        or (isinstance(part, Definition) and is_bare(part))
        for part in getattr(node, "body", [])
    )


def dotted(node: ast.expr) -> str:
    """`a.b.c` for a chain of names; empty where it is something else."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def _top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of the top level, also those under `if`, `try` and `with`."""
    for node in body:
        yield node
        for part in ("body", "orelse", "finalbody"):
            if not isinstance(node, Definition):
                yield from _top_level(getattr(node, part, []))
        for handler in getattr(node, "handlers", []):
            yield from _top_level(handler.body)


def _why_class_lacking(there: ast.ClassDef, wanted: ast.ClassDef) -> str | None:
    if there.bases or there.decorator_list:  # methods may come from there
        return None
    own = {node.name: node for node in there.body if isinstance(node, Function)}
    assigned = {target.id for node in there.body if isinstance(node, ast.Assign) for target in node.targets
                if isinstance(target, ast.Name)}  # fmt: skip
    for node in wanted.body:
        if not isinstance(node, Function) or node.name in assigned:
            continue
        if node.name not in own:
            return f"the class `{wanted.name}` lacks the method `{node.name}`"
        if odd := _why_other(own[node.name], node):
            return f"the method `{wanted.name}.{node.name}` {odd}"
    return None


def _why_other(there: Function, wanted: Function) -> str | None:
    """Whether a function cannot be called as the interface says."""
    if there.args.vararg and there.args.kwarg:
        return None
    has = [arg.arg for arg in (*there.args.posonlyargs, *there.args.args)]
    needs = [arg.arg for arg in (*wanted.args.posonlyargs, *wanted.args.args)]
    without_default = len(has) - len(there.args.defaults)
    if has[: len(needs)] != needs and not there.args.vararg:
        return f"should take the parameters ({', '.join(needs)}), not ({', '.join(has)})"
    if without_default > len(needs):
        return f"asks for more than ({', '.join(needs)}): give a default to {', '.join(has[len(needs) :])}"
    return None


def _stub_function(node: Function, body: str) -> Function:
    names = [arg.arg for arg in (*node.args.posonlyargs, *node.args.args) if arg.arg not in ("self", "cls")]
    node.body = ast.parse(body.format(first=names[0] if names else "None")).body
    if node.name == "__init__" and not body.startswith("raise"):
        node.body = [ast.Pass()]
    kept = ("property", "staticmethod", "classmethod")
    node.decorator_list = [one for one in node.decorator_list if dotted(one) in kept]
    node.args.defaults = [one if _is_plain(one) else ast.Constant(None) for one in node.args.defaults]
    node.args.kw_defaults = [
        one if one is None or _is_plain(one) else ast.Constant(None) for one in node.args.kw_defaults
    ]
    return node


def _stub_class(node: ast.ClassDef, body: str, bound: set[str]) -> ast.ClassDef:
    node.bases = [base for base in node.bases if dotted(base).split(".")[0] in bound]
    node.keywords, node.decorator_list = [], []
    kept: list[ast.stmt] = [_stub_function(part, body) for part in node.body if isinstance(part, Function)]
    node.body = kept or [ast.Pass()]
    return node


def _is_plain(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return False
    return True


def _undocumented(tree: ast.Module) -> ast.Module:
    tree = copy.deepcopy(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            kept = [part for part in node.body if not _is_text(part) and not isinstance(part, ast.Pass)]
            node.body = kept or [ast.Pass()]
    return tree


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
