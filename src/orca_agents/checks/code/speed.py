"""Measure whether a program got faster: both versions on the same growing inputs, by the processor's time."""

from __future__ import annotations

import ast
import json

from orca_agents.checks.api import Lab
from orca_agents.checks.code.python_code import CodeProblem, definitions, parse
from orca_agents.checks.code.task import interface_of
from orca_agents.records import Instruction
from orca_agents.sandbox.api import Limits

SPEEDUP = 3.0
"""How many times faster an optimised program must be. A better order of growth gives far more at the sizes measured,
and no change of style gives as much; so neither noise nor a busy machine decides."""
SLOW_S = 0.04
"""Inputs grow until the given code needs so long; then both are measured twice and the better counts."""
LIMITS = Limits(wall_s=40, cpu_s=40, memory_mb=1024)

_MEASURE = """
import copy, json, sys, time

def load(path):
    names = {"__name__": "solution"}
    exec(compile(open(path, encoding="utf-8").read(), path, "exec", dont_inherit=True), names)
    return names

def once(function, made):
    given = copy.deepcopy(made)
    given = given if isinstance(given, tuple) else (given,)
    begun = time.process_time()
    result = function(*given)
    if hasattr(result, "__next__"):
        result = list(result)
    return time.process_time() - begun, result

def alike(a, b):
    try:
        if bool(a == b):
            return True
    except ValueError:
        return repr(a) == repr(b)
    if isinstance(a, float) and isinstance(b, (int, float)):
        return abs(a - b) <= 1e-9 * max(abs(a), abs(b), 1)
    if isinstance(a, (list, tuple)) and type(a) is type(b) and len(a) == len(b):
        return all(map(alike, a, b))
    return False

out = sys.stdout
sys.stdout = sys.stderr
name, slow_s, floor = json.loads(sys.stdin.read())
slow, fast = load("given.py")[name], load("answer.py")[name]
make = load("sizes.py")["make_args"]
begun, size = time.process_time(), 8
told = {}
while True:
    made = make(size)
    took, wanted = once(slow, made)
    if took >= slow_s or size > 3_000_000 or time.process_time() - begun > 12:
        break
    size += max(1, size // (4 if took < slow_s / 20 else 8))
slowest, quick = took, []
for _ in range(2):
    seconds, result = once(fast, made)
    quick.append(seconds)
    told["same"] = alike(wanted, result)
    if not told["same"] or seconds > slowest:
        break
    if took < 4:
        slowest = min(slowest, once(slow, made)[0])
out.write("\\n@@" + json.dumps({**told, "size": size, "slow": slowest, "fast": max(min(quick), floor)}) + "\\n")
"""


async def why_slow(code: str, instruction: Instruction, lab: Lab) -> str | None:
    """Why an answer to a task of speed is not fast enough, or `None`; also where nothing of the sort is asked."""
    sizes = instruction.proof.get("sizes")
    if not sizes:
        return None
    found = await _measure(instruction.parts["given"][0], code, sizes[0], instruction, lab)
    if isinstance(found, str):
        return found
    if not found["same"]:
        return f"it gives another result than the given code on an input of size {found['size']}"
    ratio = found["slow"] / found["fast"]
    if ratio < SPEEDUP:
        return (
            f"at size {found['size']} it needs {found['fast']:.3f} s where the given code needs {found['slow']:.3f} s: "
            f"it must be at least {SPEEDUP:g} times faster"
        )
    return None


async def why_no_measure(instruction: Instruction, lab: Lab) -> str | None:
    """Why the inputs of a proof cannot show that a program got faster, or `None`."""
    sizes = instruction.proof.get("sizes", ("",))[0]
    try:
        tree = parse(sizes)
    except CodeProblem as problem:
        return f"`sizes` is no Python: {problem}"
    if not any(isinstance(node, ast.FunctionDef) and node.name == "make_args" for node in tree.body):
        return "`sizes` must define `make_args(n)`"
    given = instruction.parts["given"][0]
    found = await _measure(given, given, sizes, instruction, lab)
    if isinstance(found, str):
        return found
    if not found["same"]:
        return "the given code answers the same input differently each time; make_args must not be random"
    if found["slow"] < SLOW_S / 4:
        return (
            f"the given code needs only {found['slow']:.4f} s at size {found['size']}: make inputs that grow with n "
            "and on which it is slow"
        )
    return None


async def _measure(given: str, code: str, sizes: str, instruction: Instruction, lab: Lab) -> dict[str, float] | str:
    functions = [name for name, node in definitions(interface_of(instruction)).items()
                 if isinstance(node, ast.FunctionDef)]  # fmt: skip
    if not functions:
        return "there is no function to measure"
    ran = await lab.run_python(
        _MEASURE,
        files={"given.py": given, "answer.py": code, "sizes.py": sizes},
        stdin=json.dumps([functions[0], SLOW_S, 1e-5]),
        limits=LIMITS,
    )
    if ran.stopped:
        return f"the measurement was stopped ({ran.stopped}): `make_args(n)` or the code takes too much"
    told = [line[2:] for line in ran.stdout.splitlines() if line.startswith("@@")]
    if not told:
        last = ran.stderr.strip().splitlines()[-1:] or [f"exit code {ran.exit_code}"]
        return f"the measurement failed: {last[0][:300]}"
    found: dict[str, float] = json.loads(told[-1])
    return found
