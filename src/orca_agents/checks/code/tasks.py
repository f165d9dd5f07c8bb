"""Judge a coding task as a task: clear, whole without the material it was made of, and free of what leaked into it."""

from __future__ import annotations

import difflib
import re

from orca_agents.checks.api import Case
from orca_agents.checks.code.hidden_tests import attempts
from orca_agents.checks.code.python_code import parse, same_program, why_no_python
from orca_agents.checks.code.task import given_is
from orca_agents.checks.leakage import control_token, leak, preamble
from orca_agents.checks.repetition import repetition
from orca_agents.fences import blocks, is_closed, prose, unfenced
from orca_agents.language import count_words, language_name, other_language
from orca_agents.records import Instruction

FEWEST_WORDS, MOST_WORDS = 3, 450
MOST_FAULTY_LINES = 8
"""So many lines of the given code may differ from the right version: a fault, not another program."""
FREE = " placeholder "
"""Words that mean something in code, and elsewhere that a blank was not filled."""


def why_unclear(case: Case) -> str | None:
    """Check `task_clear`: a task of a fair length that tells somebody to do something, whole to its end."""
    question = _item(case).question
    count = count_words(unfenced(question))
    if not FEWEST_WORDS <= count <= MOST_WORDS:
        return f"the task has {count} words beside its code; write {FEWEST_WORDS} to {MOST_WORDS}"
    if not is_closed(question):
        return "a code fence is opened and never closed"
    if found := repetition(unfenced(question)):
        return f"the task {found}"
    if re.search(r"(?:[,;(\uff0c\u3001]|\b(?:and|or|the|a|an|of|to))$", question.rstrip()):
        return f"the task breaks off ({question.rstrip()[-30:]!r})"
    if case.language in (None, "en") and not _ASKS.search(prose(question)):
        return "this tells nobody to do anything; say what is wanted"
    return None


def why_other_language(case: Case) -> str | None:
    """Check `task_language`: the prose of the task is in the language asked for."""
    found = other_language(prose(_item(case).question), case.language)
    if found is None:
        return None
    return f"this is in {language_name(found)}; write it in {language_name(case.language or '')}"


def why_leaking(case: Case) -> str | None:
    """Check `task_clean`: no words of the prompts, no refusal, no control tokens."""
    question = _item(case).question
    if token := control_token(prose(question)):
        return f"the task holds {token!r}, a control token of a chat"
    if first := preamble(question) or _announced(question):
        return f"the task begins with talk about it ({first[:60]!r}); write the task alone"
    found = leak(prose(question), case.prompts, case.content.text + FREE)
    return f"the task {found}; take it out" if found else None


def why_not_alone(case: Case) -> str | None:
    """Check `task_stands_alone`: it points to nothing that the student does not see."""
    item = _item(case)
    text = prose(item.question)
    if match := _MATERIAL.search(text):
        return f"{match[0]!r} points to what the student does not see; say in the task all that it needs"
    has_code = bool(blocks(item.question)) or any(item.parts.get(name) for name in ("given", "schema"))
    # an interface is shown too, and can be implemented; mended or explained it cannot be
    is_enough = has_code or (bool(item.parts.get("interface")) and not _WORKS_ON.search(text))
    if not is_enough and (match := _POINTS_TO_CODE.search(text)):
        return f"{match[0]!r} points to code that is not there; put it into the task"
    return None


def why_no_code(case: Case) -> str | None:
    """Check `shows_code`: a task about code shows that code in a fenced block, and Python in it can be read."""
    wanted = str(case.leaf.settings.get("shows", "")) if case.leaf is not None else ""
    if not wanted:
        return None
    found = blocks(_item(case).question)
    if not found or not any(block.code.strip() for block in found):
        return "the task shows no code; put it into the question, in a fence with its language"
    if wanted == "faulty":
        return None
    programs = [block for block in found if not _is_session(block.code)] or list(found)
    main = next((block for block in programs if block.language in ("python", "py")), programs[0])
    if wanted == "python" and main.language not in ("python", "py"):
        return "the code must be Python, in a fence that begins with ```python"
    if main.language in ("python", "py") and (reason := why_no_python(main.code)):
        return f"the Python code cannot be read: {reason}"
    return None


def why_no_small_bug(case: Case) -> str | None:
    """Check `bug_is_small`: the given code is the right one with a few lines changed, and nothing in it tells where."""
    item = _item(case)
    if item.form != "code" or given_is(item) != "wrong":
        return None
    given, right = item.parts["given"][0], item.key[0]
    changed = changed_lines(right, given)
    if same_program(parse(given), parse(right)):
        return "the given code and the right one are the same; plant the fault in the given code"
    if len(changed) > MOST_FAULTY_LINES:
        return f"{len(changed)} lines differ between the given code and the right one; plant one small fault"
    own = set(given.splitlines()) - set(right.splitlines())
    if match := next((found for line in given.splitlines() if line in own and (found := _BETRAYS.search(line))), None):
        return f"the given code tells of its fault ({match[0].strip()!r}); take that out"
    return None


def why_not_refined(case: Case) -> str | None:
    """Check `task_refined`: the edited item does what its goal asks for, as far as a program can see."""
    item, parent, goal = case.instruction, case.parent, case.goal
    if item is None or parent is None or goal is None:
        return None
    if (item.question, item.parts) == (parent.question, parent.parts):
        return "the task is the same as before; carry the proposal out"
    rules = set(item.hidden.get("rules", ())) - set(parent.hidden.get("rules", ()))
    text = item.question
    if goal.name == "forbidden_library" and item.form == "code":
        if not any(line.startswith("forbids") for line in rules):
            return "`rules` must hold what is now forbidden, as `forbids: NAME`"
    elif goal.name == "bounded_cost" and not _bounds(text) - _bounds(parent.question):
        return "the task names no bound: say how large the input gets, or which order of growth is allowed"
    elif goal.name == "misleading_attempt" and item.form == "code" and not attempts(item):
        return "the task shows no attempt: a fenced Python block that defines what is asked for, and gets it wrong"
    elif goal.name == "larger_context" and _size(item) < 1.2 * _size(parent):
        return "there is hardly more code than before; add what surrounds the task in real code"
    elif goal.name in ("edge_case", "added_feature") and text == parent.question:
        return "the question is the same as before; it must say what is new"
    return None


def why_no_material(case: Case) -> str | None:
    """Check `material_sound`: what a transformer wrote holds code that can be read, whole and without talk."""
    text = case.content.text
    if token := control_token(prose(text)):
        return f"the text holds {token!r}, a control token of a chat"
    if case.content.transformer == "identity":
        return None
    if first := preamble(text):
        return f"it begins with talk about it ({first[:60]!r}); hand in the thing alone"
    if found := leak(prose(text), case.prompts, case.seed.text + FREE):
        return f"it {found}; take that out"
    if not is_closed(text):
        return "a code fence is opened and never closed"
    found_blocks = blocks(text)
    if not found_blocks:
        return "there is no code in it; put code, calls or examples into fenced blocks with their language"
    for block in found_blocks:
        if block.language in ("python", "py") and not _is_session(block.code) and (reason := why_no_python(block.code)):
            return f"a Python block in it cannot be read: {reason}"
    return None


def changed_lines(old: str, new: str) -> set[int]:
    """The lines of `new` (from 0) that are not as in `old`; beside a line that is gone, the one in its place."""
    a, b = ([line.rstrip() for line in text.splitlines()] for text in (old, new))
    found: set[int] = set()
    for tag, _, _, start, end in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag == "delete":
            found.add(min(start, max(len(b) - 1, 0)))
        elif tag != "equal":
            found.update(range(start, end))
    return found


def _item(case: Case) -> Instruction:
    assert case.instruction is not None, "this check needs an instruction"
    return case.instruction


def _is_session(code: str) -> bool:
    """Whether a block shows calls and results, as the interactive prompt does."""
    return re.search(r"^\s*+>>> ", code, re.MULTILINE) is not None


def _announced(question: str) -> str | None:
    first = question.strip().split("\n", 1)[0][:200]
    return first if _ANNOUNCED.match(first) else None


def _bounds(question: str) -> set[str]:
    """What a question says of size, time or memory."""
    return {match[0].lower() for match in _COST.finditer(prose(question) + _quoted_bounds(question))}


def _quoted_bounds(question: str) -> str:
    return " ".join(re.findall(r"O\([^)\n]{1,40}\)", question))


def _size(item: Instruction) -> int:
    code = [*(text for name in ("given", "schema", "interface") for text in item.parts.get(name, ()))]
    code += [block.code for block in blocks(item.question)]
    return sum(len(text.split()) for text in code) or len(item.question.split())


_ASKS = re.compile(
    r"\?|\b(?:please|must|should|shall|needs?|has to|have to|want|would like|looking for|help|task|goal)\b"
    r"|\b(?:takes|accepts|returns|prints|raises|gives|computes|reads)\b"
    r"|(?:^|[.!:;,\n]|\b(?:and|then|to|now)\b)\W{0,6}(?:write|implement|fix|find|add|build|complete|create|convert|correct"
    r"|debug|define|describe|design|determine|document|explain|extend|fill|finish|give|improve|list|make|move|optimi[sz]e"
    r"|port|predict|produce|provide|refactor|repair|replace|report|return|review|rewrite|say|show|simplify|solve|speed"
    r"|tell|test|trace|translate|turn|use|walk|work out)\b",
    re.IGNORECASE,
)
_ANNOUNCED = re.compile(
    r"\W*(?:sure\W+|certainly\W+)?(?:here(?:'s| is)|below is|the following is|this is)"
    r" (?:the|a|an|your|my|one|another) (?:\w+ ){0,3}(?:task|problem|exercise|challenge|prompt|question)\b",
    re.IGNORECASE,
)
_MATERIAL = re.compile(
    r"\bthe (?:source (?:text|material)|seed text|(?:provided|given|above) (?:passage|excerpt|material)|spec card)\b"
    r"|\b(?:the|this) (?:passage|excerpt|material|article|document)"
    r" (?:describes?|says|states|mentions|explains|gives|above)\b"
    r"|\b(?:described|mentioned|given|stated|specified|outlined|defined|explained|listed) (?:in|by) (?:the|this)"
    r" (?:passage|excerpt|material)\b"
    r"|\b(?:according to|as (?:described|given|stated|specified|explained|outlined|defined) (?:in|by)) (?:the|this)"
    r" (?:text|document|article|passage|excerpt|source|material)\b",
    re.IGNORECASE,
)
_POINTS_TO_CODE = re.compile(
    r"\b(?:following|below|above) (?:code|function|class|script|program|snippet|module|schema|method)\b"
    r"|\b(?:code|function|class|script|program|snippet|module|schema|method) (?:below|above)\b",
    re.IGNORECASE,
)
_WORKS_ON = re.compile(
    r"\b(?:fix|debug|mend|repair|correct|refactor|optimi[sz]e|speed up|review|explain|rewrite|translate|port)\b",
    re.IGNORECASE,
)
_BETRAYS = re.compile(r"#.*\b(?:bug|bugs|buggy|wrong|incorrect|injected|fixme|mistake|should be|off by one|off-by-one"
                      r"|vulnerab\w+|insecure|unsafe)\b.*", re.IGNORECASE)  # fmt: skip
_COST = re.compile(
    r"O\([^)\n]{1,40}\)|\\mathcal|\b(?:linear|quadratic|logarithmic|constant|sub-?linear)\b"
    r"|\b\d{1,3}(?:[,_ ]\d{3})+\b|\b\d{4,}\b|\b10\s?(?:\^|\*\*)\s?\d"
    r"|\b(?:seconds?|milliseconds?|ms|memory|MB|GB|million|billion|thousand|one pass|single pass|once|streaming)\b",
    re.IGNORECASE,
)
