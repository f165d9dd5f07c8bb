"""Hold words of direction and rank (rose, fell, highest, more than) to the signs of the data beside them. English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

from orca_agents.checks.figures.data import Data
from orca_agents.checks.figures.mentions import (
    Sentence,
    columns_by_word,
    named_columns,
    named_labels,
    named_rows,
    read_sentences,
)
from orca_agents.checks.figures.readings import exact, figures_in

_UP = (
    r"r[oi]se|risen|rising|rises|grew|grown|growing|grows?|increas(?:e[sd]?|ing)|climb(?:s|ed|ing)?|gain(?:s|ed|ing)"
    r"|jump(?:s|ed|ing)?|soar(?:s|ed|ing)?|surg(?:es?|ed|ing)|rebound(?:s|ed|ing)?|expand(?:s|ed|ing)?"
    r"|advanc(?:es?|ed|ing)|recover(?:s|ed|ing)?|went up|up from|growth|an? increase|a rise|a gain"
)
_DOWN = (
    r"fell|fall(?:s|en|ing)?|dropp?(?:s|ed|ing)?|declin(?:es?|ed|ing)|decreas(?:es?|ed|ing)"
    r"|shr[aiu]nk(?:ing)?|slipp?(?:s|ed|ing)|slid|sank|sunk|dipp?(?:s|ed|ing)?|plunged?|plummeted|tumbled|los(?:t|es|ing)"
    r"|went down|down from"
    r"|contract(?:s|ed|ing)|a decline|a drop|a fall|a decrease|halved"
)
_MOVE = re.compile(rf"\b(?:(?P<up>{_UP})|(?P<down>{_DOWN}))\b", re.IGNORECASE)
_FROM_TO = re.compile(
    r"\bfrom\s++(?P<a>[^.;]{1,40}?)\s+(?:in [^.;,]{1,20} )?(?:to|up to|down to)\s++(?P<b>[^.;]{1,40})", re.I
)
_NEGATED = re.compile(
    r"\b(?:no|not|never|neither|without|rather than|instead of|did not|didn['\u2019]t|nor)\b[^.;,]{0,25}$", re.I
)
_MOST = (
    r"highest|largest|biggest|greatest|most|best|top|longest|heaviest|tallest|fastest|busiest|richest|strongest|peak"
)
_LEAST = r"lowest|smallest|least|fewest|shortest|lightest|slowest|bottom|weakest|poorest"
_RANK = re.compile(
    rf"\b(?:(?P<place>second|third|fourth|fifth|2nd|3rd|4th|5th)[- ])?(?:(?P<most>{_MOST})|(?P<least>{_LEAST}))\b",
    re.IGNORECASE,
)
_PLACES = {"second": 2, "third": 3, "fourth": 4, "fifth": 5, "2nd": 2, "3rd": 3, "4th": 4, "5th": 5}
_IDLE_MOST = re.compile(
    r"\bat (?:the )?(?:most|least|best|top)\b|\bmost (?:of|recent|likely|notabl[ye]|striking|clear\w*|other|part)\b"
    r"|\bmost \w+ly\b|\btop (?:two|three|four|five|ten|\d+)\b|\bbottom (?:two|three|four|five|\d+)\b"
    r"|\bhighest-\w+|\bmost [a-z]+(?:ed|ing|ful|ous|ive|ent|ant|al)\b|\b(?:one|two|three|four|five|some|many) of the"
    r"|\btop of\b|\bbest (?:regards|wishes|known|seen)\b|\bpeak hours?\b|\bfor the most\b"
    r"|\bthe (?:most|least) (?:and|or)\b",
    re.IGNORECASE,
)
_SUBSET = re.compile(
    r"\b(?:of (?:the|these|those|all) (?:two|three|four|five|six|\d+|other|remaining|\w+ (?:ones|towns|states))"
    r"|among|amongst|between|outside|except|apart from|after|behind|other than|excluding|besides|so far|until then"
    r"|at the time|since)\b",
    re.IGNORECASE,
)
_OF_CHANGE = re.compile(
    r"(?:[ -]\w+){0,3}? (?:gains?|increases?|rises?|drops?|falls?|declines?|growth|changes?|jumps?|difference|gaps?"
    r"|shares?|improvements?|loss(?:es)?|swings?|margins?|rate"
    r"|ratio|average|mean|per)\b",
    re.IGNORECASE,
)
_MORE = re.compile(
    r"\b(?P<more>more|higher|larger|bigger|greater|better|longer|heavier|taller|faster|wetter|warmer|ahead|above)"
    r"\b[^.;,]{0,40}?\b(?:than|of)\b|\b(?P<less>less|fewer|lower|smaller|worse|shorter|lighter|slower|cooler|drier|behind"
    r"|below)\b[^.;,]{0,40}?\b(?:than)\b|\b(?P<beat>outsold|outperformed|exceeded|overtook|surpassed|topped|led)\b",
    re.IGNORECASE,
)


def why_against_data(text: str, data: Data) -> str | None:
    """The first statement of direction or rank that the data contradict, or `None`. What is not clear is let pass."""
    if not data.measures or data.kind in ("triples", "log"):
        return None
    sentences = read_sentences(text, data)
    before: frozenset[int] = frozenset()
    for sentence in sentences:
        for clause in _clauses(sentence.text):
            reason = (
                _why_wrong_pair(clause) or _why_wrong_move(clause, sentence, before, data)
                or _why_wrong_rank(clause, sentence, data) or _why_wrong_comparison(clause, data)
            )  # fmt: skip
            if reason:
                return f"{reason} (in {sentence.text.strip()[:100]!r})"
        before = sentence.rows or before
    return None


def _clauses(sentence: str) -> list[str]:
    return [part for part in re.split(
        r";|\s[\u2013\u2014]\s|,\s+(?:while|whereas|but|and|before|after|then|although|though|with|followed)\b|\bwhile\b"
        r"|\bwhereas\b|\bbut\b|\bbefore\b|\bthen\b", sentence) if part.strip()]  # fmt: skip


def _why_wrong_pair(clause: str) -> str | None:
    """`rose from 40 to 35`."""
    for move in _MOVE.finditer(clause):
        pair = _FROM_TO.search(clause, move.start())
        if pair is None or pair.start() - move.end() > 60 or _NEGATED.search(clause[: move.start()]):
            continue
        if _MOVE.search(clause, move.end(), pair.start()):
            continue
        left, right = figures_in(pair["a"]), figures_in(pair["b"])
        if (
            len(left) != 1
            or not right
            or left[0].kind != right[0].kind
            or _is_year(left[0].values[0], right[0].values[0])
        ):
            continue
        a, b = left[0].values[0], right[0].values[0]
        if b != a and (b > a) != bool(move["up"]):
            return f"{move[0]!r} does not go with {left[0].written} to {right[0].written}"
    return None


def _why_wrong_move(clause: str, sentence: Sentence, before: frozenset[int], data: Data) -> str | None:
    """`Oslo rose between 2019 and 2020` where the data fall."""
    moves = list(_MOVE.finditer(clause))
    if (
        len(moves) != 1
        or _NEGATED.search(clause[: moves[0].start()])
        or re.search(r"\bif\b|\bwould\b|\bunless\b", clause)
    ):
        return None
    if re.search(
        r"\b(?:after|despite|following|with)\s(?:an?|the|its|this)\s(?:\w+\s)?(?:an? )?$", clause[: moves[0].start()]
    ):
        return None  # said in passing
    if re.match(r"(?:after|despite|following|with)\b", clause.strip(), re.IGNORECASE):
        return None
    rises = bool(moves[0]["up"])
    if reason := _why_not_steady(clause, moves[0], data):
        return reason
    steps = list(_steps(clause, sentence, before, data))
    if not steps:
        return None
    if all(b == a or (b > a) != rises for _, a, b in steps):
        name, a, b = steps[0]
        return f"{moves[0][0]!r} does not go with {name}: {exact(a)}, then {exact(b)}"
    return None


def _why_not_steady(clause: str, move: re.Match[str], data: Data) -> str | None:
    """`Oslo rose every year` where it fell once; `sales fell in all three towns` where they rose in one."""
    rows, rises = named_rows(clause, data), bool(move["up"])
    named = [column for column in data.periods if column in named_columns(clause, data)]
    span = _span(clause, rows, named, data) if _STEADY.search(clause) else []
    for (_, a), (name, b) in pairwise(span):
        if (b > a) != rises:
            return f"{move[0]!r} does not go with {name}: {exact(a)}, then {exact(b)}"
    if data.periods and not rows and len(named) == 1 and _EVERYWHERE.search(clause):
        at = data.periods.index(named[0])
        for row in data.parts_of_all if at else ():
            before, value = data.numbers[row][data.periods[at - 1]], data.numbers[row][named[0]]
            if before is not None and value is not None and (value > before) != rises:
                label = next((data.cell(row, column) for column in data.labels), f"row {row + 1}")
                return f"{move[0]!r} does not go with {label}: {exact(before)}, then {exact(value)}"
    return None


def _span(clause: str, rows: frozenset[int], named: list[int], data: Data) -> list[tuple[str, Fraction]]:
    """The values, each with its time, of the one row or measure whose whole development a clause tells."""
    if data.periods:
        if len(rows) != 1:
            return []
        first, last = (named[0], named[-1]) if len(named) > 1 else (data.periods[0], data.periods[-1])
        columns = data.periods[data.periods.index(first) : data.periods.index(last) + 1]
        held = [(data.columns[column], data.numbers[min(rows)][column]) for column in columns]
        return [(name, value) for name, value in held if value is not None]
    measures = [column for column in data.measures if column in named_columns(clause, data)]
    if len(measures) != 1 or not data.in_time:
        return []
    order = data.series(min(rows)) if rows else list(data.in_time)
    if len({tuple(data.cell(row, c) for c in data.time_columns) for row in order}) < len(order):
        return []
    marked = [at for at, row in enumerate(order) if row in rows]
    if len(marked) > 1:
        order = order[marked[0] : marked[-1] + 1]
    held = [(data.cell(row, data.time_columns[0]), data.numbers[row][measures[0]]) for row in order]
    return [(name, value) for name, value in held if value is not None]


_STEADY = re.compile(
    r"\b(?:every|each) (?:single )?(?:year|month|quarter|season|week|period)\b|\bsteadily\b"
    r"|\bcontinuously\b|\bconsistently\b|\bwithout (?:interruption|a break)\b"
    r"|\b(?:year|month|quarter|season) (?:after|by|on) (?:year|month|quarter|season)\b",
    re.IGNORECASE,
)
_EVERYWHERE = re.compile(
    r"(?<!almost )(?<!nearly )(?<!not )\b(?:in|at|for|across) (?:all|each|every|both)\b|\beverywhere\b", re.IGNORECASE
)


def _steps(
    clause: str, sentence: Sentence, before: frozenset[int], data: Data
) -> Iterator[tuple[str, Fraction, Fraction]]:
    """The changes that a clause can speak of: of the row and the measure that it names, between the times it names."""
    columns = named_columns(clause, data)
    if not columns & frozenset(data.periods or data.measures):
        columns |= named_columns(sentence.text, data)
    rows = named_rows(clause, data) or sentence.rows or before
    if data.periods:
        named = [column for column in data.periods if column in columns]
        ends = [(named[0], named[-1])] if len(named) > 1 else []
        if len(named) == 1:
            at = data.periods.index(named[0])
            ends = [(data.periods[max(0, at - 1)], named[0]), (data.periods[0], named[0]), (named[0], data.periods[-1])]
            ends += [(named[0], data.periods[min(len(data.periods) - 1, at + 1)])]
        if not named:
            ends = [(data.periods[0], data.periods[-1]), *zip(data.periods, data.periods[1:], strict=False)]
        if len(rows) > 3:
            return
        everywhere = not rows and len(named) in (1, 2)  # all rows against it
        for row in data.parts_of_all if everywhere else sorted(rows):
            for first, last in ends:
                a, b = data.numbers[row][first], data.numbers[row][last]
                if a is not None and b is not None and first != last:
                    label = next((data.cell(row, column) for column in data.labels), f"row {row + 1}")
                    yield label, a, b
        return
    if not data.in_time:
        return
    timed = [name for name in named_labels(clause, data) if any(c in data.time_columns for _, c in data.names[name])]
    measures = [column for column in data.measures if column in columns] or (
        list(data.measures) if len(data.measures) == 1 else []
    )
    marked = sorted(rows, key=data.in_time.index)
    series = data.series(marked[0]) if marked else list(data.in_time)
    if len(series) < 2 or any(row not in series for row in marked):
        return
    for column in measures:
        values = [(row, data.numbers[row][column]) for row in series]
        known = [(row, value) for row, value in values if value is not None]
        spoken = [(row, value) for row, value in known if row in marked] if timed else []
        if len(spoken) > 1:
            yield data.columns[column], spoken[0][1], spoken[-1][1]
        elif len(spoken) == 1:
            at = known.index(spoken[0])
            around = [(known[max(0, at - 1)], known[at]), (known[at], known[min(len(known) - 1, at + 1)])]
            name = timed[0]
            if re.search(r"\b(?:later|next|following)\b", clause):
                pairs = around
            elif re.search(rf"\b(?:in|on|during) (?:the )?{re.escape(name)}", clause, re.IGNORECASE) and at > 0:
                pairs = around[:1]
            elif re.search(rf"\b(?:from|after|since) (?:the )?{re.escape(name)}", clause, re.IGNORECASE):
                pairs = [around[1], (known[at], known[-1])]
            else:
                pairs = [*around, (known[0], known[at]), (known[at], known[-1])]
            for (_, a), (_, b) in pairs:
                if a != b:
                    yield data.columns[column], a, b
        elif len(known) > 1:
            yield data.columns[column], known[0][1], known[-1][1]
            yield from ((data.columns[column], a, b) for (_, a), (_, b) in pairwise(known))


def _why_wrong_rank(clause: str, sentence: Sentence, data: Data) -> str | None:
    """`Oslo had the highest rainfall` where another row has."""
    found = [match for match in _RANK.finditer(clause) if not _NEGATED.search(clause[: match.start()])]
    if len(found) != 1 or _IDLE_MOST.search(clause) or len(data.rows) < 2:
        return None
    match = found[0]
    rows = named_rows(clause, data)
    if _OF_CHANGE.match(clause[match.end() :]):
        return None
    if not rows or len(rows) > 3 or _SUBSET.search(_without_whole(clause[match.end() :], data)):
        return None
    measures = frozenset(data.measures)
    named = named_columns(clause, data) & measures or named_columns(sentence.text, data) & measures
    columns = named or measures
    place = _PLACES.get((match["place"] or "").lower(), 1)
    for column in sorted(columns):
        for scope in _scopes(rows, data):
            values = sorted(
                {v for row in scope if (v := data.numbers[row][column]) is not None}, reverse=bool(match["most"])
            )
            if len(values) >= place and any(data.numbers[row][column] == values[place - 1] for row in rows):
                return None
    if data.periods:  # "its highest value was in 2020"
        for row in rows:
            held = [(v, c) for c in data.periods if (v := data.numbers[row][c]) is not None]
            ranked = sorted(held, reverse=bool(match["most"]))
            if ranked and ranked[0][1] in named:
                return None
    if named and not data.periods:
        return _wrong_rank(match[0], clause, data)
    totals = sorted({_total(row, data) for row in data.parts_of_all}, reverse=bool(match["most"]))
    if len(totals) >= place and any(_total(row, data) == totals[place - 1] for row in rows):
        return None
    return _wrong_rank(match[0], clause, data)


def _wrong_rank(word: str, clause: str, data: Data) -> str:
    names = ", ".join(named_labels(clause, data)[:2])
    return f"{word!r} does not go with {names}: another row has that place in every measure named"


def _without_whole(text: str, data: Data) -> str:
    """Without `of the five`, where five is all of them."""
    whole = (len(data.rows), len(data.parts_of_all))
    counts = [figure for figure in figures_in(text) if figure.values[0] in whole]
    return text[: counts[0].start] + text[counts[0].end :] if counts else text


def _scopes(rows: frozenset[int], data: Data) -> list[list[int]]:
    """Among which rows a rank can be meant: all, those of the same group, those of the same time."""
    scopes = [list(data.parts_of_all), list(range(len(data.rows)))]
    for column in data.labels:
        values = {data.cell(row, column) for row in rows}
        same = [row for row in range(len(data.rows)) if data.cell(row, column) in values]
        if 1 < len(same) < len(data.rows):
            scopes.append(same)
    return scopes


def _why_wrong_comparison(clause: str, data: Data) -> str | None:
    """`Oslo had more rain than Bergen` where it had less."""
    match = _MORE.search(clause)
    if (
        match is None
        or _NEGATED.search(clause[: match.start()])
        or re.search(r"\bif\b|\bwould\b|\bthan (?:half|twice)", clause)
    ):
        return None
    left, right = named_labels(clause[: match.start()], data), named_labels(clause[match.end() :], data)
    if len(left) != 1 or len(right) != 1 or left == right:
        return None
    if figures_in(clause[match.end() : match.end() + 4]) and not match["beat"]:
        return None
    measures = frozenset(data.measures)
    columns = (named_columns(clause, data) | columns_by_word(clause, data)) & measures or measures
    pairs = [
        (data.numbers[a][column], data.numbers[b][column])
        for a, _ in data.names[left[0]] for b, _ in data.names[right[0]] for column in columns
    ]  # fmt: skip
    known = [(a, b) for a, b in pairs if a is not None and b is not None]
    wants_more = not match["less"]
    if not known or any((a > b) == wants_more and a != b for a, b in known):
        return None
    a, b = known[0]
    return f"{match[0]!r} does not go with {left[0]} ({exact(a)}) and {right[0]} ({exact(b)})"


def _total(row: int, data: Data) -> Fraction:
    return sum((value for column in data.measures if (value := data.numbers[row][column]) is not None), Fraction(0))


def _is_year(a: Fraction, b: Fraction) -> bool:
    return all(value.denominator == 1 and 1500 <= value <= 2200 for value in (a, b))
