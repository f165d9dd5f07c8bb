"""Dialogues with calls: the notation, the grammar, the back end's state, and who sees what."""

from __future__ import annotations

import json
import random
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orca_agents.config import Leaf
from orca_agents.dialogues.api import ASSISTANT, Ask, Ended, Taken
from orca_agents.dialogues.calls.dialogue import BACKEND, USER, CallsDialogue
from orca_agents.dialogues.calls.grammar import (
    Call,
    CallProblem,
    FromResult,
    Missing,
    read_call,
    read_named_text,
    write_call,
    write_stop,
)
from orca_agents.dialogues.calls.item import style_of
from orca_agents.dialogues.calls.library import (
    FunctionList,
    LibraryProblem,
    read_functions,
    tool_schema,
    why_not_callable,
    write_functions,
)
from orca_agents.dialogues.calls.messages import Action, protocol_text, read_turn
from orca_agents.dialogues.calls.sources import Sources, is_silent, stands_in, stated, why_ungrounded
from orca_agents.dialogues.calls.state import Done, State
from orca_agents.dialogues.calls.types import Type, schema_of, why_not_of_type
from orca_agents.errors import UnparsableError
from orca_agents.records import Content, Instruction

LIBRARY = '''
def search_rooms(town: str, min_seats: int[1, 500] = 1, page: int = 1) -> {
    "rooms": list[{"room_id": str, "town": str, "seats": int}], "next_page": int | None
}:
    """Find rehearsal rooms of a town.

    town: name of the town
    min_seats: how many seats there have to be
    page: page of the list
    """

def book_room(
    room_id: str, day: date, start: time, note: str = "", equipment: list[str] = []
) -> {"booking_id": str, "room_id": str, "price": float}:
    """Book a rehearsal room for one evening.

    room_id: id of the room, as search_rooms returns it
    day: the day
    start: when it begins
    note: what the keeper should know
    equipment: what is to be there
    """

def cancel_booking(booking_id: str) -> {"booking_id": str, "refund": float}:
    """Cancel a booking.

    booking_id: id of the booking
    """

def get_booking(booking_id: str) -> {"booking_id": str, "room_id": str, "note": str | None}:
    """Look up a booking.

    booking_id: id of the booking
    """

def set_volume(booking_id: str, level: Literal["quiet", "loud"], limit_db: float[30, 110] = 80.0) -> {"ok": bool}:
    """Set how loud a band may be.

    booking_id: id of the booking
    level: how loud
    limit_db: limit in decibel
    """
'''
REQUEST = "Book the room RR-7 for 4 March 2026 at 7:30 pm, please."
PLAN = ('book_room(room_id="RR-7", day="2026-03-04", start="19:30")',)
NASTY = (
    "a", "Z", "7", " ", '"', "'", "\\", "(", ")", "[", "]", "{", "}", ",", "=", ":", "?", "$", "\n", "\r", "\t",
    "\x00",
    "\x1f", "\x7f", "\u0085", "\u2028", "\ufeff", "\u200d", "é", "e\u0301", "中", "ß", "\U0001f9ed", "\\n", "\\u0041",
    "```",
    "ACTION:", "ACTION_TYPE : STOP", "{{ x }}", "{% y %}", "<<<REQUEST", "</think>", "null", "#", "//", ";", "`",
)  # fmt: skip


def _texts(count: int) -> list[str]:
    draw = random.Random(4)
    return ["".join(draw.choices(NASTY, k=draw.randrange(12))) for _ in range(count)]


def _leaf(**settings: Any) -> Leaf:
    return Leaf(name="a_class", description="a class of request", answer="calls", settings=settings)


def _instruction(
    question: str = REQUEST,
    plan: tuple[str, ...] = PLAN,
    hidden: dict[str, tuple[str, ...]] | None = None,
    id: str = "i",
) -> Instruction:
    content = Content(id="c", seed_id="s", text=LIBRARY, transformer="library_hypothesiser", language="en")
    return Instruction(
        id=id,
        seed_id="s",
        content=content,
        leaf="a_class",
        form="calls",
        question=question,
        key=plan,
        hidden=hidden or {},
    )


# ---------------------------------------------------------------------------------------------------- the grammar


def test_any_text_survives_a_call_both_ways_byte_for_byte() -> None:
    for text in _texts(3000):
        call = Call("note_it", {"text": text, "texts": [text, {text or "k": text}]})
        written = write_call(call)
        assert read_call(written) == call
        assert "\n" not in written
        assert write_call(read_call(written)) == written


def test_any_text_survives_a_stop_both_ways() -> None:
    for text in _texts(2000):
        assert read_named_text(write_stop("FINAL_ANSWER", text)) == ("FINAL_ANSWER", text)


def test_any_turn_of_the_protocol_is_read_back_as_it_was_written() -> None:
    for text in _texts(1500):
        for action in (
            Action("call", "I note it.", Call("note_it", {"text": text})),
            Action("answer", "Done, in two steps.\n\nBoth went well.", text=text),
            Action("failed", "", text=text),
            Action("ask", "One thing is open.", text=text),
        ):
            assert read_turn(protocol_text(action)) == action


def test_numbers_lists_and_records_survive_a_call() -> None:
    call = Call("f_1", {"a": -3, "b": 2.5e-7, "c": [1, [True, None]], "d": {"x": {"y": []}}, "e": 10**30, "f": {}})
    assert read_call(write_call(call)) == call


def test_python_spelling_is_read_too() -> None:
    assert read_call("f_x(a=True, b=None, c='it\\'s', d=[1, 2,], )") == Call(
        "f_x", {"a": True, "b": None, "c": "it's", "d": [1, 2]}
    )


def test_a_pair_of_escapes_is_one_character() -> None:
    assert read_call('f_x(a="\\ud83e\\udded \\u00e9")').arguments["a"] == "\U0001f9ed é"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "written as name"),
        ("f_x", "parenthesis"),
        ("f_x(1)", "needs its parameter"),
        ("f_x(a=1) g_x(b=2)", "one call alone"),
        ("f_x(a=1, a=2)", "twice"),
        ('f_x(a="open', "not closed"),
        ("f_x(a=word)", "double quotes"),
        ('f_x(a="\\d")', "no escape"),
        ("f_x(a=1e999)", "too large"),
        ("f_x(a=01x)", "no value"),
        ("f_x(a=NaN)", "no value"),
        ('f_x(a="\\ud83e")', "half of a character"),
        ("f_x(a=?)", "no value"),
        ("f_x(a=$b.c)", "no value"),
        ("get room(a=1)", "no spaces"),
        ("rooms.get(a=1)", "no spaces"),
        ('f_x(a={"k": 1, "k": 2})', "twice"),
        ("f_x(a={k: 1})", "record"),
        ("f_x(a=" + "[" * 400 + "]" * 400 + ")", "deeply"),
        ("f_x(a=" + "9" * 9000 + ")", "characters"),
    ],
)
def test_what_is_no_call_is_refused_with_the_reason(text: str, words: str) -> None:
    with pytest.raises(CallProblem, match=words):
        read_call(text)


def test_hostile_calls_are_refused_quickly() -> None:
    start = time.perf_counter()
    for text in (
        "f_x(" + "a=" * 3900,
        'f_x(a="' + "\\" * 7900,
        "f_x(a=" + "[1," * 2600,
        "f_x(" + " " * 7900,
        "(" * 7900,
    ):
        with pytest.raises(CallProblem):
            read_call(text)
    assert time.perf_counter() - start < 2


def test_a_plan_has_gaps_and_references() -> None:
    line = "book_room(room_id=$search_rooms.rooms[0].room_id, day=?, equipment=[$get_kit.name])"
    call = read_call(line, plan=True)
    assert call.arguments["day"] == Missing()
    assert call.arguments["room_id"] == FromResult("search_rooms", ".rooms[0].room_id")
    assert call.arguments["room_id"].field == "room_id"
    assert write_call(call) == line


def test_two_actions_in_one_turn_are_no_turn() -> None:
    one = protocol_text(Action("call", "First.", Call("f_x", {"a": 1})))
    for text in (f"{one}\n\n{one}", f"{one}\nACTION: f_x(a=2)", "I think.", "ACTION_TYPE : STOP\nACTION: f_x(a=1)"):
        with pytest.raises(CallProblem):
            read_turn(text)


# ---------------------------------------------------------------------------------------------------- the notation


def test_a_list_of_functions_is_the_same_after_writing_and_reading() -> None:
    library = read_functions(LIBRARY)
    assert read_functions(write_functions(library)) == library
    assert library.names == ("search_rooms", "book_room", "cancel_booking", "get_booking", "set_volume")


def test_descriptions_with_any_sign_survive() -> None:
    for text in ('says "loud"', 'ends in "', "a \\d backslash", 'three """ quotes', "{braces} and {{ more }}", "ä 中"):
        source = write_functions(read_functions(LIBRARY))
        named = replace(read_functions(source).functions[0], about=text)
        assert read_functions(write_functions(FunctionList((named,)))).functions[0].about == text


def test_a_fence_around_the_list_and_headings_in_docstrings_do_no_harm() -> None:
    docstring = "Find a thing.\n\n    Args:\n        q (str): what\n\n    Returns:\n        hit: the thing\n    "
    text = f'```python\ndef find_it(q: str) -> {{"hit": str}}:\n    """{docstring}"""\n    ...\n```'
    function = read_functions(text).functions[0]
    assert (function.about, function.parameters[0].about) == ("Find a thing.", "what")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1", "no function"),
        ("import os", "no function"),
        ("class A: pass", "no function"),
        ("", "no function"),
        ("def get_it(a) -> {'a': str}: ...", "no type"),
        ("def get_it(a: Path) -> {'a': str}: ...", "no type here"),
        ("def get_it(a: str): ...", "response is missing"),
        ("def get_it(a: str) -> str: ...", "record"),
        ("def get_it(a: str) -> list[str]: ...", "record"),
        ("def getIt(a: str) -> {'a': str}: ...", "snake_case"),
        ("def get_it(aB: str) -> {'a': str}: ...", "snake_case"),
        ("def get_it(*a: str) -> {'a': str}: ...", "one by one"),
        ("def get_it(a: int = 'x') -> {'a': str}: ...", "default"),
        ("def get_it(a: int[9, 1]) -> {'a': str}: ...", "empty"),
        ("def get_it(a: Literal['x']) -> {'a': str}: ...", "two or more"),
        ("def get_it(a: str) -> {'a': str}:\n    return 1", "no code"),
        ("def get_it(a: str = open('x')) -> {'a': str}: ...", "plain value"),
        ("def get_it(from: str) -> {'a': str}: ...", "Python signature"),
        ("def get_it(a: str) -> {'a': str}: ...\ndef get_it(b: str) -> {'a': str}: ...", "twice"),
        ("def get_it(a: " + "list[" * 9 + "str" + "]" * 9 + ") -> {'a': str}: ...", "deeper"),
        ("def get_it(a: str) -> {'a': str, 'a': int}: ...", "same key twice"),
        ("def get_it(a: int[1, 1" + "0" * 400 + "]) -> {'a': str}: ...", "no bound"),
        ("def get_it(a: float[0, 1e999]) -> {'a': str}: ...", "no bound"),
        ("def get_it(a: float = 1e999) -> {'a': str}: ...", "as JSON"),
        ("def get_it(a: str = '\\ud800') -> {'a': str}: ...", "as JSON"),
        ("def get_it(a: Literal['b', '\\ud800']) -> {'a': str}: ...", "as JSON"),
        ("(" * 3000, "Python"),
        ("#" * 30_000, "characters"),
    ],
)
def test_what_is_no_list_of_functions_is_refused_with_the_reason(text: str, words: str) -> None:
    with pytest.raises(LibraryProblem, match=words):
        read_functions(text)


def test_the_json_schema_says_what_the_signature_says() -> None:
    schema = tool_schema(read_functions(LIBRARY).functions[4])["function"]["parameters"]
    assert schema["required"] == ["booking_id", "level"]
    assert schema["properties"]["level"] == {"type": "string", "enum": ["quiet", "loud"], "description": "how loud"}
    assert schema["properties"]["limit_db"] == {
        "type": "number", "minimum": 30, "maximum": 110, "description": "limit in decibel", "default": 80.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("time", ("19:30", "07:05:09"), ("7:30", "19:30Z", "half past")),
        ("datetime", ("2026-03-04T19:30", "2026-03-04T19:30:00Z"), ("2026-03-04", "2026-03-04 19:30")),
    ],
)
def test_the_schema_of_a_time_allows_what_the_type_allows(
    kind: Any, good: tuple[str, ...], bad: tuple[str, ...]
) -> None:
    pattern = schema_of(Type(kind))["pattern"]
    for value in (*good, *bad):
        assert (re.search(pattern, value) is not None) == (value in good), value
        assert (why_not_of_type(value, Type(kind), "it") is None) == (value in good), value


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("book_room", {"room_id": "R", "day": "2026-03-04"}, "needs 'start'"),
        ("book_room", {"room_id": "R", "day": "4.3.2026", "start": "19:30"}, "day"),
        ("book_room", {"room_id": "R", "day": "2026-02-30", "start": "19:30"}, "day"),
        ("book_room", {"room_id": "R", "day": "2026-03-04", "start": "25:00"}, "start"),
        ("book_room", {"room_id": 7, "day": "2026-03-04", "start": "19:30"}, "room_id"),
        ("book_room", {"room_id": "R", "day": "2026-03-04", "start": "19:30", "loud": True}, "no parameter 'loud'"),
        (
            "book_room",
            {"room_id": "R", "day": "2026-03-04", "start": "19:30", "equipment": ["a", 1]},
            r"equipment\[1\]",
        ),
        ("search_rooms", {"town": "Ulm", "min_seats": 0}, "outside"),
        ("search_rooms", {"town": "Ulm", "min_seats": True}, "min_seats"),
        ("search_rooms", {"town": "Ulm", "min_seats": 2.0}, "min_seats"),
        ("set_volume", {"booking_id": "B", "level": "LOUD"}, "level"),
    ],
)
def test_a_call_that_the_signature_does_not_allow_is_refused(name: str, arguments: dict[str, Any], words: str) -> None:
    function = read_functions(LIBRARY).get(name)
    assert function is not None
    problem = why_not_callable(function, arguments)
    assert problem is not None
    assert words.replace("\\", "") in problem


def test_functions_that_are_left_do_not_speak_of_those_taken_out() -> None:
    left = read_functions(LIBRARY).without(frozenset({"search_rooms"}))
    assert "search_rooms" not in write_functions(left)
    book = left.get("book_room")
    assert book is not None
    assert book.parameters[0].about == "id of the room"


# ----------------------------------------------------------------------------------------------- where values come from


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        ("2026-03-04", "date", "on 4 March 2026"),
        ("2026-03-04", "date", "am 04.03.2026"),
        ("2026-03-04", "date", "el 4 de marzo de 2026"),
        ("2026-03-04", "date", "by March 4th, 2026"),
        ("2026-03-04", "date", "del 4 al 6 de marzo de 2026"),
        ("2026-03-04", "date", "4 марта 2026 года"),
        ("2026-03-04", "date", "2026年3月4日"),
        ("19:30", "time", "at 7:30 pm"),
        ("19:00", "time", "at 7 p.m. sharp"),
        ("14:30", "time", "um 14:30 Uhr"),
        ("12:00", "time", "around noon"),
        (1250, "integer", "a budget of 1,250 euros"),
        (3, "integer", "three nights"),
        (12, "integer", "a dozen eggs"),
        (2.5, "number", "2.5 kg"),
        ("RR-7", "string", "the room rr-7"),
        ("AB12", "string", "code AB-12"),
        ("HQ-4", "string", "请预订泊位HQ-4,住3晚"),
        ("Old Mule Path", "string", "the Old  Mule Path (north)"),
        ("half", "enum", "with half-board"),
        ("round_trip", "enum", "a round trip, please"),
        ("it\u2019s loud", "string", "it's loud"),
        (["drums", "piano"], "array", "with piano and drums"),
        (True, "boolean", "whatever"),
    ],
)
def test_a_value_that_was_said_is_found_in_the_words(value: Any, kind: Any, said: str) -> None:
    assert stated(value, Type(kind), Sources((said,)))


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        ("2026-03-04", "date", "next Saturday"),
        ("2026-03-04", "date", "on 4 March"),
        ("2026-03-04", "date", "on 4 April 2026"),
        ("2026-03-04", "date", "el 4 de mayo de 2026, para 3 personas"),
        ("2026-03-04", "date", "am 03.04.2026"),
        ("2026-02-30", "date", "on 30 February 2026"),
        ("19:30", "time", "at 7:30"),
        ("19:00", "time", "for 7 people"),
        (5, "integer", "for 4 people"),
        ("RR-7", "string", "the room RR-8"),
        ("RR-7", "string", "the room RR-75"),
        ("AB12", "string", "code AB-123"),
        ("Oslo", "string", "to the capital of Norway"),
        ("full", "enum", "with half-board"),
        ("Petra Lindqvist", "string", "for Petra"),
        (["drums", "harp"], "array", "with piano and drums"),
        ("", "string", "anything"),
    ],
)
def test_a_value_that_was_not_said_is_not_found(value: Any, kind: Any, said: str) -> None:
    assert not stated(value, Type(kind), Sources((said,)))


RESULTS = [
    {"booking_id": "B-118", "price": 42.5, "day": "2026-03-04", "rows": [{"n": 3, "who": "Ida"}, {"n": 4, "who": "Bo"}]}
]


@pytest.mark.parametrize(
    "answer",
    [
        "Your booking B-118 costs 42.50 euros.",
        "There are 2 rows with 7 in all, on 4 March 2026.",
        "1. Ida has 3.\n2. Bo has 4.",
        "Booked for the 4th, at 42.50.",
        "The 1st one is Ida's, from 7pm, for 3km.",
        "Booked for 4.3.2026 under B-118, rows 3,4.",
    ],
)
def test_an_answer_out_of_the_results_is_grounded(answer: str) -> None:
    assert why_ungrounded(answer, Sources((REQUEST, json.dumps(RESULTS))), RESULTS, Sources((LIBRARY,))) is None


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("Your booking B-119 costs 42.50 euros.", "B-119"),
        ("It costs 43.50 euros.", "43.50"),
        ("There are 9 rows with Ida in them.", "'9'"),
        ("It was booked by Konrad, with Ida.", "Konrad"),
        ("Ida pays 415eur.", "415eur"),
        ("See https://rooms.example/B-118.", "rooms.example"),
        ("Ida is at ida@rooms.example.", "ida@rooms"),
        ("Ida comes on a 6-day tour.", "6-day"),
        ("Everything went well.", "nothing of what the calls returned"),
    ],
)
def test_an_answer_that_is_made_up_is_told_apart(answer: str, words: str) -> None:
    problem = why_ungrounded(answer, Sources((REQUEST, json.dumps(RESULTS))), RESULTS, Sources((LIBRARY,)))
    assert problem is not None
    assert words in problem


# ---------------------------------------------------------------------------------------------------- the state


def _state(*done: tuple[str, Any]) -> State:
    state = State()
    for call, reply in done:
        state.take(Done(read_call(call), True, reply))
    return state


BOOKED = (
    'book_room(room_id="RR-7", day="2026-03-04", start="19:30")',
    {"booking_id": "B-1", "room_id": "RR-7", "price": 20.0},
)


@pytest.mark.parametrize(
    ("before", "call", "reply", "words"),
    [
        ((), 'get_booking(booking_id="B-1")', {"booking_id": "B-1", "room_id": "RR-7"}, None),
        ((), 'get_booking(booking_id="B-1")', {"booking_id": "B-1"}, "lacks 'room_id'"),
        ((), 'get_booking(booking_id="B-1")', {"booking_id": "B-1", "room_id": "RR-7", "x": 1}, "not in its schema"),
        ((), 'get_booking(booking_id="B-1")', {"booking_id": "B-2", "room_id": "RR-7"}, "repeat what the call says"),
        ((), 'get_booking(booking_id="B-1")', [], "must be a record"),
        ((BOOKED,), BOOKED[0].replace("19:30", "20:30"), {**BOOKED[1]}, "exists already"),
        ((BOOKED,), BOOKED[0].replace("19:30", "20:30"), {**BOOKED[1], "booking_id": "B-2"}, None),
        (
            (('get_booking(booking_id="B-1")', {"booking_id": "B-1", "room_id": "RR-7", "note": "x"}),),
            'search_rooms(town="Ulm")',
            {"rooms": [{"room_id": "RR-7", "town": "Köln", "seats": 4}]},
            "list only what fits",
        ),
        (
            (
                (
                    'search_rooms(town="Ulm")',
                    {"rooms": [{"room_id": "RR-7", "town": "Ulm", "seats": 4}], "next_page": 2},
                ),
            ),
            'search_rooms(town="Ulm", page=2)',
            {"rooms": [{"room_id": "RR-7", "town": "Ulm", "seats": 4}]},
            "repeats entries",
        ),
        (
            (
                (
                    'search_rooms(town="Ulm")',
                    {"rooms": [{"room_id": "RR-7", "town": "Ulm", "seats": 4}], "next_page": None},
                ),
            ),
            'search_rooms(town="Ulm", min_seats=2)',
            {"rooms": [{"room_id": "RR-7", "town": "Ulm", "seats": 9}]},
            "was 4 before",
        ),
        (
            (BOOKED, ('cancel_booking(booking_id="B-1")', {"booking_id": "B-1", "refund": 20.0})),
            'get_booking(booking_id="B-2")',
            {"booking_id": "B-1", "room_id": "RR-7"},
            "was deleted",
        ),
    ],
)
def test_a_response_has_to_go_with_schema_call_and_state(before: Any, call: str, reply: Any, words: str | None) -> None:
    made = read_call(call)
    function = read_functions(LIBRARY).get(made.name)
    assert function is not None
    problem = _state(*before).why_not(made, function, reply)
    assert (problem is None) if words is None else (problem is not None and words in problem)


def test_facts_of_one_day_say_nothing_of_another_but_a_name_stays() -> None:
    library = read_functions(
        'def get_sky(site_id: str, day: date) -> {"site_id": str, "site_name": str, "clouds": int}:\n'
        '    """Tell the clouds over a site."""'
    )
    first = {"site_id": "S-1", "site_name": "Mount Ida", "clouds": 30}
    state = _state(('get_sky(site_id="S-1", day="2026-03-04")', first))
    call = read_call('get_sky(site_id="S-1", day="2026-03-05")')
    assert state.why_not(call, library.functions[0], {**first, "clouds": 80}) is None
    assert "was 'Mount Ida' before" in str(state.why_not(call, library.functions[0], {**first, "site_name": "Ida"}))


def test_what_is_removed_from_a_thing_leaves_the_thing_itself() -> None:
    state = _state(('remove_item(cart_id="C-1", item_id="I-1")', {"ok": True}))
    assert state.refusal(read_call('get_cart(cart_id="C-1")')) is None
    assert state.refusal(read_call('get_item(item_id="I-1")')) is not None


def test_what_is_new_may_come_with_the_id_of_what_it_belongs_to() -> None:
    text = (
        'def book_hall(town: str) -> {"hall_id": str, "booking_id": str}:\n    """Book a hall.\n\n    town: it\n    """'
    )
    function = read_functions(text).functions[0]
    state = _state(('find_halls(town="Ulm")', {"halls": [{"hall_id": "H-1"}], "hall_id": "H-1"}))
    book = read_call('book_hall(town="Ulm")')
    reply = {"hall_id": "H-1", "booking_id": "B-1"}
    assert state.why_not(book, function, reply) is None
    state.take(Done(book, True, reply))
    assert "exists already" in str(state.why_not(book, function, reply))


def test_what_was_deleted_is_refused_and_what_is_new_is_not() -> None:
    state = _state(BOOKED, ('cancel_booking(booking_id="B-1")', {"booking_id": "B-1", "refund": 20.0}))
    assert "deleted" in str(state.refusal(read_call('get_booking(booking_id="B-1")')))
    assert state.refusal(read_call('get_booking(booking_id="B-2")')) is None


def test_the_same_call_counts_as_repeated_until_something_changes() -> None:
    look = 'get_booking(booking_id="B-9")'
    state = _state((look, {"booking_id": "B-9", "room_id": "RR-1"}))
    assert state.repeated(read_call(look)) is not None
    state.take(Done(read_call(BOOKED[0]), True, BOOKED[1]))
    assert state.repeated(read_call(look)) is None


# ---------------------------------------------------------------------------------------------------- the dialogue


def _hand_in(dialogue: CallsDialogue, instruction: Instruction, leaf: Leaf, *turns: dict[str, str]) -> list[Taken]:
    taken: list[Taken] = []
    for fields in turns:
        ask = dialogue.next(instruction, leaf, taken)
        assert isinstance(ask, Ask), ask
        taken.append(Taken(ask.part, ask.read({name: (value,) for name, value in fields.items()})))
    return taken


def _acts(kind: str, action: str, plan: str = "I go on.") -> dict[str, str]:
    return {"plan": plan, "action_type": kind, "action": action}


BOOK = _acts("API_CALL", PLAN[0])
REPLY = {"response": json.dumps(BOOKED[1])}
STOP = _acts("STOP", 'FINAL_ANSWER("Booked: B-1, 20 euros.")')


def test_a_dialogue_goes_from_request_to_answer() -> None:
    dialogue, item, leaf = CallsDialogue(), _instruction(), _leaf(native=0, asks=1)
    ended = dialogue.next(item, leaf, _hand_in(dialogue, item, leaf, BOOK, REPLY, STOP))
    assert isinstance(ended, Ended)
    assert [message.role for message in ended.messages] == ["system", "user", "assistant", "user", "assistant"]
    assert ended.messages[1].content == REQUEST
    assert read_turn(ended.messages[2].content).call == read_call(PLAN[0])
    assert ended.value == (PLAN[0], 'FINAL_ANSWER("Booked: B-1, 20 euros.")')
    assert ended.facts["calls"][0]["reply"] == BOOKED[1]
    assert ended.tools == ()
    assert json.loads(json.dumps(ended.facts)) == ended.facts


def test_the_native_form_has_tools_and_ids_that_stay_the_same() -> None:
    dialogue, item, leaf = CallsDialogue(), _instruction(), _leaf(native=1)
    taken = _hand_in(dialogue, item, leaf, BOOK, REPLY, STOP)
    ended, again = dialogue.next(item, leaf, taken), dialogue.next(item, leaf, taken)
    assert isinstance(ended, Ended)
    assert ended == again
    spoken = [message for message in ended.messages if message.role != "system"]
    assert [message.role for message in spoken] == ["user", "assistant", "tool", "assistant"]
    call = spoken[1].tool_calls[0]
    assert spoken[2].tool_call_id == call.id
    assert json.loads(call.function.arguments) == dict(read_call(PLAN[0]).arguments)
    assert [tool["function"]["name"] for tool in ended.tools] == list(read_functions(LIBRARY).names)
    other = dialogue.next(_instruction(id="j"), leaf, taken)
    assert isinstance(other, Ended)
    ids = {message.tool_call_id for message in (*ended.messages, *other.messages) if message.tool_call_id}
    assert len(ids) == 2


def test_the_style_is_drawn_per_item_in_the_shares_that_the_leaf_says() -> None:
    styles = [style_of(_instruction(id=str(number)), _leaf(native=0.3, asks=0.5, schemas=0.4)) for number in range(600)]
    assert 130 < sum(style.native for style in styles) < 230
    assert all(style.asks for style in styles if style.native)
    text = [style for style in styles if not style.native]
    assert 0.4 < sum(style.asks for style in text) / len(text) < 0.6
    assert {style.wording for style in text} == {0, 1, 2, 3}


def test_what_is_written_around_a_stop_is_no_part_of_its_text() -> None:
    for written, meant in (
        ('FINAL_ANSWER("It says "closed" on it.")', 'It says "closed" on it.'),
        ('FINAL_ANSWER("""It is done.""")', "It is done."),
        ('FINAL_ANSWER(answer="It is done.")', "It is done."),
        ("FINAL_ANSWER(\u201cIt is done.\u201d)", "It is done."),
        ("FINAL_ANSWER(It is done.)", "It is done."),
    ):
        assert read_named_text(written) == ("FINAL_ANSWER", meant)
    with pytest.raises(CallProblem, match="one text alone"):
        read_named_text('FINAL_ANSWER("It is done.", "Good night.")')


def test_a_day_that_is_none_in_a_result_stops_nothing() -> None:
    results = [{"day": "2026-02-30", "note": "late"}]
    assert is_silent("Nothing.", results)
    assert not is_silent("It is late.", results)


def test_what_a_call_was_given_is_nothing_that_it_told() -> None:
    reply = [{"berth_id": "HQ-4", "summary": "gusty"}]
    assert not is_silent("I looked at HQ-4.", reply)
    assert is_silent("I looked at HQ-4.", reply, ["hq-4"])
    assert not is_silent("It is gusty at HQ-4.", reply, ["HQ-4"])


def test_words_stand_in_a_text_as_they_are() -> None:
    for part, whole, found in (
        ("7", "card 7, blue", True),
        ("7", "card 17", False),
        ("7", "7.50 euros", False),
        ("Blue  ribbon", "a blue ribbon.", True),
        ("山", "山小屋", True),
        ("", "anything", False),
    ):
        assert stands_in(part, whole) == found, (part, whole)


def test_the_back_end_sees_neither_the_request_nor_the_plan() -> None:
    dialogue, item, leaf = CallsDialogue(), _instruction(), _leaf(native=0)
    knows = dialogue.knows(BACKEND, item, leaf)
    assert set(knows) == {"passage"}
    ask = dialogue.next(item, leaf, _hand_in(dialogue, item, leaf, BOOK))
    assert isinstance(ask, Ask)
    assert ask.part == BACKEND
    assert REQUEST not in ask.says
    assert PLAN[0] in ask.says


def test_the_back_end_that_comes_along_asks_for_the_functions_alone() -> None:
    agent = Path(__file__).parents[1] / "agents" / "tool_use" / "backend.yaml"
    assert set(re.findall(r"\{[{%]-?\s*(?:if\s+)?(\w+)", agent.read_text(encoding="utf-8"))) == {"passage", "language"}


def test_an_absent_function_is_shown_to_nobody() -> None:
    hidden: dict[str, tuple[str, ...]] = {"absent": ("search_rooms",)}
    plan = ('search_rooms(town="Ulm")',)
    dialogue = CallsDialogue()
    for leaf in (
        _leaf(absent=True, native=1),
        _leaf(absent=True, native=0, schemas=1),
        _leaf(absent=True, native=0, schemas=0),
    ):
        item = _instruction("Which rooms are there in Ulm?", plan, hidden)
        for part in (ASSISTANT, BACKEND, USER):
            assert "search_rooms" not in json.dumps(dialogue.knows(part, item, leaf))
        stop = _acts("STOP", 'FAILED("No function searches rooms.")')
        ended = dialogue.next(item, leaf, _hand_in(dialogue, item, leaf, stop))
        assert isinstance(ended, Ended)
        assert "search_rooms" not in json.dumps([message.model_dump() for message in ended.messages])
        assert "search_rooms" not in json.dumps(ended.tools)


def test_the_user_knows_the_facts_and_makes_up_none() -> None:
    item = _instruction(
        "Book the room RR-7 at 7:30 pm, please.",
        ('book_room(room_id="RR-7", day=?, start="19:30")',),
        {"facts": ("day = 2026-03-04",)},
    )
    dialogue, leaf = CallsDialogue(), _leaf(incomplete=True, native=0, asks=1)
    assert dialogue.knows(USER, item, leaf)["brief"] == "day: 2026-03-04"
    assert "2026-03-04" not in json.dumps(dialogue.knows(ASSISTANT, item, leaf))
    taken = _hand_in(dialogue, item, leaf, _acts("ASK_USER", 'ASK("On which day?")'))
    ask = dialogue.next(item, leaf, taken)
    assert isinstance(ask, Ask)
    assert ask.part == USER
    with pytest.raises(UnparsableError, match="do not know"):
        ask.read({"reply": ("On 9 March 2026.",)})
    with pytest.raises(UnparsableError, match="do not know"):
        ask.read({"reply": ("The day does not matter, but for five evenings, please.",)})
    assert ask.read({"reply": ("On 4 March 2026.",)}) == "On 4 March 2026."


def test_a_fault_meets_the_first_call_alone() -> None:
    item = _instruction(hidden={"fault": ("book_room", "the server is busy")})
    dialogue, leaf = CallsDialogue(), _leaf(native=0)
    taken = _hand_in(dialogue, item, leaf, BOOK)
    ask = dialogue.next(item, leaf, taken)
    assert isinstance(ask, Ask)
    assert ask.part == ASSISTANT
    assert '"error": "the server is busy"' in ask.says
    ended = dialogue.next(item, leaf, _hand_in(dialogue, item, leaf, BOOK, BOOK, REPLY, STOP))
    assert isinstance(ended, Ended)
    assert [call["ok"] for call in ended.facts["calls"]] == [False, True]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (_acts("API_CALL", 'book_rom(room_id="RR-7")'), "did you mean 'book_room'"),
        (_acts("API_CALL", 'book_room(room_id="RR-7", day="2026-03-04")'), "needs 'start'"),
        (_acts("API_CALL", 'book_room(room_id="RR-7", day="2026-03-05", start="19:30")'), "neither said"),
        (_acts("API_CALL", 'cancel_booking(booking_id="B-1")'), "neither said"),
        (_acts("API_CALL", f"{PLAN[0]}\n{PLAN[0]}"), "one call alone"),
        (_acts("STOP", PLAN[0]), "NAME"),
        (_acts("STOP", 'ASK("Which day?")'), "goes with FINAL_ANSWER or FAILED"),
        (_acts("ASK_USER", 'ASK("")'), "empty"),
        (_acts("STOP", 'FINAL_ANSWER("It costs 99 euros.")'), "'99'"),
        (_acts("STOP", 'FAILED("The room RR-9 is booked for 99 days.")'), "'RR-9'"),
        (_acts("ASK_USER", 'ASK("Shall I call search_rooms?")'), "say what it does"),
        (_acts("API_CALL", PLAN[0], plan="I may use ASK_USER here."), "stands in 'action' alone"),
        (_acts("STOP", "FINAL_ANSWER(It is done.) FAILED(It is not.)"), "one action"),
        (_acts("API_CALL", PLAN[0], plan="I do it.\nACTION: book_room()"), "stands in 'action' alone"),
        (_acts("API_CALL", f"ACTION_TYPE : API_CALL ACTION: {PLAN[0]}"), "ACTION_TYPE"),
    ],
)
def test_a_turn_that_cannot_be_right_is_refused_with_the_reason(fields: dict[str, str], words: str) -> None:
    dialogue, item, leaf = CallsDialogue(), _instruction(), _leaf(native=0, asks=1)
    ask = dialogue.next(item, leaf, [])
    assert isinstance(ask, Ask)
    with pytest.raises(UnparsableError) as caught:
        ask.read({name: (value,) for name, value in fields.items()})
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "response", ["", "[]", "{", "NaN", '{"price": NaN}', '{"price": 1e999}', '"\\ud800"', "9" * 5000]
)
def test_a_response_that_is_no_json_record_is_refused(response: str) -> None:
    dialogue, item, leaf = CallsDialogue(), _instruction(), _leaf(native=0)
    ask = dialogue.next(item, leaf, _hand_in(dialogue, item, leaf, BOOK))
    assert isinstance(ask, Ask)
    with pytest.raises(UnparsableError):
        ask.read({"response": (response,)})


def test_a_call_that_was_answered_is_not_made_again() -> None:
    dialogue, leaf = CallsDialogue(), _leaf(native=0)
    item = _instruction("What is my booking B-1?", ('get_booking(booking_id="B-1")',))
    look = _acts("API_CALL", 'get_booking(booking_id="B-1")')
    reply = {"response": '{"booking_id": "B-1", "room_id": "RR-7"}'}
    ask = dialogue.next(item, leaf, _hand_in(dialogue, item, leaf, look, reply))
    assert isinstance(ask, Ask)
    with pytest.raises(UnparsableError, match="answered before"):
        ask.read({name: (value,) for name, value in look.items()})


@pytest.mark.parametrize(
    "written", [f"`{PLAN[0]}`", f"```\n{PLAN[0]}\n```", f"```python\n{PLAN[0]}\n```", f"ACTION: {PLAN[0]};"]
)
def test_signs_around_an_action_do_no_harm(written: str) -> None:
    dialogue, item, leaf = CallsDialogue(), _instruction(), _leaf(native=0)
    taken = _hand_in(dialogue, item, leaf, _acts("API_CALL", written))
    assert taken[0].value.call == read_call(PLAN[0])


def test_asking_ends_after_two_questions_and_is_not_offered_where_it_is_not_allowed() -> None:
    dialogue, item = CallsDialogue(), _instruction()
    question, words = _acts("ASK_USER", 'ASK("Which day?")'), {"reply": "I said so."}
    ask = dialogue.next(item, _leaf(native=0, asks=0), [])
    assert isinstance(ask, Ask)
    assert "ASK_USER" not in ask.form.fields[1].choices
    leaf = _leaf(native=0, asks=1)
    ask = dialogue.next(item, leaf, _hand_in(dialogue, item, leaf, question, words, question, words))
    assert isinstance(ask, Ask)
    assert "ASK_USER" not in ask.form.fields[1].choices


def test_a_dialogue_that_does_not_stop_is_ended() -> None:
    dialogue, leaf = CallsDialogue(), _leaf(native=0)
    item = _instruction("Go through the rooms of Ulm, page by page.", ('search_rooms(town="Ulm")',))
    taken: list[Taken] = []
    for page in range(2, 40):
        turn = dialogue.next(item, leaf, taken)
        if isinstance(turn, Ended):
            break
        if turn.part == ASSISTANT:
            fields = _acts("API_CALL", f'search_rooms(town="Ulm", page={page})')
        else:
            rooms = [{"room_id": f"R-{page}", "town": "Ulm", "seats": page}]
            fields = {"response": json.dumps({"rooms": rooms, "next_page": page + 1})}
        taken.append(Taken(turn.part, turn.read({name: (value,) for name, value in fields.items()})))
    assert isinstance(turn, Ended)
    assert turn.facts["ended"] == "too many turns"
    assert len(taken) == 15
