"""Split program code into its functions, with signatures, comments and lines."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import warnings
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import PurePath
from typing import Any

from orca_agents.errors import SeedError
from orca_agents.records import Record

LANGUAGES = {
    ".py": "python", ".pyi": "python", ".js": "javascript", ".mjs": "javascript", ".cjs": "javascript",
    ".jsx": "javascript", ".ts": "typescript", ".tsx": "tsx", ".java": "java", ".go": "go", ".rs": "rust", ".c": "c",
    ".h": "cpp", ".cc": "cpp", ".cpp": "cpp", ".cxx": "cpp", ".hpp": "cpp", ".hh": "cpp",
}  # fmt: skip
"""The languages that can be split, by suffix. A header is read as C++, of which C's are nearly all a part."""
LONGEST_CODE = 2_000_000
"""Most characters of a file that is split; longer ones are data or made by programs."""


class Parameter(Record):
    """One parameter of a function."""

    name: str
    type: str = ""
    """As it is written; empty where the code does not say."""


class Function(Record):
    """A function of a program, or an operation of an API."""

    name: str
    qualified_name: str
    """With the classes that it is in, e.g. `Queue.put`."""
    signature: str
    """Everything before its body, on one line."""
    parameters: tuple[Parameter, ...] = ()
    doc: str = ""
    """Its docstring, or the comment above it."""
    text: str
    """The whole of it, as it stands in the source."""
    language: str
    source: str
    """The path that it comes from."""
    lines: tuple[int, int] | None = None
    """First and last line, from 1."""


def split_functions(text: str, source: str, language: str | None = None) -> list[Function]:
    """The functions and methods of a program, in order; those inside of functions are a part of these.

    The language is told by the suffix of `source` unless given. Raises SeedError with the reason where the text cannot
    be split: another language, a syntax error, a grammar that is not installed. A broken part leaves the rest usable,
    but in Python.
    """
    language = language or LANGUAGES.get(PurePath(source).suffix.lower())
    if language is None:
        raise SeedError("its language cannot be split into functions")
    if len(text) > LONGEST_CODE:
        raise SeedError(f"more than {LONGEST_CODE:,} characters of code in one file")
    text = text.removeprefix("\ufeff")
    if language == "python":
        return list(_split_python(text, source))
    return list(_split_with_grammar(text, source, language))


def _split_python(text: str, source: str) -> Iterator[Function]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the code that is read: "\d" in a string, `is 1`
            tree = ast.parse(text)
    except SyntaxError as error:
        where = f", line {error.lineno}" if error.lineno else ""
        raise SeedError(f"not Python 3{where}: {error.msg}") from None
    except (ValueError, MemoryError, RecursionError) as error:
        raise SeedError(f"Python cannot read it: {str(error) or 'nested too deeply'}") from None
    lines = re.split(r"\r\n|\r|\n", text)
    waiting: list[tuple[ast.AST, str]] = [(tree, "")]
    while waiting:
        node, scope = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield _python_function(node, scope, source, lines)
            continue
        inner = f"{scope}{node.name}." if isinstance(node, ast.ClassDef) else scope
        if isinstance(node, ast.Module | ast.ClassDef | ast.If | ast.Try | ast.With | ast.ExceptHandler):
            waiting += [(child, inner) for child in reversed(list(ast.iter_child_nodes(node)))]


def _python_function(
    node: ast.FunctionDef | ast.AsyncFunctionDef, scope: str, source: str, lines: list[str]
) -> Function:
    given = node.args
    arguments = [*given.posonlyargs, *given.args, *filter(None, [given.vararg]), *given.kwonlyargs]
    arguments += filter(None, [given.kwarg])
    word = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    returns = f" -> {_unparsed(node.returns)}" if node.returns else ""
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    last = node.end_lineno or node.lineno
    return Function(
        name=node.name,
        qualified_name=scope + node.name,
        signature=f"{word} {node.name}({_unparsed(given)}){returns}",
        parameters=tuple(
            Parameter(name=each.arg, type=_unparsed(each.annotation) if each.annotation else "")
            for each in arguments
            if each.arg not in ("self", "cls")
        ),
        doc=ast.get_docstring(node) or "",
        text="\n".join(lines[first - 1 : last]),
        language="python",
        source=source,
        lines=(first, last),
    )


def _unparsed(node: ast.AST) -> str:
    try:
        return ast.unparse(node)
    except RecursionError:
        return "..."


_FUNCTIONS = {
    "javascript": {"function_declaration", "generator_function_declaration", "method_definition"},
    "java": {"method_declaration", "constructor_declaration"},
    "go": {"function_declaration", "method_declaration"},
    "rust": {"function_item"},
    "c": {"function_definition"},
}
_FUNCTIONS["typescript"] = _FUNCTIONS["tsx"] = _FUNCTIONS["javascript"]
_FUNCTIONS["cpp"] = _FUNCTIONS["c"]
_VALUES = {"arrow_function", "function_expression", "function", "generator_function"}
"""What a name may be given in JavaScript to be a function."""
_SCOPES = {
    "class_declaration", "abstract_class_declaration", "class", "interface_declaration", "enum_declaration",
    "record_declaration", "impl_item", "trait_item", "mod_item", "class_specifier", "struct_specifier",
    "namespace_definition", "internal_module",
}  # fmt: skip
_GRAMMARS = {
    "javascript": ("tree_sitter_javascript", "language"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
}


@lru_cache
def _grammar(language: str) -> Any:
    """The tree-sitter grammar of a language; raises SeedError that says what to install."""
    module, function = _GRAMMARS.get(language, (f"tree_sitter_{language}", "language"))
    try:
        tree_sitter = importlib.import_module("tree_sitter")
        load: Callable[[], object] = getattr(importlib.import_module(module), function)
    except ImportError:
        raise SeedError(
            f"splitting {language} into functions needs its grammar: `pip install 'orca-agents[ingest]'`"
        ) from None
    return tree_sitter.Language(load())


def _split_with_grammar(text: str, source: str, language: str) -> Iterator[Function]:
    grammar = _grammar(language)
    parser = importlib.import_module("tree_sitter").Parser(grammar)
    if language == "cpp":  # macros like NAME_BEGIN alone on a line hide what follows from the grammar
        text = re.sub(r"^[A-Z][A-Z0-9_]+[ \t]*$", lambda line: " " * len(line[0]), text, flags=re.MULTILINE)
    data = text.encode("utf-8", "replace")
    root = parser.parse(data).root_node
    found = False
    waiting: list[tuple[Any, str]] = [(root, "")]
    while waiting:
        node, scope = waiting.pop()
        function = _function_in(node, language)
        if function is not None and not function.has_error:
            found = True
            yield _described(node, function, scope, source, language, data)
            continue
        # What is taken for a function and has errors may hold sound ones: it began with what the grammar does not know.
        inner = scope
        if node.type in _SCOPES:
            name = node.child_by_field_name("type" if node.type == "impl_item" else "name")
            inner = f"{scope}{_text(name)}." if name is not None else scope
        waiting += [(child, inner) for child in reversed(node.named_children)]
    if root.has_error and not found:
        raise SeedError(f"no function in it is well-formed {language}")


def _function_in(node: Any, language: str) -> Any:
    """The function that a node is, or gives a name to; else `None`."""
    if node.type in _FUNCTIONS[language]:
        return node
    if language in ("javascript", "typescript", "tsx"):
        if node.type in ("variable_declarator", "field_definition", "public_field_definition", "pair"):
            value = node.child_by_field_name("value")
            return value if value is not None and value.type in _VALUES else None
        if node.type in _VALUES and node.parent is not None and node.parent.type == "export_statement":
            return node
    return None


def _described(node: Any, function: Any, scope: str, source: str, language: str, data: bytes) -> Function:
    declaration = node
    while declaration.parent is not None and declaration.parent.type in _WRAPPERS:
        declaration = declaration.parent
    body = function.child_by_field_name("body")
    end = body.start_byte if body is not None else function.end_byte
    signature = " ".join(data[declaration.start_byte : end].decode("utf-8", "replace").split())
    name = _name(node) or _name(function) or PurePath(source).stem
    receiver = function.child_by_field_name("receiver")
    if receiver is not None and (kind := re.search(r"(\w+)(?:\[[^\]]*\])?\s*\)\s*$", _text(receiver))):
        scope = f"{kind[1]}."
    return Function(
        name=re.split(r"::|\.", name)[-1],
        qualified_name=scope + name,
        signature=signature.rstrip("{=> ").strip()[:500],
        parameters=tuple(_parameters(function)),
        doc=_comment_above(declaration),
        text=data[declaration.start_byte : declaration.end_byte].decode("utf-8", "replace"),
        language="typescript" if language == "tsx" else language,
        source=source,
        lines=(declaration.start_point[0] + 1, declaration.end_point[0] + 1),
    )


_WRAPPERS = ("export_statement", "lexical_declaration", "variable_declaration", "template_declaration")


def _name(node: Any) -> str:
    for field in ("name", "property", "key", "declarator"):
        named = node.child_by_field_name(field)
        if named is None:
            continue
        while named.type not in _NAMES and (inner := named.child_by_field_name("declarator")) is not None:
            named = inner
        if named.type == "reference_declarator" and named.named_children:
            return _name(named.named_children[-1].parent) or _name_inside(named)
        return _text(named).strip()
    return ""


def _name_inside(node: Any) -> str:
    """The name in a declarator of C++ that gives a reference, which has no field for what it declares."""
    for _ in range(5):
        if node.type in _NAMES:
            return _text(node)
        inner = node.child_by_field_name("declarator")
        node = inner if inner is not None else node.named_children[-1] if node.named_children else node
    return ""


_NAMES = {"identifier", "field_identifier", "qualified_identifier", "destructor_name", "operator_name"}


def _parameters(function: Any) -> Iterator[Parameter]:
    listed = function.child_by_field_name("parameters")
    declarator = function.child_by_field_name("declarator")
    while listed is None and declarator is not None:
        listed = declarator.child_by_field_name("parameters")
        inner = declarator.child_by_field_name("declarator")
        declarator = inner if inner is not None else next(iter(declarator.named_children), None)
    if listed is None and (single := function.child_by_field_name("parameter")) is not None:
        yield Parameter(name=_text(single))
        return
    for node in listed.named_children if listed is not None else ():
        if "comment" in node.type or node.type == "self_parameter":
            continue
        kind = node.child_by_field_name("type")
        named = next(filter(None, map(node.child_by_field_name, ("name", "pattern", "left", "declarator"))), None)
        name = _text(named) if named is not None else _text(node)
        yield Parameter(name=" ".join(name.split())[:200], type=" ".join(_text(kind).lstrip(":").split())[:200])


def _comment_above(node: Any) -> str:
    """The comment that ends on the line above a declaration; attributes may stand between them."""
    comments: list[str] = []
    line = node.start_point[0]
    before = node.prev_named_sibling
    while before is not None and line - before.end_point[0] <= 1 and len(comments) < _MOST_COMMENTS:
        if "comment" in before.type:
            comments.append(_text(before))
        elif before.type not in ("attribute_item", "decorator"):
            break
        line, before = before.start_point[0], before.prev_named_sibling
    return inspect.cleandoc("\n".join(_uncommented(comment) for comment in reversed(comments)))


_MOST_COMMENTS = 500
"""Above one function: what is longer is text that was put out of use, and each takes longer to reach than the one below
it."""


def _uncommented(comment: str) -> str:
    text = re.sub(r"^\s*/\*+!?|\*+/\s*$", "", comment)
    return "\n".join(re.sub(r"^\s*(?:///?!?|\*+)\s?", "", line).rstrip() for line in text.splitlines())


def _text(node: Any) -> str:
    return node.text.decode("utf-8", "replace") if node is not None and node.text is not None else ""
