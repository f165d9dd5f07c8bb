"""Checks of calls: what is caught of a list, a request, an edit and a dialogue, and what passes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orca_agents.checks import CHECKS, FORMS, PROBES, PROOFS
from orca_agents.checks.api import Case
from orca_agents.config import Goal, Leaf
from orca_agents.dialogues.calls.grammar import read_call
from orca_agents.dialogues.calls.item import Style, item_of
from orca_agents.dialogues.calls.library import tool_schema
from orca_agents.dialogues.calls.messages import Action, Event, messages_of
from orca_agents.dialogues.calls.state import Done
from orca_agents.errors import UnparsableError
from orca_agents.records import Answer, Content, Draft, Instruction, Message, Seed

SEED = Seed(
    text="class Berth:\n    # a berth in the harbour, booked by boats\n    def bookBerth(self, boat, day): ...",
    kind="code",
    language="en",
)
LIBRARY = '''
def find_berths(harbour: str, max_fee: float[0, 900] = 900.0, page: int = 1) -> {
    "berths": list[{"berth_id": str, "fee": float}], "next_page": int | None
}:
    """Find free berths of a harbour.

    harbour: name of the harbour
    max_fee: highest fee for a night
    page: page of the list
    """

def book_berth(berth_id: str, arrival: date, nights: int[1, 30], side: Literal["port", "starboard"] = "port") -> {
    "booking_id": str, "berth_id": str, "fee": float
}:
    """Book a berth for a boat that visits.

    berth_id: id of the berth
    arrival: day of arrival
    nights: how many nights the boat stays
    side: on which side it ties up
    """

def order_fuel(booking_id: str, litres: float[1, 5000]) -> {"order_id": str, "price": float}:
    """Have fuel brought to a boat in its berth.

    booking_id: id of the booking
    litres: how much
    """

def cancel_booking(booking_id: str) -> {"booking_id": str, "refund": float}:
    """Cancel a booking and pay back its fee.

    booking_id: id of the booking
    """

def get_tide(harbour: str, day: date) -> {"high": time, "low": time}:
    """Look up when the water is high and low on one day.

    harbour: name of the harbour
    day: the day
    """
'''
FULL = "Book the berth HQ-4 for us, please: we come on 9 May 2026 and stay 3 nights."
BOOK = 'book_berth(berth_id="HQ-4", arrival="2026-05-09", nights=3)'


def _leaf(*names: str) -> Leaf:
    return Leaf(name="a_class", description="a class", answer="calls", settings=dict.fromkeys(names, True))


def _item(
    question: str = FULL,
    plan: tuple[str, ...] = (BOOK,),
    hidden: dict[str, tuple[str, ...]] | None = None,
    library: str = LIBRARY,
    proof: dict[str, tuple[str, ...]] | None = None,
) -> Instruction:
    content = Content(id="c", seed_id=SEED.id, text=library, transformer="schema_normaliser", language="en")
    return Instruction(
        id="i",
        seed_id=SEED.id,
        content=content,
        leaf="a_class",
        form="calls",
        question=question,
        key=plan,
        hidden=hidden or {},
        proof=proof or {},
    )


def _case(item: Instruction, leaf: Leaf, draft: Draft | None = None, **more: Any) -> Case:
    return Case(SEED, item.content, "en", leaf=leaf, instruction=item, draft=draft, **more)


def _why(check: str, item: Instruction, leaf: Leaf | None = None, **more: Any) -> str | None:
    found = CHECKS[check].why_not(_case(item, leaf or _leaf(), **more))
    assert found is None or isinstance(found, str)
    return found


def _why_list(check: str, library: str, transformer: str = "schema_normaliser") -> str | None:
    content = Content(id="c", seed_id=SEED.id, text=library, transformer=transformer)
    found = CHECKS[check].why_not(Case(SEED, content, "en"))
    assert found is None or isinstance(found, str)
    return found


# ---------------------------------------------------------------------------------------------------- lists


def test_a_sound_list_passes() -> None:
    assert _why_list("functions_sound", LIBRARY) is None
    assert _why_list("functions_of_seed", LIBRARY, "api_description_synthesiser") is None


def test_a_library_needs_more_functions_than_an_api() -> None:
    assert "write 6 to" in str(_why_list("functions_sound", LIBRARY, "library_hypothesiser"))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("    nights: how many nights the boat stays\n", "", "nights is not described"),
        ('"""Cancel a booking and pay back its fee.', '"""Cancel.', "what it does"),
        ("Cancel a booking and pay back its fee.", "Book a berth for a boat that visits.", "described alike"),
        ("arrival: date, nights", "arrival: when, nights", "no type here"),
        (
            "harbour: name of the harbour\n    day",
            "harbour: as an AI language model I say\n    day",
            "take it out",
        ),
        ('{"high": time, "low": time}', "{" + ", ".join(f'"f{n}": str' for n in range(50)) + "}", "50 fields"),
    ],
)
def test_what_is_wrong_with_a_list_is_told(old: str, new: str, words: str) -> None:
    assert old in LIBRARY
    assert words in str(_why_list("functions_sound", LIBRARY.replace(old, new)))


def test_functions_that_have_nothing_to_do_with_the_seed_are_turned_down() -> None:
    other = 'def play_song(title: str) -> {"ok": bool}:\n    """Play music on a speaker.\n\n    title: what\n    """\n'
    assert "little to do" in str(_why_list("functions_of_seed", other, "api_description_synthesiser"))


def test_what_is_normalised_has_nothing_that_the_original_lacks() -> None:
    crew = (
        'def rate_crew(stars: int) -> {"ok": bool}:\n    """Rate the boat with stars.\n\n    stars: 1 to 5\n    """\n'
    )
    more = f"{LIBRARY}\n{crew}"
    seed = Seed(text=SEED.text + " # harbour fuel tide booking cancel", kind="code")
    content = Content(id="c", seed_id=seed.id, text=more, transformer="schema_normaliser")
    assert "rate_crew is not in the material" in str(CHECKS["functions_of_seed"].why_not(Case(seed, content, "en")))
    designed = content.model_copy(update={"transformer": "api_description_synthesiser"})
    assert CHECKS["functions_of_seed"].why_not(Case(seed, designed, "en")) is None


# ---------------------------------------------------------------------------------------------------- requests

FORM = FORMS["calls"]


def test_a_plan_that_the_list_allows_is_sound() -> None:
    assert FORM.problems(_item()) == []


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (("sell_berth(berth_id=1)",), "not in the list"),
        (('book_berth(berth_id="HQ-4", nights=3)',), "needs 'arrival'"),
        (('book_berth(berth_id="HQ-4", arrival="2026-05-09", nights=31)',), "outside"),
        (('book_berth(berth_id="HQ-4", arrival="2026-05-09", nights=3, side="left")',), "side"),
        (('book_berth(berth_id="HQ-4", arrival="2026-05-09", nights=3, dog=true)',), "no parameter"),
        (("order_fuel(booking_id=$book_berth.booking_id, litres=40)",), "before the call"),
        ((BOOK, "order_fuel(booking_id=$book_berth.number, litres=40)"), "returns no number"),
        (('book_berth(berth_id="HQ-4", arrival="2026-05-09", nights=3, side=?)',), "has a default"),
    ],
)
def test_a_plan_that_the_list_does_not_allow_is_not_sound(plan: tuple[str, ...], words: str) -> None:
    assert words in "; ".join(FORM.problems(_item(plan=plan)))


def test_what_a_writer_hands_in_is_read() -> None:
    product = {
        "calls": ("`book_berth(berth_id='HQ-4', arrival=?, nights = 3)`",),
        "facts": ("- `arrival` = 2026-05-09",),
        "notes": ("fault: book_berth: busy: try again", "withdrawn: nights = 4"),
    }
    parts = FORM.read_item(product, _leaf("incomplete"))
    assert parts.key == ('book_berth(berth_id="HQ-4", arrival=?, nights=3)',)
    assert parts.hidden == {
        "facts": ("arrival = 2026-05-09",),
        "fault": ("book_berth", "busy: try again"),
        "withdrawn": ("nights = 4",),
    }


@pytest.mark.parametrize("field", ["calls", "facts", "notes"])
def test_what_is_no_line_of_the_notation_is_refused(field: str) -> None:
    product = {"calls": (BOOK,), "facts": (), "notes": (), field: ("just some words",)}
    with pytest.raises(UnparsableError, match=field):
        FORM.read_item(product, _leaf("incomplete"))


NO_DAY = 'book_berth(berth_id="HQ-4", arrival=?, nights=3)'
NO_DAY_SAID = "Book the berth HQ-4 for us, please. We stay 3 nights."
TWO = (
    'find_berths(harbour="Sula")',
    'book_berth(berth_id=$find_berths.berths[0].berth_id, arrival="2026-05-09", nights=3)',
)
TWO_SAID = "Find a berth in Sula and book it from 9 May 2026 for 3 nights."


@pytest.mark.parametrize(
    ("names", "question", "plan", "hidden"),
    [
        ((), FULL, (BOOK,), {}),
        (("superfluous",), FULL + " The boat is painted dark green.", (BOOK,), {"extras": ("paint = dark green",)}),
        (("incomplete",), NO_DAY_SAID, (NO_DAY,), {"facts": ("arrival = 2026-05-09",)}),
        (("incomplete",), NO_DAY_SAID, (NO_DAY,), {}),
        (("several",), TWO_SAID, TWO, {}),
        (("absent",), FULL, (BOOK,), {"absent": ("book_berth",)}),
        (("several", "absent"), TWO_SAID, TWO, {"absent": ("book_berth",)}),
        ((), FULL.replace("3 nights", "5 nights, no, sorry, 3 nights"), (BOOK,), {"withdrawn": ("nights = 5",)}),
        (
            (),
            "Which berths in Sula are free? All of them, please, also those on the next page.",
            ('find_berths(harbour="Sula")', 'find_berths(harbour="Sula", page=2)'),
            {},
        ),
        (
            ("incomplete",),
            "Book a berth for us, please: it is HQ-4, and we come on 9 May 2026.",
            ('book_berth(berth_id="HQ-4", arrival="2026-05-09", nights=?)',),
            {"facts": ("nights = 1",)},
        ),
    ],
)
def test_each_class_has_requests_that_hold(
    names: tuple[str, ...], question: str, plan: tuple[str, ...], hidden: dict[str, tuple[str, ...]]
) -> None:
    item, leaf = _item(question, plan, hidden), _leaf(*names)
    assert FORM.problems(item) == []
    for check in ("request_sound", "class_holds", "nothing_else_fits"):
        assert _why(check, item, leaf) is None, check


@pytest.mark.parametrize(
    ("names", "question", "plan", "hidden", "words"),
    [
        ((), FULL.replace("9 May 2026", "next week"), (BOOK,), {}, "does not say that value"),
        ((), TWO_SAID, TWO, {}, "needs 2 functions"),
        (("several",), FULL, (BOOK,), {}, "one function only"),
        ((), NO_DAY_SAID, (NO_DAY,), {}, "lacks arrival"),
        (("incomplete",), FULL, (BOOK,), {}, "nothing is missing"),
        (("incomplete",), FULL, (NO_DAY,), {"facts": ("arrival = 2026-05-09",)}, "said in the request already"),
        (("incomplete",), NO_DAY_SAID, (NO_DAY,), {"facts": ("day = 2026-05-09",)}, "no missing parameter"),
        (("incomplete",), NO_DAY_SAID, (NO_DAY,), {"facts": ("arrival = soon",)}, "written as"),
        (("incomplete",), NO_DAY_SAID + " It is 2026-05-01.", (NO_DAY,), {}, "could be it"),
        (("incomplete",), NO_DAY_SAID + " My birthday is on 1 May 2026.", (NO_DAY,), {}, "1 May 2026, which could"),
        (("incomplete",), NO_DAY_SAID + " Hochzeit ist am 1. Mai 2026.", (NO_DAY,), {}, "1. Mai 2026, which could"),
        (
            ("incomplete",),
            "Book a berth from 9 May 2026, for 3 nights.",
            ('book_berth(berth_id=?, arrival="2026-05-09", nights=3)',),
            {},
            "find_berths returns it",
        ),
        (("superfluous",), FULL, (BOOK,), {}, "no superfluous detail"),
        (("superfluous",), FULL, (BOOK,), {"extras": ("paint = dark green",)}, "copy its words"),
        (("superfluous",), FULL, (BOOK,), {"extras": ("length = 3",)}, "used in the plan"),
        (
            ("superfluous",),
            FULL + " To starboard.",
            (BOOK,),
            {"extras": ("side = starboard",)},
            "takes it (side)",
        ),
        (("absent",), FULL, (BOOK,), {"absent": ("sell_berth",)}, "not in it"),
        (("absent",), FULL, (BOOK,), {"absent": ("book_berth(*",)}, "not in it"),
        (("absent",), FULL, (BOOK,), {"absent": ("get_tide",)}, "no function of the plan"),
        (("several", "absent"), TWO_SAID, TWO, {"absent": ("find_berths", "book_berth")}, "every function"),
        ((), FULL, (BOOK,), {"withdrawn": ("nights = 5",)}, "never says it"),
        ((), FULL, (BOOK,), {"withdrawn": ("nights = 3",)}, "another value"),
        ((), FULL, (BOOK,), {"withdrawn": ("nights = 2",)}, "never says it"),
        (("superfluous",), FULL, (BOOK,), {"extras": ("flags = 2",)}, "copy its words"),
    ],
)
def test_a_request_that_is_not_of_its_class_is_turned_down(
    names: tuple[str, ...], question: str, plan: tuple[str, ...], hidden: dict[str, tuple[str, ...]], words: str
) -> None:
    assert words in str(_why("class_holds", _item(question, plan, hidden), _leaf(*names)))


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Book it.", "words"),
        ("Call book_berth for HQ-4 on 9 May 2026 for 3 nights.", "'book_berth'"),
        ("Here is the request: book the berth HQ-4 from 9 May 2026 for 3 nights.", "nothing before it"),
        ("**User request:** Book the berth HQ-4 from 9 May 2026 for 3 nights.", "nothing before it"),
        ('"Book the berth HQ-4 from 9 May 2026 for 3 nights."', "quotation marks"),
        ("Book the berth HQ-4 from 9 May 2026 for {{ nights }} nights.", "template"),
        ("ACTION: book the berth HQ-4 from 9 May 2026 for 3 nights.", "'ACTION'"),
    ],
)
def test_a_request_that_no_user_would_write_is_turned_down(question: str, words: str) -> None:
    assert words in str(_why("request_sound", _item(question)))


def test_a_value_with_underscores_may_be_said() -> None:
    plan = ('get_tide(harbour="old_quay_2", day="2026-05-09")',)
    assert _why("request_sound", _item("When is high water at old_quay_2 on 9 May 2026?", plan)) is None


def test_a_function_that_does_the_same_has_to_go_too() -> None:
    twin = LIBRARY + (
        '\ndef reserve_berth(berth_id: str, arrival: date, nights: int) -> {"booking_id": str}:\n'
        '    """Reserve a berth for some nights.\n\n'
        '    berth_id: id\n    arrival: day of arrival\n    nights: how many\n    """\n'
    )
    item = _item(hidden={"absent": ("book_berth",)}, library=twin)
    assert "reserve_berth could serve" in str(_why("nothing_else_fits", item, _leaf("absent")))
    both = _item(hidden={"absent": ("book_berth", "reserve_berth")}, library=twin)
    assert _why("nothing_else_fits", both, _leaf("absent")) is None


# ---------------------------------------------------------------------------------------------------- another's plan

TIDE = 'get_tide(harbour="{}", day="2026-05-09")'


@pytest.mark.parametrize(
    ("plan", "hidden", "found", "agrees"),
    [
        ((BOOK,), {}, (BOOK,), True),
        ((BOOK,), {}, ('book_berth(berth_id="hq-4", arrival="2026-05-09", nights=3, side="port")',), True),
        ((BOOK,), {}, ('book_berth(berth_id="HQ-4", arrival="2026-05-10", nights=3)',), False),
        ((BOOK,), {}, (NO_DAY,), False),
        ((BOOK,), {}, (BOOK, "order_fuel(booking_id=$book_berth.booking_id, litres=?)"), False),
        ((BOOK,), {}, ('NO_FUNCTION("book a berth")',), False),
        ((NO_DAY,), {}, (NO_DAY,), True),
        ((NO_DAY,), {}, (BOOK,), False),
        (TWO, {}, tuple(reversed(TWO)), True),
        ((BOOK,), {"absent": ("book_berth",)}, ('NO_FUNCTION("book a berth")',), True),
        ((BOOK,), {"absent": ("book_berth",)}, ('find_berths(harbour="Sula")',), False),
        (TWO, {"absent": ("book_berth",)}, (TWO[0], 'NO_FUNCTION("book it")'), True),
        ((BOOK,), {}, ('book_berth(berth_id="HQ-4", arrival="2026-05-09", nights=3, side="starboard")',), False),
        ((TIDE.format("Old Quay"),), {}, (TIDE.format("New Harbour"),), False),
        ((TIDE.format("Old Quay"),), {}, (TIDE.format("the Old Quay of Sula"),), True),
        ((TIDE.format("\u77f3\u6d5c\u306e\u6e2f"),), {}, (TIDE.format("\u77f3\u6d5c\u6e2f"),), True),
        ((TIDE.format("\u77f3\u6d5c"),), {}, (TIDE.format("\u6771\u4eac"),), False),
    ],
)
async def test_plans_are_compared_by_what_they_do(
    plan: tuple[str, ...], hidden: dict[str, tuple[str, ...]], found: tuple[str, ...], agrees: bool
) -> None:
    item = _item(plan=plan, hidden=hidden, proof={"plan": found})
    assert (_why("plan_found_again", item) is None) == agrees
    assert await FORM.is_right(Answer(value=found), item, None) == agrees


def test_the_planner_hands_in_the_same_notation() -> None:
    proof = PROOFS["call_plan"]
    lines = ("book_berth(berth_id='HQ-4', arrival=?, nights=3)", "NO_FUNCTION(paint the boat (green))")
    assert proof.read({"answer": lines}, _item()) == {"plan": (NO_DAY, 'NO_FUNCTION("paint the boat (green)")')}
    assert [field.name for field in proof.fields(_item(), _leaf())] == ["answer"]


def test_the_probe_shows_the_list_without_the_absent_functions() -> None:
    probe = PROBES["nothing_covers_it"]
    view = probe.view(_item(hidden={"absent": ("book_berth",)}))
    assert view is not None
    assert "book_berth" not in view.content.text
    assert "order_fuel" in view.content.text
    assert probe.view(_item()) is None


# ---------------------------------------------------------------------------------------------------- edits


def _goal(name: str, edits: Any = "question") -> Goal:
    return Goal(name=name, description="a goal", edits=edits)


@pytest.mark.parametrize(
    ("goal", "parent", "item", "words"),
    [
        ("more_steps", _item(TWO_SAID, TWO), _item(TWO_SAID + " And 40 litres.", (*TWO, "x_y(a=1)")), None),
        ("more_steps", _item(TWO_SAID, TWO), _item(TWO_SAID + " Soon.", TWO), "add steps"),
        ("more_steps", _item(TWO_SAID, TWO), _item(TWO_SAID, (*TWO, "x_y(a=1)")), "same as before"),
        ("result_feeds_next", _item(), _item(TWO_SAID, TWO), None),
        ("result_feeds_next", _item(), _item("Other words for it", (BOOK,)), "no further call"),
        (
            "pagination",
            _item("List berths in Sula", TWO[:1]),
            _item("All of them", (TWO[0], 'find_berths(harbour="Sula", page=$find_berths.next_page)')),
            None,
        ),
        ("pagination", _item("List berths in Sula", TWO[:1]), _item("All of them", TWO[:1]), "turns no page"),
        ("error_to_recover_from", _item(), _item(hidden={"fault": ("book_berth", "busy")}), None),
        ("error_to_recover_from", _item(), _item(), "no fault"),
        ("changed_mind", _item(), _item("No, 3", hidden={"withdrawn": ("nights = 5",)}), None),
        ("changed_mind", _item(), _item("No, 3"), "nothing is withdrawn"),
    ],
)
def test_an_edit_has_to_reach_its_goal(goal: str, parent: Instruction, item: Instruction, words: str | None) -> None:
    found = _why("refined_toward_goal", item, goal=_goal(goal), parent=parent)
    assert (found is None) if words is None else (words in str(found))


DECOY = (
    '\ndef look_berth(berth_id: str) -> {"photo": str}:\n'
    '    """Look at a photo of a berth.\n\n    berth_id: id\n    """\n'
)


@pytest.mark.parametrize(
    ("library", "words"),
    [
        (LIBRARY + DECOY, None),
        (LIBRARY, "no new function"),
        (LIBRARY + DECOY.replace("look_berth", "send_weather_report"), "no new function"),
        (LIBRARY.replace("how many nights the boat stays", "nights") + DECOY, "was changed"),
        (LIBRARY.replace("def get_tide", "def get_tides") + DECOY, "is gone"),
    ],
)
def test_names_that_mislead_are_added_and_nothing_else_changes(library: str, words: str | None) -> None:
    goal = _goal("similar_names", "passage")
    found = _why("refined_toward_goal", _item(library=library), goal=goal, parent=_item())
    assert (found is None) if words is None else (words in str(found))


# ---------------------------------------------------------------------------------------------------- dialogues

BOOKED = {"booking_id": "B-7", "berth_id": "HQ-4", "fee": 60.0}


def _draft(
    item: Instruction,
    *calls: tuple[str, Any],
    end: str = "answer",
    text: str = "Booked as B-7 for 60 euros.",
    asked: tuple[str, ...] = (),
    may_ask: bool = True,
    native: bool = False,
    plan: str = "I call.",
) -> Draft:
    """A dialogue as the program writes it down; a reply that is a text is an error."""
    style = Style(native, may_ask, schemas=False, wording=1)
    events: list[Event] = [item.question]
    for question in asked:
        events += [Action("ask", "I need to know.", text=question), "Let me see."]
    made = []
    for call, reply in calls:
        done = Done(read_call(call), not isinstance(reply, str), reply)
        events += [Action("call", plan, done.call), done]
        made.append({"name": done.call.name, "arguments": dict(done.call.arguments), "ok": done.ok, "reply": reply})
    if end in ("answer", "failed"):
        events.append(Action("answer" if end == "answer" else "failed", "Done.", text=text))
    library = item_of(item).shown
    facts = {
        "form": "native" if native else "protocol",
        "may_ask": may_ask,
        "ended": end,
        "text": text,
        "asked": list(asked),
        "user": [item.question],
        "calls": made,
    }
    return Draft(
        instruction=item,
        answer=Answer(),
        messages=messages_of(events, style, library, item.id),
        tools=tuple(map(tool_schema, library.functions)) if native else (),
        facts=json.loads(json.dumps(facts)),
    )


DRAFT_CHECKS = [name for name in CHECKS if CHECKS[name].at == "draft" and "calls" in CHECKS[name].why_not.__module__]


def _first_failed(item: Instruction, leaf: Leaf, draft: Draft) -> str | None:
    return next((name for name in DRAFT_CHECKS if _why(name, item, leaf, draft=draft)), None)


INCOMPLETE = _item(NO_DAY_SAID, (NO_DAY,), {"facts": ("arrival = 2026-05-09",)})
UNKNOWN = _item(NO_DAY_SAID, (NO_DAY,))
ABSENT = _item(hidden={"absent": ("book_berth",)})
SEVERAL = _item(TWO_SAID, TWO)
FOUND = {"berths": [{"berth_id": "SU-1", "fee": 20.0}, {"berth_id": "SU-2", "fee": 25.0}], "next_page": None}
BOOK_SU = 'book_berth(berth_id="SU-2", arrival="2026-05-09", nights=3)'
PARTLY = _item(TWO_SAID, TWO, {"absent": ("find_berths",)})
GREEN = _item(FULL + " She is 12 metres long.", (BOOK,), {"extras": ("length = 12",)})
BUSY = _item(hidden={"fault": ("book_berth", "busy")})
WHICH_DAY = ("On which day do you arrive?",)
NO_DAY_TOLD = "The day of arrival is missing."


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize(
    ("item", "names", "draft"),
    [
        (_item(), (), {"calls": [(BOOK, BOOKED)]}),
        (_item(), (), {"calls": [('get_tide(harbour="Sula", day="2026-05-09")', {}), (BOOK, BOOKED)]}),
        (SEVERAL, ("several",), {"calls": [(TWO[0], FOUND), (BOOK_SU, BOOKED)]}),
        (INCOMPLETE, ("incomplete",), {"calls": [(BOOK, BOOKED)], "asked": WHICH_DAY}),
        (UNKNOWN, ("incomplete",), {"asked": WHICH_DAY, "end": "failed", "text": NO_DAY_TOLD}),
        (INCOMPLETE, ("incomplete",), {"may_ask": False, "end": "failed", "text": NO_DAY_TOLD}),
        (INCOMPLETE, ("incomplete",), {"may_ask": False, "end": "failed", "text": "You have not said when you come."}),
        (INCOMPLETE, ("incomplete",), {"may_ask": False, "end": "failed", "text": "Without a date I cannot book."}),
        (ABSENT, ("absent",), {"end": "failed", "text": "Nothing here books a berth."}),
        (PARTLY, ("several", "absent"), {"end": "failed", "text": "I cannot find free berths in a harbour."}),
        (GREEN, ("superfluous",), {"calls": [(BOOK, BOOKED)]}),
        (BUSY, (), {"calls": [(BOOK, "busy"), (BOOK, BOOKED)]}),
    ],
)
def test_a_dialogue_as_it_should_be_passes(
    item: Instruction, names: tuple[str, ...], draft: dict[str, Any], native: bool
) -> None:
    rest = {name: value for name, value in draft.items() if name != "calls"}
    assert _first_failed(item, _leaf(*names), _draft(item, *draft.get("calls", ()), native=native, **rest)) is None


SPANISH = (
    "El amarre ya está reservado para ustedes desde el 9 de mayo con el número B-7, y cuesta sesenta euros por las "
    "tres noches que van a pasar en el puerto."
)
FUEL = ('order_fuel(booking_id="B-7", litres=3)', {"order_id": "F-1", "price": 5.0})


@pytest.mark.parametrize(
    ("item", "names", "draft", "check"),
    [
        (_item(), (), {"end": "failed"}, "ended_as_due"),
        (_item(), (), {"calls": [(BOOK, BOOKED)], "asked": ("How long?",)}, "ended_as_due"),
        (_item(), (), {"end": "too many turns"}, "dialogue_reads_back"),
        (_item(), (), {}, "plan_reached"),
        (_item(), (), {"calls": [(BOOK.replace("nights=3", "nights=9"), BOOKED)]}, "plan_reached"),
        (_item(), (), {"calls": [(BOOK, BOOKED), FUEL]}, "plan_reached"),
        (_item(), (), {"calls": [(BOOK, BOOKED), (BOOK, BOOKED)]}, "plan_reached"),
        (_item(), (), {"calls": [(BOOK, "full")]}, "plan_reached"),
        (
            SEVERAL,
            ("several",),
            {"calls": [(TWO[0], FOUND), (BOOK_SU.replace("SU-2", "SU-3"), BOOKED)]},
            "plan_reached",
        ),
        (SEVERAL, ("several",), {"calls": [(BOOK_SU, BOOKED), (TWO[0], FOUND)]}, "plan_reached"),
        (INCOMPLETE, ("incomplete",), {"calls": [(BOOK, BOOKED)]}, "ended_as_due"),
        (INCOMPLETE, ("incomplete",), {"end": "failed", "text": NO_DAY_TOLD}, "ended_as_due"),
        (UNKNOWN, ("incomplete",), {"calls": [(BOOK, BOOKED)], "asked": WHICH_DAY}, "ended_as_due"),
        (INCOMPLETE, ("incomplete",), {"may_ask": False, "end": "failed", "text": "It did not work."}, "lack_named"),
        (
            INCOMPLETE,
            ("incomplete",),
            {"calls": [(BOOK.replace("05-09", "05-10"), BOOKED)], "asked": WHICH_DAY},
            "plan_reached",
        ),
        (ABSENT, ("absent",), {"calls": [FUEL], "text": "Done for 5 euros."}, "ended_as_due"),
        (ABSENT, ("absent",), {"end": "failed", "text": "Sorry, that is impossible."}, "lack_named"),
        (
            PARTLY,
            ("several", "absent"),
            {"calls": [(BOOK_SU, BOOKED)], "end": "failed", "text": "No."},
            "plan_reached",
        ),
        (
            GREEN,
            ("superfluous",),
            {"calls": [('find_berths(harbour="HQ-4", max_fee=12)', FOUND), (BOOK, BOOKED)]},
            "extras_ignored",
        ),
        (BUSY, (), {"calls": [(BOOK, "busy")], "end": "failed"}, "ended_as_due"),
        (UNKNOWN, ("incomplete",), {"end": "failed", "text": NO_DAY_TOLD}, "ended_as_due"),
        (
            ABSENT,
            ("absent",),
            {"asked": WHICH_DAY, "end": "failed", "text": "Nothing here books a berth."},
            "ended_as_due",
        ),
        (_item(), (), {"calls": [(BOOK.replace("=3)", '=3, side="starboard")'), BOOKED)]}, "plan_reached"),
        (
            GREEN,
            ("superfluous",),
            {"calls": [('find_berths(harbour="12 metres long")', FOUND), (BOOK, BOOKED)]},
            "extras_ignored",
        ),
        (_item(), (), {"calls": [(BOOK, BOOKED)], "plan": SPANISH}, "ending_language"),
        (
            _item(),
            (),
            {"calls": [(BOOK, BOOKED)], "text": SPANISH},
            "ending_language",
        ),
    ],
)
def test_a_dialogue_that_went_wrong_is_caught(
    item: Instruction, names: tuple[str, ...], draft: dict[str, Any], check: str
) -> None:
    rest = {name: value for name, value in draft.items() if name != "calls"}
    assert _first_failed(item, _leaf(*names), _draft(item, *draft.get("calls", ()), **rest)) == check


def _with(draft: Draft, *messages: Message) -> Draft:
    return draft.model_copy(update={"messages": messages})


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("High water is at 06:10, and berth HQ-4 is booked as B-7.", True),
        ("Booked as B-7. The water is highest at 6:10 am.", True),
        ("Berth HQ-4 is booked as B-7 for 60 euros.", False),
    ],
)
def test_what_the_user_wanted_to_know_is_told(text: str, passes: bool) -> None:
    tide = 'get_tide(harbour="Sula", day="2026-05-09")'
    item = _item(FULL + " And when is high water in Sula that day?", (BOOK, tide))
    draft = _draft(item, (BOOK, BOOKED), (tide, {"high": "06:10", "low": "12:25"}), text=text)
    assert (_why("answer_reports", item, _leaf("several"), draft=draft) is None) == passes


def test_what_is_looked_up_for_the_next_step_need_not_be_told() -> None:
    draft = _draft(SEVERAL, (TWO[0], FOUND), (BOOK_SU, BOOKED), text="It is B-7.")
    assert _why("answer_reports", SEVERAL, _leaf("several"), draft=draft) is None


def test_messages_that_do_not_read_back_are_caught() -> None:
    good = _draft(_item(), (BOOK, BOOKED))
    *before, last = good.messages
    told = Message(role="assistant", content="It is done.")
    for broken, words in (
        (_with(good, *before), "ends with the assistant"),
        (_with(good, *before, told), "cannot be read"),
        (_with(good, *before[:-1], last), "take turns"),
        (
            _with(good, *before[:2], last, *before[3:], last),
            "not those",
        ),
    ):
        assert words in str(_why("dialogue_reads_back", _item(), draft=broken)), words


def test_native_calls_and_results_belong_together() -> None:
    good = _draft(_item(), (BOOK, BOOKED), native=True)
    *before, call, result, last = good.messages
    assert _why("dialogue_reads_back", _item(), draft=good) is None
    assert "not the functions" in str(
        _why("dialogue_reads_back", _item(), draft=good.model_copy(update={"tools": good.tools[1:]}))
    )
    for broken, words in (
        (_with(good, *before, call, last), "not followed by its result"),
        (_with(good, *before, result, last), "without its call"),
        (_with(good, *before, call, result.model_copy(update={"tool_call_id": "x"}), last), "not followed"),
        (_with(good, *before, call, result, call, result, last), "used twice"),
    ):
        assert words in str(_why("dialogue_reads_back", _item(), draft=broken)), words
