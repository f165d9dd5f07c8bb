"""Judge answers in prose about code: what they name exists, what they document is unchanged, what they patch fits."""

from __future__ import annotations

import builtins
import importlib
import keyword
import re
import sys
from functools import cache

from orca_agents.checks.api import Case
from orca_agents.checks.code.patches import PatchProblem, apply_patch
from orca_agents.checks.code.python_code import CodeProblem, parse, same_program, undocumented
from orca_agents.checks.code.task import shown_code
from orca_agents.fences import blocks, unfenced
from orca_agents.records import Draft

_MODULES = (
    "abc", "argparse", "bisect", "collections", "collections.abc", "contextlib", "copy", "csv", "dataclasses",
    "datetime", "decimal", "enum", "fractions", "functools", "heapq", "io", "itertools", "json", "logging", "math",
    "operator", "os", "os.path", "pathlib", "queue", "random", "re", "shutil", "statistics", "string", "subprocess",
    "sys", "tempfile", "threading", "time", "typing", "unittest",
)  # fmt: skip
"""Modules whose names people use without their module: `defaultdict`, `lru_cache`, `most_common`."""
_METHODS = frozenset(
    name for kind in (str, bytes, list, dict, set, tuple, int, float, object, BaseException) for name in dir(kind)
)
_KNOWN = (
    frozenset(dir(builtins)) | frozenset(keyword.kwlist) | frozenset(keyword.softkwlist) | _METHODS
    | frozenset(sys.stdlib_module_names) | frozenset(("self", "cls", "args", "kwargs", "O", "np", "numpy", "pytest"))
)  # fmt: skip


def why_names_invented(case: Case) -> str | None:
    """Check `names_exist`: each identifier that the answer puts in backticks stands in the code, or is Python's own."""
    draft = _draft(case)
    if draft.instruction.form != "text" or not blocks(draft.instruction.question):
        return None
    name = invented_name("\n".join(draft.answer.value), draft.instruction.question)
    return f"`{name}` does not stand in the code, nor is it Python's own; name only what is there" if name else None


def why_points_invented(case: Case) -> str | None:
    """Check `points_name_code`: so does each identifier in the points that graders look for."""
    item = case.instruction
    assert item is not None, "this check needs an instruction"
    if item.form != "text" or not blocks(item.question):
        return None
    for point in item.hidden.get("rubric", ()):
        if name := invented_name(point, item.question):
            return f"the point {point!r} speaks of `{name}`, which does not stand in the code"
    return None


def invented_name(text: str, question: str) -> str | None:
    """An identifier in backticks that neither the question nor code in the text has, and that is not Python's own."""
    shown = blocks(question)
    is_python = any(block.language in ("python", "py") for block in shown)
    library = _library()
    code = "\n".join((question, *(block.code for block in blocks(text))))
    known = _KNOWN | set(re.findall(r"\w+", code))
    for quoted in re.findall(r"(?<!`)`([^`\n]+)`(?!`)", unfenced(text)):
        # only what can be nothing but a name: `count`, `Parser.next_token()`, not `a < b` or `n log n`
        name = re.fullmatch(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(?:\(\))?", quoted.strip())
        if name is None or len(name[1]) == 1 or _is_of_library(name[1], is_python):
            continue  # one letter is a quantity, as in "`n` comparisons"
        if any(part not in known and part not in library for part in name[1].split(".")):
            return str(quoted)
    return None


def why_code_changed(case: Case) -> str | None:
    """Check `documented_code_same`: the answer shows the same program, with docstrings on what is public."""
    draft = _draft(case)
    shown = shown_code(draft.instruction)
    written = [block.code for block in blocks(draft.answer.value[0]) if block.language in ("python", "py", "")]
    if not shown:
        return None
    if not written:
        return "the answer does not show the documented code; give all of it in one fence"
    longest = max(written, key=len)
    try:
        before, after = parse(shown), parse(longest)
    except CodeProblem as problem:
        return f"the documented code cannot be read: {problem}"
    if not same_program(before, after):
        return "the code itself was changed; add docstrings and comments, and leave every statement as it is"
    if missing := undocumented(after):
        return f"`{missing[0]}` still has no docstring"
    return None


def why_patch_unfit(case: Case) -> str | None:
    """Check `patch_applies`: each diff of a review fits the code, changes it, and what comes out is Python."""
    if not shown_code(_draft(case).instruction):
        return None
    try:
        _patched(_draft(case))
    except PatchProblem as problem:
        return str(problem)
    return None


async def why_not_mended(case: Case) -> str | None:
    """Check `patches_mend`: with all patches of a review the code passes the hidden tests, which it failed before."""
    draft = _draft(case)
    if draft.instruction.form != "text" or "tests" not in draft.instruction.proof:
        return None
    assert case.lab is not None, "this check needs a lab"
    try:
        code = _patched(draft)
    except PatchProblem as problem:
        return str(problem)
    report = await case.lab.run_tests(code, draft.instruction.proof["tests"][0])
    if report.all_passed:
        return None
    return (
        "with all your patches the code still does not do what it promises: a fault is left, or a patch brings a new "
        "one; go through it again, case by case"
    )


def _patched(draft: Draft) -> str:
    """The code of the task with every patch of the review. Raises `PatchProblem`."""
    code = shown_code(draft.instruction)
    diffs = [block.code for block in blocks(draft.answer.value[0]) if block.language in ("diff", "patch")]
    if not diffs:
        raise PatchProblem("the review has no patch; give each change as a diff, in a fence that begins with ```diff")
    for number, diff in enumerate(diffs, 1):
        try:
            patched = apply_patch(code, diff)
            parse(patched)
        except PatchProblem as problem:
            raise PatchProblem(
                f"patch {number} does not apply: {problem}; copy the old lines exactly, each behind - or a space"
            ) from None
        except CodeProblem as problem:
            raise PatchProblem(f"with patch {number} the code is no Python any more: {problem}") from None
        if patched == code:
            raise PatchProblem(f"patch {number} changes nothing")
        code = patched
    return code


@cache
def _library() -> frozenset[str]:
    """The names of much used modules and of what their classes have."""
    found: set[str] = set()
    for module in map(importlib.import_module, _MODULES):
        found.update(dir(module))
        found.update(part for one in vars(module).values() if isinstance(one, type) for part in dir(one))
    return frozenset(found)


def _is_of_library(name: str, is_python: bool) -> bool:
    """Whether a name may well be one of a library, of whose names we have no list."""
    first = name.split(".")[0]
    if first in sys.stdlib_module_names or first in ("np", "numpy") or name.endswith(("Error", "Exception")):
        return True
    return not is_python and "_" not in name and ("." in name or name.islower() or name.isupper())


def _draft(case: Case) -> Draft:
    assert case.draft is not None, "this check needs a draft"
    return case.draft
