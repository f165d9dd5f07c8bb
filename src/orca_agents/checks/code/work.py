"""Judge a program as an answer by its text: it is whole, keeps to its task, and touches what it should."""

from __future__ import annotations

import ast
import difflib
import json
import re

from orca_agents.checks.api import Case
from orca_agents.checks.code import rules
from orca_agents.checks.code.python_code import CodeProblem, Definition, definitions, parse, why_lacking
from orca_agents.checks.code.task import given_is, interface_of, solution
from orca_agents.checks.code.tasks import changed_lines
from orca_agents.checks.leakage import control_token, leak, preamble
from orca_agents.checks.repetition import repetition
from orca_agents.fences import prose, unfenced
from orca_agents.language import language_name, other_language
from orca_agents.records import Draft, Instruction

KEPT = {"wrong": 0.6, "partial": 0.85}
"""Which share of the given lines must stand in the answer: a fault is mended and a gap filled, nothing is rewritten."""
MOST_EXAMPLES = 12


def why_no_program(case: Case) -> str | None:
    """Check `answer_is_code`: it can be read, defines what is asked for, is finished, and keeps to the task's rules."""
    draft = _draft(case)
    item = draft.instruction
    if item.form != "code":
        return None
    code = draft.answer.value[0]
    try:
        tree = parse(code)
    except CodeProblem as problem:
        return f"the answer is no Python: {problem}"
    if reason := why_lacking(tree, interface_of(item)):
        return f"the answer cannot be used as asked: {reason}"
    if name := _unfinished(tree, item):
        return f"`{name}` is not written: its body is empty"
    given = item.parts.get("given", ("",))[0] if given_is(item) in ("right", "wrong") else ""
    if (match := _UNDONE.search(code)) and match[0] not in given:
        return f"the answer is not finished ({match[0].strip()!r})"
    if reason := rules.why_broken(code, item.hidden.get("rules", ())):
        return f"the answer breaks a rule of the task: {reason}"
    return None


def why_work_lost(case: Case) -> str | None:
    """Check `work_kept`: what was not to be changed stands there still, and what was to be changed is."""
    draft = _draft(case)
    item = draft.instruction
    kind = given_is(item) if item.form == "code" else "none"
    if kind not in ("right", "wrong", "partial"):
        return None
    given, code = item.parts["given"][0], draft.answer.value[0]
    if kind == "right":
        if ast.dump(parse(given)) == ast.dump(parse(code)):
            return "the answer is the given code again; change it as the task asks"
        return None
    share = _kept(given, code, skip_gaps=kind == "partial")
    if share < KEPT[kind]:
        return f"only {share:.0%} of the given lines stand in the answer; leave alone what the task does not ask about"
    if kind == "wrong" and not _touches(given, item.key[0], code):
        return "the change is in another place than the fault"
    return None


async def why_examples_fail(case: Case) -> str | None:
    """Check `shown_examples_hold`: the calls with results that the task shows come out so with the answer."""
    draft = _draft(case)
    item = draft.instruction
    if item.form != "code":
        return None
    examples = shown_examples(item)
    if not examples:
        return None
    assert case.lab is not None, "this check needs a lab"
    ran = await case.lab.run_python(
        _EXAMPLES, files={"solution.py": solution(item, draft.answer.value[0])}, stdin=json.dumps(examples)
    )
    told = [line[2:] for line in ran.stdout.splitlines() if line.startswith("@@")]
    if not told:
        last = ran.stderr.strip().splitlines()[-1:] or [ran.stopped or f"exit code {ran.exit_code}"]
        return f"the examples of the task cannot be run with it: {last[0][:300]}"
    wrong: list[list[str]] = json.loads(told[-1])
    if wrong:
        call, wanted, got = wrong[0]
        return f"the task shows that `{call}` gives {wanted}, and with this answer it gives {got}"
    return None


def why_reply_unclean(case: Case) -> str | None:
    """Check `reply_clean`: plan and notes speak to the reader, and of nothing behind the scenes."""
    draft = _draft(case)
    worded = draft.answer.value if draft.instruction.form == "text" else draft.answer.value[1:]
    allowed = f"{draft.instruction.question} {draft.instruction.content.text} placeholder"
    for text in (draft.answer.reasoning, *worded):
        outside = prose(text)
        if token := control_token(outside):
            return f"it holds {token!r}, a control token of a chat"
        if first := preamble(text):
            return f"it begins with talk about the answer ({first[:60]!r}); write the answer alone"
        if found := leak(outside, case.prompts, allowed) or repetition(unfenced(text)):
            return f"the answer {found}"
        match = _BACKSTAGE.search(outside)
        if match and match[0].casefold() not in allowed.casefold():
            return f"{match[0]!r} speaks of the making of the answer; speak of the task and the code only"
    return None


def why_other_language(case: Case) -> str | None:
    """Check `reply_language`: plan, notes and explanations are in the language asked for."""
    draft = _draft(case)
    worded = draft.answer.value if draft.instruction.form == "text" else draft.answer.value[1:]
    found = other_language(prose("\n\n".join((draft.answer.reasoning, *worded))), case.language)
    if found is None:
        return None
    return f"this is in {language_name(found)}; answer in {language_name(case.language or '')}"


def shown_examples(item: Instruction) -> list[tuple[str, str]]:
    """The one-line calls of a task with the results that it shows for them, as in an interactive session."""
    found = []
    for text in [item.question, *(item.parts.get("interface", ()))]:
        lines = text.splitlines()
        for at, line in enumerate(lines[:-1]):
            call = re.match(r"\s*>>>\s?(.+)", line)
            wanted = lines[at + 1].strip()
            more = lines[at + 2].strip() if at + 2 < len(lines) else ""
            is_one_line = not more or more.startswith((">>>", "```", '"""', "~~~"))
            if call and wanted and is_one_line and not wanted.startswith((">>>", "...", "```", "Traceback")):
                found.append((call[1].strip(), wanted))
    return [(call, wanted) for call, wanted in found if _is_value(wanted) and _is_expression(call)][:MOST_EXAMPLES]


_EXAMPLES = """
import ast, io, json, sys
import solution
names = dict(vars(solution))
sys.stdout, out = sys.stderr, sys.stdout
wrong = []
for call, wanted in json.loads(sys.stdin.read()):
    printed = sys.stdout = io.StringIO()
    try:
        got = eval(call, names)
    except NameError:
        continue
    except Exception as error:  # a call of the task: whatever it raises is told
        wrong.append([call, wanted, type(error).__name__])
        continue
    finally:
        sys.stdout = sys.stderr
    if got is None and printed.getvalue():
        if printed.getvalue().strip() != wanted:
            wrong.append([call, wanted, printed.getvalue().strip()[:200]])
        continue
    shown = ast.literal_eval(wanted)
    both = isinstance(got, float) and isinstance(shown, (int, float))
    is_close = both and abs(got - shown) <= 1e-9 * max(1, abs(got))
    if repr(got) != wanted and not is_close and got != shown:
        wrong.append([call, wanted, repr(got)[:200]])
out.write("\\n@@" + json.dumps(wrong) + "\\n")
"""


def _draft(case: Case) -> Draft:
    assert case.draft is not None, "this check needs a draft"
    return case.draft


def _unfinished(tree: ast.Module, item: Instruction) -> str | None:
    """A function that the task asks for and that does nothing."""
    wanted = definitions(interface_of(item))
    for name, node in definitions(tree).items():
        if name in wanted and not isinstance(node, ast.ClassDef) and _does_nothing(node):
            return name
    return None


def _does_nothing(node: Definition) -> bool:
    body = [part for part in node.body if not (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))]
    is_refusal = len(body) == 1 and isinstance(body[0], ast.Raise) and "NotImplemented" in ast.dump(body[0])
    return all(isinstance(part, ast.Pass) for part in body) or is_refusal


def _kept(given: str, code: str, *, skip_gaps: bool) -> float:
    """The share of the given lines that stand in the answer, in their order."""
    before = [line.strip() for line in given.splitlines()]
    if skip_gaps:
        before = [line for at, line in enumerate(before) if not _is_gap(before, at)]
    before = [line for line in before if line and not line.startswith("#")]
    after = [line.strip() for line in code.splitlines() if line.strip()]
    same = sum(
        block.size for block in difflib.SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    )
    return same / len(before) if before else 1.0


def _is_gap(lines: list[str], at: int) -> bool:
    return "TODO" in lines[at] or lines[at] in ("...", "pass", "raise NotImplementedError")


def _touches(given: str, right: str, code: str) -> bool:
    """Whether the answer changes the given code where the right version does, or in the same function."""
    fault, change = changed_lines(right, given), changed_lines(code, given)
    if fault & {line + shift for line in change for shift in (-1, 0, 1)}:
        return True
    places = [
        range(node.lineno - 1, node.end_lineno or node.lineno)
        for node in ast.walk(parse(given))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return any(fault & set(place) and change & set(place) for place in places)


def _is_value(text: str) -> bool:
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return False
    return True


def _is_expression(text: str) -> bool:
    try:
        tree = parse(text)
    except CodeProblem:
        return False
    return len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr)


_UNDONE = re.compile(
    r"#\s*TODO\b.*"
    r"|^[ \t]*#\s*(?:your code here|implement (?:this|me|here)|(?:the )?rest of (?:the )?code"
    r"|\.\.\. ?(?:existing|rest|same)).*"
    r"|^[ \t]*#[ \t.]*(?:same as (?:before|above)|unchanged)[ \t.]*$",
    re.IGNORECASE | re.MULTILINE,
)
_BACKSTAGE = re.compile(
    r"\bhidden tests?\b|\bthe (?:system prompt|system message|output format|graders?|solvers?|responders?)\b"
    r"|\bas (?:instructed|requested)\b|\bI (?:was|am|have been) (?:asked|told|instructed) to\b"
    r"|\bthe user (?:asks|asked|wants)\b"
    r"|\bmy task is to\b|\bI hope this helps\b|\blet me know if\b|(?:^|[.!?]\s)Wait,",
    re.IGNORECASE,
)
