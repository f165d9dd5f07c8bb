"""Lists of functions, written as Python signatures with docstrings: read strictly, and told as text or JSON schema."""

from __future__ import annotations

import ast
import inspect
import json
import re
import warnings
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from orca_agents.dialogues.calls.types import Type, TypeProblem, read_type, schema_of, why_not_of_type, write_type
from orca_agents.fences import without_fence

MOST_CHARS = 24_000
NAME = re.compile(r"[a-z][a-z0-9_]{1,59}")


class LibraryProblem(ValueError):
    """A list of functions that cannot be read; says which function, and what to do."""


@dataclass(frozen=True)
class Parameter:
    """One thing that a function takes."""

    name: str
    type: Type
    required: bool
    default: Any = None
    about: str = ""


@dataclass(frozen=True)
class Function:
    """One function that an assistant may call."""

    name: str
    about: str
    parameters: tuple[Parameter, ...]
    returns: Type

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of this name."""
        return next((one for one in self.parameters if one.name == name), None)

    @property
    def required(self) -> tuple[str, ...]:
        """The names of the parameters that have no default."""
        return tuple(one.name for one in self.parameters if one.required)


@dataclass(frozen=True)
class FunctionList:
    """The functions of one library, in order."""

    functions: tuple[Function, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The functions' names."""
        return tuple(function.name for function in self.functions)

    def get(self, name: str) -> Function | None:
        """The function of this name."""
        return next((one for one in self.functions if one.name == name), None)

    def without(self, names: frozenset[str]) -> FunctionList:
        """The list with some functions taken out; what is left does not speak of them."""
        gone = names & set(self.names)
        left = (one for one in self.functions if one.name not in gone)
        return FunctionList(tuple(_forgetting(one, gone) for one in left))


@lru_cache(maxsize=256)
def read_functions(text: str) -> FunctionList:
    """The functions that a text describes. Raises `LibraryProblem`."""
    if len(text) > MOST_CHARS:
        raise LibraryProblem(f"the list has {len(text)} characters; keep it below {MOST_CHARS}")
    source = without_fence(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a lone backslash in a description
            tree = ast.parse(source)
    except SyntaxError as error:
        lines = source.splitlines()
        line = lines[error.lineno - 1].strip()[:80] if error.lineno and error.lineno <= len(lines) else ""
        raise LibraryProblem(f"line {error.lineno} is no Python signature ({error.msg}): {line}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise LibraryProblem(
            f"the list cannot be read as Python ({type(error).__name__}: {error}); make it plainer"
        ) from None
    functions: list[Function] = []
    for number, node in enumerate(tree.body):
        if isinstance(node, ast.FunctionDef):
            functions.append(_function(node))
        elif not (number == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            raise LibraryProblem(
                f"line {node.lineno} is no function; the list holds functions (`def`) and nothing else"
            )
    if not functions:
        raise LibraryProblem("there is no function in it")
    names = [function.name for function in functions]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise LibraryProblem(f"{twice[0]} is there twice; give every function a name of its own")
    for function in functions:
        try:
            told = (tool_schema(function), schema_of(function.returns))
            json.dumps(told, ensure_ascii=False, allow_nan=False).encode()
        except ValueError:  # half of a character, or a number without end
            raise LibraryProblem(f"{function.name}: a text or a number of it cannot be written as JSON") from None
    return FunctionList(tuple(functions))


def write_functions(library: FunctionList) -> str:
    """The list as text, in the notation that `read_functions` reads."""
    return "\n\n".join(write_function(function) for function in library.functions)


def write_function(function: Function) -> str:
    """One function as a signature with its docstring."""
    inside = ", ".join(_signature(one) for one in function.parameters)
    lines = [f"def {function.name}({inside}) -> {write_type(function.returns)}:", f'    """{_quoted(function.about)}']
    if function.parameters:
        lines += ["", *(f"    {one.name}: {_quoted(one.about)}" for one in function.parameters)]
        lines.append('    """')
    else:
        lines[-1] += '"""'
    return "\n".join(lines)


def tool_schema(function: Function) -> dict[str, Any]:
    """A function as chat endpoints take it in `tools`."""
    properties: dict[str, Any] = {}
    for one in function.parameters:
        schema = schema_of(one.type)
        if one.about:
            schema["description"] = one.about
        if not one.required and one.default is not None:
            schema["default"] = one.default
        properties[one.name] = schema
    parameters = {
        "type": "object",
        "properties": properties,
        "required": list(function.required),
        "additionalProperties": False,
    }
    about = {"name": function.name, "description": function.about, "parameters": parameters}
    return {"type": "function", "function": about}


def why_not_callable(
    function: Function, arguments: dict[str, Any], *, holes: frozenset[str] = frozenset()
) -> str | None:
    """Why a function cannot be called so: a required parameter is not given, one is unknown, or a value does not fit.
    `holes` are parameters whose values are not looked at."""
    for name in arguments:
        if function.parameter(name) is None:
            known = ", ".join(one.name for one in function.parameters) or "none"
            return f"{function.name} has no parameter {name!r} (it takes: {known})"
    if missing := [name for name in function.required if name not in arguments]:
        return f"{function.name} needs {missing[0]!r}"
    for one in function.parameters:
        if one.name in arguments and one.name not in holes:
            kind = one.type if one.required or one.default is not None else replace(one.type, nullable=True)
            if problem := why_not_of_type(arguments[one.name], kind, f"{function.name}: {one.name}"):
                return problem
    return None


def _forgetting(function: Function, names: frozenset[str]) -> Function:
    """A function whose description does not mention others: `plan id, as create_plan returns it` loses its end."""

    def without(text: str) -> str:
        for name in sorted(names):
            if re.search(rf"\b{name}\b", text):
                cut = re.sub(rf"[,;(]?[^,;(.]{{0,200}}\b{name}\b[^,;).]{{0,200}}\)?", "", text).strip()
                text = cut if len(cut.split()) > 1 else re.sub(rf"\b{name}\b", name.replace("_", " "), text)
        return text

    if not names:
        return function
    parameters = tuple(replace(one, about=without(one.about)) for one in function.parameters)
    return replace(function, about=without(function.about), parameters=parameters)


def _function(node: ast.FunctionDef) -> Function:
    name = node.name
    if not NAME.fullmatch(name):
        raise LibraryProblem(f"{name!r} is no name for a function here; write it in snake_case, all in lower case")
    taken = node.args
    if taken.vararg or taken.kwarg or taken.posonlyargs or node.decorator_list:
        raise LibraryProblem(f"{name}: parameters are written out one by one, without *, ** or decorators")
    positional = list(zip(taken.args, _padded(taken.defaults, len(taken.args)), strict=True))
    keywords = list(zip(taken.kwonlyargs, taken.kw_defaults, strict=True))
    if node.returns is None:
        raise LibraryProblem(f'{name}: the response is missing; write `-> {{"key": type}}` after the parameters')
    returns = _type(node.returns, f"{name}: the response")
    if returns.kind == "array":
        raise LibraryProblem(f'{name}: the response is a record; write `-> {{"results": list[...]}}`')
    if returns.kind != "object":
        raise LibraryProblem(f'{name}: the response is a record with named fields, e.g. {{"temperature": float}}')
    body = [one for one in node.body if not isinstance(one, ast.Pass)]
    inside = [one.value.value for one in body if isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)]
    docstring = inside[0] if inside and isinstance(inside[0], str) else ""
    if len(inside) != len(body) or any(one is not ... for one in inside[1:]):
        raise LibraryProblem(f"{name}: below the signature stands its docstring, and no code")
    names = [argument.arg for argument, _ in (*positional, *keywords)]
    about, notes = _docstring(docstring, frozenset(names))
    parameters = tuple(_parameter(name, argument, default, notes) for argument, default in (*positional, *keywords))
    return Function(name, about, parameters, returns)


def _parameter(function: str, node: ast.arg, default: ast.expr | None, notes: dict[str, str]) -> Parameter:
    where = f"{function}: {node.arg}"
    if not NAME.fullmatch(node.arg) and not re.fullmatch("[a-z]", node.arg):
        raise LibraryProblem(f"{where} is no name for a parameter here; write it in snake_case, all in lower case")
    if node.annotation is None:
        raise LibraryProblem(f"{where} has no type; write `{node.arg}: str` or another type")
    kind = _type(node.annotation, where)
    about = notes.get(node.arg, "")
    if default is None:
        return Parameter(node.arg, kind, True, None, about)
    try:
        value = ast.literal_eval(default)
    except (ValueError, TypeError, RecursionError, MemoryError):
        raise LibraryProblem(f"{where}: its default is no plain value") from None
    if value is not None and (problem := why_not_of_type(value, kind, f"{where}: its default")):
        raise LibraryProblem(problem)
    return Parameter(node.arg, kind, False, value, about)


def _type(node: ast.expr, where: str) -> Type:
    try:
        return read_type(node)
    except TypeProblem as error:
        raise LibraryProblem(f"{where}: {error}") from None


def _docstring(text: str, names: frozenset[str]) -> tuple[str, dict[str, str]]:
    """What a docstring says of the function, and of each parameter: a line `name: ...` each."""
    about: list[str] = []
    notes: dict[str, str] = {}
    into: str | None = None
    for line in inspect.cleandoc(text).splitlines():
        marked = _NOTE.match(line)
        if marked and marked[1] in names:
            into = marked[1]
            notes[into] = marked[2].strip()
        elif _HEADING.match(line):
            into = ""  # what stands below `Returns:` is in the response already
        elif into is None:
            about.append(line.strip())
        elif into and line.strip():
            notes[into] = f"{notes[into]} {line.strip()}".strip()
    return " ".join(part for part in about if part), notes


_NOTE = re.compile(r"\s*(?:[-*]\s+|:param\s+)?`?(\w{1,60})`?\s?(?:\([^()\n]{0,80}\))?:\s?(.*)")
_HEADING = re.compile(r"\s*(?:args|arguments|parameters|params|returns?|raises|response)\s*:", re.IGNORECASE)


def _padded(defaults: list[ast.expr], length: int) -> list[ast.expr | None]:
    return [*([None] * (length - len(defaults))), *defaults]


def _signature(one: Parameter) -> str:
    text = f"{one.name}: {write_type(one.type)}"
    return text if one.required else f"{text} = {_literal(one.default)}"


def _literal(value: Any) -> str:
    """A plain value as Python writes it, texts in double quotes."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_literal(key)}: {_literal(one)}" for key, one in value.items()) + "}"
    return repr(value)


def _quoted(text: str) -> str:
    """A text that may stand in a docstring."""
    return (
        text.replace("\\", "\\\\").replace('"', '\\"') if '"""' in text or text.endswith('"') or "\\" in text else text
    )
