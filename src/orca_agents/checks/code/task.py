"""What a coding task consists of, and how its pieces are put together: for students, and for the sandbox."""

from __future__ import annotations

import ast
import random

from orca_agents.checks.code.python_code import parse, with_first
from orca_agents.fences import blocks, fenced
from orca_agents.records import Answer, Instruction

_INTERFACE = (
    "The code must define exactly these names:",
    "Use this signature:",
    "It will be called through this interface:",
    "Keep to this interface:",
    "Signature:",
    "Please define the following, with these parameters:",
)


def interface_of(instruction: Instruction) -> ast.Module:
    """What an answer must define: as the item says, or as the given code does. Raises `CodeProblem`."""
    source = instruction.parts.get("interface") or instruction.parts.get("given") or (shown_code(instruction),)
    return parse(source[0])


def shown_code(instruction: Instruction) -> str:
    """The Python program that a question shows in its first fence of the sort; empty where it shows none."""
    return next((block.code for block in blocks(instruction.question) if block.language in ("python", "py")), "")


def given_is(instruction: Instruction) -> str:
    """What the student starts from: `none`, `right`, `wrong`, `partial`, `foreign`, `module`."""
    return instruction.hidden.get("given_is", ("none",))[0]


def module_of(instruction: Instruction) -> str:
    """The name of the module that the item gives, or an empty text."""
    return instruction.parts.get("module", ("",))[0]


def solution(instruction: Instruction, code: str) -> str:
    """The module `solution` that tests import: an answer, and the module that the item gives where it gives one."""
    if given_is(instruction) != "module":
        return code
    name, given = module_of(instruction), instruction.parts["given"][0]
    return (
        "import sys as _sys, types as _types\n"
        f"_given = _sys.modules[{name!r}] = _types.ModuleType({name!r})\n"
        f"exec(compile({given!r}, {name + '.py'!r}, 'exec', dont_inherit=True), _given.__dict__)\n"
        f"exec(compile({code!r}, 'answer.py', 'exec', dont_inherit=True), globals())\n"
    )


def hidden_tests(instruction: Instruction) -> str:
    """The tests of an item, ready to run. Raises `CodeProblem`."""
    tests = instruction.proof["tests"][0]
    # a module that the item gives can be imported once `solution` is, in whatever order the tests say it
    return with_first(tests, "import solution as _solution") if given_is(instruction) == "module" else tests


def shown_interface(instruction: Instruction, language: str | None) -> str:
    """The interface as a student sees it, under one of several wordings in English."""
    code = fenced(instruction.parts["interface"][0], "python")
    if language not in (None, "en"):
        return code
    return f"{random.Random(f'interface/{instruction.id}').choice(_INTERFACE)}\n\n{code}"


def plan_and_code(answer: Answer, code: str) -> str:
    """The assistant's message: a brief plan, the code in its fence, and short notes."""
    return "\n\n".join(piece for piece in (answer.reasoning, code, *answer.value[1:]) if piece)
