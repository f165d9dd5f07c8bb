"""Run the programs that tasks show, and hold what is said of them to what they do."""

from __future__ import annotations

import ast
import asyncio
import re

from orca_agents.checks.api import Case, Lab, Ran
from orca_agents.checks.code.python_code import CodeProblem, parse
from orca_agents.checks.code.task import shown_code
from orca_agents.fences import blocks
from orca_agents.sandbox.api import Limits

OUTPUT_CHARS = 180
LIMITS = Limits(wall_s=10, cpu_s=8, memory_mb=256)


async def why_not_printed(case: Case) -> str | None:
    """Check `trace_runs`: the program that the task shows prints the key, whenever it is run."""
    item = case.instruction
    assert item is not None, "this check needs an instruction"
    if not _is("trace", case):
        return None
    assert case.lab is not None, "this check needs a lab"
    code = shown_code(item)
    if not code:
        return "the task shows no program in a fence that begins with ```python"
    printed, again = await asyncio.gather(_printed(code, case.lab), _printed(code, case.lab, again=True))
    if isinstance(printed, Ran):
        last = printed.stderr.strip().splitlines()[-1:] or [printed.stopped or f"exit code {printed.exit_code}"]
        return f"the program does not run to its end: {last[0][:300]}"
    if printed != again:
        return "the program prints something else each time it is run: sets, hashes, time or chance decide; avoid them"
    if not printed or "\n" in printed or len(printed) > OUTPUT_CHARS:
        return f"the program must print one line of at most {OUTPUT_CHARS} characters, not {printed[:300]!r}"
    if printed != item.key[0].strip():
        return f"the program prints {printed!r}, not {item.key[0]!r}; put that into the answer"
    if printed in _literals(code):
        return "the program only prints what is written in it; let it work the result out"
    return None


def why_not_exact(case: Case) -> str | None:
    """Check `trace_answer_exact`: the answer is what the program prints, sign by sign."""
    draft = case.draft
    assert draft is not None, "this check needs a draft"
    if not _is("trace", case):
        return None
    said, printed = draft.answer.value[0].strip(), draft.instruction.key[0].strip()
    if said == printed:
        return None
    return (
        f"{said!r} is not exactly what the program prints; run through it once more, and write the output alone, with "
        "its own quotes, brackets and spaces"
    )


async def why_no_such_error(case: Case) -> str | None:
    """Check `error_is_real`: the code that the task shows fails with the very error that it shows."""
    item = case.instruction
    assert item is not None, "this check needs an instruction"
    if not _is("error", case):
        return None
    assert case.lab is not None, "this check needs a lab"
    code = shown_code(item)
    others = [block for block in blocks(item.question) if block.code != code]
    if not code or not others:
        return "show the program in a fence that begins with ```python, and its error message in a fence below"
    ran = await case.lab.run_python(_NAMED, files={"main.py": code}, limits=LIMITS)
    if ran.exit_code == 0:
        return "the program runs to its end without an error"
    lines = [line for line in ran.stderr.strip().splitlines() if re.match(r"[\w.]+(?:Error|Exception|Warning|Interrupt"
             r"|Iteration|Exit)?(?::|$)", line)]  # fmt: skip
    last = lines[-1] if lines else (ran.stopped or f"exit code {ran.exit_code}")
    if _plain(last) not in _plain("\n".join(block.code for block in others)):
        return f"run as shown, the program ends with {last[:300]!r}; show that message, letter by letter"
    return None


_NAMED = "import runpy; runpy.run_path('main.py', run_name='__main__')"


def _is(kind: str, case: Case) -> bool:
    return case.leaf is not None and case.leaf.settings.get("runs") == kind


async def _printed(code: str, lab: Lab, *, again: bool = False) -> str | Ran:
    # a second run is another run for the record only if something about it differs
    ran = await lab.run_python(code, stdin="\n" if again else "", limits=LIMITS)
    return ran.stdout.strip() if ran.ok else ran


def _literals(code: str) -> set[str]:
    try:
        tree = parse(code)
    except CodeProblem:
        return set()
    printed = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "print"]
    return {str(part.value) for call in printed for part in call.args if isinstance(part, ast.Constant)}


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text)
