"""Judge a list of functions as a library that an assistant could work with."""

from __future__ import annotations

import re

from orca_agents.checks.api import Case
from orca_agents.checks.leakage import leak
from orca_agents.checks.terms import terms
from orca_agents.dialogues.calls.library import Function, FunctionList, LibraryProblem, read_functions
from orca_agents.dialogues.calls.types import Type

FEWEST, MOST = 3, 16
FEWEST_OF_LIBRARY = 6
"""Where a whole library was asked for."""
LIBRARIES = ("library_hypothesiser", "api_retrieval_agent")
NORMALISER = "schema_normaliser"
FEWEST_WORDS = 3
"""Of the description of a function."""
MOST_WITHOUT_PARAMETERS = 0.5
MOST_FIELDS = 40
"""Of all responses' nesting: what a back end has to fill in for one call."""


def why_unsound(case: Case) -> str | None:
    """Check `functions_sound`."""
    try:
        library = read_functions(case.content.text)
    except LibraryProblem as error:
        return str(error)
    fewest = FEWEST_OF_LIBRARY if case.content.transformer in LIBRARIES else FEWEST
    if not fewest <= len(library.functions) <= MOST:
        return f"there are {len(library.functions)} functions; write {fewest} to {MOST}"
    for function in library.functions:
        if problem := _why_function_unsound(function):
            return f"{function.name}: {problem}"
    if problem := _why_alike(library):
        return problem
    bare = sum(not function.parameters for function in library.functions)
    if bare > MOST_WITHOUT_PARAMETERS * len(library.functions):
        return "most functions take no parameter; an assistant needs something to fill in"
    if not any(function.required for function in library.functions):
        return "no function has a required parameter; leave the default out where a value has to be given"
    for function in library.functions:
        for text in (function.about, *(one.about for one in function.parameters)):
            if found := leak(text, case.prompts, case.seed.text):
                return f"{function.name}: its description {found}; take it out"
    return None


def why_not_of_seed(case: Case) -> str | None:
    """Check `functions_of_seed`."""
    try:
        library = read_functions(case.content.text)
    except LibraryProblem as error:
        return str(error)
    own = terms(_split(case.seed.text), "en")
    about = [
        terms(_split(f"{one.name} {one.about} {' '.join(p.name for p in one.parameters)}"), "en")
        for one in library.functions
    ]
    if case.content.transformer == NORMALISER:  # it writes down what is there, and invents nothing
        text = case.seed.text.casefold()
        for function, found in zip(library.functions, about, strict=True):
            things = (function.name.partition("_")[2] or function.name).split("_")
            if not any(len(thing) > 2 and thing[:6] in text for thing in things) and len(found & own) < 2:
                return f"{function.name} is not in the material; write down only what it describes"
    near = sum(len(found & own) >= 2 for found in about)
    needed = 1 if case.content.transformer in LIBRARIES else max(1, len(about) // 3)
    if near < needed:
        return "these functions have little to do with the material; build on what it does, with its words"
    return None


def _why_function_unsound(function: Function) -> str | None:
    if len(re.findall(r"\w+", function.about)) < FEWEST_WORDS:
        return "say in its docstring what it does, in one sentence"
    for one in function.parameters:
        if not one.about:
            return f"parameter {one.name} is not described; add a line `{one.name}: ...` to the docstring"
        if one.type.kind == "object" and not one.type.fields:
            return f"parameter {one.name} is a record without fields"
    count = _fields(function.returns)
    if count > MOST_FIELDS:
        return f"its response has {count} fields; keep it to what a caller needs"
    return None


def _why_alike(library: FunctionList) -> str | None:
    """Two functions that do the same make the choice between them a guess."""
    seen: dict[tuple[str, ...], str] = {}
    for function in library.functions:
        words = tuple(sorted(terms(function.about, "en")))
        if words and words in seen:
            return f"{seen[words]} and {function.name} are described alike; say what sets them apart"
        seen[words] = function.name
    return None


def _fields(kind: Type) -> int:
    return sum(1 + _fields(of) for _, of in kind.fields) + (_fields(kind.item) if kind.item else 0)


def _split(text: str) -> str:
    """With the parts of identifiers apart: getUserName, get_user_name."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_", " ", text)
