"""Judge a question for an estimate and its passage: given figures stand there, and the unit fits the kind."""

from __future__ import annotations

import re
from fractions import Fraction

from orca_agents.checks.api import Case
from orca_agents.checks.figures.amounts import AmountProblem, Powers, in_unit, read_unit
from orca_agents.checks.figures.chains import read_range
from orca_agents.checks.figures.estimate import RANGE_GOAL
from orca_agents.checks.figures.estimate_key import key_of, part, read_assumptions, with_unit
from orca_agents.checks.figures.readings import figures_in
from orca_agents.checks.passage import cut_end
from orca_agents.checks.terms import frequent_terms, share, terms
from orca_agents.config import IDENTITY
from orca_agents.language import count_words, words
from orca_agents.records import Instruction

FEWEST_FIGURES = {"quantity_miner": 4, "constant_sheet_maker": 4, "scenario_scaler": 2, "what_if_framer": 2}
LEAST_FOUND = 0.9
SCALED = 3.0
"""Another scale means at least this factor between old and new answer."""


def why_unquantified(case: Case) -> str | None:
    """Check `figures_of_seed`: a passage for estimates has its figures, and a mined one takes them from the seed."""
    if case.content.transformer == IDENTITY or case.parent is not None:
        return None
    text, seed = case.content.text, case.seed
    if count_words(text) < 20:
        return f"the passage has only {count_words(text)} words; write at least 20"
    figures = [figure for figure in figures_in(text) if figure.kind != "ordinal"]
    fewest = FEWEST_FIGURES.get(case.content.transformer, 0)
    if len(figures) < fewest:
        return f"the passage has only {len(figures)} figures; give at least {fewest}, with their units"
    if case.content.transformer == "quantity_miner":
        known: set[Fraction | int] = {abs(value) for figure in figures_in(seed.text) for value in figure.values}
        known |= {abs(value) for figure in figures_in(seed.text, english=False) for value in figure.values}
        known |= {1, 2}  # "a page a day", "both"
        strays = [figure.written for figure in figures if not any(abs(value) in known for value in figure.values)]
        if len(strays) > (1 - LEAST_FOUND) * len(figures):
            return f"{strays[0]} does not stand in the source; take its own figures, with all their digits"
    about = terms(text, case.language)
    subjects = frequent_terms(seed.text, seed.language, 40)
    same = not (case.language and seed.language and case.language != seed.language)
    if same and len(about & subjects) < min(2, len(subjects)) and share(about, terms(seed.text, seed.language)) < 0.2:
        return "the passage has nothing to do with the source"
    return None


def why_text_broken(case: Case) -> str | None:
    """Check `passage_whole`."""
    if case.content.transformer == IDENTITY:
        return None
    end = cut_end(case.content.text)
    return f"the passage breaks off ({end!r}); write it to its end" if end else None


def why_givens_missing(case: Case) -> str | None:
    """Check `givens_in_passage`: what is marked as given stands in the passage or in the question."""
    item = _item(case)
    if item.form != "estimate":
        return None
    text = f"{item.content.text}\n{item.question}"
    held = {value for figure in figures_in(text) for value in figure.values}
    held |= {value for figure in figures_in(text, english=False) for value in figure.values}
    for line in item.hidden["assumptions"]:
        try:
            one = read_range(line)
        except AmountProblem as problem:
            return str(problem)
        own = {value for figure in figures_in(line.partition("=")[2])[:1] for value in figure.values}
        if one.is_given and not own & (held | {1}) and not _is_dropped(case):
            return f"{line!r} is marked as given, but the figure stands neither in the passage nor in the question"
    return None


def why_unit_of_other_kind(case: Case) -> str | None:
    """Check `unit_of_kind`: a question about mass is asked in a unit of mass."""
    item = _item(case)
    kinds = case.leaf.settings.get("dimension") if case.leaf else None
    if item.form != "estimate" or not kinds:
        return None
    unit = item.parts["unit"][0]
    try:
        powers = read_unit(unit).powers
    except AmountProblem as problem:
        return str(problem)
    if any(_is_of_kind(powers, str(kind)) for kind in kinds):
        return None
    return f"the unit {unit!r} does not fit this kind of question, which wants {' or '.join(map(str, kinds))}"


def why_answer_told(case: Case) -> str | None:
    """Check `estimate_not_told`: the question does not hold its answer."""
    item = _item(case)
    if item.form != "estimate" or "claim" in item.hidden:
        return None
    unit = item.parts["unit"][0]
    try:
        total = in_unit(with_unit(part(item.key, "total"), unit), unit)
        given = {one.name: one for one in read_assumptions(item.hidden["assumptions"]).values() if one.is_given}
    except AmountProblem as problem:
        return str(problem)
    own = {round(in_unit(one.low, unit), 9) for one in given.values() if one.low.powers == read_unit(unit).powers}
    for figure in figures_in(item.question):
        if any(abs(float(value) / total - 1) < 0.01 and round(float(value), 9) not in own for value in figure.values):
            return f"the question holds its own answer ({figure.written})"
    return None


def why_not_refined(case: Case) -> str | None:
    """Check `estimate_refined_as_asked`."""
    if case.goal is None or case.parent is None:
        return None
    item, parent, goal = _item(case), case.parent, case.goal.name
    if case.goal.edits == "passage":
        if item.question != parent.question:
            return "the question was changed; only the passage may be edited here"
        return _why_passage_edit(item, parent, goal)
    if item.content.text != parent.content.text:
        return "the passage was changed; only the question may be edited here"
    if words(item.question) == words(parent.question):
        return "the question is the same as before; carry the proposal out"
    if goal == "second_unknown" and len(item.hidden["assumptions"]) <= len(parent.hidden["assumptions"]):
        return "the new question needs no more quantities than the old one; bring in one more that has to be estimated"
    if goal == RANGE_GOAL and not re.search(
        r"rang|bound|between|uncertain|interval|spann|fourchette|rango", item.question, re.I
    ):
        return "the question does not ask for a range and for what makes it uncertain"
    if goal == "change_of_scale":
        return _why_same_scale(item, parent)
    return None


def _why_passage_edit(item: Instruction, parent: Instruction, goal: str) -> str | None:
    old, new = _figures(parent.content.text), _figures(item.content.text)
    if words(item.content.text) == words(parent.content.text):
        return "the passage is the same as before; carry the proposal out"
    if goal == "drop_given_data":
        given = [line for line in parent.hidden["assumptions"] if read_range(line).is_given]
        gone = [line for line in given if not _figures(line.partition("=")[2]) & new]
        if not gone:
            return "every given figure that the estimate uses is still in the passage; take one out wherever it shows"
        return None
    if goal == "irrelevant_figure":
        if not new - old:
            return "the passage has no new figure"
        if lost := old - new:
            return f"a figure of the passage is gone ({float(min(lost)):g}); add one and leave the others"
        if not _agree(item, parent, 2.0):
            return "the answer is another one; the new figure must not matter to it"
    return None


def _why_same_scale(item: Instruction, parent: Instruction) -> str | None:
    try:
        old = key_of(parent.hidden["assumptions"], parent.hidden["expression"][0], parent.parts["unit"][0])
        new = key_of(item.hidden["assumptions"], item.hidden["expression"][0], item.parts["unit"][0])
    except AmountProblem as problem:
        return str(problem)
    if item.parts["unit"] == parent.parts["unit"] and 1 / SCALED < new.middle / old.middle < SCALED:
        return "the answer has the same size as before; ask for a scale on which it differs by ten times or more"
    return None


def _agree(item: Instruction, parent: Instruction, factor: float) -> bool:
    unit = parent.parts["unit"][0]
    try:
        new, old = (in_unit(with_unit(part(one.key, "total"), unit), unit) for one in (item, parent))
    except AmountProblem:
        return False
    return old > 0 and 1 / factor <= new / old <= factor


def _figures(text: str) -> set[Fraction]:
    return {value for figure in figures_in(text) for value in figure.values if figure.kind != "ordinal"}


def _is_dropped(case: Case) -> bool:
    return case.goal is not None and case.goal.name == "drop_given_data"


def _is_of_kind(powers: Powers, kind: str) -> bool:
    held = dict(powers)
    things = {name for name in held if name not in _BASES}
    base = {name: power for name, power in held.items() if name in _BASES and power}
    match kind:
        case "count":
            return not base and bool(things) and all(held[name] == 1 for name in things)
        case "share":
            return not held
        case "money":
            return any(name in _MONEY and held[name] == 1 for name in things)
        case "rate":
            return base.get("s", 0) < 0
        case _:
            return base in [dict(one) for one in _KINDS[kind]] or (
                {name: power for name, power in base.items() if name != "s"} in [dict(one) for one in _KINDS[kind]]
            )


_BASES = frozenset(("m", "kg", "s", "A", "K", "mol", "cd", "bit", "deg"))
_MONEY = frozenset(("USD", "EUR", "GBP", "JPY", "INR", "CHF", "SEK", "NOK", "PLN", "CNY"))
_KINDS: dict[str, tuple[dict[str, int], ...]] = {
    "length": ({"m": 1},),
    "area": ({"m": 2},),
    "volume": ({"m": 3},),
    "mass": ({"kg": 1},),
    "time": ({"s": 1},),
    "energy": ({"kg": 1, "m": 2, "s": -2},),
    "power": ({"kg": 1, "m": 2, "s": -3},),
    "information": ({"bit": 1},),
}


def _item(case: Case) -> Instruction:
    assert case.instruction is not None, "this check needs an instruction"
    return case.instruction
