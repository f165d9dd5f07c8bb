"""Judge a few-shot task: its hidden rule gives every output and the key, and no simpler rule gives another one."""

from __future__ import annotations

import re

from orca_agents.checks.api import Case, Lab
from orca_agents.checks.examples.alternatives import simple_rules
from orca_agents.checks.examples.numeric import same_number
from orca_agents.checks.examples.rule import apply_function, apply_rule, literal, why_no_rule
from orca_agents.checks.examples.shape import why_other_form
from orca_agents.checks.examples.shots import Shot, is_on, last_line, query_of, shots_of
from orca_agents.checks.leakage import control_token, leak
from orca_agents.checks.open.sums import sums_in
from orca_agents.checks.terms import contains, copied_share
from orca_agents.language import words
from orca_agents.records import Instruction

FEWEST_SAMPLES = 3
COPIED_WORDS, MOST_COPIED = 5, 0.3
"""So many words in a row are copied; such a share of a piece is too much. Formulas of a style are shorter."""
LONGER = 1.4
"""How many times as long, on average, inputs must be that were to get longer."""


async def why_not_reproduced(case: Case) -> str | None:
    """Check `rule_reproduces`."""
    item = _item(case)
    if item.form != "induced" or not (is_on(item, "executable") or is_on(item, "code")):
        return None
    assert case.lab is not None, "rules are judged by running them: the skill needs a sandbox"
    if is_on(item, "code"):
        return await _why_function_fails(item, case.lab)
    source, shots = item.hidden["rule"][0], shots_of(item)
    inputs = [*(shot.input for shot in shots), query_of(item)]
    outputs = [shot.output for shot in shots]
    if (reason := why_no_rule(source, "rule", inputs, outputs)) is not None:
        return f"the hidden rule: {reason}"
    ruled = await apply_rule(case.lab, source, inputs)
    if ruled.problem:
        return f"the hidden rule: {ruled.problem}"
    odd = int(next(iter(item.hidden.get("odd", ())), "0"))
    for number, (shot, made) in enumerate(zip(shots, ruled.outputs, strict=False), 1):
        fits = _equal(made, shot.output, item)
        if number == odd and fits:
            return (
                f"example {number} is said to break the rule, but the rule gives its very output {shot.output[:60]!r}"
            )
        if number != odd and not fits:
            return f"the hidden rule makes {made[:80]!r} of example {number}, whose output is {shot.output[:80]!r}"
    key = item.key[0].partition(" | ")[2] if odd else item.key[0]
    made = ruled.outputs[-1]
    return (
        None
        if _equal(made, key, item)
        else f"the hidden rule makes {made[:80]!r} of the last input; your answer is {key[:80]!r}"
    )


def why_ambiguous(case: Case) -> str | None:
    """Check `one_rule_fits`."""
    item = _item(case)
    if item.form != "induced" or is_on(item, "code") or not is_on(item, "executable") or not query_of(item):
        return None
    shots = list(shots_of(item))
    key = item.key[0]
    if odd := item.hidden.get("odd"):
        del shots[int(odd[0]) - 1]
        key = key.partition(" | ")[2]
    if is_on(item, "steps"):
        shots = [Shot(shot.input, last_line(shot.output)) for shot in shots]
        key = last_line(key)
    for simple in simple_rules(shots, query_of(item)):
        if simple.output != key and not same_number(simple.output, key):
            return (
                f"a simpler rule fits all examples too ({simple.name}) and gives {simple.output[:60]!r} for the last "
                f"input, not {key[:60]!r}; change or add an example that rules it out"
            )
    return None


def why_key_in_other_form(case: Case) -> str | None:
    """Check `key_in_example_form`."""
    item = _item(case)
    if item.form != "induced" or is_on(item, "code"):
        return None
    key = item.key[0].partition(" | ")[2] if is_on(item, "odd") else item.key[0]
    reason = why_other_form([shot.output for shot in shots_of(item)], key)
    return f"{reason}; your answer is {key[:60]!r}" if reason else None


def why_answer_in_other_form(case: Case) -> str | None:
    """Check `answer_in_example_form`."""
    assert case.draft is not None, "this check needs a draft"
    item, answer = case.draft.instruction, case.draft.answer.value[0]
    if item.form != "induced" or is_on(item, "code"):
        return None
    answer = answer.partition(" | ")[2] if is_on(item, "odd") else answer
    reason = why_other_form([shot.output for shot in shots_of(item)], answer)
    return f"{reason}; answer in that form and say nothing around it" if reason else None


def why_given_away(case: Case) -> str | None:
    """Check `examples_clean`: the request gives away neither rule nor answer, and nothing leaked into the examples."""
    item = _item(case)
    if item.form != "induced":
        return None
    if found := leak(item.question, case.prompts, item.content.text):
        return f"the request {found}; take it out"
    for text in (*item.parts.get("inputs", ()), *item.parts.get("outputs", ()), query_of(item), *item.key):
        # examples may be JSON, tags and records of any make; what no example is, is a sign of a chat or a stopgap
        if (token := control_token(text)) is not None:
            return f"{text[:60]!r} holds {token!r}, a control token of a chat"
        if text and not text.strip(". \u2026\n"):
            return f"{text[:60]!r} only stands where a text should be"
    key = item.key[0].partition(" | ")[2] if is_on(item, "odd") else item.key[0]
    if not is_on(item, "labels") and len(words(key)) >= 2 and contains(item.question, key):
        return "the request names the answer"
    if (
        not is_on(item, "executable")
        and len(item.hidden["rule"][0]) > 30
        and contains(item.question, item.hidden["rule"][0])
    ):
        return "the request says the rule; only the examples may show it"
    return None


def why_steps_wrong(case: Case) -> str | None:
    """Check `steps_add_up`: the working that is shown is right, in the examples and in the key."""
    item = _item(case)
    if item.form != "induced" or not is_on(item, "steps"):
        return None
    for number, text in enumerate((*(shot.output for shot in shots_of(item)), item.key[0]), 1):
        where = f"example {number}" if number <= len(shots_of(item)) else "your answer"
        for one in sums_in(text):
            if not one.holds:
                return f"in the working of {where}, {one.text!r} is wrong; compute it again"
    return None


def why_copied(case: Case) -> str | None:
    """Check `piece_is_new`: a piece in the manner of samples is none of them."""
    assert case.draft is not None, "this check needs a draft"
    item, piece = case.draft.instruction, case.draft.answer.value[0]
    if item.form != "text" or copied_share(piece, item.question, COPIED_WORDS) <= MOST_COPIED:
        return None
    return "much of it is copied out of the samples; write a piece of its own in their manner"


def why_no_samples(case: Case) -> str | None:
    """Check `samples_shown`: a task that is graded shows its samples in the request itself."""
    item = _item(case)
    if item.form != "text" or case.leaf is None or not case.leaf.settings.get("samples"):
        return None
    marks = len(
        re.findall(r"(?m)^\s*+(?:\(?\d{1,2}[.)]|[-*>\u2022]|#{1,4}|sample \d)\s*\S", item.question, re.IGNORECASE)
    )
    return (
        None if marks >= FEWEST_SAMPLES else f"number the samples (1., 2., 3.): there must be at least {FEWEST_SAMPLES}"
    )


def why_not_refined(case: Case) -> str | None:
    """Check `examples_refined`."""
    if case.goal is None or case.parent is None or case.parent.form != "induced":
        return None
    item, parent, goal = _item(case), case.parent, case.goal.name
    new, old = shots_of(item), shots_of(parent)
    if (new, query_of(item), item.question) == (old, query_of(parent), parent.question):
        return "examples and last input are the same as before; carry the proposal out"
    if goal == "fewer_shots" and not (len(new) < len(old) and set(new) <= set(old)):
        return f"there are {len(new)} examples, and were {len(old)}; leave some out and keep the others as they are"
    if goal == "longer_inputs" and _mean(new) < LONGER * _mean(old):
        return "the inputs are hardly longer than before"
    if goal == "two_rules_composed" and item.hidden["rule"] == parent.hidden["rule"]:
        return "the hidden rule is the same as before; put a second step into it, and into all outputs"
    if goal == "two_rules_composed" and _outputs_kept(new, old):
        return "the outputs are the same as before; the second step has to change them"
    if goal == "distractor_feature" and set(new) & set(old) == set(old):
        return "all examples are as before; the feature that misleads has to show in them"
    if goal == "query_out_of_range":
        return _why_in_range(item, parent)
    if goal == "shuffled_order" and (sorted(map(repr, new)) != sorted(map(repr, old)) or new == old):
        return "the same examples stand in another order, and nothing else changes"
    return None


def _item(case: Case) -> Instruction:
    assert case.instruction is not None, "this check needs an instruction"
    return case.instruction


def _equal(made: str, wanted: str, item: Instruction) -> bool:
    if is_on(item, "steps"):
        made, wanted = last_line(made), last_line(wanted)
        return made.casefold() == wanted.casefold() or same_number(made, wanted)
    return "\n".join(map(str.rstrip, made.splitlines())).strip("\n") == wanted or made == wanted


def _outputs_kept(new: tuple[Shot, ...], old: tuple[Shot, ...]) -> bool:
    """Whether all inputs that stand in both have the output that they had."""
    before = {shot.input: shot.output for shot in old}
    both = [shot for shot in new if shot.input in before]
    return bool(both) and all(before[shot.input] == shot.output for shot in both)


def _mean(shots: tuple[Shot, ...]) -> float:
    return sum(len(shot.input) for shot in shots) / max(1, len(shots))


def _why_in_range(item: Instruction, parent: Instruction) -> str | None:
    if shots_of(item) != shots_of(parent):
        return "the examples have changed; only the last input does"
    query, inputs = query_of(item), [shot.input for shot in shots_of(item)]
    numbers = [[float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", text)] for text in (query, *inputs)]
    if all(numbers) and (max(numbers[0]) > max(map(max, numbers[1:])) or min(numbers[0]) < min(map(min, numbers[1:]))):
        return None
    if len(query) > max(map(len, inputs)) or len(query) < min(map(len, inputs)):
        return None
    return "the last input lies within what the examples show; make it longer, larger or smaller than any of them"


async def _why_function_fails(item: Instruction, lab: Lab) -> str | None:
    shots, source = shots_of(item), item.key[0]
    if (reason := why_no_rule(source, "f", [shot.input for shot in shots])) is not None:
        return f"the function: {reason}"
    ruled = await apply_function(lab, source, [*(shot.input for shot in shots), *item.hidden["further"]])
    if ruled.problem:
        return f"the function: {ruled.problem}"
    for number, (shot, made) in enumerate(zip(shots, ruled.outputs, strict=False), 1):
        try:
            wanted = repr(literal(shot.output))
        except ValueError as error:
            return f"the output of example {number}: {error}"
        if made != wanted:
            return f"the function makes {made[:80]!r} of example {number}, whose output is {wanted[:80]!r}"
    if len(set(ruled.outputs)) < 3:
        return "the function gives hardly different outputs; choose inputs that show what it does"
    return None
