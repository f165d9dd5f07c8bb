"""Hold an estimate to its own arithmetic: units cancel, steps come out, assumptions are plausible."""

from __future__ import annotations

import math
import re

from orca_agents.checks.api import Case
from orca_agents.checks.figures.amounts import Amount, AmountProblem, in_unit, read_amount, told
from orca_agents.checks.figures.amounts import shown as written
from orca_agents.checks.figures.chains import (
    Assumption,
    Stated,
    evaluate,
    literals_used,
    names_used,
    read_range,
    read_stated,
    read_step,
)
from orca_agents.checks.figures.estimate import RANGE_GOAL
from orca_agents.checks.figures.estimate_key import (
    WITHIN,
    names_alike,
    part,
    parts,
    read_assumptions,
    verdict_on,
    with_unit,
)
from orca_agents.checks.figures.readings import figures_in
from orca_agents.checks.leakage import leak
from orca_agents.checks.repetition import repetition
from orca_agents.language import count_words, language_name, other_language
from orca_agents.records import Instruction

TOLERANCE = 0.02
"""How far a step may be from what its expression gives: people round as they go."""
SLACK = 1.5
"""How far outside the agreed range an assumption may lie, as a ratio."""
DROPPED = 10.0
"""The same for a figure that was given once and is not any more."""
FEWEST_CHECK_WORDS = 8
MOST_DIGITS = 3


def why_chain_broken(case: Case) -> str | None:
    """Check `estimate_recomputed`: every step and the total, with units."""
    item, value = _answer(case)
    if item is None:
        return None
    try:
        known, used = _assumed(value), set()
        results: list[Amount] = []
        for line in parts(value, "step"):
            step = read_step(line)
            if step.name in known:
                return f"{step.name!r} is named twice; give each step a name of its own"
            try:
                result = evaluate(step.expression, known)
            except AmountProblem as problem:
                return f"the step {step.written!r} cannot be computed: {problem}"
            if step.result is None:
                return f"the step {step.written!r} does not say what it gives; write name = expression = value unit"
            if (hidden := _why_hidden(step.expression, known, item)) is not None:
                return hidden
            used |= set(names_used(step.expression, known))
            if (reason := _why_other(step.result, result, step.written)) is not None:
                return reason
            known[step.name] = result
            results.append(result)
        if not results:
            return "there are no steps; show how the assumptions make the answer"
        if unused := sorted(name for name in _assumed(value) if name not in used):
            return f"{unused[0]!r} is assumed and never used; use it or leave it out"
        idle = [read_step(line).name for line in parts(value, "step")[:-1]]
        if "baseline" not in item.hidden and item.goal != RANGE_GOAL and (idle := [n for n in idle if n not in used]):
            return f"the step {idle[0]!r} leads to nothing; use it in a later one or leave it out"
        return _why_other_total(value, results[-1], item)
    except AmountProblem as problem:
        return str(problem)


def why_implausible(case: Case) -> str | None:
    """Check `assumptions_plausible`: inside the agreed ranges, and given figures as given."""
    item, value = _answer(case)
    if item is None:
        return None
    try:
        agreed = read_assumptions(item.hidden["assumptions"])
        own = _stated(value)
    except AmountProblem as problem:
        return str(problem)
    for stated in own:
        if stated.amount.value <= 0:
            return f"{stated.name} = {stated.written} is no plausible value"
        for one in agreed.values():
            if names_alike(one.name, stated.name) and one.low.powers == stated.amount.powers:
                slack = DROPPED if one.is_given and not _is_still_given(one, item) else SLACK
                if one.is_given and slack == SLACK:
                    if abs(stated.amount.value / one.low.value - 1) > 0.01:
                        return (
                            f"{stated.name} = {stated.written}, but the passage gives another figure; use it as given"
                        )
                elif not one.low.value / slack <= stated.amount.value <= one.high.value * slack:
                    return f"{stated.name} = {stated.written} is not plausible; think of cases that you know"
    return _why_given_unused(agreed, own, value, item)


def why_unchecked(case: Case) -> str | None:
    """Check `estimate_checked`: the result is held against something, in words of its own."""
    item, value = _answer(case)
    if item is None:
        return None
    text = part(value, "check")
    if count_words(text) < FEWEST_CHECK_WORDS:
        return (
            "the check says next to nothing; compare the result with a figure that is known, or work it out another way"
        )
    if found := leak(text, case.prompts, f"{item.content.text}\n{item.question}") or repetition(text):
        return f"the check {found}"
    if (other := other_language(text, case.language)) is not None:
        return f"the check is in {language_name(other)}; write it in {language_name(case.language or '')}"
    total = figures_in(part(value, "total"))
    chain = " ".join((*parts(value, "assume"), *parts(value, "step")))
    known = {reading for one in (*total, *figures_in(chain)) for reading in one.values} | _CALENDAR
    if (
        (case.language is None or case.language.startswith("en"))
        and all(one.values[0] in known for one in figures_in(text))
        and not re.search(r"\b(?:fewer|less|more|smaller|larger|about as|comparable|half|twice|double)\b", text)
    ):
        return "the check compares the result with nothing; hold it against another figure"
    return None


def why_verdict_unfounded(case: Case) -> str | None:
    """Check `verdict_follows`: claims are judged, changes compared and ranges given by the answer's own numbers."""
    item, value = _answer(case)
    if item is None:
        return None
    unit = item.parts["unit"][0]
    try:
        total = in_unit(with_unit(part(value, "total"), unit), unit)
        if "verdict" in item.hidden:
            claim = in_unit(with_unit(item.hidden["claim"][0], unit), unit)
            verdict = verdict_on(claim, total / WITHIN**0.5, total * WITHIN**0.5)
            if verdict is not None and verdict != part(value, "verdict"):
                return f"your own figure of {part(value, 'total')} makes the claim {verdict}; the two must agree"
        if case.leaf is not None and case.leaf.settings.get("probability") and _is_share(unit) and total > _most(unit):
            return f"{part(value, 'total')} is more than certain"
        if "baseline" in item.hidden and (reason := _why_not_compared(value)) is not None:
            return reason
        if item.goal == RANGE_GOAL:
            return _why_range_wrong(value, total, item)
    except AmountProblem as problem:
        return str(problem)
    return None


def why_reasons_unclean(case: Case) -> str | None:
    """Check `assumptions_explained`: most assumptions say why, in the language asked for."""
    item, value = _answer(case)
    if item is None:
        return None
    try:
        own = _stated(value)
    except AmountProblem as problem:
        return str(problem)
    reasons = [one.why for one in own if one.why and not _NO_REASON.fullmatch(one.why)]
    if len(reasons) < len(own) / 2:
        return "say for each assumption in a few words, in brackets, why it is about right"
    text = ". ".join(reasons)
    if found := leak(text, case.prompts, f"{item.content.text}\n{item.question}"):
        return f"the reasons for the assumptions {found}"
    if (other := other_language(text, case.language)) is not None:
        return f"the reasons are in {language_name(other)}; write them in {language_name(case.language or '')}"
    return None


def _why_hidden(expression: str, known: dict[str, Amount], item: Instruction) -> str | None:
    """Numbers in a step that are assumptions and do not say so; constants and how units convert are none."""
    text = f"{item.content.text}\n{item.question}"
    given = {abs(float(reading)) for figure in figures_in(text) for reading in figure.values}
    for number, amount in literals_used(expression, known):
        plain = read_amount(number).value
        converts = not amount.powers and abs(amount.value - 1) <= TOLERANCE
        if not (converts or plain in _CONSTANTS or plain in given or abs(plain - math.pi) < 0.01):
            return f"{number} in the step {expression!r} comes from nowhere; name it among the assumptions"
    return None


_CONSTANTS = frozenset((1.0, 2.0, 3.0, 4.0, 0.5))
"""Numbers of geometry and of halves and doubles."""
_CALENDAR = frozenset((24, 60, 365, 366, 3600))
_NO_REASON = re.compile(
    r"(?:an? |my |our |own |as )?(?:rough |reasonable |plausible |common |simple |typical )?"
    r"(?:assum\w+|estimate[ds]?|guess\w*|rough|reasonable|plausible|typical|usual|average)"
    r"(?: (?:value|figure|number))?[.!]?",
    re.IGNORECASE,
)


def _digits(written: str) -> int:
    """How many digits of a number say something: 3 in `3,940,000`."""
    figure = next(iter(figures_in(written)), None)
    number = re.match(r"[^0-9]*([0-9][0-9.,'\u2019\u00a0\u202f ]*)", figure.written if figure else "")
    return len(re.sub(r"[^0-9]", "", number[1]).strip("0")) if number else 0


def _why_other(stated: Amount | None, result: Amount, line: str) -> str | None:
    if stated is None:
        return None
    if stated.powers != result.powers:
        return f"the step {line!r} says {told(stated.powers)}, but its expression gives {told(result.powers)}"
    if abs(stated.value - result.value) > TOLERANCE * abs(result.value):
        return (
            f"the step {line!r} does not come out: its expression gives {written(result.value / stated.value, 4)} "
            "times the value that stands there"
        )
    return None


def _why_other_total(value: tuple[str, ...], last: Amount, item: Instruction) -> str | None:
    unit = item.parts["unit"][0]
    stated = in_unit(with_unit(part(value, "total"), unit), unit)
    try:
        result = in_unit(last, unit)
    except AmountProblem as problem:
        return f"the last step does not give the answer's unit: {problem}"
    if stated <= 0 or result <= 0:
        return "an estimate is more than zero"
    if (digits := _digits(part(value, "total"))) > MOST_DIGITS:
        return f"{part(value, 'total')} has {digits} digits that say something; round an estimate to one or two"
    rounded = any(math.isclose(stated, _to_digits(result, digits), rel_tol=1e-6) for digits in (1, 2, 3))
    if not rounded and abs(stated - result) > TOLERANCE * result:
        return f"the last step gives {written(result, 3)} {unit}, but the answer says {part(value, 'total')}"
    return None


def _why_given_unused(
    agreed: dict[str, Assumption], own: list[Stated], value: tuple[str, ...], item: Instruction
) -> str | None:
    steps = " ".join(parts(value, "step"))
    literal = {float(abs(reading)) for figure in figures_in(steps) for reading in figure.values}
    for one in agreed.values():
        if not one.is_given or not _is_still_given(one, item):
            continue
        used = any(stated.amount.powers == one.low.powers and abs(stated.amount.value / one.low.value - 1) <= 0.01
                   for stated in own)  # fmt: skip
        plain = {float(abs(reading)) for figure in _figures_of(one, item) for reading in figure}
        if not used and not plain & literal:
            return f"the passage gives {one.name.replace('_', ' ')}; use that figure, and as it is given"
    return None


def _why_not_compared(value: tuple[str, ...]) -> str | None:
    steps = [read_step(line) for line in parts(value, "step")]
    if not any(re.search(r"before|baseline|now|today|original|present|current|old|usual", step.name) for step in steps):
        return (
            "work out the case before the change too, in a step of its own named baseline, so that both can be compared"
        )
    return None


def _why_range_wrong(value: tuple[str, ...], total: float, item: Instruction) -> str | None:
    unit = item.parts["unit"][0]
    spread = read_range(f"range = {part(value, 'range')}")
    low, high = (
        in_unit(end if end.powers else with_unit(str(end.value), unit), unit) for end in (spread.low, spread.high)
    )
    if not low < total < high:
        return f"the total {part(value, 'total')} does not lie inside the range {part(value, 'range')}"
    if high / low < 1.2:
        return "the range is narrower than anybody could know; widen it"
    names = [one.name for one in _stated(value)]
    dominant = part(value, "dominant")
    if not any(names_alike(name, dominant) for name in names):
        return f"{dominant!r} is none of the assumptions; name the one that makes most of the uncertainty"
    agreed = read_assumptions(item.hidden["assumptions"])
    match = next((one for one in agreed.values() if names_alike(one.name, dominant)), None)
    widest = sorted((one.spread for one in agreed.values()), reverse=True)[:2]
    if match is not None and match.spread < widest[-1] / 1.2:
        return f"{dominant!r} is known better than others of the assumptions; name the one that is known least"
    return None


def _answer(case: Case) -> tuple[Instruction | None, tuple[str, ...]]:
    assert case.draft is not None, "this check needs a draft"
    item = case.draft.instruction
    return (item if item.form == "estimate" else None), case.draft.answer.value


def _stated(value: tuple[str, ...]) -> list[Stated]:
    return [read_stated(line) for line in parts(value, "assume")]


def _assumed(value: tuple[str, ...]) -> dict[str, Amount]:
    known: dict[str, Amount] = {}
    for one in _stated(value):
        if one.name in known:
            raise AmountProblem(f"{one.name!r} is assumed twice")
        known[one.name] = one.amount
    return known


def _figures_of(one: Assumption, item: Instruction) -> list[tuple[float, ...]]:
    """The figures of passage and question that are this given one."""
    line = next((text for text in item.hidden["assumptions"] if read_range(text).name == one.name), "")
    own = {reading for figure in figures_in(line.partition("=")[2])[:1] for reading in figure.values}
    text = f"{item.content.text}\n{item.question}"
    return [tuple(float(v) for v in figure.values) for figure in figures_in(text) if set(figure.values) & own]


def _is_still_given(one: Assumption, item: Instruction) -> bool:
    return bool(_figures_of(one, item))


def _to_digits(number: float, digits: int) -> float:
    size = math.floor(math.log10(abs(number)))
    return round(number, digits - 1 - size)


def _is_share(unit: str) -> bool:
    return re.search(r"%|percent|probab|chance|share|fraction", unit, re.IGNORECASE) is not None


def _most(unit: str) -> float:
    return 100.0 if re.search(r"%|percent", unit, re.IGNORECASE) else 1.0
