"""Hold a text about data to the data: figures, names, directions, causes, what it has to cover."""

from __future__ import annotations

import re

from orca_agents.checks.api import Case
from orca_agents.checks.figures.blocks import is_timed
from orca_agents.checks.figures.causes import unfounded_cause
from orca_agents.checks.figures.coverage import (
    events_out_of_order,
    marked_cells,
    missing_cells,
    speaks_of_gaps,
    unnamed_gaps,
    unsaid_cells,
    unsaid_columns,
    unsaid_fields,
    unsaid_names,
    unsaid_triples,
)
from orca_agents.checks.figures.data import Data
from orca_agents.checks.figures.directions import why_against_data
from orca_agents.checks.figures.grounding import Traced, trace, why_untraced
from orca_agents.checks.figures.mentions import named_columns, named_labels, named_rows
from orca_agents.checks.figures.names_in_text import foreign_name
from orca_agents.checks.figures.requests import data_of
from orca_agents.checks.leakage import leak, preamble
from orca_agents.checks.passage import cut_end
from orca_agents.checks.repetition import repetition
from orca_agents.language import count_words, language_name, other_language

FEWEST_WORDS = 8


def why_unclean(case: Case) -> str | None:
    """Check `report_clean`."""
    text = _text(case)
    if text is None or case.draft is None:
        return None
    if count_words(text) < FEWEST_WORDS:
        return f"the text has only {count_words(text)} words"
    if first := preamble(text):
        return f"the text begins with talk about it ({first[:60]!r}); write the text alone"
    item = case.draft.instruction
    if found := leak(text, case.prompts, f"{item.content.text}\n{item.question}") or repetition(text):
        return f"the text {found}"
    if count_words(text) > 40 and (end := cut_end(text)):
        return f"the text breaks off ({end!r}); write it to its end, shorter if need be"
    if (other := other_language(text, case.language)) is not None:
        return f"this is in {language_name(other)}; write it in {language_name(case.language or '')}"
    return None


def why_untraceable(case: Case) -> str | None:
    """Check `figures_traced`."""
    text, data = _text(case), data_of(case)
    if text is None or data is None:
        return None
    return why_untraced(text, data, _request(case), english=_is_english(case))


def why_name_unknown(case: Case) -> str | None:
    """Check `names_of_data`."""
    text, data = _text(case), data_of(case)
    if text is None or data is None or not _is_english(case):
        return None
    name = foreign_name(text, data, _request(case))
    return f"{name!r} stands neither in the data nor in the request; keep to what they name" if name else None


def why_direction_wrong(case: Case) -> str | None:
    """Check `directions_agree`."""
    text, data = _text(case), data_of(case)
    return why_against_data(text, data) if text is not None and data is not None and _is_english(case) else None


def why_cause_unfounded(case: Case) -> str | None:
    """Check `causes_founded`."""
    text, data = _text(case), data_of(case)
    if text is None or data is None or not _is_english(case):
        return None
    claim = unfounded_cause(text, data, _request(case))
    return f"{claim!r} gives a reason that is not in the data; say what happened, not why" if claim else None


def why_incomplete(case: Case) -> str | None:
    """Check `report_covers`."""
    text, data = _text(case), data_of(case)
    if text is None or data is None or case.draft is None:
        return None
    request = case.draft.instruction.question
    covers = str(case.leaf.settings.get("covers", "")) if case.leaf else ""
    if covers == "marked":
        return _why_not_marked(text, request, data, case)
    if missing := unsaid_names(request, text, data):
        return f"the request names {missing[0]!r}, and the text does not"
    if missing := unsaid_columns(request, text, data):
        return f"the request asks about {missing[0]!r}, of which the text says nothing"
    if covers in ("record", "triples") and len(named_columns(request, data)) < 2:
        unsaid = unsaid_fields(text, data) if len(data.rows) == 1 else []
        if len(unsaid) > max(1, len(data.columns) // 4):
            return f"the text leaves out {len(unsaid)} of {len(data.columns)} fields, such as {unsaid[0]!r}"
    if covers == "triples" and data.kind == "triples" and (unsaid := unsaid_triples(text, data)):
        return f"the text leaves out {unsaid[0]!r}"
    if covers == "events" and data.kind == "log":
        return events_out_of_order(text, data)
    if covers == "extremes" and not _names_extremes(text, request, data):
        return "the text names neither the first and the last of any measure; say who leads and who comes last"
    if covers == "trend" and is_timed(data) and not _names_ends(text, data):
        return "the text says where the development begins or ends nowhere; give its first and last values"
    if covers == "series" and (
        unsaid_series := [data.columns[c] for c in data.measures if c not in named_columns(text, data)]
    ):
        named = named_columns(request, data) & frozenset(data.measures)
        if not named and len(data.measures) > 1:
            return f"the text does not speak of the series {unsaid_series[0]!r}"
    return _why_too_few(text, request, data, case)


def why_gaps_unnamed(case: Case) -> str | None:
    """Check `gaps_named`: what is missing or does not fit is said, where the leaf or the goal asks for it."""
    text, data = _text(case), data_of(case)
    if text is None or data is None or case.draft is None:
        return None
    item = case.draft.instruction
    asked = bool(case.leaf and case.leaf.settings.get("gaps")) or item.goal == "flawed_cells"
    if not asked or not _is_english(case):
        return None
    if not speaks_of_gaps(text):
        return "the text does not say that something in the data is missing or does not fit; name it"
    wanted = case.leaf is not None and case.leaf.settings.get("gaps") == "all"
    if (wanted or item.goal == "flawed_cells") and (unnamed := unnamed_gaps(text, data)):
        return f"the text does not name the missing value: {unnamed[0]}"
    if missing_cells(data) and not wanted and len(unnamed_gaps(text, data)) == len(missing_cells(data)):
        return f"the text names none of the missing values, such as {unnamed_gaps(text, data)[0]}"
    return None


def _why_not_marked(text: str, request: str, data: Data, case: Case) -> str | None:
    cells, _ = marked_cells(request, data)
    if unsaid := unsaid_cells(text, cells, data):
        return f"the text does not say the highlighted {unsaid[0]}"
    marked = {(cell.row, cell.column) for cell in cells}
    for one in trace(text, data, _request(case), _is_english(case)):
        held = [(source.row, source.column) for source in one.sources if source.kind == "cell"]
        if held and len(held) == len(one.sources) and not marked & set(held):
            return (
                f"{one.figure.written} stands in a cell that is not highlighted; write about the highlighted ones only"
            )
    return None


def _why_too_few(text: str, request: str, data: Data, case: Case) -> str | None:
    """Whether the text says enough of the data: some of their figures, and some worked out where that is asked."""
    if not data.measures or case.draft is None or case.leaf is None:
        return None
    traced = trace(text, data, _request(case), _is_english(case))
    held = {
        one.figure.values[0] for one in traced if any(source.kind not in ("given", "count") for source in one.sources)
    }
    fewest = int(case.leaf.settings.get("figures", 0))
    if len(held) < min(fewest, sum(len(data.values(column)) for column in data.measures)):
        return f"the text gives only {len(held)} figures of the data; give at least {fewest}"
    derived = [one for one in traced if one.is_derived]
    wanted = int(case.leaf.settings.get("derived", 0))
    if case.draft.instruction.goal == "derived_figures":
        wanted = max(wanted, 2)
    if case.draft.instruction.goal == "unit_conversion" and not any(_is_converted(one) for one in traced):
        return "no figure is converted into the unit that the request asks for"
    if len(derived) < wanted:
        return f"only {len(derived)} figures are worked out from the data (a change, a share, a mean); give {wanted}"
    return None


def _is_converted(one: Traced) -> bool:
    return any(source.kind in ("conversion", "share", "change") for source in one.sources)


def _names_extremes(text: str, request: str, data: Data) -> bool:
    named = named_rows(text, data)
    columns = named_columns(request, data) & frozenset(data.measures) or frozenset(data.measures)
    for column in columns:
        known = [(value, row) for row in data.parts_of_all if (value := data.numbers[row][column]) is not None]
        if known:
            least, most = min(known)[0], max(known)[0]
            if {row for value, row in known if value == most} & named and {r for v, r in known if v == least} & named:
                return True
    scope = named_rows(request, data)  # a rank among some of the rows
    return not data.measures or (bool(scope) and len(scope) < len(data.rows)) or _TOP.search(request) is not None


def _names_ends(text: str, data: Data) -> bool:
    if data.periods:
        spoken = named_columns(text, data)
        return data.periods[0] in spoken or data.periods[-1] in spoken
    labels = {
        row for name in named_labels(text, data) for row, column in data.names[name] if column in data.time_columns
    }
    order = data.in_time
    if not order:
        return True
    ends = {row for row in range(len(data.rows)) for end in (order[0], order[-1])
            if all(data.cell(row, column) == data.cell(end, column) for column in data.time_columns)}  # fmt: skip
    return bool(labels & ends)


def _text(case: Case) -> str | None:
    """The text that was written, where the answer is one."""
    assert case.draft is not None, "this check needs a draft"
    if case.draft.instruction.form != "text":
        return None
    return "\n".join(case.draft.answer.value)


def _request(case: Case) -> str:
    assert case.draft is not None
    return case.draft.instruction.question


def _is_english(case: Case) -> bool:
    return case.language is None or case.language.startswith("en")


_TOP = re.compile(
    r"\b(?:top|best|leading|first|bottom|last|highest|lowest)\s+(?:\d+|two|three|four|five|six|ten)\b", re.IGNORECASE
)
