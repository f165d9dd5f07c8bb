"""Judge a request for a text about data: it is about these data, can be met, and tells what it demands."""

from __future__ import annotations

import re
from fractions import Fraction

from orca_agents.arithmetic import ArithmeticProblem, evaluate, operands
from orca_agents.checks.api import Case
from orca_agents.checks.figures.blocks import DataProblem, read_data
from orca_agents.checks.figures.coverage import MARKED, marked_cells, missing_cells
from orca_agents.checks.figures.data import Data
from orca_agents.checks.figures.mentions import heading_terms, named_columns, named_labels, named_rows
from orca_agents.checks.figures.readings import exact, figures_in
from orca_agents.checks.numbers import CONSTANTS
from orca_agents.checks.repetition import repetition
from orca_agents.checks.terms import terms
from orca_agents.language import count_words, words
from orca_agents.records import Instruction

FEWEST_WORDS, MOST_WORDS = 3, 160
MOST_GIVEN = 3
"""Figures of the data that a request may hold: it asks for a text, and does not write it."""


def data_of(case: Case) -> Data | None:
    """The data of a case; `None` where they cannot be read, which `data_readable` says."""
    content = case.instruction.content if case.instruction else case.content
    try:
        return read_data(content.text)
    except DataProblem:
        return None


def why_no_request(case: Case) -> str | None:
    """Check `is_a_request`."""
    question = _item(case).question.strip()
    count = count_words(question)
    if not FEWEST_WORDS <= count <= MOST_WORDS:
        return f"the request has {count} words; write {FEWEST_WORDS} to {MOST_WORDS}"
    if found := repetition(question):
        return f"the request {found}"
    if re.search(r"(?:[,;(\u201c]|\b(?:and|or|the|a|an|of|to))$", question):
        return f"the request breaks off ({question[-30:]!r})"
    if len(re.findall(r"^\s*+(?:\d+|[a-z])[.)]\s", question, re.MULTILINE)) >= 3:
        return "these are several tasks; ask for one text"
    return None


def why_misfit(case: Case) -> str | None:
    """Check `request_fits_data`."""
    item, data = _item(case), data_of(case)
    if data is None:
        return None  # `data_readable` says it
    question = item.question
    about = terms(_spaced(f"{data.text}\n{' '.join(data.columns)}"), case.language)
    english = case.language is None or case.language.startswith("en")
    wants_faults = case.leaf is not None and bool(case.leaf.settings.get("gaps"))
    if english and not wants_faults and not (terms(question, case.language) & about or named_labels(question, data)):
        return "the request names nothing of these data; say what of them the text is to be about"
    for quoted in re.findall(r"`([^`\n]{1,60})`|\"([^\"\n]{1,60})\"", MARKED.sub(" ", question)):
        name = next(filter(None, quoted))
        if _is_bound(name, question, item):
            continue
        if terms(name, case.language) and not heading_terms(name) & about:
            return f"{name!r} stands nowhere in the data"
    given = {
        figure.values[0] for figure in figures_in(MARKED.sub(" ", question), english=english)
        if any(figure.values[0] == value for column in data.measures for value in data.values(column))
        and not figure.is_word
    }  # fmt: skip
    if item.form == "text" and len(given) > MOST_GIVEN:
        return f"the request holds {len(given)} figures of the data; ask for the text, and leave them to it"
    return _why_marks(item, data, case)


def why_constraints_untold(case: Case) -> str | None:
    """Check `constraints_told`: what the answer is held to must stand in the request."""
    item = _item(case)
    question = item.question
    told = {value for figure in figures_in(question) for value in figure.values}
    for line in item.hidden.get("constraints", ()):
        kind, _, rest = line.partition(":")
        value = rest.strip().strip("\"'`")
        if kind.strip() in ("contains", "forbids"):
            if value.casefold() not in question.casefold() and value.casefold() not in item.content.text.casefold():
                return f"the request does not tell that the answer is held to `{line}`"
        elif value.replace(",", "").isdigit():
            number = Fraction(int(value.replace(",", "")))
            singles = re.search(r"\b(?:single|a|an|one)\b", question, re.IGNORECASE)
            if number not in told and not (number == 1 and singles):
                return f"the request does not tell that the answer is held to `{line}`; say it there, with its number"
    asked = re.search(
        r"\b(?:at most|no more than|up to|under|within|maximum of|not exceed(?:ing)?|exactly|fewer than|below)\s+"
        r"(?:\w+\s)?([0-9]{1,4}|[a-z-]+)\s+(words?|characters?|sentences?|lines?|paragraphs?|bullets?)\b",
        question, re.IGNORECASE,
    )  # fmt: skip
    if asked and item.form == "text" and asked[2][:4].lower() in ("word", "char", "line", "para"):
        kinds = " ".join(item.hidden.get("constraints", ()))
        if asked[2][:4].lower() not in kinds:
            return f"the request demands {asked[0]!r}; hand that in as a constraint too, so that a program can check it"
    return None


def why_key_not_of_table(case: Case) -> str | None:
    """Check `key_from_table`: the operands of a table question are the cells that it asks about."""
    item, data = _item(case), data_of(case)
    if item.form != "number" or data is None or not item.calculation:
        return None
    try:
        used = [abs(number) for number in operands(item.calculation)]
        evaluate(item.calculation)
    except ArithmeticProblem:
        return None  # `numbers_recomputed` says it
    values = {abs(value) for column in range(len(data.columns)) for value in data.values(column)}
    counted = {Fraction(number) for number in range(2, len(data.rows) + 1)}
    asked = {abs(value) for figure in figures_in(item.question) for value in figure.values}
    if all(number == 1 for number in used):
        return None  # things were counted, one by one
    foreign = [
        number for number in used if number not in values | CONSTANTS | counted | asked | {Fraction(1), Fraction(0)}
    ]
    if foreign:
        return f"{exact(foreign[0])} in the calculation is no cell of the table"
    rows, columns = named_rows(item.question, data), named_columns(item.question, data) & frozenset(data.measures)
    if not rows and not columns:
        return "the question names no row and no column of the table; say which figures are meant"
    if rows and len(rows) < len(data.rows) and not _RANGE.search(item.question):
        held = {abs(value) for row in rows for value in data.numbers[row] if value is not None}
        strays = [number for number in used if number in values - held - asked - counted - CONSTANTS]
        total = _has_total(item.question)
        if strays and not total:
            return f"{exact(strays[0])} stands in a row that the question does not name"
    if columns and not rows and not (data.periods and not columns <= frozenset(data.periods)):
        held = {abs(value) for column in columns for value in data.values(column)}
        strays = [number for number in used if number in values - held - asked - counted - CONSTANTS]
        if strays:
            return f"{exact(strays[0])} stands in a column that the question does not name"
    return None


def why_not_refined(case: Case) -> str | None:
    """Check `data_refined_as_asked`."""
    if case.goal is None or case.parent is None:
        return None
    item, parent, goal = _item(case), case.parent, case.goal
    data = data_of(case)
    if data is None:
        return None  # `data_readable` says it
    if goal.edits == "passage":
        return _why_data_edit(item, parent, data)
    if item.content.text != parent.content.text:
        return "the data were changed; only the request may be edited here"
    if " ".join(item.question.split()) == " ".join(parent.question.split()):
        return "the request is the same as before; carry the proposal out"
    if goal.name == "more_columns":
        old, new = _named(parent.question, data), _named(item.question, data)
        if not new - old:
            return "the request names no further row or column of the data"
    if goal.name == "derived_figures" and not _DERIVED.search(item.question):
        return "the request asks for no figure that has to be worked out: a change, a share, a ratio, a mean"
    if goal.name == "strict_length":
        limits = ("max_words", "words", "min_words", "max_chars", "sentences", "max_sentences", "lines", "paragraphs")
        kinds = {line.partition(":")[0].strip() for line in item.hidden.get("constraints", ())}
        if item.form == "text" and not kinds & set(limits):
            return "no limit of length stands among the constraints, so no program can check it"
    if goal.name == "unit_conversion" and not _UNITS.search(item.question):
        return "the request names no unit that the figures are to be given in"
    if goal.name == "other_audience" and len(set(words(item.question)) - set(words(parent.question))) < 2:
        return "the request is written for the same reader as before"
    return None


def _why_data_edit(item: Instruction, parent: Instruction, data: Data) -> str | None:
    if item.question != parent.question or item.parts != parent.parts:
        return "the request was changed; only the data may be edited here"
    try:
        old = read_data(parent.content.text)
    except DataProblem:
        return None
    if (data.columns, len(data.rows)) != (old.columns, len(old.rows)):
        return "rows or columns were added or taken away; change single cells only"
    changed = [
        (row, column) for row in range(len(data.rows)) for column in range(len(data.columns))
        if data.cell(row, column) != old.cell(row, column)
    ]  # fmt: skip
    if not changed:
        return "the data are the same as before; carry the proposal out"
    if len(changed) > 3:
        return f"{len(changed)} cells were changed; change one to three"
    if not set(missing_cells(data)) - set(missing_cells(old)) and len(changed) > 2:
        return "no cell was emptied, and more than two were changed; a contradiction needs one wrong cell"
    return None


def _why_marks(item: Instruction, data: Data, case: Case) -> str | None:
    if case.leaf is None or case.leaf.settings.get("covers") != "marked":
        return None
    cells, strays = marked_cells(item.question, data)
    if strays:
        return f"{strays[0]!r} is no cell of the table; write each as ROW / COLUMN, with the names as they stand there"
    if len(cells) < 2:
        return "mark two to six cells on a line `Highlighted: ROW / COLUMN; ROW / COLUMN`"
    if len(cells) > 8:
        return f"{len(cells)} cells are marked; mark two to six"
    return None


def _named(question: str, data: Data) -> set[object]:
    return {*named_columns(question, data), *named_labels(question, data)}


def _is_bound(name: str, question: str, item: Instruction) -> bool:
    """Whether a quoted text is a word that the answer is to hold, or its title."""
    return any(name.casefold() in line.casefold() for line in item.hidden.get("constraints", ()))


def _has_total(question: str) -> bool:
    return (
        re.search(r"\b(?:all|total|overall|average|mean|every|whole|combined|share|percent)\b|%", question, re.I)
        is not None
    )


def _item(case: Case) -> Instruction:
    assert case.instruction is not None, "this check needs an instruction"
    return case.instruction


def _spaced(text: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", text)


_RANGE = re.compile(r"\b(?:between|from|since|until|to|through|before|after|first|last|other|others|rest|highest|lowest"
                    r"|largest|smallest|most|least|top|bottom|than|next|second|rank\w*)\b", re.IGNORECASE)  # fmt: skip
_DERIVED = re.compile(
    r"\b(?:percent\w*|share|proportion|ratio|difference|change|growth|average|mean|total|sum|combined|gap|increase|decrease"
    r"|decline|rise|fall|times|compare|per|rate|median|rank\w*|how (?:much|many|far))\b|%",
    re.IGNORECASE,
)
_UNITS = re.compile(
    r"\b(?:in|into|to|as)\s+(?:whole |full |tenths of )?(?:miles?|km|kilomet\w+|met(?:re|er)s?|feet|foot|inches|cm|mm"
    r"|centimet\w+|millimet\w+|pounds?|lbs?|kg|kilogram\w*|grams?|ounces|tonnes?|tons?|lit(?:re|er)s?|gallons?|celsius"
    r"|fahrenheit|degrees?|hours?|minutes?|seconds?|days?|weeks?|years?|percent\w*|thousands?|millions?|billions?"
    r"|k[wW]h|[mM][wW]h|joules?|acres|hectares?|square \w+|mph|km/h|GB|MB|TB|cents)\b|°[CF]"
    r"|\bper (?:cent|day|hour|year)\b",
    re.IGNORECASE,
)
