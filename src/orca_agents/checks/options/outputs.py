"""Questions about what a program prints: the program is run, twice, and decides."""

from __future__ import annotations

import re

from orca_agents.checks.api import Case, Lab, Ran
from orca_agents.checks.lists import letters
from orca_agents.checks.options.stems import code_blocks
from orca_agents.sandbox.api import Limits

LIMITS = Limits(wall_s=10)
LONGEST_CODE = 3000


async def why_output_differs(case: Case) -> str | None:
    """Check `output_executed`."""
    assert case.instruction is not None, "this check needs an instruction"
    item = case.instruction
    blocks = code_blocks(item.question)
    if len(blocks) != 1:
        return f"the question has {len(blocks) or 'no'} blocks of code; put the one program between ```python and ```"
    if len(blocks[0]) > LONGEST_CODE:
        return f"the program has {len(blocks[0])} characters; write at most {LONGEST_CODE}"
    assert case.lab is not None, "this check needs a lab"
    shown = await _run_twice(case.lab, blocks[0])
    if shown is None:
        return "the program does not print the same each time it runs, or does not end in time"
    options = dict(zip(letters(len(item.parts["options"])), item.parts["options"], strict=True))
    reached = [letter for letter, option in options.items() if _says(option, shown)]
    told = shown.stdout.strip()[:120] or _error(shown) or "(nothing)"
    if len(reached) != 1:
        return f"the program gives {told!r}, which is {len(reached) or 'none'} of the options; one option must say it"
    if reached != list(item.key):
        return (
            f"the program gives {told!r}, which stands under {reached[0]} of the shuffled options, not under your key"
        )
    return None


async def _run_twice(lab: Lab, code: str) -> Ran | None:
    """How the program ended, if it ends the same way twice: sets and addresses come out in another order."""
    first = await lab.run_python(code, limits=LIMITS)
    second = await lab.run_python(f"{code}\n# once more\n", limits=LIMITS)
    if first.stopped or (first.stdout, _error(first)) != (second.stdout, _error(second)):
        return None
    return first


def _says(option: str, ran: Ran) -> bool:
    """Whether an option gives the output, or names the error that ended the program."""
    error = _error(ran)
    if error is not None:
        return re.search(rf"\b{re.escape(error)}\b", option) is not None
    return _plain(option) == _plain(ran.stdout)


def _plain(text: str) -> str:
    """Output without the marks that writers put around it: backticks, a line break at its end."""
    text = text.strip().replace("\\n", "\n")
    if len(text) > 1 and text[0] == text[-1] == "`":
        text = text.strip("`").strip()
    return "\n".join(line.rstrip() for line in text.splitlines())


def _error(ran: Ran) -> str | None:
    """The name of the exception that ended a program, or `None`."""
    if ran.exit_code == 0:
        return None
    last = next((line for line in reversed(ran.stderr.splitlines()) if line.strip()), "")
    match = re.match(r"(?:[\w.]+\.)?(\w+)", last)
    return match[1] if match else "error"
