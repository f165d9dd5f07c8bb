"""Judge an errand: not done at the start, done by some way on the site, and said as a user says it."""

from __future__ import annotations

import re

from orca_agents.checks.api import Case
from orca_agents.checks.sites.actions import ASK_FIRST, NONE
from orca_agents.checks.sites.criteria import CriteriaError, chosen_rows
from orca_agents.dialogues.web.acting import opened
from orca_agents.dialogues.web.dialogue import is_impossible, known_values, task
from orca_agents.dialogues.web.goals import ANSWER, ITEM, OF_VISIT, read_goal, shown_by, unmet, words_to_see
from orca_agents.dialogues.web.limits import why_unreachable
from orca_agents.dialogues.web.reading import read_site
from orca_agents.dialogues.web.search import Found, search
from orca_agents.dialogues.web.site import Condition, Site, things
from orca_agents.dialogues.web.view import look
from orca_agents.dialogues.words import pieces, plain, says
from orca_agents.language import count_words, words
from orca_agents.numerals import numbers_in
from orca_agents.records import Instruction

FEWEST_WORDS, MOST_WORDS = 6, 140
LONGEST_WAY = 24
TELLING = 4
"""Letters of a word that says what something is; `the` and `of` say nothing."""
SHARE_NAMED = 0.5
"""So much of the name of a thing the errand must say, where nothing else tells which one is meant."""


def way_of(instruction: Instruction) -> Found:
    """The shortest way to the goal of an errand, with the user's data known."""
    return search(instruction.content.text, instruction.key, known_values(instruction))


def why_done(case: Case) -> str | None:
    """Check `errand_not_done_at_start`."""
    item = _item(case)
    site, goal = read_site(item.content.text), read_goal(item.key)
    start = opened(site)
    shown = shown_by(look(site, start))
    answer = "\n".join(word for word in words_to_see(goal) if says(shown, word))
    if unmet(goal, site, start, shown, answer):
        return None
    return "the goal is reached before anything is done; ask for something that takes steps on the site"


def why_no_way(case: Case) -> str | None:
    """Check `errand_has_a_way`."""
    item = _item(case)
    if is_impossible(item):
        return None
    if reason := why_unreachable(item.content.text, item.key):
        return f"{reason}; take a goal that the site lets a visitor reach"
    found = way_of(item)
    if found.path is None and found.is_complete:
        return (
            "there is no way to the goal, though each of its conditions alone could be so; see which buttons set what, "
            "and whether the user gives all that they need"
        )
    if found.path is None:
        return "no way to the goal was found among the first thousands; make the goal name fewer conditions"
    fewest = int(case.leaf.settings.get("steps", 1)) if case.leaf else 1
    if len(found.path) < fewest:
        return f"the goal takes {len(found.path)} step(s); this kind of errand takes {fewest} at least"
    if len(found.path) > LONGEST_WAY:
        return f"the goal takes {len(found.path)} steps; ask for less, {LONGEST_WAY} at most"
    return None


def why_possible(case: Case) -> str | None:
    """Check `errand_is_impossible`."""
    item = _item(case)
    if not is_impossible(item):
        return None
    missing = item.hidden["missing"][0]
    if why_unreachable(item.content.text, item.key) is None:
        path = search(item.content.text, item.key, known_values(item)).path
        how = (
            f"it can be done: {'; '.join(map(str, path))}"
            if path is not None
            else "nothing shows that it cannot be done"
        )
        return f"{how}. Ask for what the site plainly lacks, and put that into the goal"
    telling = {piece for piece in pieces(missing) if len(piece) >= TELLING} or set(pieces(missing))
    if not telling & set(pieces(item.question)):
        return f"the errand says nothing of {missing!r}, which is what the site is to lack"
    return None


def why_unnatural(case: Case) -> str | None:
    """Check `errand_in_users_words`."""
    item = _item(case)
    count = count_words(item.question)
    if not FEWEST_WORDS <= count <= MOST_WORDS:
        return f"the errand has {count} words; write {FEWEST_WORDS} to {MOST_WORDS}"
    if match := _MACHINE.search(item.question):
        return f"{match[0]!r} is no word of somebody who wants something done; say what is wanted, not how"
    site = read_site(item.content.text)
    for name in {*site.variables(), *site.pages}:
        if "_" in name and says(item.question, name):
            return f"{name!r} is a name of the notation; no user knows it"
    given = [
        c.value
        for c in (read_goal(item.key) if not is_impossible(item) else ())
        if c.variable == ANSWER
        and c.relation == "has"
        and says(item.question, c.value)
        and not _is_named(site, c.value)
    ]
    if given:
        return f"the errand itself says {given[0]!r}, which is the answer to be found"
    return None


def why_data_missing(case: Case) -> str | None:
    """Check `errand_says_what_it_needs`: nobody can type, choose or buy what nobody named."""
    item = _item(case)
    site, told = read_site(item.content.text), _told(item)
    shown = _shown(site)
    for condition in read_goal(item.key):
        if condition.relation not in ("==", "has") or (condition.variable in OF_VISIT and condition.variable != ITEM):
            continue
        inputs = site.inputs(condition.variable.removesuffix(".saved"))
        if any(one.kind == "textbox" for one in inputs):
            if not (says(told, condition.value) or says(shown, condition.value)):
                return f"nobody tells {condition.value!r} for {inputs[0].label!r}: put it into the errand or its facts"
        elif any(one.kind == "select" for one in inputs):
            if _share_named(condition.value, told) < SHARE_NAMED:
                return f"the errand does not say {condition.value!r} for {inputs[0].label!r}, which the goal asks for"
        elif not inputs and not item.hidden.get("criteria") and _is_named(site, condition.value):
            for thing in things(condition.value):
                if _share_named(thing, told) < SHARE_NAMED and not _is_described(site, thing, told):
                    return f"the errand does not say that {thing!r} is meant"
    return None


def why_withholds_badly(case: Case) -> str | None:
    """Check `errand_withholds_one_fact`."""
    item = _item(case)
    if case.leaf is None or not case.leaf.settings.get("withholds"):
        return None
    withheld = item.hidden.get("withheld", ())
    if not withheld:
        return "nothing is withheld; keep back one fact that the errand needs"
    goal = read_goal(item.key)
    for line in withheld:
        value = line.partition(":")[2].strip()
        preset = {name for name, held in read_site(item.content.text).initial if plain(held) == plain(value)}
        if any(c.variable.removesuffix(".saved") in preset for c in goal):
            return f"{value!r} is withheld, but the site has it set already, so nobody would have to ask"
        if says(task(item), value):
            return f"{value!r} is withheld, but errand or facts say it; take it out there"
        if not any(says(c.value, value) for c in goal if c.relation in ("==", "has")):
            return f"{value!r} is withheld, but no condition of the goal asks for it, so nobody would have to ask"
        choices = [one for c in goal if plain(value) in map(plain, things(c.value)) for one in site_choices(item, c)]
        if len({plain(one) for one in choices} - {""}) == 1:
            return f"the site offers nothing but {value!r} there, so nobody would have to ask"
    return None


def site_choices(item: Instruction, condition: Condition) -> list[str]:
    """What a select offers for the variable of a condition; nothing where it is typed, or put together."""
    inputs = read_site(item.content.text).inputs(condition.variable.removesuffix(".saved"))
    return [option for one in inputs if one.kind == "select" for option in one.options]


def why_chosen_wrongly(case: Case) -> str | None:
    """Check `errand_selects_rightly`: the rows that the criteria choose are those of the goal."""
    item = _item(case)
    criteria = item.hidden.get("criteria", ())
    if not criteria:
        return None
    site = read_site(item.content.text)
    try:
        rows = chosen_rows(site, criteria)
    except CriteriaError as error:
        return str(error)
    if not rows:
        return "no row of the table meets the criteria"
    table = site.tables[next(line for line in criteria if line.lower().startswith("from")).partition(":")[2].strip()]
    if len(rows) == len(table.rows):
        return "every row of the table meets the criteria; choose some that leave rows out"
    values = [c.value for c in read_goal(item.key) if c.relation in ("==", "has")]
    for row in rows:
        if not any(_speaks_of(value, row, table.rows) for value in values):
            return f"by the criteria {row[0]!r} is meant, but no condition of the goal names it"
    for row in table.rows:
        if row not in rows and any(plain(row[0]) in map(plain, things(value)) for value in values):
            return f"the goal names {row[0]!r}, but by the criteria {', '.join(r[0] for r in rows)} is meant"
    return None


def why_not_of_leaf(case: Case) -> str | None:
    """Check `errand_of_its_kind`: the way to the goal has what this kind of errand is about."""
    item = _item(case)
    if case.leaf is None or is_impossible(item):
        return None
    wants = case.leaf.settings.get("wants", ())
    path = way_of(item).path
    if path is None:
        return None  # another check says so
    site, goal = read_site(item.content.text), read_goal(item.key)
    popups = any(way.line.part.startswith("popup:") for way in path)
    filled = {way.line.label for way in path if way.does in ("type", "select") or way.line.role == "checkbox"}
    there = {
        "answer": any(c.variable == ANSWER for c in goal),
        "search": any(c.variable.endswith(".search") for c in goal),
        "narrowed": any(re.search(r"\.(?!search$|saved$)", c.variable) for c in goal)
        or bool(item.hidden.get("criteria")),
        "form": len(filled) >= 2,
        "commits": any(way.line.element is not None and way.line.element.commits for way in path),
        "saves": any(c.variable.endswith(".saved") for c in goal),
        "composes": any(one.kind == "textarea" for c in goal for one in site.inputs(c.variable)),
        "several": sum(c.variable in (ANSWER, "seen") and c.relation == "has" for c in goal) >= 2,
        "hurdle": popups or _is_refused_first(item, site),
        "pages": len({way.line.element.target for way in path if way.line.element and way.line.element.target}) >= 2,
    }
    for want in wants:
        if not there[want]:
            return _LACKS[want]
    if not case.leaf.settings.get("commits", True) and there["commits"]:
        return "this kind of errand buys, books, sends and publishes nothing"
    if there["commits"] and item.hidden.get("consent") == (NONE,):
        return "the goal needs a step that cannot be taken back, but consent is `none`"
    if item.hidden.get("consent") == (ASK_FIRST,) and not there["commits"]:
        return "consent is `ask first`, but nothing on the way has to be asked for"
    return None


def _is_refused_first(item: Instruction, site: Site) -> bool:
    """Whether something that the user wishes for is refused by a button of the site."""
    needs = [need.condition for element in site.elements() for need in element.needs]
    return any(c.relation in ("!=", "lacks") and says(task(item), c.value) for c in needs)


def _is_named(site: Site, value: str) -> bool:
    """Whether these are rows of a table."""
    names = {plain(row[0]) for table in site.tables.values() for row in table.rows}
    return bool(things(value)) and all(plain(thing) in names for thing in things(value))


def _speaks_of(value: str, row: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> bool:
    """Whether a value of the goal is the name of a row, or a cell that no other row has."""
    parts = list(map(plain, (value, *things(value))))
    own = [cell for cell in row[1:] if sum(cell in other for other in rows) == 1]
    return plain(row[0]) in parts or says(value, row[0]) or any(plain(cell) in parts for cell in own)


def _share_named(thing: str, told: str) -> float:
    if says(told, thing):
        return 1.0
    wanted = words(thing)
    known = set(words(told)) | {f"{float(found.value):g}" for found in numbers_in(told)}
    return sum(word in known or word.rstrip("s") in known or f"{word}s" in known for word in wanted) / max(
        1, len(wanted)
    )


def _is_described(site: Site, thing: str, told: str) -> bool:
    """Whether a row is told apart by something that stands in it, as `the one built in 1911`."""
    rows = [row for table in site.tables.values() for row in table.rows if plain(row[0]) == plain(thing)]
    telling = {word for row in rows for cell in row[1:] for word in words(cell) if len(word) > 3 or word.isdigit()}
    return bool(telling & set(words(told)))


def _told(item: Instruction) -> str:
    return "\n".join((task(item), *item.hidden.get("withheld", ())))


def _shown(site: Site) -> str:
    """What stands on the site and could be copied into an input."""
    cells = [cell for table in site.tables.values() for row in table.rows for cell in row]
    return "\n".join((*cells, *(element.label for element in site.elements() if element.kind in ("text", "heading"))))


def _item(case: Case) -> Instruction:
    assert case.instruction is not None, "this check needs an instruction"
    return case.instruction


_MACHINE = re.compile(
    r"==|!=|->|\b(?:click(?:ing)?|textbox|combobox|checkbox|dropdown|element id|state variable)\b"
    r"|\b(?:click|type|select|stop)\(",
    re.IGNORECASE,
)
_LACKS = {
    "answer": "the goal holds no `answer has ...`, but this kind of errand ends with something that is told",
    "search": "the goal holds no `TABLE.search == WORDS`, but this kind of errand uses the search box",
    "narrowed": "the goal holds no filter or order (`TABLE.COLUMN == VALUE`, `TABLE.sort == COLUMN up`), no criteria",
    "form": "fewer than two inputs have to be filled in on the way; this kind of errand fills in a form",
    "commits": "no button on the way `commits`; this kind of errand ends with one that cannot be taken back",
    "saves": "the goal holds no `VARIABLE.saved == VALUE`, but this kind of errand ends with saved settings",
    "composes": "the goal asks nothing of a textarea, but this kind of errand writes something",
    "several": "the goal names fewer than two things to be told or seen (`answer has`, `seen has`)",
    "hurdle": "nothing is in the way: no popup on the way, and no button refuses what the user asks for first",
    "pages": "the way leads over fewer than two pages",
}
